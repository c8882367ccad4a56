//! Experiments and conditions, as templates see them.

use serde::Serialize;
use serde_json::{Value, json};

use super::own_items::ItemNames;

use crate::experiment::{Experiment, Levels};
use crate::format::shell_quoted;
use crate::paper::{EXPERIMENT, Names};
use crate::summary::ConditionSummary;

/// A condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionContext {
    /// Its levels, runs and scores.
    #[serde(flatten)]
    pub summary: ConditionSummary,
    /// How it is called.
    pub label: String,
    /// Where its levels are listed, as `file:line`; the file of the experiment if it has no factor.
    pub places: Vec<String>,
    /// What the runs of its item are called on the command line.
    pub arguments: String,
    /// Recorded runs.
    pub n: usize,
}

impl ConditionContext {
    pub(super) fn of(names: Names<'_>, summary: ConditionSummary) -> Self {
        let experiment = names.experiment(summary.levels[EXPERIMENT].spelled());
        Self {
            label: names.describe(&summary.levels),
            places: experiment.map(places).unwrap_or_default(),
            arguments: experiment.map(|e| arguments(e, &summary.levels)).unwrap_or_default(),
            n: summary.runs.len(),
            summary,
        }
    }
}

/// An experiment: the numbers of parameters of its conditions, each once; the configuration of its
/// first condition; the number of conditions; and the items that show this experiment alone.
pub(super) fn experiment_fields(experiment: &Experiment, own: &ItemNames) -> Value {
    json!({
        "name": experiment.name,
        "title": experiment.title,
        "question": experiment.question.as_deref().unwrap_or_default(),
        "files": experiment.files,
        "parameters": experiment.parameters(),
        "config": experiment.conditions[0].design,
        "conditions": experiment.conditions.len(),
        "seeds": experiment.seeds,
        "tables": own.tables,
        "figures": own.figures,
    })
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
