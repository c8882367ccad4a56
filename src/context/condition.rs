//! Experiments and conditions, as templates see them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::experiment::{ConditionId, Experiment, Levels};
use crate::format::shell_quoted;
use crate::paper::{EXPERIMENT, Names};
use crate::run;
use crate::summary::{ConditionSummary, Exceptions, RunScores, SeedVariation};

/// An experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExperimentContext {
    /// Its name.
    pub name: String,
    /// How readers refer to it.
    pub title: String,
    /// What it asks; empty if its file does not say.
    pub question: String,
    /// The files that it is read from, its own first.
    pub files: Vec<String>,
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

/// A condition with its aggregates, in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionContext {
    /// Its identity.
    #[serde(skip)]
    pub id: ConditionId,
    /// `experiment` and each factor, with their level.
    pub levels: Levels,
    /// How it is called.
    pub label: String,
    /// Where its levels are listed, as `file:line`; the file of the experiment if it has no factor.
    pub places: Vec<String>,
    /// What the runs of its item are called on the command line.
    pub arguments: String,
    /// Recorded runs.
    pub n: usize,
    /// What differs between its runs.
    pub varies: SeedVariation,
    /// Its runs that are not as readers expect.
    #[serde(flatten)]
    pub exceptions: Exceptions,
    /// For each metric: `mean`, `std`, `minimum`, `maximum`, each none without runs.
    pub metrics: BTreeMap<String, BTreeMap<&'static str, Option<f64>>>,
    /// Its recorded runs, in order of the seeds.
    pub runs: Vec<RunContext>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunContext {
    /// Its seed.
    pub seed: u64,
    /// The first twelve digits of the digest of its configuration.
    pub digest: String,
    /// Its score by each metric, in percent.
    pub scores: BTreeMap<String, f64>,
    /// How long it took; not for templates, as it differs between two executions.
    #[serde(skip)]
    pub seconds: f64,
}

pub(super) fn experiment_context(experiment: &Experiment) -> ExperimentContext {
    let design = &experiment.conditions[0].design;
    let count = run::parameter_count(&design.model, design.image()).ok();
    ExperimentContext {
        name: experiment.name.clone(),
        title: experiment.title.clone(),
        question: experiment.question.clone().unwrap_or_default(),
        files: experiment.files.clone(),
        branch_parameters: count.map_or(0, |count| count.branch),
        parameters: count.map_or(0, |count| count.unshared),
        config: serde_json::to_value(design).unwrap_or_default(),
        conditions: experiment.conditions.len(),
        seeds: experiment.seeds.clone(),
    }
}

pub(super) fn condition_context(
    names: Names<'_>,
    id: ConditionId,
    condition: &ConditionSummary,
) -> ConditionContext {
    let metrics = condition.aggregates.iter().map(|(name, aggregate)| {
        let statistics = [
            ("mean", aggregate.mean),
            ("std", aggregate.std_dev),
            ("minimum", aggregate.minimum),
            ("maximum", aggregate.maximum),
        ];
        (name.clone(), statistics.into_iter().collect())
    });
    let experiment = names.experiment(condition.levels[EXPERIMENT].spelled());
    ConditionContext {
        id,
        label: names.describe(&condition.levels),
        levels: condition.levels.clone(),
        places: experiment.map(places).unwrap_or_default(),
        arguments: experiment.map(|e| arguments(e, &condition.levels)).unwrap_or_default(),
        n: condition.runs.len(),
        varies: condition.varies,
        exceptions: condition.exceptions,
        metrics: metrics.collect(),
        runs: condition.runs.iter().map(run_context).collect(),
    }
}

fn run_context(run: &RunScores) -> RunContext {
    RunContext {
        seed: run.seed,
        digest: run.digest.short(),
        scores: run.scores.clone(),
        seconds: run.seconds,
    }
}

/// The experiment's own file, and where its factors are listed.
fn places(experiment: &Experiment) -> Vec<String> {
    let own = experiment.files.first().map(|file| format!("{file}:1"));
    let mut places: Vec<String> = own.into_iter().collect();
    for factor in &experiment.factors {
        let place = factor.location.to_string();
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn arguments(experiment: &Experiment, levels: &Levels) -> String {
    let factors = experiment.factors.iter().map(|factor| &factor.name);
    let levels = factors.map(|name| format!("{name}={}", shell_quoted(levels[name].spelled())));
    std::iter::once(experiment.name.clone()).chain(levels).collect::<Vec<_>>().join(" ")
}
