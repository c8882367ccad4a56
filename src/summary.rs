//! Records → scores, aggregates of conditions, tables, learning curves.
//!
//! What the publication computes is aggregated by polars; what can be said beyond it, by `stats`.

mod contrast;
mod draws;
mod effects;
mod frame;
mod levels;
mod score;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use serde::Serialize;

use crate::digest::Digest;
use crate::experiment::{DataSeed, Experiment};
use crate::paper::{Choices, Curve, Levels, Paper, Scorecard, Selection, Table, TableKind};
use crate::plan::{Plan, PlannedRun, State};
use crate::run::{Outcome, RunRecord};
use score::{percent, score};

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
    /// What differs between its runs.
    pub varies: Varies,
    /// The aggregate of each metric, by name.
    pub aggregates: BTreeMap<String, Aggregate>,
}

/// What differs between the runs of a condition, and so what an interval over them speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Varies {
    /// Initialisation and dropout, on one draw of the data.
    Initialisation,
    /// The draw of the data as well.
    DataAndInitialisation,
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
    /// Digest of its configuration.
    pub digest: Digest,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Its score in percent, for each metric by name that it has one of.
    pub scores: BTreeMap<String, f64>,
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
    let tables = paper.tables.iter().map(|table| {
        let content = content(paper, table, &conditions)?;
        Ok(TableSummary { name: table.name.clone(), content })
    });
    let tables = tables.collect::<Result<_, SummaryError>>()?;
    Ok(Summary { conditions, tables })
}

fn content(
    paper: &Paper,
    table: &Table,
    conditions: &[ConditionSummary],
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
        TableKind::Choices(table) => Content::Choices(choices(paper, table, conditions)?),
        TableKind::Scorecard(table) => Content::Scorecard(scores(paper, table, conditions)?),
    })
}

/// The rows of each of the named tables of levels.
fn rows_of<'p>(
    paper: &'p Paper,
    tables: &'p [String],
    conditions: &[ConditionSummary],
) -> Result<Vec<(&'p Table, &'p Levels, LevelsSummary)>, SummaryError> {
    let tables = tables.iter().filter_map(|name| paper.table(name));
    let tables = tables.filter_map(|table| Some((table, table.levels()?)));
    let computed = tables.map(|(table, levels)| {
        Ok((table, levels, levels::summarize(levels, &levels.metric, conditions)?))
    });
    computed.collect()
}

fn choices(
    paper: &Paper,
    table: &Choices,
    conditions: &[ConditionSummary],
) -> Result<Vec<Choice>, SummaryError> {
    let mut choices = Vec::new();
    for (from, levels, own) in rows_of(paper, &table.tables, conditions)? {
        let by_metric = table.metrics.iter();
        let by_metric = by_metric.map(|metric| levels::summarize(levels, metric, conditions));
        let by_metric: Vec<LevelsSummary> = by_metric.collect::<Result<_, _>>()?;
        choices.extend(own.rows.into_iter().map(|row| {
            let same = |other: &&Row| other.levels == row.levels;
            let mean = |by: &LevelsSummary| by.rows.iter().find(same)?.mean;
            let means = by_metric.iter().map(mean).collect();
            let Row { levels, conditions, .. } = row;
            Choice { table: from.name.clone(), levels, conditions, means }
        }));
    }
    Ok(choices)
}

fn scores(
    paper: &Paper,
    table: &Scorecard,
    conditions: &[ConditionSummary],
) -> Result<Vec<Score>, SummaryError> {
    let mut scores = Vec::new();
    for (from, _, LevelsSummary { metric, rows }) in rows_of(paper, &table.tables, conditions)? {
        scores.extend(rows.iter().enumerate().filter_map(|(index, row)| {
            let place = (from.name.as_str(), index, metric.as_str());
            draws::score(table, &paper.draws, conditions, place, row)
        }));
    }
    Ok(scores)
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
                varies: match experiment.conditions[condition].design.data_seed {
                    DataSeed::Fixed(_) => Varies::Initialisation,
                    DataSeed::Run => Varies::DataAndInitialisation,
                },
                aggregates: BTreeMap::new(),
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
    let scores = paper.metrics.iter();
    let scores = scores.filter_map(|metric| Some((metric.name.clone(), score(metric, record)?)));
    RunScores {
        seed: record.config.seed,
        digest: record.digest,
        seconds: record.result.provenance.seconds,
        scores: scores.collect(),
    }
}
