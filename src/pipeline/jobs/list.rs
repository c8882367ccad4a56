//! The plans of a project: what their tasks do, their logs, and how to cancel them.

use std::path::PathBuf;
use std::time::Duration;

use super::queue::queue_of;
use super::watch::{SILENT_AFTER, WatchedPlan};
use crate::cache::Cache;
use crate::fs;
use crate::job::Phase;
use crate::pipeline::Error;
use crate::slurm::{self, Cluster};

/// What the tasks of a plan do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSummary {
    /// The name of the plan.
    pub plan: String,
    /// When it was made, in seconds since 1970 (UTC).
    pub created_at: u64,
    /// How many times its runs were submitted before.
    pub attempt: u32,
    /// The jobs of the scheduler.
    pub jobs: Vec<u64>,
    /// Number of its tasks.
    pub tasks: usize,
    /// Number of its tasks that work.
    pub running: usize,
    /// Number of its tasks that wait for a machine.
    pub pending: usize,
    /// Number of its runs.
    pub runs: usize,
    /// Number of its runs that have a record.
    pub recorded: usize,
    /// Why the scheduler did not say what the tasks do.
    pub unknown: Option<String>,
}

/// All plans, the oldest first.
///
/// # Errors
/// If the plans cannot be listed.
pub fn list(cache: &Cache, cluster: &Cluster<'_>) -> Result<Vec<JobSummary>, Error> {
    let mut all = Vec::new();
    for files in cache.plans().map_err(Error::File)? {
        let Ok(mut watched) = WatchedPlan::open(files) else { continue };
        watched.settle();
        let runs = watched.plan.tasks.iter().map(|task| task.runs).sum();
        let recorded = watched.tasks.iter().map(super::watch::WatchedTask::recorded).sum();
        let unknown = look(&mut watched, cluster).err();
        let live = |phase| {
            let tasks = watched.tasks.iter().filter(|task| task.is_live() && task.phase == phase);
            if unknown.is_none() { tasks.count() } else { 0 }
        };
        all.push(JobSummary {
            plan: watched.files.name(),
            created_at: watched.plan.created_at,
            attempt: watched.plan.attempt,
            jobs: watched.arrays.iter().filter_map(|array| array.job).collect(),
            tasks: watched.tasks.len(),
            running: live(Phase::Running),
            pending: live(Phase::Pending),
            runs,
            recorded,
            unknown,
        });
    }
    all.sort_by(|a, b| (a.created_at, &a.plan).cmp(&(b.created_at, &b.plan)));
    Ok(all)
}

/// Cancels the jobs of a plan that are in the queue, and what of it is not submitted yet. Returns their numbers.
///
/// # Errors
/// If there is no such plan, or the scheduler does not answer.
pub fn cancel(cache: &Cache, cluster: &Cluster<'_>, plan: &str) -> Result<Vec<u64>, Error> {
    let mut watched = find(cache, plan)?;
    // First, so that a build which watches the plan submits nothing more.
    watched.files.cancel().map_err(Error::File)?;
    watched.refresh().map_err(Error::File)?;
    let mut cancelled = Vec::new();
    for array in &watched.arrays {
        // A number is used again some day. Only a job with this name is one of this plan.
        let queue = queue_of(cluster, [array]).map_err(Error::Scheduler)?;
        let live = queue.iter().filter(|(_, task)| task.stage() != crate::job::Stage::Ended);
        let mut jobs: Vec<_> = live.map(|((job, _), _)| *job).collect();
        jobs.dedup();
        if !jobs.is_empty() {
            cluster.cancel(&jobs, array.cluster.as_deref()).map_err(Error::Scheduler)?;
        }
        cancelled.extend(jobs);
    }
    Ok(cancelled)
}

/// The logs of the tasks of a plan that exist, or only that of one task.
///
/// # Errors
/// If there is no such plan or task.
pub fn logs(
    cache: &Cache,
    plan: &str,
    task: Option<usize>,
) -> Result<Vec<(usize, PathBuf)>, Error> {
    let watched = find(cache, plan)?;
    let n = watched.tasks.len();
    if let Some(task) = task.filter(|task| *task >= n) {
        return Err(Error::Request {
            message: format!("plan {} has no task {task}", watched.files.name()),
            hint: format!("its tasks are 0 to {}", n.saturating_sub(1)),
        });
    }
    let indices = (0..n).filter(|index| task.is_none_or(|task| task == *index));
    let logs = indices.filter_map(|index| {
        let array = watched.array_of(index)?;
        let in_array = (index - array.offset) as u64;
        Some((index, slurm::log(&watched.files.logs(), array.offset as u64, in_array)))
    });
    Ok(logs.filter(|(_, path)| fs::is_file(path)).collect())
}

/// The plan whose name begins with `name`.
fn find(cache: &Cache, name: &str) -> Result<WatchedPlan, Error> {
    let plans = cache.plans().map_err(Error::File)?;
    let names: Vec<_> = plans.iter().map(crate::cache::JobFiles::name).collect();
    let mut found =
        plans.into_iter().filter(|files| !name.is_empty() && files.name().starts_with(name));
    let request = |message: String, hint: String| Error::Request { message, hint };
    match (found.next(), found.next()) {
        (Some(files), None) => WatchedPlan::open(files).map_err(|why| {
            request(format!("plan {name} {why}"), "submit its runs again".to_owned())
        }),
        (Some(_), Some(_)) => Err(request(
            format!("several plans begin with `{name}`"),
            format!("give more digits: {}", names.join(", ")),
        )),
        (None, _) => Err(request(
            format!("there is no plan `{name}`"),
            match names.is_empty() {
                true => "`report build --executor slurm` makes plans".to_owned(),
                false => format!("the plans are {}", names.join(", ")),
            },
        )),
    }
}

/// Asks the scheduler for the tasks of a plan.
fn look(watched: &mut WatchedPlan, cluster: &Cluster<'_>) -> Result<(), String> {
    if !watched.is_live() {
        return Ok(());
    }
    let queue = queue_of(cluster, &watched.arrays).map_err(|error| error.to_string())?;
    watched.poll(Some(&queue), Duration::ZERO);
    for (index, task) in watched.tasks.iter_mut().enumerate() {
        // One look does not show whether the heartbeat still changes. Nothing is decided by this.
        let is_in_queue = task.queued.is_some() || task.phase != Phase::Running;
        if !is_in_queue && watched.files.is_silent(index, SILENT_AFTER) {
            task.phase = Phase::Ended;
        }
    }
    Ok(())
}
