//! Memory that is allocated once and used again.

use std::ops::{Deref, DerefMut};

use super::lanes::WIDEST;

/// Floats in memory that grows to the largest size that was asked for, and is kept.
///
/// The first float begins a cache line, except in a clone. So no vector of a row of whole vectors lies
/// in two.
/// There is always room for one more vector at the end, which [`Right`](super::product::Right)
/// needs.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    floats: Vec<f32>,
    /// The first float that begins a cache line.
    start: usize,
}

impl Buffer {
    /// The first `len` floats. They hold their old values, unless the memory has grown.
    pub fn room(&mut self, len: usize) -> &mut [f32] {
        // The widest vector is as long as a cache line. There is room for one at the beginning and
        // one at the end.
        if self.floats.len() < len + 2 * WIDEST {
            self.floats.resize(len + 2 * WIDEST, 0.0);
            let line = WIDEST * size_of::<f32>();
            self.start = self.floats.as_ptr().align_offset(line).min(WIDEST);
        }
        &mut self.floats[self.start..][..len]
    }

    /// Copies `values` to the first floats.
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
