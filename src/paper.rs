//! The paper: what its tables and figures show, and what was published. Data in
//! `experiments/paper.toml`, so that another paper needs no Rust.

mod read;
mod table;
mod vocabulary;

use std::collections::BTreeMap;

pub use table::{
    Choices, Effects, Levels, Order, PublishedRow, Scorecard, Table, TableKind, Variance,
};
pub use vocabulary::Vocabulary;

use crate::document::Location;

/// A validated paper file.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// Title of the report.
    pub title: String,
    /// The publication whose values are compared with.
    pub source: String,
    /// How a run is scored.
    pub metrics: Vec<Metric>,
    /// The protocols that readers can choose between, the one of the publication first; may be empty.
    pub protocols: Vec<Protocol>,
    /// For experiments that have it: the one that repeats their conditions on other draws of data.
    pub draws: BTreeMap<String, String>,
    /// How factors and levels are called in tables.
    pub labels: BTreeMap<String, FactorLabel>,
    /// Tables in order.
    pub tables: Vec<Table>,
    /// Figures in order.
    pub figures: Vec<Figure>,
    /// Claims of the publication, in order.
    pub claims: Vec<Claim>,
}

/// A way to score runs that readers of the page can switch to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protocol {
    /// Name of its metric; tables of the metric of the first protocol are shown in all of them.
    pub metric: String,
    /// How readers refer to it.
    pub label: String,
}

/// What the publication claims, and how the results of a build decide on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// How templates refer to it.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Where the publication does.
    pub source: String,
    /// What decides on it; see the functions of `render::claim`.
    pub expression: String,
    /// Names of the tables and figures that show the evidence.
    pub evidence: Vec<String>,
    /// Where the expression stands.
    pub location: Location,
}

/// How one number is taken from a run's learning curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// How tables and templates refer to it.
    pub name: String,
    /// How readers refer to it.
    pub label: String,
    /// The same where there is little room.
    pub short: String,
    /// Which curve.
    pub curve: Curve,
    /// Which of its values.
    pub take: Take,
}

/// A per-epoch accuracy of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Test accuracy, published protocol.
    PublishedTestAccuracy,
    /// Test accuracy, published protocol but for dropout, which is off.
    UndroppedTestAccuracy,
    /// Test accuracy, corrected protocol.
    CorrectedTestAccuracy,
    /// Accuracy on the held-out training pairs, corrected protocol.
    ValidationAccuracy,
    /// Mean of both branches' digit accuracies.
    DigitAccuracy,
    /// Accuracy of comparing the two recognised digits.
    ComparisonAccuracy,
}

/// Which value of a curve is the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// The largest: selection on the curve itself.
    Maximum,
    /// The one of the last epoch.
    Last,
    /// The one of the epoch that is best on the held-out training pairs, the first of equals.
    Selected,
}

impl Metric {
    /// How the score of a run is taken, in a few words.
    #[must_use]
    pub fn formula(&self) -> String {
        let curve = self.curve.name();
        match self.take {
            Take::Maximum => format!("the largest of the {curve} of its epochs"),
            Take::Last => format!("the {curve} of its last epoch"),
            Take::Selected => format!(
                "the {curve} of the epoch with the largest {}, the first of equals",
                Curve::ValidationAccuracy.name()
            ),
        }
    }
}

impl Curve {
    /// How paper files and records call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PublishedTestAccuracy => "published_test_accuracy",
            Self::UndroppedTestAccuracy => "undropped_test_accuracy",
            Self::CorrectedTestAccuracy => "corrected_test_accuracy",
            Self::ValidationAccuracy => "validation_accuracy",
            Self::DigitAccuracy => "digit_accuracy",
            Self::ComparisonAccuracy => "comparison_accuracy",
        }
    }

    /// Whether it is measured at the end of each epoch, as the accuracy on the held-out pairs is,
    /// and not before its first update.
    #[must_use]
    pub fn is_after_epoch(self) -> bool {
        !matches!(self, Self::PublishedTestAccuracy | Self::UndroppedTestAccuracy)
    }
}

/// How a factor is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorLabel {
    /// Head of its column.
    pub label: String,
    /// Its levels, by their spelling in the experiment file.
    pub levels: BTreeMap<String, String>,
}

/// Which conditions are meant: for `experiment` or a factor, the levels that count. What is not
/// named is not restricted.
pub type Selection = BTreeMap<String, Vec<String>>;

/// Whether a condition with these levels is among the selected.
#[must_use]
pub fn selects(selection: &Selection, levels: &BTreeMap<String, String>) -> bool {
    selection
        .iter()
        .all(|(factor, wanted)| levels.get(factor).is_some_and(|level| wanted.contains(level)))
}

/// The key under which a selection or a table names experiments, beside the names of factors.
pub use crate::experiment::EXPERIMENT;

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// How templates refer to it; also the name of its file.
    pub name: String,
    /// What it shows, for readers.
    pub caption: String,
    /// What is drawn.
    pub kind: FigureKind,
    /// Where the paper file asks for it.
    pub location: Location,
}

/// What a figure draws.
#[derive(Clone, Debug, PartialEq)]
pub enum FigureKind {
    /// The models of these experiments, from their layer lists.
    Diagram {
        /// Names of experiments.
        experiments: Vec<String>,
    },
    /// Mean curve of each selected condition over the epochs, with a band for the spread.
    LearningCurves {
        /// Which curve.
        curve: Curve,
        /// Which conditions.
        selection: Selection,
    },
    /// One dot a seed for each row of a table, and its published mean.
    Seeds {
        /// Name of the table.
        table: String,
    },
}

impl Paper {
    /// The metric of that name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// Which conditions a table or figure is made of, as selections of which one is enough; none if
    /// there is no item of that name.
    #[must_use]
    pub fn covers(&self, item: &str) -> Option<Vec<Selection>> {
        if let Some(table) = self.table(item) {
            return Some(self.covered_by(table));
        }
        let figure = self.figures.iter().find(|figure| figure.name == item)?;
        Some(match &figure.kind {
            FigureKind::Diagram { .. } => Vec::new(),
            FigureKind::LearningCurves { selection, .. } => vec![selection.clone()],
            FigureKind::Seeds { table } => self.covers(table).unwrap_or_default(),
        })
    }

    fn covered_by(&self, table: &Table) -> Vec<Selection> {
        let all = |tables: &[String]| -> Vec<Selection> {
            tables.iter().filter_map(|name| self.covers(name)).flatten().collect()
        };
        match &table.kind {
            TableKind::Levels(Levels { selection, .. })
            | TableKind::Effects(Effects { selection, .. }) => vec![selection.clone()],
            TableKind::Variance(variance) => self.with_draws(vec![variance.selection.clone()]),
            TableKind::Choices(choices) => all(&choices.tables),
            TableKind::Scorecard(scorecard) => self.with_draws(all(&scorecard.tables)),
        }
    }

    /// The selections, and those of the repetitions on other draws of the data.
    fn with_draws(&self, mut selections: Vec<Selection>) -> Vec<Selection> {
        let repeated = selections.iter().map(|selection| {
            let experiments = selection.get(EXPERIMENT).cloned();
            let experiments = experiments.unwrap_or_else(|| self.draws.keys().cloned().collect());
            let others = experiments.iter().filter_map(|name| self.draws.get(name)).cloned();
            let mut selection = selection.clone();
            selection.insert(EXPERIMENT.to_owned(), others.collect());
            selection
        });
        let repeated: Vec<_> = repeated.collect();
        selections.extend(repeated);
        selections
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// How a level is called; as it is spelled, if the paper does not say.
    #[must_use]
    pub fn level_label<'l>(&'l self, factor: &str, level: &'l str) -> &'l str {
        self.labels
            .get(factor)
            .and_then(|label| label.levels.get(level))
            .map_or(level, String::as_str)
    }

    /// How a factor is called; by its name, if the paper does not say.
    #[must_use]
    pub fn factor_label<'l>(&'l self, factor: &'l str) -> &'l str {
        self.labels.get(factor).map_or(factor, |label| label.label.as_str())
    }
}
