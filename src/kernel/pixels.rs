//! Reads the pixels of a transform and writes its results. A few vectors go at a time, so that the
//! steps before and after the transform find them in the first cache.

use std::ops::Range;

use pulp::Simd;

use super::batch::BatchMut;
use super::fourier::Axis;
use super::lanes::{Lanewise, WIDEST, load, store};
use super::max_pool::{AddToArgmax, GradientAtArgmax, RunningMaximum};
use super::shape::Pool;

/// Number of lanes that are transformed together: two cache lines. Their memory stays in the first
/// cache.
pub(super) const GROUP: usize = 2 * WIDEST;

/// The lanes of a pixel: `units` units of `channels` values. The units are the images of a batch, or
/// the rows of a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    pub(super) units: usize,
    pub(super) channels: usize,
}

/// What gives the pixels of a transform. `stride` is the number of values between two pixels.
pub(super) enum Source<'a> {
    /// The pixels themselves.
    Pixels { pixels: &'a [f32], stride: usize },
    /// The gradient of the output of a max-pooling, and its argmax.
    Pooled { pool: Pool, gradient: &'a [f32], argmax: &'a [f32], stride: usize },
}

/// What takes the pixels that a transform gives. `stride` is the number of values between two pixels.
pub(super) enum Sink<'a> {
    /// The pixels themselves.
    Pixels { pixels: &'a mut [f32], stride: usize },
    /// The maxima of a max-pooling plus a bias, which has one value for each lane, and the argmax, if
    /// it is wanted.
    Pooled { pool: Pool, biases: &'a [f32], maxima: BatchMut<'a>, argmax: Option<BatchMut<'a>> },
}

/// The pixels of a group of lanes, in columns. Values outside of the image are zero.
pub(super) struct Group<'a, S: Simd> {
    pub(super) y: &'a Axis,
    pub(super) x: &'a Axis,
    pub(super) columns: &'a mut [S::f32s],
}

impl Lanes {
    pub(super) fn n(self) -> usize {
        self.units * self.channels
    }
}

impl<S: Simd> Group<'_, S> {
    const VECTORS: usize = GROUP / S::F32_LANES;

    /// The vectors of a pixel.
    #[inline(always)]
    fn pixel(&mut self, row: usize, column: usize) -> &mut [S::f32s] {
        let at = (column * self.y.span() + self.y.place(row)) * Self::VECTORS;
        &mut self.columns[at..at + Self::VECTORS]
    }
}

// Loops, not closures: a closure would not be inlined into the function that enables the instructions.
impl Source<'_> {
    /// Reads the first lanes of `lanes` to `group`.
    #[inline(always)]
    pub(super) fn read<S: Simd>(&self, simd: S, lanes: Range<usize>, group: &mut Group<'_, S>) {
        match *self {
            Self::Pixels { pixels, stride } => {
                let (height, width) = (group.y.length(), group.x.length());
                for row in 0..height {
                    for column in 0..width {
                        let pixel = &pixels[(row * width + column) * stride..][lanes.clone()];
                        read_group(simd, pixel, group.pixel(row, column));
                    }
                }
            }
            Self::Pooled { pool, gradient, argmax, stride } => {
                // A pixel may be in several windows.
                let overlaps = pool.stride < pool.size;
                if overlaps {
                    group.columns.fill(simd.splat_f32s(0.0));
                }
                for window in 0..pool.output.area() {
                    let [first_row, first_column] = pool.first_pixel(window);
                    let start = window * stride;
                    let gradient = &gradient[start..][lanes.clone()];
                    let argmax = &argmax[start..][lanes.clone()];
                    for v in 0..Group::<S>::VECTORS {
                        let sides = [vector(simd, argmax, v), vector(simd, gradient, v)];
                        for dy in 0..pool.size {
                            for dx in 0..pool.size {
                                let position = (dy * pool.size + dx) as f32;
                                let pixel = &mut group.pixel(first_row + dy, first_column + dx)[v];
                                let old = [*pixel];
                                [*pixel] = match overlaps {
                                    false => GradientAtArgmax { position }.apply(simd, old, sides),
                                    true => AddToArgmax { position }.apply(simd, old, sides),
                                };
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Sink<'_> {
    /// Writes `group` to the first lanes of `lanes`.
    #[inline(always)]
    pub(super) fn write<S: Simd>(
        &mut self,
        simd: S,
        lanes: Range<usize>,
        group: &mut Group<'_, S>,
    ) {
        match self {
            Self::Pixels { pixels, stride } => {
                let (height, width) = (group.y.length(), group.x.length());
                for row in 0..height {
                    for column in 0..width {
                        let pixel = &mut pixels[(row * width + column) * *stride..][lanes.clone()];
                        write_group(simd, group.pixel(row, column), pixel);
                    }
                }
            }
            Self::Pooled { pool, biases, maxima, argmax } => {
                let biases = &biases[lanes.clone()];
                let zero = simd.splat_f32s(0.0);
                for window in 0..pool.output.area() {
                    let [first_row, first_column] = pool.first_pixel(window);
                    let maxima = &mut maxima.pixels[window * maxima.stride..][lanes.clone()];
                    for v in 0..maxima.len().min(GROUP).div_ceil(S::F32_LANES) {
                        let mut largest = [group.pixel(first_row, first_column)[v], zero];
                        for position in 1..pool.size * pool.size {
                            let (dy, dx) = (position / pool.size, position % pool.size);
                            let value = [group.pixel(first_row + dy, first_column + dx)[v]];
                            let position = position as f32;
                            largest = RunningMaximum { position }.apply(simd, largest, value);
                        }
                        let maximum = simd.add_f32s(largest[0], vector(simd, biases, v));
                        put(simd, maxima, v, maximum);
                        if let Some(argmax) = argmax {
                            let row = &mut argmax.pixels[window * argmax.stride..][lanes.clone()];
                            put(simd, row, v, largest[1]);
                        }
                    }
                }
            }
        }
    }
}

/// Vector `v` of a row. Lanes after the end of the row are zero.
#[inline(always)]
fn vector<S: Simd>(simd: S, row: &[f32], v: usize) -> S::f32s {
    let rest = row.get(v * S::F32_LANES..).unwrap_or_default();
    load(simd, &rest[..rest.len().min(S::F32_LANES)])
}

/// Writes vector `v` of a row, but no lane after its end.
#[inline(always)]
fn put<S: Simd>(simd: S, row: &mut [f32], v: usize, value: S::f32s) {
    let rest = &mut row[v * S::F32_LANES..];
    let n = rest.len().min(S::F32_LANES);
    store(simd, &mut rest[..n], value);
}

/// Reads the first vectors of a row. Lanes after the end of the row are zero.
#[inline(always)]
fn read_group<S: Simd>(simd: S, row: &[f32], group: &mut [S::f32s]) {
    match row.get(..GROUP) {
        // A loop, because a call of `memcpy` would cost more than it copies.
        Some(row) => {
            for (to, from) in group.iter_mut().zip(S::as_simd_f32s(row).0) {
                *to = *from;
            }
        }
        None => {
            for (v, to) in group.iter_mut().enumerate() {
                *to = vector(simd, row, v);
            }
        }
    }
}

/// Writes the first vectors of a row, but no lane after its end.
#[inline(always)]
fn write_group<S: Simd>(simd: S, group: &[S::f32s], row: &mut [f32]) {
    match row.get_mut(..GROUP) {
        Some(row) => {
            for (to, from) in S::as_mut_simd_f32s(row).0.iter_mut().zip(group) {
                *to = *from;
            }
        }
        None => {
            for (vector, part) in group.iter().zip(row.chunks_mut(S::F32_LANES)) {
                store(simd, part, *vector);
            }
        }
    }
}
