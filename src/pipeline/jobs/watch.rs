//! Watches the tasks of a plan: which of its runs have a record, and which tasks still work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::cache::{ArrayReceipt, Cache, JobFiles};
use crate::digest::Digest;
use crate::fs::{self, FileError};
use crate::job::{
    Ending, Evidence, InQueue, JOB_FORMAT, JobPlan, Phase, Said, Stage, TaskState, judge,
};
use crate::provenance::{self, Stopwatch};
use crate::slurm::{Queued, TaskId};

/// A worker whose heartbeat has not changed for this time counts as silent. Network file systems may show a change a
/// minute later.
pub(super) const SILENT_AFTER: Duration = Duration::from_mins(3);

/// A plan and what its tasks do.
#[derive(Debug)]
pub(super) struct WatchedPlan {
    pub(super) files: JobFiles,
    pub(super) plan: JobPlan,
    /// The digest of the file of the plan.
    pub(super) digest: Digest,
    /// The arrays that are submitted or were about to be.
    pub(super) arrays: Vec<ArrayReceipt>,
    /// Whether no further array may be submitted.
    pub(super) is_cancelled: bool,
    pub(super) tasks: Vec<WatchedTask>,
}

/// A task and its runs without a record.
#[derive(Debug)]
pub(super) struct WatchedTask {
    /// In the order in which they start.
    pub(super) left: Vec<Digest>,
    /// What it does.
    pub(super) phase: Phase,
    /// Whether its end has been told.
    pub(super) is_told: bool,
    /// Whether it was not clear that it works when this build found it, and nothing has shown it since then.
    pub(super) is_doubtful: bool,
    /// What the queue last said.
    pub(super) queued: Option<Queued>,
    /// What its worker last said.
    pub(super) state: Option<TaskState>,
    /// Number of its runs.
    runs: usize,
    /// Since when its heartbeat has not changed.
    beat: Option<Stopwatch>,
    /// Since when nothing shows that it works.
    silent: Option<Stopwatch>,
}

impl WatchedTask {
    /// The number of its runs that have got a record.
    pub(super) fn recorded(&self) -> usize {
        self.runs - self.left.len()
    }

    /// Whether its runs need not be submitted.
    pub(super) fn is_live(&self) -> bool {
        self.phase != Phase::Ended && !self.left.is_empty()
    }

    /// Updates which runs have a record. A working task records about in order, so only its next runs are asked for,
    /// unless `all` is asked.
    fn look(&mut self, cache: &Cache, workers: usize, all: bool) -> Vec<Digest> {
        let most = if all { usize::MAX } else { 2 * workers + 2 };
        let mut found = Vec::new();
        let mut missing = 0;
        self.left.retain(|run| {
            let is_left = missing >= most || !fs::is_file(&cache.path(*run));
            missing += usize::from(is_left);
            if !is_left {
                found.push(*run);
            }
            is_left
        });
        found
    }
}

impl WatchedPlan {
    /// The plan in these files, with all its tasks pending.
    ///
    /// # Errors
    /// If a file cannot be read, with a phrase that follows the name of the plan.
    pub(super) fn open(files: JobFiles) -> Result<Self, String> {
        let (plan, digest) = files.plan()?;
        if plan.format != JOB_FORMAT {
            return Err(format!(
                "has the format {}, and this program reads {JOB_FORMAT}",
                plan.format
            ));
        }
        let task = |index| {
            let (task, _) =
                files.task(index).map_err(|why| format!("has a task {index} that {why}"))?;
            let left: Vec<_> = task.runs.iter().map(|run| run.digest).collect();
            Ok(WatchedTask {
                runs: left.len(),
                left,
                phase: Phase::Pending,
                is_told: false,
                is_doubtful: false,
                queued: None,
                state: None,
                beat: None,
                silent: None,
            })
        };
        let tasks = (0..plan.tasks.len()).map(task).collect::<Result<Vec<_>, String>>()?;
        let arrays = files.arrays().map_err(|error| error.to_string())?;
        let mut next = 0;
        for array in &arrays {
            if array.offset != next || array.tasks > tasks.len() - next {
                return Err("has arrays that do not fit its tasks".to_owned());
            }
            next += array.tasks;
        }
        let is_cancelled = files.is_cancelled();
        Ok(Self { files, plan, digest, arrays, is_cancelled, tasks })
    }

    /// Number of tasks that arrays contain.
    pub(super) fn submitted(&self) -> usize {
        self.arrays.last().map_or(0, |array| array.offset + array.tasks)
    }

    /// Whether an array was about to be submitted, and it is not known whether it was.
    pub(super) fn has_intent(&self) -> bool {
        self.arrays.iter().any(|array| array.job.is_none())
    }

    /// Whether tasks with runs that are left are in no submitted array.
    pub(super) fn needs_submission(&self) -> bool {
        let is_waiting = self.tasks[self.submitted()..].iter().any(WatchedTask::is_live);
        is_waiting || (self.has_intent() && self.is_live())
    }

    /// Whether a task in a submitted array may still record a run.
    pub(super) fn has_live_job(&self) -> bool {
        self.tasks[..self.submitted()].iter().any(WatchedTask::is_live)
    }

    /// Leaves out the runs that have a record already.
    pub(super) fn settle(&mut self) {
        let (cache, workers) = (self.files.cache(), self.plan.workers);
        for task in &mut self.tasks {
            task.look(cache, workers, true);
        }
    }

    /// The array of a task.
    pub(super) fn array_of(&self, task: usize) -> Option<&ArrayReceipt> {
        let is_in =
            |array: &&ArrayReceipt| (array.offset..array.offset + array.tasks).contains(&task);
        self.arrays.iter().find(is_in)
    }

    /// The task in the queue.
    pub(super) fn id(&self, task: usize) -> Option<TaskId> {
        let array = self.array_of(task)?;
        Some((array.job?, (task - array.offset) as u64))
    }

    /// Whether a task may still record a run.
    pub(super) fn is_live(&self) -> bool {
        self.tasks.iter().any(WatchedTask::is_live)
    }

    /// Number of tasks without a sign yet: they may work or not.
    pub(super) fn doubtful(&self) -> usize {
        self.tasks.iter().filter(|task| task.is_doubtful && task.is_live()).count()
    }

    /// Reads again what other processes may have changed: a worker claims the tasks of an array for its job, and a user
    /// cancels the plan.
    pub(super) fn refresh(&mut self) -> Result<(), FileError> {
        self.is_cancelled = self.files.is_cancelled();
        self.arrays = self.files.arrays()?;
        Ok(())
    }

    /// Updates all tasks. `queue` is what the scheduler says, or `None` if it does not answer. Returns the runs that
    /// have got a record.
    pub(super) fn poll(
        &mut self,
        queue: Option<&BTreeMap<TaskId, Queued>>,
        grace: Duration,
    ) -> Vec<Digest> {
        let mut found = Vec::new();
        // Nobody waits for late records of a plan that was cancelled.
        let grace = if self.is_cancelled { Duration::ZERO } else { grace };
        for index in 0..self.tasks.len() {
            let id = self.id(index);
            let workers = self.plan.workers;
            let (files, task) = (&self.files, &mut self.tasks[index]);
            if !task.is_live() {
                continue;
            }
            let Some(id) = id else {
                // A task that is not submitted yet waits, unless it never will be.
                if self.is_cancelled {
                    found.extend(task.look(files.cache(), workers, true));
                    task.phase = Phase::Ended;
                }
                continue;
            };
            let in_queue = match queue {
                None => InQueue::Unknown,
                Some(queue) => {
                    task.queued = queue.get(&id).cloned();
                    task.queued
                        .as_ref()
                        .map_or(InQueue::Absent, |task| InQueue::Listed(task.stage()))
                }
            };
            if matches!(in_queue, InQueue::Listed(Stage::Pending | Stage::Running)) {
                task.is_doubtful = false;
            }
            if in_queue == InQueue::Listed(Stage::Pending) {
                (task.phase, task.silent) = (Phase::Pending, None);
                continue;
            }
            let state = files.state(index).filter(|state| state.job == id.0.to_string());
            if state != task.state || task.beat.is_none() {
                task.is_doubtful &= task.beat.is_none();
                task.beat = state.is_some().then(Stopwatch::start);
                task.state = state;
            }
            // The number of a process says nothing about another machine.
            let is_gone = task.state.as_ref().is_some_and(|state| {
                state.host == provenance::host() && !provenance::is_alive(state.process)
            });
            let is_beating =
                !is_gone && task.beat.is_some_and(|beat| beat.elapsed() < SILENT_AFTER);
            let recorded = task.state.as_ref().map_or(0, |state| state.recorded);
            let said = match task.state.as_ref().and_then(|state| state.ending.as_ref()) {
                None => Said::Works,
                Some(Ending::Signal { .. }) => Said::Signal,
                Some(_) => Said::Ended,
            };
            let is_working = in_queue == InQueue::Listed(Stage::Running) && said == Said::Works;
            found.extend(task.look(files.cache(), workers, !is_working));
            if !is_working && recorded > task.recorded() {
                // Some network file systems show a file when its directory is listed again.
                let _ = files.cache().digests();
                found.extend(task.look(files.cache(), workers, true));
            }
            let silent = *task.silent.get_or_insert_with(Stopwatch::start);
            task.phase = judge(Evidence {
                queue: in_queue,
                said,
                is_beating,
                is_visible: recorded <= task.recorded(),
                silent: silent.elapsed(),
                grace,
            });
            if task.phase == Phase::Running {
                task.silent = None;
            }
        }
        found
    }
}

/// Number of submitted tasks that may still record a run.
pub(super) fn live_jobs(watched: &[WatchedPlan]) -> usize {
    let submitted = watched.iter().flat_map(|plan| &plan.tasks[..plan.submitted()]);
    submitted.filter(|task| task.is_live()).count()
}

/// The runs that live tasks have left.
pub(super) fn covered(watched: &[WatchedPlan]) -> BTreeSet<Digest> {
    let tasks = watched.iter().flat_map(|plan| &plan.tasks).filter(|task| task.is_live());
    tasks.flat_map(|task| task.left.iter().copied()).collect()
}
