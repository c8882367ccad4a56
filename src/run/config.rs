//! `RunConfig`: everything that can change the result of a run, resolved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CONTRACT, DataConfig, DeviceKind, ModelConfig, ProgramConfig, TaskKind, TrainConfig};
use crate::digest::{CanonicalError, canonical_json, scalars};

/// The key of a run. Its digest is the run's identity; values that equal the default of the schema
/// are left out of it, so that a new option moves no key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "configurations are behind an `Arc`")]
pub enum RunConfig {
    /// A network that this program trains.
    Network(NetworkConfig),
    /// A program of the user.
    Program(ProgramConfig),
}

impl RunConfig {
    /// The seed of the run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        match self {
            Self::Network(config) => config.seed,
            Self::Program(config) => config.seed,
        }
    }

    /// The same configuration with another seed.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Self {
        match self {
            Self::Network(config) => Self::Network(NetworkConfig { seed, ..config.clone() }),
            Self::Program(config) => Self::Program(ProgramConfig { seed, ..config.clone() }),
        }
    }

    /// What kind of device computes.
    #[must_use]
    pub fn device(&self) -> DeviceKind {
        match self {
            Self::Network(config) => config.device,
            Self::Program(config) => config.device,
        }
    }

    /// The network, if it is one.
    #[must_use]
    pub fn network(&self) -> Option<&NetworkConfig> {
        match self {
            Self::Network(config) => Some(config),
            Self::Program(_) => None,
        }
    }

    /// Number of folds. A program has one.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.network().map_or(1, |config| config.data.folds())
    }

    /// Whether this version computes it.
    #[must_use]
    pub fn is_of_this_version(&self) -> bool {
        match self {
            Self::Network(config) => config.versions == PartVersions::CURRENT,
            Self::Program(config) => config.contract == CONTRACT,
        }
    }

    /// Whether two executions give the same bits. Only networks on the CPU promise it.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.network().is_some_and(|config| config.device == DeviceKind::Cpu)
    }
}

/// All that can change the result of a network that this program trains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// What the network is trained for.
    #[serde(default, skip_serializing_if = "is::default_task")]
    pub task: TaskKind,
    /// The data, and which part of them is for what.
    pub data: DataConfig,
    /// The layers and how they are joined.
    pub model: ModelConfig,
    /// Loss, batches and optimiser.
    pub train: TrainConfig,
    /// Seeds initialisation, dropout and shuffling.
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
/// without quotes, unless they would look like other values.
pub type KeyValues = BTreeMap<String, String>;

/// The keys and values of a configuration in JSON.
#[must_use]
pub fn key_values(config: &Value) -> KeyValues {
    let is_clear = |text: &&str| serde_json::from_str::<Value>(text).is_err();
    let text = |value: &Value| {
        let text = value.as_str().filter(is_clear);
        text.map_or_else(|| value.to_string(), str::to_owned)
    };
    scalars(config).into_iter().map(|(path, value)| (path, text(value))).collect()
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
    /// Drawing, splitting and pooling of data.
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

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    use super::TaskKind;

    pub(super) fn default_task(task: &TaskKind) -> bool {
        *task == TaskKind::default()
    }
}
