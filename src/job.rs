//! Work for other machines: runs, packed into tasks, as files that a worker reads. Pure.
//!
//! A *plan* consists of tasks. A scheduler starts one worker for each task. The file of a task has everything
//! that its runs need, so an edit of the experiments changes nothing for workers that start later.

mod judge;
mod pack;
mod state;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dataset::Source;
use crate::digest::{Digest, canonical_json};
use crate::experiment::{Limits, Run};
use crate::run::{DeviceKind, RunConfig};

pub use judge::{Evidence, InQueue, Phase, Said, Stage, judge};
pub use pack::{Pace, Packed, Share, pack};
pub use state::{Ending, TaskState};

/// Version of the layout of plans and tasks.
pub const JOB_FORMAT: u32 = 1;

/// What all tasks of a plan share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobPlan {
    /// [`JOB_FORMAT`].
    pub format: u32,
    /// When the plan was made, in seconds since 1970 (UTC).
    pub created_at: u64,
    /// Machine and process of the build that made it. So no two plans have the same digest.
    pub by: String,
    /// Digest of the program that the workers run.
    pub program: Digest,
    /// The kind of device that computes.
    pub device: DeviceKind,
    /// Number of runs that a worker trains at the same time.
    pub workers: usize,
    /// How many times these runs have been submitted before, because their tasks ended without records.
    pub attempt: u32,
    /// Revision of the project's sources, with `+` if files were changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The directory of the project, for programs that do not see their inputs alone.
    pub project: PathBuf,
    /// The sources of the datasets that are not in the program.
    pub datasets: BTreeMap<Digest, Source>,
    /// The tasks, in order.
    pub tasks: Vec<TaskSummary>,
}

/// What a plan says of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSummary {
    /// Digest of the file of the task.
    pub digest: Digest,
    /// Number of its runs.
    pub runs: usize,
    /// How long it is expected to take, in seconds.
    pub seconds: f64,
    /// After how many minutes the scheduler ends it.
    pub minutes: u64,
}

/// The runs of one task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The configurations of the runs. Runs that differ only in the seed share one.
    pub conditions: Vec<TaskCondition>,
    /// The runs, in the order in which they start.
    pub runs: Vec<TaskRun>,
}

/// What the runs of a condition share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskCondition {
    /// The configuration of the first of the runs.
    pub config: RunConfig,
    /// `experiment` and each factor, with their level.
    pub names: BTreeMap<String, String>,
    /// What its program may use, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// One run of a task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRun {
    /// The index of its condition in the task.
    pub condition: usize,
    /// Its seed.
    pub seed: u64,
    /// Its digest.
    pub digest: Digest,
    /// How long it is expected to take, in seconds.
    pub seconds: f64,
}

/// Why a worker must not train the runs of a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The part versions of the program are not those of the configurations.
    #[error("the plan is from a version of `report` that computes differently")]
    Versions,
    /// The configuration of a run has another digest.
    #[error("the configuration of run {} has the digest {}", .0.short(), .1.short())]
    Key(Digest, Digest),
    /// A run names a condition that is not there.
    #[error("a run names a condition that the task does not have")]
    Condition,
}

impl Task {
    /// The task of these runs, in this order, each with its expected seconds. `shared` gives the levels of the
    /// condition of a run, and what its program may use.
    #[must_use]
    pub fn of<'r>(
        runs: impl IntoIterator<Item = (&'r Run, f64)>,
        shared: impl Fn(&Run) -> (BTreeMap<String, String>, Option<Limits>),
    ) -> Self {
        let mut task = Self::default();
        let mut places: BTreeMap<_, usize> = BTreeMap::new();
        for (run, seconds) in runs {
            // Each run of a condition can draw its own data.
            let data_seed = run.config.network().map(|config| config.data.seed());
            let key = (run.condition, data_seed);
            let condition = *places.entry(key).or_insert_with(|| {
                let (names, limits) = shared(run);
                let config = (*run.config).clone();
                task.conditions.push(TaskCondition { config, names, limits });
                task.conditions.len() - 1
            });
            task.runs.push(TaskRun {
                condition,
                seed: run.config.seed(),
                digest: run.digest,
                seconds,
            });
        }
        task
    }

    /// The configuration of each run, in order, after a check of its digest.
    ///
    /// # Errors
    /// If a run cannot be the one that the plan names.
    pub fn configs(&self) -> Result<Vec<Arc<RunConfig>>, Mismatch> {
        let config = |run: &TaskRun| {
            let condition = self.conditions.get(run.condition).ok_or(Mismatch::Condition)?;
            let config = condition.config.with_seed(run.seed);
            if !config.is_of_this_version() {
                return Err(Mismatch::Versions);
            }
            let canonical = canonical_json(&config).map_err(|_| Mismatch::Condition)?;
            match Digest::of_bytes(canonical.as_bytes()) {
                found if found == run.digest => Ok(Arc::new(config)),
                found => Err(Mismatch::Key(run.digest, found)),
            }
        };
        self.runs.iter().map(config).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{NetworkConfig, samples};

    fn task() -> Task {
        let config = RunConfig::Network(samples::config());
        let digest = |seed| Digest::of(&config.with_seed(seed)).unwrap();
        let runs =
            [3, 7].map(|seed| TaskRun { condition: 0, seed, digest: digest(seed), seconds: 1.0 });
        Task {
            conditions: vec![TaskCondition { config, names: BTreeMap::new(), limits: None }],
            runs: runs.to_vec(),
        }
    }

    fn network(task: &mut Task) -> &mut NetworkConfig {
        match &mut task.conditions[0].config {
            RunConfig::Network(config) => config,
            RunConfig::Program(_) => unreachable!("the sample is a network"),
        }
    }

    #[test]
    fn a_task_reads_back_and_gives_each_run_its_configuration() {
        let json = serde_json::to_string(&task()).unwrap();
        let configs = serde_json::from_str::<Task>(&json).unwrap().configs().unwrap();
        assert_eq!(configs.iter().map(|config| config.seed()).collect::<Vec<_>>(), [3, 7]);
    }

    #[test]
    fn a_task_with_another_configuration_or_of_another_version_is_refused() {
        let mut other = task();
        network(&mut other).train.epochs += 1;
        assert!(matches!(other.configs(), Err(Mismatch::Key(_, _))));
        let mut other = task();
        network(&mut other).versions.train += 1;
        assert_eq!(other.configs(), Err(Mismatch::Versions));
        let mut other = task();
        other.runs[1].condition = 1;
        assert_eq!(other.configs(), Err(Mismatch::Condition));
    }
}
