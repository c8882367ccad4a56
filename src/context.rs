//! What templates see: numbers in full, and texts without escaping.

mod condition;
mod left_out;
mod own_items;
mod programs;
mod provenance;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::claim::JudgedClaim;
use crate::diff::Changes;
use crate::experiment::{ConditionId, Experiment, Level, Levels};
use crate::paper::{Figure, Metric, Names, Protocol, Selection};
use crate::plan::Plan;
use crate::run::Direction;
use crate::summary::{Exceptions, Summary};
use crate::table::{Cell, Column, Row, TableItem};

pub use condition::ConditionContext;
pub use left_out::{LeftOut, left_out};
pub use own_items::ItemNames;
pub use programs::{ProgramContext, ToleranceContext, without_effect_of_seeds};
pub use provenance::Build;

/// Everything that a template can show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Context {
    /// Title of the report.
    pub title: String,
    /// The publication whose values are compared with; empty if there is none.
    pub source: String,
    /// The experiments, in order.
    pub experiments: Vec<Value>,
    /// All conditions, in order. Templates see them too; there may be thousands.
    #[serde(skip)]
    pub conditions: Vec<ConditionContext>,
    /// The tables and figures that show several experiments, or none.
    pub shared: ItemNames,
    /// The metrics, by name.
    pub metrics: BTreeMap<String, MetricContext>,
    /// The protocols that readers can choose between.
    pub protocols: Vec<Protocol>,
    /// The tables as templates see them, by name.
    pub tables: BTreeMap<String, Value>,
    /// The figures, by name.
    pub figures: BTreeMap<String, FigureContext>,
    /// The claims, in order.
    pub claims: Vec<JudgedClaim>,
    /// The conditions that no table covers. Templates see them like `conditions`.
    #[serde(skip)]
    pub others: Vec<ConditionId>,
    /// How many runs there are and should be.
    pub runs: RunsContext,
    /// What the user took over from other configurations.
    pub accepted: Vec<Value>,
    /// Whether there is a file `report.pdf` of this page.
    pub pdf: bool,
    /// Rows of tables that no run uses, because a value is missing.
    pub left_out: Vec<LeftOut>,
    /// The programs of the user that compute runs.
    pub programs: Vec<ProgramContext>,
    /// Conditions of programs whose runs all have the same result, although their seeds differ.
    pub without_effect_of_seeds: Vec<String>,
    /// What the command line changed about the experiments; empty if nothing.
    pub note: String,
    /// The tables in full.
    #[serde(skip)]
    pub items: Vec<TableItem>,
    /// The options of commands that make a part of the report again, each after a space.
    #[serde(skip)]
    pub options: String,
    /// What changed since the last build; belongs into a marked block.
    #[serde(skip)]
    pub changes: Changes,
    /// The text of each file that experiments are read from, by its path.
    #[serde(skip)]
    pub sources: BTreeMap<String, String>,
    /// The short texts among the inputs of programs, by their paths.
    #[serde(skip)]
    pub inputs: BTreeMap<String, String>,
    /// What differs between two executions of the same runs; belongs into one marked block.
    pub provenance: Value,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetricContext {
    /// How readers refer to it.
    pub label: String,
    /// How the score of a run is taken.
    pub formula: String,
    /// The unit of a score, such as `%`; empty if it has none.
    pub unit: String,
    /// Which scores are better; `None` if none is.
    pub better: Option<Direction>,
    /// The metric itself.
    #[serde(skip)]
    pub metric: Metric,
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
    /// The drawing, for wide windows and for files.
    #[serde(skip)]
    pub svg: String,
    /// The drawing for a phone.
    #[serde(skip)]
    pub narrow: String,
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

impl Context {
    /// The text of a file that experiments are read from, or of an input of a program. Empty if there is none.
    #[must_use]
    pub fn text_of(&self, path: &str) -> &str {
        self.sources.get(path).or_else(|| self.inputs.get(path)).map_or("", String::as_str)
    }

    /// The levels of each factor among the conditions, and the experiments.
    #[must_use]
    pub fn levels(&self) -> BTreeMap<String, Vec<Level>> {
        let mut all: BTreeMap<String, Vec<Level>> = BTreeMap::new();
        for (factor, level) in self.conditions.iter().flat_map(|one| &one.summary.levels) {
            let known = all.entry(factor.clone()).or_default();
            if !known.contains(level) {
                known.push(level.clone());
            }
        }
        all
    }

    /// Gathers what templates see. Each figure has its drawings, and the conditions behind it.
    #[must_use]
    pub fn gather(
        names: Names<'_>,
        plan: &Plan,
        summary: Summary,
        tables: Vec<TableItem>,
        claims: Vec<JudgedClaim>,
        figures: Vec<(&Figure, Vec<Drawing>, Vec<Selection>)>,
        build: Build<'_>,
    ) -> Self {
        let Names { paper, experiments } = names;
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
        let figures: BTreeMap<String, FigureContext> = figures.collect();
        let mut numbered: Vec<_> = figures.iter().collect();
        numbered.sort_by_key(|(_, figure)| figure.number);
        let numbered: Vec<_> =
            numbered.iter().map(|(name, one)| (name.as_str(), &one.conditions[..])).collect();
        let (mut own, shared) = own_items::own_items(&summary, &tables, &numbered);
        let experiment = |one: &Experiment| {
            condition::experiment_fields(one, &own.remove(&one.name).unwrap_or_default())
        };
        let experiment_fields = experiments.iter().map(experiment).collect();
        let covered: BTreeSet<_> = tables.iter().flat_map(|table| &table.conditions).collect();
        let ids: Vec<_> = summary.conditions().iter().map(|one| one.id).collect();
        let others = ids.iter().copied().filter(|id| !covered.contains(id)).collect();
        let exceptions = summary.exceptions(&ids);
        let ends = summary.ends(&ids);
        let conditions = summary.into_conditions().into_iter();
        let conditions: Vec<_> = conditions.map(|one| ConditionContext::of(names, one)).collect();
        let recorded = conditions.iter().map(|condition| condition.n).sum();
        let expected = plan.runs.len();
        let metrics = paper.metrics.iter().map(|metric| {
            let context = MetricContext {
                label: metric.label.clone(),
                formula: metric.formula(&ends),
                unit: metric.unit.symbol().to_owned(),
                better: metric.better(),
                metric: metric.clone(),
            };
            (metric.name.clone(), context)
        });
        Self {
            title: paper.title.clone(),
            source: paper.source.clone(),
            experiments: experiment_fields,
            shared,
            metrics: metrics.collect(),
            protocols: paper.protocols.clone(),
            tables: tables.iter().map(|item| table_fields(names, item)).collect(),
            figures,
            claims,
            others,
            runs: RunsContext {
                expected,
                recorded,
                records: plan.records.len(),
                missing: expected - recorded,
                exceptions,
            },
            accepted: accepted(plan),
            conditions,
            pdf: build.has_pdf,
            left_out: left_out(experiments),
            programs: programs::programs(experiments),
            without_effect_of_seeds: programs::without_effect_of_seeds(plan, experiments),
            note: String::new(),
            items: tables,
            options: build.options.to_owned(),
            changes: Changes::default(),
            sources: BTreeMap::new(),
            inputs: BTreeMap::new(),
            provenance: provenance::provenance(plan, experiments, &build),
        }
    }
}

/// A table under the first protocol, by its name: each row with its levels by factor, the row in a
/// few words (`deep + weight sharing`), and its values by the names of their keys.
fn table_fields(names: Names<'_>, item: &TableItem) -> (String, Value) {
    let first = &item.tables[0].stable();
    let row = |row: &Row| {
        let cells = first.columns.iter().zip(&row.cells);
        let level = |(column, cell): (&Column, &Cell)| match cell {
            Cell::Level(_, level) => Some((column.keys.first()?.to_string(), level.clone())),
            _ => None,
        };
        let levels: Levels = cells.clone().filter_map(level).collect();
        let values = cells.flat_map(|(column, cell)| column.keys.iter().zip(cell.data()));
        let values: BTreeMap<_, _> = values.map(|(key, datum)| (key.to_string(), datum)).collect();
        json!({ "label": names.describe(&levels), "levels": levels, "values": values })
    };
    let rows: Vec<_> = first.rows.iter().map(row).collect();
    (item.name.clone(), json!({ "number": item.number, "caption": item.caption, "rows": rows }))
}

/// The accepted runs, as numbers of runs with the same differences (`key.path: old → new`) and the
/// same reason, in the user's words.
fn accepted(plan: &Plan) -> Vec<Value> {
    let mut groups: BTreeMap<(&str, &[String]), usize> = BTreeMap::new();
    for acceptance in plan.records.values().filter_map(|record| record.accepted.as_ref()) {
        *groups.entry((&acceptance.why, &acceptance.differences)).or_default() += 1;
    }
    let groups = groups.into_iter();
    let group = |((why, differences), runs)| json!({ "runs": runs, "differences": differences, "why": why });
    groups.map(group).collect()
}
