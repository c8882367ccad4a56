//! The arguments of the commands for clusters.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct JobsArgs {
    #[command(subcommand)]
    pub(super) command: Option<JobsCommand>,
    /// The project: the directory with `experiments/` and `templates/` [default: this directory].
    #[arg(long, short = 'C', value_name = "DIR", global = true)]
    pub(super) project: Option<PathBuf>,
    /// The profile in `experiments/slurm.toml` [default: `default`, or the only one].
    #[arg(long, value_name = "P", global = true)]
    pub(super) profile: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum JobsCommand {
    /// Cancel the jobs of a plan. Finished runs are kept.
    Cancel {
        /// The plan, or the beginning of its name.
        plan: String,
    },
    /// Print what the tasks of a plan wrote: the last lines of each, or everything of one.
    Log {
        /// A plan, or one of its tasks: `PLAN.I`.
        #[arg(value_name = "PLAN[.I]")]
        task: String,
    },
}

/// Where runs are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ExecutorKind {
    /// On this machine.
    #[default]
    Local,
    /// On a cluster with Slurm.
    Slurm,
}

#[derive(Debug, Args)]
pub(super) struct WorkerArgs {
    /// The plan: `.report/jobs/PLAN/plan.json` of the project.
    #[arg(long, value_name = "FILE")]
    pub(super) plan: PathBuf,
    /// The digest that this file must have [default: that in the name of its directory].
    #[arg(long)]
    pub(super) digest: Option<String>,
    /// The number of the task, from 0.
    #[arg(long, value_name = "I")]
    pub(super) index: usize,
    /// The first task of the array that this task is in. Only one job does the tasks of an array.
    #[arg(long, value_name = "OFFSET")]
    pub(super) array: Option<usize>,
}
