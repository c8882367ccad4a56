//! `RunRecord`: what happened in a run, one immutable file each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curves, RunConfig};
use crate::digest::Digest;

/// Version of the record's layout.
pub const RECORD_FORMAT: u32 = 4;

/// What is known of one run, with the configuration that it answers for.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Digest of `config`.
    pub digest: Digest,
    /// The key of the run; shared with the plan that asked for it.
    pub config: Arc<RunConfig>,
    /// What happened.
    pub result: RunResult,
}

/// What happened in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunResult {
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured in each epoch.
    pub curves: Curves,
    /// How often a test example of each class (row) was taken for each class (column), by the network that the
    /// training ended with, in all folds together. Only a completed classification has it.
    pub confusion: Option<Vec<Vec<u64>>>,
    /// The SHA-256 of each file that a program has left, by name.
    pub artifacts: BTreeMap<String, Digest>,
    /// Why it stands for a configuration that it was not trained with, if it does.
    pub accepted: Option<Acceptance>,
    /// Where and when; the only part that differs between two executions of one key.
    pub provenance: RunProvenance,
}

/// The user's word that an older result holds for a configuration that it was not trained with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Digest of the run that was trained.
    pub from: Digest,
    /// Why it holds.
    pub why: String,
    /// What differs between the two configurations, as `key.path: old → new`.
    pub differences: Vec<String>,
    /// When, in seconds since 1970 (UTC).
    pub accepted_at: u64,
}

/// That a run could not be computed; it is not tried again unless asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureRecord {
    /// Digest of its configuration.
    pub digest: Digest,
    /// Why, with all causes.
    pub error: String,
    /// When, in seconds since 1970 (UTC).
    pub failed_at: u64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// All epochs were trained.
    Completed,
    /// A loss was not finite; nothing was trained after it, and every later prediction counts as
    /// wrong.
    Diverged {
        /// Epoch, from 0.
        epoch: usize,
        /// Step within the epoch, from 0.
        step: usize,
    },
}

/// Where and when a run was computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunProvenance {
    /// Version of `report`.
    pub version: String,
    /// Operating system and processor family.
    pub platform: String,
    /// Start, seconds since 1970 (UTC).
    pub started_at: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Where it was computed and from which sources.
    pub origin: Origin,
    /// The condition that the run was trained for: `experiment` and each factor, with their level.
    pub condition: BTreeMap<String, String>,
}

/// A machine and the sources that it ran.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Processor and number of cores; `None` if the system does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Revision of the project's sources, with `+` if files were changed since; none outside of
    /// git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The first twelve digits of the SHA-256 of the lock file that `report` was built with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lockfile: Option<String>,
}

impl RunResult {
    /// The JSON of what the configuration determines: outcome, curves, answers and artefacts. Each finite float has one
    /// spelling, so two texts are equal exactly if all bits are equal.
    #[must_use]
    pub fn content(&self) -> String {
        let [outcome, curves] =
            [serde_json::to_string(&self.outcome), serde_json::to_string(&self.curves)]
                .map(|json| json.expect("plain values"));
        let confusion = self.confusion.as_ref().map_or_else(String::new, |counts| {
            let counts = serde_json::to_string(counts).expect("plain values");
            format!(r#","confusion":{counts}"#)
        });
        let artifacts = match self.artifacts.is_empty() {
            true => String::new(),
            false => {
                let artifacts = serde_json::to_string(&self.artifacts).expect("plain values");
                format!(r#","artifacts":{artifacts}"#)
            }
        };
        format!(r#""outcome":{outcome},"curves":{curves}{confusion}{artifacts}"#)
    }
}
