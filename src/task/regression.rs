//! To predict a number for an example.

use super::curves::{
    LEARNING_RATE, TRAIN_LOSS, TRAIN_LOSS_ONLY, VALIDATION_LOSS, test, validation,
};
use super::definition::{AFTER_EACH_EPOCH, Evaluation, Measured, Objective, TargetKind, Task};
use super::loss::{Loss, absolute, huber, of_errors, squared};
use super::metric::{mae, r2, rmse, spearman};
use crate::dataset::{PartName, Scale, Targets};
use crate::run::{self, Curve, Direction, TrainConfig, Unit};

/// The task. The network puts out one number: the target, or the standardised target.
pub(super) struct Regression;

static VALIDATION_RMSE: Curve =
    validation("validation_rmse", "RMSE", Unit::Number, Direction::Lower);
static VALIDATION_MAE: Curve = validation("validation_mae", "MAE", Unit::Number, Direction::Lower);
static VALIDATION_R2: Curve = validation("validation_r2", "R²", Unit::Number, Direction::Higher);
static VALIDATION_SPEARMAN: Curve =
    validation("validation_spearman", "rank correlation", Unit::Number, Direction::Higher);
static TEST_RMSE: Curve = test("test_rmse", "RMSE", Unit::Number, Direction::Lower);
static TEST_MAE: Curve = test("test_mae", "MAE", Unit::Number, Direction::Lower);
static TEST_R2: Curve = test("test_r2", "R²", Unit::Number, Direction::Higher);
static TEST_SPEARMAN: Curve =
    test("test_spearman", "rank correlation", Unit::Number, Direction::Higher);

/// The metrics of the validation part, in order.
static VALIDATION_METRICS: [&Curve; 4] =
    [&VALIDATION_RMSE, &VALIDATION_MAE, &VALIDATION_R2, &VALIDATION_SPEARMAN];

/// The metrics of the test part, in order.
static TEST_METRICS: [&Curve; 4] = [&TEST_RMSE, &TEST_MAE, &TEST_R2, &TEST_SPEARMAN];

static CURVES: [&Curve; 11] = [
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
    &LEARNING_RATE,
];

impl Task for Regression {
    fn targets(&self) -> TargetKind {
        TargetKind::Numbers
    }

    fn losses(&self) -> &'static [&'static str] {
        &["mse", "mae", "huber"]
    }

    fn check_outputs(&self, n: usize, _: usize) -> Result<(), String> {
        match n {
            1 => Ok(()),
            _ => Err("must end in one output, the number".to_owned()),
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
        let Loss { value, gradient } = loss(train, &outputs[0], numbers(targets));
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
        Measured { targets, scale }: &Measured<'_>,
    ) -> Vec<(&'static Curve, f64)> {
        let numbers = numbers(targets);
        let restored: Vec<_> = outputs[0].iter().map(|y| f64::from(scale.restore(*y))).collect();
        let expected: Vec<_> = numbers.iter().map(|t| f64::from(*t)).collect();
        let errors = || restored.iter().zip(&expected).map(|(y, t)| y - t);
        let values = [
            rmse(errors()),
            mae(errors()),
            r2(&restored, &expected),
            spearman(&restored, &expected),
        ];
        match evaluation.part {
            PartName::Test => TEST_METRICS.into_iter().zip(values).collect(),
            _ => {
                let standardized: Vec<_> = numbers.iter().map(|t| scale.standardize(*t)).collect();
                let loss = f64::from(loss(train, &outputs[0], &standardized).value);
                let own = VALIDATION_METRICS.into_iter().zip(values);
                std::iter::once((&VALIDATION_LOSS, loss)).chain(own).collect()
            }
        }
    }

    fn predictions(&self, outputs: &[Vec<f32>], _: usize, scale: Scale) -> Vec<Vec<f64>> {
        outputs[0].iter().map(|y| vec![f64::from(scale.restore(*y))]).collect()
    }

    fn prediction(&self) -> &'static str {
        "prediction"
    }

    fn confusion(&self, _: &[Vec<f32>], _: &Targets) -> Option<Vec<Vec<u64>>> {
        None
    }
}

fn numbers(targets: &Targets) -> &[f32] {
    match targets {
        Targets::Numbers(numbers) => numbers,
        Targets::Classes(_) | Targets::Pairs(_) => {
            unreachable!("the targets of this task are numbers")
        }
    }
}

fn loss(train: &TrainConfig, outputs: &[f32], targets: &[f32]) -> Loss {
    match &train.loss {
        Some(run::Loss::Mse) => of_errors(outputs, targets, squared),
        Some(run::Loss::Mae) => of_errors(outputs, targets, absolute),
        Some(run::Loss::Huber { delta }) => of_errors(outputs, targets, huber(*delta)),
        _ => unreachable!("experiments are checked for the losses of their task"),
    }
}
