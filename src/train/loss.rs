//! The two losses of a pair network.
//!
//! They are functions of a few hundred numbers a step, so they are computed on the host in f64, with
//! the logarithms of `libm` that are the same on every platform, together with their gradients. What
//! goes on the tape is the linear function with that value and that gradient.

use dfdx::prelude::*;

use super::rows::{Rows, upload, values};
use crate::dataset::Pairs;

/// A scalar.
pub(super) type Loss<D, T = NoneTape> = Tensor<Rank0, f32, D, T>;

/// What the losses of some pairs compare with.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    /// Whether a ≤ b.
    pub(super) not_larger: Vec<bool>,
    /// Classes of the first and of the second digits.
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

    /// Main loss: binary cross-entropy of the head's probabilities.
    pub(super) fn main<D: Device<f32>, T: Tape<f32, D>>(
        &self,
        probabilities: Rows<D, T>,
    ) -> Loss<D, T> {
        binary_cross_entropy(probabilities, &self.not_larger)
    }

    /// Auxiliary loss: cross-entropy of each branch's outputs with its digit's class, summed.
    pub(super) fn auxiliary<D: Device<f32>, T: Tape<f32, D>>(
        &self,
        first: Rows<D, T>,
        second: Rows<D, T>,
    ) -> Loss<D, T> {
        cross_entropy(first, &self.classes[0]) + cross_entropy(second, &self.classes[1])
    }
}

/// Mean binary cross-entropy of the probabilities `p` (one column) that what `holds` says holds.
///
/// As PyTorch's `BCELoss` does, and so as the published runs did, each logarithm is at least −100,
/// and the gradient (p − t) / (p (1 − p)) has a denominator of at least 10⁻¹²; both keep a
/// saturated wrong answer finite.
pub(super) fn binary_cross_entropy<D: Device<f32>, T: Tape<f32, D>>(
    p: Rows<D, T>,
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
        // `max` drops a NaN; a NaN probability must stay one.
        sum -= if p.is_nan() { p } else { libm::log(right).max(LEAST_LOGARITHM) };
        gradient.push(((p - target) / ((1.0 - p) * p).max(LEAST_DENOMINATOR) / n) as f32);
    }
    linear(p, (sum / n) as f32, &gradient)
}

/// Mean cross-entropy of the softmax of each row of `logits` with its class.
pub(super) fn cross_entropy<D: Device<f32>, T: Tape<f32, D>>(
    logits: Rows<D, T>,
    classes: &[u8],
) -> Loss<D, T> {
    let n = classes.len() as f64;
    let x_values = values(&logits);
    let mut gradient = Vec::with_capacity(x_values.len());
    let mut sum = 0.0;
    for (row, class) in x_values.chunks_exact(logits.shape().1).zip(classes) {
        let class = usize::from(*class);
        // Exponentials of differences to the largest cannot overflow.
        let largest = row.iter().fold(f32::NEG_INFINITY, |largest, x| largest.max(*x));
        let difference = |x: f32| f64::from(x) - f64::from(largest);
        let total: f64 = row.iter().map(|x| libm::exp(difference(*x))).sum();
        sum += libm::log(total) - difference(row[class]);
        gradient.extend(row.iter().enumerate().map(|(index, x)| {
            let target = if index == class { 1.0 } else { 0.0 };
            ((libm::exp(difference(*x)) / total - target) / n) as f32
        }));
    }
    linear(logits, (sum / n) as f32, &gradient)
}

/// The linear function with this value and gradient at `x`.
fn linear<D: Device<f32>, T: Tape<f32, D>>(
    x: Rows<D, T>,
    value: f32,
    gradient: &[f32],
) -> Loss<D, T> {
    let gradient: Rows<D> = upload(x.device(), gradient, *x.shape());
    let (here, tape) = x.split_tape();
    let at_x = (here.clone() * gradient.clone()).sum::<Rank0, _>();
    // The same sum twice: their difference is exactly zero, and adds only its gradient.
    let rise = (here.put_tape(tape) * gradient).sum::<Rank0, _>() - at_x;
    rise + value
}
