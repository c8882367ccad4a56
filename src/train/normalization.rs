//! Batch normalisation (Ioffe and Szegedy, 2015) of each column, over the rows of a batch.

use dfdx::prelude::*;

use super::parameter::Parameter;
use super::tensor::{Matrix, Vector, upload, values};
use crate::run::Optimizer;

/// A batch-norm layer.
pub(super) struct Normalization<D: Device<f32>> {
    pub(super) scale: Parameter<(usize,), D>,
    pub(super) shift: Parameter<(usize,), D>,
    pub(super) running: Moments,
    epsilon: f32,
    momentum: f32,
}

/// Mean and variance of each column.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) mean: Vec<f32>,
    /// Observed variances have the divisor n − 1, like the running variance.
    pub(super) variance: Vec<f32>,
}

impl<D: Device<f32>> Normalization<D> {
    /// A layer with scale 1, shift 0, running mean 0 and running variance 1.
    pub(super) fn new(device: &D, channels: usize, epsilon: f64, momentum: f64) -> Self {
        Self {
            scale: Parameter::new(device, vec![1.0; channels], (channels,)),
            shift: Parameter::new(device, vec![0.0; channels], (channels,)),
            running: Moments { mean: vec![0.0; channels], variance: vec![1.0; channels] },
            epsilon: epsilon as f32,
            momentum: momentum as f32,
        }
    }

    /// Normalises with the statistics of `x`, and returns them.
    pub(super) fn with_batch<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> (Matrix<D, T>, Moments) {
        let rows = self.channel_rows(&x);
        let original = *x.shape();
        let x = x.reshape_like(&rows);
        let mean = x.retaped::<T>().mean::<_, Axis<0>>();
        let mean_values = values(&mean);
        let centered = x - mean.broadcast_like::<_, Axis<0>>(&rows);
        let variance = centered.retaped::<T>().square().mean::<_, Axis<0>>();
        let n = rows.0 as f32;
        let unbiased = values(&variance).iter().map(|v| v * (n / (n - 1.0))).collect();
        let spread = (variance + self.epsilon).sqrt().broadcast_like::<_, Axis<0>>(&rows);
        let y = self.affine(centered / spread, &rows).reshape_like(&original);
        (y, Moments { mean: mean_values, variance: unbiased })
    }

    /// Normalises with the running statistics.
    pub(super) fn with_running<T: Tape<f32, D>>(&self, x: Matrix<D, T>) -> Matrix<D, T> {
        let rows = self.channel_rows(&x);
        let original = *x.shape();
        let vector = |values: &[f32]| -> Vector<D> { upload(x.device(), values, (values.len(),)) };
        let mean = vector(&self.running.mean);
        let spread = vector(&self.running.variance) + self.epsilon;
        let spread = spread.sqrt().broadcast_like::<_, Axis<0>>(&rows);
        let x = x.reshape_like(&rows);
        let centered = x - mean.broadcast_like::<_, Axis<0>>(&rows);
        self.affine(centered / spread, &rows).reshape_like(&original)
    }

    /// Moves the running statistics towards those of a training batch, by the momentum.
    pub(super) fn observe(&mut self, observed: &Moments) {
        let follow = |running: &mut [f32], observed: &[f32]| {
            for (running, observed) in running.iter_mut().zip(observed) {
                *running = (1.0 - self.momentum) * *running + self.momentum * observed;
            }
        };
        follow(&mut self.running.mean, &observed.mean);
        follow(&mut self.running.variance, &observed.variance);
    }

    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: i32,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        self.scale.update(optimizer, step, gradients)?;
        self.shift.update(optimizer, step, gradients)
    }

    /// Rows and columns of `x` with one column for each channel. Each pixel of an image is a row.
    fn channel_rows<T>(&self, x: &Matrix<D, T>) -> (usize, usize) {
        let channels = self.running.mean.len();
        (x.shape().num_elements() / channels, channels)
    }

    fn affine<T: Tape<f32, D>>(&self, x: Matrix<D, T>, rows: &(usize, usize)) -> Matrix<D, T> {
        let scale = self.scale.value.retaped::<T>().broadcast_like::<_, Axis<0>>(rows);
        let shift = self.shift.value.retaped::<T>().broadcast_like::<_, Axis<0>>(rows);
        x * scale + shift
    }
}
