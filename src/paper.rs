//! The paper: what its tables and figures show, and what was published. Data in
//! `experiments/paper.toml`, so that another paper needs no Rust.

mod read;
mod vocabulary;

use std::collections::BTreeMap;

pub use vocabulary::Vocabulary;

/// A validated paper file.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// Title of the report.
    pub title: String,
    /// The publication whose values are compared with.
    pub source: String,
    /// How a run is scored.
    pub metrics: Vec<Metric>,
    /// How factors and levels are called in tables.
    pub labels: BTreeMap<String, FactorLabel>,
    /// Tables in order.
    pub tables: Vec<Table>,
    /// Figures in order.
    pub figures: Vec<Figure>,
}

/// How one number is taken from a run's learning curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// How tables and templates refer to it.
    pub name: String,
    /// How readers refer to it.
    pub label: String,
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
    /// Test accuracy, corrected protocol.
    CorrectedTestAccuracy,
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

/// The key under which a selection or a table names experiments, beside the names of factors.
pub use crate::experiment::EXPERIMENT;

/// A table: one row for each combination of the levels of `by`. A row's mean and standard
/// deviation are the plain means of those of its conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How templates refer to it.
    pub name: String,
    /// What it shows, for readers.
    pub caption: String,
    /// Name of the metric.
    pub metric: String,
    /// `experiment` or factors: what tells its rows apart.
    pub by: Vec<String>,
    /// Which conditions it covers.
    pub selection: Selection,
    /// Order of the rows.
    pub order: Order,
    /// Published values of its rows.
    pub published: Vec<PublishedRow>,
}

/// Order of a table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the experiments and their levels come.
    Listed,
    /// Largest mean first.
    Descending,
}

/// What was published for one row, in percent.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedRow {
    /// The levels of the table's `by`, in order.
    pub row: Vec<String>,
    /// Published mean.
    pub mean: f64,
    /// Published standard deviation.
    pub std_dev: f64,
}

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// How templates refer to it; also the name of its file.
    pub name: String,
    /// What it shows, for readers.
    pub caption: String,
    /// What is drawn.
    pub kind: FigureKind,
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
