//! The layers of a chain on any dfdx device, composed of dfdx's operations.
//!
//! A batch of images is a matrix with one row for each pixel. So windows are gathered as rows: for
//! a convolution, the rows that its kernel reads; for a pooling, the rows at each position of a
//! window.

use dfdx::prelude::*;

use super::parameter::DfdxParameters;
use super::rows::{RowReader, Rows};
use super::tensor::Matrix;
use crate::kernel::activation::Activation;
use crate::kernel::chain::{ChainLayer, Placed};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::layer_norm::LayerNorm;
use crate::kernel::self_gated::SelfGated;
use crate::kernel::shape::{Convolution, Example, Image, Pool};

/// The layers of one run on one device.
#[derive(Clone, Debug)]
pub(super) struct DfdxLayers<D: Device<f32>> {
    device: D,
    rows: RowReader<D>,
}

impl<D: Device<f32>> DfdxLayers<D> {
    pub(super) fn new(device: D) -> Self {
        Self { rows: RowReader::new(device.clone()), device }
    }

    /// Passes a batch through one layer.
    pub(super) fn layer<T: Tape<f32, D>>(
        &self,
        placed: &Placed,
        parameters: &DfdxParameters<D>,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        match &placed.layer {
            ChainLayer::ConvolvePool(operation, activation) => {
                let windows = self.windows(&operation.convolution(), x);
                self.convolve_pool(operation, *activation, placed, parameters, windows)
            }
            ChainLayer::MaxPool(pool) => self.max_pool(*pool, x),
            ChainLayer::AvgPool(pool) => self.avg_pool(*pool, x),
            ChainLayer::GlobalAvgPool(image) => {
                let n = x.shape().1 / image.channels;
                x.mean::<_, Axis<0>>().reshape_like(&(n, image.channels))
            }
            ChainLayer::Flatten(image) => flatten(*image, x),
            ChainLayer::Linear(_, activation) => {
                self.activate_if_any(*activation, product(placed, parameters, x))
            }
            ChainLayer::LayerNorm(norm) => layer_norm(*norm, placed, parameters, x),
            ChainLayer::Activation(activation) => self.activate(*activation, x),
            ChainLayer::SelfGated(SelfGated::Gelu) => gelu(x),
            ChainLayer::SelfGated(SelfGated::Silu) => x.retaped::<T>().sigmoid() * x,
        }
    }

    /// The inputs of each output of a convolution. There is one row for each output pixel and image,
    /// with one column for each position of the kernel and input channel.
    pub(super) fn windows<T: Tape<f32, D>>(
        &self,
        convolution: &Convolution,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        let Convolution { input, output, kernel, padding, .. } = *convolution;
        let n = x.shape().1 / input.channels;
        let mut pixels: Matrix<D, T> = x.reshape_like(&(input.area() * n, input.channels));
        if padding > 0 {
            // A last row of zeros stands for the padding.
            let zeros: Matrix<D> = self.device.zeros_like(&(1, input.channels));
            pixels = (pixels, zeros).concat_along(Axis::<0>);
        }
        let columns = kernel * kernel * input.channels;
        self.rows
            .read(pixels, Rows::Windows(*convolution, n))
            .reshape_like(&(output.area() * n, columns))
    }

    /// The rest of a convolution: its product with the windows, the pooling and the activation.
    pub(super) fn convolve_pool<T: Tape<f32, D>>(
        &self,
        operation: &ConvolvePool,
        activation: Option<Activation>,
        placed: &Placed,
        parameters: &DfdxParameters<D>,
        windows: Matrix<D, T>,
    ) -> Matrix<D, T> {
        let output = operation.convolution().output;
        let n = windows.shape().0 / output.area();
        let y = product(placed, parameters, windows)
            .reshape_like(&(output.area(), n * output.channels));
        let y = match operation.pool() {
            Some(pool) => self.max_pool(pool, y),
            None => y,
        };
        self.activate_if_any(activation, y)
    }

    fn max_pool<T: Tape<f32, D>>(&self, pool: Pool, x: Matrix<D, T>) -> Matrix<D, T> {
        let at = |position| self.rows.read(x.retaped::<T>(), Rows::Position(pool, position));
        let mut largest = at(0);
        for position in 1..pool.size * pool.size {
            let values = at(position);
            // Of equal values the first stays. A NaN counts as larger than any number.
            let (plain, so_far) = (values.retaped::<NoneTape>(), largest.retaped::<NoneTape>());
            let wins = plain.gt(&so_far) | plain.ne(&plain);
            largest = wins.choose(values, largest);
        }
        let (largest, tape) = largest.split_tape();
        largest.put_tape(x.split_tape().1.merge(tape))
    }

    fn avg_pool<T: Tape<f32, D>>(&self, pool: Pool, x: Matrix<D, T>) -> Matrix<D, T> {
        let n = pool.size * pool.size;
        let at = |position| self.rows.read(x.retaped::<T>(), Rows::Position(pool, position));
        let sum = (1..n).fold(at(0), |sum, position| sum + at(position));
        let (mean, tape) = (sum / n as f32).split_tape();
        mean.put_tape(x.split_tape().1.merge(tape))
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
                let zeros: Matrix<D> = self.device.zeros_like(x.shape());
                passes.choose(x, zeros)
            }
            Activation::LeakyRelu(slope) => {
                let passes = x.retaped::<NoneTape>().gt(0.0);
                let low = x.retaped::<T>() * slope;
                passes.choose(x, low)
            }
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
        }
    }
}

/// x · Φ(x). dfdx 0.13 gives the value, but its gradient has x · e^(−x²/2) / √π in place of
/// x · e^(−x²/2) / √(2π). What is too much is taken off by a term that has the value 0.
fn gelu<D: Device<f32>, T: Tape<f32, D>>(x: Matrix<D, T>) -> Matrix<D, T> {
    const EXCESS: f32 = 0.564_189_6 - 0.398_942_3;
    let y = x.retaped::<T>().accurate_gelu();
    if !T::OWNS_TAPE {
        return y;
    }
    let plain = x.retaped::<NoneTape>();
    let slope = (plain.clone().square() * -0.5).exp() * plain.clone() * EXCESS;
    // The difference x − x would be of one tensor to dfdx, which refuses it.
    y - (x + plain.negate()) * slope
}

fn layer_norm<D: Device<f32>, T: Tape<f32, D>>(
    LayerNorm { example, epsilon }: LayerNorm,
    placed: &Placed,
    parameters: &DfdxParameters<D>,
    x: Matrix<D, T>,
) -> Matrix<D, T> {
    let x = match example {
        Example::Image(image) => flatten(image, x),
        Example::Vector(_) => x,
    };
    let shape = *x.shape();
    let mean = x.retaped::<T>().mean::<_, Axis<1>>();
    let centered = x - mean.broadcast_like::<_, Axis<1>>(&shape);
    let variance = centered.retaped::<T>().square().mean::<_, Axis<1>>();
    let spread = (variance + epsilon).sqrt().broadcast_like::<_, Axis<1>>(&shape);
    let [scale, shift] = [&placed.weight, &placed.bias]
        .map(|place| parameters.at(place).broadcast_like::<_, Axis<0>>(&shape));
    let y = centered / spread * scale + shift;
    match example {
        Example::Image(image) => unflatten(image, y),
        Example::Vector(_) => y,
    }
}

fn flatten<D: Device<f32>, T: Tape<f32, D>>(image: Image, x: Matrix<D, T>) -> Matrix<D, T> {
    let n = x.shape().1 / image.channels;
    x.reshape_like(&(image.area(), n, image.channels))
        .permute::<(usize, usize, usize), Axes3<1, 0, 2>>()
        .reshape_like(&(n, image.len()))
}

/// Takes back [`flatten`].
fn unflatten<D: Device<f32>, T: Tape<f32, D>>(image: Image, x: Matrix<D, T>) -> Matrix<D, T> {
    let n = x.shape().0;
    x.reshape_like(&(n, image.area(), image.channels))
        .permute::<(usize, usize, usize), Axes3<1, 0, 2>>()
        .reshape_like(&(image.area(), n * image.channels))
}

/// x · weight + bias
fn product<D: Device<f32>, T: Tape<f32, D>>(
    placed: &Placed,
    parameters: &DfdxParameters<D>,
    x: Matrix<D, T>,
) -> Matrix<D, T> {
    let Placed { weight, bias, .. } = placed;
    let columns = bias.len();
    let weight = parameters.at(weight).reshape_like(&(weight.len() / columns, columns));
    let y = x.matmul(weight);
    let shape = *y.shape();
    y + parameters.at(bias).broadcast_like::<_, Axis<0>>(&shape)
}
