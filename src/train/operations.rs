//! What a network is built from, and the two places that it comes from.
//!
//! Everything else in this module is written once, over dfdx's `Device`. These operations are not,
//! because the fast ones work on slices: [`fast`](super::fast) on the CPU, which is the reference,
//! and [`portable`](super::portable), made of dfdx's own operations, on any device. Both run on the
//! CPU in the tests, where they have to agree.

use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::rows::Rows;
use crate::kernel::convolution::{ConvolvePool, Image};
use crate::kernel::max_pool::MaxPool;

/// The operations on one device, each differentiable.
///
/// Where `is_first` is true, nothing in front of the operation is trained, and the gradient of its
/// input is not needed.
pub(super) trait Operations {
    type Device: Device<f32>;

    fn device(&self) -> &Self::Device;

    /// Convolution, bias, the max-pooling that may follow, and the activation, on a batch of
    /// images.
    fn convolve_pool<T: Tape<f32, Self::Device>>(
        &self,
        operation: &Rc<ConvolvePool>,
        affine: &Affine<Self::Device>,
        x: Rows<Self::Device, T>,
    ) -> Rows<Self::Device, T>;

    /// Max-pooling of a batch of images.
    fn max_pool<T: Tape<f32, Self::Device>>(
        &self,
        pool: MaxPool,
        x: Rows<Self::Device, T>,
    ) -> Rows<Self::Device, T>;

    /// A batch of images as a batch of vectors, in height, width, channel order.
    fn flatten<T: Tape<f32, Self::Device>>(
        &self,
        image: Image,
        is_first: bool,
        x: Rows<Self::Device, T>,
    ) -> Rows<Self::Device, T>;

    /// x · weight + bias and the activation, on a batch of vectors.
    fn linear<T: Tape<f32, Self::Device>>(
        &self,
        affine: &Affine<Self::Device>,
        x: Rows<Self::Device, T>,
    ) -> Rows<Self::Device, T>;

    /// An activation of each number.
    fn activate<T: Tape<f32, Self::Device>>(
        &self,
        activation: Activation,
        x: Rows<Self::Device, T>,
    ) -> Rows<Self::Device, T>;
}
