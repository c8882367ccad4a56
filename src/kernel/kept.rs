//! The memory of a pass through a chain.

use super::buffer::Buffer;
use super::support::Support;

/// What a forward pass keeps for its backward pass.
#[derive(Debug, Default)]
pub struct Kept {
    pub(super) layers: Vec<KeptLayer>,
}

/// What one layer keeps.
#[derive(Debug, Default)]
pub(super) struct KeptLayer {
    pub(super) output: Buffer,
    /// The support of the output, if it is often zero.
    pub(super) support: Option<Support>,
    /// The pixel that each maximum of a pooling comes from.
    pub(super) argmax: Buffer,
}

/// Memory for the gradients of a backward pass.
#[derive(Debug, Default)]
pub struct BackwardMemory {
    pub(super) gradients: [Buffer; 2],
}

impl BackwardMemory {
    /// The gradient of the output of a chain, of this length, to be written before its backward
    /// pass.
    pub fn output(&mut self, len: usize) -> &mut [f32] {
        self.gradients[0].room(len)
    }
}
