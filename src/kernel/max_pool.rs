//! Maximum over windows of an image.

use pulp::Simd;

use super::convolution::{BatchMut, Image};
use super::lanes::{Lanewise, map};

/// Sizes of a max-pooling; windows that do not fit are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPool {
    /// What is pooled.
    pub input: Image,
    /// One pixel for each window.
    pub output: Image,
    /// Rows and columns of a window.
    pub size: usize,
    /// From one window to the next.
    pub stride: usize,
}

impl MaxPool {
    /// The largest value of each window, and which pixel of the window it came from, counted row by
    /// row: the first of equal ones. A NaN is larger than anything.
    ///
    /// A pixel is a row of `lanes` numbers.
    pub fn forward(
        &self,
        input: &[f32],
        lanes: usize,
        mut output: BatchMut<'_>,
        mut winners: BatchMut<'_>,
    ) {
        for (window, mut pixels) in self.windows().enumerate() {
            let (largest, winner) = (output.row(window, lanes), winners.row(window, lanes));
            let mut next = || pixels.next().map(|pixel| &input[pixel * lanes..][..lanes]);
            let Some(first) = next() else { continue };
            let Some(second) = next() else {
                largest.copy_from_slice(first);
                winner.fill(0.0);
                continue;
            };
            map(FirstTwo, [&mut *largest, &mut *winner], [first, second]);
            let mut position = 2.0;
            while let Some(values) = next() {
                map(TakeLarger { position }, [&mut *largest, &mut *winner], [values]);
                position += 1.0;
            }
        }
    }

    /// Adds the gradient of each output to the input that it came from.
    pub fn backward(
        &self,
        winners: &[f32],
        output: &[f32],
        stride: usize,
        input: &mut [f32],
        lanes: usize,
    ) {
        self.each_place(winners, output, stride, input, lanes, |position, input, sides| {
            map(AddToWinner { position }, [input], sides);
        });
    }

    /// The gradient of the input: as [`Self::backward`] from zero.
    pub(super) fn spread(
        &self,
        winners: &[f32],
        output: &[f32],
        stride: usize,
        input: &mut [f32],
        lanes: usize,
    ) {
        let (height, width) = (self.output.height * self.size, self.output.width * self.size);
        if self.stride == self.size && [height, width] == [self.input.height, self.input.width] {
            // Every input is in one window.
            self.each_place(winners, output, stride, input, lanes, |position, input, sides| {
                map(OfWinner { position }, [input], sides);
            });
        } else {
            input.fill(0.0);
            self.backward(winners, output, stride, input, lanes);
        }
    }

    /// Calls `visit(position, input, [winners, output])` for each place of each window.
    fn each_place(
        &self,
        winners: &[f32],
        output: &[f32],
        stride: usize,
        input: &mut [f32],
        lanes: usize,
        visit: impl Fn(f32, &mut [f32], [&[f32]; 2]),
    ) {
        for (window, pixels) in self.windows().enumerate() {
            let sides = [winners, output].map(|side| &side[window * stride..][..lanes]);
            for (position, pixel) in pixels.enumerate() {
                visit(position as f32, &mut input[pixel * lanes..][..lanes], sides);
            }
        }
    }

    /// The pixels of each window.
    fn windows(self) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let starts = (0..self.output.height).flat_map(move |y| {
            (0..self.output.width).map(move |x| (y * self.stride, x * self.stride))
        });
        starts.map(move |(y, x)| {
            (0..self.size).flat_map(move |dy| {
                (0..self.size).map(move |dx| (y + dy) * self.input.width + x + dx)
            })
        })
    }
}

#[derive(Clone, Copy)]
struct FirstTwo;

impl Lanewise<2, 2> for FirstTwo {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 2], inputs: [S::f32s; 2]) -> [S::f32s; 2] {
        let [first, second] = inputs;
        let zero = simd.splat_f32s(0.0);
        TakeLarger { position: 1.0 }.apply(simd, [first, zero], [second])
    }
}

/// Replaces a maximum so far and its position by a value that is larger, and by its position.
#[derive(Clone, Copy)]
pub(super) struct TakeLarger {
    pub(super) position: f32,
}

impl Lanewise<2, 1> for TakeLarger {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, old: [S::f32s; 2], [value]: [S::f32s; 1]) -> [S::f32s; 2] {
        let [largest, winner] = old;
        // A NaN value is larger than nothing and not equal to itself; a NaN so far is exceeded by
        // no number.
        let is_larger = simd.greater_than_f32s(value, largest);
        let is_nan = simd.not_m32s(simd.equal_f32s(value, value));
        let takes = simd.or_m32s(is_larger, is_nan);
        [
            simd.select_f32s(takes, value, largest),
            simd.select_f32s(takes, simd.splat_f32s(self.position), winner),
        ]
    }
}

#[derive(Clone, Copy)]
struct AddToWinner {
    position: f32,
}

impl Lanewise<1, 2> for AddToWinner {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], inputs: [S::f32s; 2]) -> [S::f32s; 1] {
        let [share] = OfWinner { position: self.position }.apply(simd, [sum], inputs);
        [simd.add_f32s(sum, share)]
    }
}

#[derive(Clone, Copy)]
struct OfWinner {
    position: f32,
}

impl Lanewise<1, 2> for OfWinner {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 1], inputs: [S::f32s; 2]) -> [S::f32s; 1] {
        let [winner, gradient] = inputs;
        let won = simd.equal_f32s(winner, simd.splat_f32s(self.position));
        [simd.select_f32s(won, gradient, simd.splat_f32s(0.0))]
    }
}
