//! To find the class of an example.

use super::curves::{
    LEARNING_RATE, TRAIN_LOSS, TRAIN_LOSS_ONLY, VALIDATION_ACCURACY, VALIDATION_LOSS, test,
    validation,
};
use super::definition::{AFTER_EACH_EPOCH, Evaluation, Measured, Objective, TargetKind, Task};
use super::loss::{Loss, binary_cross_entropy_of_logits, cross_entropy};
use super::metric::{
    self, balanced_accuracy, brier, confusion, f1_macro, fraction, largest, roc_auc,
};
use crate::dataset::{PartName, Scale, Targets};
use crate::run::{self, Curve, Direction, TrainConfig, Unit};

/// The task. The network puts out one number for each class, or one number for the second of two classes.
pub(super) struct Classification;

static VALIDATION_BALANCED_ACCURACY: Curve = validation(
    "validation_balanced_accuracy",
    "balanced accuracy",
    Unit::Fraction,
    Direction::Higher,
);
static VALIDATION_F1_MACRO: Curve =
    validation("validation_f1_macro", "macro F1", Unit::Fraction, Direction::Higher);
static VALIDATION_ROC_AUC: Curve =
    validation("validation_roc_auc", "area under the curve", Unit::Fraction, Direction::Higher);
static VALIDATION_LOG_LOSS: Curve =
    validation("validation_log_loss", "log loss", Unit::Number, Direction::Lower);
static VALIDATION_BRIER: Curve =
    validation("validation_brier", "Brier score", Unit::Number, Direction::Lower);
static TEST_ACCURACY: Curve = test("test_accuracy", "accuracy", Unit::Fraction, Direction::Higher);
static TEST_BALANCED_ACCURACY: Curve =
    test("test_balanced_accuracy", "balanced accuracy", Unit::Fraction, Direction::Higher);
static TEST_F1_MACRO: Curve = test("test_f1_macro", "macro F1", Unit::Fraction, Direction::Higher);
static TEST_ROC_AUC: Curve =
    test("test_roc_auc", "area under the curve", Unit::Fraction, Direction::Higher);
static TEST_LOG_LOSS: Curve = test("test_log_loss", "log loss", Unit::Number, Direction::Lower);
static TEST_BRIER: Curve = test("test_brier", "Brier score", Unit::Number, Direction::Lower);

/// The metrics of the validation part, in order.
static VALIDATION_METRICS: [&Curve; 6] = [
    &VALIDATION_ACCURACY,
    &VALIDATION_BALANCED_ACCURACY,
    &VALIDATION_F1_MACRO,
    &VALIDATION_ROC_AUC,
    &VALIDATION_LOG_LOSS,
    &VALIDATION_BRIER,
];

/// The metrics of the test part, in order.
static TEST_METRICS: [&Curve; 6] = [
    &TEST_ACCURACY,
    &TEST_BALANCED_ACCURACY,
    &TEST_F1_MACRO,
    &TEST_ROC_AUC,
    &TEST_LOG_LOSS,
    &TEST_BRIER,
];

static CURVES: [&Curve; 15] = [
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
    &LEARNING_RATE,
];

impl Task for Classification {
    fn targets(&self) -> TargetKind {
        TargetKind::Classes
    }

    fn losses(&self) -> &'static [&'static str] {
        &["cross_entropy", "binary_cross_entropy"]
    }

    fn check_outputs(&self, n: usize, classes: usize) -> Result<(), String> {
        match n == classes || (n == 1 && classes == 2) {
            true => Ok(()),
            false => Err(format!(
                "must end in {classes} outputs, one for each class; write `outputs = \"classes\"` in the last linear \
                 layer"
            )),
        }
    }

    fn curves(&self) -> &'static [&'static Curve] {
        &CURVES
    }

    fn loss_curves(&self) -> &'static [&'static Curve] {
        &TRAIN_LOSS_ONLY
    }

    fn objective(
        &self,
        train: &TrainConfig,
        outputs: &[Vec<f32>],
        targets: &Targets,
        _: Option<&[f32]>,
    ) -> Objective {
        let Loss { value, gradient } = loss(train, &outputs[0], classes(targets));
        Objective { losses: vec![value], value, gradients: vec![gradient] }
    }

    fn evaluations(&self) -> &'static [Evaluation] {
        &AFTER_EACH_EPOCH
    }

    fn measure(
        &self,
        evaluation: &Evaluation,
        train: &TrainConfig,
        outputs: &[Vec<f32>],
        Measured { targets, .. }: &Measured<'_>,
    ) -> Vec<(&'static Curve, f64)> {
        let classes = classes(targets);
        let outputs = &outputs[0];
        let probabilities = probabilities(outputs, classes.len());
        let k = probabilities.len() / classes.len();
        let found = found(outputs, classes.len());
        let counts = confusion(&found, classes, k);
        let right = found.iter().zip(classes).map(|(found, class)| *found == Some(*class));
        let log_loss = match outputs.len() == classes.len() {
            true => binary_cross_entropy_of_logits(outputs, classes),
            false => cross_entropy(outputs, classes, 0.0, &[]),
        };
        let values = [
            fraction(right),
            balanced_accuracy(&counts, classes),
            f1_macro(&counts, classes),
            roc_auc(&probabilities, classes, k),
            f64::from(log_loss.value),
            brier(&probabilities, classes, k),
        ];
        match evaluation.part {
            PartName::Test => TEST_METRICS.into_iter().zip(values).collect(),
            _ => {
                let loss = f64::from(loss(train, outputs, classes).value);
                let own = VALIDATION_METRICS.into_iter().zip(values);
                std::iter::once((&VALIDATION_LOSS, loss)).chain(own).collect()
            }
        }
    }

    fn predictions(&self, outputs: &[Vec<f32>], n: usize, _: Scale) -> Vec<Vec<f64>> {
        let all = probabilities(&outputs[0], n);
        all.chunks_exact((all.len() / n.max(1)).max(1)).map(<[f64]>::to_vec).collect()
    }

    fn prediction(&self) -> &'static str {
        "class"
    }

    fn confusion(&self, outputs: &[Vec<f32>], targets: &Targets) -> Option<Vec<Vec<u64>>> {
        let classes = classes(targets);
        let k = (outputs[0].len() / classes.len().max(1)).max(2);
        Some(metric::confusion(&found(&outputs[0], classes.len()), classes, k))
    }
}

fn classes(targets: &Targets) -> &[u32] {
    match targets {
        Targets::Classes(classes) => classes,
        Targets::Pairs(_) | Targets::Numbers(_) => {
            unreachable!("the targets of this task are classes")
        }
    }
}

fn loss(train: &TrainConfig, outputs: &[f32], classes: &[u32]) -> Loss {
    match &train.loss {
        Some(run::Loss::CrossEntropy { label_smoothing, class_weights }) => {
            cross_entropy(outputs, classes, *label_smoothing, class_weights)
        }
        Some(run::Loss::BinaryCrossEntropy) => binary_cross_entropy_of_logits(outputs, classes),
        _ => unreachable!("experiments are checked for the losses of their task"),
    }
}

/// The class of each of `n` examples. One output is that of the second class: it is found above 0.
fn found(outputs: &[f32], n: usize) -> Vec<Option<u32>> {
    match outputs.len() == n {
        true => outputs.iter().map(|x| (!x.is_nan()).then_some(u32::from(*x > 0.0))).collect(),
        false => largest(outputs, n),
    }
}

/// The probabilities of all classes for each of `n` examples.
fn probabilities(outputs: &[f32], n: usize) -> Vec<f64> {
    if outputs.len() == n {
        let of_one = |x: &f32| {
            let p = 1.0 / (1.0 + libm::exp(-f64::from(*x)));
            [1.0 - p, p]
        };
        return outputs.iter().flat_map(of_one).collect();
    }
    let mut all = Vec::with_capacity(outputs.len());
    for row in outputs.chunks_exact(outputs.len() / n.max(1)) {
        let largest = row.iter().fold(f32::NEG_INFINITY, |largest, x| largest.max(*x));
        let start = all.len();
        all.extend(row.iter().map(|x| libm::exp(f64::from(*x) - f64::from(largest))));
        let total: f64 = all[start..].iter().sum();
        all[start..].iter_mut().for_each(|p| *p /= total);
    }
    all
}
