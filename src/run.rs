//! The words of a run: what can change its result, what that implies (shapes, parameter counts),
//! and what happened. No effects.

mod config;
mod cost;
mod curve;
mod data;
mod device_kind;
mod extract;
mod layer;
mod model;
pub(crate) mod optimizer;
mod parameters;
mod program;
mod record;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod schedule;
mod shape;
mod task_kind;
mod training;

pub use config::{
    CanonicalConfig, KeyValues, NetworkConfig, NumberType, PartVersions, RunConfig, key_values,
};
pub use cost::{Extent, Speed, operations, trained_examples};
pub use curve::{Curve, Curves, Direction, Moment, Unit};
pub use data::{
    DataConfig, ExampleData, PairData, Size, SplitConfig, SplitKind, mnist_classes, mnist_image,
    pooled,
};
pub use device_kind::DeviceKind;
pub use extract::{ChosenCurves, Confusion, RecordExtract, Source, Wanted};
pub use layer::Layer;
pub(crate) use layer::{default_epsilon, default_momentum, default_slope};
pub use model::{ModelConfig, PairModel, Part, SingleModel, output_of};
pub use optimizer::Optimizer;
pub use parameters::{count, layer_parameters, parameter_count};
pub use program::{CONTRACT, Program, ProgramConfig, ProgramTask};
pub use record::{
    Acceptance, FailureRecord, Origin, Outcome, RECORD_FORMAT, RunProvenance, RunRecord, RunResult,
};
pub use schedule::Schedule;
pub use shape::{Shape, ShapeError, infer, largest_output};
pub use task_kind::TaskKind;
pub use training::{EarlyStopping, Loss, TrainConfig};
