//! Max-pooling: the maximum over windows of an image.

use pulp::Simd;

use super::batch::BatchMut;
use super::lanes::{Lanewise, map};
use super::shape::Pool;

impl Pool {
    /// Writes the largest value of each window to `output`. Writes to `argmax` the pixel of the
    /// window that holds it, counted row by row. Of equal values, the first counts. A NaN counts as
    /// larger than any number.
    ///
    /// Each pixel is a row of `lanes` values.
    pub fn maxima(
        &self,
        input: &[f32],
        lanes: usize,
        mut output: BatchMut<'_>,
        mut argmax: BatchMut<'_>,
    ) {
        for (window, mut pixels) in self.windows().enumerate() {
            let (largest, argmax) = (output.row(window, lanes), argmax.row(window, lanes));
            let mut next = || pixels.next().map(|pixel| &input[pixel * lanes..][..lanes]);
            let Some(first) = next() else { continue };
            let Some(second) = next() else {
                largest.copy_from_slice(first);
                argmax.fill(0.0);
                continue;
            };
            map(MaximumOfTwo, [&mut *largest, &mut *argmax], [first, second]);
            let mut position = 2.0;
            while let Some(values) = next() {
                map(RunningMaximum { position }, [&mut *largest, &mut *argmax], [values]);
                position += 1.0;
            }
        }
    }

    /// Writes the gradient of the input: the gradient of each output goes to the input that the
    /// output came from.
    pub fn maxima_gradient(
        &self,
        argmax: &[f32],
        output: &[f32],
        stride: usize,
        input: &mut [f32],
        lanes: usize,
    ) {
        let (height, width) = (self.output.height * self.size, self.output.width * self.size);
        if self.stride == self.size && [height, width] == [self.input.height, self.input.width] {
            // Every input is in exactly one window.
            self.each_place(argmax, output, stride, input, lanes, |position, input, sides| {
                map(GradientAtArgmax { position }, [input], sides);
            });
        } else {
            input.fill(0.0);
            self.each_place(argmax, output, stride, input, lanes, |position, input, sides| {
                map(AddToArgmax { position }, [input], sides);
            });
        }
    }

    /// Calls `visit(position, input, [argmax, output])` for each place of each window.
    fn each_place(
        &self,
        argmax: &[f32],
        output: &[f32],
        stride: usize,
        input: &mut [f32],
        lanes: usize,
        visit: impl Fn(f32, &mut [f32], [&[f32]; 2]),
    ) {
        for (window, pixels) in self.windows().enumerate() {
            let sides = [argmax, output].map(|side| &side[window * stride..][..lanes]);
            for (position, pixel) in pixels.enumerate() {
                visit(position as f32, &mut input[pixel * lanes..][..lanes], sides);
            }
        }
    }

    /// The row and the column of the first pixel of a window.
    #[inline(always)]
    pub(super) fn first_pixel(&self, window: usize) -> [usize; 2] {
        [window / self.output.width, window % self.output.width].map(|index| index * self.stride)
    }

    /// The index in the image of the pixel at `position` of a window, counted row by row.
    pub(crate) fn pixel(&self, window: usize, position: usize) -> usize {
        let [y, x] = self.first_pixel(window);
        (y + position / self.size) * self.input.width + x + position % self.size
    }

    /// The pixels of each window.
    pub(super) fn windows(self) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let positions = self.size * self.size;
        (0..self.output.area())
            .map(move |window| (0..positions).map(move |position| self.pixel(window, position)))
    }
}

#[derive(Clone, Copy)]
struct MaximumOfTwo;

impl Lanewise<2, 2> for MaximumOfTwo {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 2], inputs: [S::f32s; 2]) -> [S::f32s; 2] {
        let [first, second] = inputs;
        let zero = simd.splat_f32s(0.0);
        RunningMaximum { position: 1.0 }.apply(simd, [first, zero], [second])
    }
}

/// Replaces the maximum so far and its position if the value is larger.
#[derive(Clone, Copy)]
pub(super) struct RunningMaximum {
    pub(super) position: f32,
}

impl Lanewise<2, 1> for RunningMaximum {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, old: [S::f32s; 2], [value]: [S::f32s; 1]) -> [S::f32s; 2] {
        let [largest, argmax] = old;
        // A NaN is not larger than the maximum, but it is not equal to itself. No number is larger
        // than a NaN that is the maximum so far.
        let is_larger = simd.greater_than_f32s(value, largest);
        let is_nan = simd.not_m32s(simd.equal_f32s(value, value));
        let takes = simd.or_m32s(is_larger, is_nan);
        [
            simd.select_f32s(takes, value, largest),
            simd.select_f32s(takes, simd.splat_f32s(self.position), argmax),
        ]
    }
}

/// Adds the gradient to the input if the input is at the argmax.
#[derive(Clone, Copy)]
pub(super) struct AddToArgmax {
    pub(super) position: f32,
}

impl Lanewise<1, 2> for AddToArgmax {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], inputs: [S::f32s; 2]) -> [S::f32s; 1] {
        let [share] = GradientAtArgmax { position: self.position }.apply(simd, [sum], inputs);
        [simd.add_f32s(sum, share)]
    }
}

/// The gradient if the input is at the argmax, else zero.
#[derive(Clone, Copy)]
pub(super) struct GradientAtArgmax {
    pub(super) position: f32,
}

impl Lanewise<1, 2> for GradientAtArgmax {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 1], inputs: [S::f32s; 2]) -> [S::f32s; 1] {
        let [argmax, gradient] = inputs;
        let won = simd.equal_f32s(argmax, simd.splat_f32s(self.position));
        [simd.select_f32s(won, gradient, simd.splat_f32s(0.0))]
    }
}
