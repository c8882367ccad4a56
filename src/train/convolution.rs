//! Two-dimensional convolution on slices, forward and backward.
//!
//! With x the input, w the kernel, b the bias and y the output, all in height, width, channel
//! order, stride s and padding p:
//!
//! ```text
//! y[oy, ox, :] = b + Σ over ky, kx of x[s·oy + ky − p, s·ox + kx − p, :] · w[:, ky, kx, :]
//! ```
//!
//! Both ways to write this as a matrix product take w as one row-major matrix in
//! (input channel, ky, kx, output channel) order:
//!
//! - *gather*: one row of input windows for each output pixel, times w. It multiplies the padding
//!   too, so it suits outputs that are not larger than the input.
//! - *scatter*: each input pixel times all of w, and each product added where it belongs. It
//!   multiplies no padding: for a full convolution of 7×7 by 5×5 that is 2.5 times less.
//!
//! The gradients are the same two products transposed. Images go through in chunks of a fixed
//! size, so that the intermediate matrix stays in the cache and the order of the sums is always
//! the same.

use super::product::{View, multiply};
use crate::run::Shape;

/// Floats of the intermediate matrix of one chunk: 1 MiB, about what a core's cache holds.
const CHUNK: usize = 1 << 18;

/// Sizes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Image {
    /// # Panics
    /// If `shape` is a vector: shapes were inferred before.
    pub(super) fn of(shape: Shape) -> Self {
        match shape {
            Shape::Image { height, width, channels } => Self { height, width, channels },
            Shape::Vector(_) => panic!("inferred shapes give images to layers that need them"),
        }
    }

    pub(super) fn area(self) -> usize {
        self.height * self.width
    }

    pub(super) fn len(self) -> usize {
        self.area() * self.channels
    }
}

/// Sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Convolution {
    pub(super) input: Image,
    pub(super) output: Image,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) padding: usize,
}

impl Convolution {
    /// Inputs that one output depends on.
    pub(super) fn fan_in(&self) -> usize {
        self.input.channels * self.kernel * self.kernel
    }

    /// Images that are processed together.
    pub(super) fn chunk(&self) -> usize {
        (CHUNK / (self.rows() * self.columns())).max(1)
    }

    fn scatters(&self) -> bool {
        self.input.area() < self.output.area()
    }

    /// Rows of the intermediate matrix for one image.
    fn rows(&self) -> usize {
        if self.scatters() { self.input.area() } else { self.output.area() }
    }

    /// Columns of the intermediate matrix.
    fn columns(&self) -> usize {
        let side = if self.scatters() { self.output.channels } else { self.input.channels };
        self.kernel * self.kernel * side
    }

    /// Room for the intermediate matrix of one chunk, which [`Self::forward`] and
    /// [`Self::backward`] share between the chunks of one call; zero wherever they write nothing.
    pub(super) fn scratch(&self, images: usize) -> Vec<f32> {
        vec![0.0; images.min(self.chunk()) * self.rows() * self.columns()]
    }

    /// Convolves the images of `input`; every value of `output` is written.
    pub(super) fn forward(
        &self,
        input: &[f32],
        weight: &[f32],
        bias: &[f32],
        output: &mut [f32],
        scratch: &mut [f32],
    ) {
        let n = input.len() / self.input.len();
        for pixel in output.chunks_exact_mut(self.output.channels) {
            pixel.copy_from_slice(bias);
        }
        let matrix = &mut scratch[..n * self.rows() * self.columns()];
        if self.scatters() {
            let pixels = View::new(input, n * self.input.area(), self.input.channels);
            let kernel = View::new(weight, self.input.channels, self.columns());
            multiply(matrix, false, pixels, kernel);
            let channels = self.output.channels;
            self.each_product(n, |output_pixel, offset, row| {
                let products = &matrix[row * self.columns() + offset * channels..][..channels];
                add(&mut output[output_pixel * channels..][..channels], products);
            });
        } else {
            self.gather(n, input, matrix);
            let windows = View::new(matrix, n * self.output.area(), self.columns());
            let kernel = View::new(weight, self.columns(), self.output.channels);
            multiply(output, true, windows, kernel);
        }
    }

    /// Adds the gradients of kernel and bias for the images of `input`, and of the input too if
    /// that is wanted, given the gradient of the output.
    pub(super) fn backward(
        &self,
        input: &[f32],
        weight: &[f32],
        output_gradient: &[f32],
        gradients: &mut Gradients<'_>,
        scratch: &mut [f32],
    ) {
        let n = input.len() / self.input.len();
        for pixel in output_gradient.chunks_exact(self.output.channels) {
            add(gradients.bias, pixel);
        }
        let matrix = &mut scratch[..n * self.rows() * self.columns()];
        if self.scatters() {
            let channels = self.output.channels;
            self.each_product(n, |output_pixel, offset, row| {
                let pixel = &output_gradient[output_pixel * channels..][..channels];
                matrix[row * self.columns() + offset * channels..][..channels]
                    .copy_from_slice(pixel);
            });
            let spread = View::new(matrix, n * self.input.area(), self.columns());
            let pixels = View::new(input, n * self.input.area(), self.input.channels);
            let kernel = View::new(weight, self.input.channels, self.columns());
            multiply(gradients.weight, true, pixels.transposed(), spread);
            if let Some(input_gradient) = &mut gradients.input {
                multiply(input_gradient, true, spread, kernel.transposed());
            }
        } else {
            self.gather(n, input, matrix);
            let area = n * self.output.area();
            let output_gradient = View::new(output_gradient, area, self.output.channels);
            let windows = View::new(matrix, area, self.columns());
            multiply(gradients.weight, true, windows.transposed(), output_gradient);
            if let Some(input_gradient) = &mut gradients.input {
                let kernel = View::new(weight, self.columns(), self.output.channels);
                multiply(matrix, false, output_gradient, kernel.transposed());
                self.each_window_value(n, |value, input_value| {
                    input_gradient[input_value] += matrix[value];
                });
                // The next chunk's windows are gathered around their padding.
                matrix.fill(0.0);
            }
        }
    }

    /// The windows of the input, one row for each output pixel, zero in the padding.
    fn gather(&self, n: usize, input: &[f32], matrix: &mut [f32]) {
        self.each_window_value(n, |value, input_value| matrix[value] = input[input_value]);
    }

    /// Calls `visit(index into the matrix of windows, index into the input)` for each value of a
    /// window that is not padding.
    fn each_window_value(&self, n: usize, mut visit: impl FnMut(usize, usize)) {
        let area = self.kernel * self.kernel;
        self.each_product(n, |output_pixel, offset, input_pixel| {
            for channel in 0..self.input.channels {
                let value = output_pixel * self.columns() + channel * area + offset;
                visit(value, input_pixel * self.input.channels + channel);
            }
        });
    }

    /// Calls `visit(output pixel, ky · kernel + kx, input pixel)` in order of the output, then the
    /// kernel; pixels are numbered through all `n` images.
    fn each_product(&self, n: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let output = self.output;
        // The input row (or column) below kernel row k for output row o, if it is not padding.
        let below = |o: usize, k: usize, length: usize| {
            (o * self.stride + k).checked_sub(self.padding).filter(|i| *i < length)
        };
        for image in 0..n {
            for oy in 0..output.height {
                for ox in 0..output.width {
                    let output_pixel = image * output.area() + oy * output.width + ox;
                    for ky in 0..self.kernel {
                        let Some(y) = below(oy, ky, self.input.height) else { continue };
                        for kx in 0..self.kernel {
                            let Some(x) = below(ox, kx, self.input.width) else { continue };
                            let input_pixel = image * self.input.area() + y * self.input.width + x;
                            visit(output_pixel, ky * self.kernel + kx, input_pixel);
                        }
                    }
                }
            }
        }
    }
}

/// Gradients that one chunk adds to.
pub(super) struct Gradients<'g> {
    pub(super) weight: &'g mut [f32],
    pub(super) bias: &'g mut [f32],
    /// None for the first layer: nobody asks for the gradient of an image.
    pub(super) input: Option<&'g mut [f32]>,
}

/// Adds element by element. A function of its own, so that the compiler sees slices that do not
/// overlap.
fn add(sums: &mut [f32], terms: &[f32]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}
