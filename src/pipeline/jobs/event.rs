//! What a build on a cluster tells its user.

use std::path::PathBuf;

use super::watch::WatchedPlan;
use crate::job::{Packed, Phase};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// Runs are packed into tasks.
    Packed {
        /// Number of runs.
        runs: usize,
        /// Their tasks.
        tasks: Vec<Packed>,
    },
    /// The scheduler has accepted an array.
    Submitted {
        /// The number of its job.
        job: u64,
        /// Number of its tasks.
        tasks: usize,
        /// The plan.
        plan: String,
    },
    /// An earlier build has submitted runs that this build needs.
    Attached {
        /// The plan.
        plan: String,
        /// Number of runs that its tasks have left.
        runs: usize,
    },
    /// The scheduler accepts no more jobs now.
    Limited {
        /// Number of tasks that wait for their submission.
        left: usize,
        /// What the scheduler said.
        words: String,
    },
    /// The state of the tasks has changed.
    Progress(JobProgress),
    /// A task has ended before all its runs had a record.
    Ended {
        /// The plan and the number of the task.
        task: String,
        /// Why, as a phrase that follows "task 3".
        why: String,
        /// Number of its runs without a record.
        left: usize,
        /// The number of the next attempt. `None` if its runs are not submitted again.
        attempt: Option<u32>,
        /// Its log.
        log: PathBuf,
    },
    /// Something that the user should know, and that stops nothing.
    Warning(String),
}

/// The state of all tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// Number of runs that were asked for.
    pub total: usize,
    /// Number of these that have a record now.
    pub recorded: usize,
    /// Number of tasks that work.
    pub running: usize,
    /// Number of tasks that wait for a machine.
    pub pending: usize,
    /// Why the first of them waits, in the words of the scheduler.
    pub reason: String,
}

impl JobProgress {
    /// The state of these tasks, with `left` of `total` runs without a record.
    pub(super) fn of(watched: &[WatchedPlan], total: usize, left: usize) -> Self {
        let tasks = || watched.iter().flat_map(|plan| &plan.tasks).filter(|task| task.is_live());
        let count = |phase| tasks().filter(|task| task.phase == phase).count();
        let first = tasks().find(|task| task.phase == Phase::Pending);
        let reason = first.and_then(|task| Some(task.queued.as_ref()?.reason.clone()));
        JobProgress {
            total,
            recorded: total - left,
            running: count(Phase::Running) + count(Phase::Unclear),
            pending: count(Phase::Pending),
            reason: reason.filter(|reason| reason != "None").unwrap_or_default(),
        }
    }
}
