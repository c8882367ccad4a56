//! The table `[data]`.

mod examples;
mod pairs;
mod split;

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::dataset::{Facts, Source};
use crate::document::{FromNode, Node, Reader, Value};
use crate::run::{DataConfig, Shape, TaskKind};
use crate::task::{self, TargetKind};

pub use examples::ExampleDesign;
pub use pairs::PairDesign;

/// The largest number of steps, pairs or values. It is larger than any real size, and small enough
/// for the memory.
pub(super) const MOST: usize = 1 << 20;

/// Data that an experiment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where they are. Equal data have equal sources.
    pub source: Source,
    /// What they are.
    pub facts: Arc<Facts>,
}

/// Finds the data at a source. Returns all that is wrong with them otherwise, as phrases.
pub type FindData<'f> = &'f (dyn Fn(&Source) -> Result<Found, Vec<String>> + Sync);

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
    pub(super) fn read(task: TaskKind, reader: Reader<'_>, find: FindData<'_>) -> Option<Self> {
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

/// The keys of the seed of the draw, by their paths.
pub const SEED_KEYS: [&str; 2] = ["data.seed", "data.split.seed"];

/// The data that the runs of a condition use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSeed {
    /// One draw for all runs, with this seed.
    Fixed(u64),
    /// A different draw for each run, with the seed of the run: `seed = "run"`.
    Run,
}

impl DataSeed {
    /// The seed of the draw for the run with this seed.
    #[must_use]
    pub fn resolve(self, run: u64) -> u64 {
        match self {
            Self::Fixed(seed) => seed,
            Self::Run => run,
        }
    }
}

impl Serialize for DataSeed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(seed) => serializer.serialize_u64(*seed),
            Self::Run => serializer.serialize_str("run"),
        }
    }
}

impl FromNode for DataSeed {
    const EXPECTED: &'static str =
        "an integer that is not negative, or \"run\" to draw with the seed of each run";

    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(word) if word == "run" => Some(Self::Run),
            _ => u64::from_node(node).map(Self::Fixed),
        }
    }
}

/// Finds the data. Reports all that is wrong with them at `key`.
fn found(
    reader: &Reader<'_>,
    key: &'static str,
    source: &Source,
    find: FindData<'_>,
) -> Option<Found> {
    match find(source) {
        Ok(found) => Some(found),
        Err(faults) => {
            faults.into_iter().for_each(|fault| reader.refuse(key, fault));
            None
        }
    }
}

/// Checks that a window of average pooling divides the sides of an image.
fn check_pooling(reader: &Reader<'_>, pooling: usize, shape: Shape) -> Option<usize> {
    let fits = |side: usize| pooling > 0 && side.is_multiple_of(pooling);
    let message = match shape {
        Shape::Vector(_) if pooling != 1 => {
            "is for images, and the examples are vectors".to_owned()
        }
        Shape::Image { height, width, .. } if !fits(height) || !fits(width) => {
            match height == width {
                true => format!("must divide the image side of {height}, but is {pooling}"),
                false => {
                    format!("must divide the image sides {height} and {width}, but is {pooling}")
                }
            }
        }
        _ => return Some(pooling),
    };
    reader.refuse("pooling", message);
    None
}

/// The source as settings show it.
fn spelled<S: Serializer>(found: &Found, serializer: S) -> Result<S::Ok, S::Error> {
    match &found.source {
        Source::Mnist => serializer.serialize_str("embedded"),
        // With a slash, a directory of that name is not taken for the embedded digits.
        Source::Directory(path) => serializer.serialize_str(&format!("{}/", path.display())),
        Source::Files(files) => files.serialize(serializer),
    }
}
