//! The words of a run: what can change its result, what that implies (shapes, parameter counts),
//! and what happened. No effects.

mod config;
mod cost;
mod curve;
mod extract;
mod layer;
pub(crate) mod optimizer;
pub mod pairs;
mod parameters;
mod record;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod schedule;
mod shape;

pub use config::{
    CLASSES, CanonicalConfig, DataConfig, DeviceKind, IMAGE_SIDE, KeyValues, ModelConfig,
    NumberType, PartVersions, RunConfig, TrainConfig, key_values, pooled_image,
};
pub use cost::{Speed, operations, trained_pairs};
pub use curve::{Curve, Curves, Moment, Quantity};
pub use extract::{ChosenCurves, RecordExtract, Source};
pub use layer::Layer;
pub(crate) use layer::{default_epsilon, default_momentum};
pub use optimizer::Optimizer;
pub use parameters::{ParameterCount, count, layer_parameters, parameter_count};
pub use record::{
    Acceptance, FailureRecord, Origin, Outcome, RECORD_FORMAT, RunProvenance, RunRecord, RunResult,
};
pub use schedule::Schedule;
pub use shape::{Shape, ShapeError, infer};
