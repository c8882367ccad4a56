//! Records → scores, aggregates of conditions, tables, learning curves.
//!
//! What the publication computes is aggregated by polars; what can be said beyond it, by `stats`.

mod condition;
mod contrast;
mod draws;
mod effects;
mod frame;
mod levels;
mod score;

use std::collections::BTreeSet;

use crate::experiment::Experiment;
use crate::paper::{Choices, Curve, Levels, Paper, Scorecard, Selection, Table, TableKind};
use crate::plan::Plan;
use crate::run::RunRecord;
use condition::{conditions, numbered};
use score::percent;

pub use condition::{ConditionSummary, Marks, RunScores, Varies};
pub use contrast::{Contrast, by_seed, select};
pub use draws::{Grade, Judgement, Score, VarianceRow};
pub use effects::{Effect, effect, two_levels};
pub use levels::{LevelsSummary, Row};

/// Everything that a report shows numbers of.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// All conditions, in order of experiments and levels.
    pub conditions: Vec<ConditionSummary>,
    /// The paper's tables, in its order.
    pub tables: Vec<TableSummary>,
}

/// What a sample of scores is described by, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Aggregate {
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
    /// What it shows.
    pub content: Content,
}

/// What a table shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Scores by levels: under the metric of the table, and if that is the metric of the paper's
    /// first protocol, under those of the others.
    Levels(Vec<LevelsSummary>),
    /// What factors change.
    Effects(Vec<Effect>),
    /// How much of the spread comes from the draw of the data.
    Variance(Vec<VarianceRow>),
    /// The rows of other tables under one metric after the other.
    Choices(Vec<Choice>),
    /// Published values beside ours.
    Scorecard(Vec<Score>),
}

/// One row of a table under several metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Name of the table.
    pub table: String,
    /// The row as in that table.
    pub levels: Vec<String>,
    /// Indices of its conditions.
    pub conditions: Vec<usize>,
    /// Its mean by each metric.
    pub means: Vec<Option<f64>>,
    /// The last metric less the first.
    pub total: Contrast,
}

/// The mean learning curve of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSummary {
    /// Index of the condition.
    pub condition: usize,
    /// The aggregate at each epoch.
    pub epochs: Vec<Aggregate>,
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
                let scores = condition.runs.iter().map(|run| run.scores.get(&metric.name));
                scores.flatten().map(move |score| (index, *score))
            })
            .collect();
        let aggregates = frame::aggregates(&scores, conditions.len())?;
        for (condition, aggregate) in conditions.iter_mut().zip(aggregates) {
            condition.aggregates.insert(metric.name.clone(), aggregate);
        }
    }
    let mut tables: Vec<TableSummary> = Vec::with_capacity(paper.tables.len());
    for table in &paper.tables {
        let content = content(paper, table, &conditions, &tables)?;
        tables.push(TableSummary { name: table.name.clone(), content });
    }
    Ok(Summary { conditions, tables })
}

/// What `table` shows; it may show rows of tables that came `before`.
fn content(
    paper: &Paper,
    table: &Table,
    conditions: &[ConditionSummary],
    before: &[TableSummary],
) -> Result<Content, SummaryError> {
    Ok(match &table.kind {
        TableKind::Levels(table) => {
            let metrics: Vec<_> = match paper.protocols.first() {
                Some(first) if first.metric == table.metric => {
                    paper.protocols.iter().map(|protocol| &protocol.metric).collect()
                }
                _ => vec![&table.metric],
            };
            let variants = metrics.into_iter();
            let variants = variants.map(|metric| levels::summarize(table, metric, conditions));
            Content::Levels(variants.collect::<Result<_, _>>()?)
        }
        TableKind::Effects(table) => Content::Effects(effects::summarize(table, conditions)),
        TableKind::Variance(table) => {
            Content::Variance(draws::variances(table, &paper.draws, conditions))
        }
        TableKind::Choices(table) => Content::Choices(choices(paper, table, conditions, before)?),
        TableKind::Scorecard(table) => Content::Scorecard(scores(paper, table, conditions, before)),
    })
}

/// The named tables of levels, with their rows under their own metrics.
fn named<'t>(
    paper: &'t Paper,
    names: &'t [String],
    tables: &'t [TableSummary],
) -> impl Iterator<Item = (&'t str, &'t Levels, &'t LevelsSummary)> {
    names.iter().filter_map(|name| {
        let levels = paper.table(name)?.levels()?;
        let computed = tables.iter().find(|table| table.name == *name)?.levels()?;
        Some((name.as_str(), levels, computed))
    })
}

fn choices(
    paper: &Paper,
    table: &Choices,
    conditions: &[ConditionSummary],
    before: &[TableSummary],
) -> Result<Vec<Choice>, SummaryError> {
    let mut choices = Vec::new();
    let [first, .., last] = &table.metrics[..] else { return Ok(choices) };
    for (name, levels, own) in named(paper, &table.tables, before) {
        let by_metric = table.metrics.iter();
        let by_metric = by_metric.map(|metric| levels::summarize(levels, metric, conditions));
        let by_metric: Vec<LevelsSummary> = by_metric.collect::<Result<_, _>>()?;
        choices.extend(own.rows.iter().map(|row| {
            let same = |other: &&Row| other.levels == row.levels;
            let mean = |by: &LevelsSummary| by.rows.iter().find(same)?.mean;
            Choice {
                table: name.to_owned(),
                levels: row.levels.clone(),
                conditions: row.conditions.clone(),
                means: by_metric.iter().map(mean).collect(),
                total: Contrast::of_metrics(conditions, &row.conditions, [last, first])
                    .if_whole(conditions),
            }
        }));
    }
    Ok(choices)
}

fn scores(
    paper: &Paper,
    table: &Scorecard,
    conditions: &[ConditionSummary],
    before: &[TableSummary],
) -> Vec<Score> {
    let tables = named(paper, &table.tables, before);
    let scores = tables.flat_map(|(name, _, LevelsSummary { metric, rows })| {
        rows.iter().enumerate().filter_map(move |(index, row)| {
            let place = (name, index, metric.as_str());
            draws::score(table, &paper.draws, conditions, place, row)
        })
    });
    scores.collect()
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
            Ok(CurveSummary { condition, epochs: frame::aggregates(&points, n_epochs)? })
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

impl TableSummary {
    /// Its rows under the metric of the table, if it is a table of levels.
    #[must_use]
    pub fn levels(&self) -> Option<&LevelsSummary> {
        match &self.content {
            Content::Levels(variants) => variants.first(),
            _ => None,
        }
    }

    /// Indices of all conditions that it shows something of.
    #[must_use]
    pub fn conditions(&self) -> BTreeSet<usize> {
        let rows = |rows: &[Row]| rows.iter().flat_map(|row| row.conditions.clone()).collect();
        match &self.content {
            Content::Levels(variants) => {
                variants.first().map_or_else(BTreeSet::new, |first| rows(&first.rows))
            }
            Content::Effects(effects) => {
                effects.iter().flat_map(|effect| effect.contrast.conditions.concat()).collect()
            }
            Content::Variance(rows) => {
                rows.iter().flat_map(|row| [row.condition, row.repetition]).collect()
            }
            Content::Choices(rows) => rows.iter().flat_map(|row| row.conditions.clone()).collect(),
            Content::Scorecard(scores) => {
                let both = |score: &Score| [&score.conditions[..], &score.repetitions].concat();
                scores.iter().flat_map(both).collect()
            }
        }
    }
}
