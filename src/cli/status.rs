//! `report status`, and what `report build --dry-run` prints.

use super::StatusArgs;
use super::json;
use super::survey::Survey;
use super::terminal::{columns, data, message, runs};
use crate::pipeline::{self, Error, Keep, Project};
use crate::plan::{Count, Plan};
use crate::provenance;
use crate::run;

pub(super) fn run(args: &StatusArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let mut plan = pipeline::plan(&project, args.project.device().kind(), Keep::States)?;
    let survey = Survey::of(&project, &mut plan, |_| true, false, provenance::cores())?;
    print(&project, &plan, &survey, args.json)
}

/// Runs by state, why those that are to be trained are, and what that takes.
pub(super) fn print(
    project: &Project,
    plan: &Plan,
    survey: &Survey,
    as_json: bool,
) -> Result<(), Error> {
    let counts = plan.counts(&project.experiments);
    if as_json {
        return json::print(&json::Status::new(&project.experiments, &counts, survey));
    }
    let head =
        ["experiment", "parameters", "conditions", "seeds", "fresh", "accepted", "failed", "stale"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (experiment, count) in project.experiments.iter().zip(&counts) {
        let Count { fresh, accepted, failed, stale } = count;
        rows.push(vec![
            experiment.name.clone(),
            parameters(experiment),
            experiment.conditions.len().to_string(),
            experiment.seeds.len().to_string(),
            fresh.to_string(),
            accepted.to_string(),
            failed.to_string(),
            stale.to_string(),
        ]);
    }
    for line in columns(&rows) {
        data(&line)?;
    }
    for line in survey.lines() {
        data(&line)?;
    }
    let next =
        if survey.to_train.is_empty() { "" } else { ": `report build` with the same options" };
    message(&format!("{}; {}{next}", runs(plan.runs.len()), survey.total()));
    if let Some((n, changes)) = survey.of_new_versions() {
        message(&format!(
            "{} only because `report` has changed ({changes}): a build asks first, or wants `--yes`",
            runs(n)
        ));
    }
    if survey.failed > 0 {
        message(&format!("{} failed: `report build --retry-failed`", runs(survey.failed)));
    }
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
