//! The operations on any dfdx device, composed of dfdx's operations. CUDA uses them.
//!
//! Each of dfdx's operations launches a kernel and copies sizes to the device. So there are as few as
//! possible: parameters are one tensor for each weight and bias, and the indices of a gather are
//! copied once in a run.

use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::dfdx_layers::DfdxLayers;
use super::operations::Operations;
use super::parameter::{DfdxParameters, Parameter};
use super::tensor::{Matrix, SetGradient, Vector, values};
use crate::kernel::chain::{Chain, ChainLayer, Placed};
use crate::kernel::clip;
use crate::kernel::normalization::Statistics;
use crate::run::Optimizer;

/// The operations of one run on one device.
#[derive(Clone, Debug)]
pub(super) struct DfdxOperations<D: Device<f32>> {
    device: D,
    layers: DfdxLayers<D>,
}

/// Images of one or two digits.
pub(super) struct DfdxImages<D: Device<f32>> {
    values: Matrix<D>,
    digits: usize,
}

/// Mean and variance of each channel.
#[derive(Clone, Debug)]
pub(super) struct DfdxStatistics<D: Device<f32>> {
    mean: Vector<D>,
    variance: Vector<D>,
}

impl<D: Device<f32>> DfdxOperations<D> {
    pub(super) fn new(device: D) -> Self {
        Self { layers: DfdxLayers::new(device.clone()), device }
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

    fn images(&self, chain: &Chain, values: Vec<f32>, digits: usize, _: bool) -> DfdxImages<D> {
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
                let windows = self.layers.windows(&operation.convolution(), values.clone());
                let windows = windows.retaped::<T>();
                self.layers.convolve_pool(operation, *activation, placed, parameters, windows)
            }
            Some(placed) => self.layers.layer(placed, parameters, values.retaped::<T>()),
            None => values.retaped::<T>(),
        };
        let y = layers.fold(y, |y, placed| self.layers.layer(placed, parameters, y));
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
        if chain.layers().is_empty() {
            // A tensor of its own: dfdx cannot add a tensor to itself, as a residual layer may.
            return x * 1.0;
        }
        chain.layers().iter().fold(x, |x, placed| self.layers.layer(placed, parameters, x))
    }

    fn normalize<T: Tape<f32, D>>(
        &self,
        parameters: &DfdxParameters<D>,
        epsilon: f32,
        statistics: Option<&DfdxStatistics<D>>,
        then: Option<(&Rc<Chain>, &DfdxParameters<D>)>,
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
        let y = y.reshape_like(&original);
        let y = match then {
            Some((chain, parameters)) => self.chain(chain, parameters, y),
            None => y,
        };
        (y, statistics)
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
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        let mut parts = parameters.0.iter_mut();
        parts.try_for_each(|(_, parameter)| parameter.update(optimizer, lr, step, gradients))
    }

    fn squared_norm(
        &self,
        parameters: &DfdxParameters<D>,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<f64, D::Err> {
        let mut sum = 0.0;
        for (_, parameter) in &parameters.0 {
            gradients.try_alloc_for(&parameter.value)?;
            sum += clip::squared_norm(&values(&gradients.get(&parameter.value)));
        }
        Ok(sum)
    }

    fn scale_gradient(
        &self,
        parameters: &DfdxParameters<D>,
        gradients: &mut Gradients<f32, D>,
        factor: f32,
    ) -> Result<(), D::Err> {
        for (_, parameter) in &parameters.0 {
            gradients.try_alloc_for(&parameter.value)?;
            let scaled = values(&(gradients.get(&parameter.value) * factor));
            D::set_gradient(gradients.get_or_alloc_mut(&parameter.value)?, scaled)?;
        }
        Ok(())
    }

    fn statistics_values(&self, statistics: &DfdxStatistics<D>) -> Statistics {
        Statistics { mean: values(&statistics.mean), variance: values(&statistics.variance) }
    }

    fn values(&self, parameters: &DfdxParameters<D>) -> Vec<f32> {
        flat(parameters.0.iter().map(|(place, part)| (place, values(&part.value))))
    }

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

    #[cfg(test)]
    fn set_gradient(
        &self,
        parameters: &DfdxParameters<D>,
        gradients: &mut Gradients<f32, D>,
        values: Vec<f32>,
    ) {
        for (place, part) in &parameters.0 {
            let gradient = gradients.get_or_alloc_mut(&part.value);
            let set = gradient.and_then(|to| D::set_gradient(to, values[place.clone()].to_vec()));
            assert!(set.is_ok());
        }
    }
}

/// One array with values at these places.
fn flat<'p>(parts: impl Iterator<Item = (&'p Range<usize>, Vec<f32>)>) -> Vec<f32> {
    let mut all = Vec::new();
    for (place, values) in parts {
        all.resize(all.len().max(place.end), 0.0);
        all[place.clone()].copy_from_slice(&values);
    }
    all
}
