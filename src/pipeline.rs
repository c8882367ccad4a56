//! The story of a build: load → expand → plan → train what is missing → summarise → render →
//! write.

mod datasets;
mod drawing;
mod load;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::{Cache, Lookup};
use crate::dataset::{self, DatasetError, DrawError};
use crate::digest::CanonicalError;
use crate::document::Violation;
use crate::execute::{FailedRun, Observer, RunFailure, execute};
use crate::figure::FigureError;
use crate::fs::{self, FileError};
use crate::plan::{self, Plan, PlannedRun};
use crate::render::{self, Context, RenderError, Templates};
use crate::run::DeviceKind;
use crate::summary::{self, SummaryError};
use crate::train::{DeviceError, Trainer};

pub use load::{Overrides, Project, load};

/// Why a build cannot go on. What the user can mend is told apart from what the machine refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Experiments or paper with violations.
    #[error("{}", list(.0))]
    Invalid(Vec<Violation>),
    /// A request that names something that does not exist.
    #[error("{message}")]
    Request {
        /// What was asked for.
        message: String,
        /// What exists.
        hint: String,
    },
    /// A dataset directory that does not hold one.
    #[error("`{}` is no dataset", directory.display())]
    Dataset {
        /// The directory.
        directory: PathBuf,
        /// The file at fault and why.
        source: DatasetError,
    },
    /// The digits in the binary are not those that were shipped.
    #[error("the embedded digits are damaged")]
    Embedded(#[source] DatasetError),
    /// A dataset directory without one of its files.
    #[error("`{}` is no dataset", directory.display())]
    DatasetFile {
        /// The directory.
        directory: PathBuf,
        /// The file that cannot be read.
        source: FileError,
    },
    /// An experiment that asks for more pairs than its data have.
    #[error("experiment `{experiment}` asks for too many pairs")]
    Draw {
        /// Its name.
        experiment: String,
        /// What is too small.
        source: DrawError,
    },
    /// A file of the user's that is missing or unreadable.
    #[error(transparent)]
    Input(FileError),
    /// A file that the build itself reads or writes.
    #[error(transparent)]
    File(FileError),
    /// A device that is not there.
    #[error(transparent)]
    Device(DeviceError),
    /// A configuration without canonical form.
    #[error(transparent)]
    Canonical(CanonicalError),
    /// A template that cannot be rendered.
    #[error(transparent)]
    Render(RenderError),
    /// Records that cannot be aggregated.
    #[error(transparent)]
    Summary(SummaryError),
    /// A figure that cannot be drawn.
    #[error(transparent)]
    Figure(FigureError),
    /// Runs failed; the others are recorded.
    #[error(
        "{} of {total} runs failed and {untried} were not tried; the first: {}",
        failed.len(),
        chain(&failed[0])
    )]
    Runs {
        /// The failures, in order of the runs; at least one.
        failed: Vec<FailedRun>,
        /// Runs that were to be trained.
        total: usize,
        /// Runs that were not begun after a record could not be written.
        untried: usize,
    },
}

/// The remedy where a file cannot be written.
const SPACE_HINT: &str =
    "check space and permissions, then run the same command: finished runs are kept";

impl Error {
    /// 2 if an input has to be fixed, 1 if the environment or a run failed.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_)
            | Self::Request { .. }
            | Self::Dataset { .. }
            | Self::DatasetFile { .. }
            | Self::Draw { .. }
            | Self::Input(_)
            | Self::Device(_)
            | Self::Render(_) => 2,
            Self::File(_)
            | Self::Embedded(_)
            | Self::Canonical(_)
            | Self::Summary(_)
            | Self::Figure(_)
            | Self::Runs { .. } => 1,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request { hint, .. } => Some(hint.clone()),
            Self::Dataset { .. } | Self::DatasetFile { .. } => Some(format!(
                "a dataset directory holds {}, plain or with `.gz`",
                dataset::STANDARD_FILES.join(", ")
            )),
            Self::Input(error) if !error.is_not_found() => {
                Some("check that it is a readable file of UTF-8 text".to_owned())
            }
            Self::Input(_) => Some(
                "run `report` where `experiments/` and `templates/` are, or name that place with \
                 `--project DIR`"
                    .to_owned(),
            ),
            Self::File(_) => Some(SPACE_HINT.to_owned()),
            Self::Device(DeviceError::NotBuilt(_)) => Some(
                "build it with `cargo build --release --features cuda`, or use `--device cpu`"
                    .to_owned(),
            ),
            Self::Device(DeviceError::NotFound { .. }) => {
                Some("`nvidia-smi` lists the devices; `--device cpu` needs none".to_owned())
            }
            Self::Runs { failed, .. } if matches!(failed[0].source, RunFailure::Store(_)) => {
                Some(SPACE_HINT.to_owned())
            }
            Self::Runs { .. } => {
                Some("finished runs are kept; the same command tries the others again".to_owned())
            }
            Self::Draw { .. } => {
                Some("lower `data.train_pairs` or `data.test_pairs`, or use larger data".to_owned())
            }
            Self::Invalid(_) => {
                Some("`report status` checks the files again without training".to_owned())
            }
            Self::Render(_) => Some(format!(
                "templates know {}, and the fields of `render::Context`",
                render::FUNCTIONS.join(", ")
            )),
            Self::Embedded(_) | Self::Canonical(_) | Self::Summary(_) | Self::Figure(_) => {
                Some("this is a fault of `report`: please report it with the message".to_owned())
            }
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

/// An error and its causes on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// What a lookup of all runs found.
#[derive(Debug)]
pub struct Planned {
    /// Hits and misses.
    pub plan: Plan,
    /// Record files that could not be used, and why; their runs count as missing.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// Looks up every run of the project on a kind of device.
///
/// # Errors
/// If the cache cannot be read.
pub fn plan(project: &Project, device: DeviceKind) -> Result<Planned, Error> {
    let expanded = project
        .experiments
        .iter()
        .map(|experiment| experiment.expand(device, |source| project.datasets.identity(source)))
        .collect();
    let runs = plan::identify(expanded).map_err(Error::Canonical)?;
    let cache = Cache::new(&project.root);
    let (mut records, mut unreadable) = (BTreeMap::new(), Vec::new());
    for run in &runs {
        match cache.lookup(run.digest, &run.config).map_err(Error::File)? {
            Lookup::Hit(record) => drop(records.insert(run.digest, *record)),
            Lookup::Miss => {}
            Lookup::Unreadable(reason) => unreadable.push((cache.path(run.digest), reason)),
        }
    }
    Ok(Planned { plan: Plan { runs, records }, unreadable })
}

/// Trains the runs of `plan` that are missing and of an experiment whose index is `wanted`, and adds
/// their records to it.
///
/// # Errors
/// If runs fail; those that did not are recorded and in the plan.
pub fn train(
    project: &Project,
    plan: &mut Plan,
    wanted: impl Fn(usize) -> bool,
    trainer: &dyn Trainer,
    workers: usize,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let misses = plan.misses(wanted);
    if misses.is_empty() {
        return Ok(());
    }
    let datasets = project.datasets.unpacked()?;
    let total = misses.len();
    let dataset_of = |run: &PlannedRun| datasets[&run.config.data.dataset];
    let cache = Cache::new(&project.root);
    let (records, failed) = execute(&misses, dataset_of, trainer, &cache, workers, observer);
    let n_recorded = records.len();
    plan.records.extend(records.into_iter().map(|record| (record.digest, record)));
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Error::Runs { untried: total - n_recorded - failed.len(), failed, total }),
    }
}

/// A report that is rendered and not yet written.
#[derive(Debug)]
pub struct Report {
    /// Files by their path in the report's directory; the two that a reader opens come last.
    files: Vec<(PathBuf, String)>,
}

/// Renders the report of the records in `plan`. It works without any record too, so that a fault
/// in a template shows before anything is trained.
///
/// # Errors
/// If a template cannot be rendered.
pub fn render(project: &Project, plan: &Plan) -> Result<Report, Error> {
    let summary = summary::summarize(&project.paper, &project.experiments, plan);
    let summary = summary.map_err(Error::Summary)?;
    let figures = drawing::draw_all(project, plan, &summary)?;
    let (paper, experiments) = (&project.paper, &project.experiments);
    let context =
        Arc::new(Context::gather(paper, experiments, plan, &summary, figures, &project.note));
    let templates = Templates { paper: &project.prose, page: &project.page };
    let rendered = render::render(templates, &context).map_err(Error::Render)?;

    let figures = context.figures.iter().map(|(name, figure)| {
        (Path::new("figures").join(format!("{name}.svg")), figure.svg.clone())
    });
    let mut files: Vec<_> = figures.collect();
    files.push((PathBuf::from("report.md"), rendered.markdown));
    files.push((PathBuf::from("report.html"), rendered.html));
    Ok(Report { files })
}

/// Makes sure that a report can be written into `out`, before anything is trained for it.
///
/// # Errors
/// If it cannot.
pub fn check_writable(out: &Path) -> Result<(), Error> {
    fs::check_writable(out).map_err(Error::File)
}

impl Report {
    /// Writes the files into `out`; returns the two that a reader opens.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, out: &Path) -> Result<Vec<PathBuf>, Error> {
        for (path, text) in &self.files {
            fs::write_atomic(&out.join(path), text.as_bytes()).map_err(Error::File)?;
        }
        let read_first = &self.files[self.files.len() - 2..];
        Ok(read_first.iter().map(|(path, _)| out.join(path)).collect())
    }
}
