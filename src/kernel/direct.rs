//! Convolution as matrix products with windows that are never stored.
//!
//! The images of a chunk are copied into a frame of zeros. There, the windows of one row of outputs
//! are the rows of a matrix of which element (output, tap) lies at a sum of two offsets, as a
//! [`Left`] matrix may. Forward it is multiplied by the kernel; its transpose times the gradient of
//! the outputs is the gradient of the kernel. The gradient of the input is, for each tap, the
//! gradient of the outputs times the transposed kernel, added where the tap has read.

use super::convolution::{Batch, BatchMut, Convolution, Pass};
use super::elementwise::transpose;
use super::max_pool::MaxPool;
use super::pooled_product::{self, PooledOutput, PooledProduct};
use super::product::{Left, Offsets, Right, Start, multiply};
use super::workspace::{Buffer, Workspace};

/// A convolution made ready for its sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direct {
    convolution: Convolution,
    /// Rows and columns of an image in its frame: what the windows cover.
    frame: [usize; 2],
}

/// Where the numbers of a chunk lie in their frames.
struct Layout {
    /// Numbers in one row of the frame.
    row: usize,
    /// Numbers in one pixel, of all images.
    pixel: usize,
    /// The first number of each window of a row of outputs, image by image.
    windows: Offsets,
    /// Each number of a window, in the order of the kernel.
    taps: Offsets,
}

impl Direct {
    pub(super) fn new(convolution: Convolution) -> Self {
        let Convolution { output, kernel, stride, .. } = convolution;
        let frame = [output.height, output.width].map(|length| (length - 1) * stride + kernel);
        Self { convolution, frame }
    }

    /// Multiplications of one image, forward.
    pub(super) fn products(&self) -> usize {
        self.convolution.output.len() * self.convolution.fan_in()
    }

    /// Floats of one image: of its frame, or of its outputs and as many between steps.
    pub(super) fn floats(&self) -> usize {
        let Convolution { input, output, .. } = self.convolution;
        (self.frame[0] * self.frame[1] * input.channels).max(2 * output.len())
    }

    /// Copies the kernel, for a pass backward with the channels of each tap transposed.
    pub(super) fn prepare(&self, weight: &[f32], pass: Pass, workspace: &mut Workspace) {
        let Convolution { input, output, .. } = self.convolution;
        let kernel = workspace.kernel.room(weight.len());
        match pass {
            Pass::Forward => kernel.copy_from_slice(weight),
            Pass::Backward => {
                let lanes = input.channels * output.channels;
                for (from, to) in weight.chunks_exact(lanes).zip(kernel.chunks_exact_mut(lanes)) {
                    transpose(from, output.channels, to);
                }
            }
        }
    }

    /// Convolves the images of `x` into `workspace.convolved`.
    pub(super) fn forward(&self, x: &Batch<'_>, workspace: &mut Workspace) {
        let output = self.convolution.output;
        let Workspace { padded, kernel, convolved, .. } = workspace;
        let layout = self.layout(x.images);
        self.pad(x, &layout, padded);
        let lanes = x.images * output.channels;
        let rows = Offsets::strided(output.width * x.images, output.channels);
        let convolved = convolved.room(output.area() * lanes);
        for (oy, row) in convolved.chunks_exact_mut(output.width * lanes).enumerate() {
            let data = &padded[oy * self.convolution.stride * layout.row..];
            let left = Left { data, rows: &layout.windows, columns: &layout.taps };
            let right = Right { data: kernel, stride: output.channels, columns: output.channels };
            multiply(row, &rows, Start::Zero, left, right);
        }
    }

    /// Whether [`Self::forward_pooled`] is possible.
    pub(super) fn can_pool(pool: MaxPool) -> bool {
        pooled_product::fits(pool.size * pool.size)
    }

    /// Convolves and pools the images of `x` and adds the bias.
    pub(super) fn forward_pooled(
        &self,
        x: &Batch<'_>,
        pool: MaxPool,
        bias: &[f32],
        y: BatchMut<'_>,
        winners: BatchMut<'_>,
        workspace: &mut Workspace,
    ) {
        let Convolution { input, output, stride, .. } = self.convolution;
        let Workspace { padded, kernel, .. } = workspace;
        let layout = self.layout(x.images);
        self.pad(x, &layout, padded);
        let offsets = |n: usize, stride: usize, m: usize, step: usize| {
            let outer = (0..n).map(|i| i * stride);
            Offsets::new(outer.flat_map(|start| (0..m).map(move |j| start + j * step)).collect())
        };
        let [down, right] = [stride * layout.row, stride * layout.pixel];
        let windows = offsets(pool.output.width, pool.stride * right, x.images, input.channels);
        let positions = offsets(pool.size, down, pool.size, right);
        let rows = |stride| offsets(pool.output.width, stride, x.images, output.channels);
        let (y_rows, winners_rows) = (rows(y.stride), rows(winners.stride));
        let (y_pixels, winners_pixels) = (y.pixels, winners.pixels);
        for window_row in 0..pool.output.height {
            let left = Left {
                data: &padded[window_row * pool.stride * down..],
                rows: &windows,
                columns: &layout.taps,
            };
            let right = Right { data: kernel, stride: output.channels, columns: output.channels };
            let product = PooledProduct { left, positions: &positions, right, bias };
            let first = window_row * pool.output.width;
            product.write(
                PooledOutput { data: &mut y_pixels[first * y.stride..], rows: &y_rows },
                PooledOutput {
                    data: &mut winners_pixels[first * winners.stride..],
                    rows: &winners_rows,
                },
            );
        }
    }

    /// Given the gradient of the output in `workspace.convolved`, adds to those of the kernel and,
    /// if it is wanted, of the input.
    pub(super) fn backward(
        &self,
        x: &Batch<'_>,
        dx: Option<BatchMut<'_>>,
        dweight: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let Convolution { input, output, stride, .. } = self.convolution;
        let Workspace { padded, kernel, convolved, .. } = workspace;
        let layout = self.layout(x.images);
        self.pad(x, &layout, padded);
        let row = output.width * x.images * output.channels;
        let taps = Offsets::strided(self.convolution.fan_in(), output.channels);
        for oy in 0..output.height {
            let data = &padded[oy * stride * layout.row..];
            let left = Left { data, rows: &layout.taps, columns: &layout.windows };
            let data = &convolved[oy * row..];
            let right = Right { data, stride: output.channels, columns: output.channels };
            multiply(dweight, &taps, Start::Output, left, right);
        }

        let Some(mut dx) = dx else { return };
        let frame = padded.room(self.frame[0] * layout.row);
        frame.fill(0.0);
        let rows = Offsets::strided(output.width * x.images, output.channels);
        let columns = Offsets::strided(output.channels, 1);
        let lanes = input.channels * output.channels;
        for oy in 0..output.height {
            for tap in 0..self.convolution.kernel * self.convolution.kernel {
                let [ky, kx] = [tap / self.convolution.kernel, tap % self.convolution.kernel];
                let start = (oy * stride + ky) * layout.row + kx * layout.pixel;
                let left = Left { data: &convolved[oy * row..], rows: &rows, columns: &columns };
                let data = &kernel[tap * lanes..];
                let right = Right { data, stride: input.channels, columns: input.channels };
                multiply(&mut frame[start..], &layout.windows, Start::Output, left, right);
            }
        }
        for (pixel, start) in self.framed(&layout) {
            dx.add(pixel, &frame[start..][..layout.pixel]);
        }
    }

    fn layout(&self, images: usize) -> Layout {
        let Convolution { input, output, kernel, stride, .. } = self.convolution;
        let pixel = images * input.channels;
        let row = self.frame[1] * pixel;
        let windows = (0..output.width).flat_map(|ox| {
            (0..images).map(move |image| ox * stride * pixel + image * input.channels)
        });
        let taps = (0..kernel).flat_map(|ky| {
            let tap =
                move |kx| (0..input.channels).map(move |channel| ky * row + kx * pixel + channel);
            (0..kernel).flat_map(tap)
        });
        let (windows, taps) = (Offsets::new(windows.collect()), Offsets::new(taps.collect()));
        Layout { row, pixel, windows, taps }
    }

    /// Copies images into frames of zeros.
    fn pad(&self, x: &Batch<'_>, layout: &Layout, padded: &mut Buffer) {
        let padded = padded.room(self.frame[0] * layout.row);
        padded.fill(0.0);
        for (pixel, start) in self.framed(layout) {
            let from = &x.pixels[pixel * x.stride..][..layout.pixel];
            padded[start..][..layout.pixel].copy_from_slice(from);
        }
    }

    /// Each pixel of the input that lies in the frame, and where.
    fn framed(&self, layout: &Layout) -> impl Iterator<Item = (usize, usize)> {
        let Convolution { input, padding, .. } = self.convolution;
        let [height, width] = self.frame;
        let (row, pixel) = (layout.row, layout.pixel);
        let rows = 0..input.height.min(height.saturating_sub(padding));
        rows.flat_map(move |y| {
            (0..input.width.min(width.saturating_sub(padding)))
                .map(move |x| (y * input.width + x, (y + padding) * row + (x + padding) * pixel))
        })
    }
}
