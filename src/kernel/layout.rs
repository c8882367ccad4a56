//! How the planes of a transform lie in memory.

use super::lanes::WIDEST;
use super::offsets::Offsets;

/// The places of planes in memory.
///
/// A few units make a block. All planes of a block lie one after the other. A transform then
/// touches few pages of memory.
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

/// A plane has at least this many values in a block, unless it has fewer values in all.
const BLOCK: usize = 128;
