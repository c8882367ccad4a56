//! Details of one run.

use serde_json::Value;

use super::preview::listed;
use crate::experiment::{Conditions, Run};
use crate::format;
use crate::plan::{Absent, Cause, Difference, PastRun, Plan, State, Status};
use crate::run::{RunRecord, key_values};

/// Configuration, state, record and history of a run.
pub(super) struct RunDetails<'p> {
    pub(super) run: &'p Run,
    pub(super) name: String,
    pub(super) state: &'p State,
    pub(super) record: Option<RunRecord>,
    /// The resolved configuration.
    pub(super) config: Value,
    /// Older records of the same condition and seed, the newest first, and what differs.
    pub(super) history: Vec<(&'p PastRun, Vec<Difference>)>,
}

impl<'p> RunDetails<'p> {
    pub(super) fn gather(
        conditions: &Conditions<'_>,
        plan: &'p Plan,
        run: &'p Run,
        record: Option<RunRecord>,
        past: &[&'p PastRun],
    ) -> Self {
        let config = serde_json::to_value(&*run.config).unwrap_or_default();
        let own = key_values(&config);
        let mut history: Vec<_> = past
            .iter()
            .filter(|past| past.digest != run.digest)
            .map(|past| {
                let config: Value = serde_json::from_str(&past.config).unwrap_or_default();
                (*past, Difference::between(&key_values(&config), &own))
            })
            .collect();
        history.sort_by_key(|(past, _)| std::cmp::Reverse((past.started_at, past.digest)));
        Self {
            run,
            name: conditions.run_name(run),
            state: plan.state(run),
            record,
            config,
            history,
        }
    }

    pub(super) fn lines(&self, with_config: bool) -> Vec<String> {
        let mut lines = vec![self.name.clone(), format!("  digest   {}", self.run.digest)];
        lines.push(format!("  state    {}", self.state_text()));
        if let Some(record) = &self.record {
            let made = &record.result.provenance;
            lines.push(format!(
                "  trained  {} in {:.2} s by report {} on {}",
                format::date(made.started_at),
                made.seconds,
                made.version,
                made.platform
            ));
            if let Some(accepted) = &record.result.accepted {
                lines.push(format!(
                    "  accepted from {} on {}: {} ({})",
                    accepted.from.short(),
                    format::date(accepted.accepted_at),
                    accepted.why,
                    accepted.differences.join(", ")
                ));
            }
        }
        if let Some(Absent { cause: Cause::Missing, compared: Some(old), .. }) = self.state.absent()
            && !old.differences.is_empty()
        {
            let (digest, differences) = (old.digest.short(), listed(&old.differences));
            lines.push(format!("  changed  since {digest}: {differences}"));
        }
        for (past, differences) in &self.history {
            lines.push(format!(
                "  before   {} of {}: {}",
                past.digest.short(),
                format::date(past.started_at),
                listed(differences)
            ));
        }
        if with_config {
            lines.push("  configuration".to_owned());
            let values = key_values(&self.config).into_iter();
            let values = values.filter(|(key, _)| key != "seed");
            lines.extend(values.map(|(key, value)| format!("    {key} = {value}")));
        }
        lines
    }

    fn state_text(&self) -> String {
        match (self.state.status(), self.state.absent().map(|absent| &absent.cause)) {
            (_, Some(Cause::Failed(failure))) => {
                format!("failed on {}: {}", format::date(failure.failed_at), failure.error)
            }
            (_, Some(Cause::Damaged(damage))) => format!("its record {damage}"),
            (_, Some(Cause::Quarantined)) => {
                "missing; its damaged record is in quarantine".to_owned()
            }
            (Status::Accepted, _) => "accepted by hand".to_owned(),
            (status, _) => status.name().to_owned(),
        }
    }
}
