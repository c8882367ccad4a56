//! Images with zeros around them, as a direct convolution reads them.

use super::buffer::Buffer;
use super::finite::all_finite;
use super::offsets::Offsets;

/// The images of a chunk with zeros around them.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub(super) layout: Layout,
    pub(super) padded: Buffer,
    /// Known if the images go through the layer many times.
    pub(super) used: Option<Used>,
}

/// The offsets of the values of a chunk in the frame.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    /// Number of values in one row of the frame.
    pub(super) row: usize,
    /// Number of values in one pixel, over all images.
    pub(super) pixel: usize,
    /// The first value of each window of a row of outputs, image by image.
    pub(super) windows: Offsets,
    /// Each value of a window, in the order of the kernel.
    pub(super) taps: Offsets,
}

/// The windows with a value other than zero. The others add nothing to a product with finite numbers.
#[derive(Clone, Debug)]
pub(super) struct Used {
    /// Those of the kernel, for each row of outputs.
    pub(super) kernel: Vec<Windows>,
    /// Those of a pooling joined with the kernel, for each row of outputs of the pooling.
    pub(super) pooling: Vec<Windows>,
}

impl Frame {
    /// The windows that are used, if they are known and the other factors of the product are finite.
    pub(super) fn used_beside(&self, factors: &[f32]) -> Option<&Used> {
        self.used.as_ref().filter(|_| all_finite(factors))
    }
}

/// The windows of a row, by index: those that are used, and the others. An index takes four bytes,
/// because there are as many windows as pixels.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    pub(super) used: Vec<u32>,
    pub(super) zero: Vec<u32>,
}
