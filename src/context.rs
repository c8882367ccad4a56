//! What templates see: numbers in full, and texts without escaping.

mod condition;
mod provenance;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::claim::{Finding, JudgedClaim, Outcome};
use crate::diff::Changes;
use crate::experiment::{ConditionId, Experiment, Levels};
use crate::paper::{Figure, Names, Paper, Selection};
use crate::plan::Plan;
use crate::summary::{Exceptions, Summary};
use crate::table::{Cell, TableItem};

pub use condition::{ConditionContext, ExperimentContext, RunContext};
pub use provenance::{Build, ProvenanceContext};

/// Everything that a template can show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Context {
    /// Title of the report.
    pub title: String,
    /// The publication whose values are compared with; empty if there is none.
    pub source: String,
    /// The experiments, in order.
    pub experiments: Vec<ExperimentContext>,
    /// All conditions, in order.
    pub conditions: Vec<ConditionContext>,
    /// The metrics, by name.
    pub metrics: BTreeMap<String, MetricContext>,
    /// The protocols that readers can choose between.
    pub protocols: Vec<ProtocolContext>,
    /// The tables, by name.
    pub tables: BTreeMap<String, TableContext>,
    /// The figures, by name.
    pub figures: BTreeMap<String, FigureContext>,
    /// The claims, in order.
    pub claims: Vec<ClaimContext>,
    /// The conditions that no table covers.
    pub others: Vec<ConditionContext>,
    /// How many runs there are and should be.
    pub runs: RunsContext,
    /// What the user took over from other configurations.
    pub accepted: Vec<AcceptedContext>,
    /// What the command line changed about the experiments; empty if nothing.
    pub note: String,
    /// The tables in full.
    #[serde(skip)]
    pub items: Vec<TableItem>,
    /// The claims in full.
    #[serde(skip)]
    pub judged: Vec<JudgedClaim>,
    /// The options of commands that make a part of the report again, each after a space.
    #[serde(skip)]
    pub options: String,
    /// What changed since the last build; belongs into a marked block.
    #[serde(skip)]
    pub changes: Changes,
    /// The text of each file that experiments are read from, by its path.
    #[serde(skip)]
    pub sources: BTreeMap<String, String>,
    /// What differs between two executions of the same runs; belongs into one marked block.
    pub provenance: ProvenanceContext,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetricContext {
    /// How readers refer to it.
    pub label: String,
    /// How the score of a run is taken.
    pub formula: String,
}

/// A protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtocolContext {
    /// Name of its metric.
    pub metric: String,
    /// How readers refer to it.
    pub label: String,
}

/// A table under the first protocol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableContext {
    /// Its number in the report.
    pub number: usize,
    /// What it shows.
    pub caption: String,
    /// Its rows.
    pub rows: Vec<RowContext>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowContext {
    /// Its levels, by factor.
    pub levels: Levels,
    /// The row in a few words: `deep + weight sharing`.
    pub label: String,
    /// Its values, by the names of their keys.
    pub values: BTreeMap<String, serde_json::Value>,
}

/// A claim with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimContext {
    /// Its name in the paper file.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Where the publication makes the claim.
    pub source: String,
    /// What the results say.
    pub verdict: Outcome,
    /// What was compared, and what each comparison says.
    pub findings: Vec<Finding>,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureContext {
    /// Its number in the report.
    pub number: usize,
    /// What it shows.
    pub caption: String,
    /// Where the paper file asks for it, as `file:line`.
    pub place: String,
    /// The drawing, in each protocol if it differs between them.
    pub drawings: Vec<Drawing>,
    /// The conditions that it is drawn from.
    #[serde(skip)]
    pub conditions: Vec<ConditionId>,
}

/// A figure as drawn under one protocol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawing {
    /// The metric of the protocol; none if there is one drawing for all.
    pub metric: Option<String>,
    /// What kind of drawing it is, and of what.
    pub kind: String,
    /// What it shows, in numbers: the end of its caption, and what readers hear who do not see it.
    pub finding: String,
    /// How the drawn numbers come from the scores.
    pub formula: String,
    /// The drawing.
    #[serde(skip)]
    pub svg: String,
}

/// Numbers of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RunsContext {
    /// Runs there should be.
    pub expected: usize,
    /// Runs with a record.
    pub recorded: usize,
    /// Records behind them: experiments share runs of one configuration.
    pub records: usize,
    /// Runs without one.
    pub missing: usize,
    /// Runs that are not as readers expect.
    #[serde(flatten)]
    pub exceptions: Exceptions,
}

/// Runs whose results the user accepted from another configuration, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedContext {
    /// How many.
    pub runs: usize,
    /// What differs, as `key.path: old → new`.
    pub differences: Vec<String>,
    /// Why they hold, in the user's words.
    pub why: String,
}

/// What a context is gathered from.
#[derive(Clone, Debug)]
pub struct Sources<'s> {
    /// The paper file.
    pub paper: &'s Paper,
    /// The experiments.
    pub experiments: &'s [Experiment],
    /// The runs and their records.
    pub plan: &'s Plan,
    /// The scores of the runs.
    pub summary: &'s Summary,
    /// The tables.
    pub tables: Vec<TableItem>,
    /// The claims with their verdicts.
    pub claims: Vec<JudgedClaim>,
    /// The figures with their drawings and the conditions behind them.
    pub figures: Vec<(&'s Figure, Vec<Drawing>, Vec<Selection>)>,
    /// What the command line changed.
    pub note: &'s str,
    /// The build that renders the report.
    pub build: Build<'s>,
    /// The text of each file of an experiment, by its path.
    pub files: &'s BTreeMap<String, String>,
    /// What changed since the last build.
    pub changes: Changes,
}

impl Context {
    /// Gathers what templates see.
    #[must_use]
    pub fn gather(sources: Sources<'_>) -> Self {
        let Sources { paper, experiments, plan, summary, tables, claims, figures, .. } = sources;
        let names = Names { paper, experiments };
        let conditions: Vec<_> = summary
            .conditions()
            .map(|(id, condition)| condition::condition_context(names, id, condition))
            .collect();
        let figures = figures.into_iter().enumerate();
        let figures = figures.map(|(index, (figure, drawings, covers))| {
            let covered = covers.iter().flat_map(|selection| summary.select(selection));
            let context = FigureContext {
                number: index + 1,
                caption: figure.caption.clone(),
                place: figure.location.to_string(),
                drawings,
                conditions: covered.collect::<BTreeSet<_>>().into_iter().collect(),
            };
            (figure.name.clone(), context)
        });
        let covered: BTreeSet<ConditionId> =
            tables.iter().flat_map(|table| table.conditions.iter().copied()).collect();
        let others = conditions.iter().filter(|condition| !covered.contains(&condition.id));
        let others = others.cloned().collect();
        let recorded = conditions.iter().map(|condition| condition.n).sum();
        let expected = plan.runs.len();
        let mut exceptions = Exceptions::default();
        for condition in &conditions {
            exceptions += condition.exceptions;
        }
        let metrics = paper.metrics.iter().map(|metric| {
            let context = MetricContext { label: metric.label.clone(), formula: metric.formula() };
            (metric.name.clone(), context)
        });
        let protocols = paper.protocols.iter().map(|protocol| ProtocolContext {
            metric: protocol.metric.clone(),
            label: protocol.label.clone(),
        });
        Self {
            title: paper.title.clone(),
            source: paper.source.clone(),
            claims: claims.iter().map(claim_context).collect(),
            experiments: experiments.iter().map(condition::experiment_context).collect(),
            metrics: metrics.collect(),
            protocols: protocols.collect(),
            tables: tables.iter().map(|item| table_context(names, item)).collect(),
            figures: figures.collect(),
            runs: RunsContext {
                expected,
                recorded,
                records: plan.records.len(),
                missing: expected - recorded,
                exceptions,
            },
            accepted: accepted(plan),
            conditions,
            others,
            note: sources.note.to_owned(),
            options: sources.build.options.to_owned(),
            changes: sources.changes,
            sources: sources.files.clone(),
            provenance: provenance::provenance(plan, experiments, &sources.build),
            items: tables,
            judged: claims,
        }
    }
}

fn table_context(names: Names<'_>, item: &TableItem) -> (String, TableContext) {
    let row = |row: &crate::table::Row| {
        let first = &item.tables[0];
        let cells = first.columns.iter().zip(&row.cells);
        let levels: Levels = cells
            .clone()
            .filter_map(|(column, cell)| match cell {
                Cell::Level(_, level) => Some((column.keys.first()?.to_string(), level.clone())),
                _ => None,
            })
            .collect();
        let values = cells.flat_map(|(column, cell)| {
            let values = cell.data().into_iter();
            column.keys.iter().map(ToString::to_string).zip(values).collect::<Vec<_>>()
        });
        let json = |datum| serde_json::to_value(datum).unwrap_or_default();
        RowContext {
            label: names.describe(&levels),
            levels,
            values: values.map(|(key, datum)| (key, json(datum))).collect(),
        }
    };
    let rows = item.tables.first().map_or(&[][..], |table| &table.rows);
    let rows = rows.iter().map(row).collect();
    let (number, caption) = (item.number, item.caption.clone());
    (item.name.clone(), TableContext { number, caption, rows })
}

fn claim_context(judged: &JudgedClaim) -> ClaimContext {
    ClaimContext {
        name: judged.claim.name.clone(),
        statement: judged.claim.statement.clone(),
        source: judged.claim.source.clone(),
        verdict: judged.outcome,
        findings: judged.findings.clone(),
    }
}

fn accepted(plan: &Plan) -> Vec<AcceptedContext> {
    let mut groups: BTreeMap<(&str, &[String]), usize> = BTreeMap::new();
    for acceptance in plan.records.values().filter_map(|record| record.result.accepted.as_ref()) {
        *groups.entry((&acceptance.why, &acceptance.differences)).or_default() += 1;
    }
    let group = |((why, differences), runs): ((&str, &[String]), usize)| AcceptedContext {
        runs,
        differences: differences.to_vec(),
        why: why.to_owned(),
    };
    groups.into_iter().map(group).collect()
}
