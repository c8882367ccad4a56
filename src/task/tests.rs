//! Compares losses with those of PyTorch, and metrics with those of scikit-learn and scipy:
//! `tests/fixtures/tasks.json`, written by `make_tasks.py` beside it.

use serde_json::Value;

use super::*;
use crate::dataset::{Scale, Targets};
use crate::run::{Loss, samples};
use crate::run::{TaskKind, TrainConfig};

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/tasks.json")).unwrap()
}

fn cases(kind: &str) -> Vec<Value> {
    fixtures()[kind].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|x| x as f32).collect()
}

fn classes(value: &Value) -> Targets {
    Targets::Classes(numbers(value).into_iter().map(|x| x as u32).collect())
}

fn train(loss: Loss) -> TrainConfig {
    TrainConfig { loss: Some(loss), auxiliary_loss: None, ..samples::config().train }
}

#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-6f64, |largest, x| largest.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let error = (found - expected).abs() / largest;
        assert!(error < 2e-7, "{what}: {found} where the other has {expected}");
    }
}

#[test]
fn losses_and_their_gradients_are_those_of_pytorch() {
    for case in cases("losses") {
        let option = |key: &str| case[key].as_f64().unwrap_or_default();
        let kind = case["kind"].as_str().unwrap();
        let (task, loss, targets) = match kind {
            "cross_entropy" => {
                let (label_smoothing, class_weights) =
                    (option("label_smoothing"), numbers(&case["class_weights"]));
                let loss = Loss::CrossEntropy { label_smoothing, class_weights };
                (TaskKind::Classification, loss, classes(&case["targets"]))
            }
            "binary_cross_entropy" => {
                (TaskKind::Classification, Loss::BinaryCrossEntropy, classes(&case["targets"]))
            }
            _ => {
                let loss = match kind {
                    "mse" => Loss::Mse,
                    "mae" => Loss::Mae,
                    _ => Loss::Huber { delta: option("delta") },
                };
                (TaskKind::Regression, loss, Targets::Numbers(floats(&case["targets"])))
            }
        };
        let outputs = [floats(&case["outputs"])];
        let objective = of(task).objective(&train(loss), &outputs, &targets, None);
        let Objective { losses, value, gradients } = objective;
        assert_eq!(losses, [value]);
        assert_close(kind, &[f64::from(value)], &[case["loss"].as_f64().unwrap()]);
        let gradient: Vec<_> = gradients[0].iter().map(|x| f64::from(*x)).collect();
        assert_close(kind, &gradient, &numbers(&case["gradient"]));
    }
}

/// What the evaluations of the task measure, by name of the curve.
fn measured(
    task: &dyn Task,
    loss: &Loss,
    outputs: &Value,
    targets: &Targets,
) -> Vec<(&'static str, f64)> {
    let outputs = [floats(outputs)];
    let examples = Measured { targets, scale: Scale::NONE };
    let evaluations = task.evaluations().iter();
    let of_each =
        evaluations.map(|one| task.measure(one, &train(loss.clone()), &outputs, &examples));
    of_each.flatten().map(|(curve, value)| (curve.name, value)).collect()
}

#[track_caller]
fn assert_measured(measured: &[(&str, f64)], case: &Value, metrics: &[&str]) {
    for part in ["validation", "test"] {
        for metric in metrics {
            let name = format!("{part}_{metric}");
            let (_, found) = measured.iter().find(|(own, _)| *own == name).unwrap();
            assert_close(&name, &[*found], &[case[metric].as_f64().unwrap()]);
        }
    }
    let curves = measured.iter().filter(|(name, _)| *name != "validation_loss");
    assert_eq!(curves.count(), 2 * metrics.len());
}

#[test]
fn metrics_of_classes_are_those_of_scikit_learn() {
    let task = of(TaskKind::Classification);
    for case in cases("classification") {
        let targets = classes(&case["targets"]);
        let loss = match case["k"].as_u64() {
            Some(1) => Loss::BinaryCrossEntropy,
            _ => Loss::CrossEntropy { label_smoothing: 0.0, class_weights: Vec::new() },
        };
        let found = measured(task, &loss, &case["outputs"], &targets);
        let metrics = ["accuracy", "balanced_accuracy", "f1_macro", "roc_auc", "log_loss", "brier"];
        assert_measured(&found, &case, &metrics);
        let counts = task.confusion(&[floats(&case["outputs"])], &targets);
        assert_eq!(serde_json::to_value(counts).unwrap(), case["confusion"]);
    }
}

#[test]
fn metrics_of_numbers_are_those_of_scikit_learn_and_scipy() {
    let task = of(TaskKind::Regression);
    for case in cases("regression") {
        let targets = Targets::Numbers(floats(&case["targets"]));
        let found = measured(task, &Loss::Mse, &case["outputs"], &targets);
        assert_measured(&found, &case, &["rmse", "mae", "r2", "spearman"]);
    }
}

#[test]
fn metrics_of_numbers_are_in_the_unit_of_the_data_and_losses_in_that_of_the_training() {
    let task = of(TaskKind::Regression);
    let targets = Targets::Numbers(vec![10.0, 30.0]);
    let scale = Scale { mean: 20.0, std_dev: 10.0 };
    let outputs = [vec![-1.0, 2.0]];
    let examples = Measured { targets: &targets, scale };
    let found = task.measure(&task.evaluations()[0], &train(Loss::Mse), &outputs, &examples);
    let value = |name: &str| found.iter().find(|(curve, _)| curve.name == name).unwrap().1;
    assert_eq!((value("validation_mae"), value("validation_loss")), (5.0, 0.5));
}

#[test]
fn a_constant_prediction_orders_nothing() {
    let task = of(TaskKind::Regression);
    let targets = Targets::Numbers(vec![1.0, 2.0, 3.0]);
    let constant = serde_json::json!([2.0, 2.0, 2.0]);
    let found = measured(task, &Loss::Mse, &constant, &targets);
    let (_, spearman) = found.iter().find(|(name, _)| *name == "test_spearman").unwrap();
    assert_eq!(*spearman, 0.0);
}

#[test]
fn losses_of_probabilities_are_those_of_pytorch_if_they_are_saturated_too() {
    let all: Value =
        serde_json::from_str(include_str!("../../tests/fixtures/numerics.json")).unwrap();
    for case in all["binary_cross_entropy"].as_array().unwrap() {
        let holds: Vec<_> = floats(&case["targets"]).into_iter().map(|t| t == 1.0).collect();
        let found = loss::binary_cross_entropy(&floats(&case["probabilities"]), holds.into_iter());
        // To the precision of the file. Element by element: saturated gradients are 10¹² times the others.
        let close = |found: f32, expected: f64| {
            assert!((f64::from(found) - expected).abs() <= 1e-5 * expected.abs(), "{found}");
        };
        close(found.value, case["loss"].as_f64().unwrap());
        for (found, expected) in found.gradient.iter().zip(numbers(&case["grad"])) {
            close(*found, expected);
        }
    }
}
