//! Metrics: the number that is the score of a run, its unit, and which scores are better.

use std::collections::BTreeSet;

use crate::format::Digits;
use crate::run::{Curve, Direction, Unit};

/// How one number is taken from a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// How tables and templates refer to it.
    pub name: String,
    /// How readers refer to it.
    pub label: String,
    /// The same where there is little room.
    pub short: String,
    /// Where the number comes from.
    pub source: ScoreSource,
    /// The unit of a score.
    pub unit: ScoreUnit,
    /// The number of decimals that readers see, if the paper gives it.
    pub decimals: Option<u8>,
}

/// The epochs that the networks of some runs end with: `None` is the last epoch, and a curve stands for the
/// best epoch by this curve.
pub type Ends = BTreeSet<Option<&'static str>>;

/// Where a score comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreSource {
    /// A value of a learning curve.
    Curve(&'static Curve, Reduction),
    /// A number that a run has without a curve.
    Value(RunValue),
}

/// Which value of a curve is the score of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The best value, by the direction of the curve: selection on the curve itself.
    Best,
    /// The value of the epoch that the network ends with: the last epoch, or with `restore_best` the best one.
    Last,
    /// The value of the epoch that is best by another curve, of the validation part; the first epoch in a tie.
    Selected(&'static Curve),
}

/// A number of a run that follows from its configuration and its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunValue {
    /// The number of trained parameters.
    Parameters,
    /// The number of completed epochs.
    Epochs,
    /// The number of the best epoch, counted from 1, by the curve that early stopping watches.
    BestEpoch,
}

/// The unit of scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScoreUnit {
    /// Fractions, which readers see in percent. Their differences are in percentage points.
    Percent,
    /// Numbers with this unit, such as `MPa`; empty for numbers without a unit.
    Named(String),
}

impl ScoreUnit {
    /// The unit after a number, such as `%`; empty if there is none.
    #[must_use]
    pub fn symbol(&self) -> &str {
        match self {
            Self::Percent => "%",
            Self::Named(name) => name,
        }
    }

    /// The unit of a difference in words; empty if there is none.
    #[must_use]
    pub fn of_difference(&self) -> &str {
        match self {
            Self::Percent => "percentage points",
            Self::Named(name) => name,
        }
    }

    /// A written number with its unit: `81.91 %`.
    #[must_use]
    pub fn after(&self, number: &str) -> String {
        with_space(number, self.symbol())
    }

    /// A written difference with its unit: `+2.00 percentage points`.
    #[must_use]
    pub fn after_difference(&self, number: &str) -> String {
        with_space(number, self.of_difference())
    }

    /// `, in %`, after the name of some numbers; empty without a unit.
    #[must_use]
    pub fn clause(&self) -> String {
        if self.symbol().is_empty() { String::new() } else { format!(", in {}", self.symbol()) }
    }

    /// `, in percentage points`, after the name of some differences; empty without a unit.
    #[must_use]
    pub fn difference_clause(&self) -> String {
        let unit = self.of_difference();
        if unit.is_empty() { String::new() } else { format!(", in {unit}") }
    }

    /// The head of a column of differences: `percentage points`, or `difference, MPa`.
    #[must_use]
    pub fn difference_head(&self) -> String {
        match self {
            Self::Percent => self.of_difference().to_owned(),
            Self::Named(_) => self.in_head("difference"),
        }
    }

    /// What is measured, with the unit: `accuracy, %`.
    #[must_use]
    pub fn in_head(&self, what: &str) -> String {
        match self.symbol() {
            "" => what.to_owned(),
            unit => format!("{what}, {unit}"),
        }
    }
}

fn with_space(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

impl Metric {
    /// The curves that a score is taken from.
    #[must_use]
    pub fn curves(&self) -> Vec<&'static Curve> {
        match self.source {
            ScoreSource::Curve(curve, Reduction::Best | Reduction::Last) => vec![curve],
            ScoreSource::Curve(curve, Reduction::Selected(by)) => vec![curve, by],
            ScoreSource::Value(_) => Vec::new(),
        }
    }

    /// The curve that a score is a value of. `None` for a number without a curve.
    #[must_use]
    pub fn curve(&self) -> Option<&'static Curve> {
        match self.source {
            ScoreSource::Curve(curve, _) => Some(curve),
            ScoreSource::Value(_) => None,
        }
    }

    /// Which scores are better. `None` if none is.
    #[must_use]
    pub fn better(&self) -> Option<Direction> {
        self.curve().and_then(|curve| curve.better)
    }

    /// Whether a score needs early stopping.
    #[must_use]
    pub fn needs_early_stopping(&self) -> bool {
        self.source == ScoreSource::Value(RunValue::BestEpoch)
    }

    /// How the score of a run is taken, in a few words. `ends` says which epochs the networks of the runs end with.
    #[must_use]
    pub fn formula(&self, ends: &Ends) -> String {
        match self.source {
            ScoreSource::Curve(curve, Reduction::Best) => {
                format!("the {} {} of all epochs", best_word(curve), curve.name)
            }
            ScoreSource::Curve(curve, Reduction::Last) => {
                format!("the {} of {}", curve.name, last_words(ends))
            }
            ScoreSource::Curve(curve, Reduction::Selected(by)) => format!(
                "the {} of the epoch with the {} {} (the first epoch in a tie)",
                curve.name,
                best_word(by),
                by.name
            ),
            ScoreSource::Value(RunValue::Parameters) => {
                "the number of its trained parameters".to_owned()
            }
            ScoreSource::Value(RunValue::Epochs) => "the number of its completed epochs".to_owned(),
            ScoreSource::Value(RunValue::BestEpoch) => {
                "the number of its best epoch, by the curve that early stopping watches".to_owned()
            }
        }
    }

    /// Its unit and direction in words, for messages: `%, higher is better`.
    #[must_use]
    pub fn scale(&self) -> String {
        let unit = if self.unit.symbol().is_empty() { "no unit" } else { self.unit.symbol() };
        let better = match self.better() {
            Some(Direction::Higher) => "higher is better",
            Some(Direction::Lower) => "lower is better",
            None => "neither direction is better",
        };
        format!("{unit}, {better}")
    }

    /// How numbers of these sizes and standard deviations are written, all in the unit of the metric.
    #[must_use]
    pub fn digits(
        &self,
        sizes: impl IntoIterator<Item = f64>,
        deviations: impl IntoIterator<Item = f64>,
    ) -> Digits {
        match (self.decimals, &self.unit) {
            (Some(decimals), _) => Digits::Decimals(decimals),
            (None, ScoreUnit::Percent) => Digits::PERCENT,
            (None, ScoreUnit::Named(_)) => Digits::of(sizes, deviations),
        }
    }
}

/// The epoch that networks end with.
fn last_words(ends: &Ends) -> String {
    if ends.iter().all(Option::is_none) {
        return "the last epoch".to_owned();
    }
    let words = ends.iter().map(|end| match end {
        None => "the last one".to_owned(),
        Some(curve) => format!("the best by {curve}"),
    });
    format!("the epoch that the network ends with ({})", words.collect::<Vec<_>>().join(", or "))
}

/// `largest` or `smallest`, whichever is the best.
fn best_word(curve: &Curve) -> &'static str {
    if curve.better == Some(Direction::Lower) { "smallest" } else { "largest" }
}

/// A value of a curve in the unit that readers see: a fraction in percent.
#[must_use]
pub fn shown(curve: &Curve, value: f64) -> f64 {
    match curve.unit {
        Unit::Fraction => 100.0 * value,
        Unit::Number => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::curves::TRAIN_LOSS;

    #[test]
    fn the_words_for_the_last_epoch_name_the_epoch_that_the_network_ends_with() {
        let metric = Metric {
            name: "loss".to_owned(),
            label: "loss".to_owned(),
            short: "loss".to_owned(),
            source: ScoreSource::Curve(&TRAIN_LOSS, Reduction::Last),
            unit: ScoreUnit::Named(String::new()),
            decimals: None,
        };
        let best = Some("validation_loss");
        for (ends, words) in [
            (Ends::new(), "the last epoch"),
            (Ends::from([None]), "the last epoch"),
            (
                Ends::from([best]),
                "the epoch that the network ends with (the best by validation_loss)",
            ),
            (
                Ends::from([None, best]),
                "the epoch that the network ends with (the last one, or the best by validation_loss)",
            ),
        ] {
            assert_eq!(metric.formula(&ends), format!("the train_loss of {words}"));
        }
    }
}
