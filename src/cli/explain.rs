//! `report explain`: everything about a run, a condition, or the runs behind a row of a table.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ExplainArgs;
use super::json;
use super::named::{Named, SHORTEST};
use super::survey::listed;
use super::terminal::data;
use crate::pipeline::{self, Error, Keep, Project};
use crate::plan::{self, Difference, Explanation, Known, Leaves, Plan, PlannedRun, Reason, State};
use crate::render;

pub(super) fn run(args: &ExplainArgs) -> Result<(), Error> {
    let project = args.project.load()?;
    let mut plan = pipeline::plan(&project, args.project.device().kind(), Keep::Records)?;
    let misses: Vec<_> = plan.misses(|_| true, true).into_iter().cloned().collect();
    let known = pipeline::history(&project, &plan)?;
    let missing: Vec<_> = misses.iter().collect();
    let explanations = plan::explain(&project.experiments, &plan, &missing, &known);
    plan.mark_stale(&misses, &explanations);
    let explained: BTreeMap<_, _> =
        misses.iter().map(|run| run.digest).zip(&explanations).collect();
    if let Some(one) = unasked(&plan, &known, &args.name) {
        return explain_unasked(one, args.json);
    }
    let named = Named::new(&project, &args.name, &args.levels)?;
    let runs = named.runs(&plan)?;
    let mut past: BTreeMap<_, Vec<&Known>> = BTreeMap::new();
    for one in &known {
        if let (Some(condition), Some(seed)) = (&one.condition, one.seed) {
            past.entry((condition, seed)).or_default().push(one);
        }
    }
    let facts: Vec<_> = runs
        .iter()
        .map(|run| {
            let condition = plan::condition_of(&project.experiments, run);
            let past = past.get(&(&condition, run.config.seed)).map_or(&[][..], Vec::as_slice);
            Facts::gather(&project, &plan, run, explained.get(&run.digest).copied(), past)
        })
        .collect();
    if args.json {
        return json::print(&json::Explain::new(&facts));
    }
    let mut last: Option<&Facts<'_>> = None;
    for (index, fact) in facts.iter().enumerate() {
        if index > 0 {
            data("")?;
        }
        // Runs of one condition differ in the seed alone: its configuration is told once.
        let is_new = last.is_none_or(|last| {
            (last.run.experiment, last.run.condition) != (fact.run.experiment, fact.run.condition)
        });
        for line in fact.lines(is_new) {
            data(&line)?;
        }
        last = Some(fact);
    }
    Ok(())
}

/// What there is to tell of a run.
pub(super) struct Facts<'p> {
    pub(super) run: &'p PlannedRun,
    pub(super) name: String,
    pub(super) state: &'p State,
    pub(super) record: Option<&'p crate::run::RunRecord>,
    pub(super) explanation: Option<&'p Explanation>,
    /// The resolved configuration.
    pub(super) config: Value,
    /// Older records of the same condition and seed, the newest first, and what differs.
    pub(super) history: Vec<(&'p Known, Vec<Difference>)>,
}

impl<'p> Facts<'p> {
    fn gather(
        project: &Project,
        plan: &'p Plan,
        run: &'p PlannedRun,
        explanation: Option<&'p Explanation>,
        past: &[&'p Known],
    ) -> Self {
        let config = serde_json::to_value(&*run.config).unwrap_or_default();
        let own = plan::leaves(&config);
        let mut history: Vec<_> = past
            .iter()
            .filter(|one| one.digest != run.digest)
            .map(|one| (one, plan::leaves(&serde_json::from_str(&one.config).unwrap_or_default())))
            .map(|(one, leaves): (_, Leaves)| (*one, Difference::between(&leaves, &own)))
            .collect();
        history.sort_by_key(|(one, _)| std::cmp::Reverse((one.started_at, one.digest)));
        Self {
            run,
            name: project.name_of(run),
            state: plan.state(run),
            record: plan.records.get(&run.digest),
            explanation,
            config,
            history,
        }
    }

    fn lines(&self, with_config: bool) -> Vec<String> {
        let mut lines = vec![self.name.clone(), format!("  digest   {}", self.run.digest)];
        lines.push(format!("  state    {}", self.state_text()));
        if let Some(record) = self.record {
            let made = &record.result.provenance;
            lines.push(format!(
                "  trained  {} in {:.2} s by report {} on {}",
                render::date(made.started_at),
                made.seconds,
                made.version,
                made.platform
            ));
            if let Some(accepted) = &record.result.accepted {
                lines.push(format!(
                    "  accepted from {} on {}: {} ({})",
                    accepted.from.short(),
                    render::date(accepted.accepted_at),
                    accepted.why,
                    accepted.differences.join(", ")
                ));
            }
        }
        if let Some(Explanation { reason: Reason::Changed { differences }, compared, .. }) =
            self.explanation
        {
            let with = compared.as_ref().map_or_else(String::new, |old| old.digest.short());
            lines.push(format!("  changed  since {with}: {}", listed(differences)));
        }
        for (one, differences) in &self.history {
            lines.push(format!(
                "  before   {} of {}: {}",
                one.digest.short(),
                render::date(one.started_at),
                listed(differences)
            ));
        }
        if with_config {
            lines.push("  configuration".to_owned());
            let leaves = plan::leaves(&self.config).into_iter().filter(|(key, _)| key != "seed");
            lines.extend(leaves.map(|(key, value)| format!("    {key} = {value}")));
        }
        lines
    }

    /// The state in one word.
    pub(super) fn state_name(&self) -> &'static str {
        match self.state {
            State::Fresh { accepted: false, .. } => "fresh",
            State::Fresh { accepted: true, .. } => "accepted",
            State::Failed(_) => "failed",
            State::Damaged(_) => "damaged",
            State::Quarantined => "quarantined",
            State::Stale => "stale",
            State::Missing => "missing",
        }
    }

    fn state_text(&self) -> String {
        match self.state {
            State::Fresh { accepted: false, .. } => "fresh".to_owned(),
            State::Fresh { accepted: true, .. } => "accepted by hand".to_owned(),
            State::Failed(failure) => {
                format!("failed on {}: {}", render::date(failure.failed_at), failure.error)
            }
            State::Damaged(damage) => format!("its record {damage}"),
            State::Quarantined => "missing; a damaged record was moved aside".to_owned(),
            State::Stale => "stale".to_owned(),
            State::Missing => "missing".to_owned(),
        }
    }
}

/// The record of this digest that no experiment asks for.
fn unasked<'k>(plan: &Plan, known: &'k [Known], name: &str) -> Option<&'k Known> {
    let is_meant = |one: &&Known| {
        one.digest.to_string().starts_with(name) && !plan.states.contains_key(&one.digest)
    };
    if name.len() < SHORTEST { None } else { known.iter().find(is_meant) }
}

fn explain_unasked(one: &Known, as_json: bool) -> Result<(), Error> {
    let config: Value = serde_json::from_str(&one.config).unwrap_or_default();
    if as_json {
        return json::print(&json::Unasked::new(one, &config));
    }
    let condition = one.condition.iter().flatten();
    let condition: Vec<_> = condition.map(|(factor, level)| format!("{factor} {level}")).collect();
    data("a record that no experiment asks for now")?;
    data(&format!("  digest   {}", one.digest))?;
    data(&format!("  trained  {} in {:.2} s", render::date(one.started_at), one.seconds))?;
    data(&format!("  as       {}", condition.join(", ")))?;
    data("  configuration")?;
    for (key, value) in plan::leaves(&config) {
        data(&format!("    {key} = {value}"))?;
    }
    Ok(())
}
