//! The operations that exist twice.
//!
//! [`kernel_operations`](super::kernel_operations) work on slices on the CPU. They are the
//! reference. [`dfdx_operations`](super::dfdx_operations) are composed of dfdx's operations and
//! work on any of its devices. Tests run both on the CPU and compare them.

use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::tensor::Matrix;
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::shape::{Image, MaxPool};

/// The operations on one device. Each can be differentiated.
///
/// `is_first` says that no layer before the operation is trained. Then the gradient of its input is
/// not needed.
pub(super) trait Operations {
    type Device: Device<f32>;

    fn device(&self) -> &Self::Device;

    /// Applies a convolution, its bias, the max-pooling if there is one, and the activation to a
    /// batch of images.
    fn convolve_pool<T: Tape<f32, Self::Device>>(
        &self,
        operation: &Rc<ConvolvePool>,
        affine: &Affine<Self::Device>,
        x: Matrix<Self::Device, T>,
    ) -> Matrix<Self::Device, T>;

    /// Applies max-pooling to a batch of images.
    fn max_pool<T: Tape<f32, Self::Device>>(
        &self,
        pool: MaxPool,
        x: Matrix<Self::Device, T>,
    ) -> Matrix<Self::Device, T>;

    /// Reorders a batch of images to a batch of vectors, in height, width, channel order.
    fn flatten<T: Tape<f32, Self::Device>>(
        &self,
        image: Image,
        is_first: bool,
        x: Matrix<Self::Device, T>,
    ) -> Matrix<Self::Device, T>;

    /// Applies x · weight + bias and the activation to a batch of vectors.
    fn linear<T: Tape<f32, Self::Device>>(
        &self,
        affine: &Affine<Self::Device>,
        x: Matrix<Self::Device, T>,
    ) -> Matrix<Self::Device, T>;

    /// Applies an activation to each value.
    fn activate<T: Tape<f32, Self::Device>>(
        &self,
        activation: Activation,
        x: Matrix<Self::Device, T>,
    ) -> Matrix<Self::Device, T>;
}
