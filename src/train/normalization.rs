//! Batch normalisation (Ioffe and Szegedy, 2015) of each column, over the rows of a batch.

use super::operations::Operations;
use crate::kernel::normalization::Statistics;

/// A batch-norm layer.
pub(super) struct Normalization<O: Operations> {
    /// The factor of each channel, then its summand.
    pub(super) parameters: O::Parameters,
    pub(super) running: O::Statistics,
    pub(super) channels: usize,
    pub(super) epsilon: f32,
    momentum: f32,
}

/// The statistics of a training batch.
pub(super) struct Observed<S> {
    pub(super) statistics: S,
    /// Number of values of each channel.
    pub(super) n: usize,
}

impl<O: Operations> Normalization<O> {
    /// A layer with scale 1, shift 0, running mean 0 and running variance 1.
    pub(super) fn new(operations: &O, channels: usize, epsilon: f64, momentum: f64) -> Self {
        let parameters = [vec![1.0; channels], vec![0.0; channels]].concat();
        let places = vec![0..channels, channels..2 * channels];
        let running = Statistics { mean: vec![0.0; channels], variance: vec![1.0; channels] };
        Self {
            parameters: operations.parameters(parameters, places),
            running: operations.statistics(running),
            channels,
            epsilon: epsilon as f32,
            momentum: momentum as f32,
        }
    }

    /// Moves the running statistics towards those of a training batch, by the momentum.
    pub(super) fn observe(&mut self, operations: &O, observed: &Observed<O::Statistics>) {
        let Observed { statistics, n } = observed;
        operations.observe(&mut self.running, statistics, *n, self.momentum);
    }
}
