//! Images of a batch in memory: one row of values for each pixel, with all images side by side.

use super::frame::Frame;

/// Images of a batch, to be read.
pub(super) struct Batch<'a> {
    /// The row of the first pixel and all after it.
    pub(super) pixels: &'a [f32],
    /// Values between the beginnings of two rows.
    pub(super) stride: usize,
    /// Number of images.
    pub(super) images: usize,
    /// The same images with zeros around them, if they are prepared.
    pub(super) frame: Option<&'a Frame>,
}

/// Images of a batch, to be written.
#[derive(Debug)]
pub struct BatchMut<'a> {
    /// The row of the first pixel and all after it.
    pub pixels: &'a mut [f32],
    /// Values between the beginnings of two rows. If it is zero, each row overwrites the last.
    pub stride: usize,
}

impl BatchMut<'_> {
    /// The first `lanes` values of row `index`.
    pub(super) fn row(&mut self, index: usize, lanes: usize) -> &mut [f32] {
        &mut self.pixels[index * self.stride..][..lanes]
    }
}
