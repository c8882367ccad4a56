//! Kinds of devices.

use serde::{Deserialize, Serialize};

/// Kind of device: two kinds do not give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// Any processor: they all give the same bits.
    Cpu,
    /// Any NVIDIA device, through CUDA: to rounding, not to the bit.
    Cuda,
}

impl std::fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        })
    }
}
