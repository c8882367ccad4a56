//! Learning curves: what a training measures, and the values of one run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A learning curve that a task declares. It has one value per epoch.
#[derive(Debug, PartialEq, Eq)]
pub struct Curve {
    /// Its name in records and in `paper.toml`.
    pub name: &'static str,
    /// What it measures, in words for the axis of a figure, such as `accuracy`.
    pub quantity: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// Which values are better. `None` for a curve that only describes the training, such as the
    /// learning rate.
    pub better: Option<Direction>,
    /// When in an epoch it is measured.
    pub moment: Moment,
    /// Whether it needs held-out pairs. A run without them does not have this curve.
    pub needs_held_out: bool,
}

/// What the values of a curve are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A fraction in [0, 1], which readers see in percent.
    Fraction,
    /// A plain number. A paper may give it a unit.
    Number,
}

/// Which of two values is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The larger one, as of an accuracy.
    Higher,
    /// The smaller one, as of a loss.
    Lower,
}

impl Direction {
    /// The place of the best of some values. In a tie, it is the first. `None` without values.
    #[must_use]
    pub fn best(self, values: &[f64]) -> Option<usize> {
        let places = (0..values.len()).rev();
        match self {
            Self::Higher => places.max_by(|a, b| values[*a].total_cmp(&values[*b])),
            Self::Lower => (0..values.len()).min_by(|a, b| values[*a].total_cmp(&values[*b])),
        }
    }
}

/// When in an epoch a value is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the first update of the epoch.
    Before,
    /// After the last update of the epoch, or over the whole epoch.
    After,
}

/// The learning curves of a run by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Curves(BTreeMap<String, Vec<f64>>);

impl Curve {
    /// The value in the epochs that a diverged run did not complete: the worst fraction, because no
    /// answer of a network with NaN values is right. `None` for a number, which has no worst value:
    /// its curve ends before the epoch in which the run diverged.
    #[must_use]
    pub fn after_divergence(&self) -> Option<f64> {
        match (self.unit, self.better) {
            (Unit::Number, _) => None,
            (Unit::Fraction, Some(Direction::Lower)) => Some(1.0),
            (Unit::Fraction, _) => Some(0.0),
        }
    }
}

impl Curves {
    /// The values of a curve, in order of the epochs. Empty if the run does not have this curve.
    #[must_use]
    pub fn get(&self, curve: &Curve) -> &[f64] {
        self.0.get(curve.name).map_or(&[], Vec::as_slice)
    }

    /// The values of a curve in a fold, counted from 0, of a run with this number of folds. Empty if the run does not
    /// have this curve.
    #[must_use]
    pub fn of_fold(&self, n_folds: usize, fold: usize, curve: &Curve) -> &[f64] {
        match n_folds {
            1 => self.get(curve),
            _ => self.0.get(&in_fold(fold, curve.name)).map_or(&[], Vec::as_slice),
        }
    }

    /// The name of a curve in a fold, as records spell it.
    #[must_use]
    pub fn name(n_folds: usize, fold: usize, curve: &Curve) -> String {
        Self::spelled(n_folds, fold, curve.name)
    }

    /// A name in a fold, as records spell it.
    #[must_use]
    pub fn spelled(n_folds: usize, fold: usize, name: &str) -> String {
        if n_folds == 1 { name.to_owned() } else { in_fold(fold, name) }
    }

    /// The fold, counted from 0, and the curve that a name in a record means.
    #[must_use]
    pub fn fold_of(n_folds: usize, name: &str) -> (usize, &str) {
        let numbered = name.split_once('/').filter(|_| n_folds > 1);
        let numbered = numbered.and_then(|(fold, own)| Some((fold.parse::<usize>().ok()?, own)));
        numbered.map_or((0, name), |(fold, own)| (fold.wrapping_sub(1), own))
    }

    /// Adds the value of the next epoch.
    pub fn push(&mut self, curve: &Curve, value: f64) {
        match self.0.get_mut(curve.name) {
            Some(values) => values.push(value),
            None => drop(self.0.insert(curve.name.to_owned(), vec![value])),
        }
    }

    /// Sets all values of a curve.
    pub fn set(&mut self, curve: &Curve, values: Vec<f64>) {
        self.0.insert(curve.name.to_owned(), values);
    }

    /// Sets all values of the curve of this name.
    pub fn set_named(&mut self, name: &str, values: Vec<f64>) {
        self.0.insert(name.to_owned(), values);
    }

    /// The curves of several folds. With one fold, they keep their names.
    #[must_use]
    pub fn of_folds(mut folds: Vec<Self>) -> Self {
        if folds.len() == 1 {
            return folds.remove(0);
        }
        let numbered = folds.into_iter().enumerate().flat_map(|(fold, curves)| {
            curves.0.into_iter().map(move |(name, values)| (in_fold(fold, &name), values))
        });
        Self(numbered.collect())
    }

    /// The length of the longest curve.
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.0.values().map(Vec::len).max().unwrap_or(0)
    }

    /// All curves, in order of their names.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[f64])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

/// The name of a curve in a fold, counted from 0: `1/test_rmse` in the first.
fn in_fold(fold: usize, name: &str) -> String {
    format!("{}/{name}", fold + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_value_is_the_first_of_the_largest_or_of_the_smallest() {
        let values = [0.5, 0.2, 0.9, 0.2, 0.9];
        assert_eq!(Direction::Higher.best(&values), Some(2));
        assert_eq!(Direction::Lower.best(&values), Some(1));
        assert_eq!([Direction::Higher, Direction::Lower].map(|d| d.best(&[])), [None; 2]);
    }

    #[test]
    fn a_diverged_run_has_the_worst_fraction_and_no_number() {
        let of = |unit, better| {
            let moment = Moment::After;
            let (name, quantity, needs_held_out) = ("c", "c", false);
            Curve { name, quantity, unit, better, moment, needs_held_out }.after_divergence()
        };
        assert_eq!(of(Unit::Fraction, Some(Direction::Higher)), Some(0.0));
        assert_eq!(of(Unit::Fraction, Some(Direction::Lower)), Some(1.0));
        assert_eq!(of(Unit::Number, Some(Direction::Higher)), None);
        assert_eq!(of(Unit::Number, None), None);
    }
}
