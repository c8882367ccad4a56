//! Memory that kernels reuse: what grows with the images of a batch is not allocated again each step.

use std::ops::{Deref, DerefMut};

use super::lanes::WIDEST;
use super::transform::Scratch;

/// Floats that grow to the largest size asked for, and stay.
///
/// They begin at a cache line, so that vectors in rows of whole vectors do not straddle two. There is
/// always room for one more vector at the end, as [`Right`](super::product::Right) asks.
#[derive(Debug, Default)]
pub struct Buffer {
    floats: Vec<f32>,
    /// The first float that begins a cache line.
    start: usize,
}

impl Buffer {
    /// The first `len` floats; their values are whatever was there.
    pub fn room(&mut self, len: usize) -> &mut [f32] {
        // The widest vector is a cache line long: one for the beginning, one for the end.
        if self.floats.len() < len + 2 * WIDEST {
            self.floats.resize(len + 2 * WIDEST, 0.0);
            let line = WIDEST * size_of::<f32>();
            self.start = self.floats.as_ptr().align_offset(line).min(WIDEST);
        }
        &mut self.floats[self.start..][..len]
    }

    /// Takes over `values`.
    pub fn fill_from(&mut self, values: &[f32]) {
        self.room(values.len()).copy_from_slice(values);
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.floats[self.start..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.floats[self.start..]
    }
}

/// Buffers of the convolutions of one thread.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The output of the convolution for one chunk of images, or its gradient.
    pub(super) convolved: Buffer,
    /// Winners of a pooling that nobody keeps.
    pub(super) unwanted: Buffer,
    /// The bias, for each image of a chunk.
    pub(super) biases: Buffer,
    /// The kernel, reversed or transposed.
    pub(super) kernel: Buffer,
    /// The images of a chunk with their padding, or their gradient.
    pub(super) padded: Buffer,
    pub(super) scratch: Scratch,
    pub(super) planes: Planes,
}

/// Factors and products between the transforms.
#[derive(Debug, Default)]
pub(super) struct Planes {
    pub(super) input: Buffer,
    pub(super) output: Buffer,
    pub(super) kernel: Buffer,
    pub(super) kernel_gradient: Buffer,
}
