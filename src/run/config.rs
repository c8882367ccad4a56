//! `RunConfig`: everything that can change the result of a run, resolved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DataConfig, ModelConfig, TaskKind, TrainConfig};
use crate::digest::{CanonicalError, canonical_json, scalars};

/// The key of a run. Its digest is the run's identity; values that equal the default of the schema
/// are left out of it, so that a new option moves no key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// What the network is trained for.
    #[serde(default, skip_serializing_if = "is::default_task")]
    pub task: TaskKind,
    /// The data, and which part of them is for what.
    pub data: DataConfig,
    /// The layers and how they are joined.
    pub model: ModelConfig,
    /// Loss, batches and optimiser.
    pub train: TrainConfig,
    /// Seeds initialisation and dropout.
    pub seed: u64,
    /// What kind of device computes.
    pub device: DeviceKind,
    /// Type of the parameters and activations.
    pub number_type: NumberType,
    /// Versions of the code that computes.
    pub versions: PartVersions,
}

/// The canonical JSON of configurations that differ in their seed alone: all of it but the seed is
/// written once.
#[derive(Clone, Debug)]
pub struct CanonicalConfig {
    before: String,
    after: String,
}

/// The key of the seed in canonical JSON.
const SEED: &str = "\"seed\":";

impl CanonicalConfig {
    /// That of `config`, whatever its seed.
    ///
    /// # Errors
    /// If it has no canonical form.
    pub fn new(config: &RunConfig) -> Result<Self, CanonicalError> {
        let text = canonical_json(config)?;
        // Keys are sorted: the seed of the data comes before that of the run.
        let (before, after) = text.rsplit_once(SEED).expect("a configuration has a seed");
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        Ok(Self { before: before.to_owned(), after: after.to_owned() })
    }

    /// The canonical JSON of the configuration with this seed.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> String {
        // Joined at once: `format!` grows its text several times.
        [&self.before, SEED, &seed.to_string(), &self.after].concat()
    }
}

/// The keys of a configuration by dotted path, with their values as JSON spells them; strings
/// without quotes.
pub type KeyValues = BTreeMap<String, String>;

/// The keys and values of a configuration in JSON.
#[must_use]
pub fn key_values(config: &Value) -> KeyValues {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    scalars(config).into_iter().map(|(path, value)| (path, text(value))).collect()
}

/// Kind of device: two kinds do not give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// Any processor: they all give the same bits.
    Cpu,
    /// Any NVIDIA device, through CUDA: to rounding, not to the bit.
    Cuda,
}

/// Type of the numbers that are computed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberType {
    /// IEEE 754 single precision.
    F32,
}

/// Versions of the parts that compute, each raised by hand when its results change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartVersions {
    /// Drawing and pooling of pairs.
    pub data: u32,
    /// What layers, initialisation and losses mean.
    pub model: u32,
    /// How they are computed, to the last bit; loop, optimiser and evaluation.
    pub train: u32,
}

impl PartVersions {
    /// The versions of this build.
    pub const CURRENT: Self = Self { data: 1, model: 2, train: 6 };
}

impl std::fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        })
    }
}

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    use super::TaskKind;

    pub(super) fn default_task(task: &TaskKind) -> bool {
        *task == TaskKind::default()
    }
}
