//! The two losses of a pair network.

use dfdx::losses::cross_entropy_with_logits_loss;
use dfdx::prelude::*;

use super::operation::{Rows, binary_cross_entropy};
use crate::dataset::Pairs;
use crate::run::CLASSES;

/// A scalar.
pub(super) type Loss<T = NoneTape> = Tensor<Rank0, f32, Cpu, T>;

/// What the losses of some pairs compare with.
#[derive(Clone)]
pub(super) struct Targets {
    /// 1 where a ≤ b, else 0.
    pub(super) not_larger: Vec<f32>,
    /// One-hot classes of the first and of the second digits.
    classes: [Rows; 2],
}

impl Targets {
    /// The targets of the pairs in `range`.
    pub(super) fn of(pairs: &Pairs, range: std::ops::Range<usize>, device: &Cpu) -> Self {
        let one_hot = |classes: &[u8]| {
            let rows = classes.iter().flat_map(|class| {
                (0..CLASSES).map(move |c| if c == usize::from(*class) { 1.0 } else { 0.0 })
            });
            device.tensor_from_vec(rows.collect(), (classes.len(), CLASSES))
        };
        let targets = pairs.targets().skip(range.start).take(range.len());
        Self {
            not_larger: targets.map(|holds| if holds { 1.0 } else { 0.0 }).collect(),
            classes: [one_hot(&pairs.classes[0][range.clone()]), one_hot(&pairs.classes[1][range])],
        }
    }

    /// Main loss: binary cross-entropy of the head's probabilities.
    pub(super) fn main<T: Tape<f32, Cpu>>(&self, probabilities: Rows<T>) -> Loss<T> {
        binary_cross_entropy(probabilities, self.not_larger.clone())
    }

    /// Auxiliary loss: cross-entropy of each branch's outputs with its digit's class, summed.
    pub(super) fn auxiliary<T: Tape<f32, Cpu>>(&self, first: Rows<T>, second: Rows<T>) -> Loss<T> {
        cross_entropy_with_logits_loss(first, self.classes[0].clone())
            + cross_entropy_with_logits_loss(second, self.classes[1].clone())
    }
}
