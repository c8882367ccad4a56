//! The paper file, `experiments/paper.toml`: metrics, protocols, labels, and what they may refer
//! to. The kinds of tables and claims read their own keys, with the help of [`keys`].

mod figure;
pub mod checks;
pub mod keys;
mod known;
mod metric;
mod names;
mod read;
#[cfg(test)]
mod tests;
mod settings;
mod vocabulary;

use std::collections::BTreeMap;

use serde::Serialize;

pub use figure::{Figure, FigureKind, Scatter, ScatterX};
pub use metric::{Ends, Metric, Reduction, RunValue, ScoreSource, ScoreUnit, shown};
pub use names::Names;
pub use vocabulary::{FaultyExperiment, Vocabulary};

use crate::experiment::{Level, Levels};
use crate::run::{Curve, Unit};

/// What holds for all tables, figures and claims of a paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// Title of the report.
    pub title: String,
    /// The publication whose values are compared with; empty if there is none.
    pub source: String,
    /// How a run is scored.
    pub metrics: Vec<Metric>,
    /// The protocols that readers can choose between, the one of the publication first; may be
    /// empty.
    pub protocols: Vec<Protocol>,
    /// For experiments that have it: the one that repeats their conditions on other draws of data.
    pub draws: BTreeMap<String, String>,
    /// How factors and levels are called in tables.
    pub labels: BTreeMap<String, FactorLabel>,
}

/// A way to score runs that readers of the page can switch to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Protocol {
    /// Name of its metric; tables of the metric of the first protocol are shown in all of them.
    pub metric: String,
    /// How readers refer to it.
    pub label: String,
}

/// How a factor is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorLabel {
    /// Head of its column.
    pub label: String,
    /// The labels of its levels.
    pub levels: BTreeMap<Level, String>,
}

/// Which conditions are meant: for `experiment` or a factor, the levels that count. What is not
/// named is not restricted.
pub type Selection = BTreeMap<String, Vec<Level>>;

/// Whether a condition with these levels is among the selected.
#[must_use]
pub fn selects(selection: &Selection, levels: &Levels) -> bool {
    selection
        .iter()
        .all(|(factor, wanted)| levels.get(factor).is_some_and(|level| wanted.contains(level)))
}

/// The key under which a selection or a table names experiments, beside the names of factors.
pub use crate::experiment::EXPERIMENT;

impl Paper {
    /// The metric of that name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The unit of a curve: that of the first metric that is taken from it. Without a metric, a curve
    /// of numbers has no unit.
    #[must_use]
    pub fn unit_of(&self, curve: &Curve) -> ScoreUnit {
        let metric = self.metrics.iter().find(|metric| metric.curve() == Some(curve));
        match (curve.unit, metric) {
            (Unit::Fraction, _) => ScoreUnit::Percent,
            (Unit::Number, Some(metric)) => metric.unit.clone(),
            (Unit::Number, None) => ScoreUnit::Named(String::new()),
        }
    }

    /// The metrics of all protocols with their curves, if `curve` is that of the first protocol; else none.
    #[must_use]
    pub fn protocol_curves(&self, curve: &Curve) -> Vec<(&str, &'static Curve)> {
        let of = |protocol: &Protocol| {
            let metric = self.metric(&protocol.metric)?;
            Some((metric.name.as_str(), metric.curve()?))
        };
        let curves: Vec<_> = self.protocols.iter().filter_map(of).collect();
        match curves.first() {
            Some((_, first)) if *first == curve => curves,
            _ => Vec::new(),
        }
    }

    /// The metric of the first protocol; without protocols, the first metric.
    #[must_use]
    pub fn first_metric(&self) -> Option<&Metric> {
        match self.protocols.first() {
            Some(protocol) => self.metric(&protocol.metric),
            None => self.metrics.first(),
        }
    }

    /// The selections, and those of the repetitions on other draws of the data.
    #[must_use]
    pub fn with_draws(&self, mut selections: Vec<Selection>) -> Vec<Selection> {
        let repeated = selections.iter().map(|selection| {
            let named = selection.get(EXPERIMENT);
            let is_named =
                |name: &&String| named.is_none_or(|named| named.contains(&Level::text(name)));
            let others = self.draws.iter().filter(|(name, _)| is_named(name));
            let others = others.map(|(_, other)| Level::text(other)).collect();
            let mut selection = selection.clone();
            selection.insert(EXPERIMENT.to_owned(), others);
            selection
        });
        let repeated: Vec<_> = repeated.collect();
        selections.extend(repeated);
        selections
    }
}
