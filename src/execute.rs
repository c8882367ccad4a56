//! Trains runs on this machine, one thread per run.

mod drawn;
mod failure;
mod observer;
mod program;
mod saved;

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cache::{Cache, HEARTBEAT, Leases, Lookup, Stored};
use crate::dataset::Examples;
use crate::digest::canonical_json;
use crate::experiment::Run;
use crate::model;
use crate::program::Written;
use crate::provenance::{self, Stopwatch};
use crate::run::{FailureRecord, NetworkConfig, Origin, Outcome, RunConfig, RunRecord, RunResult};
use crate::train::{Trainer, Training, train_watched};

use drawn::Drawn;
pub use failure::{FailedRun, RunFailure};
pub use observer::Observer;
pub use program::RunProgram;
pub use saved::saved;

/// Whether to continue after a run has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Continue, unless the first runs all fail with the same error. Then the other runs would
    /// probably fail too.
    KeepGoing,
    /// Start no other run. Runs in training are finished.
    Stop,
}

/// The number of runs that end an execution if they fail with the same error before any succeeds.
pub const ALIKE: usize = 3;

/// How long a worker waits before it asks again for a run that another process trains: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The parts that an execution needs.
pub struct Executor<'e> {
    /// Trains the runs.
    pub trainer: &'e dyn Trainer,
    /// Stores the records.
    pub cache: &'e Cache,
    /// The leases of this process.
    pub leases: &'e Leases,
    /// The number of runs in parallel.
    pub workers: usize,
    /// Whether to continue after a failure.
    pub on_failure: OnFailure,
    /// Whether a run may start now. A run that may not is left out.
    pub may_start: &'e (dyn Fn(&Run) -> bool + Sync),
    /// Runs the programs of the user.
    pub programs: &'e dyn RunProgram,
    /// Whether each run also leaves its trained network. A recorded run without one is trained again.
    pub keeps_models: bool,
    /// Receives the progress.
    pub observer: &'e dyn Observer,
    /// This machine and its sources, for the records.
    pub origin: &'e Origin,
}

/// The result of an execution.
#[derive(Debug, Default)]
pub struct Execution {
    /// The records of the recorded runs, in the order of the runs.
    pub records: Vec<RunRecord>,
    /// The failures, in the order of the runs.
    pub failed: Vec<FailedRun>,
    /// Whether it ended early because the first runs all failed with the same error.
    pub ended_alike: bool,
    /// Number of runs that were left out because they might not start.
    pub left_out: usize,
}

/// The progress of all workers together.
#[derive(Default)]
struct Finished {
    attempts: Vec<(usize, Result<Attempt, FailedRun>)>,
    /// The error of the first failure, as long as all runs have failed with this error.
    alike: Option<String>,
    failed: usize,
    ended_alike: bool,
    left_out: usize,
}

/// A record, and the bytes of a model file for each fold if models are kept.
type Trained = (RunRecord, Vec<Vec<u8>>);

/// How an attempt at a run ended.
enum Attempt {
    Trained(RunRecord),
    /// Another build has trained it in the meantime.
    Found(RunRecord),
    /// Another build is training it.
    Leased,
}

impl Executor<'_> {
    /// Trains `runs`, and writes each record when its run ends. `condition_of` gives the levels of
    /// the condition of a run.
    ///
    /// A failed run stops the others only if `on_failure` says so. A record that cannot be written
    /// and a lost device always stop them, because the next run would fail too.
    pub fn execute<'d>(
        &self,
        runs: &[&Run],
        dataset_of: impl Fn(&Run) -> &'d Examples + Sync,
        condition_of: impl Fn(&Run) -> BTreeMap<String, String> + Sync,
    ) -> Execution {
        let waiting: Mutex<VecDeque<usize>> = Mutex::new((0..runs.len()).collect());
        let stopped = AtomicBool::new(false);
        let drawn = Drawn::default();
        let finished = Mutex::new(Finished::default());
        let next = || waiting.lock().expect(NO_PANIC).pop_front();
        let work = || {
            let mut pause = FIRST_PAUSE;
            while !stopped.load(Ordering::Relaxed)
                && let Some(index) = next()
            {
                let run = runs[index];
                if !(self.may_start)(run) {
                    finished.lock().expect(NO_PANIC).left_out += 1;
                    continue;
                }
                let attempt = self.attempt(run, &drawn, &dataset_of, &condition_of);
                match &attempt {
                    Ok(Attempt::Leased) => {
                        waiting.lock().expect(NO_PANIC).push_back(index);
                        std::thread::sleep(pause);
                        pause = (2 * pause).min(LONGEST_PAUSE);
                        continue;
                    }
                    Ok(Attempt::Trained(record)) => self.observer.run_done(run, record),
                    Ok(Attempt::Found(record)) => self.observer.run_taken(run, record),
                    Err(failure) => self.observer.run_failed(run, failure),
                }
                pause = FIRST_PAUSE;
                let stops = finished.lock().expect(NO_PANIC).add(index, attempt, self.on_failure);
                stopped.fetch_or(stops, Ordering::Relaxed);
            }
        };
        let n_workers = self.workers.clamp(1, runs.len().max(1));
        let work = &work;
        // Each worker has a sender while it works, also if it panics, which is a fault of this
        // program.
        let (working, all_done) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            for _ in 0..n_workers {
                let working = working.clone();
                scope.spawn(move || {
                    let _working = working;
                    work();
                });
            }
            drop(working);
            let mut heartbeats = 0;
            while all_done.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
                heartbeats += 1;
                self.leases.heartbeat(heartbeats);
                self.observer.beat(heartbeats);
            }
        });
        let Finished { mut attempts, ended_alike, left_out, .. } =
            finished.into_inner().expect(NO_PANIC);
        attempts.sort_by_key(|(index, _)| *index);
        let mut execution = Execution { ended_alike, left_out, ..Execution::default() };
        for (_, attempt) in attempts {
            match attempt {
                Ok(Attempt::Trained(record) | Attempt::Found(record)) => {
                    execution.records.push(record);
                }
                Ok(Attempt::Leased) => {}
                Err(failure) => execution.failed.push(failure),
            }
        }
        execution
    }

    fn attempt<'d>(
        &self,
        run: &Run,
        drawn: &Drawn,
        dataset_of: impl Fn(&Run) -> &'d Examples,
        condition_of: impl Fn(&Run) -> BTreeMap<String, String>,
    ) -> Result<Attempt, FailedRun> {
        let failed = |source| FailedRun { digest: run.digest, seed: run.config.seed(), source };
        let Some(_lease) = self.leases.take(run.digest) else { return Ok(Attempt::Leased) };
        // Another build may have recorded the run since it was looked up, and released its lease.
        let canonical =
            canonical_json(&*run.config).expect("what has a digest has a canonical form");
        let found = self.cache.lookup(run.digest, &canonical, &run.config);
        match found.map_err(RunFailure::Store).map_err(failed)? {
            Lookup::Hit(record) if self.has_all_files(&record, || dataset_of(run)) => {
                return Ok(Attempt::Found(*record));
            }
            Lookup::Hit(record) => {
                let trained = self.compute(run, drawn, || dataset_of(run), condition_of(run));
                let added = trained.and_then(|again| self.add_models(*record, again));
                return added.map_err(failed);
            }
            Lookup::Miss => {}
            Lookup::Damaged(damage) => {
                let to = self.cache.quarantine(run.digest);
                let to = to.map_err(RunFailure::Store).map_err(failed)?;
                self.observer.record_moved(&self.cache.path(run.digest), &to, &damage);
            }
        }
        let attempt = self.compute(run, drawn, || dataset_of(run), condition_of(run));
        let attempt = attempt.and_then(|(record, models)| {
            // The models come first: a run with a record then has its models, also after a kill.
            self.cache.models().store(run.digest, &models).map_err(RunFailure::Store)?;
            self.store(record, &canonical)
        });
        let attempt = attempt.map_err(failed);
        let noted = match &attempt {
            Ok(_) => {
                // A run with a record has not failed, so an older failure is removed.
                let _ = self.cache.forget_failure(run.digest);
                Ok(())
            }
            // No failure is noted, so the next build trains this run.
            Err(FailedRun { source, .. }) if source.is_temporary() => Ok(()),
            Err(failure) => self.cache.store_failure(&FailureRecord {
                digest: run.digest,
                error: failure.source.short(),
                failed_at: provenance::now(),
            }),
        };
        noted.map_err(RunFailure::Store).map_err(failed)?;
        attempt
    }

    fn compute<'d>(
        &self,
        run: &Run,
        drawn: &Drawn,
        dataset: impl Fn() -> &'d Examples,
        condition: BTreeMap<String, String>,
    ) -> Result<Trained, RunFailure> {
        let stopwatch = Stopwatch::start();
        let train = || match &*run.config {
            RunConfig::Network(config) => self
                .train(run, config, drawn, dataset())
                .map(|(training, models)| (training, BTreeMap::new(), models)),
            RunConfig::Program(config) => {
                let tell = |progress| self.observer.program_at(run, progress);
                let watch = self.observer.watches_programs().then_some(&tell as &dyn Fn(_));
                let written = self.programs.run(run, config, watch).map_err(RunFailure::Program)?;
                let Written { outcome, curves, artifacts, warnings } = written;
                for warning in warnings {
                    self.observer.program_warned(run, &warning);
                }
                Ok((Training { outcome, curves, confusion: None }, artifacts, Vec::new()))
            }
        };
        let (training, artifacts, models) = catch_unwind(AssertUnwindSafe(train))
            .map_err(|panic| RunFailure::Panic(panic_message(&*panic)))??;
        let result = RunResult {
            outcome: training.outcome,
            curves: training.curves,
            confusion: training.confusion,
            artifacts,
            accepted: None,
            provenance: stopwatch.finish(condition, self.origin.clone()),
        };
        Ok((RunRecord { digest: run.digest, config: Arc::clone(&run.config), result }, models))
    }

    /// Trains a network, and returns the files of its models if they are kept.
    fn train(
        &self,
        run: &Run,
        config: &NetworkConfig,
        drawn: &Drawn,
        dataset: &Examples,
    ) -> Result<(Training, Vec<Vec<u8>>), RunFailure> {
        let splits = drawn.splits(&config.data, dataset).map_err(RunFailure::Draw)?;
        let live = self.cache.live_run(run.digest, config.data.folds());
        let tell = |fold, curves: &_| live.tell(fold, curves);
        let trained = train_watched(self.trainer, config, &splits, self.keeps_models, &tell);
        let (training, networks) = trained.map_err(RunFailure::Train)?;
        if !self.keeps_models {
            return Ok((training, Vec::new()));
        }
        let networks = networks.unwrap_or_default();
        Ok((training, model::files(run.digest, config, dataset, &splits, networks)))
    }

    /// Whether a recorded run leaves nothing that is missing. A run that diverged has no network, and an accepted result
    /// is not of this configuration.
    fn has_all_files<'d>(&self, record: &RunRecord, examples: impl Fn() -> &'d Examples) -> bool {
        let has_network =
            record.result.outcome == Outcome::Completed && record.result.accepted.is_none();
        let has_network = has_network && record.config.network().is_some();
        let (models, folds) = (self.cache.models(), record.config.folds());
        let has_models = || saved(&models, record.digest, folds, Some(examples())).is_ok();
        !(self.keeps_models && has_network) || has_models()
    }

    /// Writes the models of a recorded run that was trained again.
    fn add_models(&self, record: RunRecord, again: Trained) -> Result<Attempt, RunFailure> {
        let (again, models) = again;
        // On CUDA devices, two runs of one configuration differ in some bits.
        if record.config.is_exact() && record.result.content() != again.result.content() {
            return Err(RunFailure::OtherNetwork);
        }
        self.cache.models().store(record.digest, &models).map_err(RunFailure::Store)?;
        Ok(Attempt::Trained(record))
    }

    /// Writes a record, unless another process has recorded the run since it began.
    fn store(&self, record: RunRecord, canonical: &str) -> Result<Attempt, RunFailure> {
        match self.cache.store(&record).map_err(RunFailure::Store)? {
            Stored::New => Ok(Attempt::Trained(record)),
            // On CUDA devices, two runs of one configuration differ in some bits.
            Stored::Different if record.config.is_exact() => {
                if self.keeps_models {
                    self.cache.models().remove(record.digest).map_err(RunFailure::Store)?;
                }
                Err(RunFailure::Different)
            }
            Stored::Same | Stored::Different => {
                let present = self.cache.lookup(record.digest, canonical, &record.config);
                let present = present.map_err(RunFailure::Store)?.hit();
                Ok(Attempt::Found(present.map_or(record, |present| *present)))
            }
            Stored::Damaged(damage) => {
                let to = self.cache.quarantine(record.digest).map_err(RunFailure::Store)?;
                self.observer.record_moved(&self.cache.path(record.digest), &to, &damage);
                self.store(record, canonical)
            }
        }
    }
}

impl Finished {
    /// Adds an attempt. Returns whether the execution ends after it.
    fn add(
        &mut self,
        index: usize,
        attempt: Result<Attempt, FailedRun>,
        on_failure: OnFailure,
    ) -> bool {
        let mut stops = false;
        if let Err(FailedRun { source, .. }) = &attempt {
            let error = source.short();
            self.failed += 1;
            let is_first = self.attempts.is_empty();
            self.alike = match self.alike.take() {
                None if is_first => Some(error),
                alike => alike.filter(|alike| *alike == error),
            };
            self.ended_alike |= self.failed == ALIKE && self.alike.is_some();
            stops = source.is_lasting() || on_failure == OnFailure::Stop || self.ended_alike;
        } else {
            self.alike = None;
        }
        self.attempts.push((index, attempt));
        stops
    }
}

const NO_PANIC: &str = "no worker panics with the lock";

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::train::{Device, TrainError};

    #[test]
    fn a_lost_device_stops_an_execution_that_survives_other_failures() {
        let add = |source| {
            let failed = FailedRun { digest: Digest::of_bytes(b"a run"), seed: 0, source };
            Finished::default().add(0, Err(failed), OnFailure::KeepGoing)
        };
        assert!(!add(RunFailure::Train(TrainError::Device("out of memory".to_owned()))));
        let (device, reason) = (Device::Cuda(0), "an illegal memory access".to_owned());
        assert!(add(RunFailure::Train(TrainError::DeviceLost { device, reason })));
    }
}
