//! Chooses the operations for a device. Only this file knows whether CUDA was built in.

use super::device::Device;
use super::kernel_operations::KernelOperations;
use super::trainer::{TrainError, Trainer, Training};
use super::training_loop::train;
use crate::dataset::Split;
use crate::run::RunConfig;

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// This binary has no CUDA.
    #[error("this `report` was built without CUDA, so it cannot compute on `{0}`")]
    NotBuilt(Device),
    /// The driver does not open the device.
    #[error("there is no CUDA device `{device}` here: the driver says {reason}")]
    NotFound {
        /// The device that was asked for.
        device: Device,
        /// The message of the driver.
        reason: String,
    },
}

impl Device {
    /// CUDA device 0 if it can be used, else the CPU.
    #[must_use]
    pub fn detect() -> Self {
        let first = Self::Cuda(0);
        if first.check().is_ok() { first } else { Self::Cpu }
    }

    /// Checks that the device can be used.
    ///
    /// # Errors
    /// Returns an error if this binary has no CUDA, or the driver does not open the device.
    pub fn check(self) -> Result<(), DeviceError> {
        match self {
            Self::Cpu => Ok(()),
            Self::Cuda(number) => cuda::check(number),
        }
    }
}

/// Trains runs with dfdx on one device.
#[derive(Clone, Copy, Debug, Default)]
pub struct DfdxTrainer {
    /// The device.
    pub device: Device,
}

impl Trainer for DfdxTrainer {
    fn train(&self, config: &RunConfig, split: &Split) -> Result<Training, TrainError> {
        match self.device {
            Device::Cpu => {
                let operations = KernelOperations::new();
                let result = train(operations.clone(), config, split);
                operations.release();
                result
            }
            Device::Cuda(number) => cuda::train(number, config, split),
        }
    }
}

#[cfg(feature = "cuda")]
mod cuda {
    use dfdx::prelude::Cuda;

    use super::DeviceError;
    use crate::dataset::Split;
    use crate::run::RunConfig;
    use crate::train::device::Device;
    use crate::train::dfdx_operations::DfdxOperations;
    use crate::train::trainer::{TrainError, Training};

    pub(super) fn check(number: usize) -> Result<(), DeviceError> {
        open(number).map(drop)
    }

    pub(super) fn train(
        number: usize,
        config: &RunConfig,
        split: &Split,
    ) -> Result<Training, TrainError> {
        let device = open(number).map_err(|error| TrainError::Device(error.to_string()))?;
        super::train(DfdxOperations::new(device), config, split)
    }

    fn open(number: usize) -> Result<Cuda, DeviceError> {
        let reason = |error: dfdx::prelude::CudaError| DeviceError::NotFound {
            device: Device::Cuda(number),
            reason: error.to_string(),
        };
        // dfdx asks for the seed of a generator. Nothing draws from that generator.
        Cuda::try_build(number, 0).map_err(reason)
    }
}

#[cfg(not(feature = "cuda"))]
mod cuda {
    use super::DeviceError;
    use crate::dataset::Split;
    use crate::run::RunConfig;
    use crate::train::device::Device;
    use crate::train::trainer::{TrainError, Training};

    pub(super) fn check(number: usize) -> Result<(), DeviceError> {
        Err(DeviceError::NotBuilt(Device::Cuda(number)))
    }

    pub(super) fn train(number: usize, _: &RunConfig, _: &Split) -> Result<Training, TrainError> {
        let error = DeviceError::NotBuilt(Device::Cuda(number));
        Err(TrainError::Device(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn without_cuda_the_cpu_is_found_and_cuda_is_refused() {
        assert_eq!(Device::detect(), Device::Cpu);
        assert_eq!(Device::Cuda(1).check(), Err(DeviceError::NotBuilt(Device::Cuda(1))));
    }
}
