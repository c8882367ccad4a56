//! Training, with dfdx on the CPU or on CUDA. Other modules know it as a [`Trainer`].
//!
//! The result of a run depends on its configuration and on the drawn pairs alone. A run uses one
//! thread: that of its worker, or on CUDA a thread that its worker starts. Several runs share a
//! machine side by side.
//!
//! dfdx holds the tensors and records the operations for the backward pass. Networks, losses and the
//! training loop are written once, for any dfdx device. The operations that take most of the time
//! (`operations`) exist twice: with the kernels of this crate for the CPU (`kernel_operations`), and
//! composed of dfdx's operations for any device (`dfdx_operations`). They are: a chain of layers,
//! batch normalisation alone or with the chain after it (`kernel_pass`), the update of parameters, and
//! the norm and scaling of gradients. `dispatch` chooses between them. `cuda` opens devices, and reports their failures.

mod assembly;
#[cfg(feature = "cuda")]
mod cuda;
mod device;
#[cfg(any(test, feature = "cuda"))]
mod dfdx_layers;
#[cfg(any(test, feature = "cuda"))]
mod dfdx_operations;
mod dispatch;
mod evaluate;
mod kernel_memory;
mod kernel_operations;
mod kernel_parameters;
mod kernel_pass;
mod layout;
mod named;
mod network;
mod normalization;
mod operations;
#[cfg(any(test, feature = "cuda"))]
mod parameter;
mod predict;
#[cfg(any(test, feature = "cuda"))]
mod rows;
mod sequence;
mod state;
mod tensor;
mod trainer;
mod training_loop;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod fixtures;

pub use device::{Device, DeviceError};
pub use dispatch::DfdxTrainer;
pub use named::{LoadError, NamedTensor};
pub use predict::predict;
pub use trainer::{Networks, TrainError, Trainer, Training, Watch, train_all, train_watched};

/// Makes the trainer for a device.
pub type MakeTrainer<'t> = &'t dyn Fn(Device) -> Box<dyn Trainer>;
