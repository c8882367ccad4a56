//! The operations on any dfdx device, composed of dfdx's operations. CUDA uses them.
//!
//! A batch of images is a matrix with one row for each pixel. So windows are gathered as rows: for
//! a convolution, the rows that its kernel reads; for a max-pooling, the rows at each position of a
//! window.

use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::operations::Operations;
use super::tensor::Matrix;
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::shape::{Convolution, Image, MaxPool};

/// The operations on one device.
#[derive(Clone, Debug)]
pub(super) struct DfdxOperations<D>(pub(super) D);

impl<D: Device<f32>> DfdxOperations<D> {
    /// The rows of `x` with these indices.
    fn gather<T: Tape<f32, D>>(&self, x: Matrix<D, T>, rows: Vec<usize>) -> Matrix<D, T> {
        let n = rows.len();
        let rows: Tensor<(usize,), usize, D> = self.0.tensor_from_vec(rows, (n,));
        x.gather(rows)
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
}

impl<D: Device<f32>> Operations for DfdxOperations<D> {
    type Device = D;

    fn device(&self) -> &D {
        &self.0
    }

    fn convolve_pool<T: Tape<f32, D>>(
        &self,
        operation: &Rc<ConvolvePool>,
        affine: &Affine<D>,
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
        let y = product(affine, windows).reshape_like(&(output.area(), n * output.channels));
        let y = match operation.pool() {
            Some(pool) => self.max_pool(pool, y),
            None => y,
        };
        self.activate_if_any(affine.activation, y)
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

    fn flatten<T: Tape<f32, D>>(
        &self,
        image: Image,
        _is_first: bool,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        let n = x.shape().1 / image.channels;
        x.reshape_like(&(image.area(), n, image.channels))
            .permute::<(usize, usize, usize), Axes3<1, 0, 2>>()
            .reshape_like(&(n, image.len()))
    }

    fn linear<T: Tape<f32, D>>(&self, affine: &Affine<D>, x: Matrix<D, T>) -> Matrix<D, T> {
        self.activate_if_any(affine.activation, product(affine, x))
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

/// x · weight + bias
fn product<D: Device<f32>, T: Tape<f32, D>>(affine: &Affine<D>, x: Matrix<D, T>) -> Matrix<D, T> {
    let y = x.matmul(affine.weight.value.clone());
    let shape = *y.shape();
    y + affine.bias.value.retaped::<T>().broadcast_like::<_, Axis<0>>(&shape)
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
