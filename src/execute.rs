//! Where runs run: workers on this machine, one thread a run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::cache::Cache;
use crate::dataset::{self, Dataset, DrawError};
use crate::digest::Digest;
use crate::fs::FileError;
use crate::plan::PlannedRun;
use crate::provenance::Stopwatch;
use crate::run::{RECORD_FORMAT, RunRecord};
use crate::train::{TrainError, Trainer};

/// Why a run has no record.
#[derive(Debug, thiserror::Error)]
pub enum RunFailure {
    /// Its pairs could not be drawn.
    #[error(transparent)]
    Draw(DrawError),
    /// It could not be trained.
    #[error(transparent)]
    Train(TrainError),
    /// The trainer panicked: a fault of this program.
    #[error("the trainer panicked: {0}")]
    Panic(String),
    /// Its record could not be written.
    #[error(transparent)]
    Store(FileError),
}

/// A failed run.
#[derive(Debug, thiserror::Error)]
#[error("run {} (seed {seed}) failed", digest.short())]
pub struct FailedRun {
    /// Its digest.
    pub digest: Digest,
    /// Its seed.
    pub seed: u64,
    /// Why.
    pub source: RunFailure,
}

/// What an execution tells about its progress; called from the workers' threads.
pub trait Observer: Sync {
    /// A run was recorded.
    fn run_done(&self, _run: &PlannedRun, _record: &RunRecord) {}
    /// A run failed.
    fn run_failed(&self, _run: &PlannedRun, _failure: &FailedRun) {}
}

/// Trains `runs`, `workers` at a time, and writes each record the moment that its run ends.
///
/// A failed run does not stop the others, but a record that cannot be written does: the disk will
/// not take the next one either. Records and failures come back in the order of `runs`.
pub fn execute<'d>(
    runs: &[&PlannedRun],
    dataset_of: impl Fn(&PlannedRun) -> &'d Dataset + Sync,
    trainer: &dyn Trainer,
    cache: &Cache,
    workers: usize,
    observer: &dyn Observer,
) -> (Vec<RunRecord>, Vec<FailedRun>) {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let finished = Mutex::new(Vec::with_capacity(runs.len()));
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(run) = runs.get(index) else { break };
            let result = run_one(run, dataset_of(run), trainer, cache);
            match &result {
                Ok(record) => observer.run_done(run, record),
                Err(failure) => {
                    let stops = matches!(failure.source, RunFailure::Store(_));
                    stopped.fetch_or(stops, Ordering::Relaxed);
                    observer.run_failed(run, failure);
                }
            }
            finished.lock().expect("no worker panics with the lock").push((index, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers.clamp(1, runs.len().max(1)) {
            scope.spawn(work);
        }
    });
    let mut finished = finished.into_inner().expect("no worker panics with the lock");
    finished.sort_by_key(|(index, _)| *index);
    let (mut records, mut failures) = (Vec::new(), Vec::new());
    for (_, result) in finished {
        match result {
            Ok(record) => records.push(record),
            Err(failure) => failures.push(failure),
        }
    }
    (records, failures)
}

fn run_one(
    run: &PlannedRun,
    dataset: &Dataset,
    trainer: &dyn Trainer,
    cache: &Cache,
) -> Result<RunRecord, FailedRun> {
    let stopwatch = Stopwatch::start();
    let record = || {
        let split = dataset::draw(&run.config.data, dataset).map_err(RunFailure::Draw)?;
        let train = || trainer.train(&run.config, &split);
        let training = catch_unwind(AssertUnwindSafe(train))
            .map_err(|panic| RunFailure::Panic(panic_message(&*panic)))?
            .map_err(RunFailure::Train)?;
        let record = RunRecord {
            format: RECORD_FORMAT,
            digest: run.digest,
            config: run.config.clone(),
            outcome: training.outcome,
            curve: training.curve,
            provenance: stopwatch.finish(),
        };
        cache.store(&record).map_err(RunFailure::Store)?;
        Ok(record)
    };
    let failed = |source| FailedRun { digest: run.digest, seed: run.config.seed, source };
    record().map_err(failed)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
