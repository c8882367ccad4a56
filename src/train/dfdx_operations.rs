//! The operations on any dfdx device, composed of dfdx's operations. CUDA uses them.
//!
//! A batch of images is a matrix with one row for each pixel. So windows are gathered as rows: for
//! a convolution, the rows that its kernel reads; for a max-pooling, the rows at each position of a
//! window.
//!
//! Each of dfdx's operations launches a kernel and copies sizes to the device. So there are as few as
//! possible: parameters are one tensor for each weight and bias, and the indices of a gather are
//! copied once in a run.

use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::operations::Operations;
use super::parameter::Parameter;
use super::rows::{RowReader, Rows};
#[cfg(test)]
use super::tensor::values;
use super::tensor::{Matrix, SetGradient, Vector};
use crate::kernel::activation::Activation;
use crate::kernel::chain::{Chain, ChainLayer, Placed};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::normalization::Statistics;
use crate::kernel::shape::{Convolution, Image, MaxPool};
use crate::run::Optimizer;

/// The operations of one run on one device.
#[derive(Clone, Debug)]
pub(super) struct DfdxOperations<D: Device<f32>> {
    device: D,
    rows: RowReader<D>,
}

/// Images of one or two digits.
pub(super) struct DfdxImages<D: Device<f32>> {
    values: Matrix<D>,
    digits: usize,
}

/// Parameters, with one tensor for each weight and each bias.
pub(super) struct DfdxParameters<D: Device<f32>>(Vec<(Range<usize>, Parameter<D>)>);

/// Mean and variance of each channel.
#[derive(Clone, Debug)]
pub(super) struct DfdxStatistics<D: Device<f32>> {
    mean: Vector<D>,
    variance: Vector<D>,
}

impl<D: Device<f32>> DfdxParameters<D> {
    /// The parameters at this place.
    fn at(&self, place: &Range<usize>) -> Vector<D> {
        let parameter = self.0.iter().find(|(own, _)| own == place);
        parameter.expect("a layer was placed with its parameters").1.value.clone()
    }
}

impl<D: Device<f32>> DfdxOperations<D> {
    pub(super) fn new(device: D) -> Self {
        Self { rows: RowReader::new(device.clone()), device }
    }

    fn layer<T: Tape<f32, D>>(
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
            ChainLayer::Flatten(image) => flatten(*image, x),
            ChainLayer::Linear(_, activation) => {
                self.activate_if_any(*activation, product(placed, parameters, x))
            }
            ChainLayer::Activation(activation) => self.activate(*activation, x),
        }
    }

    /// The inputs of each output of a convolution. There is one row for each output pixel and image,
    /// with one column for each position of the kernel and input channel.
    fn windows<T: Tape<f32, D>>(&self, convolution: &Convolution, x: Matrix<D, T>) -> Matrix<D, T> {
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

    fn convolve_pool<T: Tape<f32, D>>(
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

    fn max_pool<T: Tape<f32, D>>(&self, pool: MaxPool, x: Matrix<D, T>) -> Matrix<D, T> {
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
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
        }
    }
}

impl<D: SetGradient> Operations for DfdxOperations<D> {
    /// Few launches, and at most about 200 MB for the windows of a convolution of the paper.
    const TEST_BATCH: usize = 250;

    type Device = D;
    type Images = DfdxImages<D>;
    type Parameters = DfdxParameters<D>;
    type Statistics = DfdxStatistics<D>;

    fn device(&self) -> &D {
        &self.device
    }

    fn images(&self, chain: &Chain, values: Vec<f32>, digits: usize) -> DfdxImages<D> {
        let shape = chain.input().batch(values.len() / chain.input().len());
        DfdxImages { values: self.device.tensor_from_vec(values, shape), digits }
    }

    fn upload(&self, values: &[f32], shape: (usize, usize)) -> Matrix<D> {
        self.device.tensor_from_vec(values.to_vec(), shape)
    }

    fn concatenate(&self, parts: Vec<Matrix<D>>, are_images: bool) -> Matrix<D> {
        let join = |all: Matrix<D>, part: Matrix<D>| match are_images {
            true => (all, part).concat_along(Axis::<1>),
            false => (all, part).concat_along(Axis::<0>),
        };
        parts.into_iter().reduce(join).expect("there is a batch")
    }

    fn parameters(&self, values: Vec<f32>, places: Vec<Range<usize>>) -> DfdxParameters<D> {
        let part = |place: Range<usize>| {
            let parameter = Parameter::new(&self.device, values[place.clone()].to_vec());
            (place, parameter)
        };
        DfdxParameters(places.into_iter().map(part).collect())
    }

    fn first<T: Tape<f32, D>>(
        &self,
        chain: &Rc<Chain>,
        parameters: &DfdxParameters<D>,
        images: &DfdxImages<D>,
    ) -> Vec<Matrix<D, T>> {
        let DfdxImages { values, digits } = images;
        let n = values.shape().num_elements() / chain.input().len();
        let mut layers = chain.layers().iter();
        let y = match layers.next() {
            // Images need no gradient, so the tape begins after the gather.
            Some(
                placed @ Placed { layer: ChainLayer::ConvolvePool(operation, activation), .. },
            ) => {
                let windows = self.windows(&operation.convolution(), values.clone());
                let windows = windows.retaped::<T>();
                self.convolve_pool(operation, *activation, placed, parameters, windows)
            }
            Some(placed) => self.layer(placed, parameters, values.retaped::<T>()),
            None => values.retaped::<T>(),
        };
        let y = layers.fold(y, |y, placed| self.layer(placed, parameters, y));
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
        parameters: &DfdxParameters<D>,
        x: Matrix<D, T>,
    ) -> Matrix<D, T> {
        chain.layers().iter().fold(x, |x, placed| self.layer(placed, parameters, x))
    }

    fn normalize<T: Tape<f32, D>>(
        &self,
        parameters: &DfdxParameters<D>,
        epsilon: f32,
        statistics: Option<&DfdxStatistics<D>>,
        x: Matrix<D, T>,
    ) -> (Matrix<D, T>, DfdxStatistics<D>) {
        let [(_, scale), (_, shift)] = &parameters.0[..] else {
            unreachable!("a batch-norm layer has a scale and a shift")
        };
        let channels = scale.value.shape().0;
        // Rows and columns with one column for each channel. Each pixel of an image is a row.
        let (original, rows) = (*x.shape(), (x.shape().num_elements() / channels, channels));
        let x = x.reshape_like(&rows);
        let broadcast = |vector: &Vector<D>| vector.clone().broadcast_like::<_, Axis<0>>(&rows);
        let (normalized, statistics) = match statistics {
            Some(statistics) => {
                let spread = (statistics.variance.clone() + epsilon).sqrt();
                let normalized = (x - broadcast(&statistics.mean)) / broadcast(&spread);
                (normalized, statistics.clone())
            }
            None => {
                let mean = x.retaped::<T>().mean::<_, Axis<0>>();
                let mean_values = mean.retaped::<NoneTape>();
                let centered = x - mean.broadcast_like::<_, Axis<0>>(&rows);
                let variance = centered.retaped::<T>().square().mean::<_, Axis<0>>();
                let variance_values = variance.retaped::<NoneTape>();
                let spread = (variance + epsilon).sqrt().broadcast_like::<_, Axis<0>>(&rows);
                let statistics = DfdxStatistics { mean: mean_values, variance: variance_values };
                (centered / spread, statistics)
            }
        };
        let y = normalized * broadcast(&scale.value) + broadcast(&shift.value);
        (y.reshape_like(&original), statistics)
    }

    fn statistics(&self, Statistics { mean, variance }: Statistics) -> DfdxStatistics<D> {
        let channels = (mean.len(),);
        DfdxStatistics {
            mean: self.device.tensor_from_vec(mean, channels),
            variance: self.device.tensor_from_vec(variance, channels),
        }
    }

    fn observe(
        &self,
        running: &mut DfdxStatistics<D>,
        observed: &DfdxStatistics<D>,
        n: usize,
        momentum: f32,
    ) {
        let n = n as f32;
        let follow = |running: &mut Vector<D>, observed: &Vector<D>, factor: f32| {
            *running = running.clone() * (1.0 - momentum) + observed.clone() * (momentum * factor);
        };
        follow(&mut running.mean, &observed.mean, 1.0);
        follow(&mut running.variance, &observed.variance, n / (n - 1.0));
    }

    fn update(
        &self,
        parameters: &mut DfdxParameters<D>,
        optimizer: &Optimizer,
        step: usize,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        let mut parts = parameters.0.iter_mut();
        parts.try_for_each(|(_, parameter)| parameter.update(optimizer, step, gradients))
    }

    #[cfg(test)]
    fn statistics_values(&self, statistics: &DfdxStatistics<D>) -> Statistics {
        Statistics { mean: values(&statistics.mean), variance: values(&statistics.variance) }
    }

    #[cfg(test)]
    fn values(&self, parameters: &DfdxParameters<D>) -> Vec<f32> {
        flat(parameters.0.iter().map(|(place, part)| (place, values(&part.value))))
    }

    #[cfg(test)]
    fn set(&self, parameters: &mut DfdxParameters<D>, values: &[f32]) {
        for (place, part) in &mut parameters.0 {
            part.value.copy_from(&values[place.clone()]);
        }
    }

    #[cfg(test)]
    fn gradient(
        &self,
        parameters: &DfdxParameters<D>,
        gradients: &mut Gradients<f32, D>,
    ) -> Vec<f32> {
        flat(parameters.0.iter().map(|(place, part)| {
            let allocated = gradients.get_or_alloc_mut(&part.value);
            assert!(allocated.is_ok());
            (place, values(&gradients.get(&part.value)))
        }))
    }
}

/// One array with values at these places.
#[cfg(test)]
fn flat<'p>(parts: impl Iterator<Item = (&'p Range<usize>, Vec<f32>)>) -> Vec<f32> {
    let mut all = Vec::new();
    for (place, values) in parts {
        all.resize(all.len().max(place.end), 0.0);
        all[place.clone()].copy_from_slice(&values);
    }
    all
}

fn flatten<D: Device<f32>, T: Tape<f32, D>>(image: Image, x: Matrix<D, T>) -> Matrix<D, T> {
    let n = x.shape().1 / image.channels;
    x.reshape_like(&(image.area(), n, image.channels))
        .permute::<(usize, usize, usize), Axes3<1, 0, 2>>()
        .reshape_like(&(n, image.len()))
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
