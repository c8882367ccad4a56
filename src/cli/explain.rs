//! `report explain`: everything about the runs of an experiment, a table, a figure or a digest.

use std::collections::BTreeMap;

use serde_json::Value;

use super::args::ExplainArgs;
use super::json;
use super::run_details::RunDetails;
use super::selector::{RunSelector, SHORTEST};
use super::terminal::{data, message};
use crate::experiment::ConditionId;
use crate::format;
use crate::pipeline::{self, Error, Keep, KnownLines};
use crate::plan::{PastRun, Plan};
use crate::run::key_values;

pub(super) fn run(args: &ExplainArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let plan = pipeline::plan(&project, args.project.device.kind(), Keep::States)?;
    let history = pipeline::history(&project, &plan)?;
    if let Some(past) = unasked(&plan, &history, &args.name) {
        return explain_unasked(past, args.json);
    }
    let selector = RunSelector::new(&project, &args.name, &args.levels)?;
    let runs = selector.runs(&plan)?;
    let conditions = project.conditions();
    let mut of_condition: BTreeMap<_, Vec<&PastRun>> = BTreeMap::new();
    for past in &history {
        of_condition.entry((&past.condition, past.seed)).or_default().push(past);
    }
    let details = runs.iter().map(|run| {
        let levels = conditions.names(run.condition);
        let past = of_condition.get(&(&levels, run.config.seed())).map_or(&[][..], Vec::as_slice);
        let record = pipeline::record(&project, run)?;
        Ok(RunDetails::gather(&conditions, &plan, run, record, past))
    });
    let mut details = details.collect::<Result<Vec<_>, Error>>()?;
    let mut known = KnownLines::new();
    for (_, differences) in details.iter_mut().flat_map(|run| &mut run.history) {
        pipeline::count_changed_lines(&project, differences, &mut known);
    }
    if args.json {
        return json::print(json::explain(&details));
    }
    if runs.is_empty() {
        let name = &args.name;
        message(&format!("`{name}` is a diagram of the experiment files, so it has no runs"));
    }
    let mut last: Option<ConditionId> = None;
    for (index, run) in details.iter().enumerate() {
        if index > 0 {
            data("")?;
        }
        // Runs of one condition differ only in the seed, so their configuration is printed once.
        for line in run.lines(last != Some(run.run.condition)) {
            data(&line)?;
        }
        last = Some(run.run.condition);
    }
    Ok(())
}

/// The record with this digest, if it belongs to no experiment.
fn unasked<'h>(plan: &Plan, history: &'h [PastRun], name: &str) -> Option<&'h PastRun> {
    let is_meant = |past: &&PastRun| {
        past.digest.to_string().starts_with(name) && !plan.states.contains_key(&past.digest)
    };
    if name.len() < SHORTEST { None } else { history.iter().find(is_meant) }
}

fn explain_unasked(past: &PastRun, as_json: bool) -> Result<(), Error> {
    let config: Value = serde_json::from_str(&past.config).unwrap_or_default();
    if as_json {
        return json::print(
            serde_json::json!({ "record": json::record(past, false), "config": config }),
        );
    }
    let condition = past.condition.iter();
    let condition: Vec<_> = condition.map(|(factor, level)| format!("{factor} {level}")).collect();
    data("a record that belongs to no experiment now")?;
    data(&format!("  digest   {}", past.digest))?;
    data(&format!("  trained  {} in {:.2} s", format::date(past.started_at), past.seconds))?;
    data(&format!("  as       {}", condition.join(", ")))?;
    data("  configuration")?;
    for (key, value) in key_values(&config) {
        data(&format!("    {key} = {value}"))?;
    }
    Ok(())
}
