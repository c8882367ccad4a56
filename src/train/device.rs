//! The devices that a user can name, and why one cannot be used.

use std::fmt;
use std::str::FromStr;

use crate::run::DeviceKind;

/// A device that trains runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor of this machine. Its results are the reference.
    #[default]
    Cpu,
    /// The NVIDIA device with this number.
    Cuda(usize),
}

impl Device {
    /// The kind of the device, which is part of the key of a run.
    #[must_use]
    pub fn kind(self) -> DeviceKind {
        match self {
            Self::Cpu => DeviceKind::Cpu,
            Self::Cuda(_) => DeviceKind::Cuda,
        }
    }
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// This binary has no CUDA.
    #[error("this `report` was built without CUDA, so it cannot compute on `{0}`")]
    NotBuilt(Device),
    /// The driver finds no device, or does not work.
    #[error("no CUDA device can be used here: the driver says \"{0}\"")]
    Driver(String),
    /// The driver has fewer devices.
    #[error("there is no device `{device}`: {}", of_driver(*.count))]
    NotFound {
        /// The device that was asked for.
        device: Device,
        /// The number of devices that the driver has.
        count: usize,
    },
}

/// Lists `count` devices in words.
fn of_driver(count: usize) -> String {
    match count {
        0 => "the driver has none".to_owned(),
        1 => "the driver has one, `cuda:0`".to_owned(),
        _ => format!("the driver has {count}, `cuda:0` to `cuda:{}`", count - 1),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_they_are_written() {
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

    #[test]
    fn a_missing_device_is_named_with_those_that_exist() {
        for (count, devices) in [
            (0, "the driver has none"),
            (1, "the driver has one, `cuda:0`"),
            (3, "the driver has 3, `cuda:0` to `cuda:2`"),
        ] {
            let error = DeviceError::NotFound { device: Device::Cuda(3), count };
            assert_eq!(error.to_string(), format!("there is no device `cuda:3`: {devices}"));
        }
    }
}
