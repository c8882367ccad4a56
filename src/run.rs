//! The words of a run: what can change its result, and what happened. Types only, no effects.

mod config;
mod layer;
mod record;
mod shape;

pub(crate) use config::{default_adam_epsilon, default_beta1, default_beta2};
pub use config::{
    DataConfig, DatasetIdentity, DeviceKind, ModelConfig, NumberType, Optimizer, PartVersions, Pools, RunConfig,
    TrainConfig, CLASSES, IMAGE_SIDE,
};
pub use layer::Layer;
pub(crate) use layer::{default_epsilon, default_momentum};
pub use record::{LearningCurve, Outcome, RunProvenance, RunRecord, RECORD_FORMAT};
pub use shape::{ParameterCount, Shape, ShapeError, infer, layer_parameters, parameter_count};
