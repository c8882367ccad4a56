//! Training, with dfdx on the CPU or on CUDA. The one seam of the crate: everything else sees
//! [`Trainer`].
//!
//! A run is a pure function of its configuration and the drawn pairs. It uses one thread, the one
//! that it is called on; the machine is filled with runs side by side.
//!
//! dfdx holds the tensors, the tape and the optimisers. Networks, losses and the loop are written
//! once, over its `Device`; the few operations that are most of the time (`operations`) exist twice:
//! on the crate's own kernels for the CPU (`fast`), and composed of dfdx's for any device
//! (`portable`). Batches of images lie pixel by pixel, as [`kernel::convolution`] says.
//!
//! [`kernel::convolution`]: crate::kernel::convolution

mod activation;
mod affine;
mod device;
mod evaluate;
mod fast;
mod loss;
mod network;
mod normalization;
mod operations;
mod parameter;
mod portable;
mod rows;
mod sequence;
mod trainer;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod fixtures;

use crate::dataset::Split;
use crate::run::{LearningCurve, Outcome, RunConfig};

pub use device::{Device, DeviceError};
pub use trainer::DfdxTrainer;

/// What a training yields: the part of a record that the configuration determines.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured.
    pub curve: LearningCurve,
}

/// Why a run could not be trained; a diverged run is no error.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The device gave up.
    #[error("the device failed: {0}")]
    Device(String),
}

/// Trains one run.
pub trait Trainer: Sync {
    /// Trains `config` on `split`.
    ///
    /// # Errors
    /// If the device fails.
    fn train(&self, config: &RunConfig, split: &Split) -> Result<Training, TrainError>;
}
