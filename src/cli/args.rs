//! The arguments of each command.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand};

use super::artifacts::ArtifactsArgs;
use super::bundle_args::BundleCommand;
use super::check::CheckArgs;
use super::cluster_args::{ExecutorKind, JobsArgs, WorkerArgs};
use super::init::InitArgs;
use super::log_args::LogArgs;
use super::manual_args::{CompletionsArgs, ManArgs};
use super::new::{EjectArgs, NewCommand};
use super::predict_args::PredictArgs;
use super::project_args::{PlaceArgs, ProjectArgs, path_option};
use super::serve::ServeArgs;
use super::store_args::{StoreArgs, StoreCommand};
use crate::pipeline::{self, Error};
use crate::plan::Shard;

/// The version, and the revision of the sources. `+` means that they differed from it.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("REPORT_BUILT_FROM"), ")");

const LONG_ABOUT: &str = "\
A notebook for seeded experiments.

Experiments are TOML files in `experiments/`. Prose is a Markdown template in `templates/`. \
`report build` trains the runs that have no record and writes the report. Every number in the \
report comes from the records. The hash of a run's configuration names its record. An edit of \
prose or titles trains nothing. A new learning rate trains the runs that use it. If you undo the \
edit, the old records are used again.

You can interrupt a build at any time. The same command continues it.";

const AFTER_HELP: &str = "\
Examples:
  report init my-paper              write the files of a new project
  report build                      train the missing runs, write reports/report.md and .html
  report build --only deep -j 1     train only experiments/deep.toml, one run at a time; the
                                    report goes to reports/partial
  report build table1               train only the runs of Table 1
  report build --seeds 11           use the seeds 0 to 10; the report goes to reports/partial
  report build --executor slurm     train the missing runs on a cluster; see docs/clusters.md
  report serve                      show the page at http://localhost:7400 while files change
  report status                     show recorded and missing runs, and why they are missing
  report explain deep seed=3        show configuration, record and history of some runs
  report predict deep seed=3 x.csv  print what a trained network says about the rows of a table

Exit status:
  0    done
  1    a run or the system failed
  2    an input has a mistake, or a question needs --yes
  3    runs are stale (--frozen), a record is damaged, a result differs (verify, merge, store pull), or the
       scheduler refused a job
  4    the report is written, but runs are missing or were accepted by hand; or the scheduler
       or the store does not answer
  5    runs on a cluster have no record, and no task works on them any more
  130  interrupted";

/// A notebook for seeded experiments.
#[derive(Debug, Parser)]
#[command(name = "report", version = VERSION, long_about = LONG_ABOUT, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// Whether messages have colours. `auto`: at a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(super) color: ColorChoice,
    /// Print only results, warnings and errors: no progress, and no notes.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Also print details: each run, all reasons, and how long the command took.
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write the files of a new project.
    Init(InitArgs),
    /// Add an experiment, a program, a table, a figure or a claim to a project.
    #[command(subcommand)]
    New(NewCommand),
    /// Write a default file of `report` into the project, to be changed there.
    Eject(EjectArgs),
    /// Train the missing runs and write the report.
    Build(BuildArgs),
    /// Show the report in a browser while you write. The page follows each change of a file.
    Serve(ServeArgs),
    /// Show recorded and missing runs, why they are missing, and the time to train them.
    Status(StatusArgs),
    /// Look for mistakes in the files. With `--run`, also run each program twice and compare.
    Check(CheckArgs),
    /// Show everything about the runs of an experiment or a table.
    Explain(ExplainArgs),
    /// Print what the trained network of a run says about new examples.
    Predict(PredictArgs),
    /// Print what the program of a run wrote on its standard output and standard error.
    Log(LogArgs),
    /// List or copy the files that programs have left with their results.
    Artifacts(ArtifactsArgs),
    /// Use old results for runs whose configuration has changed.
    Accept(AcceptArgs),
    /// Show what changed between two reports, or between a report and the current records.
    Diff(DiffArgs),
    /// Check every record. Train runs again (`--sample`, `--all`) and compare the results bit by bit.
    Verify(VerifyArgs),
    /// Copy the records of other directories into this project, after a check.
    Merge(MergeArgs),
    /// Compare records with those of a store that several machines share, or copy them.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Put a report, its experiments and its records into one file, or take them from one.
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// List the tasks that builds have submitted to a cluster, cancel them, or print their logs.
    Jobs(JobsArgs),
    /// Train the runs of one task of a plan. Schedulers start it; see docs/clusters.md.
    Worker(WorkerArgs),
    /// List the records, or remove records that are not needed.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print a script by which a shell completes commands and options.
    Completions(CompletionsArgs),
    /// Show the help of a command, what a key of a file takes and means, or what a function of templates shows.
    Help {
        /// A command, a key (`lr`, `train.optimizer.lr`), a table (`optimizer`), a kind (`sgd`), or a function or a value of
        /// templates (`cell`).
        topic: Vec<String>,
    },
    /// Write the manual pages of all commands.
    Man(ManArgs),
}

#[derive(Debug, Subcommand)]
pub(super) enum CacheCommand {
    /// List all records, oldest first.
    Ls(LsArgs),
    /// Remove the records that neither the experiments nor a report needs.
    Gc(GcArgs),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct BuildArgs {
    /// Train only the runs of this experiment, table, figure or digest. The report shows all
    /// existing records, and goes to `reports/partial`.
    pub(super) name: Option<String>,
    /// Only runs with these levels or seeds: `factor=level`, `seed=N`.
    pub(super) levels: Vec<String>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Train only these experiments. The report shows all existing records, and goes to
    /// `reports/partial`.
    #[arg(long, value_name = "EXPERIMENT", num_args = 1.., conflicts_with = "name")]
    pub(super) only: Vec<String>,
    /// Number of runs in parallel, one thread each [default: number of cores; 1 on a CUDA device].
    /// Results do not depend on it.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Directory of the report [default: `reports` in the project; `reports/partial` with a NAME,
    /// `--only`, `--seeds` or `--data`].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Also write the page as `report.pdf`, printed by Chromium or Chrome.
    #[arg(long)]
    pub(super) pdf: bool,
    /// Show which runs a build would train, why, and how long it takes. Train nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With `--dry-run`: print one JSON object.
    #[arg(long, requires = "dry_run")]
    pub(super) json: bool,
    /// Train nothing. End with status 3 if a run is stale or missing.
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) frozen: bool,
    /// Stop after the first failed run. By default, a build stops only if its first three runs fail
    /// with the same error.
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Train only one of N shares of the missing runs, and write no report. `report merge` brings the
    /// records of all shares together.
    #[arg(long, value_name = "I/N", conflicts_with_all = ["out", "pdf", "dry_run", "frozen"])]
    pub(super) shard: Option<Shard>,
    /// Where the runs are trained: `local`, or `slurm` for a cluster. The same command attaches to tasks that work
    /// [default: local].
    #[arg(long, value_enum, default_value_t, hide_default_value = true)]
    pub(super) executor: ExecutorKind,
    /// The profile in `experiments/slurm.toml` [default: `default`, or the only one].
    #[arg(long, value_name = "P")]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) sharing: StoreArgs,
    /// With `--executor slurm`: end when the tasks are submitted.
    #[arg(long)]
    pub(super) detach: bool,
    /// Also write the trained network of each run, to `.report/models`. Recorded runs without one are trained again.
    #[arg(long, conflicts_with = "frozen")]
    pub(super) save_models: bool,
    /// Also train the runs that failed in an earlier build.
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// Do not ask. Train runs again if this version of `report` computes them differently. Write into
    /// a directory that contains other files. Run the programs of a project that came in a bundle.
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// An experiment, a table or figure of the paper, or the beginning of a digest.
    pub(super) name: String,
    /// Only runs with these levels or seeds: `factor=level`, `seed=N`.
    pub(super) levels: Vec<String>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The directory of a report, or a project with its records.
    pub(super) before: PathBuf,
    /// Another report or project [default: the records of this project].
    pub(super) after: Option<PathBuf>,
    /// Print Markdown, for a pull request.
    #[arg(long, conflicts_with = "json")]
    pub(super) markdown: bool,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct AcceptArgs {
    /// Only runs of these experiments.
    pub(super) experiments: Vec<String>,
    /// Why the older results still hold. The report shows this text.
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    pub(super) why: Option<String>,
    /// Remove the accepted records. The next build trains these runs.
    #[arg(long, conflicts_with = "why")]
    pub(super) undo: bool,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Train N runs again, chosen at random.
    #[arg(long, value_name = "N")]
    pub(super) sample: Option<usize>,
    /// Train all runs again.
    #[arg(long, conflicts_with = "sample")]
    pub(super) all: bool,
    /// Run the programs of a project that came in a bundle, without asking.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Number of runs in parallel [default: number of cores].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Projects, or their `.report` directories.
    #[arg(required = true, value_name = "DIR")]
    pub(super) directories: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct LsArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct GcArgs {
    /// Show the records that `cache gc` would remove. Remove nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Remove without asking.
    #[arg(long, short, conflicts_with = "dry_run")]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) place: PlaceArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// Directory in `reports` of a partial report, which does not replace the complete one.
const PARTIAL: &str = "partial";

impl BuildArgs {
    /// The number of runs in parallel, if each run has this many threads.
    pub(super) fn workers(&self, threads: usize) -> usize {
        self.project.workers(self.jobs, threads)
    }

    /// Refuses options that have no meaning for the executor.
    pub(super) fn check_executor(&self) -> Result<(), Error> {
        let (options, is_slurm): (&[(&str, bool)], _) = match self.executor {
            ExecutorKind::Local => {
                (&[("--detach", self.detach), ("--profile", self.profile.is_some())], false)
            }
            ExecutorKind::Slurm => {
                (&[("--jobs", self.jobs.is_some()), ("--fail-fast", self.fail_fast)], true)
            }
        };
        if self.save_models && is_slurm {
            return Err(Error::Request {
                message: "`--save-models` works on this machine alone, not with `--executor slurm`".to_owned(),
                hint: "build on the cluster without it; then `report build --save-models NAME` here trains the runs \
                       again whose models you need"
                    .to_owned(),
            });
        }
        let Some((option, _)) = options.iter().find(|(_, is_given)| *is_given) else {
            return Ok(());
        };
        Err(Error::Request {
            message: match is_slurm {
                true => format!("`{option}` has no meaning with `--executor slurm`"),
                false => format!("`{option}` has a meaning only with `--executor slurm`"),
            },
            hint: match is_slurm {
                true => "`cpus_per_task` in `experiments/slurm.toml` says how many runs a task trains in parallel",
                false => "add `--executor slurm`, or leave the option out",
            }
            .to_owned(),
        })
    }

    /// The options that change the content of the report.
    pub(super) fn command(&self) -> String {
        let mut words = vec!["report build".to_owned()];
        words.extend(self.name.iter().chain(&self.levels).cloned());
        if !self.only.is_empty() {
            words.push(format!("--only {}", self.only.join(" ")));
        }
        words.join(" ") + &self.project.overriding()
    }

    /// The options that another command needs to rebuild a part of this report, each after a space.
    pub(super) fn options(&self) -> String {
        let project = path_option("project", self.project.place.project.as_deref());
        let out = path_option("out", self.out.as_deref());
        std::iter::once(self.project.overriding()).chain(project).chain(out).collect()
    }

    /// Where the report goes.
    pub(super) fn out(&self) -> PathBuf {
        let whole = || self.project.root().join(pipeline::WHOLE);
        match (&self.out, self.is_partial()) {
            (Some(out), _) => out.clone(),
            (None, true) => whole().join(PARTIAL),
            (None, false) => whole(),
        }
    }

    /// Whether the options select a part of the project, or change its seeds or data.
    pub(super) fn is_partial(&self) -> bool {
        let ProjectArgs { seeds, data, .. } = &self.project;
        self.name.is_some() || !self.only.is_empty() || seeds.is_some() || data.is_some()
    }
}
