//! Learning curves: what a training measures, and the values of one run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A learning curve that a task declares. It has one value per epoch.
#[derive(Debug, PartialEq, Eq)]
pub struct Curve {
    /// Its name in records and in `paper.toml`.
    pub name: &'static str,
    /// What its values are.
    pub quantity: Quantity,
    /// When in an epoch it is measured.
    pub moment: Moment,
    /// Whether it needs held-out pairs. A run without them does not have this curve.
    pub needs_held_out: bool,
}

/// What the values of a curve are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The mean loss over the steps of an epoch. It ends before the epoch in which a run diverges.
    Loss,
    /// A fraction in [0, 1]. It is 0 after a run has diverged.
    Accuracy,
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

impl Curves {
    /// The values of a curve, in order of the epochs. Empty if the run does not have this curve.
    #[must_use]
    pub fn get(&self, curve: &Curve) -> &[f64] {
        self.0.get(curve.name).map_or(&[], Vec::as_slice)
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

    /// The curves of several folds. With one fold, they keep their names.
    #[must_use]
    pub fn of_folds(mut folds: Vec<Self>) -> Self {
        if folds.len() == 1 {
            return folds.remove(0);
        }
        let numbered = folds.into_iter().zip(1..).flat_map(|(curves, fold)| {
            curves.0.into_iter().map(move |(name, values)| (format!("{fold}/{name}"), values))
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
