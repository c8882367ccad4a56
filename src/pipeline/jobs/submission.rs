//! Packs runs into a plan and submits its tasks, as arrays that the scheduler accepts.

use std::path::Path;

use super::build::SlurmBuild;
use super::event::JobEvent;
use super::queue::queue_of;
use super::watch::WatchedPlan;
use crate::cache::{ArrayReceipt, JobDraft, JobFiles};
use crate::digest::Digest;
use crate::experiment::Run;
use crate::fs;
use crate::job::{JOB_FORMAT, JobPlan, Pace, Packed, Share, Task, TaskSummary, pack};
use crate::pipeline::{Error, inputs};
use crate::provenance;
use crate::slurm::{self, Array, SlurmError, Submitted};

/// A run to submit, its expected seconds, and whether it gets a task of its own.
pub(super) type ToSubmit<'r> = (&'r Run, Share);

/// How often the queue is asked for a job whose submission had no clear answer.
const LOOKS: usize = 3;

/// How runs are packed: by the size of the partition and the settings of the profile.
pub(super) fn pace(build: &SlurmBuild<'_>) -> Pace {
    let profile = build.profile;
    let (cpus, most_minutes) = build.cluster.partition();
    let slots = cpus.map_or(profile.max_running, |cpus| (cpus / profile.cpus_per_task).max(1));
    Pace {
        slots: slots.min(profile.max_running),
        workers: build.workers(),
        target_minutes: profile.target_minutes,
        most_minutes,
    }
}

/// The tasks of these runs.
pub(super) fn packed(build: &SlurmBuild<'_>, runs: &[ToSubmit<'_>]) -> Vec<Packed> {
    let shares: Vec<_> = runs.iter().map(|(_, share)| *share).collect();
    let mut packed = pack(&shares, pace(build));
    // All tasks of an array have one time limit.
    let minutes = packed.iter().map(|task| task.minutes).max().unwrap_or(0);
    for task in &mut packed {
        task.minutes = minutes;
    }
    packed
}

/// Writes the plan of these runs.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(
    build: &SlurmBuild<'_>,
    runs: &[ToSubmit<'_>],
    packed: &[Packed],
    program: Digest,
    attempt: u32,
) -> Result<WatchedPlan, Error> {
    let project = build.project;
    let conditions = project.conditions();
    let shared = |run: &Run| {
        let program = conditions.design(run.condition).program();
        let limits = program.map(|design| design.program.limits.clone());
        (conditions.names(run.condition), limits)
    };
    inputs::keep(project, runs.iter().map(|(run, _)| *run), inputs::KeptInputs::All)?;
    let mut draft = JobDraft::new(build.cache).map_err(Error::File)?;
    let mut tasks = Vec::new();
    for Packed { runs: of_task, seconds, minutes } in packed {
        let chosen = of_task.iter().map(|index| (runs[*index].0, runs[*index].1.seconds));
        let digest = draft.add(&Task::of(chosen, shared)).map_err(Error::File)?;
        tasks.push(TaskSummary {
            digest,
            runs: of_task.len(),
            seconds: *seconds,
            minutes: *minutes,
        });
    }
    let plan = JobPlan {
        format: JOB_FORMAT,
        created_at: provenance::now(),
        by: format!("{}:{}", provenance::host(), provenance::process()),
        program,
        device: build.device,
        workers: build.workers(),
        attempt,
        revision: provenance::origin(&project.root).revision,
        project: fs::physical(&project.root),
        datasets: project.datasets.places(),
        tasks,
    };
    let files = draft.finish(&plan).map_err(Error::File)?;
    WatchedPlan::open(files).map_err(|why| Error::Request {
        message: format!("the plan {why}"),
        hint: "run the same command again".to_owned(),
    })
}

/// Submits the tasks of a plan that are in no array yet. A scheduler may limit the number of jobs: then some tasks stay
/// without an array until others have ended. `may_wait` says whether other jobs of this build are in the queue.
///
/// # Errors
/// If the scheduler refuses an array for another reason, or does not answer.
pub(super) fn submit(
    build: &SlurmBuild<'_>,
    watched: &mut WatchedPlan,
    may_wait: bool,
) -> Result<(), Error> {
    let name = watched.files.name();
    watched.refresh().map_err(Error::File)?;
    let intents = watched.arrays.iter().filter(|receipt| receipt.job.is_none());
    for receipt in intents.cloned().collect::<Vec<_>>() {
        // A build that was killed may have submitted it.
        match find(build, &receipt)? {
            Some(job) => note(build, watched, receipt, &job, &name)?,
            None => forget(watched, receipt.offset)?,
        }
    }
    let most = usize::try_from(build.cluster.array_size()).unwrap_or(usize::MAX);
    let mut size = most;
    while watched.submitted() < watched.tasks.len() && !watched.is_cancelled {
        let offset = watched.submitted();
        let tasks = size.min(watched.tasks.len() - offset);
        let name_of_job = match offset {
            0 => format!("report-{name}"),
            _ => format!("report-{name}-{offset}"),
        };
        // Another profile may name another cluster when the job is asked for.
        let cluster = build.profile.clusters.clone();
        let receipt = ArrayReceipt { name: name_of_job, offset, tasks, job: None, cluster };
        // The intent is written first, so that a build that is killed now finds the job by its name.
        watched.files.store_array(&receipt).map_err(Error::File)?;
        watched.refresh().map_err(Error::File)?;
        match submit_array(build, &watched.files, &receipt, watched) {
            Ok(job) => note(build, watched, receipt, &job, &name)?,
            Err(Error::Scheduler(SlurmError::Limit(words))) => {
                forget(watched, offset)?;
                if tasks == 1 {
                    // A job that has just ended may still count.
                    if !may_wait && watched.arrays.is_empty() {
                        return Err(Error::Scheduler(SlurmError::Limit(words)));
                    }
                    (build.observer)(JobEvent::Limited {
                        left: watched.tasks.len() - offset,
                        words,
                    });
                    return Ok(());
                }
                size = tasks / 2;
            }
            Err(error) => {
                if !matches!(error, Error::Scheduler(SlurmError::OutOfReach(_))) {
                    forget(watched, offset)?;
                }
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Forgets an array that was not accepted.
fn forget(watched: &mut WatchedPlan, offset: usize) -> Result<(), Error> {
    watched.files.forget_array(offset).map_err(Error::File)?;
    watched.refresh().map_err(Error::File)
}

/// Notes the job of an array. If the plan was cancelled meanwhile, cancels the job.
fn note(
    build: &SlurmBuild<'_>,
    watched: &mut WatchedPlan,
    receipt: ArrayReceipt,
    job: &Submitted,
    plan: &str,
) -> Result<(), Error> {
    let cluster = job.cluster.clone().or(receipt.cluster);
    let receipt = ArrayReceipt { job: Some(job.job), cluster, ..receipt };
    watched.files.store_array(&receipt).map_err(Error::File)?;
    (build.observer)(JobEvent::Submitted {
        job: job.job,
        tasks: receipt.tasks,
        plan: plan.to_owned(),
    });
    watched.refresh().map_err(Error::File)?;
    match watched.is_cancelled {
        true => {
            let cancelled = build.cluster.cancel(&[job.job], receipt.cluster.as_deref());
            cancelled.map_err(Error::Scheduler)
        }
        false => Ok(()),
    }
}

/// Submits an array. If the answer is not clear, asks the queue for its name.
fn submit_array(
    build: &SlurmBuild<'_>,
    files: &JobFiles,
    receipt: &ArrayReceipt,
    watched: &WatchedPlan,
) -> Result<Submitted, Error> {
    let script = files.script_path(receipt.offset);
    let text = slurm::script(
        build.profile,
        &worker(build, files, watched, receipt.offset),
        receipt.offset,
    );
    fs::write_atomic(&script, text.as_bytes()).map_err(Error::File)?;
    let root = fs::physical(&build.project.root);
    build.keep_turn();
    let submitted = build.cluster.submit(Array {
        name: &receipt.name,
        script: &script,
        tasks: receipt.tasks as u64,
        minutes: watched.plan.tasks.iter().map(|task| task.minutes).max().unwrap_or(1),
        logs: &files.logs(),
        offset: receipt.offset as u64,
        directory: &root,
    });
    let error = match submitted {
        Ok(submitted) => return Ok(submitted),
        Err(error) => error,
    };
    // Some commands fail after the scheduler has accepted the job.
    let looks = if error.is_sure() { 0 } else { LOOKS };
    for look in 0..looks {
        if look > 0 {
            std::thread::sleep(build.poll_interval());
        }
        build.keep_turn();
        if let Ok(Some(found)) = find(build, receipt) {
            return Ok(found);
        }
    }
    Err(Error::Scheduler(error))
}

/// The job of an array in the queue, by its name. Of several, the first: the workers of the others find that it has the
/// claim.
fn find(build: &SlurmBuild<'_>, receipt: &ArrayReceipt) -> Result<Option<Submitted>, Error> {
    let queue = queue_of(&build.cluster, [receipt]).map_err(Error::Scheduler)?;
    Ok(queue
        .keys()
        .next()
        .map(|(job, _)| Submitted { job: *job, cluster: receipt.cluster.clone() }))
}

/// The command of the workers of an array, without the index.
fn worker(
    build: &SlurmBuild<'_>,
    files: &JobFiles,
    watched: &WatchedPlan,
    offset: usize,
) -> Vec<String> {
    let text = |path: &Path| fs::physical(path).to_string_lossy().into_owned();
    let digest: Digest = watched.digest;
    vec![
        text(&build.cache.program(watched.plan.program)),
        "worker".to_owned(),
        "--plan".to_owned(),
        text(&files.plan_path()),
        "--digest".to_owned(),
        digest.to_string(),
        "--array".to_owned(),
        offset.to_string(),
    ]
}
