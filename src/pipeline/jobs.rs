//! Trains runs on a cluster with Slurm: submits those that no job covers, and watches the records until all are in.
//!
//! Nothing here has to live on. A build that is killed loses nothing: the next one reads the plans in `.report/jobs/`,
//! and submits neither recorded runs nor those of live tasks.

mod attach;
mod build;
mod collect;
mod ending;
mod event;
mod list;
mod profile;
mod queue;
mod submission;
mod turn;
mod upkeep;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::{Error, Keep, plan};
use crate::digest::Digest;
use crate::experiment::Run;
use crate::format::count;
use crate::fs::{self, FileError};
use crate::job::{Packed, Share};
use crate::plan::Plan;
use crate::provenance::{self, Stopwatch};
use crate::slurm::{Queued, SlurmError, TaskId};

use build::assumed;
use collect::Attempt;
use watch::{SILENT_AFTER, WatchedPlan, covered, live_jobs};

pub use build::SlurmBuild;
pub use collect::MOST_ATTEMPTS;
pub use event::{JobEvent, JobProgress};
pub use list::{JobSummary, cancel, list, logs};
pub use profile::profile;

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
    /// Whether tasks may still work: the build has not waited for them.
    pub is_detached: bool,
}

impl SlurmBuild<'_> {
    /// The tasks that a build would submit now.
    ///
    /// # Errors
    /// If the files of plans cannot be read.
    pub fn preview(&self, planned: &Plan, runs: &BTreeSet<Digest>) -> Result<Vec<Packed>, Error> {
        self.check_paths()?;
        self.check_threads()?;
        self.check_times(planned, runs)?;
        let watched = self.attach(runs, &mut BTreeSet::new(), true)?;
        let covered = covered(&watched);
        let new = self.select(
            planned,
            |run| runs.contains(&run) && !covered.contains(&run),
            &BTreeMap::new(),
        );
        Ok(if new.is_empty() { Vec::new() } else { submission::packed(self, &new) })
    }

    /// Submits the `wanted` runs of `planned` that no task covers. Unless it is to detach, waits until each has a record
    /// or has failed, or no task works any more. If it is to detach, waits only until it is known which tasks of earlier
    /// builds still work.
    ///
    /// # Errors
    /// If the scheduler refuses the tasks or cannot be reached, or files cannot be read or written.
    pub fn train(
        &self,
        planned: &Plan,
        wanted: &BTreeSet<Digest>,
        detaches: bool,
    ) -> Result<OnCluster, Error> {
        self.check_paths()?;
        self.check_threads()?;
        self.check_times(planned, wanted)?;
        fs::sweep(&self.cache.jobs());
        // The program may be built again while this one waits.
        let program = provenance::program().map_err(|source| {
            let path = PathBuf::from("the program of this process");
            Error::File(FileError { action: "find", path, source })
        })?;
        let program = self.cache.pin(&program).map_err(Error::File)?;
        let mut left = wanted.clone();
        let mut watched = Vec::new();
        let mut known = BTreeSet::new();
        let mut attempts: BTreeMap<Digest, Attempt> = BTreeMap::new();
        let mut given_up = BTreeSet::new();
        let mut renewed: Option<Plan> = None;
        let mut is_first = true;
        loop {
            let turn = self.turn();
            watched.extend(self.attach(wanted, &mut known, is_first)?);
            if is_first {
                self.forget_finished();
                self.move_damaged(wanted)?;
                self.forget_failures(wanted)?;
            }
            // Tasks have gone on since the records were looked up.
            left.retain(|run| !fs::is_file(&self.cache.path(*run)));
            let covered = covered(&watched);
            let is_new = |run: Digest| {
                left.contains(&run) && !covered.contains(&run) && !given_up.contains(&run)
            };
            let new = self.select(renewed.as_ref().unwrap_or(planned), is_new, &attempts);
            match self.submit_new(&new, &attempts, program, &mut watched) {
                // The plan is written. It is submitted when the scheduler answers again.
                Err(Error::Scheduler(error @ SlurmError::OutOfReach(_))) if !is_first => {
                    (self.observer)(JobEvent::Warning(error.to_string()));
                }
                submitted => submitted?,
            }
            known.extend(watched.iter().map(|plan| plan.files.name()));
            drop(turn);
            let doubtful: usize = watched.iter().map(WatchedPlan::doubtful).sum();
            if detaches && doubtful == 0 {
                break;
            }
            if detaches && is_first {
                (self.observer)(JobEvent::Warning(format!(
                    "it is not clear whether {} of earlier builds still work: this build waits for a sign of life, \
                     for at most {} min",
                    count(doubtful, "task"),
                    self.grace().max(SILENT_AFTER).as_secs().div_ceil(60)
                )));
            }
            is_first = false;
            if !watched.iter().any(WatchedPlan::is_live) {
                break;
            }
            let ended = self.wait(&mut watched, &mut left, wanted.len(), detaches)?;
            let has_ended = !ended.is_empty();
            for (run, attempt) in ended {
                let Some(attempt) = attempt else {
                    given_up.insert(run);
                    continue;
                };
                // Of several plans with this run, the last one counts.
                let before = attempts.get(&run).map_or(0, |before| before.number);
                if attempt.number >= before {
                    attempts.insert(run, attempt);
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
        if detaches {
            left.retain(|run| given_up.contains(run));
        }
        Ok(OnCluster { given_up: left.len(), is_detached: detaches })
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

    /// Waits until a task has ended before all its runs had a record, or no task works any more. If the build detaches,
    /// also ends when it is known which tasks work. Returns the runs of the task, each with its next attempt if there is
    /// one. A run that failed has none.
    fn wait(
        &self,
        watched: &mut [WatchedPlan],
        left: &mut BTreeSet<Digest>,
        total: usize,
        detaches: bool,
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
                plan.refresh().map_err(Error::File)?;
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
            let is_clear = detaches && watched.iter().all(|plan| plan.doubtful() == 0);
            let is_over = is_clear || !watched.iter().any(WatchedPlan::is_live);
            if !ended.is_empty() || may_submit || is_over {
                return Ok(ended);
            }
            std::thread::sleep(TICK.min(self.poll_interval()));
        }
    }

    /// The runs without a record that are selected, each once, with their expected seconds.
    fn select<'p>(
        &self,
        plan: &'p Plan,
        is_selected: impl Fn(Digest) -> bool,
        attempts: &BTreeMap<Digest, Attempt>,
    ) -> Vec<submission::ToSubmit<'p>> {
        let absent = plan.absent(|run| is_selected(run.digest)).into_iter();
        let conditions = self.project.conditions();
        let selected = absent.map(|(run, absent)| {
            let assumed = || assumed(&conditions, run);
            let seconds = absent.seconds.or_else(assumed).unwrap_or_default();
            let is_alone = attempts.get(&run.digest).is_some_and(|attempt| attempt.is_alone);
            (run, Share { seconds, is_alone })
        });
        selected.collect()
    }
}
