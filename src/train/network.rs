//! The pair network: one branch for each digit, or one branch for both, and a head.

use dfdx::prelude::*;

use super::normalization::Observed;
use super::operations::{DeviceError, Operations};
use super::sequence::{Mode, Sequence};
use super::tensor::Matrix;
use crate::random::Stream;
use crate::run::{CLASSES, ModelConfig, Optimizer, Shape};

/// A pair network.
pub(super) struct Network<O: Operations> {
    pub(super) operations: O,
    /// One branch if both digits share it, else two.
    branches: Vec<Sequence<O>>,
    head: Sequence<O>,
}

/// The images of some pairs: of both digits for a shared branch, else of each digit for its branch.
pub(super) struct PairImages<O: Operations>(Vec<O::Images>);

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
            Sequence::new(&operations, &model.branch, image, &mut stream)
        };
        let branches = names.iter().map(branch).collect();
        let mut stream = Stream::new(seed, "initial/head");
        let pair = Shape::Vector(2 * CLASSES);
        let head = Sequence::new(&operations, &model.head, pair, &mut stream);
        Self { operations, branches, head }
    }

    /// The branch for the first (0) or the second (1) digits.
    pub(super) fn branch(&self, digit: usize) -> &Sequence<O> {
        &self.branches[digit % self.branches.len()]
    }

    /// Prepares the images of some pairs. They are given image by image, `pixels` values each.
    pub(super) fn images(&self, digits: [&[f32]; 2], pixels: usize) -> PairImages<O> {
        let batch = |images: Vec<f32>, digits: usize| {
            self.branch(0).images(&self.operations, images, pixels, digits)
        };
        PairImages(match self.branches.len() {
            1 => vec![batch(digits.concat(), 2)],
            _ => digits.iter().map(|images| batch(images.to_vec(), 1)).collect(),
        })
    }

    /// Passes the images of some pairs through the first chain of the branches.
    pub(super) fn first<T: Tape<f32, O::Device>>(
        &self,
        PairImages(images): &PairImages<O>,
    ) -> [Matrix<O::Device, T>; 2] {
        let branches = self.branches.iter().zip(images);
        let digits: Vec<_> =
            branches.flat_map(|(branch, images)| branch.first(&self.operations, images)).collect();
        digits.try_into().unwrap_or_else(|_| unreachable!("a pair has two digits"))
    }

    /// Passes the outputs of [`Self::first`] through the rest of the network.
    pub(super) fn rest<T: Tape<f32, O::Device>>(
        &self,
        digits: [Matrix<O::Device, T>; 2],
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Outputs<O::Device, T> {
        let [first, second] = digits;
        let first = self.branch(0).rest(&self.operations, first, mode);
        let second = self.branch(1).rest(&self.operations, second, mode);
        self.head([first, second], mode)
    }

    /// Passes the concatenated outputs of the branches through the head.
    fn head<T: Tape<f32, O::Device>>(
        &self,
        digits: [Matrix<O::Device, T>; 2],
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Outputs<O::Device, T> {
        let kept = [digits[0].retaped::<T>(), digits[1].retaped::<T>()];
        let [first, second] = digits;
        let both = (first, second).concat_along(Axis::<1>);
        Outputs { digits: kept, probabilities: self.head.forward(&self.operations, both, mode) }
    }

    /// The branches, then the head.
    #[cfg(test)]
    pub(super) fn sequences(&mut self) -> impl Iterator<Item = (&O, &mut Sequence<O>)> {
        let sequences = self.branches.iter_mut().chain([&mut self.head]);
        sequences.map(|sequence| (&self.operations, sequence))
    }

    /// Updates the running statistics with those that a training pass has observed, in order.
    pub(super) fn observe(&mut self, observed: Vec<Observed<O::Statistics>>) {
        let mut observed = observed.into_iter();
        for digit in 0..2 {
            let branch = digit % self.branches.len();
            self.branches[branch].observe(&self.operations, &mut observed);
        }
        self.head.observe(&self.operations, &mut observed);
    }

    /// Updates every parameter with the learning rate `lr`. `step` counts the updates of the run
    /// from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<(), DeviceError<O>> {
        for sequence in self.branches.iter_mut().chain([&mut self.head]) {
            sequence.update(&self.operations, optimizer, lr, step, gradients)?;
        }
        Ok(())
    }
}
