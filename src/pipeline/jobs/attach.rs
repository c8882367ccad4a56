//! Finds the tasks that other builds have submitted.

use std::collections::{BTreeMap, BTreeSet};

use super::build::SlurmBuild;
use super::event::JobEvent;
use super::queue::queue_of;
use super::watch::WatchedPlan;
use crate::digest::Digest;
use crate::job::Phase;
use crate::pipeline::Error;
use crate::slurm::{Queued, SlurmError, TaskId};

impl SlurmBuild<'_> {
    /// The plans that are not `known` yet with tasks that may still work on `wanted` runs. From then on, all plans are
    /// known. If the scheduler does not answer, that is an error of the first look; later, all tasks may work.
    pub(super) fn attach(
        &self,
        wanted: &BTreeSet<Digest>,
        known: &mut BTreeSet<String>,
        is_first: bool,
    ) -> Result<Vec<WatchedPlan>, Error> {
        let mut attached = Vec::new();
        let mut names = BTreeSet::new();
        for files in self.cache.plans().map_err(Error::File)? {
            let name = files.name();
            if known.contains(&name) {
                continue;
            }
            names.insert(name.clone());
            match WatchedPlan::open(files) {
                Ok(mut watched) => {
                    // A task with a wanted run is watched as a whole.
                    for task in &mut watched.tasks {
                        if !task.left.iter().any(|run| wanted.contains(run)) {
                            task.left.clear();
                        }
                    }
                    watched.settle();
                    if watched.is_live() {
                        attached.push(watched);
                    }
                }
                Err(why) => (self.observer)(JobEvent::Warning(format!(
                    "the plan {name} {why}; it is left out"
                ))),
            }
        }
        if !attached.is_empty() {
            // What has ended is submitted again only if the scheduler confirms it.
            let queue = match self.queue(&attached) {
                Ok(queue) => Some(queue),
                Err(_) if !is_first => None,
                Err(error) => return Err(Error::Scheduler(error)),
            };
            for watched in &mut attached {
                watched.poll(queue.as_ref(), self.grace());
                for index in 0..watched.tasks.len() {
                    let is_submitted = watched.id(index).is_some();
                    let is_cancelled = watched.is_cancelled;
                    let task = &mut watched.tasks[index];
                    if is_cancelled && task.queued.is_none() {
                        task.phase = Phase::Ended;
                    }
                    // The build that has submitted them is gone. Their runs are submitted as new ones.
                    task.is_told = task.phase == Phase::Ended;
                    let is_unclear = task.queued.is_none() || task.phase == Phase::Unclear;
                    task.is_doubtful = is_submitted && task.is_live() && is_unclear;
                }
            }
            attached.retain(WatchedPlan::is_live);
            for plan in &attached {
                let live = plan.tasks.iter().filter(|task| task.is_live());
                let runs = live.map(|task| task.left.len()).sum();
                (self.observer)(JobEvent::Attached { plan: plan.files.name(), runs });
            }
        }
        known.append(&mut names);
        Ok(attached)
    }

    /// What the scheduler says of the tasks of these plans.
    pub(super) fn queue(
        &self,
        watched: &[WatchedPlan],
    ) -> Result<BTreeMap<TaskId, Queued>, SlurmError> {
        let live = watched.iter().filter(|plan| plan.is_live());
        queue_of(&self.cluster, live.flat_map(|plan| &plan.arrays))
    }
}
