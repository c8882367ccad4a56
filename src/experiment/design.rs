//! The configuration of one condition: a network, or a program.

use serde::Serialize;

use super::data::{DataDesign, DataSeed};
use super::find::Find;
use super::program::ProgramDesign;
use super::{model, training};
use crate::document::{Node, Reader, Violations};
use crate::keys;
use crate::run::{
    self, Curve, DeviceKind, KeyValues, ModelConfig, NetworkConfig, NumberType, PartVersions,
    RunConfig, TaskKind, TrainConfig, key_values,
};
use crate::task;

/// The tables of a network.
pub(super) const PARTS: [&str; 3] = ["data", "model", "train"];

/// A [`RunConfig`](crate::run::RunConfig) without the seed, and with the places of files.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Design {
    /// A network that this program trains.
    Network(NetworkDesign),
    /// A program of the user.
    Program(ProgramDesign),
}

/// A network without the seed, and with the place of the data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkDesign {
    /// What the network is trained for.
    pub task: TaskKind,
    /// The data, and which part of them is for what.
    pub data: DataDesign,
    /// The layers and how they are joined.
    pub model: ModelConfig,
    /// Loss, batches and optimiser.
    pub train: TrainConfig,
}

/// Whether runs record a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// They do.
    Yes,
    /// Their task or program does not have it.
    Undeclared,
    /// They need a validation part, which this key gives a size.
    NeedsValidation(&'static str),
    /// They need a schedule of the learning rate.
    NeedsSchedule,
}

/// The name of the task of programs.
pub(super) const PROGRAM: &str = "program";

impl Design {
    /// The network, if it is one.
    #[must_use]
    pub fn network(&self) -> Option<&NetworkDesign> {
        match self {
            Self::Network(design) => Some(design),
            Self::Program(_) => None,
        }
    }

    /// The network, to change it.
    pub fn network_mut(&mut self) -> Option<&mut NetworkDesign> {
        match self {
            Self::Network(design) => Some(design),
            Self::Program(_) => None,
        }
    }

    /// The program, if it is one.
    #[must_use]
    pub fn program(&self) -> Option<&ProgramDesign> {
        match self {
            Self::Network(_) => None,
            Self::Program(design) => Some(design),
        }
    }

    /// The seed of the draw of its data. `None` for a program, which draws by itself.
    #[must_use]
    pub fn data_seed(&self) -> Option<DataSeed> {
        self.network().map(|design| design.data.seed())
    }

    /// Whether its runs record this curve.
    #[must_use]
    pub fn records(&self, curve: &Curve) -> Recorded {
        match self {
            Self::Program(design) => match design.program.metrics.contains(&curve) {
                true => Recorded::Yes,
                false => Recorded::Undeclared,
            },
            Self::Network(design) => {
                let config = design.resolve(0, DeviceKind::Cpu);
                match () {
                    () if !task::of(design.task).curves().contains(&curve) => Recorded::Undeclared,
                    () if curve.needs_held_out && !config.data.has_validation() => {
                        Recorded::NeedsValidation(config.data.validation_key())
                    }
                    () if !task::has(curve, &config) => Recorded::NeedsSchedule,
                    () => Recorded::Yes,
                }
            }
        }
    }

    /// The name of its task.
    #[must_use]
    pub fn task_name(&self) -> &'static str {
        match self {
            Self::Network(design) => design.task.name(),
            Self::Program(_) => PROGRAM,
        }
    }

    /// The full configuration of one run.
    #[must_use]
    pub fn resolve(&self, seed: u64, device: DeviceKind) -> RunConfig {
        match self {
            Self::Network(design) => RunConfig::Network(design.resolve(seed, device)),
            Self::Program(design) => RunConfig::Program(design.resolve(seed, device)),
        }
    }

    /// Every setting by the path of its key in an experiment file, with its value as JSON.
    #[must_use]
    pub fn settings(&self) -> KeyValues {
        key_values(&serde_json::to_value(self).expect("a design has plain keys"))
    }

    /// Number of trained parameters; `None` if the layers do not fit together, or if it is a program.
    #[must_use]
    pub fn parameters(&self) -> Option<usize> {
        let design = self.network()?;
        run::parameter_count(&design.model, design.data.input()).ok()
    }

    /// Reads the tables of `root`.
    pub(super) fn read(root: &Node, find: Find<'_>, violations: &Violations) -> Option<Self> {
        let all = Reader::of_checked(root, "", &keys::EXPERIMENT, violations)?;
        match all.kind()? {
            PROGRAM => ProgramDesign::read(&all, find).map(Self::Program),
            name => {
                let task = TaskKind::ALL.iter().copied().find(|task| task.name() == name)?;
                NetworkDesign::read(task, &all, find).map(Self::Network)
            }
        }
    }
}

impl NetworkDesign {
    /// The full configuration of one run.
    #[must_use]
    pub fn resolve(&self, seed: u64, device: DeviceKind) -> NetworkConfig {
        NetworkConfig {
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

    /// Reads the three tables of an experiment.
    fn read(task: TaskKind, all: &Reader<'_>, find: Find<'_>) -> Option<Self> {
        let table = all.table("data");
        let data = table.and_then(|reader| DataDesign::read(task, &reader, find.data));
        let model = all.node("model").and_then(|node| model::read(task, node, all, data.as_ref()));
        let train = all
            .table("train")
            .and_then(|reader| training::read(task, &reader, data.as_ref(), model.as_ref()));
        Some(Self { task, data: data?, model: model?, train: train? })
    }
}
