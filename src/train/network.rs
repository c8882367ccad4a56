//! The pair network: one branch for each digit, or one branch for both, and a head.

use dfdx::prelude::*;

use super::normalization::Moments;
use super::operations::Operations;
use super::sequence::{Mode, Sequence};
use super::tensor::Matrix;
use crate::random::Stream;
use crate::run::{CLASSES, ModelConfig, Optimizer, Shape};

/// A pair network.
pub(super) struct Network<O: Operations> {
    pub(super) operations: O,
    /// One branch if both digits share it, else two.
    branches: Vec<Sequence<O::Device>>,
    head: Sequence<O::Device>,
}

/// The outputs of a pass through the whole network.
pub(super) struct Outputs<D: Device<f32>, T> {
    /// Outputs of the branches for the first digits and for the second digits. Their tapes are
    /// empty: `probabilities` has the tape of the pass.
    pub(super) digits: [Matrix<D, T>; 2],
    /// Probability that a ≤ b.
    pub(super) probabilities: Matrix<D, T>,
}

impl<O: Operations> Network<O> {
    /// A network with initial parameters from the streams of `seed`.
    pub(super) fn new(operations: O, model: &ModelConfig, image: Shape, seed: u64) -> Self {
        let names: &[_] = if model.weight_sharing { &["first"] } else { &["first", "second"] };
        let branch = |name: &&str| {
            let mut stream = Stream::new(seed, &format!("initial/{name}"));
            Sequence::new(operations.device(), &model.branch, image, &mut stream)
        };
        let mut stream = Stream::new(seed, "initial/head");
        let pair = Shape::Vector(2 * CLASSES);
        Self {
            branches: names.iter().map(branch).collect(),
            head: Sequence::new(operations.device(), &model.head, pair, &mut stream),
            operations,
        }
    }

    /// The branch for the first (0) or the second (1) digits.
    pub(super) fn branch(&self, digit: usize) -> &Sequence<O::Device> {
        &self.branches[digit % self.branches.len()]
    }

    /// Passes both images of each pair through the network.
    pub(super) fn forward<T: Tape<f32, O::Device>>(
        &self,
        images: [Matrix<O::Device, T>; 2],
        mode: &mut Mode<'_>,
    ) -> Outputs<O::Device, T> {
        let [first, second] = images;
        let first = self.branch(0).forward(&self.operations, first, mode);
        let second = self.branch(1).forward(&self.operations, second, mode);
        self.forward_head([first, second], mode)
    }

    /// Passes the concatenated outputs of the branches through the head.
    pub(super) fn forward_head<T: Tape<f32, O::Device>>(
        &self,
        digits: [Matrix<O::Device, T>; 2],
        mode: &mut Mode<'_>,
    ) -> Outputs<O::Device, T> {
        let kept = [digits[0].retaped::<T>(), digits[1].retaped::<T>()];
        let [first, second] = digits;
        let both = (first, second).concat_along(Axis::<1>);
        Outputs { digits: kept, probabilities: self.head.forward(&self.operations, both, mode) }
    }

    /// The branches, then the head.
    #[cfg(test)]
    pub(super) fn sequences(&mut self) -> impl Iterator<Item = &mut Sequence<O::Device>> {
        self.branches.iter_mut().chain([&mut self.head])
    }

    /// Updates the running statistics with those that a training pass has observed, in order.
    pub(super) fn observe(&mut self, observed: Vec<Moments>) {
        let mut observed = observed.into_iter();
        for digit in 0..2 {
            let branch = digit % self.branches.len();
            self.branches[branch].observe(&mut observed);
        }
        self.head.observe(&mut observed);
    }

    /// Updates every parameter. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: i32,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<(), <O::Device as HasErr>::Err> {
        for sequence in self.branches.iter_mut().chain([&mut self.head]) {
            sequence.update(optimizer, step, gradients)?;
        }
        Ok(())
    }
}
