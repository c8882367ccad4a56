//! Why a command cannot continue, and what the user can do.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::claim::ClaimError;
use crate::dataset::{self, DatasetError};
use crate::digest::CanonicalError;
use crate::document::Violation;
use crate::execute::{FailedRun, RunFailure};
use crate::figure::FigureError;
use crate::format::{chain, runs};
use crate::fs::FileError;
use crate::template::TemplateError;
use crate::train::{DeviceError, TrainError};

/// Why a build cannot continue. The exit code separates mistakes of the user from failures of the
/// machine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Experiments or paper with violations.
    #[error("{}", list(violations))]
    Invalid {
        /// What is wrong.
        violations: Vec<Violation>,
        /// Files in `experiments/` that are not read: one of them may be what is missing.
        skipped: Vec<PathBuf>,
    },
    /// A request that names something that does not exist.
    #[error("{message}")]
    Request {
        /// What was asked for.
        message: String,
        /// What exists.
        hint: String,
    },
    /// A dataset directory with a file that is not valid.
    #[error("`{}` is not a dataset", directory.display())]
    Dataset {
        /// The directory.
        directory: PathBuf,
        /// The file, and why it is not valid.
        source: DatasetError,
    },
    /// The digits in the binary are damaged.
    #[error("the embedded digits are damaged")]
    Embedded(#[source] DatasetError),
    /// A dataset directory with a file that cannot be read.
    #[error("`{}` is not a dataset", directory.display())]
    DatasetFile {
        /// The directory.
        directory: PathBuf,
        /// The file that cannot be read.
        source: FileError,
    },
    /// A file of the user that is missing or cannot be read.
    #[error(transparent)]
    Input(FileError),
    /// A file that the build itself reads or writes.
    #[error(transparent)]
    File(FileError),
    /// A record without read permission.
    #[error(transparent)]
    Unreadable(FileError),
    /// Threads that the system does not start.
    #[error("cannot start threads: {0}")]
    Threads(String),
    /// A device that does not exist.
    #[error(transparent)]
    Device(DeviceError),
    /// A configuration without canonical form.
    #[error(transparent)]
    Canonical(CanonicalError),
    /// A template that cannot be rendered.
    #[error(transparent)]
    Render(TemplateError),
    /// A claim that cannot be decided.
    #[error(transparent)]
    Claim(ClaimError),
    /// A figure that cannot be drawn.
    #[error(transparent)]
    Figure(FigureError),
    /// Runs failed; the others are recorded.
    #[error(
        "{} of {} failed and {untried} not tried; first error: {}",
        failed.len(),
        runs(*total),
        chain(&failed[0])
    )]
    Runs {
        /// The failures, in order of the runs; at least one.
        failed: Vec<FailedRun>,
        /// Number of runs that the build had to train.
        total: usize,
        /// Number of runs that were not started.
        untried: usize,
        /// Whether the build ended because the first runs all failed with the same error.
        ended_alike: bool,
    },
    /// Runs that failed in an earlier build and were not tried again.
    #[error("{} failed in an earlier build; the first: {first}", runs(*n))]
    FailedBefore {
        /// Number of failed runs.
        n: usize,
        /// The error of the first.
        first: String,
    },
    /// The report is written, but runs are missing or were accepted.
    #[error("the report is written, but {}", holes(*total, *missing, *accepted))]
    Incomplete {
        /// Number of runs of the report.
        total: usize,
        /// Number of runs without a record.
        missing: usize,
        /// Number of runs whose result was accepted from another configuration.
        accepted: usize,
    },
    /// Runs without a record in a build with `--frozen`.
    #[error("{} stale or failed, and `--frozen` trains nothing", runs(*.0))]
    Stale(usize),
    /// Runs would be trained again because this version of `report` computes differently.
    #[error("{message}")]
    Unconfirmed {
        /// How many runs, and which part versions changed.
        message: String,
    },
    /// No browser starts.
    #[error("{message}")]
    NoBrowser {
        /// What was tried.
        message: String,
    },
    /// A browser that did not print the page.
    #[error("{message}")]
    Browser {
        /// Which one, and what it says.
        message: String,
    },
    /// Records are damaged or unreadable, or a rerun gave a different result, or none was made.
    #[error("{message}")]
    Unverified {
        /// What was found.
        message: String,
        /// What can be done.
        hint: &'static str,
    },
}

/// The hint if a file cannot be written.
const SPACE_HINT: &str =
    "check free space and permissions, then run the same command; finished runs are kept";

/// The remedy where a file of the user's cannot be read.
fn input_hint(error: &FileError) -> &'static str {
    let is_missing = |name: &str| error.is_not_found() && error.path.ends_with(name);
    match error.source.kind() {
        _ if is_missing("templates/page.html.jinja") => {
            "copy this file from the repository of `report`; it is the frame of every page"
        }
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
    /// 1 if a run or the system failed; 2 if an input has a mistake, or a question needs `--yes`;
    /// 3 if runs are stale with `--frozen`, or `verify` found damage or a difference; 4 if the
    /// report is written, but runs are missing or were accepted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid { .. }
            | Self::Request { .. }
            | Self::Dataset { .. }
            | Self::DatasetFile { .. }
            | Self::Input(_)
            | Self::Device(_)
            | Self::Unconfirmed { .. }
            | Self::Claim(_)
            | Self::Render(_) => 2,
            Self::Stale(_) | Self::Unverified { .. } => 3,
            Self::Incomplete { .. } => 4,
            Self::File(_)
            | Self::Unreadable(_)
            | Self::Threads(_)
            | Self::Embedded(_)
            | Self::Canonical(_)
            | Self::Figure(_)
            | Self::NoBrowser { .. }
            | Self::Browser { .. }
            | Self::FailedBefore { .. }
            | Self::Runs { .. } => 1,
        }
    }

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
            Self::Runs { failed, .. } if matches!(failed[0].source, RunFailure::Store(_)) => {
                Some(SPACE_HINT.to_owned())
            }
            Self::Runs { failed, .. }
                if failed.iter().any(|run| {
                    matches!(run.source, RunFailure::Train(TrainError::DeviceLost { .. }))
                }) =>
            {
                Some("finished runs are kept; the same command trains the others".to_owned())
            }
            Self::Runs { ended_alike: true, untried: 1.., .. } => Some(
                "the first runs failed with the same error, so the others were not tried; fix the \
                 cause, then add `--retry-failed`"
                    .to_owned(),
            ),
            Self::Runs { .. } | Self::FailedBefore { .. } => Some(
                "finished runs are kept; `report build --retry-failed` trains the others again"
                    .to_owned(),
            ),
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
            Self::Invalid { skipped, .. } => {
                let check = "`report build --dry-run` checks all files again without training";
                let names = skipped.iter().map(|path| format!("`{}`", path.display()));
                let names: Vec<_> = names.take(5).collect();
                Some(match names.is_empty() {
                    true => check.to_owned(),
                    false => format!(
                        "{check}; not read, as their names do not end in `.toml`: {}",
                        names.join(", ")
                    ),
                })
            }
            Self::Render(error) => Some(error.hint.clone()).filter(|hint| !hint.is_empty()),
            Self::Claim(_) => Some("docs/files.md lists the checks".to_owned()),
            Self::Embedded(_) | Self::Canonical(_) | Self::Figure(_) => {
                Some("this is a bug of `report`; please report it with this message".to_owned())
            }
        }
    }
}

fn holes(total: usize, missing: usize, accepted: usize) -> String {
    let total = runs(total);
    match (missing, accepted) {
        (missing, 0) => format!("{missing} of its {total} are missing"),
        (0, accepted) => format!("{accepted} of its {total} were accepted by hand"),
        (missing, accepted) => {
            format!("of its {total}, {missing} are missing and {accepted} were accepted by hand")
        }
    }
}

fn list(violations: &[Violation]) -> String {
    const MOST: usize = 50;
    let mut lines: Vec<_> = violations.iter().take(MOST).map(ToString::to_string).collect();
    if violations.len() > MOST {
        lines.push(format!("and {} more", violations.len() - MOST));
    }
    lines.join("\n")
}
