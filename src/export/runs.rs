//! All runs of a report with their scores.

use super::rows;
use crate::paper::Paper;
use crate::summary::Summary;

/// The columns that no factor and no metric gives.
const TRAINING: [&str; 4] = ["task", "trained_parameters", "trained_epochs", "best_epoch"];

/// All runs as CSV, one a row: condition, seed, digest, the score by each metric, and how the run was trained. A
/// number is empty if the run does not have it. The number of epochs of a run with several folds is a mean.
pub(super) fn csv(paper: &Paper, summary: &Summary) -> String {
    let factors = rows::factors(summary);
    let mut metrics: Vec<&str> = paper.metrics.iter().map(|metric| metric.name.as_str()).collect();
    metrics.sort_unstable();
    let names = factors.iter().copied().chain(["seed", "run"]);
    let heads = names.chain(metrics.iter().copied()).chain(TRAINING).map(str::to_owned);
    let rows = summary.conditions().iter().flat_map(|condition| {
        condition.runs.iter().map(|run| {
            let number = |number: Option<f64>| number.map_or_else(String::new, |n| n.to_string());
            let parameters = condition.training.parameters.map(|n| n.to_string());
            let levels = factors.iter().map(|factor| rows::level(&condition.levels, factor));
            let mut row: Vec<String> = levels.collect();
            row.extend([run.seed.to_string(), run.digest.short()]);
            row.extend(metrics.iter().map(|metric| number(run.scores.get(metric))));
            row.extend([condition.training.task.to_string(), parameters.unwrap_or_default()]);
            row.extend([run.epochs, run.best_epoch].map(number));
            row
        })
    });
    rows::csv(std::iter::once(heads.collect()).chain(rows))
}
