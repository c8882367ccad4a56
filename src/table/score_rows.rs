//! The rows of a table of scores: conditions with the same levels, their means and deviations.

use super::kind::Results;
use crate::experiment::{ConditionId, Level};
use crate::paper::keys::Differs;
use crate::paper::{Paper, Selection};
use crate::run::Direction;
use crate::stats::Estimate;
use crate::summary::{Exceptions, SeedVariation, Summary, aggregate};

/// One row for each combination of the levels of `by`. The mean and the standard deviation of a row
/// are the means of those of its conditions, as in the publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Name of the metric.
    pub metric: String,
    /// `experiment` or factors: they label the rows.
    pub by: Vec<String>,
    /// Which conditions it covers.
    pub selection: Selection,
    /// Order of the rows.
    pub order: Order,
    /// Published values of its rows.
    pub published: Vec<Published>,
    /// Settings of the data in which the conditions differ, from the key `differs`.
    pub differs: Differs,
}

/// Order of the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// In the order of the experiments and their levels.
    Listed,
    /// Best mean first, by the direction of the metric.
    Best,
    /// Smallest mean first.
    Ascending,
    /// Largest mean first.
    Descending,
}

/// The published values of one row, in the unit of the metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// The levels of the table's `by`, in order.
    pub row: Vec<Level>,
    /// Published mean.
    pub mean: f64,
    /// Published standard deviation.
    pub std_dev: f64,
}

/// A row of scores, in the unit of the metric.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// The levels of the table's `by`, in order.
    pub levels: Vec<Level>,
    /// Its conditions.
    pub conditions: Vec<ConditionId>,
    /// The mean over its conditions of their means, as published. `None` if a condition has no run.
    pub mean: Option<f64>,
    /// The mean over its conditions of their population standard deviations, as published.
    pub std_dev: Option<f64>,
    /// The estimate over the seeds. The value of a seed is the mean over all conditions of the row.
    pub estimate: Option<Estimate>,
    /// What varies between the seeds.
    pub varies: Option<SeedVariation>,
    /// Runs with a score.
    pub n: usize,
    /// The number of runs that it should have.
    pub expected: usize,
    /// The numbers of diverged, accepted, failed, stale and damaged runs.
    pub exceptions: Exceptions,
    /// The published values.
    pub published: Option<Published>,
}

/// `metric` itself. If it is that of the first protocol, the metrics of all protocols.
pub(super) fn metrics_of<'m>(metric: &'m String, paper: &'m Paper) -> Vec<&'m String> {
    match &paper.protocols[..] {
        [first, _, ..] if first.metric == *metric => {
            paper.protocols.iter().map(|protocol| &protocol.metric).collect()
        }
        _ => vec![metric],
    }
}

impl Scores {
    /// The metrics that the table shows.
    #[must_use]
    pub fn metrics<'m>(&'m self, paper: &'m Paper) -> Vec<&'m String> {
        metrics_of(&self.metric, paper)
    }

    /// Its rows by `metric`, in the order of the key `order`.
    #[must_use]
    pub fn rows(&self, metric: &str, results: &Results<'_>) -> Vec<ScoreRow> {
        let summary = results.summary;
        let mut rows = self.grouped(metric, summary);
        let of = |pick: fn(&crate::summary::Aggregate) -> Option<f64>| {
            let values = |row: &ScoreRow| {
                let conditions = summary.all(&row.conditions);
                conditions.filter_map(|one| pick(&one.aggregates[metric])).collect::<Vec<_>>()
            };
            aggregate(&rows.iter().map(values).collect::<Vec<_>>())
        };
        let (means, std_devs) = (of(|a| a.mean), of(|a| a.std_dev));
        for ((row, mean), std_dev) in rows.iter_mut().zip(means).zip(std_devs) {
            // The mean over some conditions or seeds of a row is not the mean of the row.
            let is_whole = row.conditions.len() == 1 || row.n == row.expected;
            let of_all = |aggregate: crate::summary::Aggregate| {
                aggregate.mean.filter(|_| is_whole && aggregate.n == row.conditions.len())
            };
            (row.mean, row.std_dev) = (of_all(mean), of_all(std_dev));
            row.estimate = summary.whole_estimate(&row.conditions, metric);
        }
        let side = match (self.order, results.metric(metric).better()) {
            (Order::Listed, _) => return rows,
            (Order::Ascending, _) | (Order::Best, Some(Direction::Lower)) => 1.0,
            (Order::Descending | Order::Best, _) => -1.0,
        };
        // A stable sort keeps equal means in the order of the experiments. Missing means come last.
        let key = |row: &ScoreRow| row.mean.map_or(f64::INFINITY, |mean| side * mean);
        rows.sort_by(|a, b| key(a).total_cmp(&key(b)));
        rows
    }

    /// The rows with their conditions, in the order of the conditions.
    pub(super) fn grouped(&self, metric: &str, summary: &Summary) -> Vec<ScoreRow> {
        let mut rows: Vec<ScoreRow> = Vec::new();
        for id in summary.select(&self.selection) {
            let condition = summary.condition(id);
            let level = |factor| condition.levels.get(factor).cloned();
            // A condition without one of the factors is not in the table.
            let levels = self.by.iter().map(level).collect::<Option<Vec<_>>>();
            let Some(levels) = levels else { continue };
            let position = rows.iter().position(|row| row.levels == levels);
            let position = position.unwrap_or_else(|| {
                let published = self.published.iter().find(|row| row.row == levels).cloned();
                rows.push(ScoreRow {
                    levels,
                    conditions: Vec::new(),
                    mean: None,
                    std_dev: None,
                    estimate: None,
                    varies: None,
                    n: 0,
                    expected: 0,
                    exceptions: Exceptions::default(),
                    published,
                });
                rows.len() - 1
            });
            let row = &mut rows[position];
            row.conditions.push(id);
            row.n += condition.aggregates[metric].n;
            row.expected += condition.expected;
            row.exceptions += condition.exceptions;
        }
        for row in &mut rows {
            row.varies = summary.varies(&row.conditions);
        }
        rows
    }
}
