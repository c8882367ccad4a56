//! The learning curves of classification and regression.

use super::curve::{Curve, Moment, Quantity};
use super::pairs::VALIDATION_ACCURACY;

const fn curve(name: &'static str, quantity: Quantity, needs_held_out: bool) -> Curve {
    Curve { name, quantity, moment: Moment::After, needs_held_out }
}

const fn validation(name: &'static str, quantity: Quantity) -> Curve {
    curve(name, quantity, true)
}

const fn test(name: &'static str, quantity: Quantity) -> Curve {
    curve(name, quantity, false)
}

/// Mean loss over the steps of an epoch.
pub static TRAIN_LOSS: Curve = test("train_loss", Quantity::Loss);
/// The loss on the validation part, in inference mode.
pub static VALIDATION_LOSS: Curve = validation("validation_loss", Quantity::Loss);

static VALIDATION_BALANCED_ACCURACY: Curve =
    validation("validation_balanced_accuracy", Quantity::Accuracy);
static VALIDATION_F1_MACRO: Curve = validation("validation_f1_macro", Quantity::Accuracy);
static VALIDATION_ROC_AUC: Curve = validation("validation_roc_auc", Quantity::Accuracy);
static VALIDATION_LOG_LOSS: Curve = validation("validation_log_loss", Quantity::Loss);
static VALIDATION_BRIER: Curve = validation("validation_brier", Quantity::Loss);
static TEST_ACCURACY: Curve = test("test_accuracy", Quantity::Accuracy);
static TEST_BALANCED_ACCURACY: Curve = test("test_balanced_accuracy", Quantity::Accuracy);
static TEST_F1_MACRO: Curve = test("test_f1_macro", Quantity::Accuracy);
static TEST_ROC_AUC: Curve = test("test_roc_auc", Quantity::Accuracy);
static TEST_LOG_LOSS: Curve = test("test_log_loss", Quantity::Loss);
static TEST_BRIER: Curve = test("test_brier", Quantity::Loss);
static VALIDATION_RMSE: Curve = validation("validation_rmse", Quantity::Loss);
static VALIDATION_MAE: Curve = validation("validation_mae", Quantity::Loss);
static VALIDATION_R2: Curve = validation("validation_r2", Quantity::Loss);
static VALIDATION_SPEARMAN: Curve = validation("validation_spearman", Quantity::Loss);
static TEST_RMSE: Curve = test("test_rmse", Quantity::Loss);
static TEST_MAE: Curve = test("test_mae", Quantity::Loss);
static TEST_R2: Curve = test("test_r2", Quantity::Loss);
static TEST_SPEARMAN: Curve = test("test_spearman", Quantity::Loss);

/// The losses of a step.
pub static TRAIN_LOSSES: [&Curve; 1] = [&TRAIN_LOSS];

/// Metrics of classes on the validation part: accuracy, balanced accuracy, macro F1, area under the curve, log loss,
/// Brier score.
pub static VALIDATION_CLASSES: [&Curve; 6] = [
    &VALIDATION_ACCURACY,
    &VALIDATION_BALANCED_ACCURACY,
    &VALIDATION_F1_MACRO,
    &VALIDATION_ROC_AUC,
    &VALIDATION_LOG_LOSS,
    &VALIDATION_BRIER,
];

/// The same on the test part.
pub static TEST_CLASSES: [&Curve; 6] = [
    &TEST_ACCURACY,
    &TEST_BALANCED_ACCURACY,
    &TEST_F1_MACRO,
    &TEST_ROC_AUC,
    &TEST_LOG_LOSS,
    &TEST_BRIER,
];

/// Metrics of numbers on the validation part: root mean squared error, mean absolute error, R², rank correlation.
pub static VALIDATION_NUMBERS: [&Curve; 4] =
    [&VALIDATION_RMSE, &VALIDATION_MAE, &VALIDATION_R2, &VALIDATION_SPEARMAN];

/// The same on the test part.
pub static TEST_NUMBERS: [&Curve; 4] = [&TEST_RMSE, &TEST_MAE, &TEST_R2, &TEST_SPEARMAN];

/// All curves of a classification.
pub static CLASSIFICATION: [&Curve; 14] = [
    &TRAIN_LOSS,
    &VALIDATION_LOSS,
    &VALIDATION_ACCURACY,
    &VALIDATION_BALANCED_ACCURACY,
    &VALIDATION_F1_MACRO,
    &VALIDATION_ROC_AUC,
    &VALIDATION_LOG_LOSS,
    &VALIDATION_BRIER,
    &TEST_ACCURACY,
    &TEST_BALANCED_ACCURACY,
    &TEST_F1_MACRO,
    &TEST_ROC_AUC,
    &TEST_LOG_LOSS,
    &TEST_BRIER,
];

/// All curves of a regression.
pub static REGRESSION: [&Curve; 10] = [
    &TRAIN_LOSS,
    &VALIDATION_LOSS,
    &VALIDATION_RMSE,
    &VALIDATION_MAE,
    &VALIDATION_R2,
    &VALIDATION_SPEARMAN,
    &TEST_RMSE,
    &TEST_MAE,
    &TEST_R2,
    &TEST_SPEARMAN,
];
