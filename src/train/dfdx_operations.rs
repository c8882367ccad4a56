//! The operations on any dfdx device, composed of dfdx's operations. CUDA uses them.
//!
//! A batch of images is a matrix with one row for each pixel. So windows are gathered as rows: for
//! a convolution, the rows that its kernel reads; for a max-pooling, the rows at each position of a
//! window.

use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::operations::Operations;
use super::parameter::Parameter;
use super::tensor::{Matrix, SetGradient, Vector, upload, values};
use crate::kernel::activation::Activation;
use crate::kernel::chain::{Chain, ChainLayer, Placed};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::normalization::Statistics;
use crate::kernel::shape::{Convolution, Image, MaxPool};
use crate::run::Optimizer;

/// The operations on one device.
#[derive(Clone, Debug)]
pub(super) struct DfdxOperations<D>(pub(super) D);

/// Images of one or two digits.
pub(super) struct DfdxImages<D: Device<f32>> {
    values: Matrix<D>,
    digits: usize,
}

impl<D: Device<f32>> DfdxOperations<D> {
    /// The rows of `x` with these indices.
    fn gather<T: Tape<f32, D>>(&self, x: Matrix<D, T>, rows: Vec<usize>) -> Matrix<D, T> {
        let n = rows.len();
        let rows: Tensor<(usize,), usize, D> = self.0.tensor_from_vec(rows, (n,));
        x.gather(rows)
    }

    fn layer<T: Tape<f32, D>>(
        &self,
        placed: &Placed,
        parameters: &Vector<D>,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        match &placed.layer {
            ChainLayer::ConvolvePool(operation, activation) => {
                let y = self.convolve_pool(operation, placed, parameters, x);
                self.activate_if_any(*activation, y)
            }
            ChainLayer::MaxPool(pool) => self.max_pool(*pool, x),
            ChainLayer::Flatten(image) => flatten(*image, x),
            ChainLayer::Linear(_, activation) => {
                self.activate_if_any(*activation, product(placed, parameters, x))
            }
            ChainLayer::Activation(activation) => self.activate(*activation, x),
        }
    }

    fn convolve_pool<T: Tape<f32, D>>(
        &self,
        operation: &ConvolvePool,
        placed: &Placed,
        parameters: &Vector<D>,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        let Convolution { input, output, kernel, .. } = operation.convolution();
        let n = x.shape().1 / input.channels;
        // A last row of zeros stands for the padding.
        let zeros: Matrix<D> = self.0.zeros_like(&(1, x.shape().1));
        let padded: Matrix<D, T> = (x, zeros).concat_along(Axis::<0>);
        let taps = kernel * kernel;
        // (output pixel, tap) by (image, channel) → (output pixel, image) by (tap, channel).
        let windows = self
            .gather(padded, read_by_taps(&operation.convolution()))
            .reshape_like(&(output.area(), taps, n, input.channels))
            .permute::<(usize, usize, usize, usize), Axes4<0, 2, 1, 3>>()
            .reshape_like(&(output.area() * n, taps * input.channels));
        let y = product(placed, parameters, windows);
        let y = y.reshape_like(&(output.area(), n * output.channels));
        match operation.pool() {
            Some(pool) => self.max_pool(pool, y),
            None => y,
        }
    }

    fn max_pool<T: Tape<f32, D>>(&self, pool: MaxPool, x: Matrix<D, T>) -> Matrix<D, T> {
        let at = |position: usize| {
            let pixel = |window: usize| {
                let (y, x) = (window / pool.output.width, window % pool.output.width);
                let (dy, dx) = (position / pool.size, position % pool.size);
                (y * pool.stride + dy) * pool.input.width + x * pool.stride + dx
            };
            (0..pool.output.area()).map(pixel).collect::<Vec<_>>()
        };
        let mut largest = self.gather(x.retaped::<T>(), at(0));
        for position in 1..pool.size * pool.size {
            let values = self.gather(x.retaped::<T>(), at(position));
            // Of equal values the first stays. A NaN counts as larger than any number.
            let (plain, so_far) = (values.retaped::<NoneTape>(), largest.retaped::<NoneTape>());
            let wins = plain.gt(&so_far) | plain.ne(&plain);
            largest = wins.choose(values, largest);
        }
        let (largest, tape) = largest.split_tape();
        largest.put_tape(x.split_tape().1.merge(tape))
    }

    fn activate_if_any<T: Tape<f32, D>>(
        &self,
        activation: Option<Activation>,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        match activation {
            Some(activation) => self.activate(activation, x),
            None => x,
        }
    }

    fn activate<T: Tape<f32, D>>(&self, activation: Activation, x: Matrix<D, T>) -> Matrix<D, T> {
        match activation {
            // The ReLU of dfdx turns NaN into 0, which would hide that a run has diverged.
            Activation::Relu => {
                let plain = x.retaped::<NoneTape>();
                let passes = !plain.le(0.0);
                let zeros: Matrix<D> = self.0.zeros_like(x.shape());
                passes.choose(x, zeros)
            }
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
        }
    }
}

impl<D: SetGradient> Operations for DfdxOperations<D> {
    type Device = D;
    type Images = DfdxImages<D>;
    type Parameters = Parameter<D>;

    fn device(&self) -> &D {
        &self.0
    }

    fn images(&self, chain: &Chain, values: Vec<f32>, digits: usize) -> DfdxImages<D> {
        let shape = chain.input().batch(values.len() / chain.input().len());
        DfdxImages { values: self.0.tensor_from_vec(values, shape), digits }
    }

    fn parameters(&self, values: Vec<f32>) -> Parameter<D> {
        Parameter::new(&self.0, values)
    }

    fn first<T: Tape<f32, D>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &Parameter<D>,
        images: &DfdxImages<D>,
    ) -> Vec<Matrix<D, T>> {
        let DfdxImages { values, digits } = images;
        let n = values.shape().num_elements() / chain.input().len();
        let y = self.chain(chain, parameters, values.retaped::<T>());
        if *digits == 1 {
            return vec![y];
        }
        let (all, part) = (chain.output().batch(n), chain.output().batch(n / digits));
        // The tape of `y` goes with the first digit. The tapes meet again.
        let (y, tape) = y.split_tape();
        let tapes = std::iter::once(tape).chain(std::iter::repeat_with(T::default));
        let of_digit = |(digit, tape): (usize, T)| {
            let place = |all: usize, part: usize| match part == all {
                true => 0..all,
                false => digit * part..(digit + 1) * part,
            };
            y.clone().put_tape(tape).slice((place(all.0, part.0), place(all.1, part.1)))
        };
        (0..*digits).zip(tapes).map(of_digit).collect()
    }

    fn chain<T: Tape<f32, D>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &Parameter<D>,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        let (parameters, x) = once(parameters, x);
        chain.layers().iter().fold(x, |x, placed| self.layer(placed, &parameters, x))
    }

    fn normalize<T: Tape<f32, D>>(
        &self,
        parameters: &Parameter<D>,
        epsilon: f32,
        statistics: Option<&Statistics>,
        x: Matrix<D, T>,
    ) -> (Matrix<D, T>, Statistics) {
        let (parameters, x) = once(parameters, x);
        let channels = parameters.shape().0 / 2;
        // Rows and columns with one column for each channel. Each pixel of an image is a row.
        let (original, rows) = (*x.shape(), (x.shape().num_elements() / channels, channels));
        let x = x.reshape_like(&rows);
        let broadcast = |vector: Vector<D>| vector.broadcast_like::<_, Axis<0>>(&rows);
        let (normalized, statistics) = match statistics {
            Some(Statistics { mean, variance }) => {
                let vector = |values: &[f32]| upload(&self.0, values, (values.len(),));
                let spread = (vector(variance) + epsilon).sqrt();
                let normalized = (x - broadcast(vector(mean))) / broadcast(spread);
                (normalized, Statistics { mean: mean.clone(), variance: variance.clone() })
            }
            None => {
                let mean = x.retaped::<T>().mean::<_, Axis<0>>();
                let mean_values = values(&mean);
                let centered = x - mean.broadcast_like::<_, Axis<0>>(&rows);
                let variance = centered.retaped::<T>().square().mean::<_, Axis<0>>();
                let variance_values = values(&variance);
                let spread = (variance + epsilon).sqrt().broadcast_like::<_, Axis<0>>(&rows);
                let statistics = Statistics { mean: mean_values, variance: variance_values };
                (centered / spread, statistics)
            }
        };
        let part = |range: Range<usize>| {
            let vector = parameters.retaped::<T>().slice((range,));
            vector.broadcast_like::<_, Axis<0>>(&rows)
        };
        let y = normalized * part(0..channels) + part(channels..2 * channels);
        (y.reshape_like(&original), statistics)
    }

    fn update(
        &self,
        parameters: &mut Parameter<D>,
        optimizer: &Optimizer,
        step: usize,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        parameters.update(optimizer, step, gradients)
    }

    #[cfg(test)]
    fn values(&self, parameters: &Parameter<D>) -> Vec<f32> {
        values(&parameters.value)
    }

    #[cfg(test)]
    fn set(&self, parameters: &mut Parameter<D>, values: &[f32]) {
        parameters.value.copy_from(values);
    }

    #[cfg(test)]
    fn gradient(&self, parameters: &Parameter<D>, gradients: &mut Gradients<f32, D>) -> Vec<f32> {
        let allocated = gradients.get_or_alloc_mut(&parameters.value);
        assert!(allocated.is_ok());
        values(&gradients.get(&parameters.value))
    }
}

fn flatten<D: Device<f32>, T: Tape<f32, D>>(image: Image, x: Matrix<D, T>) -> Matrix<D, T> {
    let n = x.shape().1 / image.channels;
    x.reshape_like(&(image.area(), n, image.channels))
        .permute::<(usize, usize, usize), Axes3<1, 0, 2>>()
        .reshape_like(&(n, image.len()))
}

/// A copy of the parameters for one pass. On the CPU, the gradient of a slice overwrites that of an
/// earlier slice of the same tensor, where it should be added to it. So no two passes slice the same
/// tensor, and no two slices of one pass overlap.
fn once<D: Device<f32>, T: Tape<f32, D>>(
    parameters: &Parameter<D>,
    x: Matrix<D, T>,
) -> (Vector<D>, Matrix<D, T>) {
    let (copy, copied) = (parameters.value.retaped::<T>() + 0.0).split_tape();
    let (x, tape) = x.split_tape();
    (copy, x.put_tape(tape.merge(copied)))
}

/// x · weight + bias
fn product<D: Device<f32>, T: Tape<f32, D>>(
    placed: &Placed,
    parameters: &Vector<D>,
    x: Matrix<D, T>,
) -> Matrix<D, T> {
    let Placed { weight, bias, .. } = placed;
    let part = |range: &Range<usize>| parameters.retaped::<T>().slice((range.clone(),));
    let columns = bias.len();
    let y = x.matmul(part(weight).reshape_like(&(weight.len() / columns, columns)));
    let shape = *y.shape();
    y + part(bias).broadcast_like::<_, Axis<0>>(&shape)
}

/// The row of the input that each output reads at each position of the kernel. The row after the
/// last stands for the padding.
fn read_by_taps(convolution: &Convolution) -> Vec<usize> {
    let Convolution { input, output, kernel, stride, padding } = *convolution;
    let mut rows = Vec::with_capacity(output.area() * kernel * kernel);
    for pixel in 0..output.area() {
        let (oy, ox) = (pixel / output.width, pixel % output.width);
        for tap in 0..kernel * kernel {
            let inside = |o: usize, k: usize, length: usize| {
                (o * stride + k).checked_sub(padding).filter(|at| *at < length)
            };
            let y = inside(oy, tap / kernel, input.height);
            let x = inside(ox, tap % kernel, input.width);
            rows.push(y.zip(x).map_or(input.area(), |(y, x)| y * input.width + x));
        }
    }
    rows
}
