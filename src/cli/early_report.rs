//! Writes the report during a training too: whenever all runs of an experiment have ended. So readers
//! need not wait for the experiments that come later.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use super::progress::Progress;
use crate::execute::{FailedRun, Observer};
use crate::experiment::{Conditions, Run};
use crate::format::chain;
use crate::pipeline::Error;
use crate::provenance::Stopwatch;
use crate::run::RunRecord;

/// A report is written only if the training has lasted this many times as long as the last report
/// took.
const PATIENCE: u32 = 20;

/// Shows the progress of a training, and writes early reports.
pub(super) struct EarlyReports<'r> {
    progress: &'r Progress<'r>,
    conditions: Conditions<'r>,
    /// Writes a report of the records that there are. Returns what to tell the user.
    write: &'r (dyn Fn() -> Result<String, Error> + Sync),
    state: Mutex<State>,
}

struct State {
    /// Runs that have not ended, by the index of their experiment.
    left: BTreeMap<usize, usize>,
    /// How long the last report took.
    took: Duration,
    /// The time since then.
    since: Stopwatch,
}

impl<'r> EarlyReports<'r> {
    /// Early reports of a training of `runs`. `took` is how long a report took before the training.
    pub(super) fn new<'n>(
        progress: &'r Progress<'r>,
        conditions: Conditions<'r>,
        runs: impl Iterator<Item = &'n Run>,
        took: Duration,
        write: &'r (dyn Fn() -> Result<String, Error> + Sync),
    ) -> Self {
        let mut left = BTreeMap::new();
        for run in runs {
            *left.entry(conditions.experiment_index(run.condition)).or_default() += 1;
        }
        let state = Mutex::new(State { left, took, since: Stopwatch::start() });
        Self { progress, conditions, write, state }
    }

    fn ended(&self, run: &Run) {
        let mut state = self.state.lock().expect("nothing panics with the lock");
        let experiment = self.conditions.experiment_index(run.condition);
        let Some(left) = state.left.get_mut(&experiment) else { return };
        *left -= 1;
        if *left > 0 {
            return;
        }
        state.left.remove(&experiment);
        // The report after the last experiment is the report of the build.
        if !state.left.is_empty() && state.since.elapsed() >= PATIENCE * state.took {
            let stopwatch = Stopwatch::start();
            match (self.write)() {
                Ok(told) => self.progress.say(&told),
                // The build ends with the same error, unless it has gone by then.
                Err(error) => {
                    let error = chain(&error);
                    self.progress.say(&format!("warning: no report is written yet: {error}"));
                }
            }
            (state.took, state.since) = (stopwatch.elapsed(), Stopwatch::start());
        }
    }
}

impl Observer for EarlyReports<'_> {
    fn run_done(&self, run: &Run, record: &RunRecord) {
        self.progress.run_done(run, record);
        self.ended(run);
    }

    fn run_taken(&self, run: &Run, record: &RunRecord) {
        self.progress.run_taken(run, record);
        self.ended(run);
    }

    fn record_moved(&self, from: &Path, to: &Path, damage: &str) {
        self.progress.record_moved(from, to, damage);
    }

    fn run_failed(&self, run: &Run, failure: &FailedRun) {
        self.progress.run_failed(run, failure);
        self.ended(run);
    }
}
