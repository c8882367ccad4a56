//! What the browser is told of a paper, as JSON.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::digest::Digest;

/// Which runs have no record, in the words of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The runs that a build trains. The browser gets their number.
    #[serde(rename = "count", serialize_with = "number_of")]
    pub to_train: BTreeSet<Digest>,
    /// How many they are, and how long their training takes.
    pub total: String,
    /// Why they have no record: one line for each reason.
    pub reasons: Vec<String>,
    /// Why they cannot be trained from the page, if they cannot.
    pub refusal: Option<String>,
    /// The number of runs that failed before.
    pub failed: usize,
}

fn number_of<S: Serializer>(runs: &BTreeSet<Digest>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(runs.len() as u64)
}

/// Everything that a page shows beside the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct State {
    /// The number of the page. Another number means another page.
    pub(super) page: u64,
    /// The title of the paper. Empty before it is known.
    pub(super) title: String,
    /// Why there is no newer page.
    pub(super) error: Option<String>,
    /// What a build would warn of.
    pub(super) notes: Vec<String>,
    /// The number of runs of the paper.
    pub(super) runs: usize,
    /// How many runs have no record now.
    pub(super) left: usize,
    pub(super) missing: Missing,
    pub(super) training: Training,
    /// The runs that are trained now.
    pub(super) live: Vec<LiveState>,
    /// How many more there are than are listed.
    pub(super) more: usize,
}

/// What the server knows of its own training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Training {
    /// Whether it trains now.
    pub(super) is_running: bool,
    /// Whether it was asked to stop.
    pub(super) is_stopping: bool,
    /// The number of runs when it began, and how many of them have a record now.
    pub(super) total: usize,
    pub(super) done: usize,
    /// The last line of its progress.
    pub(super) line: String,
    /// Why the last training failed.
    pub(super) failure: Option<String>,
}

/// A run that is trained now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LiveState {
    pub(super) name: String,
    /// How far it is, in words.
    pub(super) progress: String,
    pub(super) curves: Vec<LiveCurve>,
}

/// A curve of a run that is trained now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LiveCurve {
    pub(super) name: String,
    /// Steps and values.
    pub(super) points: Vec<(u64, f64)>,
}
