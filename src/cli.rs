//! The command line: flags → pipeline → text and exit code. Data go to standard output, progress
//! and messages to standard error.

mod build;
mod progress;
mod status;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::pipeline::{self, Error, Overrides, Planned};
use crate::provenance;
use crate::train::Device;

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
  report build --seeds 11           one seed more for each condition: trains only those
  report status                     what is recorded and what is missing

Exit status: 0 done, 1 a run or the environment failed, 2 an input has to be fixed.";

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
    /// Show what is recorded and what is missing.
    Status(ProjectArgs),
}

#[derive(Debug, Args)]
struct ProjectArgs {
    /// The directory with `experiments/` and `templates/` [default: this one]; records go to
    /// `.report/` in it.
    #[arg(long, short = 'C', value_name = "DIR")]
    project: Option<PathBuf>,
    /// Use seeds 0 to N − 1, in place of those of the experiment files.
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
struct BuildArgs {
    #[command(flatten)]
    project: ProjectArgs,
    /// Train only these experiments; the report shows what the others have on record.
    #[arg(long, value_name = "EXPERIMENT", num_args = 1..)]
    only: Vec<String>,
    /// Runs side by side, one thread each [default: the cores]. Results do not depend on it.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Where the report goes [default: `reports` in the project].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl ProjectArgs {
    fn root(&self) -> PathBuf {
        self.project.clone().unwrap_or_default()
    }

    fn device(&self) -> Device {
        self.device.unwrap_or_else(Device::detect)
    }

    fn load(&self) -> Result<pipeline::Project, Error> {
        let overrides = Overrides { seeds: self.seeds, data: self.data.clone() };
        pipeline::load(&self.root(), &overrides)
    }
}

impl BuildArgs {
    fn workers(&self) -> usize {
        self.jobs.map_or_else(provenance::cores, usize::from)
    }

    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| self.project.root().join("reports"))
    }
}

/// Runs the command that the process was called with.
#[must_use]
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Build(args) => build::run(&args),
        Command::Status(args) => status::run(&args),
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
    for line in error.to_string().lines() {
        message(&format!("error: {line}"));
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

fn warn_of_unreadable(planned: &Planned) {
    for (path, reason) in &planned.unreadable {
        let path = path.display();
        message(&format!("warning: `{path}` {reason}; its run counts as missing"));
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
