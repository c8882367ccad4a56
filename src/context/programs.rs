//! The programs of the user that compute runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::digest::Digest;
use crate::experiment::{ConditionId, Conditions, Experiment, Limits, Run, Tolerance};
use crate::format::{shell_spelled, typed};
use crate::plan::Plan;

/// A program that computes runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProgramContext {
    /// The titles of the experiments whose runs it computes.
    pub experiments: Vec<String>,
    /// Its command, as a shell spells it.
    pub command: String,
    /// What its probe wrote on one line: versions. Empty without a probe.
    pub probe: String,
    /// Number of threads of a run.
    pub threads: usize,
    /// How far two executions may differ. Empty if they must not differ.
    pub tolerances: Vec<ToleranceContext>,
}

/// How far the numbers of a metric may differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToleranceContext {
    /// The name of the metric.
    pub metric: String,
    /// By how much: `0.1 and 1 %`.
    pub by: String,
}

/// The names of conditions of programs whose runs all have the same result, although their seeds differ.
#[must_use]
pub fn without_effect_of_seeds(plan: &Plan, experiments: &[Experiment]) -> Vec<String> {
    let conditions = Conditions::of(experiments);
    let mut results: BTreeMap<ConditionId, (usize, BTreeSet<Digest>)> = BTreeMap::new();
    let is_program = |run: &&Run| run.config.network().is_none();
    for run in plan.runs.iter().filter(is_program) {
        if let Some(record) = plan.records.get(&run.digest) {
            let (n, contents) = results.entry(run.condition).or_default();
            *n += 1;
            contents.insert(record.content);
        }
    }
    let alike = results.into_iter().filter(|(_, (n, contents))| *n > 1 && contents.len() == 1);
    alike.map(|(id, _)| conditions.name(id)).collect()
}

/// The programs of the experiments, each once.
pub(super) fn programs(experiments: &[Experiment]) -> Vec<ProgramContext> {
    let mut all: Vec<ProgramContext> = Vec::new();
    for experiment in experiments {
        for design in experiment.programs() {
            let own = ProgramContext {
                experiments: vec![experiment.title.clone()],
                command: shell_spelled(&design.program.command),
                probe: design.program.files.probe.as_deref().map_or_else(String::new, one_line),
                threads: design.program.limits.threads,
                tolerances: tolerances(&design.program.limits),
            };
            let is_same = |known: &&mut ProgramContext| {
                (&known.command, &known.probe, known.threads, &known.tolerances)
                    == (&own.command, &own.probe, own.threads, &own.tolerances)
            };
            match all.iter_mut().find(is_same) {
                Some(known) if known.experiments.contains(&experiment.title) => {}
                Some(known) => known.experiments.push(experiment.title.clone()),
                None => all.push(own),
            }
        }
    }
    all
}

/// A text on one line, of limited length.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn tolerances(limits: &Limits) -> Vec<ToleranceContext> {
    let allowed = limits.tolerances.iter().filter(|(_, own)| **own != Tolerance::default());
    let text = |(name, Tolerance { absolute, relative }): (&String, &Tolerance)| {
        let relative = (*relative > 0.0).then(|| format!("{} %", typed(100.0 * relative)));
        let absolute = (*absolute > 0.0).then(|| typed(*absolute));
        let parts: Vec<_> = absolute.into_iter().chain(relative).collect();
        ToleranceContext { metric: name.clone(), by: parts.join(" and ") }
    };
    allowed.map(text).collect()
}
