//! `report status`.

use super::ProjectArgs;
use super::terminal::{data, message, runs};
use crate::pipeline::{self, Error};
use crate::plan::Count;
use crate::run;

pub(super) fn run(args: &ProjectArgs) -> Result<(), Error> {
    let project = args.load()?;
    let planned = pipeline::plan(&project, args.device().kind())?;
    let counts = planned.plan.counts(&project.experiments);
    let mut rows = vec![
        ["experiment", "parameters", "conditions", "seeds", "hits", "misses"].map(str::to_owned),
    ];
    for (experiment, Count { hits, misses }) in project.experiments.iter().zip(&counts) {
        rows.push([
            experiment.name.clone(),
            parameters(experiment),
            experiment.conditions.len().to_string(),
            experiment.seeds.len().to_string(),
            hits.to_string(),
            misses.to_string(),
        ]);
    }
    let widths: Vec<usize> = (0..6)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for [name, numbers @ ..] in &rows {
        let cells =
            numbers.iter().zip(&widths[1..]).map(|(cell, width)| format!("  {cell:>width$}"));
        data(&format!("{name:<width$}{}", cells.collect::<String>(), width = widths[0]))?;
    }
    super::warn_of_unreadable(&planned);
    let misses: usize = counts.iter().map(|count| count.misses).sum();
    let next = if misses == 0 {
        "nothing to train"
    } else {
        "`report build` with the same options trains the misses"
    };
    message(&format!("{misses} of {} missing: {next}", runs(planned.plan.runs.len())));
    Ok(())
}

/// Parameters of two branches and the head, of all models that the experiment varies over.
fn parameters(experiment: &crate::experiment::Experiment) -> String {
    let mut counts: Vec<usize> = experiment
        .conditions
        .iter()
        .filter_map(|condition| {
            let design = &condition.design;
            run::parameter_count(&design.model, design.image()).ok()
        })
        .map(|count| count.unshared)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
