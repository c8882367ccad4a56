//! Learning curves that several tasks have.

use crate::run::{Curve, Direction, Moment, Unit};

const fn curve(
    name: &'static str,
    quantity: &'static str,
    unit: Unit,
    better: Option<Direction>,
    needs_held_out: bool,
) -> Curve {
    Curve { name, quantity, unit, better, moment: Moment::After, needs_held_out }
}

/// A metric of the validation part.
pub(super) const fn validation(
    name: &'static str,
    quantity: &'static str,
    unit: Unit,
    better: Direction,
) -> Curve {
    curve(name, quantity, unit, Some(better), true)
}

/// A metric of the test part.
pub(super) const fn test(
    name: &'static str,
    quantity: &'static str,
    unit: Unit,
    better: Direction,
) -> Curve {
    curve(name, quantity, unit, Some(better), false)
}

/// Mean loss over the steps of an epoch.
pub static TRAIN_LOSS: Curve = test("train_loss", "loss", Unit::Number, Direction::Lower);

/// The losses of a task with one loss.
pub static TRAIN_LOSS_ONLY: [&Curve; 1] = [&TRAIN_LOSS];

/// The loss on the validation part, in inference mode.
pub static VALIDATION_LOSS: Curve =
    validation("validation_loss", "loss", Unit::Number, Direction::Lower);

/// The settings by which the values of a curve are of different things in two runs: they cannot be compared, whatever
/// rows or sides name. Paths of keys in experiment files.
#[must_use]
pub fn meaning(curve: &Curve) -> &'static [&'static str] {
    match curve.name {
        "train_loss" | "validation_loss" => {
            &["task", "train.loss", "data.standardize_target", "data.target"]
        }
        "validation_rmse" | "test_rmse" | "validation_mae" | "test_mae" => &["data.target"],
        _ => &[],
    }
}

/// Accuracy on the validation part, in inference mode.
pub static VALIDATION_ACCURACY: Curve =
    validation("validation_accuracy", "accuracy", Unit::Fraction, Direction::Higher);

/// The learning rate of the last step of an epoch. Only runs with a schedule have this curve.
pub static LEARNING_RATE: Curve =
    curve("learning_rate", "learning rate", Unit::Number, None, false);
