//! What has to be trained, and why: each distinct run once, what is known of it, and what differs
//! from the runs that there are. Pure.

mod difference;
mod explain;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::digest::Digest;
use crate::experiment::Experiment;
use crate::run::{FailureRecord, RunConfig, RunProvenance, RunRecord, RunResult};

pub use difference::{Difference, Leaves, leaves};
pub use explain::{Compared, Explanation, Group, Known, Reason, explain, group, predict};

/// A run as the plan sees it.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// Index of its experiment.
    pub experiment: usize,
    /// Index of its condition within the experiment.
    pub condition: usize,
    /// Its key.
    pub config: Arc<RunConfig>,
    /// Digest of the key.
    pub digest: Digest,
}

/// All runs of a project, in order of experiment, condition and seed, and what is known of them.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// All runs; two experiments may share one.
    pub runs: Vec<PlannedRun>,
    /// What is known of each.
    pub states: BTreeMap<Digest, State>,
    /// The records of the fresh ones; empty if they were not asked for.
    pub records: BTreeMap<Digest, RunRecord>,
}

/// What is known of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It has a record.
    Fresh {
        /// Whether the user has put it there in place of a training.
        accepted: bool,
        /// When the training started, in seconds since 1970.
        started_at: u64,
        /// What it took.
        seconds: f64,
    },
    /// It failed, and nothing has changed since.
    Failed(FailureRecord),
    /// Its record is damaged, and how, as what follows the file's name in a sentence.
    Damaged(String),
    /// It has no record, but one of its in quarantine.
    Quarantined,
    /// It has none, but there is one of its condition and seed as they were before.
    Stale,
    /// It has none.
    Missing,
}

/// Runs of one experiment by their state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Runs with a record, accepted ones too.
    pub fresh: usize,
    /// Of them, those that the user has accepted.
    pub accepted: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Runs that would be trained now: missing, damaged or in quarantine.
    pub stale: usize,
}

/// What a condition is called: `experiment` and each factor, with their level.
#[must_use]
pub fn condition_of(experiments: &[Experiment], run: &PlannedRun) -> BTreeMap<String, String> {
    experiments[run.experiment].levels_of(run.condition)
}

impl State {
    /// The state of a run with this record.
    #[must_use]
    pub fn of(result: &RunResult) -> Self {
        Self::fresh(result.accepted.is_some(), &result.provenance)
    }

    /// The state of a run that has a record of this provenance.
    #[must_use]
    pub fn fresh(accepted: bool, provenance: &RunProvenance) -> Self {
        let RunProvenance { started_at, seconds, .. } = *provenance;
        Self::Fresh { accepted, started_at, seconds }
    }

    /// Whether there is a record.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }
}

impl Plan {
    /// What is known of a run of this plan.
    #[must_use]
    pub fn state(&self, run: &PlannedRun) -> &State {
        self.states.get(&run.digest).unwrap_or(&State::Missing)
    }

    /// Takes over the record that a run has now.
    pub fn add(&mut self, record: RunRecord) {
        self.states.insert(record.digest, State::of(&record.result));
        self.records.insert(record.digest, record);
    }

    /// The runs that are to be trained, each once, in order; only those that are `wanted`.
    /// Those that failed are, if `retries` says so.
    pub fn misses(&self, wanted: impl Fn(&PlannedRun) -> bool, retries: bool) -> Vec<&PlannedRun> {
        let mut seen = BTreeSet::new();
        self.runs
            .iter()
            .filter(|run| wanted(run))
            .filter(|run| match self.state(run) {
                State::Fresh { .. } => false,
                State::Failed(_) => retries,
                State::Damaged(_) | State::Quarantined | State::Stale | State::Missing => true,
            })
            .filter(|run| seen.insert(run.digest))
            .collect()
    }

    /// Notes which of the missing `runs` are stale, by what they were compared with.
    pub fn mark_stale(&mut self, runs: &[PlannedRun], explanations: &[Explanation]) {
        for (run, explanation) in runs.iter().zip(explanations) {
            if explanation.compared.as_ref().is_some_and(|old| old.own)
                && let Some(state @ State::Missing) = self.states.get_mut(&run.digest)
            {
                *state = State::Stale;
            }
        }
    }

    /// Runs by state, for each experiment in order.
    #[must_use]
    pub fn counts(&self, experiments: &[Experiment]) -> Vec<Count> {
        let mut counts = vec![Count::default(); experiments.len()];
        for run in &self.runs {
            let count = &mut counts[run.experiment];
            match self.state(run) {
                State::Fresh { accepted, .. } => {
                    count.fresh += 1;
                    count.accepted += usize::from(*accepted);
                }
                State::Failed(_) => count.failed += 1,
                State::Damaged(_) | State::Quarantined | State::Stale | State::Missing => {
                    count.stale += 1;
                }
            }
        }
        counts
    }
}
