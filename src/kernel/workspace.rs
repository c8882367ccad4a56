//! Memory that kernels reuse, so that a training step allocates none.

use std::ops::{Deref, DerefMut};

use super::lanes::WIDEST;
use super::transform::Scratch;

/// Floats that grow to the largest size asked for, and stay.
///
/// There is always room for one more vector at the end, as [`Right`](super::product::Right) asks.
#[derive(Clone, Debug, Default)]
pub struct Buffer(Vec<f32>);

impl Buffer {
    /// The first `len` floats; their values are whatever was there.
    pub fn room(&mut self, len: usize) -> &mut [f32] {
        if self.0.len() < len + WIDEST {
            self.0.resize(len + WIDEST, 0.0);
        }
        &mut self.0[..len]
    }

    /// Takes over `values`.
    pub fn fill_from(&mut self, values: &[f32]) {
        self.room(values.len()).copy_from_slice(values);
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

/// Buffers of the convolutions of one thread.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// The output of the convolution for one chunk of images, or its gradient.
    pub(super) convolved: Buffer,
    /// Winners of a pooling that nobody keeps.
    pub(super) unwanted: Buffer,
    /// The kernel, reversed or transposed.
    pub(super) kernel: Buffer,
    /// The images of a chunk with their padding, or their gradient.
    pub(super) padded: Buffer,
    pub(super) scratch: Scratch,
    pub(super) planes: Planes,
}

/// Factors and products between the transforms.
#[derive(Clone, Debug, Default)]
pub(super) struct Planes {
    pub(super) input: Buffer,
    pub(super) output: Buffer,
    pub(super) kernel: Buffer,
    pub(super) kernel_gradient: Buffer,
}
