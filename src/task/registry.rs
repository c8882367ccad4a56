//! All tasks.

use super::definition::Task;
use super::{classification, pairs, regression};
use crate::run::{Curve, TaskKind, TrainConfig};

/// The task of this name.
#[must_use]
pub fn of(kind: TaskKind) -> &'static dyn Task {
    match kind {
        TaskKind::Pairs => &pairs::Pairs,
        TaskKind::Classification => &classification::Classification,
        TaskKind::Regression => &regression::Regression,
    }
}

/// The curve that early stopping watches in a run.
#[must_use]
pub fn monitor(task: TaskKind, train: &TrainConfig) -> Option<&'static Curve> {
    let stopping = train.early_stopping.as_ref()?;
    of(task).curves().iter().copied().find(|curve| curve.name == stopping.monitor)
}

/// The curves of all tasks, each once.
#[must_use]
pub fn all_curves() -> Vec<&'static Curve> {
    let mut all: Vec<&'static Curve> = Vec::new();
    for curve in TaskKind::ALL.iter().flat_map(|kind| of(*kind).curves()) {
        if all.iter().all(|known| known.name != curve.name) {
            all.push(curve);
        }
    }
    all
}
