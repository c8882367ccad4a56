//! The operations that exist twice.
//!
//! [`kernel_operations`](super::kernel_operations) work on slices on the CPU. They are the
//! reference. [`dfdx_operations`](super::dfdx_operations) are composed of dfdx's operations and
//! work on any of its devices. Tests run both on the CPU and compare them.

use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::tensor::{Matrix, SetGradient};
use crate::kernel::chain::Chain;
use crate::kernel::normalization::Statistics;
use crate::run::Optimizer;

/// The error of a device.
pub(super) type DeviceError<O> = <<O as Operations>::Device as HasErr>::Err;

/// The operations on one device.
pub(super) trait Operations {
    /// Number of test pairs that pass through the first layers together.
    const TEST_BATCH: usize;

    type Device: SetGradient;

    /// Images of examples, as the first chain of a branch reads them.
    type Images;

    /// An array of trained values and the state of its optimiser.
    type Parameters;

    /// Mean and variance of each channel.
    type Statistics;

    fn device(&self) -> &Self::Device;

    /// A batch of images for the first chain of a branch. It has the images of `digits` (1 or 2)
    /// digits, one after the other. `is_kept` says whether it passes through the network many times.
    fn images(&self, chain: &Chain, values: Vec<f32>, digits: usize, is_kept: bool)
    -> Self::Images;

    /// A batch of these values.
    fn upload(&self, values: &[f32], shape: (usize, usize)) -> Matrix<Self::Device>;

    /// Several batches as one. Batches of images are joined image by image.
    fn concatenate(
        &self,
        parts: Vec<Matrix<Self::Device>>,
        are_images: bool,
    ) -> Matrix<Self::Device>;

    /// Parameters with these initial values. Each weight and each bias has one of `places`.
    fn parameters(&self, values: Vec<f32>, places: Vec<Range<usize>>) -> Self::Parameters;

    /// Passes images through the first chain of a branch. Returns the outputs for each digit.
    fn first<T: Tape<f32, Self::Device>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &Self::Parameters,
        images: &Self::Images,
    ) -> Vec<Matrix<Self::Device, T>>;

    /// Passes a batch through a chain.
    fn chain<T: Tape<f32, Self::Device>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &Self::Parameters,
        x: Matrix<Self::Device, T>,
    ) -> Matrix<Self::Device, T>;

    /// Normalises each channel of a batch with these statistics, or with those of the batch. Returns
    /// the statistics that it used. The parameters are the factor of each channel, then its summand.
    /// Then passes the batch through the chain `then`, if there is one.
    fn normalize<T: Tape<f32, Self::Device>>(
        &self,
        parameters: &Self::Parameters,
        epsilon: f32,
        statistics: Option<&Self::Statistics>,
        then: Option<(&Rc<Chain>, &Self::Parameters)>,
        x: Matrix<Self::Device, T>,
    ) -> (Matrix<Self::Device, T>, Self::Statistics);

    /// These statistics on the device.
    fn statistics(&self, statistics: Statistics) -> Self::Statistics;

    /// Moves running statistics towards those of a training batch with `n` values of each channel,
    /// by the momentum. The running variance has the divisor n − 1.
    fn observe(
        &self,
        running: &mut Self::Statistics,
        observed: &Self::Statistics,
        n: usize,
        momentum: f32,
    );

    /// Updates parameters with the learning rate `lr`. `step` counts the updates of the run from 1.
    fn update(
        &self,
        parameters: &mut Self::Parameters,
        optimizer: &Optimizer,
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, Self::Device>,
    ) -> Result<(), DeviceError<Self>>;

    /// The sum of the squares of the gradient of parameters.
    fn squared_norm(
        &self,
        parameters: &Self::Parameters,
        gradients: &mut Gradients<f32, Self::Device>,
    ) -> Result<f64, DeviceError<Self>>;

    /// Multiplies the gradient of parameters by `factor`.
    fn scale_gradient(
        &self,
        parameters: &Self::Parameters,
        gradients: &mut Gradients<f32, Self::Device>,
        factor: f32,
    ) -> Result<(), DeviceError<Self>>;

    /// The values of statistics.
    fn statistics_values(&self, statistics: &Self::Statistics) -> Statistics;

    /// The values of parameters.
    fn values(&self, parameters: &Self::Parameters) -> Vec<f32>;

    /// Replaces the values of parameters.
    fn set(&self, parameters: &mut Self::Parameters, values: &[f32]);

    /// The gradient of parameters.
    #[cfg(test)]
    fn gradient(
        &self,
        parameters: &Self::Parameters,
        gradients: &mut Gradients<f32, Self::Device>,
    ) -> Vec<f32>;

    /// Replaces the gradient of parameters.
    #[cfg(test)]
    fn set_gradient(
        &self,
        parameters: &Self::Parameters,
        gradients: &mut Gradients<f32, Self::Device>,
        values: Vec<f32>,
    );
}
