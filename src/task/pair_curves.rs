//! The learning curves of the task that compares pairs of images: their names and meanings.
//!
//! The published protocol tests in training mode, before the first update of an epoch, with the
//! test set as one batch. The corrected protocol tests in inference mode, after the last update.

use super::curves::{LEARNING_RATE, VALIDATION_ACCURACY};
use crate::run::{Curve, Direction, Moment, Unit};

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
/// All curves of the task.
pub static CURVES: [&Curve; 11] = [
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
    &LEARNING_RATE,
];
