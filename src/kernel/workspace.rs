//! Memory that kernels use again in each step, so that arrays of a batch are allocated once.

use super::buffer::Buffer;
use super::frame::Frame;
use super::offsets::Strides;
use super::transform::Scratch;

/// The buffers and lists of one thread.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The output of the convolution for one chunk of images, or its gradient.
    pub(super) convolved: Buffer,
    /// The argmax of a pooling, if the caller does not want it.
    pub(super) unused_argmax: Buffer,
    /// The bias, repeated for each image of a chunk.
    pub(super) biases: Buffer,
    /// The kernel, reversed or transposed.
    pub(super) kernel: Buffer,
    /// The images of a chunk with their padding.
    pub(super) frame: Frame,
    /// The gradient of these images.
    pub(super) padded: Buffer,
    pub(super) strides: Strides,
    pub(super) scratch: Scratch,
    pub(super) planes: Planes,
    pub(super) rows: Rows,
}

/// The planes of factors and products.
#[derive(Debug, Default)]
pub(super) struct Planes {
    pub(super) input: Buffer,
    pub(super) output: Buffer,
    pub(super) kernel: Buffer,
    pub(super) kernel_gradient: Buffer,
}

/// Batches of images with one row for each image.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) input: Buffer,
    /// The gradient of the output.
    pub(super) gradient: Buffer,
    /// The output, or the gradient of the input.
    pub(super) output: Buffer,
    /// One normalised image.
    pub(super) normalized: Buffer,
}
