//! `report worker`: what a scheduler starts. Its messages go to the log of the task.

use std::path::Path;

use super::cluster_args::WorkerArgs;
use super::interrupt;
use super::terminal::{alert, message};
use crate::execute::{FailedRun, Observer};
use crate::experiment::Run;
use crate::format::{chain, runs};
use crate::pipeline::{Error, Order, Worker};
use crate::provenance;
use crate::run::RunRecord;
use crate::train::MakeTrainer;

pub(super) fn run(args: &WorkerArgs, trainer: MakeTrainer<'_>) -> Result<(), Error> {
    let order = Order {
        plan: &args.plan,
        digest: args.digest.as_deref(),
        index: args.index,
        array: args.array,
    };
    let Some(worker) = Worker::start(order)? else {
        message("another job does the tasks of this array; there is nothing to do");
        return Ok(());
    };
    let (leases, state) = worker.handles();
    interrupt::prepare_worker(leases, state);
    let host = provenance::host();
    message(&format!("task {} on {host}: {}", args.index, runs(worker.n_runs())));
    worker.device().check().map_err(|error| worker.refuse(&error))?;
    let left_out = worker.work(&*trainer(worker.device()), &Log { worker: &worker })?;
    message(&match left_out {
        0 => "done".to_owned(),
        n => format!("{} not started: the time limit is near", runs(n)),
    });
    Ok(())
}

/// Writes a line for each run.
struct Log<'w> {
    worker: &'w Worker,
}

impl Log<'_> {
    fn name(&self, run: &Run) -> String {
        let levels =
            self.worker.names(run).iter().map(|(factor, level)| format!("{factor} {level}"));
        format!("{}, seed {}", levels.collect::<Vec<_>>().join(", "), run.config.seed())
    }
}

impl Observer for Log<'_> {
    fn run_done(&self, run: &Run, record: &RunRecord) {
        message(&format!("{}: {:.1} s", self.name(run), record.result.provenance.seconds));
    }

    fn run_taken(&self, run: &Run, _: &RunRecord) {
        message(&format!("{}: has a record", self.name(run)));
    }

    fn record_moved(&self, from: &Path, to: &Path, damage: &str) {
        alert(&format!("warning: `{}` {damage}; moved to `{}`", from.display(), to.display()));
    }

    fn program_warned(&self, run: &Run, warning: &str) {
        alert(&format!("warning: {}: {warning}", self.name(run)));
    }

    fn run_failed(&self, run: &Run, failure: &FailedRun) {
        alert(&format!("error: {} failed: {}", self.name(run), chain(&failure.source)));
    }
}
