//! `report status`, and what `report build --dry-run` prints.

use super::args::StatusArgs;
use super::json;
use super::preview::TrainingPreview;
use super::terminal::{alert, columns, data, message};
use crate::format::{chain, runs};
use crate::pipeline::{self, Error, Keep, Project};
use crate::plan::{Plan, RunCounts};
use crate::provenance;
use crate::train::Device;

pub(super) fn run(args: &StatusArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let preview = TrainingPreview::new(&project, &plan, |_| true, false, provenance::cores());
    print(&project, &plan, &preview, args.project.device, args.json)
}

/// Prints the number of runs by state, why runs have to be trained, and how long that takes.
pub(super) fn print(
    project: &Project,
    plan: &Plan,
    preview: &TrainingPreview,
    device: Device,
    as_json: bool,
) -> Result<(), Error> {
    let counts = plan.counts(&project.conditions());
    if as_json {
        return json::print(json::status(&project.experiments, &counts, preview));
    }
    let head =
        ["experiment", "parameters", "conditions", "seeds", "fresh", "accepted", "failed", "stale"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (experiment, count) in project.experiments.iter().zip(&counts) {
        let RunCounts { fresh, accepted, failed, stale } = count;
        rows.push(vec![
            experiment.name.clone(),
            experiment.parameters().iter().map(ToString::to_string).collect::<Vec<_>>().join("/"),
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
    for line in preview.lines() {
        data(&line)?;
    }
    let next =
        if preview.to_train.is_empty() { "" } else { ": `report build` with the same options" };
    message(&format!("{}; {}{next}", runs(plan.runs.len()), preview.total()));
    if !preview.to_train.is_empty() {
        let device = device.check().map_err(Error::Device);
        if let Err(error) = device.and_then(|()| project.check_programs(plan, &preview.to_train)) {
            alert(&format!("warning: a build cannot train them here: {}", chain(&error)));
        }
    }
    if let Some((n, changes)) = preview.of_new_versions() {
        message(&format!(
            "{} would be trained only because `report` has changed ({changes}); a build asks first, unless `--yes` is given",
            runs(n)
        ));
    }
    if let Some(name) = project.without_probe() {
        message(&format!(
            "note: the probe of `{name}` has not run on this machine, so its runs look new; `report build` runs it first"
        ));
    }
    if preview.failed > 0 {
        message(&format!(
            "{} failed; `report build --retry-failed` tries them again",
            runs(preview.failed)
        ));
    }
    Ok(())
}
