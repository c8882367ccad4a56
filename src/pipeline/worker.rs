//! A worker: trains the runs of one task of a plan, on a machine that a scheduler has chosen.
//!
//! It needs the directory of the plan and no network. It locks no file, and trains nothing before it has checked
//! the plan, itself, the keys of the runs, the data and the place of the records.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Error;
use super::datasets::Datasets;
use super::programs::Programs;
use crate::cache::{JobFiles, Leases, TaskStart};
use crate::digest::Digest;
use crate::execute::{Execution, Executor, FailedRun, Observer, OnFailure};
use crate::experiment::{ConditionId, Run};
use crate::format::chain;
use crate::job::{Ending, JOB_FORMAT, JobPlan, Task, TaskState};
use crate::program::Progress;
use crate::provenance::{self, Stopwatch};
use crate::run::{DeviceKind, RunRecord};
use crate::train::{Device, DeviceError, Trainer};

/// What a scheduler asks of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Order<'o> {
    /// The file of the plan.
    pub plan: &'o Path,
    /// The digest of this file, or its beginning. If it is not given, the name of the directory is one.
    pub digest: Option<&'o str>,
    /// The task.
    pub index: usize,
    /// The first task of the array that the scheduler has started.
    pub array: Option<usize>,
}

/// A worker that may train its runs.
#[derive(Debug)]
pub struct Worker {
    files: JobFiles,
    plan: JobPlan,
    task: Task,
    runs: Vec<Run>,
    datasets: Datasets,
    leases: Arc<Leases>,
    report: Arc<StateReport>,
    since: Stopwatch,
}

/// Keeps what a worker says about itself.
#[derive(Debug)]
pub struct StateReport {
    files: JobFiles,
    index: usize,
    state: Mutex<TaskState>,
}

/// No run starts if it would end later than this before the time limit.
const RESERVE: Duration = Duration::from_secs(20);

/// A run may take longer than expected by this factor.
const MARGIN: f64 = 1.2;

impl StateReport {
    /// Changes the state and writes it. A state that cannot be written stops nothing: the records decide.
    fn update(&self, change: impl FnOnce(&mut TaskState)) {
        let mut state = self.lock();
        if state.ending.is_none() {
            change(&mut state);
            let _ = self.files.store_state(self.index, &state);
        }
    }

    /// Notes how the worker ends. Later changes have no effect.
    pub fn end(&self, ending: Ending) {
        self.update(|state| state.ending = Some(ending));
    }

    fn lock(&self) -> MutexGuard<'_, TaskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    /// Checks everything that a worker needs. Returns `None` if another job does the tasks of this array.
    ///
    /// # Errors
    /// If it must not train the runs.
    pub fn start(order: Order<'_>) -> Result<Option<Self>, Error> {
        let since = Stopwatch::start();
        let refused = |why: String| Error::Refused { why };
        let path = crate::fs::physical(order.plan);
        let files = JobFiles::at(path.parent().unwrap_or(&path));
        let place = order.plan.display();
        let (plan, digest) = files.plan().map_err(|why| refused(format!("`{place}` {why}")))?;
        let name = files.name();
        let expected = order.digest.unwrap_or(&name);
        if expected.len() < name.len() || !digest.to_string().starts_with(expected) {
            return Err(refused(format!(
                "`{place}` has the digest {digest}, but {expected} is asked for"
            )));
        }
        let start = task_start();
        if let (Some(array), Some(start)) = (order.array, &start)
            && let Ok(job) = start.job.parse()
            && !files.take_claim(array, job).map_err(Error::File)?
        {
            return Ok(None);
        }
        let origin = provenance::origin_of(None);
        let state = TaskState {
            job: start.as_ref().map_or_else(String::new, |start| start.job.clone()),
            restart: start.as_ref().map_or(0, |start| start.restart),
            host: provenance::host().to_owned(),
            machine: origin.machine.unwrap_or_default(),
            process: provenance::process(),
            heartbeat: 0,
            recorded: 0,
            ending: None,
        };
        let report =
            StateReport { files: files.clone(), index: order.index, state: Mutex::new(state) };
        report.update(|_| ());
        let reached = checked(&files, &plan, order.index)
            .map_err(|why| (false, why))
            .and_then(|(task, runs)| Ok((task, reached(&files, &plan, &runs)?, runs)));
        match reached {
            Ok((task, datasets, runs)) => {
                let leases = Arc::new(files.cache().task_leases(start));
                let report = Arc::new(report);
                Ok(Some(Self { files, plan, task, runs, datasets, leases, report, since }))
            }
            Err((may_be_here, why)) => {
                report.end(match may_be_here {
                    true => Ending::Failed { why: why.clone() },
                    false => Ending::Refused { why: why.clone() },
                });
                Err(refused(why))
            }
        }
    }

    /// The device that the runs need.
    #[must_use]
    pub fn device(&self) -> Device {
        match self.plan.device {
            DeviceKind::Cpu => Device::Cpu,
            DeviceKind::Cuda => Device::Cuda(0),
        }
    }

    /// The error of a worker whose machine has not the device that the runs need.
    #[must_use]
    pub fn refuse(&self, error: &DeviceError) -> Error {
        let why = chain(error);
        self.report.end(Ending::Failed { why: why.clone() });
        Error::Refused { why }
    }

    /// Number of runs.
    #[must_use]
    pub fn n_runs(&self) -> usize {
        self.runs.len()
    }

    /// Its leases and what it says about itself, for a handler of signals.
    #[must_use]
    pub fn handles(&self) -> (Arc<Leases>, Arc<StateReport>) {
        (Arc::clone(&self.leases), Arc::clone(&self.report))
    }

    /// `experiment` and each factor, with their level, of a run of this task.
    #[must_use]
    pub fn names(&self, run: &Run) -> &BTreeMap<String, String> {
        &self.task.conditions[run.condition.index()].names
    }

    /// Trains the runs that have no record yet, until the time limit is near. Returns the number of runs that were
    /// not started because of the limit.
    ///
    /// # Errors
    /// If runs fail. The others are recorded.
    pub fn work(&self, trainer: &dyn Trainer, observer: &dyn Observer) -> Result<usize, Error> {
        let datasets = self.datasets.unpacked()?;
        let cache = self.files.cache();
        let seconds = self.task.runs.iter().map(|run| (run.digest, run.seconds)).collect();
        let pace = Pace { worker: self, seconds, ratio: Mutex::new((0.0, 0.0)) };
        let executor = Executor {
            trainer,
            cache,
            leases: &self.leases,
            workers: self.plan.workers,
            on_failure: OnFailure::KeepGoing,
            may_start: &|run| pace.may_start(run),
            programs: &Programs::of_task(&self.plan, &self.task, cache),
            keeps_models: false,
            observer: &Watched { pace: &pace, observer },
            origin: &provenance::origin_of(self.plan.revision.clone()),
        };
        let runs: Vec<_> = self.runs.iter().collect();
        let dataset_of = |run: &Run| super::datasets::of_run(&datasets, run);
        let execution = executor.execute(&runs, dataset_of, |run| self.names(run).clone());
        let stopped = execution.failed.iter().find(|failed| failed.source.is_lasting());
        let first = execution.failed.first().filter(|_| execution.ended_alike);
        // What is tried again later has left no note that says why.
        let later = execution.failed.iter().find(|failed| failed.source.is_temporary());
        self.report.end(match stopped.or(first).or(later) {
            Some(failed) => Ending::Failed { why: failed.source.short() },
            None if execution.left_out > 0 => Ending::Deadline,
            None => Ending::Done,
        });
        let Execution { records, failed, ended_alike, left_out } = execution;
        match failed.is_empty() {
            true => Ok(left_out),
            false => Err(Error::of_runs(failed, self.runs.len(), records.len(), ended_alike)),
        }
    }

    /// Seconds until the scheduler ends this worker.
    fn left(&self, minutes: u64) -> f64 {
        let own = 60.0 * minutes as f64 - self.since.elapsed().as_secs_f64();
        // Newer versions of Slurm say it.
        let end =
            provenance::variable("SLURM_JOB_END_TIME").and_then(|end| end.parse::<u64>().ok());
        end.map_or(own, |end| own.min(end.saturating_sub(provenance::now()) as f64))
    }
}

/// Decides whether a run still ends before the time limit.
struct Pace<'w> {
    worker: &'w Worker,
    /// The expected seconds of each run.
    seconds: BTreeMap<Digest, f64>,
    /// Expected and real seconds of the runs that were trained here.
    ratio: Mutex<(f64, f64)>,
}

impl Pace<'_> {
    fn may_start(&self, run: &Run) -> bool {
        let (expected, real) = *self.ratio.lock().unwrap_or_else(PoisonError::into_inner);
        // The expectation may be a guess that is far too long. The first run shows how long runs take.
        if expected == 0.0 {
            return true;
        }
        let ratio = real / expected;
        let index = self.worker.report.index;
        let left = self.worker.left(self.worker.plan.tasks[index].minutes);
        MARGIN * ratio * self.seconds[&run.digest] + RESERVE.as_secs_f64() < left
    }

    fn add(&self, run: &Run, seconds: f64) {
        let mut ratio = self.ratio.lock().unwrap_or_else(PoisonError::into_inner);
        ratio.0 += self.seconds[&run.digest];
        ratio.1 += seconds;
    }
}

/// Keeps the state of the task while the runs are trained.
struct Watched<'w> {
    pace: &'w Pace<'w>,
    observer: &'w dyn Observer,
}

impl Observer for Watched<'_> {
    fn run_done(&self, run: &Run, record: &RunRecord) {
        self.pace.add(run, record.result.provenance.seconds);
        self.pace.worker.report.lock().recorded += 1;
        self.observer.run_done(run, record);
    }

    fn run_taken(&self, run: &Run, record: &RunRecord) {
        self.pace.worker.report.lock().recorded += 1;
        self.observer.run_taken(run, record);
    }

    fn record_moved(&self, from: &Path, to: &Path, damage: &str) {
        self.observer.record_moved(from, to, damage);
    }

    fn program_warned(&self, run: &Run, warning: &str) {
        self.observer.program_warned(run, warning);
    }

    fn watches_programs(&self) -> bool {
        self.observer.watches_programs()
    }

    fn program_at(&self, run: &Run, progress: Progress) {
        self.observer.program_at(run, progress);
    }

    fn run_failed(&self, run: &Run, failure: &FailedRun) {
        self.observer.run_failed(run, failure);
    }

    fn beat(&self, count: u64) {
        self.pace.worker.report.update(|state| state.heartbeat = count);
    }
}

/// The start of a task by Slurm that this process is.
fn task_start() -> Option<TaskStart> {
    let number = |name| provenance::variable(name).and_then(|value| value.parse().ok());
    Some(TaskStart {
        job: provenance::variable("SLURM_ARRAY_JOB_ID")?,
        index: number("SLURM_ARRAY_TASK_ID")?,
        restart: number("SLURM_RESTART_COUNT").unwrap_or(0),
    })
}

/// The data of the runs, if this machine has what they need. The error says whether another machine may have what this
/// one lacks, and what that is.
fn reached(files: &JobFiles, plan: &JobPlan, runs: &[Run]) -> Result<Datasets, (bool, String)> {
    let needed: BTreeSet<_> =
        runs.iter().filter_map(|run| Some(run.config.network()?.data.dataset())).collect();
    let datasets = Datasets::of_plan(needed, &plan.datasets)
        .map_err(|error| (!matches!(error, Error::Request { .. }), chain(&error)))?;
    if !files.sees_records() {
        let why = "the records of the project are not in a directory that this machine shares";
        return Err((true, why.to_owned()));
    }
    files.cache().check_writable().map_err(|error| (true, chain(&error)))?;
    Ok(datasets)
}

/// The task and its runs, if they are those of the plan. The error says why not.
fn checked(files: &JobFiles, plan: &JobPlan, index: usize) -> Result<(Task, Vec<Run>), String> {
    if plan.format != JOB_FORMAT {
        return Err(format!(
            "the plan has the format {}, but this program reads {JOB_FORMAT}",
            plan.format
        ));
    }
    let program = provenance::program().map_err(|error| error.to_string());
    let program = program.and_then(|path| crate::fs::read(&path).map_err(|error| chain(&error)))?;
    if Digest::of_bytes(&program) != plan.program {
        return Err("this program is not the one that the plan was made for".to_owned());
    }
    let Some(summary) = plan.tasks.get(index) else {
        return Err(format!(
            "the plan has {} tasks, and none has the index {index}",
            plan.tasks.len()
        ));
    };
    let place = files.task_path(index);
    let (task, digest) = files.task(index).map_err(|why| format!("`{}` {why}", place.display()))?;
    if digest != summary.digest {
        return Err(format!("`{}` has changed since the plan was made", place.display()));
    }
    let configs = task.configs().map_err(|mismatch| mismatch.to_string())?;
    let runs: Vec<_> = task
        .runs
        .iter()
        .zip(configs)
        .map(|(run, config)| Run {
            condition: ConditionId::at(run.condition),
            config,
            digest: run.digest,
        })
        .collect();
    Ok((task, runs))
}
