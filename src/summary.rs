//! Records → scores, estimates of conditions, rows of tables, learning curves.
//!
//! All aggregation is done by polars; its types stay inside.

mod frame;

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use crate::experiment::Experiment;
use crate::paper::{Curve, Metric, Order, Paper, PublishedRow, Selection, Table, Take};
use crate::plan::{Plan, PlannedRun, State};
use crate::run::{LearningCurve, Outcome, RunRecord};

/// Everything that a report shows numbers of.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// All conditions, in order of experiments and levels.
    pub conditions: Vec<ConditionSummary>,
    /// The paper's tables, in its order.
    pub tables: Vec<TableSummary>,
}

/// The runs of one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionSummary {
    /// `experiment` and each factor, with their level here.
    pub levels: BTreeMap<String, String>,
    /// The runs that have a record, in order of the seeds.
    pub runs: Vec<RunScores>,
    /// Runs that it should have.
    pub expected: usize,
    /// What readers should know of its runs.
    pub marks: Marks,
    /// The estimate of each metric, by name.
    pub estimates: BTreeMap<String, Estimate>,
}

/// Numbers of runs that are not as readers expect them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Of the recorded, those of which a loss was not finite.
    pub diverged: usize,
    /// Of the recorded, those whose result the user took over from another configuration.
    pub accepted: usize,
    /// Of the missing, those that failed.
    pub failed: usize,
    /// Of the missing, those that are recorded as their condition was before.
    pub stale: usize,
    /// Of the missing, those whose record was damaged.
    pub quarantined: usize,
}

impl AddAssign for Marks {
    fn add_assign(&mut self, other: Self) {
        self.diverged += other.diverged;
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.stale += other.stale;
        self.quarantined += other.quarantined;
    }
}

/// The scores of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunScores {
    /// Its seed.
    pub seed: u64,
    /// Its score in percent, for each metric by name.
    pub scores: BTreeMap<String, f64>,
}

/// What a sample of scores says, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Number of scores.
    pub n: usize,
    /// Their mean; none of no score.
    pub mean: Option<f64>,
    /// Their population standard deviation (divided by n), as published.
    pub std_dev: Option<f64>,
    /// The smallest.
    pub minimum: Option<f64>,
    /// The largest.
    pub maximum: Option<f64>,
}

/// A table of the paper, computed.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSummary {
    /// Its name in the paper.
    pub name: String,
    /// Its rows, in the order that the paper asks for.
    pub rows: Vec<Row>,
}

/// One row: the plain means of what its conditions have.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The levels of the table's `by`, in order.
    pub levels: Vec<String>,
    /// Indices of its conditions.
    pub conditions: Vec<usize>,
    /// Mean over its conditions of their means; none if one of them has no run.
    pub mean: Option<f64>,
    /// Mean over its conditions of their standard deviations.
    pub std_dev: Option<f64>,
    /// Runs with a record.
    pub n: usize,
    /// Runs that it should have.
    pub expected: usize,
    /// What readers should know of its runs.
    pub marks: Marks,
    /// What was published.
    pub published: Option<PublishedRow>,
}

/// The mean learning curve of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSummary {
    /// Index of the condition.
    pub condition: usize,
    /// The estimate at each epoch.
    pub epochs: Vec<Estimate>,
}

/// An aggregation that polars refused: a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("cannot aggregate the records: {0}")]
pub struct SummaryError(String);

/// Summarises the records of `plan` as `paper` asks.
///
/// # Errors
/// If polars refuses an aggregation.
pub fn summarize(
    paper: &Paper,
    experiments: &[Experiment],
    plan: &Plan,
) -> Result<Summary, SummaryError> {
    let mut conditions = conditions(paper, experiments, plan);
    for metric in &paper.metrics {
        let numbered = conditions.iter().enumerate();
        let scores: Vec<_> = numbered
            .flat_map(|(index, condition)| {
                condition.runs.iter().map(move |run| (index, run.scores[&metric.name]))
            })
            .collect();
        let estimates = frame::estimates(&scores, conditions.len())?;
        for (condition, estimate) in conditions.iter_mut().zip(estimates) {
            condition.estimates.insert(metric.name.clone(), estimate);
        }
    }
    let tables = paper
        .tables
        .iter()
        .map(|table| Ok(TableSummary { name: table.name.clone(), rows: rows(table, &conditions)? }))
        .collect::<Result<_, SummaryError>>()?;
    Ok(Summary { conditions, tables })
}

/// The mean of `curve` over the runs of each selected condition, epoch by epoch.
///
/// # Errors
/// If polars refuses an aggregation.
pub fn learning_curves(
    summary: &Summary,
    plan: &Plan,
    curve: Curve,
    selection: &Selection,
) -> Result<Vec<CurveSummary>, SummaryError> {
    let selected = select(&summary.conditions, selection);
    let mut records: Vec<Vec<&RunRecord>> = vec![Vec::new(); summary.conditions.len()];
    for (condition, _, record) in numbered(plan) {
        records[condition].extend(record);
    }
    selected
        .into_iter()
        .map(|condition| {
            let runs = records[condition].iter();
            let points: Vec<_> = runs
                .flat_map(|record| percent(&record.result.curve, curve).into_iter().enumerate())
                .collect();
            let n_epochs = points.iter().map(|(epoch, _)| epoch + 1).max().unwrap_or(0);
            Ok(CurveSummary { condition, epochs: frame::estimates(&points, n_epochs)? })
        })
        .collect()
}

impl Summary {
    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&TableSummary> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// Indices of the conditions that `selection` lets through.
fn select(conditions: &[ConditionSummary], selection: &Selection) -> Vec<usize> {
    let is_selected = |condition: &ConditionSummary| {
        selection.iter().all(|(factor, wanted)| {
            condition.levels.get(factor).is_some_and(|level| wanted.contains(level))
        })
    };
    (0..conditions.len()).filter(|index| is_selected(&conditions[*index])).collect()
}

/// Conditions are numbered through all experiments; the runs of a plan come in that order.
fn numbered(plan: &Plan) -> impl Iterator<Item = (usize, &PlannedRun, Option<&RunRecord>)> {
    let mut index = 0;
    let mut last = None;
    plan.runs.iter().map(move |run| {
        let key = (run.experiment, run.condition);
        index += usize::from(last.is_some_and(|last| last != key));
        last = Some(key);
        (index, run, plan.records.get(&run.digest))
    })
}

fn conditions(paper: &Paper, experiments: &[Experiment], plan: &Plan) -> Vec<ConditionSummary> {
    let mut conditions: Vec<_> = experiments
        .iter()
        .flat_map(|experiment| {
            (0..experiment.conditions.len()).map(|condition| ConditionSummary {
                levels: experiment.levels_of(condition),
                runs: Vec::new(),
                expected: experiment.seeds.len(),
                marks: Marks::default(),
                estimates: BTreeMap::new(),
            })
        })
        .collect();
    for (condition, run, record) in numbered(plan) {
        let ConditionSummary { runs, marks, .. } = &mut conditions[condition];
        runs.extend(record.map(|record| run_scores(paper, record)));
        let is_diverged = |record: &RunRecord| record.result.outcome != Outcome::Completed;
        marks.diverged += usize::from(record.is_some_and(is_diverged));
        match plan.state(run) {
            State::Fresh { accepted, .. } => marks.accepted += usize::from(*accepted),
            State::Failed(_) => marks.failed += 1,
            State::Damaged(_) | State::Quarantined => marks.quarantined += 1,
            State::Stale => marks.stale += 1,
            State::Missing => {}
        }
    }
    conditions
}

fn run_scores(paper: &Paper, record: &RunRecord) -> RunScores {
    let scores = paper.metrics.iter().map(|metric| (metric.name.clone(), score(metric, record)));
    RunScores { seed: record.config.seed, scores: scores.collect() }
}

/// The score of a run in percent.
fn score(metric: &Metric, record: &RunRecord) -> f64 {
    let values = percent(&record.result.curve, metric.curve);
    match metric.take {
        Take::Maximum => values.into_iter().fold(0.0, f64::max),
        Take::Last => values.last().copied().unwrap_or(0.0),
    }
}

fn percent(curve: &LearningCurve, which: Curve) -> Vec<f64> {
    let accuracies = match which {
        Curve::PublishedTestAccuracy => curve.published_test_accuracy.clone(),
        Curve::CorrectedTestAccuracy => curve.corrected_test_accuracy.clone(),
        Curve::ComparisonAccuracy => curve.comparison_accuracy.clone(),
        Curve::DigitAccuracy => {
            let both = curve.first_digit_accuracy.iter().zip(&curve.second_digit_accuracy);
            both.map(|(first, second)| (first + second) / 2.0).collect()
        }
    };
    accuracies.into_iter().map(|accuracy| 100.0 * accuracy).collect()
}

fn rows(table: &Table, conditions: &[ConditionSummary]) -> Result<Vec<Row>, SummaryError> {
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
        row.n += condition.runs.len();
        row.expected += condition.expected;
        row.marks += condition.marks;
    }
    let (mut means, mut std_devs) = (Vec::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        for condition in &row.conditions {
            let estimate = conditions[*condition].estimates[&table.metric];
            means.extend(estimate.mean.map(|mean| (index, mean)));
            std_devs.extend(estimate.std_dev.map(|std_dev| (index, std_dev)));
        }
    }
    let means = frame::estimates(&means, rows.len())?;
    let std_devs = frame::estimates(&std_devs, rows.len())?;
    for ((row, mean), std_dev) in rows.iter_mut().zip(means).zip(std_devs) {
        // The mean over some of a row's conditions would be a number of another row.
        let of_all =
            |estimate: Estimate| estimate.mean.filter(|_| estimate.n == row.conditions.len());
        (row.mean, row.std_dev) = (of_all(mean), of_all(std_dev));
    }
    if table.order == Order::Descending {
        // Stable, so that equal means stay in the order of the experiments; missing ones go last.
        let key = |row: &Row| row.mean.unwrap_or(f64::NEG_INFINITY);
        rows.sort_by(|a, b| key(b).total_cmp(&key(a)));
    }
    Ok(rows)
}

impl Row {
    fn empty(levels: Vec<String>, published: Option<PublishedRow>) -> Self {
        Self {
            levels,
            conditions: Vec::new(),
            mean: None,
            std_dev: None,
            n: 0,
            expected: 0,
            marks: Marks::default(),
            published,
        }
    }
}
