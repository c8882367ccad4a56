//! Where runs are computed: the one place that knows whether CUDA was built in.

use std::fmt;
use std::str::FromStr;

use super::fast::Fast;
use super::trainer::train;
use super::{TrainError, Training};
use crate::dataset::Split;
use crate::run::{DeviceKind, RunConfig};

/// A device that runs can be computed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// This machine's processor: the reference.
    #[default]
    Cpu,
    /// The NVIDIA device of this number.
    Cuda(usize),
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The binary was built without it.
    #[error("this `report` was built without CUDA, so it cannot compute on `{0}`")]
    NotBuilt(Device),
    /// The driver does not give it.
    #[error("there is no CUDA device `{device}` here: the driver says {reason}")]
    NotFound {
        /// What was looked for.
        device: Device,
        /// What the driver says.
        reason: String,
    },
}

impl Device {
    /// CUDA device 0 if this binary can use it and it is there, else the CPU.
    #[must_use]
    pub fn detect() -> Self {
        let first = Self::Cuda(0);
        if first.check().is_ok() { first } else { Self::Cpu }
    }

    /// The kind that stands in the key of a run.
    #[must_use]
    pub fn kind(self) -> DeviceKind {
        match self {
            Self::Cpu => DeviceKind::Cpu,
            Self::Cuda(_) => DeviceKind::Cuda,
        }
    }

    /// Makes sure that runs can be computed on it.
    ///
    /// # Errors
    /// If they cannot.
    pub fn check(self) -> Result<(), DeviceError> {
        match self {
            Self::Cpu => Ok(()),
            Self::Cuda(number) => cuda::open(number).map(drop),
        }
    }

    pub(super) fn train(self, config: &RunConfig, split: &Split) -> Result<Training, TrainError> {
        match self {
            Self::Cpu => {
                let fast = Fast::new();
                let result = train(fast.clone(), config, split);
                fast.release();
                result
            }
            Self::Cuda(number) => {
                let operations =
                    cuda::open(number).map_err(|e| TrainError::Device(e.to_string()))?;
                train(operations, config, split)
            }
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => write!(f, "cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = match text {
            "cpu" => return Ok(Self::Cpu),
            "cuda" => Some(0),
            other => other.strip_prefix("cuda:").and_then(|number| number.parse().ok()),
        };
        number.map(Self::Cuda).ok_or_else(|| "a device is `cpu`, `cuda` or `cuda:N`".to_owned())
    }
}

#[cfg(feature = "cuda")]
mod cuda {
    use dfdx::prelude::Cuda;

    use super::{Device, DeviceError};
    use crate::train::portable::Portable;

    pub(super) fn open(number: usize) -> Result<Portable<Cuda>, DeviceError> {
        // The seed is that of a generator which nothing here draws from.
        let reason = |error: dfdx::prelude::CudaError| DeviceError::NotFound {
            device: Device::Cuda(number),
            reason: error.to_string(),
        };
        Cuda::try_build(number, 0).map(Portable).map_err(reason)
    }
}

#[cfg(not(feature = "cuda"))]
mod cuda {
    use dfdx::prelude::Cpu;

    use super::{Device, DeviceError};
    use crate::train::portable::Portable;

    /// The type is that of the operations which a binary with CUDA would get.
    pub(super) fn open(number: usize) -> Result<Portable<Cpu>, DeviceError> {
        Err(DeviceError::NotBuilt(Device::Cuda(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_they_are_written() {
        for (text, device) in
            [("cpu", Device::Cpu), ("cuda", Device::Cuda(0)), ("cuda:3", Device::Cuda(3))]
        {
            assert_eq!(text.parse(), Ok(device));
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        for text in ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cpu:0"] {
            assert!(text.parse::<Device>().is_err(), "{text}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn without_cuda_the_cpu_is_found_and_cuda_is_refused() {
        assert_eq!(Device::detect(), Device::Cpu);
        assert_eq!(Device::Cuda(1).check(), Err(DeviceError::NotBuilt(Device::Cuda(1))));
    }
}
