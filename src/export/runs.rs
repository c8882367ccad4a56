//! All runs of a report with their scores.

use std::collections::BTreeMap;

use super::rows;
use crate::experiment::{Conditions, Experiment};
use crate::paper::Names;
use crate::summary::Summary;

/// The columns that no factor and no metric gives.
const TRAINING: [&str; 4] = ["task", "trained_parameters", "trained_epochs", "best_epoch"];

/// All runs as CSV, one a row: condition, seed, digest, the score by each metric, and how the run was trained. A factor
/// that an experiment does not vary has the value of its setting there. A number is empty if the run does not have it. The number of epochs of a run with several folds is a mean.
pub(super) fn csv(names: Names<'_>, summary: &Summary) -> String {
    let Names { paper, experiments } = names;
    let (conditions, paths) = (Conditions::of(experiments), paths(experiments));
    let factors = rows::factors(summary);
    let mut metrics: Vec<&str> = paper.metrics.iter().map(|metric| metric.name.as_str()).collect();
    metrics.sort_unstable();
    let own = factors.iter().copied().chain(["seed", "run"]);
    let heads = own.chain(metrics.iter().copied()).chain(TRAINING).map(str::to_owned);
    let metrics = &metrics[..];
    let rows = summary.conditions().iter().flat_map(|condition| {
        let settings = conditions.design(condition.id).settings();
        let value = |factor: &&str| match condition.levels.get(*factor) {
            Some(level) => level.spelled().to_owned(),
            None => {
                paths.get(factor).and_then(|path| settings.get(*path)).cloned().unwrap_or_default()
            }
        };
        let levels: Vec<String> = factors.iter().map(value).collect();
        condition.runs.iter().map(move |run| {
            let number = |number: Option<f64>| number.map_or_else(String::new, |n| n.to_string());
            let parameters = condition.training.parameters.map(|n| n.to_string());
            let mut row = levels.clone();
            row.extend([run.seed.to_string(), run.digest.short()]);
            row.extend(metrics.iter().map(|metric| number(run.scores.get(metric))));
            row.extend([condition.training.task.to_string(), parameters.unwrap_or_default()]);
            row.extend([run.epochs, run.best_epoch].map(number));
            row
        })
    });
    rows::csv(std::iter::once(heads.collect()).chain(rows))
}

/// The path of each factor, if all experiments with a factor of this name have the same.
fn paths(experiments: &[Experiment]) -> BTreeMap<&str, &str> {
    let mut paths: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for factor in experiments.iter().flat_map(|experiment| &experiment.factors) {
        let path = paths.entry(&factor.name).or_insert(Some(&factor.path));
        *path = path.filter(|path| *path == factor.path);
    }
    paths.into_iter().filter_map(|(name, path)| Some((name, path?))).collect()
}
