//! `report jobs`: the tasks on a cluster.

use super::cluster_args::{JobsArgs, JobsCommand};
use super::json;
use super::project_args::root_of;
use super::terminal::{alert, columns, data, message};
use crate::cache::Cache;
use crate::format::{self, count};
use crate::fs;
use crate::pipeline::Error;
use crate::pipeline::jobs::{self, JobSummary};
use crate::slurm::Cluster;

/// How many lines of each log are printed if no task is named.
const LAST_LINES: usize = 20;

pub(super) fn run(args: &JobsArgs) -> Result<(), Error> {
    let root = root_of(args.project.as_ref());
    let cache = Cache::new(&root);
    let profile = || jobs::profile(&root, args.profile.as_deref());
    match &args.command {
        None => list(&jobs::list(&cache, &Cluster::new(&profile()?))?, args.json),
        Some(JobsCommand::Cancel { plan }) => {
            let cancelled = jobs::cancel(&cache, &Cluster::new(&profile()?), plan)?;
            match cancelled.is_empty() {
                true => message("no job of this plan is in the queue"),
                false => message(&format!("cancelled {}", listed(&cancelled))),
            }
            Ok(())
        }
        Some(JobsCommand::Log { task }) => {
            let (plan, index) = match task.split_once('.') {
                Some((plan, index)) => (plan, Some(number(index)?)),
                None => (task.as_str(), None),
            };
            let logs = jobs::logs(&cache, plan, index)?;
            if logs.is_empty() {
                message("there is no log yet: the tasks have not started");
            }
            for (task, path) in logs {
                // A task may print anything.
                let bytes = fs::read(&path).map_err(Error::Input)?;
                let text = String::from_utf8_lossy(&bytes);
                let lines: Vec<_> = text.lines().collect();
                let first =
                    if index.is_some() { 0 } else { lines.len().saturating_sub(LAST_LINES) };
                if index.is_none() {
                    data(&format!("task {task}: {}", path.display()))?;
                }
                lines[first..].iter().try_for_each(|line| data(line))?;
            }
            Ok(())
        }
    }
}

fn list(all: &[JobSummary], as_json: bool) -> Result<(), Error> {
    if as_json {
        return json::print(json::jobs(all));
    }
    let head = ["plan", "submitted", "attempt", "jobs", "tasks", "running", "pending", "recorded"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for plan in all {
        rows.push(vec![
            plan.plan.clone(),
            format::date(plan.created_at),
            (plan.attempt + 1).to_string(),
            listed(&plan.jobs),
            plan.tasks.to_string(),
            plan.unknown.as_ref().map_or_else(|| plan.running.to_string(), |_| "?".to_owned()),
            plan.unknown.as_ref().map_or_else(|| plan.pending.to_string(), |_| "?".to_owned()),
            format!("{}/{}", plan.recorded, plan.runs),
        ]);
    }
    for line in columns(&rows) {
        data(&line)?;
    }
    if let Some(why) = all.iter().find_map(|plan| plan.unknown.as_ref()) {
        alert(&format!("warning: {why}"));
    }
    message(&format!(
        "{}; `report jobs log PLAN` prints what the tasks wrote",
        count(all.len(), "plan")
    ));
    Ok(())
}

fn listed(jobs: &[u64]) -> String {
    jobs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn number(index: &str) -> Result<usize, Error> {
    index.parse().map_err(|_| Error::Request {
        message: format!("`{index}` is not the number of a task"),
        hint: "a task is `PLAN.I`, such as `3fa9c1.0`".to_owned(),
    })
}
