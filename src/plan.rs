//! Which runs have a record, and why the others have to be trained. Pure.

mod difference;
mod explain;
mod group;
mod shard;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::experiment::{Conditions, Run};
use crate::run::{FailureRecord, RecordExtract};

pub use difference::Difference;
pub use explain::PastRun;
pub use group::{Group, Reason, group, predict};
pub use shard::Shard;
pub use state::{Absent, Cause, Compared, Fresh, State, Status};

/// All runs of a project, in order of experiment, condition and seed, and the state of each.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// All runs. Two conditions can ask for the same run.
    pub runs: Vec<Run>,
    /// The state of each run.
    pub states: BTreeMap<Digest, State>,
    /// What the report needs of the records of the fresh runs. Empty if the plan keeps only states.
    pub records: BTreeMap<Digest, RecordExtract>,
}

/// Numbers of runs of one experiment, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Runs with a record, accepted ones included.
    pub fresh: usize,
    /// Of the fresh runs, those that the user accepted.
    pub accepted: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Runs that a build would train: missing, stale, damaged or in quarantine.
    pub stale: usize,
}

impl Plan {
    /// The plan of `found`: the runs, each with the result of its look-up. `history` has all
    /// records. It can be empty if every run has a record.
    #[must_use]
    pub fn new(
        conditions: &Conditions<'_>,
        found: Vec<(Run, Result<Fresh, Cause>)>,
        history: &[PastRun],
    ) -> Self {
        let states = explain::states(conditions, &found, history);
        let runs = found.into_iter().map(|(run, _)| run).collect();
        Self { runs, states, records: BTreeMap::new() }
    }

    /// The state of a run of this plan.
    ///
    /// # Panics
    /// If the run belongs to another plan.
    #[must_use]
    pub fn state(&self, run: &Run) -> &State {
        &self.states[&run.digest]
    }

    /// Adds the record that a run has now.
    pub fn add(&mut self, digest: Digest, record: RecordExtract) {
        self.add_state(digest, Fresh::of(&record));
        self.records.insert(digest, record);
    }

    /// The same in a plan that keeps only states.
    pub fn add_state(&mut self, digest: Digest, fresh: Fresh) {
        self.states.insert(digest, State::Fresh(fresh));
    }

    /// Notes that the training of a run without a record has failed.
    pub fn add_failure(&mut self, failure: FailureRecord) {
        if let Some(State::Absent(absent)) = self.states.get_mut(&failure.digest) {
            absent.cause = Cause::Failed(failure);
        }
    }

    /// The number of runs whose result was accepted by hand, each once.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.states.values().filter_map(State::fresh).filter(|fresh| fresh.accepted).count()
    }

    /// The `wanted` runs without a record, each once, in order.
    pub fn absent(&self, wanted: impl Fn(&Run) -> bool) -> Vec<(&Run, &Absent)> {
        let mut seen = BTreeSet::new();
        let runs = self.runs.iter().filter(|run| wanted(run));
        let runs = runs.filter_map(|run| Some((run, self.state(run).absent()?)));
        runs.filter(|(run, _)| seen.insert(run.digest)).collect()
    }

    /// Numbers of runs by state, for each experiment in order.
    #[must_use]
    pub fn counts(&self, conditions: &Conditions<'_>) -> Vec<RunCounts> {
        let mut counts = vec![RunCounts::default(); conditions.experiments().len()];
        for run in &self.runs {
            let count = &mut counts[conditions.experiment_index(run.condition)];
            match self.state(run).status() {
                Status::Fresh => count.fresh += 1,
                Status::Accepted => {
                    count.fresh += 1;
                    count.accepted += 1;
                }
                Status::Failed => count.failed += 1,
                Status::Damaged | Status::Quarantined | Status::Stale | Status::Missing => {
                    count.stale += 1;
                }
            }
        }
        counts
    }
}
