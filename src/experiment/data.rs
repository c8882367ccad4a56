//! The table `[data]`.

mod examples;
mod found;
mod pairs;
mod pooling;
mod seed;
mod split;

use serde::Serialize;

use crate::document::Reader;
use crate::run::{DataConfig, Shape, TaskKind};
use crate::task::{self, TargetKind};

pub use examples::ExampleDesign;
pub use found::{FindData, Found};
pub use pairs::PairDesign;
pub use seed::{DataSeed, SEED_KEYS};

/// A [`DataConfig`] with the place of the data, and with the seed of each run still open.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DataDesign {
    /// Pairs of images.
    Pairs(PairDesign),
    /// The rows of a table, or single images.
    Examples(ExampleDesign),
}

impl DataDesign {
    /// Reads the table for a task.
    pub(super) fn read(task: TaskKind, reader: &Reader<'_>, find: FindData<'_>) -> Option<Self> {
        match task::of(task).targets() {
            TargetKind::Pairs => pairs::read(reader, find).map(Self::Pairs),
            targets @ (TargetKind::Classes | TargetKind::Numbers) => {
                examples::read(targets, reader, find).map(Self::Examples)
            }
        }
    }

    /// The data.
    #[must_use]
    pub fn found(&self) -> &Found {
        match self {
            Self::Pairs(data) => &data.found,
            Self::Examples(data) => &data.found,
        }
    }

    /// The data, to change their name.
    pub fn found_mut(&mut self) -> &mut Found {
        match self {
            Self::Pairs(data) => &mut data.found,
            Self::Examples(data) => &mut data.found,
        }
    }

    /// The seed of the draw.
    #[must_use]
    pub fn seed(&self) -> DataSeed {
        match self {
            Self::Pairs(data) => data.seed,
            Self::Examples(data) => data.split.seed,
        }
    }

    /// Sets the seed of the draw.
    pub fn set_seed(&mut self, seed: DataSeed) {
        match self {
            Self::Pairs(data) => data.seed = seed,
            Self::Examples(data) => data.split.seed = seed,
        }
    }

    /// Whether examples are pairs of images.
    #[must_use]
    pub fn are_pairs(&self) -> bool {
        matches!(self, Self::Pairs(_))
    }

    /// Whether equal examples may be in two parts.
    #[must_use]
    pub fn allows_duplicates(&self) -> bool {
        match self {
            Self::Pairs(_) => true,
            Self::Examples(data) => data.allows_duplicates,
        }
    }

    /// Shape of one input of the network.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.resolve(0).input()
    }

    /// The configuration for the run with this seed.
    #[must_use]
    pub fn resolve(&self, run: u64) -> DataConfig {
        match self {
            Self::Pairs(data) => DataConfig::Pairs(data.resolve(run)),
            Self::Examples(data) => DataConfig::Examples(data.resolve(run)),
        }
    }
}
