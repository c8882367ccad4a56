//! The interface of trainers to other modules.

use super::device::Device;
use super::named::NamedTensor;
use crate::dataset::Split;
use crate::run::{Curves, NetworkConfig, Outcome};

/// The result of one run: the part of a record that its configuration determines.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Whether the run completed or diverged.
    pub outcome: Outcome,
    /// The values measured in each epoch.
    pub curves: Curves,
    /// How often a test example of each class (row) was taken for each class (column), by the network that the
    /// training ends with, in all folds together. Only a completed classification has it.
    pub confusion: Option<Vec<Vec<u64>>>,
}

impl Training {
    /// The result of a run with these folds. It has diverged if one of them has.
    fn of_folds(folds: Vec<Self>) -> Self {
        let outcomes = folds.iter().map(|fold| fold.outcome);
        let outcome = outcomes.clone().find(|outcome| *outcome != Outcome::Completed);
        let outcome = outcome.unwrap_or(Outcome::Completed);
        let confusion = folds.iter().map(|fold| fold.confusion.clone()).collect::<Option<Vec<_>>>();
        let confusion = confusion.and_then(|all| all.into_iter().reduce(sum));
        let curves = folds.into_iter().map(|fold| fold.curves).collect();
        Self { outcome, curves: Curves::of_folds(curves), confusion }
    }
}

/// The sum of two tables of counts.
fn sum(mut all: Vec<Vec<u64>>, other: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
    let pairs = all.iter_mut().flatten().zip(other.into_iter().flatten());
    pairs.for_each(|(all, own)| *all += own);
    all
}

/// Why a run could not be trained. A run that diverges is a result, not an error.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// The device fails at every call from now on, until the process ends.
    #[error("`{device}` has failed, and this process cannot use it again: {reason}")]
    DeviceLost {
        /// The device.
        device: Device,
        /// The message of the driver.
        reason: String,
    },
}

/// Trains `config` on each of its splits, one for each fold, and joins the results.
///
/// # Errors
/// Returns an error if the device fails.
pub fn train_all(
    trainer: &dyn Trainer,
    config: &NetworkConfig,
    splits: &[Split],
) -> Result<Training, TrainError> {
    let mut folds = Vec::with_capacity(splits.len());
    for split in splits {
        folds.push(trainer.train(config, split)?);
    }
    Ok(Training::of_folds(folds))
}

/// The tensors of the network of each fold.
pub type Networks = Vec<Vec<NamedTensor>>;

/// Hears the curves of a training at the end of each epoch.
pub type Watch<'w> = &'w (dyn Fn(&Curves) + Sync);

/// Trains like [`train_all`], and tells `watch` the fold, counted from 0, and its curves at the end of each epoch. Also
/// returns the tensors of the network of each fold, if they are kept. `None` if a fold has none.
///
/// # Errors
/// Returns an error if the device fails.
pub fn train_watched(
    trainer: &dyn Trainer,
    config: &NetworkConfig,
    splits: &[Split],
    keeps_networks: bool,
    watch: &(dyn Fn(usize, &Curves) + Sync),
) -> Result<(Training, Option<Networks>), TrainError> {
    let (mut folds, mut networks) = (Vec::new(), Vec::new());
    for (fold, split) in splits.iter().enumerate() {
        let tell = |curves: &Curves| watch(fold, curves);
        let (training, network) = trainer.train_watched(config, split, keeps_networks, &tell)?;
        folds.push(training);
        networks.push(network);
    }
    Ok((Training::of_folds(folds), networks.into_iter().collect()))
}

/// Trains one run at a time; several threads may share it.
pub trait Trainer: Sync {
    /// Trains `config` on `split`.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    fn train(&self, config: &NetworkConfig, split: &Split) -> Result<Training, TrainError>;

    /// Trains like [`Self::train`], and tells `watch` the curves at the end of each epoch. What `watch` does cannot change
    /// the result. Also returns the tensors of the network that the training ends with, if they are kept. `None` if the
    /// run has diverged, or if this trainer has no network.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    fn train_watched(
        &self,
        config: &NetworkConfig,
        split: &Split,
        _keeps_network: bool,
        _watch: Watch<'_>,
    ) -> Result<(Training, Option<Vec<NamedTensor>>), TrainError> {
        Ok((self.train(config, split)?, None))
    }
}
