//! Tables of scores by the levels of factors.

use super::contrast::{select, whole_estimate};
use super::{ConditionSummary, Marks, SummaryError, Varies, frame};
use crate::paper::{Levels, Order, PublishedRow};
use crate::stats::Estimate;

/// A table of levels under one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelsSummary {
    /// Name of the metric.
    pub metric: String,
    /// Its rows, in the order that the paper asks for.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The levels of the table's `by`, in order.
    pub levels: Vec<String>,
    /// Indices of its conditions.
    pub conditions: Vec<usize>,
    /// As published: mean over its conditions of their means; none if one of them has no run.
    pub mean: Option<f64>,
    /// As published: mean over its conditions of their population standard deviations.
    pub std_dev: Option<f64>,
    /// Over the seeds: of each, the mean over all conditions of the row.
    pub estimate: Option<Estimate>,
    /// What differs between the seeds.
    pub varies: Option<Varies>,
    /// Runs with a score.
    pub n: usize,
    /// Runs that it should have.
    pub expected: usize,
    /// What readers should know of its runs.
    pub marks: Marks,
    /// What was published.
    pub published: Option<PublishedRow>,
}

/// The rows of `table` by `metric`.
///
/// # Errors
/// If polars refuses an aggregation.
pub(super) fn summarize(
    table: &Levels,
    metric: &str,
    conditions: &[ConditionSummary],
) -> Result<LevelsSummary, SummaryError> {
    let mut rows = grouped(table, metric, conditions);
    let (mut means, mut std_devs) = (Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        for condition in &row.conditions {
            let aggregate = conditions[*condition].aggregates[metric];
            means.extend(aggregate.mean.map(|mean| (index, mean)));
            std_devs.extend(aggregate.std_dev.map(|std_dev| (index, std_dev)));
        }
    }
    let means = frame::aggregates(&means, rows.len())?;
    let std_devs = frame::aggregates(&std_devs, rows.len())?;
    for ((row, mean), std_dev) in rows.iter_mut().zip(means).zip(std_devs) {
        // The mean over some of a row's conditions would be a number of another row.
        let of_all = |aggregate: super::Aggregate| {
            aggregate.mean.filter(|_| aggregate.n == row.conditions.len())
        };
        (row.mean, row.std_dev) = (of_all(mean), of_all(std_dev));
        row.estimate = whole_estimate(conditions, &row.conditions, metric);
    }
    if table.order == Order::Descending {
        // Stable, so that equal means stay in the order of the experiments; missing ones go last.
        let key = |row: &Row| row.mean.unwrap_or(f64::NEG_INFINITY);
        rows.sort_by(|a, b| key(b).total_cmp(&key(a)));
    }
    Ok(LevelsSummary { metric: metric.to_owned(), rows })
}

/// The rows of a table with their conditions, in the order of the conditions.
fn grouped(table: &Levels, metric: &str, conditions: &[ConditionSummary]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for index in select(conditions, &table.selection) {
        let condition = &conditions[index];
        let level = |factor| condition.levels.get(factor).cloned();
        // A condition of an experiment without the factor has no place in the table.
        let Some(levels) = table.by.iter().map(level).collect::<Option<Vec<_>>>() else { continue };
        let position = rows.iter().position(|row| row.levels == levels).unwrap_or_else(|| {
            let published = table.published.iter().find(|row| row.row == levels).cloned();
            rows.push(Row::empty(levels, published));
            rows.len() - 1
        });
        let row = &mut rows[position];
        row.conditions.push(index);
        row.n += condition.aggregates[metric].n;
        row.expected += condition.expected;
        row.marks += condition.marks;
    }
    for row in &mut rows {
        row.varies = Varies::of(conditions, &row.conditions);
    }
    rows
}

impl Row {
    fn empty(levels: Vec<String>, published: Option<PublishedRow>) -> Self {
        Self {
            levels,
            conditions: Vec::new(),
            mean: None,
            std_dev: None,
            estimate: None,
            varies: None,
            n: 0,
            expected: 0,
            marks: Marks::default(),
            published,
        }
    }
}
