//! Chooses the operations for a device. CUDA is built in with the feature `cuda`.

use std::cell::Cell;

#[cfg(feature = "cuda")]
use super::cuda;
use super::device::{Device, DeviceError};
use super::kernel_memory::Memory;
use super::kernel_operations::KernelOperations;
use super::named::NamedTensor;
use super::trainer::{TrainError, Trainer, Training, Watch};
use super::training_loop::train;
use crate::dataset::Split;
use crate::run::NetworkConfig;

impl Device {
    /// Checks that the device can be used.
    ///
    /// # Errors
    /// Returns an error if this binary has no CUDA, or the driver has no such device.
    pub fn check(self) -> Result<(), DeviceError> {
        match self {
            Self::Cpu => Ok(()),
            #[cfg(feature = "cuda")]
            Self::Cuda(number) => cuda::check(number),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda(_) => Err(DeviceError::NotBuilt(self)),
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
    fn train(&self, config: &NetworkConfig, split: &Split) -> Result<Training, TrainError> {
        let (training, _) = self.train_watched(config, split, false, &|_| {})?;
        Ok(training)
    }

    fn train_watched(
        &self,
        config: &NetworkConfig,
        split: &Split,
        keeps_network: bool,
        watch: Watch<'_>,
    ) -> Result<(Training, Option<Vec<NamedTensor>>), TrainError> {
        match self.device {
            Device::Cpu => {
                with_memory(|operations| train(operations, config, split, keeps_network, watch))
            }
            #[cfg(feature = "cuda")]
            Device::Cuda(number) => cuda::train(number, config, split, keeps_network, watch),
            #[cfg(not(feature = "cuda"))]
            Device::Cuda(_) => Err(not_built(self.device)),
        }
    }
}

/// Trains with the memory of the last run of this thread.
fn with_memory<T>(train: impl FnOnce(KernelOperations) -> T) -> T {
    thread_local! {
        /// The memory of the last run. It is empty after a panic.
        static MEMORY: Cell<Memory> = Cell::default();
    }
    let operations = KernelOperations::new(MEMORY.take());
    let result = train(operations.clone());
    MEMORY.set(operations.release());
    result
}

#[cfg(not(feature = "cuda"))]
fn not_built(device: Device) -> TrainError {
    TrainError::Device(DeviceError::NotBuilt(device).to_string())
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn without_cuda_no_cuda_device_can_be_used() {
        assert_eq!(Device::Cuda(1).check(), Err(DeviceError::NotBuilt(Device::Cuda(1))));
    }
}
