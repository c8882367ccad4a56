//! The largest number in experiment files.

/// The largest number of steps, pairs or values. It is larger than any real size, and small enough
/// for the memory.
pub(super) const MOST: usize = 1 << 20;
