//! Convolution as matrix products. The matrix of windows is not stored.
//!
//! The images of a chunk are copied into a frame of zeros. In the frame, the windows of one row of
//! outputs are the rows of a matrix. Its element (output, tap) lies at the sum of two offsets, as a
//! [`Left`] matrix allows. (A tap is one position of the kernel and one input channel.)
//!
//! - The output is this matrix times the kernel.
//! - The gradient of the kernel is its transpose times the gradient of the outputs.
//! - The gradient of the input is a sum over the positions of the kernel. Each term is the gradient of
//!   the outputs times the transposed kernel of that position, added to the inputs that it read.

use super::batch::{Batch, BatchMut};
use super::elementwise::transpose;
use super::frame::{Frame, Layout, Used, Windows};
use super::offsets::Offsets;
use super::pooled_product::{self, PooledOutput, PooledProduct};
use super::product::{Left, Right, Start, multiply};
use super::shape::{Convolution, Pass, Pool};
use super::workspace::Workspace;

/// A convolution, prepared for its sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direct {
    convolution: Convolution,
    /// Rows and columns of an image in its frame: all pixels that a window covers.
    frame: [usize; 2],
}

impl Direct {
    pub(super) fn new(convolution: Convolution) -> Self {
        let Convolution { output, kernel, stride, .. } = convolution;
        let frame = [output.height, output.width].map(|length| (length - 1) * stride + kernel);
        Self { convolution, frame }
    }

    /// Number of multiplications of a forward pass, for one image.
    pub(super) fn multiplications(&self) -> usize {
        self.convolution.output.len() * self.convolution.fan_in()
    }

    /// Number of floats for one image: its frame, or its outputs twice, whichever is larger.
    pub(super) fn floats_per_image(&self) -> usize {
        let Convolution { input, output, .. } = self.convolution;
        (self.frame[0] * self.frame[1] * input.channels).max(2 * output.len())
    }

    /// Copies the kernel. For a backward pass, transposes the channels at each position of the
    /// kernel.
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

    /// Pads the images of `x`, and finds the windows that are not zero: those of the kernel, and those
    /// of a pooling that [`Self::can_pool`].
    pub(super) fn frame(&self, x: &Batch<'_>, pool: Option<Pool>) -> Frame {
        let mut frame = Frame::default();
        self.fill(x, &mut frame);
        let Frame { layout, padded, .. } = &frame;
        let stride = self.convolution.stride;
        let used = |row: usize, windows: &Offsets, positions: &Offsets| {
            let is_used = |window: &u32| {
                let first = row * stride * layout.row + windows.at(*window as usize);
                positions.all().any(|position| {
                    layout.taps.all().any(|tap| padded[first + position + tap] != 0.0)
                })
            };
            let (used, zero) = (0..windows.len() as u32).partition(is_used);
            Windows { used, zero }
        };
        let (windows, one) = (&layout.windows, Offsets::strided(1, 1));
        let kernel = (0..self.convolution.output.height).map(|row| used(row, windows, &one));
        let kernel = kernel.collect();
        let pool = pool.filter(|pool| Self::can_pool(*pool));
        let pooling = pool.map_or(Vec::new(), |pool| {
            let (windows, positions) = self.pooled_windows(layout, pool, x.images);
            (0..pool.output.height)
                .map(|row| used(row * pool.stride, &windows, &positions))
                .collect()
        });
        frame.used = Some(Used { kernel, pooling });
        frame
    }

    /// The frame of `x`, made in `memory` if `x` has none.
    fn framed<'f>(&self, x: &Batch<'f>, memory: &'f mut Frame) -> &'f Frame {
        match x.frame {
            Some(frame) => frame,
            None => {
                self.fill(x, memory);
                memory
            }
        }
    }

    /// Convolves the images of `x` into `workspace.convolved`.
    pub(super) fn forward(&self, x: &Batch<'_>, workspace: &mut Workspace) {
        let output = self.convolution.output;
        let Workspace { frame, kernel, convolved, .. } = workspace;
        let framed = self.framed(x, frame);
        let Frame { layout, padded, .. } = framed;
        let lanes = x.images * output.channels;
        let all = Offsets::strided(output.width * x.images, output.channels);
        let convolved = convolved.room(output.area() * lanes);
        let kernel_rows = Offsets::strided(self.convolution.fan_in(), output.channels);
        let right = Right { data: kernel, rows: &kernel_rows, columns: output.channels };
        let used = framed.used_beside(&kernel[..kernel_rows.len() * right.columns]);
        for (oy, row) in convolved.chunks_exact_mut(output.width * lanes).enumerate() {
            let data = &padded[oy * self.convolution.stride * layout.row..];
            let (windows, rows) = match used {
                Some(used) => {
                    row.fill(0.0);
                    let used = &used.kernel[oy].used;
                    (&layout.windows.at_each(used), &all.at_each(used))
                }
                None => (&layout.windows, &all),
            };
            let left = Left { data, rows: windows, columns: &layout.taps };
            multiply(row, rows, Start::Zero, left, right);
        }
    }

    /// Whether [`Self::forward_pooled`] supports `pool`.
    pub(super) fn can_pool(pool: Pool) -> bool {
        pooled_product::fits(pool.size * pool.size)
    }

    /// Convolves and pools the images of `x` and adds the bias.
    pub(super) fn forward_pooled(
        &self,
        x: &Batch<'_>,
        pool: Pool,
        bias: &[f32],
        y: &mut BatchMut<'_>,
        mut argmax: Option<BatchMut<'_>>,
        workspace: &mut Workspace,
    ) {
        let Convolution { output, stride, .. } = self.convolution;
        let Workspace { frame, kernel, .. } = workspace;
        let framed = self.framed(x, frame);
        let Frame { layout, padded, .. } = framed;
        let (windows, positions) = self.pooled_windows(layout, pool, x.images);
        let rows = |stride| grid(pool.output.width, stride, x.images, output.channels);
        let argmax_rows = argmax.as_ref().map_or(0, |argmax| argmax.stride);
        let (y_rows, argmax_rows) = (rows(y.stride), rows(argmax_rows));
        let kernel_rows = Offsets::strided(self.convolution.fan_in(), output.channels);
        let right = Right { data: kernel, rows: &kernel_rows, columns: output.channels };
        let used = framed.used_beside(&kernel[..kernel_rows.len() * right.columns]);
        for window_row in 0..pool.output.height {
            let data = &padded[window_row * pool.stride * stride * layout.row..];
            let first = window_row * pool.output.width;
            let y = &mut y.pixels[first * y.stride..];
            let mut argmax =
                argmax.as_mut().map(|argmax| &mut argmax.pixels[first * argmax.stride..]);
            let write = |windows, y, y_rows, argmax: Option<&mut [f32]>, argmax_rows| {
                let left = Left { data, rows: windows, columns: &layout.taps };
                let product = PooledProduct { left, positions: &positions, right, bias };
                let maxima = PooledOutput { data: y, rows: y_rows };
                product.write(maxima, argmax.map(|data| PooledOutput { data, rows: argmax_rows }));
            };
            let Some(used) = used else {
                write(&windows, y, &y_rows, argmax, &argmax_rows);
                continue;
            };
            let Windows { used, zero } = &used.pooling[window_row];
            for index in zero.iter().map(|index| *index as usize) {
                y[y_rows.at(index)..][..bias.len()].copy_from_slice(bias);
                if let Some(argmax) = &mut argmax {
                    argmax[argmax_rows.at(index)..][..bias.len()].fill(0.0);
                }
            }
            let [windows, y_rows, argmax_rows] =
                [&windows, &y_rows, &argmax_rows].map(|offsets| offsets.at_each(used));
            write(&windows, y, &y_rows, argmax, &argmax_rows);
        }
    }

    /// The first value of each window of a pooling in a row, and the positions in a window.
    fn pooled_windows(&self, layout: &Layout, pool: Pool, images: usize) -> (Offsets, Offsets) {
        let Convolution { input, stride, .. } = self.convolution;
        let [down, right] = [stride * layout.row, stride * layout.pixel];
        let windows = grid(pool.output.width, pool.stride * right, images, input.channels);
        (windows, grid(pool.size, down, pool.size, right))
    }

    /// Adds to the gradient of the kernel and, if `dx` is given, writes the gradient of the input. The
    /// gradient of the output is in `workspace.convolved`.
    pub(super) fn backward(
        &self,
        x: &Batch<'_>,
        dx: Option<BatchMut<'_>>,
        dweight: &mut [f32],
        workspace: &mut Workspace,
    ) {
        let Convolution { input, output, stride, .. } = self.convolution;
        let Workspace { frame, padded: dx_frame, kernel, convolved, .. } = workspace;
        let framed = self.framed(x, frame);
        let Frame { layout, padded, .. } = framed;
        let row = output.width * x.images * output.channels;
        let taps = Offsets::strided(self.convolution.fan_in(), output.channels);
        let gradient_rows = Offsets::strided(output.width * x.images, output.channels);
        let used = framed.used_beside(&convolved[..output.height * row]);
        for oy in 0..output.height {
            let (windows, rows) = match used {
                Some(used) => {
                    let used = &used.kernel[oy].used;
                    (&layout.windows.at_each(used), &gradient_rows.at_each(used))
                }
                None => (&layout.windows, &gradient_rows),
            };
            let data = &padded[oy * stride * layout.row..];
            let left = Left { data, rows: &layout.taps, columns: windows };
            let right = Right { data: &convolved[oy * row..], rows, columns: output.channels };
            multiply(dweight, &taps, Start::Output, left, right);
        }

        let Some(mut dx) = dx else { return };
        let frame = dx_frame.room(self.frame[0] * layout.row);
        frame.fill(0.0);
        let columns = Offsets::strided(output.channels, 1);
        let kernel_rows = Offsets::strided(output.channels, input.channels);
        let lanes = input.channels * output.channels;
        for oy in 0..output.height {
            for tap in 0..self.convolution.kernel * self.convolution.kernel {
                let [ky, kx] = [tap / self.convolution.kernel, tap % self.convolution.kernel];
                let start = (oy * stride + ky) * layout.row + kx * layout.pixel;
                let left =
                    Left { data: &convolved[oy * row..], rows: &gradient_rows, columns: &columns };
                let data = &kernel[tap * lanes..];
                let right = Right { data, rows: &kernel_rows, columns: input.channels };
                multiply(&mut frame[start..], &layout.windows, Start::Output, left, right);
            }
        }
        // A stride may skip the last rows and columns: they are not in the frame.
        for pixel in 0..input.area() {
            dx.row(pixel, layout.pixel).fill(0.0);
        }
        for (pixel, start) in self.pixels_in_frame(layout) {
            dx.row(pixel, layout.pixel).copy_from_slice(&frame[start..][..layout.pixel]);
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

    /// Copies the images into the frame, with zeros around them.
    fn fill(&self, x: &Batch<'_>, frame: &mut Frame) {
        frame.layout = self.layout(x.images);
        let layout = &frame.layout;
        let padded = frame.padded.room(self.frame[0] * layout.row);
        padded.fill(0.0);
        for (pixel, start) in self.pixels_in_frame(layout) {
            let from = &x.pixels[pixel * x.stride..][..layout.pixel];
            padded[start..][..layout.pixel].copy_from_slice(from);
        }
    }

    /// The index of each pixel of the input that lies in the frame, and its place in the frame.
    fn pixels_in_frame(&self, layout: &Layout) -> impl Iterator<Item = (usize, usize)> {
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

/// The offsets i · `stride` + j · `step` for i below `n` and j below `m`.
fn grid(n: usize, stride: usize, m: usize, step: usize) -> Offsets {
    let outer = (0..n).map(|i| i * stride);
    Offsets::new(outer.flat_map(|start| (0..m).map(move |j| start + j * step)).collect())
}
