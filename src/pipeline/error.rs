//! Why a command cannot continue, and what the user can do.

mod hint;
mod invalid;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::claim::ClaimError;
use crate::dataset::DataError;
use crate::digest::CanonicalError;
use crate::document::Violation;
use crate::execute::FailedRun;
use crate::figure::FigureError;
use crate::format::{chain, runs};
use crate::fs::FileError;
use crate::slurm::SlurmError;
use crate::store::StoreError;
use crate::template::{TemplateError, Templates};
use crate::train::DeviceError;

pub use invalid::Invalid;

/// Why a build cannot continue. The exit code separates mistakes of the user from failures of the
/// machine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files with mistakes.
    #[error("{}", .0)]
    Invalid(Box<Invalid>),
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
        source: DataError,
    },
    /// The data in the binary are damaged.
    #[error("the embedded data are damaged")]
    Embedded(#[source] DataError),
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
    /// Runs that failed on a cluster, or in an earlier build and were not tried again.
    #[error("{} failed{}; the first: {first}", runs(*n), if *is_earlier { " in an earlier build" } else { "" })]
    Failed {
        /// Number of failed runs.
        n: usize,
        /// The error of the first.
        first: String,
        /// Whether all failed in an earlier build.
        is_earlier: bool,
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
    /// A worker that must not train the runs of its plan.
    #[error("the worker trains nothing: {why}")]
    Refused {
        /// Why.
        why: String,
    },
    /// The commands of the scheduler.
    #[error(transparent)]
    Scheduler(SlurmError),
    /// A store that does not answer, or refuses to.
    #[error(transparent)]
    Store(StoreError),
    /// Runs have no record, and no task will train them.
    #[error("{} of {} have no record, and no task works on them any more", count, runs(*total))]
    Unfinished {
        /// Number of these runs.
        count: usize,
        /// Number of runs that were asked for.
        total: usize,
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

impl Error {
    /// Mistakes in one file with this name and text.
    pub(super) fn invalid(violations: Vec<Violation>, file: &str, text: &str) -> Self {
        let texts = BTreeMap::from([(file.to_owned(), text.to_owned())]);
        Self::Invalid(Box::new(Invalid { violations, texts, skipped: Vec::new() }))
    }

    /// Mistakes in templates.
    pub(super) fn of_templates(errors: &[TemplateError], templates: &Templates) -> Self {
        let mut texts = BTreeMap::new();
        let violations = Self::places(errors, templates, &mut texts);
        Self::Invalid(Box::new(Invalid { violations, texts, skipped: Vec::new() }))
    }

    /// Mistakes in templates as mistakes in files of the project. Adds the texts of these files to `texts`.
    pub(super) fn places(
        errors: &[TemplateError],
        templates: &Templates,
        texts: &mut BTreeMap<String, String>,
    ) -> Vec<Violation> {
        let own = |error: &TemplateError| {
            let text = templates.text(&error.template);
            let violation = error.in_file(text);
            texts.insert(violation.location.file.to_string(), text.to_owned());
            violation
        };
        errors.iter().map(own).collect()
    }

    /// The same, with the texts of the files that have the mistakes.
    #[must_use]
    pub(super) fn with_texts(mut self, texts: &BTreeMap<String, String>) -> Self {
        if let Self::Invalid(invalid) = &mut self {
            invalid.texts.extend(texts.clone());
        }
        self
    }

    /// The error of an execution with failed runs. `total` is the number of all its runs, and `recorded` of those with
    /// a record.
    pub(super) fn of_runs(
        failed: Vec<FailedRun>,
        total: usize,
        recorded: usize,
        ended_alike: bool,
    ) -> Self {
        let untried = total - recorded - failed.len();
        Self::Runs { failed, total, untried, ended_alike }
    }

    /// 1 if a run or the system failed; 2 if an input has a mistake, or a question needs `--yes`;
    /// 3 if runs are stale with `--frozen`, or `verify` found damage or a difference; 4 if the
    /// report is written, but runs are missing or were accepted.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_)
            | Self::Request { .. }
            | Self::Dataset { .. }
            | Self::DatasetFile { .. }
            | Self::Input(_)
            | Self::Device(_)
            | Self::Unconfirmed { .. }
            | Self::Claim(_)
            | Self::Scheduler(SlurmError::Missing { .. }) => 2,
            Self::Stale(_)
            | Self::Unverified { .. }
            | Self::Scheduler(SlurmError::Refused(_) | SlurmError::Limit(_)) => 3,
            Self::Incomplete { .. }
            | Self::Scheduler(SlurmError::OutOfReach(_))
            | Self::Store(_) => 4,
            Self::Unfinished { .. } => 5,
            // `EX_CONFIG` of sysexits.h.
            Self::Refused { .. } => 78,
            Self::File(_)
            | Self::Unreadable(_)
            | Self::Threads(_)
            | Self::Embedded(_)
            | Self::Canonical(_)
            | Self::Figure(_)
            | Self::NoBrowser { .. }
            | Self::Browser { .. }
            | Self::Failed { .. }
            | Self::Runs { .. } => 1,
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
