//! To compare two images by their classes: whether the class of the first is at most that of the second.
//!
//! The published protocol evaluates in training mode before each epoch, with the whole test part as one batch. The
//! corrected protocol evaluates in inference mode after each epoch.

use super::curves::VALIDATION_ACCURACY;
use super::definition::{Evaluation, EvaluationMode, Measured, Objective, TargetKind, Task};
use super::loss::{binary_cross_entropy, cross_entropy};
use super::metric::{fraction, largest};
use super::pair_curves as curves;
use crate::dataset::{PartName, Scale, Targets};
use crate::run::{Curve, TrainConfig};

/// The task.
pub(super) struct Pairs;

const PUBLISHED: Evaluation = Evaluation {
    is_before: true,
    part: PartName::Test,
    mode: EvaluationMode::Training { dropout: true },
    needs_all: false,
};

const DROPOUT_OFF: Evaluation =
    Evaluation { mode: EvaluationMode::Training { dropout: false }, ..PUBLISHED };

const CORRECTED: Evaluation =
    Evaluation { is_before: false, mode: EvaluationMode::Inference, needs_all: true, ..PUBLISHED };

const HELD_OUT: Evaluation =
    Evaluation { part: PartName::Validation, needs_all: false, ..CORRECTED };

impl Task for Pairs {
    fn targets(&self) -> TargetKind {
        TargetKind::Pairs
    }

    fn losses(&self) -> &'static [&'static str] {
        &[]
    }

    fn check_outputs(&self, n: usize, _: usize) -> Result<(), String> {
        match n {
            1 => Ok(()),
            _ => Err("must end in one output, the probability that a ≤ b".to_owned()),
        }
    }

    fn curves(&self) -> &'static [&'static Curve] {
        &curves::CURVES
    }

    fn loss_curves(&self) -> &'static [&'static Curve] {
        static CURVES: [&Curve; 2] = [&curves::TRAIN_MAIN_LOSS, &curves::TRAIN_AUXILIARY_LOSS];
        &CURVES
    }

    /// The main loss is the binary cross-entropy of the head. The auxiliary loss is the sum of the cross-entropies of
    /// both branches. Each is divided by its value on the first batch of the run.
    fn objective(
        &self,
        train: &TrainConfig,
        outputs: &[Vec<f32>],
        targets: &Targets,
        first: Option<&[f32]>,
    ) -> Objective {
        let classes = classes(targets);
        let main = binary_cross_entropy(&outputs[2], holds(classes));
        let [one, other] =
            [0, 1].map(|side| cross_entropy(&outputs[side], &classes[side], 0.0, &[]));
        let losses = vec![main.value, one.value + other.value];
        let divisors = first.unwrap_or(&losses);
        let mut value = losses[0] / divisors[0];
        let mut gradients = vec![Vec::new(), Vec::new(), main.gradient_over(divisors[0])];
        if train.auxiliary_loss == Some(true) {
            value += losses[1] / divisors[1];
            gradients[0] = one.gradient_over(divisors[1]);
            gradients[1] = other.gradient_over(divisors[1]);
        }
        Objective { losses, value, gradients }
    }

    fn evaluations(&self) -> &'static [Evaluation] {
        &[PUBLISHED, DROPOUT_OFF, CORRECTED, HELD_OUT]
    }

    fn measure(
        &self,
        evaluation: &Evaluation,
        _: &TrainConfig,
        outputs: &[Vec<f32>],
        Measured { targets, .. }: &Measured<'_>,
    ) -> Vec<(&'static Curve, f64)> {
        let classes = classes(targets);
        let answers = accuracy(&outputs[2], classes);
        match *evaluation {
            PUBLISHED => vec![(&curves::PUBLISHED_TEST_ACCURACY, answers)],
            DROPOUT_OFF => vec![(&curves::DROPOUT_OFF_TEST_ACCURACY, answers)],
            HELD_OUT => vec![(&VALIDATION_ACCURACY, answers)],
            _ => {
                let recognized = [0, 1].map(|side| largest(&outputs[side], classes[side].len()));
                let right = |side: usize| {
                    let both = recognized[side].iter().zip(&classes[side]);
                    fraction(both.map(|(found, class)| *found == Some(*class)))
                };
                let [first, second] = [right(0), right(1)];
                let compared = recognized[0].iter().zip(&recognized[1]).map(|pair| match pair {
                    (Some(a), Some(b)) => Some(a <= b),
                    _ => None,
                });
                let compared = compared.zip(holds(classes));
                vec![
                    (&curves::CORRECTED_TEST_ACCURACY, answers),
                    (&curves::FIRST_DIGIT_ACCURACY, first),
                    (&curves::SECOND_DIGIT_ACCURACY, second),
                    (&curves::DIGIT_ACCURACY, f64::midpoint(first, second)),
                    (
                        &curves::COMPARISON_ACCURACY,
                        fraction(compared.map(|(answer, holds)| answer == Some(holds))),
                    ),
                ]
            }
        }
    }

    fn predictions(&self, outputs: &[Vec<f32>], _: usize, _: Scale) -> Vec<Vec<f64>> {
        outputs[2].iter().map(|p| vec![f64::from(*p)]).collect()
    }

    fn prediction(&self) -> &'static str {
        "probability"
    }

    fn confusion(&self, _: &[Vec<f32>], _: &Targets) -> Option<Vec<Vec<u64>>> {
        None
    }
}

fn classes(targets: &Targets) -> &[Vec<u32>; 2] {
    match targets {
        Targets::Pairs(classes) => classes,
        Targets::Classes(_) | Targets::Numbers(_) => {
            unreachable!("the data of this task are pairs")
        }
    }
}

/// For each pair, whether the first class is at most the second.
fn holds([first, second]: &[Vec<u32>; 2]) -> impl ExactSizeIterator<Item = bool> + '_ {
    first.iter().zip(second).map(|(a, b)| a <= b)
}

/// A prediction is right if it is less than ½ away from the target. A dropped logit gives exactly ½, which is
/// always wrong.
fn accuracy(probabilities: &[f32], classes: &[Vec<u32>; 2]) -> f64 {
    let right = |(p, holds): (&f32, bool)| (p - if holds { 1.0 } else { 0.0 }).abs() < 0.5;
    fraction(probabilities.iter().zip(holds(classes)).map(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_of_exactly_one_half_or_nan_is_wrong_for_either_target() {
        let classes = [vec![1, 3, 1, 3], vec![2; 4]];
        assert_eq!(accuracy(&[0.5, 0.5, 0.500_001, 0.499_999], &classes), 0.5);
        assert_eq!(accuracy(&[f32::NAN; 4], &classes), 0.0);
    }
}
