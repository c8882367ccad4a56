//! Blocks of Markdown that tell of the build: provenance, cost, changes, and what is missing.

use super::markdown::{Column, escape, table};
use crate::context::{Context, ProvenanceContext};
use crate::diff::{CellChange, Changes};

/// What differs between two executions of the same runs, between marks that a comparison can skip.
pub(super) fn provenance(provenance: &ProvenanceContext) -> String {
    let rows = [
        ("report", provenance.versions.join(", ")),
        ("lock file of report", provenance.lockfiles.join(", ")),
        ("revision of the sources", provenance.revisions.join(", ")),
        ("platform", provenance.platforms.join(", ")),
        ("machine", provenance.machines.join("; ")),
        ("device", provenance.devices.join(", ")),
        ("threads", "1 a run".to_owned()),
        (
            "rendered by",
            format!("{}, with {} runs side by side", provenance.command, provenance.workers),
        ),
        ("first run started", provenance.first.clone()),
        ("last run started", provenance.last.clone()),
        ("core time of all runs", provenance.core_time.clone()),
        ("median time of a run", provenance.run_times.clone()),
        ("training pairs a second, one worker", provenance.pairs_a_second.clone()),
    ];
    let columns = ["provenance", "of these runs"]
        .map(|head| Column { head: head.to_owned(), is_number: false });
    let rows = rows.map(|(name, value)| vec![name.to_owned(), escape(&value)]);
    let rows = table(&columns, &rows);
    format!(
        "Digest of the results of all runs: `{}`\n\n<!-- provenance -->\n\n{rows}\n\
         <!-- end of provenance -->",
        provenance.results
    )
}

/// The cost of the runs, between the marks of what may differ.
pub(super) fn compute(context: &Context) -> String {
    let provenance = &context.provenance;
    let or_unknown = |texts: &[String]| match texts.is_empty() {
        true => "an unknown machine".to_owned(),
        false => texts.join("; "),
    };
    format!(
        "<!-- provenance -->{} trainings took {} of core time on {} ({}), one thread each; the median run \
         of each experiment took {}.<!-- end of provenance -->",
        context.runs.records,
        escape(&provenance.core_time),
        escape(&or_unknown(&provenance.machines)),
        escape(&provenance.devices.join(", ")),
        escape(&provenance.run_times)
    )
}

/// Most cells that a report lists as changed; `report diff` lists all.
const MOST_CHANGES: usize = 40;

/// What changed since the last build, between the marks of what may differ.
pub(super) fn last_changes(changes: &Changes) -> String {
    let text = match changes.is_empty() {
        true => "No number has changed since the first build of this report.\n".to_owned(),
        false => self::changes(changes, MOST_CHANGES),
    };
    format!("<!-- provenance -->\n\n{text}\n<!-- end of provenance -->")
}

/// Changes as Markdown: a sentence, a table of at most `most` cells, and a list.
#[must_use]
pub fn changes(changes: &Changes, most: usize) -> String {
    let heads = ["table", "row", "column", "before", "now", "beyond seed noise"];
    let columns = heads.map(|head| Column { head: head.to_owned(), is_number: false });
    let rows: Vec<_> = changes.cells.iter().take(most).map(change).collect();
    let mut parts = vec![format!("{}\n", changes.summary())];
    if let Some((old, new)) = &changes.title {
        parts.push(format!("- title: {} → {}\n", escape(old), escape(new)));
    }
    if !rows.is_empty() {
        parts.push(table(&columns, &rows));
    }
    if changes.cells.len() > most {
        parts.push(format!("{} more cells changed.\n", changes.cells.len() - most));
    }
    let claims = changes.claims.iter();
    let claims = claims.map(|(name, old, new)| {
        format!("- claim {}: {} → {}\n", escape(name), escape(old), escape(new))
    });
    let added = changes.added.iter().map(|row| format!("- added {}\n", escape(row)));
    let removed = changes.removed.iter().map(|row| format!("- removed {}\n", escape(row)));
    let lines: String = claims.chain(added).chain(removed).collect();
    if !lines.is_empty() {
        parts.push(lines);
    }
    parts.join("\n")
}

fn change(change: &CellChange) -> Vec<String> {
    let CellChange { table, row, column, old, new, beyond_noise } = change;
    let beyond = beyond_noise.map_or("–", |beyond| if beyond { "yes" } else { "no" });
    [table, row, column, old, new]
        .map(|text| escape(text))
        .into_iter()
        .chain([beyond.to_owned()])
        .collect()
}

/// What is missing from the report, and which runs are not as readers expect.
pub(super) fn banner(context: &Context) -> String {
    let runs = context.runs;
    let mut lines = Vec::new();
    if !context.note.is_empty() {
        lines.push(format!(
            "> **The command line changed the experiments:** {}.",
            escape(&context.note)
        ));
    }
    if runs.missing > 0 {
        let exceptions = runs.exceptions;
        let known = [
            (exceptions.failed, "failed"),
            (exceptions.stale, "recorded only with an earlier configuration"),
            (exceptions.quarantined, "with a damaged record"),
        ];
        let known: Vec<_> = known
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{n} {what}"))
            .collect();
        let known = match known.is_empty() {
            true => String::new(),
            false => format!(": {}", known.join(", ")),
        };
        lines.push(format!(
            "> **This report is partial:** {} of {} runs are missing{known}.",
            runs.missing, runs.expected
        ));
    }
    for accepted in &context.accepted {
        lines.push(format!(
            "> **{} of {} runs were accepted by hand** and not trained with their present configuration ({}). \
             Reason: {}",
            accepted.runs,
            runs.recorded,
            escape(&accepted.differences.join("; ")),
            escape(&accepted.why)
        ));
    }
    if runs.exceptions.diverged > 0 {
        let conditions =
            context.conditions.iter().filter(|condition| condition.exceptions.diverged > 0);
        let named: Vec<_> = conditions
            .map(|condition| {
                format!("{} ({})", escape(&condition.label), condition.exceptions.diverged)
            })
            .collect();
        lines.push(format!(
            "> **{} of {} runs diverged:** {}. After the divergence every answer counts as wrong, so the \
             score of the last epoch is 0 %.",
            runs.exceptions.diverged,
            runs.recorded,
            named.join("; ")
        ));
    }
    lines.join("\n>\n")
}
