//! The learning curves of the task that compares pairs of digits: their names and meanings.
//!
//! The published protocol tests in training mode, before the first update of an epoch, with the
//! test set as one batch. The corrected protocol tests in inference mode, after the last update.

use super::curve::{Curve, Curves, Direction, Moment, Unit};
use super::{Outcome, RunConfig};

const fn loss(name: &'static str) -> Curve {
    let (unit, better, moment) = (Unit::Number, Some(Direction::Lower), Moment::After);
    Curve { name, quantity: "loss", unit, better, moment, needs_held_out: false }
}

const fn accuracy(name: &'static str, moment: Moment) -> Curve {
    let (unit, better) = (Unit::Fraction, Some(Direction::Higher));
    Curve { name, quantity: "accuracy", unit, better, moment, needs_held_out: false }
}

/// Mean main loss over the steps of an epoch, before division by its first value.
pub static TRAIN_MAIN_LOSS: Curve = loss("train_main_loss");
/// Mean auxiliary loss over the steps of an epoch, before division by its first value.
pub static TRAIN_AUXILIARY_LOSS: Curve = loss("train_auxiliary_loss");
/// Test accuracy by the published protocol.
pub static PUBLISHED_TEST_ACCURACY: Curve = accuracy("published_test_accuracy", Moment::Before);
/// Test accuracy by the published protocol, but with dropout off.
pub static DROPOUT_OFF_TEST_ACCURACY: Curve = accuracy("dropout_off_test_accuracy", Moment::Before);
/// Test accuracy by the corrected protocol.
pub static CORRECTED_TEST_ACCURACY: Curve = accuracy("corrected_test_accuracy", Moment::After);
/// Share of first digits that the first branch recognises, by the corrected protocol.
pub static FIRST_DIGIT_ACCURACY: Curve = accuracy("first_digit_accuracy", Moment::After);
/// Share of second digits that the second branch recognises, by the corrected protocol.
pub static SECOND_DIGIT_ACCURACY: Curve = accuracy("second_digit_accuracy", Moment::After);
/// Mean of the accuracies of both digits.
pub static DIGIT_ACCURACY: Curve = accuracy("digit_accuracy", Moment::After);
/// Accuracy of comparing the two recognised digits, by the corrected protocol.
pub static COMPARISON_ACCURACY: Curve = accuracy("comparison_accuracy", Moment::After);
/// Accuracy on the held-out training pairs, by the corrected protocol. The reduction `selected`
/// chooses the epoch by this curve.
pub static VALIDATION_ACCURACY: Curve =
    Curve { needs_held_out: true, ..accuracy("validation_accuracy", Moment::After) };

/// All curves of the task.
pub static CURVES: [&Curve; 10] = [
    &TRAIN_MAIN_LOSS,
    &TRAIN_AUXILIARY_LOSS,
    &PUBLISHED_TEST_ACCURACY,
    &DROPOUT_OFF_TEST_ACCURACY,
    &CORRECTED_TEST_ACCURACY,
    &FIRST_DIGIT_ACCURACY,
    &SECOND_DIGIT_ACCURACY,
    &DIGIT_ACCURACY,
    &COMPARISON_ACCURACY,
    &VALIDATION_ACCURACY,
];

/// The curve whose best epoch the reduction `selected` takes.
#[must_use]
pub fn selecting() -> &'static Curve {
    &VALIDATION_ACCURACY
}

/// Checks that `curves` are those of a run of `config` that ended with `outcome`: the declared
/// curves, one value per epoch, each in its range.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the record.
pub fn check(curves: &Curves, config: &RunConfig, outcome: Outcome) -> Result<(), String> {
    if let Some((name, _)) = curves.iter().find(|(name, _)| CURVES.iter().all(|c| c.name != *name))
    {
        return Err(format!("has a curve `{name}`, which is not declared"));
    }
    CURVES.iter().try_for_each(|curve| check_curve(curve, curves.get(curve), config, outcome))
}

/// [`check`] of one declared curve, which has these values.
///
/// # Errors
/// As [`check`].
pub fn check_curve(
    curve: &Curve,
    values: &[f64],
    config: &RunConfig,
    outcome: Outcome,
) -> Result<(), String> {
    let epochs = config.train.epochs;
    let expected = match (curve.after_divergence(), outcome) {
        _ if curve.needs_held_out && !config.data.has_validation() => 0,
        (None, Outcome::Diverged { epoch, .. }) => epoch,
        _ => epochs,
    };
    if values.len() != expected {
        let (name, n) = (curve.name, values.len());
        return Err(format!("has {n} values in `{name}`, where its run has {expected}"));
    }
    let is_fraction = curve.unit == Unit::Fraction;
    if is_fraction && values.iter().any(|value| !(0.0..=1.0).contains(value)) {
        return Err(format!("has a value in `{}` that is not a fraction", curve.name));
    }
    Ok(())
}
