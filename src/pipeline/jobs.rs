//! Trains runs on a cluster with Slurm: submits those that no job covers, and watches the records until all are in.
//!
//! Nothing here has to live on. A build that is killed loses nothing: the next one reads the plans in `.report/jobs/`,
//! and submits neither recorded runs nor those of live tasks.

mod build;
mod ending;
mod event;
mod list;
mod profile;
mod queue;
mod submission;
mod upkeep;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::{Error, Keep, plan};
use crate::digest::Digest;
use crate::experiment::Run;
use crate::fs::{self, FileError};
use crate::job::{Packed, Phase, Share};
use crate::plan::Plan;
use crate::provenance::{self, Stopwatch};
use crate::run::{Outcome, operations};
use crate::slurm::{self, Queued, SlurmError, TaskId};

use ending::{Reason, reason};
use queue::queue_of;
use watch::{WatchedPlan, covered, live_jobs};

pub use build::SlurmBuild;
pub use event::{JobEvent, JobProgress};
pub use list::{JobSummary, cancel, list, logs};
pub use profile::profile;

/// How many times a run is submitted again.
const MOST_ATTEMPTS: u32 = 2;

/// Floating-point operations per second of a run without any record to learn from: slow, so that the time limits
/// suffice.
const ASSUMED_SPEED: f64 = 5e9;

/// The longest time between two looks at the queue.
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);

/// How often the records of working tasks are looked for.
const TICK: Duration = Duration::from_secs(2);

/// A scheduler that does not answer for this time, while nothing is recorded, ends the build.
const PATIENCE: Duration = Duration::from_mins(30);

/// How a build on a cluster ended.
#[derive(Debug, Default)]
pub struct OnCluster {
    /// Number of runs without a record that no task will train.
    pub given_up: usize,
    /// Whether the tasks still work: the build has not waited for them.
    pub is_detached: bool,
}

impl SlurmBuild<'_> {
    /// The tasks that a build would submit now.
    ///
    /// # Errors
    /// If the files of plans cannot be read.
    pub fn preview(&self, planned: &Plan, runs: &BTreeSet<Digest>) -> Result<Vec<Packed>, Error> {
        let watched = self.attach(runs)?;
        let covered = covered(&watched);
        let new =
            select(planned, |run| runs.contains(&run) && !covered.contains(&run), &BTreeMap::new());
        Ok(if new.is_empty() { Vec::new() } else { submission::packed(self, &new) })
    }

    /// Submits the `wanted` runs of `planned` that no task covers. Unless it is to detach, waits until each has a record
    /// or has failed, or no task works any more.
    ///
    /// # Errors
    /// If the scheduler refuses the tasks or cannot be reached, or files cannot be read or written.
    pub fn train(
        &self,
        planned: &Plan,
        wanted: &BTreeSet<Digest>,
        detaches: bool,
    ) -> Result<OnCluster, Error> {
        fs::sweep(&self.cache.jobs());
        let mut left = wanted.clone();
        let mut watched = self.attach(wanted)?;
        // Another user may own the files. They do no harm.
        let _ = self.forget_finished(&watched);
        self.move_damaged(wanted)?;
        self.forget_failures(wanted)?;
        // The program may be built again while this one waits.
        let program = provenance::program().map_err(|source| {
            let path = PathBuf::from("the program of this process");
            Error::File(FileError { action: "find", path, source })
        })?;
        let program = self.cache.pin(&program).map_err(Error::File)?;
        let mut is_first = true;
        // Tasks have gone on since the records were looked up.
        left.retain(|run| !fs::is_file(&self.cache.path(*run)));
        for plan in &watched {
            let runs = plan.tasks.iter().filter(|task| task.is_live()).map(|task| task.left.len());
            (self.observer)(JobEvent::Attached { plan: plan.files.name(), runs: runs.sum() });
        }
        let mut attempts: BTreeMap<Digest, Attempt> = BTreeMap::new();
        let mut given_up = BTreeSet::new();
        let mut renewed: Option<Plan> = None;
        loop {
            let covered = covered(&watched);
            let is_new = |run: Digest| {
                left.contains(&run) && !covered.contains(&run) && !given_up.contains(&run)
            };
            let new = select(renewed.as_ref().unwrap_or(planned), is_new, &attempts);
            match self.submit_new(&new, &attempts, program, &mut watched) {
                // The plan is written. It is submitted when the scheduler answers again.
                Err(Error::Scheduler(error @ SlurmError::OutOfReach(_))) if !is_first => {
                    (self.observer)(JobEvent::Warning(error.to_string()));
                }
                submitted => submitted?,
            }
            is_first = false;
            if detaches {
                return Ok(OnCluster { is_detached: true, ..OnCluster::default() });
            }
            if !watched.iter().any(WatchedPlan::is_live) {
                break;
            }
            let ended = self.wait(&mut watched, &mut left, wanted.len())?;
            let has_ended = !ended.is_empty();
            for (run, attempt) in ended {
                match attempt {
                    Some(attempt) => drop(attempts.insert(run, attempt)),
                    None => drop(given_up.insert(run)),
                }
            }
            if left.is_empty() {
                break;
            }
            if has_ended {
                // The records that are there now give better expectations.
                renewed = Some(plan(self.project, self.device, Keep::States)?);
            }
        }
        left.retain(|run| self.cache.failure(*run).is_none());
        Ok(OnCluster { given_up: left.len(), is_detached: false })
    }

    /// The plans of earlier builds with tasks that may still work on `wanted` runs.
    fn attach(&self, wanted: &BTreeSet<Digest>) -> Result<Vec<WatchedPlan>, Error> {
        let mut attached = Vec::new();
        for files in self.cache.plans().map_err(Error::File)? {
            let name = files.name();
            match WatchedPlan::open(files) {
                Ok(mut watched) => {
                    // A task with a wanted run is watched as a whole.
                    for task in &mut watched.tasks {
                        if !task.left.iter().any(|run| wanted.contains(run)) {
                            task.left.clear();
                        }
                    }
                    if watched.is_live() {
                        attached.push(watched);
                    }
                }
                Err(why) => (self.observer)(JobEvent::Warning(format!(
                    "the plan {name} {why}; it is left out"
                ))),
            }
        }
        if attached.is_empty() {
            return Ok(attached);
        }
        for watched in &mut attached {
            watched.settle();
        }
        // What has ended is submitted again only if the scheduler confirms it.
        let queue = self.queue(&attached).map_err(Error::Scheduler)?;
        for watched in &mut attached {
            watched.poll(Some(&queue), self.grace());
            // The build that has submitted them is gone. Their runs are submitted as new ones.
            for task in &mut watched.tasks {
                task.is_told = task.phase == Phase::Ended;
            }
        }
        attached.retain(WatchedPlan::is_live);
        Ok(attached)
    }

    /// Submits what is not submitted yet: tasks of known plans, and new runs.
    fn submit_new(
        &self,
        new: &[submission::ToSubmit<'_>],
        attempts: &BTreeMap<Digest, Attempt>,
        program: Digest,
        watched: &mut Vec<WatchedPlan>,
    ) -> Result<(), Error> {
        let mut may_wait = watched.iter().any(WatchedPlan::has_live_job);
        for plan in &mut *watched {
            if plan.needs_submission() {
                submission::submit(self, plan, may_wait)?;
            }
        }
        for attempt in 0..=MOST_ATTEMPTS {
            let number = |run: &Run| attempts.get(&run.digest).map_or(0, |attempt| attempt.number);
            let of_attempt: Vec<_> =
                new.iter().filter(|(run, _)| number(run) == attempt).copied().collect();
            if of_attempt.is_empty() {
                continue;
            }
            let tasks = submission::packed(self, &of_attempt);
            let mut plan = submission::write(self, &of_attempt, &tasks, program, attempt)?;
            (self.observer)(JobEvent::Packed { runs: of_attempt.len(), tasks });
            if let Err(error) = submission::submit(self, &mut plan, may_wait) {
                // With an intent, the scheduler may have accepted it.
                match plan.arrays.is_empty() {
                    true => plan.files.remove().map_err(Error::File)?,
                    false => watched.push(plan),
                }
                return Err(error);
            }
            watched.push(plan);
            may_wait = true;
        }
        Ok(())
    }

    /// Waits until a task has ended before all its runs had a record, or no task works any more. Returns these runs, each
    /// with its next attempt if there is one. A run that failed has none.
    fn wait(
        &self,
        watched: &mut [WatchedPlan],
        left: &mut BTreeSet<Digest>,
        total: usize,
    ) -> Result<Vec<(Digest, Option<Attempt>)>, Error> {
        let mut interval = self.poll_interval();
        let mut last = JobProgress::default();
        let mut queue: Option<BTreeMap<TaskId, Queued>> = None;
        let mut asked: Option<Stopwatch> = None;
        let mut answered = Stopwatch::start();
        let mut is_warned = false;
        let (at_first, since) = (live_jobs(watched), Stopwatch::start());
        loop {
            if asked.is_none_or(|asked| asked.elapsed() >= interval) {
                asked = Some(Stopwatch::start());
                queue = match self.queue(watched) {
                    Ok(found) => {
                        if is_warned {
                            (self.observer)(JobEvent::Warning(
                                "the scheduler answers again".to_owned(),
                            ));
                        }
                        (answered, is_warned) = (Stopwatch::start(), false);
                        Some(found)
                    }
                    Err(error) if answered.elapsed() > PATIENCE => {
                        return Err(Error::Scheduler(error));
                    }
                    Err(error) => {
                        if !is_warned {
                            let text =
                                format!("{error}; its tasks go on, and this build waits for it");
                            (self.observer)(JobEvent::Warning(text));
                        }
                        is_warned = true;
                        None
                    }
                };
                interval = (interval.mul_f64(1.25)).min(LONGEST_INTERVAL);
            }
            let mut ended = Vec::new();
            for plan in &mut *watched {
                plan.refresh_arrays().map_err(Error::File)?;
                for run in plan.poll(queue.as_ref(), self.grace()) {
                    left.remove(&run);
                }
                ended.extend(self.collect(plan));
            }
            let progress = JobProgress::of(watched, total, left.len());
            if progress != last {
                if progress.recorded > last.recorded {
                    answered = Stopwatch::start();
                }
                if progress.running != last.running || progress.pending != last.pending {
                    interval = self.poll_interval();
                }
                (self.observer)(JobEvent::Progress(progress.clone()));
                last = progress;
            }
            // The scheduler may accept more when a task has ended, or after a while.
            let pause = (10 * self.poll_interval()).min(LONGEST_INTERVAL);
            let has_room = live_jobs(watched) < at_first || since.elapsed() >= pause;
            let may_submit = has_room && watched.iter().any(WatchedPlan::needs_submission);
            if !ended.is_empty() || may_submit || !watched.iter().any(WatchedPlan::is_live) {
                return Ok(ended);
            }
            std::thread::sleep(TICK.min(self.poll_interval()));
        }
    }

    /// Tells why tasks have ended with runs left. Returns these runs, each with its next attempt if there is one.
    fn collect(&self, watched: &mut WatchedPlan) -> Vec<(Digest, Option<Attempt>)> {
        let mut all = Vec::new();
        let (attempt, workers) = (watched.plan.attempt, watched.plan.workers);
        let leases = self.cache.leases();
        for index in 0..watched.tasks.len() {
            let id = watched.id(index);
            let array = watched.array_of(index).cloned();
            let task = &mut watched.tasks[index];
            if task.phase != Phase::Ended || task.is_told {
                continue;
            }
            task.is_told = true;
            let has_progress = task.recorded() > 0;
            // A run that failed has been tried. It is trained again only if the user asks for it.
            let has_failed = |run: &Digest| self.cache.failure(*run).is_some();
            let (failed, left) = std::mem::take(&mut task.left).into_iter().partition(has_failed);
            task.left = left;
            let failed: Vec<Digest> = failed;
            all.extend(failed.into_iter().map(|run| (run, None)));
            let (Some(id), Some(array), false) = (id, array, task.left.is_empty()) else {
                continue;
            };
            let exit = self.cluster.exit_code(id, array.cluster.as_deref());
            let Reason { text, may_help, is_sudden } =
                reason(task.queued.as_ref(), task.state.as_ref(), exit.as_deref());
            for run in &task.left {
                // Otherwise, the next task waits until the lease expires.
                leases.free(*run, id.0, id.1);
            }
            let next = |position: usize| {
                let is_suspect = is_sudden && position < workers;
                // A task that has recorded runs has used its attempt for them. The others start anew, so that a run that
                // kills its task does not take them along.
                let number = if has_progress && !is_suspect { attempt } else { attempt + 1 };
                let attempt = Attempt { number, is_alone: is_suspect };
                (may_help && number <= MOST_ATTEMPTS).then_some(attempt)
            };
            let again: Vec<_> = task
                .left
                .iter()
                .enumerate()
                .map(|(position, run)| (*run, next(position)))
                .collect();
            let numbers = again.iter().filter_map(|(_, attempt)| Some((*attempt)?.number));
            (self.observer)(JobEvent::Ended {
                task: format!("{index} of plan {}", watched.files.name()),
                why: text,
                left: again.len(),
                attempt: numbers.max(),
                log: slurm::log(&watched.files.logs(), array.offset as u64, id.1),
            });
            all.extend(again);
        }
        all
    }

    /// What the scheduler says of the tasks of these plans.
    fn queue(
        &self,
        watched: &[WatchedPlan],
    ) -> Result<BTreeMap<TaskId, Queued>, slurm::SlurmError> {
        let live = watched.iter().filter(|plan| plan.is_live());
        queue_of(&self.cluster, live.flat_map(|plan| &plan.arrays))
    }
}

/// The next submission of a run.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    number: u32,
    is_alone: bool,
}

/// The runs without a record that are selected, each once, with their expected seconds.
fn select<'p>(
    plan: &'p Plan,
    is_selected: impl Fn(Digest) -> bool,
    attempts: &BTreeMap<Digest, Attempt>,
) -> Vec<submission::ToSubmit<'p>> {
    let absent = plan.absent(|run| is_selected(run.digest)).into_iter();
    let selected = absent.map(|(run, absent)| {
        let assumed = || operations(&run.config, Outcome::Completed) / ASSUMED_SPEED;
        let seconds = absent.seconds.unwrap_or_else(assumed);
        let is_alone = attempts.get(&run.digest).is_some_and(|attempt| attempt.is_alone);
        (run, Share { seconds, is_alone })
    });
    selected.collect()
}
