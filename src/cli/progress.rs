//! Progress on standard error: a bar on a terminal, a plain line a run elsewhere.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal::message;
use crate::execute::{FailedRun, Observer};
use crate::pipeline::{Project, chain};
use crate::plan::PlannedRun;
use crate::render::duration;
use crate::run::{Outcome, RunRecord, Speed};

/// Shows what an execution does.
pub(super) struct Progress {
    /// `title (factor level, …)` of each condition of each experiment.
    names: Vec<Vec<String>>,
    total: usize,
    workers: usize,
    bar: Option<ProgressBar>,
    /// Of the finished runs.
    done: Mutex<(usize, Speed)>,
}

impl Progress {
    pub(super) fn new(project: &Project, total: usize, workers: usize) -> Self {
        let bar = (total > 0 && std::io::stderr().is_terminal()).then(|| {
            let style = "{bar:30} {pos}/{len} runs, {elapsed} {msg}";
            let style = ProgressStyle::with_template(style).expect("a constant template");
            let bar = ProgressBar::new(total as u64).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        let names = project.experiments.iter().map(|experiment| {
            let of_condition = |levels: &Vec<String>| {
                let factors = experiment.factors.iter().zip(levels);
                let levels: Vec<_> =
                    factors.map(|(factor, level)| format!("{} {level}", factor.name)).collect();
                match levels.is_empty() {
                    true => experiment.name.clone(),
                    false => format!("{} ({})", experiment.name, levels.join(", ")),
                }
            };
            experiment.conditions.iter().map(|c| of_condition(&c.levels)).collect()
        });
        let names = names.collect();
        Self { names, total, workers, bar, done: Mutex::default() }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// How fast the finished runs were, if there are any.
    pub(super) fn speed(&self) -> Option<String> {
        let (_, speed) = *self.done.lock().expect("nothing panics with the lock");
        let (seconds, pairs) = (speed.seconds_a_run()?, speed.pairs_a_second()?);
        let mut text = format!("{seconds:.2} s a run, {pairs:.0} pairs/s");
        if let Some([gflops, share]) = speed.gflops() {
            text = format!("{text} and {gflops:.0} GFLOP/s a worker ({share:.0} % of gemm's)");
        }
        Some(text)
    }

    fn name(&self, run: &PlannedRun) -> String {
        let condition = &self.names[run.experiment][run.condition];
        format!("{condition} seed {}", run.config.seed)
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| message(line)),
            None => message(line),
        }
    }
}

impl Observer for Progress {
    fn run_done(&self, run: &PlannedRun, record: &RunRecord) {
        let (done, left) = {
            let mut done = self.done.lock().expect("nothing panics with the lock");
            let (runs, speed) = &mut *done;
            *runs += 1;
            speed.add(record);
            let rounds = (self.total - *runs).div_ceil(self.workers);
            let mean = speed.seconds_a_run().unwrap_or_default();
            (*runs, Duration::from_secs_f64(mean * rounds as f64))
        };
        let left = format!("about {} left", duration(left));
        if let Outcome::Diverged { epoch, .. } = record.outcome {
            self.say(&format!("note: {} diverged in epoch {}", self.name(run), epoch + 1));
        }
        match &self.bar {
            Some(bar) => {
                bar.set_message(left);
                bar.inc(1);
            }
            None => {
                let seconds = record.provenance.seconds;
                let name = self.name(run);
                self.say(&format!("[{done}/{}] {name}: {seconds:.1} s, {left}", self.total));
            }
        }
    }

    fn run_failed(&self, run: &PlannedRun, failure: &FailedRun) {
        self.say(&format!("error: {} failed: {}", self.name(run), chain(&failure.source)));
    }
}
