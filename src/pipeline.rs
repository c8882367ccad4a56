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
use crate::execute::{FailedRun, Observer, execute};
use crate::experiment::Experiment;
use crate::figure::FigureError;
use crate::fs::{self, FileError};
use crate::plan::{self, Plan, PlannedRun};
use crate::render::{self, Context, RenderError, Templates};
use crate::run::DeviceKind;
use crate::summary::{self, SummaryError};
use crate::train::Trainer;

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
    /// A dataset directory without one of its files.
    #[error("`{}` is no dataset", directory.display())]
    DatasetFile {
        /// The directory.
        directory: PathBuf,
        /// The file that cannot be read.
        source: FileError,
    },
    /// An experiment that asks for more pairs than its data have.
    #[error("experiment `{experiment}`: {source}")]
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
    #[error("{} of {total} runs failed; the first: {}", failed.len(), chain(&failed[0]))]
    Runs {
        /// The failures, in order of the runs; at least one.
        failed: Vec<FailedRun>,
        /// Runs that were to be trained.
        total: usize,
    },
}

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
            | Self::Render(_) => 2,
            Self::File(_)
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
            Self::Input(_) => Some(
                "run `report` where `experiments/` and `templates/` are, or name that place with \
                 `--project DIR`"
                    .to_owned(),
            ),
            Self::File(_) => Some(
                "check space and permissions, then run the same command: finished runs are kept"
                    .to_owned(),
            ),
            Self::Runs { .. } => {
                Some("finished runs are kept; the same command tries the others again".to_owned())
            }
            Self::Draw { .. } => {
                Some("lower `data.train_pairs` or `data.test_pairs`, or use larger data".to_owned())
            }
            Self::Invalid(_)
            | Self::Canonical(_)
            | Self::Render(_)
            | Self::Summary(_)
            | Self::Figure(_) => None,
        }
    }
}

fn list(violations: &[Violation]) -> String {
    let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
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

/// Looks up every run of the project.
///
/// # Errors
/// If the cache cannot be read.
pub fn plan(project: &Project) -> Result<Planned, Error> {
    let expanded = project
        .experiments
        .iter()
        .map(|experiment| {
            experiment.expand(DeviceKind::Cpu, |source| project.datasets.identity(source))
        })
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

/// Trains the runs of `plan` that are missing and of an experiment that is `wanted`, and adds
/// their records to it. Returns the new records.
///
/// # Errors
/// If runs fail; those that did not are recorded and in the plan.
pub fn train(
    project: &Project,
    plan: &mut Plan,
    wanted: impl Fn(&Experiment) -> bool,
    trainer: &dyn Trainer,
    workers: usize,
    observer: &dyn Observer,
) -> Result<usize, Error> {
    let misses = plan.misses(|experiment| wanted(&project.experiments[experiment]));
    if misses.is_empty() {
        return Ok(0);
    }
    let datasets = project.datasets.unpacked()?;
    let total = misses.len();
    let dataset_of = |run: &PlannedRun| datasets[&run.config.data.dataset];
    let cache = Cache::new(&project.root);
    let (records, failed) = execute(&misses, dataset_of, trainer, &cache, workers, observer);
    let n_recorded = records.len();
    plan.records.extend(records.into_iter().map(|record| (record.digest, record)));
    match failed.is_empty() {
        true => Ok(n_recorded),
        false => Err(Error::Runs { failed, total }),
    }
}

/// Writes the report of the records in `plan` into `out`; returns the two files that a reader
/// opens. Nothing is written before everything is rendered.
///
/// # Errors
/// If a template cannot be rendered or a file cannot be written.
pub fn render(project: &Project, plan: &Plan, out: &Path) -> Result<[PathBuf; 2], Error> {
    let summary = summary::summarize(&project.paper, &project.experiments, plan);
    let summary = summary.map_err(Error::Summary)?;
    let figures = drawing::draw_all(project, plan, &summary)?;
    let (paper, experiments) = (&project.paper, &project.experiments);
    let context = Arc::new(Context::gather(paper, experiments, plan, &summary, figures));
    let read = |name| fs::read_to_string(&project.root.join(name)).map_err(Error::Input);
    let (prose, page) = (read(render::PAPER_TEMPLATE)?, read(render::PAGE_TEMPLATE)?);
    let templates = Templates { paper: &prose, page: &page };
    let rendered = render::render(templates, &context).map_err(Error::Render)?;

    let write = |path: &Path, text: &str| fs::write_atomic(path, text.as_bytes());
    for (name, figure) in &context.figures {
        let path = out.join("figures").join(format!("{name}.svg"));
        write(&path, &figure.svg).map_err(Error::File)?;
    }
    let files = [out.join("report.md"), out.join("report.html")];
    write(&files[0], &rendered.markdown).map_err(Error::File)?;
    write(&files[1], &rendered.html).map_err(Error::File)?;
    Ok(files)
}
