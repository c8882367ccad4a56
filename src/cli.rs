//! The command line: flags → pipeline → text and exit code. Data go to standard output, progress
//! and messages to standard error.

mod accept;
mod build;
mod cache;
mod diff;
mod explain;
mod interrupt;
mod json;
mod named;
mod progress;
mod status;
mod survey;
mod terminal;
mod verify;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::pipeline::{self, Error, Overrides};
use crate::provenance;
use crate::render::shell_quoted;
use crate::train::{Device, DfdxTrainer, Trainer};

use terminal::message;

const LONG_ABOUT: &str = "\
A notebook for seeded experiments.

Experiments are TOML files in `experiments/`, prose is a Markdown template in `templates/`. \
`report build` trains exactly the runs that have no record yet, and writes the report, in which \
every number comes from the records. A run's record is named by the hash of everything that can \
change its result: editing prose or titles trains nothing, editing one learning rate trains the \
runs that use it, and undoing the edit finds the old records again.

Interrupt a build whenever you like; the same command goes on where it was.";

const AFTER_HELP: &str = "\
Examples:
  report build                      train what is missing, write reports/report.md and .html
  report build --only deep -j 1     train only experiments/deep.toml, one run at a time
  report build table1               train only what Table 1 needs
  report build --seeds 11           one seed more for each condition: trains only those
  report status                     what is recorded, what is missing, and why
  report explain deep seed=3        configuration, record and history of some runs

Exit status: 0 done, 1 a run or the environment failed, 2 an input has to be fixed, 3 something is
stale (--frozen) or not what it was recorded to be (verify), 4 the report is written but some of its
runs are missing or accepted by hand, 130 interrupted.";

/// A notebook for seeded experiments.
#[derive(Debug, Parser)]
#[command(name = "report", version, long_about = LONG_ABOUT, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train what is missing and write the report.
    Build(BuildArgs),
    /// Show what is recorded, what is not, why, and what training it takes.
    Status(StatusArgs),
    /// Tell all about a run, a condition, or the runs behind a table.
    Explain(ExplainArgs),
    /// Keep the results that runs had before their configuration changed.
    Accept(AcceptArgs),
    /// Tell what two reports say otherwise, or a report and the records of now.
    Diff(DiffArgs),
    /// Check every record, and train some again to compare the bits.
    Verify(VerifyArgs),
    /// List the records, or remove those that nothing needs.
    #[command(subcommand)]
    Cache(CacheCommand),
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// List all records, the oldest first.
    Ls(LsArgs),
    /// Remove the records that neither the experiments nor the last report need.
    Gc(GcArgs),
}

#[derive(Debug, Args)]
struct ProjectArgs {
    /// The directory with `experiments/` and `templates/` [default: this one]; records go to
    /// `.report/` in it.
    #[arg(long, short = 'C', value_name = "DIR")]
    project: Option<PathBuf>,
    /// Use the first N seeds of each experiment; the next numbers if its file has not so many.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: Option<u64>,
    /// Take digits from the four standard MNIST files in DIR, in place of the embedded ones.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Compute on `cpu`, `cuda` or `cuda:N`; each kind has records of its own [default: cpu, or
    /// cuda if it was built in and a device is found].
    #[arg(long, value_name = "DEVICE")]
    device: Option<Device>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
struct BuildArgs {
    /// Train only what this experiment, table, figure or run needs; the report shows of the rest what
    /// is on record.
    name: Option<String>,
    /// Of these only the runs with `factor=level`, and `seed=N`.
    levels: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    /// Train only these experiments; the report shows what the others have on record.
    #[arg(long, value_name = "EXPERIMENT", num_args = 1.., conflicts_with = "name")]
    only: Vec<String>,
    /// Runs side by side, one thread each [default: the cores]. Results do not depend on it.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where the report goes [default: `reports` in the project].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only tell what would be trained, why, and what it takes.
    #[arg(long)]
    dry_run: bool,
    /// With `--dry-run`: print one JSON object.
    #[arg(long, requires = "dry_run")]
    json: bool,
    /// Train nothing: end with status 3 if anything is stale.
    #[arg(long, conflicts_with = "dry_run")]
    frozen: bool,
    /// Begin no run after one has failed.
    #[arg(long, conflicts_with = "keep_going")]
    fail_fast: bool,
    /// Go on after a failed run, unless the first three fail alike; this is the default.
    #[arg(long)]
    keep_going: bool,
    /// Try the runs again that failed before.
    #[arg(long)]
    retry_failed: bool,
    /// Train again, without asking, what a new version of `report` computes otherwise.
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Args)]
struct StatusArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ExplainArgs {
    /// An experiment, a table of the paper, or the beginning of a digest.
    name: String,
    /// Only these runs: `factor=level`, and `seed=N`.
    levels: Vec<String>,
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct DiffArgs {
    /// A report's directory, or a project, whose records are taken.
    before: PathBuf,
    /// Another [default: the records of this project].
    after: Option<PathBuf>,
    /// Print Markdown, for a pull request.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct AcceptArgs {
    /// Only runs of these experiments.
    experiments: Vec<String>,
    /// Why the older results hold; the report shows it.
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    why: Option<String>,
    /// Accept no longer what was accepted; a build trains these runs.
    #[arg(long, conflicts_with = "why")]
    undo: bool,
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// Train so many runs again, others each time.
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Train all runs again.
    #[arg(long, conflicts_with = "sample")]
    all: bool,
    /// Runs side by side [default: the cores].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct LsArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct GcArgs {
    /// Only tell what would be removed.
    #[arg(long)]
    dry_run: bool,
    /// Remove without asking.
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    #[command(flatten)]
    project: ProjectArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl ProjectArgs {
    fn root(&self) -> PathBuf {
        self.project.clone().unwrap_or_default()
    }

    fn device(&self) -> Device {
        self.device.unwrap_or_else(Device::detect)
    }

    fn overrides(&self) -> Overrides {
        Overrides { seeds: self.seeds, data: self.data.clone() }
    }

    fn load(&self) -> Result<pipeline::Project, Error> {
        pipeline::load(&self.root(), &self.overrides())
    }
}

impl BuildArgs {
    fn workers(&self) -> usize {
        self.jobs.map_or_else(provenance::cores, usize::from)
    }

    /// What of the command line decides on the content of the report.
    fn command(&self) -> String {
        let mut words = vec!["report build".to_owned()];
        words.extend(self.name.iter().chain(&self.levels).cloned());
        if !self.only.is_empty() {
            words.push(format!("--only {}", self.only.join(" ")));
        }
        words.join(" ") + &self.overriding()
    }

    /// What changes the experiments, each after a space.
    fn overriding(&self) -> String {
        let seeds = self.project.seeds.map(|count| format!(" --seeds {count}"));
        seeds.into_iter().chain(path_option("data", self.project.data.as_deref())).collect()
    }

    /// What other commands need to make something of this report again, each after a space.
    fn options(&self) -> String {
        let project = path_option("project", self.project.project.as_deref());
        let out = path_option("out", self.out.as_deref());
        std::iter::once(self.overriding()).chain(project).chain(out).collect()
    }

    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| self.project.root().join("reports"))
    }
}

fn path_option(name: &str, path: Option<&Path>) -> Option<String> {
    Some(format!(" --{name} {}", shell_quoted(&path?.to_string_lossy())))
}

/// Makes the trainer for a device.
pub type MakeTrainer<'t> = &'t dyn Fn(Device) -> Box<dyn Trainer>;

/// Runs the command that the process was called with.
#[must_use]
pub fn run() -> ExitCode {
    run_with(std::env::args_os(), &|device| Box::new(DfdxTrainer { device }))
}

/// Runs a command with a trainer of the caller's.
#[must_use]
pub fn run_with(arguments: impl Iterator<Item = OsString>, trainer: MakeTrainer<'_>) -> ExitCode {
    let result = match Cli::parse_from(arguments).command {
        Command::Build(args) => build::run(&args, trainer),
        Command::Status(args) => status::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Accept(args) => accept::run(&args),
        Command::Verify(args) => verify::run(&args, trainer),
        Command::Cache(command) => cache::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn explain(error: &Error) {
    let kind = if matches!(error, Error::Incomplete { .. }) { "note" } else { "error" };
    for line in error.to_string().lines() {
        message(&format!("{kind}: {line}"));
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message(&format!("caused by: {cause}"));
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        message(&format!("hint: {hint}"));
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
