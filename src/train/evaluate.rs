//! Scores a network by each protocol. The protocols share one pass through the first layers.
//!
//! Nothing here changes the network.

use dfdx::prelude::*;

use super::network::{Network, PairImages};
use super::operations::Operations;
use super::sequence::Mode;
use super::tensor::{Matrix, values};
use crate::dataset::Pairs;
use crate::random::Stream;
use crate::run::CLASSES;

/// The outputs of the layers that all protocols share, for the images of both digits.
pub(super) struct Features<D: Device<f32>>([Matrix<D>; 2]);

/// Accuracies of the corrected protocol, from 0 to 1.
pub(super) struct Corrected {
    /// Accuracy of the answer whether a ≤ b.
    pub(super) test: f64,
    /// Accuracy of the digit recognised by the first branch, and by the second.
    pub(super) digits: [f64; 2],
    /// Accuracy of the answer from comparing the two recognised digits.
    pub(super) comparison: f64,
}

/// Passes the test images through the layers that all protocols share. They go batch by batch,
/// because the whole test set would not stay in the cache.
pub(super) fn features<O: Operations>(
    network: &Network<O>,
    batches: &[PairImages<O>],
) -> Features<O::Device> {
    let features: Vec<[Matrix<O::Device>; 2]> =
        batches.iter().map(|images| network.first(images)).collect();
    let of_digit = |digit: usize| {
        let features = features.iter().map(|both| both[digit].clone()).collect();
        network.operations.concatenate(features, network.branch(digit).first_gives_images())
    };
    Features([of_digit(0), of_digit(1)])
}

/// Accuracy by the published protocol: training mode, with the test set as one batch. A prediction
/// is right if it is less than ½ away from the target. A dropped logit gives exactly ½, which is
/// always wrong. Without a `dropout` stream, dropout is off.
pub(super) fn published<O: Operations>(
    network: &Network<O>,
    features: &Features<O::Device>,
    pairs: &Pairs,
    dropout: Option<&mut Stream>,
) -> f64 {
    // The observed statistics are dropped: the test set must not change the running statistics.
    let mut mode = Mode::Training { dropout, observed: &mut Vec::new() };
    accuracy(&values(&network.rest(features.0.clone(), &mut mode).probabilities), pairs)
}

/// Accuracies by the corrected protocol: inference mode.
pub(super) fn corrected<O: Operations>(
    network: &Network<O>,
    features: &Features<O::Device>,
    pairs: &Pairs,
) -> Corrected {
    let mut mode = Mode::Inference;
    let outputs = network.rest(features.0.clone(), &mut mode);
    let [first, second] = outputs.digits.each_ref().map(|digits| recognized(&values(digits)));
    let right = |recognized: &[Option<u8>], classes: &[u8]| {
        fraction(recognized.iter().zip(classes).map(|(digit, class)| *digit == Some(*class)))
    };
    let compared = first.iter().zip(&second).map(|pair| match pair {
        (Some(a), Some(b)) => Some(a <= b),
        _ => None,
    });
    Corrected {
        test: accuracy(&values(&outputs.probabilities), pairs),
        digits: [right(&first, &pairs.classes[0]), right(&second, &pairs.classes[1])],
        comparison: fraction(compared.zip(pairs.targets()).map(|(answer, t)| answer == Some(t))),
    }
}

fn accuracy(probabilities: &[f32], pairs: &Pairs) -> f64 {
    let right = |(p, holds): (&f32, bool)| (p - if holds { 1.0 } else { 0.0 }).abs() < 0.5;
    fraction(probabilities.iter().zip(pairs.targets()).map(right))
}

/// The class with the largest output in each row. Of equal outputs, the first counts. Returns
/// `None` for a row with a NaN.
fn recognized(outputs: &[f32]) -> Vec<Option<u8>> {
    let largest = |row: &[f32]| {
        let mut best = 0;
        for (class, output) in row.iter().enumerate() {
            if output.is_nan() {
                return None;
            }
            if *output > row[best] {
                best = class;
            }
        }
        u8::try_from(best).ok()
    };
    outputs.chunks_exact(CLASSES).map(largest).collect()
}

fn fraction(right: impl Iterator<Item = bool>) -> f64 {
    let (mut n, mut n_right) = (0u32, 0u32);
    for right in right {
        n += 1;
        n_right += u32::from(right);
    }
    f64::from(n_right) / f64::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_of_exactly_one_half_or_nan_is_wrong_for_either_target() {
        let pairs =
            Pairs { n: 4, images: [vec![], vec![]], classes: [vec![1, 3, 1, 3], vec![2; 4]] };
        assert_eq!(accuracy(&[0.5, 0.5, 0.500_001, 0.499_999], &pairs), 0.5);
        assert_eq!(accuracy(&[f32::NAN; 4], &pairs), 0.0);
    }

    #[test]
    fn the_first_of_equal_outputs_is_recognised_and_nan_is_no_digit() {
        let mut outputs = vec![0.0; 30];
        outputs[13] = 2.0;
        outputs[17] = 2.0;
        outputs[25] = f32::NAN;
        assert_eq!(recognized(&outputs), [Some(0), Some(3), None]);
    }
}
