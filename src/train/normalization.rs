//! Batch normalisation (Ioffe and Szegedy, 2015) of each column, over the rows of a batch.

use super::operations::Operations;
use crate::kernel::normalization::Statistics;

/// A batch-norm layer.
pub(super) struct Normalization<O: Operations> {
    /// The factor of each channel, then its summand.
    pub(super) parameters: O::Parameters,
    pub(super) running: Moments,
    pub(super) epsilon: f32,
    momentum: f32,
}

/// Mean and variance of each channel.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) mean: Vec<f32>,
    /// Observed variances have the divisor n − 1, like the running variance.
    pub(super) variance: Vec<f32>,
}

impl Moments {
    /// The moments of a batch with `n` values of each channel.
    pub(super) fn observed(statistics: Statistics, n: usize) -> Self {
        let n = n as f32;
        let variance = statistics.variance.iter().map(|v| v * (n / (n - 1.0))).collect();
        Self { mean: statistics.mean, variance }
    }

    /// The statistics to normalise with.
    pub(super) fn statistics(&self) -> Statistics {
        Statistics { mean: self.mean.clone(), variance: self.variance.clone() }
    }
}

impl<O: Operations> Normalization<O> {
    /// A layer with scale 1, shift 0, running mean 0 and running variance 1.
    pub(super) fn new(operations: &O, channels: usize, epsilon: f64, momentum: f64) -> Self {
        let parameters = [vec![1.0; channels], vec![0.0; channels]].concat();
        Self {
            parameters: operations.parameters(parameters),
            running: Moments { mean: vec![0.0; channels], variance: vec![1.0; channels] },
            epsilon: epsilon as f32,
            momentum: momentum as f32,
        }
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
}
