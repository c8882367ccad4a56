//! The models of runs: which are missing, and what they predict.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Error, Project};
use crate::cache::Cache;
use crate::dataset::{self, Columns, DataError, File, PartName, Prepared, Source};
use crate::digest::Digest;
use crate::experiment::Run;
use crate::fs;
use crate::model::Model;
use crate::plan::Plan;
use crate::run::Outcome;
use crate::task;
use crate::train;

/// What a run says about some examples.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// Number of folds. With more than one, each prediction is the mean of those of the folds.
    pub folds: usize,
    /// The names of the classes of a classification. Empty for other tasks.
    pub classes: Vec<String>,
    /// For each example: the probability of each class; or one number in the unit of the data; or the probability that
    /// the first class of a pair is at most the second.
    pub examples: Vec<Vec<f64>>,
}

/// The `wanted` runs of `plan` that have a trained record but no model. A run that diverged has no model.
pub fn without_models(
    project: &Project,
    plan: &Plan,
    wanted: impl Fn(&Run) -> bool,
) -> BTreeSet<Digest> {
    let models = Cache::new(&project.root).models();
    let lacks = |run: &&Run| {
        plan.records.get(&run.digest).is_some_and(|record| {
            record.outcome == Outcome::Completed
                && record.accepted.is_none()
                && !models.has(run.digest, run.config.data.folds())
        })
    };
    plan.runs.iter().filter(|run| wanted(run)).filter(lacks).map(|run| run.digest).collect()
}

/// The number of runs that have models, and the size of the files.
///
/// # Errors
/// If the models cannot be listed.
pub fn count_models(project: &Project) -> Result<(usize, u64), Error> {
    let all = Cache::new(&project.root).models().all().map_err(Error::File)?;
    let bytes = all.values().flatten().map(|path| fs::size(path)).sum();
    Ok((all.len(), bytes))
}

/// What the trained networks of a run say about the examples in a file, or about `mnist:test:17`. `retry` is the
/// command that trains the run with its model.
///
/// # Errors
/// If there is no model, or the examples do not fit.
pub fn predict(
    project: &Project,
    run: &Run,
    source: &str,
    retry: &str,
) -> Result<Predictions, Error> {
    let folds = run.config.data.folds();
    let networks = models(project, run, retry)?;
    let task = task::of(run.config.task);
    let mut sum: Vec<Vec<f64>> = Vec::new();
    for (path, model) in &networks {
        let Prepared { n, inputs } = examples(project, run, source, model)?;
        let outputs = train::predict(&run.config, &model.tensors, &inputs, n);
        let outputs = outputs.map_err(|error| unsound(path, &error.to_string(), retry))?;
        let own = task.predictions(&outputs, n, model.target_scale);
        match sum.is_empty() {
            true => sum = own,
            false => {
                let pairs = sum.iter_mut().flatten().zip(own.into_iter().flatten());
                pairs.for_each(|(sum, own)| *sum += own);
            }
        }
    }
    sum.iter_mut().flatten().for_each(|sum| *sum /= folds as f64);
    let of_classes = run.config.data.classes() > 0 && sum.iter().all(|own| own.len() > 1);
    let classes = networks.first().filter(|_| of_classes).map(|(_, model)| model.classes.clone());
    Ok(Predictions { folds, classes: classes.unwrap_or_default(), examples: sum })
}

/// The model of each fold, with its path.
fn models(
    project: &Project,
    run: &Run,
    retry: &str,
) -> Result<Vec<(std::path::PathBuf, Model)>, Error> {
    let paths = Cache::new(&project.root).models().paths(run.digest, run.config.data.folds());
    let read = |path: std::path::PathBuf| {
        let Some(bytes) = fs::read_if_there(&path).map_err(Error::File)? else {
            return Err(Error::Request {
                message: format!("the run {} has no model", run.digest.short()),
                hint: format!(
                    "`{retry}` trains it; a run that diverged and an accepted result have none"
                ),
            });
        };
        let model = Model::read(&bytes, run.digest).map_err(|why| unsound(&path, &why, retry))?;
        Ok((path, model))
    };
    paths.into_iter().map(read).collect()
}

fn unsound(path: &Path, why: &str, retry: &str) -> Error {
    Error::Request {
        message: format!("`{}` {why}", path.display()),
        hint: format!("remove this file; then `{retry}` trains its run again"),
    }
}

/// The examples that `source` names, prepared for a model.
fn examples(project: &Project, run: &Run, source: &str, model: &Model) -> Result<Prepared, Error> {
    if let Some(entry) = source.strip_prefix("mnist:") {
        return of_mnist(run, entry, model).map_err(|why| Error::Request {
            message: format!("`{source}` {why}"),
            hint: "write one image as `mnist:test:17`, or several as `mnist:test:0-9`; the parts are `train` and \
                   `test`"
                .to_owned(),
        });
    }
    let path = Path::new(source);
    let bytes = fs::read(path).map_err(Error::Input)?;
    let file = File { name: source.to_owned(), bytes };
    let conditions = project.conditions();
    let columns: Option<&Columns> = match &conditions.design(run.condition).data.found().source {
        Source::Files(files) => Some(&files.columns),
        Source::Mnist | Source::Directory(_) => None,
    };
    let scales = &model.input_scales;
    let prepared = dataset::prepare(&run.config.data, &file, &model.columns, columns, scales);
    prepared.map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(DataError::to_string).collect();
        Error::Request {
            message: faults.join("\n"),
            hint: "a file for predictions is prepared like the training data; see docs/models.md"
                .to_owned(),
        }
    })
}

/// Images of MNIST: `test:17` or `test:0-9`.
fn of_mnist(run: &Run, entry: &str, model: &Model) -> Result<Prepared, String> {
    let data = &run.config.data;
    let is_alike = data.classes() == crate::run::mnist_classes()
        && model.columns.is_empty()
        && data.dataset() == dataset::embedded_digest();
    if !is_alike {
        return Err("names images of MNIST, but the network was trained on other data".to_owned());
    }
    let unclear = || "is no part and number of images".to_owned();
    let (part, numbers) = entry.split_once(':').ok_or_else(unclear)?;
    let part = [PartName::Train, PartName::Test].into_iter().find(|own| own.name() == part);
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let number = |text: &str| text.parse::<usize>().map_err(|_| unclear());
    let (first, last) = (number(first)?, number(last)?);
    let part = part.filter(|_| first <= last).ok_or_else(unclear)?;
    let all = dataset::embedded().map_err(|error| error.to_string())?;
    dataset::prepare_examples(data, &all, part, [first, last], &model.input_scales)
}
