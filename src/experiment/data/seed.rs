//! The seed by which data are drawn or split.

use serde::{Serialize, Serializer};

use crate::document::{FromNode, Node, Value};

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
    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(word) if word == "run" => Some(Self::Run),
            _ => u64::from_node(node).map(Self::Fixed),
        }
    }
}
