//! What a network is trained for. A task says which losses and metrics it has, which curves it records, what its
//! network must put out, and how the network is evaluated. It sees the outputs of a network as plain numbers.
//!
//! A new task is a file beside `classification`, a line in [`TaskKind`](crate::run::TaskKind), and a line in [`of`].

mod classification;
pub mod curves;
mod declared;
mod definition;
mod loss;
mod metric;
pub mod pair_curves;
mod pairs;
mod ranks;
mod record;
mod registry;
mod regression;
#[cfg(test)]
mod tests;

pub use declared::declared;
pub use definition::{Evaluation, EvaluationMode, Measured, Objective, TargetKind, Task};
pub use record::{check, check_curve, extent, has, records};
pub use registry::{all_curves, monitor, of};
