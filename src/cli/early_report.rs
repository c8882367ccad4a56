//! Writes a page during a training, when all runs of an experiment have ended. So readers need not wait for
//! the experiments that come later.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::progress::Progress;
use crate::execute::{FailedRun, Observer};
use crate::experiment::{Conditions, Run};
use crate::format::chain;
use crate::pipeline::Error;
use crate::program;
use crate::provenance::Stopwatch;
use crate::run::RunRecord;

/// A page is written only if at least this many times the duration of the last one has passed since
/// then. Otherwise it is written when a later run ends.
const PATIENCE: u32 = 20;

/// Shows the progress of a training, and writes early pages.
pub(super) struct EarlyReports<'r> {
    progress: &'r Progress<'r>,
    conditions: Conditions<'r>,
    /// Writes a page of the records that exist now. Returns what to tell the user.
    write: &'r (dyn Fn() -> Result<String, Error> + Sync),
    state: Mutex<State>,
}

struct State {
    /// Runs that have not ended, by the index of their experiment.
    left: BTreeMap<usize, usize>,
    /// How long the last page took.
    took: Duration,
    /// Time since the last page was written.
    since: Stopwatch,
    /// Whether a worker writes a page now.
    is_writing: bool,
    /// Whether an experiment has ended since the last page began.
    is_old: bool,
}

impl<'r> EarlyReports<'r> {
    /// Early pages of a training of `runs`. `took` is how long a page took before the training.
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
        let since = Stopwatch::start();
        let state = Mutex::new(State { left, took, since, is_writing: false, is_old: false });
        Self { progress, conditions, write, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics with the lock")
    }

    fn ended(&self, run: &Run) {
        let experiment = self.conditions.experiment_index(run.condition);
        if !self.state().begins_page(experiment) {
            return;
        }
        let stopwatch = Stopwatch::start();
        // A fault of an early page must not end the training.
        match catch_unwind(AssertUnwindSafe(self.write)) {
            Ok(Ok(told)) => self.progress.say(&told),
            Ok(Err(error)) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                let error = chain(&error);
                self.progress.alert(&format!("warning: no early page is written: {error}{hint}"));
            }
            Err(_) => self.progress.alert("warning: no early page is written"),
        }
        let mut state = self.state();
        (state.took, state.since) = (stopwatch.elapsed(), Stopwatch::start());
        state.is_writing = false;
    }
}

impl State {
    /// Notes that a run of an experiment has ended. Returns whether the caller writes a page now.
    fn begins_page(&mut self, experiment: usize) -> bool {
        let Some(left) = self.left.get_mut(&experiment) else { return false };
        *left -= 1;
        if *left == 0 {
            self.left.remove(&experiment);
            self.is_old = true;
        }
        // After the last experiment, the build writes its report.
        let is_due = self.is_old && !self.left.is_empty();
        let begins = is_due && !self.is_writing && self.since.elapsed() >= PATIENCE * self.took;
        if begins {
            (self.is_old, self.is_writing) = (false, true);
        }
        begins
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

    fn program_warned(&self, run: &Run, warning: &str) {
        self.progress.program_warned(run, warning);
    }

    fn watches_programs(&self) -> bool {
        self.progress.watches_programs()
    }

    fn program_at(&self, run: &Run, progress: program::Progress) {
        self.progress.program_at(run, progress);
    }

    fn run_failed(&self, run: &Run, failure: &FailedRun) {
        self.progress.run_failed(run, failure);
        self.ended(run);
    }
}
