//! What a template sees: numbers as they are, and text as it came.

mod condition;
mod provenance;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::RenderError;
use super::claim::{self, ClaimContext};
use super::snapshot::Changes;
use super::table::{self, TableContext};
use crate::experiment::Experiment;
use crate::paper::{EXPERIMENT, Paper};
use crate::plan::Plan;
use crate::summary::{Marks, Summary, TableSummary};

pub use condition::{ConditionContext, ExperimentContext, RunContext};
pub use provenance::{Build, ProvenanceContext};

/// Everything that a template can show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Context {
    /// Title of the report.
    pub title: String,
    /// The publication whose values are compared with.
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
    /// The options of commands that make something of it again, each after a space.
    #[serde(skip)]
    pub options: String,
    /// What has changed since the build before; belongs into a marked block.
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
    /// Indices of the conditions that it is drawn from.
    pub conditions: Vec<usize>,
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
    /// What readers should know of them.
    #[serde(flatten)]
    pub marks: Marks,
}

/// Runs whose results the user took over from another configuration, for one reason.
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
#[derive(Clone, Copy, Debug)]
pub struct Sources<'s> {
    /// The paper file.
    pub paper: &'s Paper,
    /// The experiments.
    pub experiments: &'s [Experiment],
    /// The runs and their records.
    pub plan: &'s Plan,
    /// What is computed from them.
    pub summary: &'s Arc<Summary>,
    /// The drawings of each figure, in the paper's order.
    pub figures: &'s [Vec<Drawing>],
    /// What the command line changed.
    pub note: &'s str,
    /// The build that renders the report.
    pub build: Build<'s>,
    /// The text of each file of an experiment, by its path.
    pub files: &'s BTreeMap<String, String>,
}

impl Context {
    /// Gathers what a template can show.
    ///
    /// # Errors
    /// If the expression of a claim cannot be evaluated.
    pub fn gather(sources: Sources<'_>) -> Result<Self, RenderError> {
        let Sources { paper, experiments, plan, summary, figures, note, build, files } = sources;
        let names = Names { paper, experiments };
        let conditions: Vec<_> = summary
            .conditions
            .iter()
            .map(|condition| condition::condition_context(names, condition))
            .collect();
        let tables = paper.tables.iter().zip(&summary.tables).enumerate();
        let tables = tables.map(|(index, (spec, computed))| {
            (spec.name.clone(), table::context(names, summary, index + 1, spec, computed))
        });
        let figures = paper.figures.iter().zip(figures).enumerate();
        let figures = figures.map(|(index, (figure, drawings))| {
            let covers = paper.covers(&figure.name).unwrap_or_default();
            let covered = covers
                .iter()
                .flat_map(|selection| crate::summary::select(&summary.conditions, selection));
            let context = FigureContext {
                number: index + 1,
                caption: figure.caption.clone(),
                place: figure.location.to_string(),
                drawings: drawings.clone(),
                conditions: covered.collect::<BTreeSet<_>>().into_iter().collect(),
            };
            (figure.name.clone(), context)
        });
        let covered: BTreeSet<usize> =
            summary.tables.iter().flat_map(TableSummary::conditions).collect();
        let numbered = conditions.iter().enumerate();
        let others = numbered.filter(|(index, _)| !covered.contains(index));
        let others = others.map(|(_, condition)| condition.clone()).collect();
        let recorded = conditions.iter().map(|condition| condition.n).sum();
        let expected = plan.runs.len();
        let mut marks = Marks::default();
        for condition in &conditions {
            marks += condition.marks;
        }
        let experiments: Vec<_> = experiments.iter().map(condition::experiment_context).collect();
        let metrics = paper.metrics.iter().map(|metric| {
            let context = MetricContext { label: metric.label.clone(), formula: metric.formula() };
            (metric.name.clone(), context)
        });
        let protocols = paper.protocols.iter().map(|protocol| ProtocolContext {
            metric: protocol.metric.clone(),
            label: protocol.label.clone(),
        });
        Ok(Self {
            title: paper.title.clone(),
            source: paper.source.clone(),
            claims: claim::judge(names, summary, &experiments)?,
            experiments,
            metrics: metrics.collect(),
            protocols: protocols.collect(),
            tables: tables.collect(),
            figures: figures.collect(),
            runs: RunsContext {
                expected,
                recorded,
                records: plan.records.len(),
                missing: expected - recorded,
                marks,
            },
            accepted: accepted(plan),
            conditions,
            others,
            note: note.to_owned(),
            options: build.options.to_owned(),
            changes: Changes::default(),
            sources: files.clone(),
            provenance: provenance::provenance(plan, names.experiments, &build),
        })
    }
}

/// How experiments, factors and levels are called.
#[derive(Clone, Copy, Debug)]
pub struct Names<'n> {
    /// Says it of factors and levels.
    pub paper: &'n Paper,
    /// Say it of themselves.
    pub experiments: &'n [Experiment],
}

impl<'n> Names<'n> {
    /// The experiment of that name.
    #[must_use]
    pub fn experiment(self, name: &str) -> Option<&'n Experiment> {
        self.experiments.iter().find(|experiment| experiment.name == name)
    }

    /// `Table 4`; empty if there is none of that name.
    #[must_use]
    pub fn table(self, name: &str) -> String {
        let number = self.paper.tables.iter().position(|table| table.name == name);
        number.map_or_else(String::new, |number| format!("Table {}", number + 1))
    }

    /// How a level is called: an experiment by its title, a factor's level as the paper says.
    #[must_use]
    pub fn level(self, factor: &str, level: &str) -> String {
        let experiment = self.experiment(level).filter(|_| factor == EXPERIMENT);
        let label = experiment.map_or_else(
            || self.paper.level_label(factor, level),
            |experiment| experiment.title.as_str(),
        );
        label.to_owned()
    }

    /// Levels in a few words: an experiment by its title, factors that are on by their name, others
    /// with their level.
    pub fn describe<'l>(self, levels: impl Iterator<Item = (&'l String, &'l String)>) -> String {
        let paper = self.paper;
        let part =
            |(factor, level): (&'l String, &'l String)| match (factor.as_str(), level.as_str()) {
                (EXPERIMENT, name) => Some(self.level(EXPERIMENT, name)),
                (_, "false") => None,
                (factor, "true") => Some(paper.factor_label(factor).to_owned()),
                (factor, level) => {
                    let (factor, level) =
                        (paper.factor_label(factor), paper.level_label(factor, level));
                    Some(format!("{factor} {level}"))
                }
            };
        // The experiment first, and the factors in their order.
        let mut levels: Vec<_> = levels.collect();
        levels.sort_by_key(|(factor, _)| *factor != EXPERIMENT);
        levels.into_iter().filter_map(part).collect::<Vec<_>>().join(" + ")
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
