//! `report build --executor slurm`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::args::BuildArgs;
use super::interrupt;
use super::terminal::{alert, data, message};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::format::{count, duration, runs, thousands};
use crate::fs;
use crate::job::Packed;
use crate::pipeline::jobs::{self, JobEvent, JobProgress, OnCluster, SlurmBuild};
use crate::pipeline::{self, Error, Keep, Project};
use crate::plan::Plan;
use crate::slurm::Cluster;
use crate::train::Device;

/// How a build on a cluster goes on.
pub(super) enum Next {
    /// It writes the report, and ends with this failure if there is one.
    Report(Option<Error>),
    /// The tasks work without it.
    Detached,
}

/// Trains runs of the plan on a cluster, and reads their records into it.
///
/// # Errors
/// If the tasks cannot be submitted or watched.
pub(super) fn train(
    project: &Project,
    plan: &mut Plan,
    to_train: &BTreeSet<Digest>,
    args: &BuildArgs,
) -> Result<Next, Error> {
    let tell = |event| tell(event, args);
    let OnCluster { given_up, is_detached } = with_build(project, args, &tell, |build| {
        interrupt::prepare_submitter(Arc::clone(&build.leases));
        build.train(plan, to_train, args.detach)
    })?;
    let total = to_train.len();
    let failure = (given_up > 0).then_some(Error::Unfinished { count: given_up, total });
    if is_detached {
        message(
            "the tasks work without this command; the same command without `--detach` waits for them",
        );
        return failure.map_or(Ok(Next::Detached), Err);
    }
    *plan = pipeline::plan(project, args.project.device.kind(), Keep::Extracts)?;
    Ok(Next::Report(failure))
}

/// Tidies up after earlier builds.
///
/// # Errors
/// If the profile cannot be read.
pub(super) fn tidy(project: &Project, args: &BuildArgs) -> Result<(), Error> {
    with_build(project, args, &|event| tell(event, args), |build| {
        build.tidy();
        Ok(())
    })
}

/// Prints the tasks that a build would submit.
///
/// # Errors
/// If the profile or the plans cannot be read.
pub(super) fn preview(
    project: &Project,
    plan: &Plan,
    to_train: &BTreeSet<Digest>,
    args: &BuildArgs,
) -> Result<(), Error> {
    let tell = |event| tell(event, args);
    let tasks = with_build(project, args, &tell, |build| build.preview(plan, to_train))?;
    let n = tasks.iter().map(|task| task.runs.len()).sum();
    match tasks.is_empty() {
        true => data("nothing to submit"),
        false => data(&packed(n, &tasks)),
    }
}

fn with_build<T>(
    project: &Project,
    args: &BuildArgs,
    observer: &dyn Fn(JobEvent),
    act: impl FnOnce(&SlurmBuild<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let profile = jobs::profile(&project.root, args.profile.as_deref())?;
    if let Device::Cuda(number) = args.project.device {
        if !profile.names_gpu() {
            alert("warning: the profile asks for no GPU; `gres = \"gpu:1\"` does in most clusters");
        }
        if number > 0 {
            message(&format!("note: `cuda:{number}` means the first device of each task"));
        }
    }
    // The tasks run in another directory.
    let cache = Cache::new(&fs::physical(&project.root));
    act(&SlurmBuild {
        project,
        cache: &cache,
        leases: Arc::new(cache.leases()),
        device: args.project.device.kind(),
        profile: &profile,
        cluster: Cluster::new(&profile),
        observer,
    })
}

/// Prints an event.
fn tell(event: JobEvent, args: &BuildArgs) {
    match event {
        JobEvent::Packed { runs: n, tasks } => message(&packed(n, &tasks)),
        JobEvent::Submitted { job, tasks, plan } => {
            message(&submitted(job, tasks, &plan, args.detach));
        }
        JobEvent::Attached { plan, runs: n } => {
            message(&format!("plan {plan} already has {} in the queue or in training", runs(n)));
        }
        JobEvent::Limited { left, words } => {
            let next = match args.detach {
                true => "the same command submits them when others have ended",
                false => "they wait until others have ended",
            };
            message(&format!(
                "the scheduler accepts no more jobs now, and {} are left; {next}: {words}",
                count(left, "task")
            ));
        }
        JobEvent::Progress(progress) => message(&line(&progress)),
        JobEvent::Ended { task, why, left, attempt, log } => {
            alert(&ended(&task, &why, left, attempt, &log));
        }
        JobEvent::Warning(text) => alert(&format!("warning: {text}")),
    }
}

/// `412 runs → 8 tasks of about 20 min, each with a limit of 33 min`.
fn packed(n: usize, tasks: &[Packed]) -> String {
    let longest = tasks.iter().map(|task| task.seconds).fold(0.0, f64::max);
    let longest = Duration::try_from_secs_f64(longest).unwrap_or_default();
    let minutes = tasks.iter().map(|task| task.minutes).max().unwrap_or_default();
    format!(
        "{} → {} of at most about {}, with a time limit of {minutes} min",
        runs(n),
        count(tasks.len(), "task"),
        duration(longest.max(Duration::from_secs(1)))
    )
}

/// `submitted job 8123 with 8 tasks (plan 3fa9c1); Ctrl-C leaves it running`.
fn submitted(job: u64, tasks: usize, plan: &str, detaches: bool) -> String {
    let after = if detaches { "" } else { "; Ctrl-C leaves it running" };
    format!("submitted job {job} with {} (plan {plan}){after}", count(tasks, "task"))
}

/// `719/1,000 runs recorded, 5 tasks running, 3 pending (Priority)`.
fn line(progress: &JobProgress) -> String {
    let JobProgress { total, recorded, running, pending, reason } = progress;
    let mut parts = vec![format!("{}/{} runs recorded", thousands(*recorded), thousands(*total))];
    if *running > 0 {
        parts.push(format!("{} running", count(*running, "task")));
    }
    match (pending, reason.as_str()) {
        (0, _) => {}
        (n, "") => parts.push(format!("{n} pending")),
        (n, reason) => parts.push(format!("{n} pending ({reason})")),
    }
    parts.join(", ")
}

/// `task 3 of plan 3fa9c1 was killed (signal 9; memory?): 17 runs left, submitted again (1 of 2); log: …`.
fn ended(task: &str, why: &str, left: usize, attempt: Option<u32>, log: &Path) -> String {
    let next = match attempt {
        None => "not submitted again".to_owned(),
        Some(0) => "submitted again".to_owned(),
        Some(n) => format!("submitted again ({n} of {})", jobs::MOST_ATTEMPTS),
    };
    let log = log.display();
    format!("task {task} {why}: {} left, {next}; log: `{log}`", runs(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_the_document_on_clusters_shows_them() {
        let document = include_str!("../../docs/clusters.md");
        let task = |seconds| Packed { runs: Vec::new(), seconds, minutes: 34 };
        let progress = JobProgress {
            total: 412,
            recorded: 307,
            running: 5,
            pending: 1,
            reason: "Priority".to_owned(),
        };
        let log = Path::new("…/log/0-3.log");
        let killed = "was killed (signal 9; memory?)";
        for text in [
            packed(412, &[1211.0; 8].map(task)),
            submitted(8123, 8, "3fa9c1d2b7e0", false),
            line(&progress),
            ended("3 of plan 3fa9c1d2b7e0", killed, 17, Some(1), log),
        ] {
            assert!(document.lines().any(|line| line == text), "{text}");
        }
    }
}
