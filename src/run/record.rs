//! `RunRecord`: what happened in a run, one immutable file each.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::RunConfig;
use crate::digest::Digest;

/// Version of the record's layout.
pub const RECORD_FORMAT: u32 = 3;

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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunResult {
    /// How it ended.
    pub outcome: Outcome,
    /// What was measured, epoch by epoch.
    pub curve: LearningCurve,
    /// Why it stands for a configuration that it was not trained with, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// One value an epoch for each thing measured; accuracies are fractions in [0, 1].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningCurve {
    /// Mean main loss over the epoch's steps, before division by its first value; none from the
    /// epoch in which the run diverged.
    pub train_main_loss: Vec<Option<f64>>,
    /// Mean auxiliary loss over the epoch's steps, likewise.
    pub train_auxiliary_loss: Vec<Option<f64>>,
    /// Published protocol: before the epoch's first update, in training mode, the test set as one
    /// batch.
    pub published_test_accuracy: Vec<f64>,
    /// The same pass with dropout off: of the two ways in which training mode differs, the batch's
    /// own statistics alone. Empty in records of older formats.
    #[serde(default)]
    pub undropped_test_accuracy: Vec<f64>,
    /// Corrected protocol: after the epoch's last update, in inference mode.
    pub corrected_test_accuracy: Vec<f64>,
    /// Digit recognised by the first branch, corrected protocol.
    pub first_digit_accuracy: Vec<f64>,
    /// Digit recognised by the second branch, corrected protocol.
    pub second_digit_accuracy: Vec<f64>,
    /// Answer from comparing the two recognised digits, corrected protocol.
    pub comparison_accuracy: Vec<f64>,
    /// Of the held-out training pairs, corrected protocol; empty if none are held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_accuracy: Vec<f64>,
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
    /// What one core of that machine reached on a product of 512 × 512 matrices by `gemm`, in
    /// GFLOP/s; none in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gemm_gflops: Option<f64>,
    /// Where it was computed and from which sources; empty in records of older versions.
    #[serde(default, skip_serializing_if = "Origin::is_empty")]
    pub origin: Origin,
    /// The condition that asked for it first, as its experiment and factors were then called; none
    /// in records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<BTreeMap<String, String>>,
}

/// A machine and the sources that it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Processor and number of cores; none where it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Revision of the project's sources, with `+` if files were changed since; none outside of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The first twelve digits of the SHA-256 of the lock file that `report` was built with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lockfile: Option<String>,
}

impl Origin {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl RunResult {
    /// What the configuration determines, to the bit: outcome and curves.
    #[must_use]
    pub fn bits(&self) -> Vec<u8> {
        let Self { outcome, curve, .. } = self;
        let ended = match *outcome {
            Outcome::Completed => [0; 3],
            Outcome::Diverged { epoch, step } => [1, epoch as u64, step as u64],
        };
        let mut bits: Vec<u8> = ended.into_iter().flat_map(u64::to_le_bytes).collect();
        for losses in [&curve.train_main_loss, &curve.train_auxiliary_loss] {
            // No loss that is recorded is NaN.
            bits.extend(losses.iter().flat_map(|loss| loss.unwrap_or(f64::NAN).to_le_bytes()));
        }
        for accuracies in curve.accuracies() {
            bits.extend(accuracies.iter().flat_map(|accuracy| accuracy.to_le_bytes()));
        }
        bits
    }
}

impl LearningCurve {
    /// Number of epochs.
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.train_main_loss.len()
    }

    /// Whether it is all that a run of `config` measures: one value an epoch of everything that is
    /// not optional, and of the held-out pairs if there are any.
    #[must_use]
    pub fn answers(&self, config: &RunConfig) -> bool {
        let held_out = if config.data.validation_pairs > 0 { config.train.epochs } else { 0 };
        self.epochs() == config.train.epochs
            && self.undropped_test_accuracy.len() == config.train.epochs
            && self.validation_accuracy.len() == held_out
    }

    /// All accuracies.
    #[must_use]
    pub fn accuracies(&self) -> [&Vec<f64>; 7] {
        [
            &self.published_test_accuracy,
            &self.undropped_test_accuracy,
            &self.corrected_test_accuracy,
            &self.first_digit_accuracy,
            &self.second_digit_accuracy,
            &self.comparison_accuracy,
            &self.validation_accuracy,
        ]
    }
}
