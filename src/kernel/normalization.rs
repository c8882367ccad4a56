//! Batch normalisation of each channel, forward and backward.
//!
//! With x̂ = (x − mean) / √(variance + ε), over all values of a channel in the batch:
//!
//! ```text
//! y = x̂ · scale + shift
//! dx = scale / √(variance + ε) · (dy − mean of dy − x̂ · mean of (dy · x̂))
//! ```
//!
//! A batch has one row of channels for each example or pixel. Several rows are computed as one long
//! row, because few channels do not fill a vector.

use pulp::Simd;

use super::buffer::Buffer;
use super::elementwise::Add;
use super::lanes::{Lanewise, map};

/// Most values of a long row, if it has more than one row of channels.
const LONG: usize = 256;

/// Number of long rows that are summed in `f32`. Their sums are added in `f64`.
const BLOCK: usize = 32;

/// The parameters of a batch-norm layer.
#[derive(Clone, Copy, Debug)]
pub struct Normalization<'a> {
    /// Factor of each channel.
    pub scale: &'a [f32],
    /// Summand of each channel.
    pub shift: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// Mean and variance of each channel. The variance has the number of values as its divisor.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Variance of each channel.
    pub variance: Vec<f32>,
}

/// What a forward pass keeps for its backward pass.
#[derive(Debug, Default)]
pub struct Normalized {
    /// x̂
    values: Buffer,
    /// 1 / √(variance + ε) of each channel.
    inverse: Vec<f32>,
}

impl Normalization<'_> {
    /// The statistics of a batch.
    #[must_use]
    pub fn observe(&self, x: &[f32]) -> Statistics {
        let channels = self.scale.len();
        let n = (x.len() / channels) as f64;
        let mean = |sums: Vec<f64>| sums.iter().map(|sum| (sum / n) as f32).collect();
        let average: Vec<f32> = mean(sums(channels, x, |sums, row, _| map(Add, [sums], [row])));
        let tiled = tiled(&average, x.len());
        let squares = sums(channels, x, |sums, row, _| {
            map(AddSquare, [sums], [row, &tiled[..row.len()]]);
        });
        Statistics { variance: mean(squares), mean: average }
    }

    /// Writes the normalised batch to `y`.
    pub fn forward(
        &self,
        x: &[f32],
        statistics: &Statistics,
        y: &mut [f32],
        kept: &mut Normalized,
    ) {
        let Statistics { mean, variance } = statistics;
        kept.inverse = variance.iter().map(|v| 1.0 / (v + self.epsilon).sqrt()).collect();
        let [mean, inverse, scale, shift] =
            [mean, &kept.inverse[..], self.scale, self.shift].map(|values| tiled(values, x.len()));
        let values = kept.values.room(x.len());
        let long = mean.len();
        let rows = values.chunks_mut(long).zip(y.chunks_mut(long)).zip(x.chunks(long));
        for ((value, y), x) in rows {
            let n = x.len();
            map(Standardize, [&mut *value], [x, &mean[..n], &inverse[..n]]);
            map(Affine, [y], [value, &scale[..n], &shift[..n]]);
        }
    }

    /// Adds to the gradients of scale and shift. Writes the gradient of the input, if `kept` is of a
    /// forward pass with the statistics of its own batch.
    pub fn backward(
        &self,
        kept: &Normalized,
        dy: &[f32],
        dscale: &mut [f32],
        dshift: &mut [f32],
        dx: &mut [f32],
    ) {
        let channels = self.scale.len();
        let n = (dy.len() / channels) as f64;
        let values = &kept.values[..dy.len()];
        let products = sums(channels, dy, |sums, row, at| {
            map(AddProduct, [sums], [row, &values[at..at + row.len()]]);
        });
        let sums = sums(channels, dy, |sums, row, _| map(Add, [sums], [row]));
        let mut mean = vec![0.0; channels];
        let mut factor = vec![0.0; channels];
        let mut slope = vec![0.0; channels];
        for channel in 0..channels {
            dscale[channel] += products[channel] as f32;
            dshift[channel] += sums[channel] as f32;
            mean[channel] = (sums[channel] / n) as f32;
            factor[channel] = self.scale[channel] * kept.inverse[channel];
            slope[channel] = -((products[channel] / n) as f32) * factor[channel];
        }
        let [mean, factor, slope] = [mean, factor, slope].map(|of| tiled(&of, dy.len()));
        let long = mean.len();
        let rows = dx.chunks_mut(long).zip(dy.chunks(long)).zip(values.chunks(long));
        for ((dx, dy), value) in rows {
            let n = dy.len();
            map(Standardize, [&mut *dx], [dy, &mean[..n], &factor[..n]]);
            map(AddProduct, [dx], [value, &slope[..n]]);
        }
    }
}

/// A value for each channel, repeated to the length of a long row of a batch of `len` values.
fn tiled(channels: &[f32], len: usize) -> Vec<f32> {
    let rows = (LONG / channels.len()).clamp(1, len / channels.len());
    channels.repeat(rows)
}

/// For each channel, the sum over a batch. `add(sums, row, at)` adds a long row, which begins at
/// `at`, to the sums of its values.
fn sums(channels: usize, batch: &[f32], add: impl Fn(&mut [f32], &[f32], usize)) -> Vec<f64> {
    let long = tiled(&vec![0.0; channels], batch.len()).len();
    let mut totals = vec![0.0; channels];
    let mut sums = vec![0.0; long];
    for (block, values) in batch.chunks(BLOCK * long).enumerate() {
        sums.fill(0.0);
        for (row, values) in values.chunks(long).enumerate() {
            add(&mut sums[..values.len()], values, (block * BLOCK + row) * long);
        }
        for sums in sums.chunks_exact(channels) {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += f64::from(*sum);
            }
        }
    }
    totals
}

/// Adds (x − mean)².
#[derive(Clone, Copy)]
struct AddSquare;

impl Lanewise<1, 2> for AddSquare {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], [x, mean]: [S::f32s; 2]) -> [S::f32s; 1] {
        let difference = simd.sub_f32s(x, mean);
        [simd.mul_add_f32s(difference, difference, sum)]
    }
}

/// Adds a product.
#[derive(Clone, Copy)]
pub(super) struct AddProduct;

impl Lanewise<1, 2> for AddProduct {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], [a, b]: [S::f32s; 2]) -> [S::f32s; 1] {
        [simd.mul_add_f32s(a, b, sum)]
    }
}

/// (x − mean) · factor
#[derive(Clone, Copy)]
struct Standardize;

impl Lanewise<1, 3> for Standardize {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        _: [S::f32s; 1],
        [x, mean, factor]: [S::f32s; 3],
    ) -> [S::f32s; 1] {
        [simd.mul_f32s(simd.sub_f32s(x, mean), factor)]
    }
}

/// x · scale + shift
#[derive(Clone, Copy)]
struct Affine;

impl Lanewise<1, 3> for Affine {
    #[inline(always)]
    fn apply<S: Simd>(
        self,
        simd: S,
        _: [S::f32s; 1],
        [x, scale, shift]: [S::f32s; 3],
    ) -> [S::f32s; 1] {
        [simd.mul_add_f32s(x, scale, shift)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;
    use crate::kernel::tests::{assert_all_equal, bits, uniform};
    use crate::random::Stream;

    #[test]
    fn normalisation_gives_the_same_bits_on_every_instruction_set() {
        let mut stream = Stream::new(6, "normalisation");
        // More rows than are summed in `f32`, and channels that do not fill a vector.
        for (channels, rows) in [(1, 97), (10, 100), (35, 4000)] {
            let [x, dy] = [(); 2].map(|()| uniform(rows * channels, &mut stream));
            let [scale, shift] = [(); 2].map(|()| uniform(channels, &mut stream));
            let layer = Normalization { scale: &scale, shift: &shift, epsilon: 1e-5 };
            let found = on_each_instruction_set(|| {
                let statistics = layer.observe(&x);
                let (mut y, mut dx, mut kept) = (x.clone(), x.clone(), Normalized::default());
                layer.forward(&x, &statistics, &mut y, &mut kept);
                let (mut dscale, mut dshift) = (vec![0.0; channels], vec![0.0; channels]);
                layer.backward(&kept, &dy, &mut dscale, &mut dshift, &mut dx);
                let Statistics { mean, variance } = statistics;
                bits(&[mean, variance, y, dscale, dshift, dx].concat())
            });
            assert_all_equal(&found);
        }
    }
}
