//! What a build on a cluster needs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::event::JobEvent;
use crate::cache::{Cache, Leases};
use crate::digest::Digest;
use crate::experiment::{Conditions, Run};
use crate::format::count;
use crate::pipeline::{Error, Project};
use crate::plan::{Absent, Plan};
use crate::run::{DeviceKind, Extent, RunConfig, operations};
use crate::slurm::{Cluster, Profile};

/// Floating-point operations per second of a run without any record to learn from: slow, so that the time limits
/// suffice.
const ASSUMED_SPEED: f64 = 5e9;

/// A build on a cluster.
pub struct SlurmBuild<'b> {
    /// The project.
    pub project: &'b Project,
    /// Its cache.
    pub cache: &'b Cache,
    /// The leases of this process.
    pub leases: Arc<Leases>,
    /// The kind of device that the tasks need.
    pub device: DeviceKind,
    /// The settings of the cluster.
    pub profile: &'b Profile,
    /// The commands of the cluster.
    pub cluster: Cluster<'b>,
    /// Told what happens.
    pub observer: &'b dyn Fn(JobEvent),
}

impl SlurmBuild<'_> {
    /// Number of runs that a task computes at the same time: as many as it has cores for.
    pub(super) fn workers(&self) -> usize {
        (self.profile.cpus_per_task / self.project.most_threads()).max(1)
    }

    /// Refuses programs that use more threads than a task has cores.
    pub(super) fn check_threads(&self) -> Result<(), Error> {
        let (threads, cores) = (self.project.most_threads(), self.profile.cpus_per_task);
        match threads <= cores {
            true => Ok(()),
            false => Err(Error::Request {
                message: format!(
                    "a program uses {threads} threads, but a task has {}",
                    count(cores, "core")
                ),
                hint: format!(
                    "set `cpus_per_task = {threads}` in `experiments/slurm.toml`, or lower `threads` of the program"
                ),
            }),
        }
    }

    /// Refuses runs of programs of which nothing says how long they take: their tasks need a time limit.
    pub(super) fn check_times(&self, plan: &Plan, runs: &BTreeSet<Digest>) -> Result<(), Error> {
        let absent = plan.absent(|run| runs.contains(&run.digest));
        let conditions = self.project.conditions();
        let is_unknown = |run: &Run, absent: &Absent| {
            absent.seconds.is_none() && assumed(&conditions, run).is_none()
        };
        let Some((run, _)) = absent.into_iter().find(|(run, absent)| is_unknown(run, absent))
        else {
            return Ok(());
        };
        let name = &conditions.experiment(run.condition).name;
        Err(Error::Request {
            message: format!(
                "nothing says how long a run of `{name}` takes, so its tasks have no time limit"
            ),
            hint:
                "add `timeout` to its `[program]`, or compute one of its runs on this machine first"
                    .to_owned(),
        })
    }

    /// The shortest time between two looks at the queue.
    pub(super) fn poll_interval(&self) -> Duration {
        Duration::from_secs(self.profile.poll_seconds)
    }

    /// How long a task may be out of sight.
    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(self.profile.grace_seconds)
    }
}

/// The expected seconds of a run without any record to learn from: long, so that the time limits suffice. `None` for
/// a program without a timeout.
pub(super) fn assumed(conditions: &Conditions<'_>, run: &Run) -> Option<f64> {
    match &*run.config {
        RunConfig::Network(config) => {
            Some(operations(config, Extent::whole(config)) / ASSUMED_SPEED)
        }
        RunConfig::Program(_) => {
            let timeout = conditions.design(run.condition).program()?.program.limits.timeout;
            timeout.map(|timeout| timeout.as_secs_f64())
        }
    }
}
