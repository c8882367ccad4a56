//! Runs programs of the user: stages their files, starts them under a supervisor, and reads what they wrote.
//!
//! A supervisor is this binary in a process of its own. It ends the program and all that it has started when the
//! program ends, when its time is over, and when the build that waits for it ends in any way.

mod artifacts;
mod digests;
mod environment;
mod error;
mod log;
mod place;
mod progress;
mod result;
mod stage;
mod supervisor;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::digest::Digest;
use crate::experiment::{Limits, Placeholders, filled, plain_path};
use crate::format::{chain, count};
use crate::fs::{self, FileError};
use crate::provenance;
use crate::run::{Curves, Outcome, ProgramConfig};

pub use digests::Digests;
pub use error::ProgramError;
pub use place::{Inputs, Place};
pub use progress::Progress;
pub use stage::LARGEST_COPY;

pub use supervisor::{SUPERVISE, supervise};

use environment::Exchange;
pub use environment::shared;
use supervisor::{Ending, Job};

/// The exit status by which a program asks to be run again later.
const TRY_LATER: i32 = 75;

/// The number of lines of its log that a failure shows.
const SHOWN_LINES: usize = 20;

/// What a program wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Whether all numbers were finite.
    pub outcome: Outcome,
    /// The numbers by name.
    pub curves: Curves,
    /// The digest of each artefact, by name.
    pub artifacts: BTreeMap<String, Digest>,
    /// What the user should know of a run that has a result anyway.
    pub warnings: Vec<String>,
}

/// Runs a program, and reads what it wrote. Tells `watch` from time to time how far it is.
///
/// # Errors
/// If it has no result.
pub fn run(
    place: Place<'_>,
    digest: &str,
    config: &ProgramConfig,
    limits: &Limits,
    watch: Option<&dyn Fn(Progress)>,
) -> Result<Written, ProgramError> {
    let (scratch, _owned) =
        fs::owned_directory(place.scratch, provenance::host()).map_err(ProgramError::File)?;
    let [work, side] = ["work", "exchange"].map(|name| fs::physical(scratch.path()).join(name));
    let [told, results, artifacts] =
        ["config.json", "result.jsonl", "artifacts"].map(|name| side.join(name));
    let exchange = Exchange { told, results, artifacts };
    fs::create_directory(&exchange.artifacts).map_err(ProgramError::File)?;
    let shared = stage::stage(&place, &work, config)?;
    let root = fs::physical(place.root);
    let directory = if config.program.isolate { work } else { root.clone() };
    let what = json!({
        "schema": 1,
        "run": digest,
        "seed": config.seed,
        "params": config.params,
        "threads": limits.threads,
    });
    fs::create_new(&exchange.told, what.to_string().as_bytes()).map_err(ProgramError::File)?;
    fs::create_new(&exchange.results, b"").map_err(ProgramError::File)?;
    let _shown = Shown::new(&exchange.results, place.live);
    let folder = exchange.artifacts.to_string_lossy();
    let placeholders =
        Placeholders { params: &config.params, seed: config.seed, artifacts: &folder };
    let mut command =
        filled(&config.program.command, placeholders).map_err(ProgramError::Result)?;
    command[0] = executable(&command[0], config, &root, &directory);
    let job = Job {
        environment: environment::of(config, limits, &exchange),
        directory,
        log: place.log.to_owned(),
        output: None,
        timeout: limits.timeout.map(|limit| limit.as_secs_f64()),
        command,
    };
    let Exchange { results, artifacts, .. } = exchange;
    let look = || {
        if let Some(tell) = watch {
            tell(Progress::read(&results, place.log));
        }
    };
    let ending = supervisor::start(&job, watch.is_some().then_some(&look))?;
    stage::check(&shared)?;
    let text = fs::read(&results).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    match ending {
        Ending::Exited { status: 0, survivors } => {
            // A program can remove this file.
            let text = text.map_err(|error| ProgramError::Result(chain(&error)))?;
            let read = result::read(&text, &config.program.metrics, &limits.fractions);
            let (outcome, curves) = read.map_err(|why| {
                let child = if survivors {
                    "; a process that it started still ran when it ended"
                } else {
                    ""
                };
                ProgramError::Result(format!("{why}{child}"))
            })?;
            let (artifacts, others) =
                artifacts::take(&artifacts, &config.program.artifacts, place.artifacts)?;
            let survivors = survivors.then(|| {
                "a process of the program still ran after the program ended; it was stopped"
                    .to_owned()
            });
            let warnings = survivors.into_iter().chain(others).collect();
            Ok(Written { outcome, curves, artifacts, warnings })
        }
        Ending::Exited { status: TRY_LATER, .. } => Err(ProgramError::Later),
        Ending::NotStarted { reason } => {
            Err(ProgramError::Start { program: job.command[0].clone(), reason })
        }
        other => Err(ProgramError::Failed {
            how: other.to_string(),
            lines: match text
                .as_ref()
                .map_or((0, None), |text| (text.lines().count(), text.lines().last()))
            {
                (n, Some(last)) => format!(
                    "{} in the result file, the last `{}`",
                    count(n, "line"),
                    log::shortened(last)
                ),
                (_, None) => "no line in the result file".to_owned(),
            },
            log: log::end(place.log, SHOWN_LINES, &job.directory),
        }),
    }
}

/// A second name of a file. Dropping it removes the name.
struct Shown<'s>(&'s Path);

impl<'s> Shown<'s> {
    /// Gives a file this second name. Ignores a failure: no result needs the name.
    fn new(file: &Path, name: &'s Path) -> Self {
        // A killed process may have left one.
        let _ = fs::remove(name);
        let _ = name.parent().map(fs::create_directory);
        let _ = fs::hard_link(file, name);
        Self(name)
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        let _ = fs::remove(self.0);
    }
}

/// The path of what is started. A name without a folder is left for `PATH`. A path means an input, or else a file of the
/// project, such as that of an environment.
fn executable(name: &str, config: &ProgramConfig, root: &Path, directory: &Path) -> String {
    let path = &*plain_path(name);
    let path: PathBuf = match name.contains('/') {
        false => return name.to_owned(),
        true if config.program.inputs.contains_key(path) => directory.join(path),
        true => root.join(name),
    };
    path.to_string_lossy().into_owned()
}

/// What a probe writes on its standard output, or else on its standard error.
///
/// # Errors
/// With why it says nothing: a phrase that follows the key of the probe.
pub fn probe(
    root: &Path,
    command: &[String],
    environment: BTreeMap<String, String>,
    scratch: &Path,
) -> Result<String, String> {
    const PATIENCE: Duration = Duration::from_mins(1);
    const LONGEST: u64 = 64 << 10;
    let path = |error: FileError| chain(&error);
    let (scratch, _owned) = fs::owned_directory(scratch, provenance::host()).map_err(path)?;
    let [log, output] = ["log", "output"].map(|name| fs::physical(scratch.path()).join(name));
    let job = Job {
        command: command.to_vec(),
        environment,
        directory: fs::physical(root),
        log: log.clone(),
        output: Some(output.clone()),
        timeout: Some(PATIENCE.as_secs_f64()),
    };
    let name = &command[0];
    let ending = supervisor::start(&job, None)
        .map_err(|error| format!("names `{name}`, which cannot be started: {}", chain(&error)))?;
    let text = |file: &Path| {
        let bytes = fs::end_of(file, LONGEST).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    };
    match ending {
        Ending::Exited { status: 0, .. } => {
            let said = [&output, &log].map(|file| text(file)).into_iter();
            said.into_iter().find(|text| !text.is_empty()).ok_or_else(|| {
                format!("names `{name}`, which wrote nothing: it must print the versions of what is used")
            })
        }
        Ending::NotStarted { reason } => {
            Err(format!("names `{name}`, which cannot be started: {reason}"))
        }
        Ending::TimedOut { seconds } => {
            Err(format!("names `{name}`, which did not end within {seconds} s"))
        }
        other => {
            let words = [&log, &output].map(|file| text(file)).into_iter();
            let words = words.into_iter().find(|text| !text.is_empty());
            let words = words.map_or_else(String::new, |text| {
                format!(": {}", text.lines().map(str::trim).collect::<Vec<_>>().join("; "))
            });
            Err(format!("names `{name}`, which {other}{words}"))
        }
    }
}
