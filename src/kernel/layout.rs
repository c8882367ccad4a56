//! How pixels and planes of a transform lie in memory, and how groups of lanes are read and written.

use pulp::Simd;

use super::lanes::{WIDEST, load, store};
use super::product::Offsets;

/// Pixels, row by row. Each pixel is a row of `units` units of `channels` values: the images of a
/// batch, or the rows of a matrix.
pub(super) struct Grid<D> {
    pub(super) pixels: D,
    /// Values between the beginnings of two pixels.
    pub(super) stride: usize,
    pub(super) units: usize,
    pub(super) channels: usize,
}

/// The places of planes in memory.
///
/// A few units make a block. All planes of a block lie one after the other. So what is transformed
/// together lies together, in few pages of memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    planes: usize,
    channels: usize,
    /// Number of units in a block.
    block: usize,
}

impl Layout {
    /// The layout of this number of planes.
    pub(super) fn new(planes: usize, channels: usize) -> Self {
        Self { planes, channels, block: BLOCK.div_ceil(channels) }
    }

    /// Number of lanes in a block.
    pub(super) fn lanes(&self) -> usize {
        self.block * self.channels
    }

    /// Number of values of a plane in one block, in whole cache lines, so that no vector lies in
    /// two.
    pub(super) fn plane(&self) -> usize {
        self.lanes().next_multiple_of(WIDEST)
    }

    /// Number of values of all planes of `units` units, in whole blocks.
    pub(super) fn len(&self, units: usize) -> usize {
        units.div_ceil(self.block) * self.planes * self.plane()
    }

    /// The offsets of `units` units in a plane.
    pub(super) fn units(&self, units: usize) -> Offsets {
        let block = self.planes * self.plane();
        let offset = |unit| unit / self.block * block + unit % self.block * self.channels;
        Offsets::new((0..units).map(offset).collect())
    }
}

/// Least number of values of a plane in one block, if there are as many.
const BLOCK: usize = 128;

/// Number of lanes that are transformed together: two cache lines. Their memory stays in the first
/// cache.
pub(super) const GROUP: usize = 2 * WIDEST;

/// Reads the first vectors of a row. Lanes after the end of the row are zero.
#[inline(always)]
pub(super) fn read_group<S: Simd>(simd: S, row: &[f32], group: &mut [S::f32s]) {
    match row.get(..GROUP) {
        // A loop, because a call of `memcpy` would cost more than it copies.
        Some(row) => {
            for (to, from) in group.iter_mut().zip(S::as_simd_f32s(row).0) {
                *to = *from;
            }
        }
        None => {
            for (v, vector) in group.iter_mut().enumerate() {
                let rest = row.get(v * S::F32_LANES..).unwrap_or_default();
                *vector = load(simd, &rest[..rest.len().min(S::F32_LANES)]);
            }
        }
    }
}

/// Writes the first vectors of a row, but no lane after its end.
#[inline(always)]
pub(super) fn write_group<S: Simd>(simd: S, group: &[S::f32s], row: &mut [f32]) {
    match row.get_mut(..GROUP) {
        Some(row) => {
            for (to, from) in S::as_mut_simd_f32s(row).0.iter_mut().zip(group) {
                *to = *from;
            }
        }
        None => {
            for (vector, part) in group.iter().zip(row.chunks_mut(S::F32_LANES)) {
                store(simd, part, *vector);
            }
        }
    }
}
