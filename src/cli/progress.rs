//! Progress on standard error: a bar on a terminal, else one line per run. With `--verbose` one line per run on a
//! terminal too.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::{Verbosity, alert, message, verbosity};
use crate::execute::{FailedRun, Observer};
use crate::experiment::{Conditions, Run};
use crate::format::duration;
use crate::pipeline::Project;
use crate::program;
use crate::run::{Outcome, RunRecord, Speed};
use crate::task;

/// Shows the progress of an execution.
pub(super) struct Progress<'p> {
    conditions: Conditions<'p>,
    workers: usize,
    counter: Arc<Counter>,
    taken: AtomicUsize,
    /// The speed of the finished runs.
    speed: Mutex<Speed>,
}

/// The progress of an execution. The handler of interrupts reads it too.
pub(super) struct Counter {
    /// The number of runs to train.
    pub(super) total: usize,
    /// The number of these runs that have a record now.
    pub(super) done: AtomicUsize,
    bar: Option<ProgressBar>,
}

impl Counter {
    /// Removes the bar from the terminal.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl<'p> Progress<'p> {
    pub(super) fn new(project: &'p Project, total: usize, workers: usize) -> Self {
        let has_bar =
            total > 0 && verbosity() > Verbosity::Quiet && std::io::stderr().is_terminal();
        let bar = has_bar.then(|| {
            let style = "{bar:30} {pos}/{len} runs, {elapsed} {msg}";
            let style = ProgressStyle::with_template(style).expect("a constant template");
            let bar = ProgressBar::new(total as u64).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let conditions = project.conditions();
        let counter = Arc::new(Counter { total, done: AtomicUsize::new(0), bar });
        Self { conditions, workers, counter, taken: AtomicUsize::new(0), speed: Mutex::default() }
    }

    /// The counter of the runs.
    pub(super) fn counter(&self) -> &Arc<Counter> {
        &self.counter
    }

    /// The number of runs that other builds have trained during this build.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(super) fn finish(&self) {
        self.counter.clear();
    }

    /// How fast the finished runs were, if there are any.
    pub(super) fn speed(&self) -> Option<String> {
        let speed = *self.speed.lock().expect("nothing panics with the lock");
        let seconds = format!("{:.2} s per run", speed.seconds_a_run()?);
        Some(match speed.examples_a_second() {
            Some(examples) => format!("{seconds}, {examples:.0} examples/s per worker"),
            None => seconds,
        })
    }

    /// Prints a message above the bar.
    pub(super) fn say(&self, line: &str) {
        self.above_bar(|| message(line));
    }

    /// Prints a warning or an error above the bar.
    pub(super) fn alert(&self, line: &str) {
        self.above_bar(|| alert(line));
    }

    fn above_bar(&self, print: impl FnOnce()) {
        match &self.counter.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Observer for Progress<'_> {
    fn run_done(&self, run: &Run, record: &RunRecord) {
        let done = 1 + self.counter.done.fetch_add(1, Ordering::Relaxed);
        let mean = {
            let mut speed = self.speed.lock().expect("nothing panics with the lock");
            let RunRecord { config, result, .. } = record;
            let seconds = result.provenance.seconds;
            match config.network() {
                Some(config) => {
                    let folds = config.data.folds();
                    let n_values = |curve, fold| result.curves.of_fold(folds, fold, curve).len();
                    let extent = task::extent(config, result.outcome, n_values).unwrap_or_default();
                    speed.add(config, extent, seconds);
                }
                None => speed.add_program(seconds),
            }
            speed.seconds_a_run().unwrap_or_default()
        };
        let total = self.counter.total;
        let rounds = total.saturating_sub(done).div_ceil(self.workers);
        let left = Duration::try_from_secs_f64(mean * rounds as f64).unwrap_or_default();
        let left = format!("about {} left", duration(left));
        let name = self.conditions.run_name(run);
        if let Outcome::Diverged { epoch, .. } = record.result.outcome {
            self.alert(&format!("note: {name} diverged in epoch {}", epoch + 1));
        }
        if self.counter.bar.is_none() || verbosity() == Verbosity::Verbose {
            let seconds = record.result.provenance.seconds;
            self.say(&format!("[{done}/{total}] {name}: {seconds:.1} s, {left}"));
        }
        if let Some(bar) = &self.counter.bar {
            bar.set_message(left);
            bar.inc(1);
        }
    }

    fn run_taken(&self, run: &Run, _: &RunRecord) {
        self.counter.done.fetch_add(1, Ordering::Relaxed);
        self.taken.fetch_add(1, Ordering::Relaxed);
        match &self.counter.bar {
            Some(bar) => bar.inc(1),
            None => self.say(&format!(
                "{}: trained by another build meanwhile",
                self.conditions.run_name(run)
            )),
        }
    }

    fn watches_programs(&self) -> bool {
        self.counter.bar.is_some()
    }

    fn program_at(&self, run: &Run, progress: program::Progress) {
        let Some(bar) = &self.counter.bar else { return };
        let share = progress.share.map(|share| format!(" {:.0} %", 100.0 * share));
        let line = progress.line.map(|line| format!(": {line}"));
        let parts = [Some(self.conditions.run_name(run)), share, line];
        bar.set_message(parts.into_iter().flatten().collect::<String>());
    }

    fn program_warned(&self, run: &Run, warning: &str) {
        self.alert(&format!("warning: {}: {warning}", self.conditions.run_name(run)));
    }

    fn record_moved(&self, from: &Path, to: &Path, damage: &str) {
        let (from, to) = (from.display(), to.display());
        self.alert(&format!(
            "warning: `{from}` {damage}; moved to `{to}`, and its run is trained again"
        ));
    }

    fn run_failed(&self, run: &Run, failure: &FailedRun) {
        self.alert(&format!(
            "error: {} failed: {}",
            self.conditions.run_name(run),
            failure.source.short()
        ));
    }
}
