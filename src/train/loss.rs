//! The two losses of a pair network.
//!
//! A loss depends on a few hundred numbers a step. So it is computed on the host in `f64`, together
//! with its gradient. Logarithms are those of `libm`, which are the same on every platform. The
//! tape records the linear function with that value and that gradient.

use dfdx::prelude::*;

use super::tensor::{Matrix, upload, values};
use crate::dataset::Pairs;

/// The value of a loss.
pub(super) type Loss<D, T = NoneTape> = Tensor<Rank0, f32, D, T>;

/// The targets of some pairs.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    /// Whether a ≤ b.
    pub(super) not_larger: Vec<bool>,
    /// Classes of the first digits and of the second digits.
    classes: [Vec<u8>; 2],
}

impl Targets {
    /// The targets of the pairs in `range`.
    pub(super) fn of(pairs: &Pairs, range: std::ops::Range<usize>) -> Self {
        Self {
            not_larger: pairs.targets().skip(range.start).take(range.len()).collect(),
            classes: pairs.classes.each_ref().map(|classes| classes[range.clone()].to_vec()),
        }
    }

    /// The main loss: binary cross-entropy of the probabilities that the head puts out.
    pub(super) fn main<D: Device<f32>, T: Tape<f32, D>>(
        &self,
        probabilities: Matrix<D, T>,
    ) -> Loss<D, T> {
        binary_cross_entropy(probabilities, &self.not_larger)
    }

    /// The auxiliary loss: the sum over both branches of the cross-entropy of their outputs with
    /// the class of the digit.
    pub(super) fn auxiliary<D: Device<f32>, T: Tape<f32, D>>(
        &self,
        first: Matrix<D, T>,
        second: Matrix<D, T>,
    ) -> Loss<D, T> {
        cross_entropy(first, &self.classes[0]) + cross_entropy(second, &self.classes[1])
    }
}

/// Mean binary cross-entropy of the probabilities `p` (one column) with the targets `holds`.
///
/// Each logarithm is at least −100, and the gradient (p − t) / (p (1 − p)) has a denominator of at
/// least 10⁻¹². Both keep a saturated wrong answer finite. PyTorch's `BCELoss` has the same limits.
pub(super) fn binary_cross_entropy<D: Device<f32>, T: Tape<f32, D>>(
    p: Matrix<D, T>,
    holds: &[bool],
) -> Loss<D, T> {
    const LEAST_LOGARITHM: f64 = -100.0;
    const LEAST_DENOMINATOR: f64 = 1e-12;
    let n = holds.len() as f64;
    let p_values = values(&p);
    let mut gradient = Vec::with_capacity(p_values.len());
    let mut sum = 0.0;
    for (p, holds) in p_values.iter().map(|p| f64::from(*p)).zip(holds) {
        let (right, target) = if *holds { (p, 1.0) } else { (1.0 - p, 0.0) };
        // `max` would drop a NaN. The loss of a NaN must be NaN.
        sum -= if p.is_nan() { p } else { libm::log(right).max(LEAST_LOGARITHM) };
        gradient.push(((p - target) / ((1.0 - p) * p).max(LEAST_DENOMINATOR) / n) as f32);
    }
    linear(p, (sum / n) as f32, &gradient)
}

/// Mean over the rows of the cross-entropy of the softmax of `logits` with the class.
pub(super) fn cross_entropy<D: Device<f32>, T: Tape<f32, D>>(
    logits: Matrix<D, T>,
    classes: &[u8],
) -> Loss<D, T> {
    let n = classes.len() as f64;
    let x_values = values(&logits);
    let mut gradient = Vec::with_capacity(x_values.len());
    let mut exponentials = Vec::new();
    let mut sum = 0.0;
    for (row, class) in x_values.chunks_exact(logits.shape().1).zip(classes) {
        let class = usize::from(*class);
        // The exponential of the difference to the largest value cannot overflow.
        let largest = row.iter().fold(f32::NEG_INFINITY, |largest, x| largest.max(*x));
        let difference = |x: f32| f64::from(x) - f64::from(largest);
        exponentials.clear();
        exponentials.extend(row.iter().map(|x| libm::exp(difference(*x))));
        let total: f64 = exponentials.iter().sum();
        sum += libm::log(total) - difference(row[class]);
        gradient.extend(exponentials.iter().enumerate().map(|(index, exponential)| {
            let target = if index == class { 1.0 } else { 0.0 };
            ((exponential / total - target) / n) as f32
        }));
    }
    linear(logits, (sum / n) as f32, &gradient)
}

/// The linear function of `x` that has this value and this gradient at the values of `x`.
fn linear<D: Device<f32>, T: Tape<f32, D>>(
    x: Matrix<D, T>,
    value: f32,
    gradient: &[f32],
) -> Loss<D, T> {
    let gradient: Matrix<D> = upload(x.device(), gradient, *x.shape());
    let (here, tape) = x.split_tape();
    // x − x is exactly 0, and has the gradient of x. The sum over it is exactly 0 on any device.
    let constant = here.clone() + 0.0;
    let zero = here.put_tape(tape) - constant;
    (zero * gradient).sum::<Rank0, _>() + value
}
