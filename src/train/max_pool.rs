//! Maximum over windows on slices, forward and backward.

use super::convolution::Image;
use crate::run::Shape;

/// Sizes of a max-pooling; windows that do not fit are dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct MaxPool {
    pub(super) input: Image,
    pub(super) output: Image,
    pub(super) size: usize,
    pub(super) stride: usize,
}

impl MaxPool {
    /// # Panics
    /// If a shape is a vector: shapes were inferred before.
    pub(super) fn new(input: Shape, output: Shape, size: usize, stride: usize) -> Self {
        Self { input: Image::of(input), output: Image::of(output), size, stride }
    }

    /// The largest value of each window, and the input pixel that it came from: the first of equal
    /// ones, row by row. A NaN is larger than anything.
    pub(super) fn forward(&self, input: &[f32], output: &mut [f32], winners: &mut [u32]) {
        let channels = self.output.channels;
        self.each_window(input.len() / self.input.len(), |window, first| {
            let largest = &mut output[window * channels..][..channels];
            let winners = &mut winners[window * channels..][..channels];
            largest.fill(f32::NEG_INFINITY);
            winners.fill(index(first));
            for y in 0..self.size {
                for x in 0..self.size {
                    let pixel = first + y * self.input.width + x;
                    let values = &input[pixel * channels..][..channels];
                    take_larger(largest, winners, values, index(pixel));
                }
            }
        });
    }

    /// Adds the gradient of each output to the input that it came from.
    pub(super) fn backward(&self, winners: &[u32], output: &[f32], input: &mut [f32]) {
        let channels = self.output.channels;
        for (winners, gradients) in
            winners.chunks_exact(channels).zip(output.chunks_exact(channels))
        {
            for (channel, (winner, gradient)) in winners.iter().zip(gradients).enumerate() {
                input[*winner as usize * channels + channel] += gradient;
            }
        }
    }

    /// Calls `visit(window, its first pixel)`, both numbered through all `n` images.
    fn each_window(&self, n: usize, mut visit: impl FnMut(usize, usize)) {
        let mut window = 0;
        for image in 0..n {
            for y in 0..self.output.height {
                for x in 0..self.output.width {
                    let row = image * self.input.height + y * self.stride;
                    visit(window, row * self.input.width + x * self.stride);
                    window += 1;
                }
            }
        }
    }
}

/// Replaces what `values`, all of `pixel`, exceeds. A function of its own and without branches, so
/// that the compiler sees slices that do not overlap and makes vectors of them.
fn take_larger(largest: &mut [f32], winners: &mut [u32], values: &[f32], pixel: u32) {
    for ((largest, winner), value) in largest.iter_mut().zip(winners).zip(values) {
        let wins = (*value > *largest) | value.is_nan();
        *largest = if wins { *value } else { *largest };
        *winner = if wins { pixel } else { *winner };
    }
}

/// Pixels are numbered in 32 bits to halve the memory of the winners.
fn index(pixel: usize) -> u32 {
    u32::try_from(pixel).expect("a batch holds fewer than 2³² pixels")
}
