//! The configuration of one condition, read from the tables `data`, `model` and `train`.

use serde::Serialize;

use super::data::{DataDesign, FindData};
use super::{model, training};
use crate::document::{FromNode, Node, Reader, Value, Violations, suggestion};
use crate::run::{
    self, DeviceKind, KeyValues, ModelConfig, NumberType, PartVersions, RunConfig, TaskKind,
    TrainConfig, key_values,
};

/// The tables of a configuration.
pub(super) const PARTS: [&str; 3] = ["data", "model", "train"];

/// A [`RunConfig`] without the seed, and with the place of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Design {
    /// What the network is trained for.
    pub task: TaskKind,
    /// The data, and which part of them is for what.
    pub data: DataDesign,
    /// The layers and how they are joined.
    pub model: ModelConfig,
    /// Loss, batches and optimiser.
    pub train: TrainConfig,
}

impl FromNode for TaskKind {
    const EXPECTED: &'static str = "the name of a task";

    fn from_node(node: &Node) -> Option<Self> {
        let Value::String(name) = &node.value else { return None };
        Self::ALL.iter().copied().find(|task| task.name() == name)
    }

    fn mismatch(node: &Node) -> String {
        let names: Vec<_> = Self::ALL.iter().map(|task| task.name()).collect();
        match &node.value {
            Value::String(name) => {
                format!("names an unknown task, `{name}`; {}", suggestion(name, &names))
            }
            other => format!("must be the name of a task, but is {}", other.type_name()),
        }
    }
}

impl Design {
    /// The full configuration of one run.
    #[must_use]
    pub fn resolve(&self, seed: u64, device: DeviceKind) -> RunConfig {
        RunConfig {
            task: self.task,
            data: self.data.resolve(seed),
            model: self.model.clone(),
            train: self.train.clone(),
            seed,
            device,
            number_type: NumberType::F32,
            versions: PartVersions::CURRENT,
        }
    }

    /// Every setting by the path of its key in an experiment file, with its value as JSON.
    #[must_use]
    pub fn settings(&self) -> KeyValues {
        key_values(&serde_json::to_value(self).expect("a design has plain keys"))
    }

    /// Number of trained parameters; `None` if the layers do not fit together.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        run::parameter_count(&self.model, self.data.input()).ok()
    }

    /// Reads the three tables of `root`.
    pub(super) fn read(root: &Node, find: FindData<'_>, violations: &Violations) -> Option<Self> {
        let all = Reader::new(root, "", violations)?;
        // An unknown task has been reported already.
        let task = match all.node("task") {
            Some(node) => TaskKind::from_node(node)?,
            None => TaskKind::default(),
        };
        let data = all.table("data").and_then(|reader| DataDesign::read(task, reader, find));
        let model = all.node("model").and_then(|node| model::read(task, node, &all, data.as_ref()));
        let train = all
            .table("train")
            .and_then(|reader| training::read(task, reader, data.as_ref(), model.as_ref()));
        Some(Self { task, data: data?, model: model?, train: train? })
    }
}
