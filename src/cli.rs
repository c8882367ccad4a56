//! The command line: flags → pipeline → text and exit code. Results go to standard output. Progress
//! and messages go to standard error.

mod accept;
mod args;
mod artifacts;
mod build;
mod bundle;
mod bundle_args;
mod cache;
mod check;
mod cluster_args;
mod datasets;
mod diff;
mod early_report;
mod errors;
mod examples;
mod explain;
mod help;
mod init;
mod interrupt;
mod jobs;
mod json;
mod json_fields;
mod local;
mod log;
mod log_args;
mod manual;
mod manual_args;
mod merge;
mod new;
mod predict;
mod predict_args;
mod preview;
mod progress;
mod project_args;
mod reference;
mod resolved;
mod results;
mod run_details;
mod selector;
mod serve;
mod sharing;
mod slurm;
mod status;
mod store;
mod store_args;
mod target;
mod terminal;
mod trust;
mod uploads;
mod verify;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::format::duration;
use crate::program::{SUPERVISE, supervise};
use crate::provenance::Stopwatch;
use crate::train::{DfdxTrainer, MakeTrainer};

use args::{Cli, Command};
use terminal::Verbosity;

pub use json_fields::{json_fields, json_reference};
pub use reference::reference;

/// Runs the command that the arguments of the process name.
#[must_use]
pub fn run() -> ExitCode {
    run_with(std::env::args_os(), &|device| Box::new(DfdxTrainer { device }))
}

/// Runs a command with a trainer that the caller gives.
#[must_use]
pub fn run_with(arguments: impl Iterator<Item = OsString>, trainer: MakeTrainer<'_>) -> ExitCode {
    let arguments: Vec<_> = arguments.collect();
    if arguments.get(1).is_some_and(|word| word == SUPERVISE) {
        return match supervise() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let matches = examples::command().get_matches_from(arguments);
    let parsed = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let Cli { color, quiet, verbose, command } = parsed;
    terminal::set_colour(color);
    terminal::set_verbosity(match (quiet, verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    });
    let stopwatch = Stopwatch::start();
    let result = match command {
        Command::Init(args) => init::run(&args),
        Command::New(command) => new::run(&command),
        Command::Eject(args) => new::eject(&args),
        Command::Build(args) => build::run(&args, trainer),
        Command::Serve(args) => serve::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Log(args) => log::run(&args),
        Command::Artifacts(args) => artifacts::run(&args),
        Command::Accept(args) => accept::run(&args),
        Command::Verify(args) => verify::run(&args, trainer),
        Command::Merge(args) => merge::run(&args),
        Command::Store(command) => store::run(&command),
        Command::Bundle(command) => bundle::run(&command),
        Command::Jobs(args) => jobs::run(&args),
        Command::Worker(args) => worker::run(&args, trainer),
        Command::Cache(command) => cache::run(&command),
        Command::Completions(args) => manual::completions(&args),
        Command::Help { topic } => help::run(&topic),
        Command::Man(args) => manual::man(&args),
    };
    let status = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            errors::explain(&error);
            ExitCode::from(error.exit_code())
        }
    };
    terminal::detail(&match stopwatch.elapsed() {
        short if short.as_secs() == 0 => format!("took {} ms", short.as_millis()),
        long => format!("took {}", duration(long)),
    });
    status
}
