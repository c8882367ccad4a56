//! Reads rows of a matrix on any dfdx device.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

use super::tensor::Matrix;
use crate::kernel::shape::{Convolution, Pool};

/// The rows that a layer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// The pixels in the windows of a convolution, for this number of images. Each row is one pixel of
    /// one image. The row after the last stands for the padding.
    Windows(Convolution, usize),
    /// The pixels at this position in the windows of a pooling. Each row is one pixel of all
    /// images.
    Position(Pool, usize),
}

impl Rows {
    fn indices(self) -> Vec<usize> {
        match self {
            Self::Windows(convolution, n) => windows(&convolution, n),
            Self::Position(pool, position) => {
                (0..pool.output.area()).map(|window| pool.pixel(window, position)).collect()
            }
        }
    }
}

/// Reads rows. Their indices are copied to the device once.
#[derive(Clone, Debug)]
pub(super) struct RowReader<D: Device<f32>> {
    device: D,
    known: Rc<RefCell<Vec<Known<D>>>>,
}

/// Rows, and their indices on the device.
type Known<D> = (Rows, Tensor<(usize,), usize, D>);

impl<D: Device<f32>> RowReader<D> {
    pub(super) fn new(device: D) -> Self {
        Self { device, known: Rc::default() }
    }

    /// These rows of `x`.
    pub(super) fn read<T: Tape<f32, D>>(&self, x: Matrix<D, T>, rows: Rows) -> Matrix<D, T> {
        let mut all_known = self.known.borrow_mut();
        if let Some((_, indices)) = all_known.iter().find(|(known, _)| *known == rows) {
            return x.gather(indices.clone());
        }
        let indices = rows.indices();
        let n = indices.len();
        let indices = self.device.tensor_from_vec(indices, (n,));
        all_known.push((rows, indices.clone()));
        x.gather(indices)
    }
}

/// The pixel of the input that each output pixel of each of `n` images reads at each position of the
/// kernel. The pixel after the last stands for the padding.
fn windows(convolution: &Convolution, n: usize) -> Vec<usize> {
    let Convolution { input, output, kernel, stride, padding } = *convolution;
    let mut pixels = Vec::with_capacity(output.area() * n * kernel * kernel);
    for pixel in 0..output.area() {
        let (oy, ox) = (pixel / output.width, pixel % output.width);
        let at = |tap: usize| {
            let inside = |o: usize, k: usize, length: usize| {
                (o * stride + k).checked_sub(padding).filter(|at| *at < length)
            };
            let y = inside(oy, tap / kernel, input.height)?;
            Some(y * input.width + inside(ox, tap % kernel, input.width)?)
        };
        for image in 0..n {
            let taps = (0..kernel * kernel).map(at);
            pixels.extend(taps.map(|at| at.map_or(input.area() * n, |at| at * n + image)));
        }
    }
    pixels
}
