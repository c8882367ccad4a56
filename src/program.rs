//! Runs programs of the user: stages their files, starts them under a supervisor, and reads what they wrote.
//!
//! A supervisor is this binary in a process of its own. It ends the program and all that it has started when the
//! program ends, when its time is over, and when the build that waits for it ends in any way.

mod environment;
mod error;
mod log;
mod result;
mod stage;
mod supervisor;

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::experiment::{Limits, Placeholders, filled};
use crate::fs;
use crate::run::{Curves, Outcome, ProgramConfig};

pub use error::ProgramError;
pub use supervisor::{SUPERVISE, supervise};

use supervisor::{Ending, Job};

/// The exit status by which a program asks to be run again later.
const TRY_LATER: i32 = 75;

/// The number of lines of its log that a failure shows.
const SHOWN_LINES: usize = 20;

/// Where a run of a program takes place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// The directory of the project.
    pub root: &'p Path,
    /// A directory on the same disk for the files of the run.
    pub scratch: &'p Path,
    /// The file of its log.
    pub log: &'p Path,
}

/// What a program wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Whether all numbers were finite.
    pub outcome: Outcome,
    /// The numbers by name.
    pub curves: Curves,
    /// What the user should know of a run that has a result anyway.
    pub warning: Option<String>,
}

/// Runs a program, and reads what it wrote.
///
/// # Errors
/// If it has no result.
pub fn run(
    place: Place<'_>,
    digest: &str,
    config: &ProgramConfig,
    limits: &Limits,
) -> Result<Written, ProgramError> {
    let scratch = fs::temporary_directory(place.scratch).map_err(ProgramError::File)?;
    let [work, exchange] = ["work", "exchange"].map(|name| scratch.path().join(name));
    fs::create_directory(&exchange).map_err(ProgramError::File)?;
    let staged = stage::stage(place.root, &work, config)?;
    let directory = if config.program.isolate { &work } else { place.root };
    let [told, results] = ["config.json", "result.jsonl"].map(|name| exchange.join(name));
    let what = json!({
        "schema": 1,
        "run": digest,
        "seed": config.seed,
        "params": config.params,
        "threads": limits.threads,
    });
    fs::create_new(&told, what.to_string().as_bytes()).map_err(ProgramError::File)?;
    fs::create_new(&results, b"").map_err(ProgramError::File)?;
    let placeholders = Placeholders { params: &config.params, seed: config.seed };
    let command = filled(&config.program.command, placeholders).map_err(ProgramError::Result)?;
    let job = Job {
        environment: environment::of(config, limits, &told, &results),
        directory: fs::physical(directory),
        log: place.log.to_owned(),
        timeout: limits.timeout.map(|limit| limit.as_secs_f64()),
        command,
    };
    let ending = supervisor::start(&job)?;
    stage::check(place.root, &staged, config)?;
    let text = fs::read(&results).map_err(ProgramError::File)?;
    let text = String::from_utf8_lossy(&text);
    match ending {
        Ending::Exited { status: 0, survivors } => {
            let read = result::read(&text, &config.program.metrics);
            let (outcome, curves) = read.map_err(ProgramError::Result)?;
            let warning = survivors.then(|| {
                "a process that it started was still running when it ended, and was ended too"
                    .to_owned()
            });
            Ok(Written { outcome, curves, warning })
        }
        Ending::Exited { status: TRY_LATER, .. } => Err(ProgramError::Later),
        Ending::NotStarted { reason } => {
            Err(ProgramError::Start { program: job.command[0].clone(), reason })
        }
        other => Err(ProgramError::Failed {
            how: other.to_string(),
            lines: match text.lines().count() {
                0 => "no line".to_owned(),
                1 => "1 line".to_owned(),
                n => format!("{n} lines"),
            },
            log: log::end(place.log, SHOWN_LINES),
        }),
    }
}

/// What a probe writes on its standard output.
///
/// # Errors
/// With why it says nothing.
pub fn probe(root: &Path, command: &[String], scratch: &Path) -> Result<String, String> {
    const PATIENCE: Duration = Duration::from_mins(1);
    let mut probe = std::process::Command::new(&command[0]);
    probe.args(&command[1..]).current_dir(root);
    let output = crate::process::output(&mut probe, PATIENCE, scratch)
        .map_err(|error| format!("names `{}`, which cannot be started: {error}", command[0]))?;
    match output.status {
        Some(status) if status.success() => Ok(output.stdout.trim().to_owned()),
        Some(_) => Err(format!("names `{}`, which failed: {}", command[0], output.words())),
        None => Err(format!("names `{}`, which did not end within a minute", command[0])),
    }
}
