//! The report as Markdown: escaped text, items, banner and provenance.

use minijinja::{Error, Output, State, Value};

use super::claim::ClaimContext;
use super::context::{Context, FigureContext, ProvenanceContext};
use super::format::visible;
use super::snapshot::{CellChange, Changes};
use super::table::{Form, TableContext};

/// Writes a value of a template: markup made here as it is, anything else escaped.
pub(super) fn write_escaped(
    output: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_undefined() || value.is_safe() {
        return minijinja::escape_formatter(output, state, value);
    }
    Ok(output.write_str(&escape(&value.to_string()))?)
}

/// `text` as CommonMark and GitHub's tables read it literally, on one line.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // Code hosts make links of bare addresses and of names.
            '@' => escaped.push_str("&#64;"),
            c => escaped.push(c),
        }
    }
    escaped.replace("://", "&#58;//")
}

/// A column of a table.
struct Column {
    /// Its head, escaped.
    head: String,
    /// Whether it holds numbers, which are aligned at their right.
    is_number: bool,
}

/// A table in GitHub's form; all cells are Markdown already.
fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let heads: Vec<_> = columns.iter().map(|column| column.head.clone()).collect();
    let rules = columns.iter().map(|column| if column.is_number { "---:" } else { "---" });
    let rules: Vec<_> = rules.map(str::to_owned).collect();
    let lines = [&heads, &rules].into_iter().chain(rows);
    let lines: Vec<_> = lines.map(|cells| format!("| {} |", cells.join(" | "))).collect();
    lines.join("\n") + "\n"
}

/// A table with its notes.
pub(super) fn table_item(name: &str, table: &TableContext) -> String {
    let number = table.number;
    let first = &table.forms[0];
    let notes: Vec<_> = first.notes.iter().map(|note| escape(note)).collect();
    format!(
        "<a id=\"table-{number}\"></a>\n\n**Table {number}.** {}\n\n{}\n<sub>{} Data: \
         [CSV](data/{name}.csv), [LaTeX](data/{name}.tex).</sub>",
        escape(&table.caption),
        form(first),
        notes.join(" "),
    )
}

/// The rows of a table.
pub(super) fn form(form: &Form) -> String {
    let columns: Vec<_> = form
        .columns
        .iter()
        .map(|column| Column { head: escape(&column.head), is_number: column.is_number })
        .collect();
    let rows = form.rows.iter();
    let rows = rows.map(|row| row.cells.iter().map(|cell| escape(&cell.text)).collect());
    table(&columns, &rows.collect::<Vec<_>>())
}

/// A figure with its caption.
pub(super) fn figure_item(name: &str, figure: &FigureContext) -> String {
    let number = figure.number;
    let Some(drawing) = figure.drawings.first() else { return String::new() };
    format!(
        "<a id=\"figure-{number}\"></a>\n\n![{} {}](figures/{name}.svg)\n\n\
         **Figure {number}.** {} {}\n\n<sub>{} Files: [SVG](figures/{name}.svg), [PNG](figures/{name}.png).</sub>",
        escape(&drawing.kind),
        escape(&drawing.finding),
        escape(&figure.caption),
        escape(&drawing.finding),
        escape(&drawing.formula)
    )
}

/// The claims with their verdicts and what decides on them.
pub(super) fn claims(context: &Context) -> String {
    let claim = |(index, claim): (usize, &ClaimContext)| {
        let checks = claim.checks.iter();
        let checks =
            checks.map(|check| format!("   - {} {}\n", escape(&check.text), check.outcome.words()));
        format!(
            "{}. **{}:** {} ({})\n{}",
            index + 1,
            claim.verdict.words(),
            escape(&claim.statement),
            escape(&claim.source),
            checks.collect::<String>()
        )
    };
    context.claims.iter().enumerate().map(claim).collect()
}

/// The text of a file, folded.
pub(super) fn file(path: &str, text: &str) -> String {
    // A fence is longer than any run of backticks in what it holds.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: Vec<_> = text.lines().map(visible).collect();
    format!(
        "<details><summary>{}</summary>\n\n{fence}toml\n{}\n{fence}\n\n</details>",
        escape(path),
        lines.join("\n")
    )
}

/// The marks let a comparison of two reports pass over what may differ.
pub(super) fn provenance_block(provenance: &ProvenanceContext) -> String {
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
        ("speed of one worker", provenance.speed.clone()),
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

/// What it took to compute the runs, between the marks of what may differ.
pub(super) fn compute_block(context: &Context) -> String {
    let provenance = &context.provenance;
    let or_unknown = |texts: &[String]| match texts.is_empty() {
        true => "a machine that the records do not name".to_owned(),
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

/// What has changed since the build before, between the marks of what may differ.
pub(super) fn changes_block(changes: &Changes) -> String {
    let text = match changes.is_empty() {
        true => "No change is on record since this report was first built.\n".to_owned(),
        false => changes_text(changes, MOST_CHANGES),
    };
    format!("<!-- provenance -->\n\n{text}\n<!-- end of provenance -->")
}

/// Changes as Markdown: a sentence, the cells, at most so many, and the rest as a list.
pub(super) fn changes_text(changes: &Changes, most: usize) -> String {
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
        parts.push(format!("{} more cells have moved.\n", changes.cells.len() - most));
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

/// What is missing from the report, and what readers should know of it.
pub(super) fn banner(context: &Context) -> String {
    let runs = context.runs;
    let mut lines = Vec::new();
    if !context.note.is_empty() {
        lines.push(format!(
            "> **Not the experiments as their files say:** {}.",
            escape(&context.note)
        ));
    }
    if runs.missing > 0 {
        let marks = runs.marks;
        let known = [
            (marks.failed, "failed"),
            (marks.stale, "recorded only as their experiment was before"),
            (marks.quarantined, "recorded in a file that is damaged"),
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
            "> **{} of {} runs were not trained as their experiment says now** ({}), but accepted by \
             hand: {}",
            accepted.runs,
            runs.recorded,
            escape(&accepted.differences.join("; ")),
            escape(&accepted.why)
        ));
    }
    if runs.marks.diverged > 0 {
        let conditions = context.conditions.iter().filter(|condition| condition.marks.diverged > 0);
        let named: Vec<_> = conditions
            .map(|condition| format!("{} ({})", escape(&condition.label), condition.marks.diverged))
            .collect();
        lines.push(format!(
            "> **{} of {} runs diverged:** {}. From there on each of their answers counts as wrong, \
             so that a score of the last epoch is 0 %.",
            runs.marks.diverged,
            runs.recorded,
            named.join("; ")
        ));
    }
    lines.join("\n>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_become_markup() {
        let hostile = "<script>alert(1)</script> | `x` *y* [z](u)\n# a_b \u{202e}";
        let escaped = escape(hostile);
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&escaped));
        assert_eq!(
            html.trim(),
            "<p>&lt;script&gt;alert(1)&lt;/script&gt; | `x` *y* [z](u) # a_b \\u{202e}</p>"
        );
    }
}
