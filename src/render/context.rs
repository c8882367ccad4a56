//! What a template sees: numbers as they are, and text as it came.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::digest::Hasher;
use crate::experiment::Experiment;
use crate::paper::{EXPERIMENT, Paper};
use crate::plan::Plan;
use crate::run::{self, RunRecord, Speed};
use crate::summary::{ConditionSummary, Marks, Row, Summary};

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
    /// The tables, by name.
    pub tables: BTreeMap<String, TableContext>,
    /// The figures, by name.
    pub figures: BTreeMap<String, FigureContext>,
    /// The conditions that no table of the paper covers.
    pub others: Vec<ConditionContext>,
    /// How many runs there are and should be.
    pub runs: RunsContext,
    /// What the user took over from other configurations.
    pub accepted: Vec<AcceptedContext>,
    /// What the command line changed about the experiments; empty if nothing.
    pub note: String,
    /// What differs between two executions of the same runs; belongs into one marked block.
    pub provenance: ProvenanceContext,
}

/// An experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentContext {
    /// Its name.
    pub name: String,
    /// How readers refer to it.
    pub title: String,
    /// What it asks; empty if its file does not say.
    pub question: String,
    /// Parameters of one branch of its first condition.
    pub branch_parameters: usize,
    /// Parameters of two branches and the head.
    pub parameters: usize,
    /// The resolved configuration of its first condition.
    pub config: serde_json::Value,
    /// Number of conditions.
    pub conditions: usize,
    /// Its seeds.
    pub seeds: Vec<u64>,
}

/// A condition with its estimates, in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionContext {
    /// `experiment` and each factor, with their level.
    pub levels: BTreeMap<String, String>,
    /// How it is called.
    pub label: String,
    /// Recorded runs.
    pub n: usize,
    /// What readers should know of its runs.
    #[serde(flatten)]
    pub marks: Marks,
    /// For each metric: `mean`, `std`, `minimum`, `maximum`, each none without runs.
    pub metrics: BTreeMap<String, BTreeMap<&'static str, Option<f64>>>,
}

/// A table of the paper.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableContext {
    /// Its number in the report.
    pub number: usize,
    /// What it shows.
    pub caption: String,
    /// How its metric is called.
    pub metric: String,
    /// `experiment` or factors: what tells its rows apart.
    pub by: Vec<String>,
    /// How they are called.
    pub heads: Vec<String>,
    /// Whether anything was published for it.
    pub has_published: bool,
    /// Its rows, in order.
    pub rows: Vec<RowContext>,
}

/// A row of a table, in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowContext {
    /// The level of each of the table's `by`.
    pub levels: BTreeMap<String, String>,
    /// How the levels are called, in order.
    pub labels: Vec<String>,
    /// The row in a few words: `deep + weight sharing`.
    pub label: String,
    /// Our mean.
    pub mean: Option<f64>,
    /// Our standard deviation.
    pub std: Option<f64>,
    /// Published mean.
    pub published_mean: Option<f64>,
    /// Published standard deviation.
    pub published_std: Option<f64>,
    /// Our mean less the published one.
    pub difference: Option<f64>,
    /// Recorded runs.
    pub n: usize,
    /// Runs there should be.
    pub expected: usize,
    /// What readers should know of its runs.
    #[serde(flatten)]
    pub marks: Marks,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FigureContext {
    /// Its number in the report.
    pub number: usize,
    /// What it shows.
    pub caption: String,
    /// What it shows, for readers who do not see it.
    pub alt: String,
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

/// Where and when the runs of the report were computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProvenanceContext {
    /// Versions of `report` that computed runs.
    pub versions: Vec<String>,
    /// Platforms that they were computed on.
    pub platforms: Vec<String>,
    /// Start of the first run, RFC 3339 in UTC; empty without runs.
    pub first: String,
    /// Start of the last run.
    pub last: String,
    /// Core time of all runs together.
    pub core_time: String,
    /// Median time of a run of each experiment, as `deep 4.1 s, …`.
    pub run_times: String,
    /// Pairs that one worker trains on in a second, over all runs; empty without runs.
    pub pairs_a_second: String,
    /// Speed of a worker over all runs, and its share of the speed of `gemm` on the same core;
    /// empty if that was not measured.
    pub speed: String,
    /// Digest over the keys, outcomes and curves of all runs: equal where every bit is.
    pub results: String,
}

impl Context {
    /// Gathers what a template of `paper` can show. `figures` are the drawings, with their
    /// alternative texts, in the paper's order; `note` is what the command line changed.
    #[must_use]
    pub fn gather(
        paper: &Paper,
        experiments: &[Experiment],
        plan: &Plan,
        summary: &Summary,
        figures: Vec<(String, String)>,
        note: &str,
    ) -> Self {
        let conditions = summary.conditions.iter();
        let conditions: Vec<_> =
            conditions.map(|condition| condition_context(paper, experiments, condition)).collect();
        let tables = paper.tables.iter().zip(&summary.tables).enumerate();
        let tables = tables.map(|(index, (table, computed))| {
            let rows = computed.rows.iter();
            let rows = rows.map(|row| row_context(paper, experiments, row, &table.by)).collect();
            let context = TableContext {
                number: index + 1,
                caption: table.caption.clone(),
                metric: paper.metric(&table.metric).map_or_else(String::new, |m| m.label.clone()),
                by: table.by.clone(),
                heads: table.by.iter().map(|name| paper.factor_label(name).to_owned()).collect(),
                has_published: !table.published.is_empty(),
                rows,
            };
            (table.name.clone(), context)
        });
        let figures = paper.figures.iter().zip(figures).enumerate();
        let figures = figures.map(|(index, (figure, (svg, alt)))| {
            let caption = figure.caption.clone();
            (figure.name.clone(), FigureContext { number: index + 1, caption, alt, svg })
        });
        let rows = summary.tables.iter().flat_map(|table| &table.rows);
        let covered: BTreeSet<usize> =
            rows.flat_map(|row| row.conditions.iter().copied()).collect();
        let numbered = conditions.iter().enumerate();
        let others = numbered.filter(|(index, _)| !covered.contains(index));
        let others = others.map(|(_, condition)| condition.clone()).collect();
        let recorded = conditions.iter().map(|condition| condition.n).sum();
        let expected = plan.runs.len();
        let mut marks = Marks::default();
        for condition in &conditions {
            marks += condition.marks;
        }
        Self {
            title: paper.title.clone(),
            source: paper.source.clone(),
            experiments: experiments.iter().map(experiment_context).collect(),
            tables: tables.collect(),
            figures: figures.collect(),
            runs: RunsContext { expected, recorded, missing: expected - recorded, marks },
            accepted: accepted(plan),
            conditions,
            others,
            note: note.to_owned(),
            provenance: provenance(plan, experiments),
        }
    }
}

/// How a level is called: an experiment by its title, a factor's level as the paper says.
fn label(paper: &Paper, experiments: &[Experiment], factor: &str, level: &str) -> String {
    if factor != EXPERIMENT {
        return paper.level_label(factor, level).to_owned();
    }
    let experiment = experiments.iter().find(|experiment| experiment.name == level);
    experiment.map_or_else(|| level.to_owned(), |experiment| experiment.title.clone())
}

/// Levels in a few words: an experiment by its title, factors that are on by their name, others
/// with their level.
pub fn describe<'l>(
    paper: &Paper,
    experiments: &[Experiment],
    levels: impl Iterator<Item = (&'l String, &'l String)>,
) -> String {
    let part = |(factor, level): (&'l String, &'l String)| match (factor.as_str(), level.as_str()) {
        (EXPERIMENT, name) => Some(label(paper, experiments, EXPERIMENT, name)),
        (_, "false") => None,
        (factor, "true") => Some(paper.factor_label(factor).to_owned()),
        (factor, level) => {
            let (factor, level) = (paper.factor_label(factor), paper.level_label(factor, level));
            Some(format!("{factor} {level}"))
        }
    };
    // The experiment first, and the factors in their order.
    let mut levels: Vec<_> = levels.collect();
    levels.sort_by_key(|(factor, _)| *factor != EXPERIMENT);
    levels.into_iter().filter_map(part).collect::<Vec<_>>().join(" + ")
}

fn experiment_context(experiment: &Experiment) -> ExperimentContext {
    let design = &experiment.conditions[0].design;
    let count = run::parameter_count(&design.model, design.image()).ok();
    ExperimentContext {
        name: experiment.name.clone(),
        title: experiment.title.clone(),
        question: experiment.question.clone().unwrap_or_default(),
        branch_parameters: count.map_or(0, |count| count.branch),
        parameters: count.map_or(0, |count| count.unshared),
        config: serde_json::to_value(design).unwrap_or_default(),
        conditions: experiment.conditions.len(),
        seeds: experiment.seeds.clone(),
    }
}

fn condition_context(
    paper: &Paper,
    experiments: &[Experiment],
    condition: &ConditionSummary,
) -> ConditionContext {
    let metrics = condition.estimates.iter().map(|(name, estimate)| {
        let statistics = [
            ("mean", estimate.mean),
            ("std", estimate.std_dev),
            ("minimum", estimate.minimum),
            ("maximum", estimate.maximum),
        ];
        (name.clone(), statistics.into_iter().collect())
    });
    ConditionContext {
        label: describe(paper, experiments, condition.levels.iter()),
        levels: condition.levels.clone(),
        n: condition.runs.len(),
        marks: condition.marks,
        metrics: metrics.collect(),
    }
}

fn row_context(paper: &Paper, experiments: &[Experiment], row: &Row, by: &[String]) -> RowContext {
    let label = |factor, level| label(paper, experiments, factor, level);
    let published_mean = row.published.as_ref().map(|published| published.mean);
    RowContext {
        levels: by.iter().cloned().zip(row.levels.iter().cloned()).collect(),
        labels: by.iter().zip(&row.levels).map(|(factor, level)| label(factor, level)).collect(),
        label: describe(paper, experiments, by.iter().zip(&row.levels)),
        mean: row.mean,
        std: row.std_dev,
        published_mean,
        published_std: row.published.as_ref().map(|published| published.std_dev),
        difference: row.mean.zip(published_mean).map(|(ours, published)| ours - published),
        n: row.n,
        expected: row.expected,
        marks: row.marks,
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

fn provenance(plan: &Plan, experiments: &[Experiment]) -> ProvenanceContext {
    let records: Vec<&RunRecord> = plan.records.values().collect();
    let sorted = |of: fn(&RunRecord) -> &String| {
        let values: BTreeSet<_> = records.iter().map(|record| of(record)).collect();
        values.into_iter().cloned().collect()
    };
    let date = |seconds: Option<u64>| seconds.map_or_else(String::new, super::format::date);
    let starts = || records.iter().map(|record| record.result.provenance.started_at);
    let seconds: f64 = records.iter().map(|record| record.result.provenance.seconds).sum();
    let core_time = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let mut results = Hasher::default();
    for record in &records {
        results.update(record.digest.as_bytes());
        results.update(&record.result.bits());
    }
    let speed = Speed::of(records.iter().copied());
    ProvenanceContext {
        versions: sorted(|record| &record.result.provenance.version),
        platforms: sorted(|record| &record.result.provenance.platform),
        first: date(starts().min()),
        last: date(starts().max()),
        core_time: super::format::duration(core_time),
        run_times: run_times(plan, experiments),
        pairs_a_second: speed.pairs_a_second().map_or_else(String::new, |n| format!("{n:.0}")),
        speed: speed.gflops().map_or_else(String::new, |[gflops, share]| {
            format!(
                "{gflops:.0} GFLOP/s as a dense computation would need, {share:.0} % of gemm's on \
                 one core"
            )
        }),
        results: results.finish().to_string(),
    }
}

/// The median time of the recorded runs of each experiment.
fn run_times(plan: &Plan, experiments: &[Experiment]) -> String {
    let times = experiments.iter().enumerate().filter_map(|(index, experiment)| {
        let runs = plan.runs.iter().filter(|run| run.experiment == index);
        let records = runs.filter_map(|run| plan.records.get(&run.digest));
        let mut seconds: Vec<_> = records.map(|record| record.result.provenance.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let median = seconds.get(seconds.len() / 2)?;
        Some(format!("{} {median:.2} s", experiment.name))
    });
    times.collect::<Vec<_>>().join(", ")
}
