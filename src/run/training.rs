//! How a network is trained.

use serde::{Deserialize, Serialize};

use super::curve::Direction;
use super::{Optimizer, Schedule};

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Whether the classification by the branches is added to the objective. `None` where there are no
    /// branches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auxiliary_loss: Option<bool>,
    /// The loss. `None` where the task has only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Passes over the training part.
    pub epochs: usize,
    /// Examples a step.
    pub batch_size: usize,
    /// Whether each epoch takes the examples in an order of its own. The order is fixed otherwise.
    #[serde(default, skip_serializing_if = "is::off")]
    pub shuffle: bool,
    /// Update rule.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    #[serde(default, skip_serializing_if = "Schedule::is_default")]
    pub schedule: Schedule,
    /// The largest norm of the gradient of all parameters together. A longer gradient is scaled to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// When the training ends before its last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

/// A loss with its options.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Cross-entropy of the softmax of the outputs with the class.
    CrossEntropy {
        /// The share of the target that all classes share equally (Szegedy et al., 2016).
        #[serde(default, skip_serializing_if = "is::zero")]
        label_smoothing: f64,
        /// The weight of each class. Empty means 1 for all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        class_weights: Vec<f64>,
    },
    /// Binary cross-entropy of the sigmoid of one output with the second of two classes.
    BinaryCrossEntropy,
    /// Mean of the squared errors.
    Mse,
    /// Mean of the absolute errors.
    Mae,
    /// Mean of δ² (√(1 + …)): squared up to `delta`, linear beyond (Huber, 1964).
    Huber {
        /// The error at which the square becomes a line.
        #[serde(default = "one", skip_serializing_if = "is::one")]
        delta: f64,
    },
}

/// When the training ends before its last epoch, and which epoch's parameters count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The curve of the validation part that is watched.
    pub monitor: String,
    /// The training ends after this many epochs in a row without improvement.
    pub patience: usize,
    /// A smaller change is no improvement.
    #[serde(default, skip_serializing_if = "is::zero")]
    pub min_delta: f64,
    /// Whether the network ends with the parameters of the best epoch. It does so also if the training
    /// reaches its last epoch.
    #[serde(default, skip_serializing_if = "is::off")]
    pub restore_best: bool,
}

impl EarlyStopping {
    /// The best epoch so far, counted from 0, by the values of the watched curve: the last one that improved on the
    /// best before it by more than `min_delta`. `None` without values.
    #[must_use]
    pub fn best_epoch(&self, values: &[f64], better: Direction) -> Option<usize> {
        let mut best = None;
        for (epoch, value) in values.iter().enumerate() {
            let improvement = |best: f64| match better {
                Direction::Higher => value - best,
                Direction::Lower => best - value,
            };
            if best.is_none_or(|best: usize| improvement(values[best]) > self.min_delta) {
                best = Some(epoch);
            }
        }
        best
    }

    /// Whether the training ends after these values.
    #[must_use]
    pub fn has_ended(&self, values: &[f64], better: Direction) -> bool {
        self.best_epoch(values, better).is_some_and(|best| values.len() - 1 - best >= self.patience)
    }
}

fn one() -> f64 {
    1.0
}

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    pub(super) fn off(is_on: &bool) -> bool {
        !is_on
    }

    pub(super) fn zero(value: &f64) -> bool {
        value.to_bits() == 0.0f64.to_bits()
    }

    pub(super) fn one(value: &f64) -> bool {
        value.to_bits() == 1.0f64.to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_training_ends_after_epochs_without_improvement() {
        let stopping = |patience, min_delta| EarlyStopping {
            monitor: "validation_loss".to_owned(),
            patience,
            min_delta,
            restore_best: false,
        };
        let losses = [0.9, 0.5, 0.6, 0.5, 0.45, 0.5];
        let of = |patience, min_delta| {
            let stopping = stopping(patience, min_delta);
            let ended = |n: &usize| stopping.has_ended(&losses[..*n], Direction::Lower);
            (stopping.best_epoch(&losses, Direction::Lower), (1..=losses.len()).find(ended))
        };
        assert_eq!(of(1, 0.0), (Some(4), Some(3)));
        assert_eq!(of(2, 0.0), (Some(4), Some(4)), "an equal value is no improvement");
        assert_eq!(of(3, 0.0), (Some(4), None));
        assert_eq!(of(3, 0.1), (Some(1), Some(5)), "a small improvement is none");
        assert_eq!(stopping(1, 0.0).best_epoch(&losses, Direction::Higher), Some(0));
        assert_eq!(stopping(1, 0.0).best_epoch(&[], Direction::Higher), None);
    }
}
