//! What a build on a cluster needs.

use std::sync::Arc;
use std::time::Duration;

use super::event::JobEvent;
use crate::cache::{Cache, Leases};
use crate::pipeline::Project;
use crate::run::DeviceKind;
use crate::slurm::{Cluster, Profile};

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
    /// The shortest time between two looks at the queue.
    pub(super) fn poll_interval(&self) -> Duration {
        Duration::from_secs(self.profile.poll_seconds)
    }

    /// How long a task may be out of sight.
    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(self.profile.grace_seconds)
    }
}
