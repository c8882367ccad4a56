//! The interface of trainers to other modules.

use super::device::Device;
use crate::dataset::Split;
use crate::run::{Curves, Outcome, RunConfig};

/// The result of one run: the part of a record that its configuration determines.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// Whether the run completed or diverged.
    pub outcome: Outcome,
    /// The values measured in each epoch.
    pub curves: Curves,
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

/// Trains one run at a time; several threads may share it.
pub trait Trainer: Sync {
    /// Trains `config` on `split`.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    fn train(&self, config: &RunConfig, split: &Split) -> Result<Training, TrainError>;
}
