//! The two losses of a pair network.
//!
//! A loss depends on a few hundred numbers a step. So it is computed on the host in `f64`, together
//! with its gradient. Logarithms are those of `libm`, which are the same on every platform. A device
//! computes no loss: it gets the gradient, with which its backward pass begins.

use crate::dataset::Pairs;

/// A loss and its gradient.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) value: f32,
    /// One number for each output that the loss was computed from.
    pub(super) gradient: Vec<f32>,
}

impl Loss {
    /// The gradient of this loss divided by `divisor`.
    pub(super) fn gradient_over(&self, divisor: f32) -> Vec<f32> {
        let factor = 1.0 / divisor;
        self.gradient.iter().map(|x| x * factor).collect()
    }
}

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
    pub(super) fn main(&self, probabilities: &[f32]) -> Loss {
        binary_cross_entropy(probabilities, &self.not_larger)
    }

    /// The parts of the auxiliary loss, which is their sum: for each branch, the cross-entropy of its
    /// outputs with the class of the digit.
    pub(super) fn auxiliary(&self, outputs: [&[f32]; 2]) -> [Loss; 2] {
        [0, 1].map(|digit| cross_entropy(outputs[digit], &self.classes[digit]))
    }
}

/// Mean binary cross-entropy of the probabilities `p` with the targets `holds`.
///
/// Each logarithm is at least −100, and the gradient (p − t) / (p (1 − p)) has a denominator of at
/// least 10⁻¹². Both keep a saturated wrong answer finite. PyTorch's `BCELoss` has the same limits.
pub(super) fn binary_cross_entropy(p: &[f32], holds: &[bool]) -> Loss {
    const LEAST_LOGARITHM: f64 = -100.0;
    const LEAST_DENOMINATOR: f64 = 1e-12;
    let n = holds.len() as f64;
    let mut gradient = Vec::with_capacity(p.len());
    let mut sum = 0.0;
    for (p, holds) in p.iter().map(|p| f64::from(*p)).zip(holds) {
        let (right, target) = if *holds { (p, 1.0) } else { (1.0 - p, 0.0) };
        // `max` would drop a NaN. The loss of a NaN must be NaN.
        sum -= if p.is_nan() { p } else { libm::log(right).max(LEAST_LOGARITHM) };
        gradient.push(((p - target) / ((1.0 - p) * p).max(LEAST_DENOMINATOR) / n) as f32);
    }
    Loss { value: (sum / n) as f32, gradient }
}

/// Mean over the rows of the cross-entropy of the softmax of `logits` with the class.
pub(super) fn cross_entropy(logits: &[f32], classes: &[u8]) -> Loss {
    let n = classes.len() as f64;
    let mut gradient = Vec::with_capacity(logits.len());
    let mut exponentials = Vec::new();
    let mut sum = 0.0;
    for (row, class) in logits.chunks_exact(logits.len() / classes.len()).zip(classes) {
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
    Loss { value: (sum / n) as f32, gradient }
}
