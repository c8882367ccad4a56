//! What the user can do about an error.

use std::io::ErrorKind;

use super::Error;
use crate::dataset;
use crate::execute::{FailedRun, RunFailure};
use crate::fs::FileError;
use crate::slurm::SlurmError;
use crate::train::{DeviceError, TrainError};

/// What to do after runs have failed.
const RETRY_HINT: &str =
    "finished runs are kept; `report build --retry-failed` trains the others again";

/// The hint if a file cannot be written.
const SPACE_HINT: &str =
    "check free space and permissions, then run the same command; finished runs are kept";

/// The remedy where a file of the user's cannot be read.
fn input_hint(error: &FileError) -> &'static str {
    let is_missing = |name: &str| error.is_not_found() && error.path.ends_with(name);
    match error.source.kind() {
        _ if is_missing("templates/paper.md.jinja") => {
            "it contains the prose of the paper; README.md shows a short one"
        }
        _ if is_missing("experiments/paper.toml") => {
            "it contains the title, tables, figures and claims; README.md shows a short one"
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            "run `report` in the directory with `experiments/` and `templates/`, or name it with \
             `--project DIR`"
        }
        _ => "check that it is a readable file of UTF-8 text",
    }
}

impl Error {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request { hint, .. } => Some(hint.clone()),
            Self::Dataset { .. } | Self::DatasetFile { .. } => Some(format!(
                "a dataset directory holds {}; `.idx` for `-idx`, `.gz`, and a folder for each file are allowed",
                dataset::STANDARD_FILES.join(", ")
            )),
            Self::Input(error) => Some(input_hint(error).to_owned()),
            Self::File(FileError { source, .. })
                if matches!(
                    source.kind(),
                    ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::AlreadyExists
                ) =>
            {
                Some("a file and a directory need the same path: move the file away".to_owned())
            }
            Self::File(_) => Some(SPACE_HINT.to_owned()),
            Self::Unreadable(_) => Some(
                "make the record readable (its owner can use `chmod a+r`), then run the same command"
                    .to_owned(),
            ),
            Self::Threads(_) => Some("lower `--jobs`".to_owned()),
            Self::Device(DeviceError::NotBuilt(_)) => Some(
                "build it with `cargo build --release --features cuda`, or use `--device cpu`"
                    .to_owned(),
            ),
            Self::Device(DeviceError::Driver(_) | DeviceError::NotFound { .. }) => {
                Some("`nvidia-smi -L` lists the devices; `--device cpu` needs none".to_owned())
            }
            Self::Runs { failed, untried, ended_alike, .. } => {
                Some(of_runs(failed, *ended_alike && *untried > 0).to_owned())
            }
            Self::Failed { .. } => Some(RETRY_HINT.to_owned()),
            Self::Incomplete { .. } => {
                Some("`report status` with the same options lists them; the report marks them".to_owned())
            }
            Self::Stale(_) => Some(
                "`report status` with the same options says why; the same command without `--frozen` trains \
                 them"
                    .to_owned(),
            ),
            Self::Unconfirmed { .. } => Some(
                "`report build --yes` trains them again; `report accept --why TEXT` keeps their \
                 results"
                    .to_owned(),
            ),
            Self::Browser { .. } => Some(
                "the rest of the report is written; open report.html in any browser, and print it into a file"
                    .to_owned(),
            ),
            Self::NoBrowser { .. } => Some(
                "install Chromium or Chrome; or build without `--pdf`, open report.html in any browser, and \
                 print it into a file"
                    .to_owned(),
            ),
            Self::Unverified { hint, .. } => Some((*hint).to_owned()),
            Self::Store(_) => Some(
                "check the address, the network, and the credentials in the environment; what was copied before stays"
                    .to_owned(),
            ),
            Self::Scheduler(error) => Some(scheduler_hint(error).to_owned()),
            Self::Unfinished { .. } => Some(
                "the lines above name the reasons and the logs; the same command submits these runs again"
                    .to_owned(),
            ),
            Self::Refused { .. } => {
                Some("run the command of the build again: it submits what is missing".to_owned())
            }
            Self::Invalid(invalid) => {
                let check = "`report check` looks at all files again";
                let names = invalid.skipped.iter().map(|path| format!("`{}`", path.display()));
                let names: Vec<_> = names.take(5).collect();
                Some(match names.is_empty() {
                    true => check.to_owned(),
                    false => format!(
                        "{check}; not read, as their names do not end in `.toml`: {}",
                        names.join(", ")
                    ),
                })
            }
            Self::Claim(_) => Some("docs/files.md lists the checks".to_owned()),
            Self::Embedded(_) | Self::Canonical(_) | Self::Figure(_) => {
                Some("this is a bug of `report`; please report it with this message".to_owned())
            }
        }
    }
}

/// What the user can do if a command of the scheduler fails.
fn scheduler_hint(error: &SlurmError) -> &'static str {
    match error {
        SlurmError::Missing { .. } => {
            "run this command where Slurm's commands are, or give the path of `sbatch` in \
             `experiments/slurm.toml`"
        }
        SlurmError::Refused(_) => {
            "the settings are those of the profile in `experiments/slurm.toml`; `sinfo` lists the \
             partitions, and `--dry-run` shows what is submitted"
        }
        SlurmError::Limit(_) => "wait until your other jobs have ended, then run the same command",
        SlurmError::OutOfReach(_) => {
            "submitted tasks go on; run the same command later: it submits no run twice"
        }
    }
}

/// What to do after these runs have failed. `is_alike` says that the first ones failed with the same error, so that
/// others were not tried.
fn of_runs(failed: &[FailedRun], is_alike: bool) -> &'static str {
    let is_lost =
        |run: &FailedRun| matches!(run.source, RunFailure::Train(TrainError::DeviceLost { .. }));
    match () {
        () if matches!(failed[0].source, RunFailure::Store(_)) => SPACE_HINT,
        () if failed.iter().any(is_lost) => {
            "finished runs are kept; the same command trains the others"
        }
        () if failed.iter().all(|run| run.source.is_temporary()) => {
            "finished runs are kept; the same command tries the others again"
        }
        () if is_alike => {
            "the first runs failed with the same error, so the others were not tried; fix the cause, then add \
             `--retry-failed`"
        }
        () => RETRY_HINT,
    }
}
