//! The models of runs: which are missing, and what they predict.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Error, Project};
use crate::cache::Cache;
use crate::dataset::{self, DataError, File, PartName, Prepared, Source, Trained};
use crate::digest::Digest;
use crate::execute::saved;
use crate::experiment::Run;
use crate::format::chain;
use crate::fs;
use crate::model::Model;
use crate::plan::Plan;
use crate::run::{NetworkConfig, Outcome};
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
    let lacks = |run: &&Run| {
        plan.records.get(&run.digest).is_some_and(|record| {
            record.outcome == Outcome::Completed
                && record.accepted.is_none()
                && run.config.network().is_some()
                // A damaged file is one that lacks.
                && models(project, run).is_err()
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
    let config = run.config.network().ok_or_else(|| Error::Request {
        message: format!("the run {} is of a program, which has no network", run.digest.short()),
        hint: "predict with a run of a network".to_owned(),
    })?;
    let folds = config.data.folds();
    let networks = models(project, run).map_err(|why| Error::Request {
        message: why,
        hint: format!("`{retry}` trains it; a run that diverged and an accepted result have none"),
    })?;
    let task = task::of(config.task);
    let mut sum: Vec<Vec<f64>> = Vec::new();
    for (path, model) in &networks {
        let Prepared { n, inputs } = examples(project, run, source, model)?;
        let outputs = train::predict(config, &model.tensors, &inputs, n);
        let outputs = outputs.map_err(|error| Error::Request {
            message: format!("`{}` {error}", path.display()),
            hint: format!("remove this file; then `{retry}` trains its run again"),
        })?;
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
    if let Some(at) = sum.iter().position(|own| own.iter().any(|number| !number.is_finite())) {
        return Err(Error::Request {
            message: format!(
                "the network of {} answers example {at} of `{source}`, counted from 0, with a number that is not finite",
                run.digest.short()
            ),
            hint: "look at the values of this example: they may be far from those of the training"
                .to_owned(),
        });
    }
    let of_classes = config.data.classes() > 0 && sum.iter().all(|own| own.len() > 1);
    let classes = networks.first().filter(|_| of_classes).map(|(_, model)| model.classes.clone());
    Ok(Predictions { folds, classes: classes.unwrap_or_default(), examples: sum })
}

/// The network of a run that has a model.
fn network(run: &Run) -> &NetworkConfig {
    run.config.network().expect("only networks have models")
}

/// The model of each fold, with its path.
///
/// # Errors
/// As [`saved`].
fn models(project: &Project, run: &Run) -> Result<Vec<(PathBuf, Model)>, String> {
    let data = &network(run).data;
    let examples = project.datasets.of_file(data.dataset());
    saved(&Cache::new(&project.root).models(), run.digest, data.folds(), examples)
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
    let bytes = fs::read(path).map_err(|error| Error::Request {
        message: chain(&error),
        hint: "name a file with examples, such as a table with the columns of the training"
            .to_owned(),
    })?;
    let file = File { name: source.to_owned(), bytes };
    let conditions = project.conditions();
    let design = conditions.design(run.condition).network();
    let found = design.expect("a run with a model is of a network").data.found();
    let trained = Trained {
        columns: &model.columns,
        read: match &found.source {
            Source::Files(files) => Some(&files.columns),
            Source::Mnist | Source::Directory(_) => None,
        },
        are_bytes: found.facts.are_bytes,
        scales: &model.input_scales,
    };
    let prepared = dataset::prepare(&network(run).data, &file, &trained);
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
    let data = &network(run).data;
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
