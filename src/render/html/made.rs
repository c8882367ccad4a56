//! How numbers were made: drawers below items, and previews of numbers in the prose.

use super::{anchor_of, escape};
use crate::render::context::Context;
use crate::render::format;
use crate::render::made::Made;
use std::time::Duration;

/// Most conditions of which a preview lists runs; more are listed below the table.
const LISTED: usize = 2;

/// Most conditions that a drawer lists.
const MOST_CONDITIONS: usize = 200;

/// Most runs of a condition that the page lists; all are in a data file.
const MOST_RUNS: usize = 100;

/// The drawer of a table or figure, which is in two other files of the report too.
pub(in crate::render) fn drawer(
    context: &Context,
    name: &str,
    place: &str,
    files: &[String; 2],
    conditions: &[usize],
) -> String {
    format!(
        "<details class=\"made\"><summary>How made</summary>\n<p>Asked for at {}. To train what is \
         missing of it and make it again: {}. As files: {}.</p>\n{}\n</details>\n",
        link(place),
        command(context, name),
        files.each_ref().map(|file| format!("<code>{}</code>", escape(file))).join(", "),
        runs(context, conditions)
    )
}

/// The runs of these conditions.
pub(super) fn runs(context: &Context, conditions: &[usize]) -> String {
    let listed = conditions.iter().take(MOST_CONDITIONS);
    let entries: Vec<_> = listed.map(|index| entry(context, *index, true)).collect();
    let more = match conditions.len().saturating_sub(MOST_CONDITIONS) {
        0 => String::new(),
        more => format!("<li>and {more} conditions more (in <code>data/runs.csv</code>)</li>\n"),
    };
    match entries.is_empty() {
        true => "<p>It shows no result of a run.</p>".to_owned(),
        false => format!("<p>Made of the runs of:</p>\n<ul>\n{}{more}</ul>", entries.concat()),
    }
}

/// What is shown of a number in the prose.
pub(super) fn preview(context: &Context, text: &str, made: &Made<'_>) -> String {
    let item = made.item.map_or_else(String::new, |(_, number)| {
        format!(" in <a href=\"#table-{number}\">Table {number}</a>")
    });
    let notes: Vec<_> = made.notes.iter().map(|note| escape(note)).collect();
    let is_listed = made.conditions.len() <= LISTED;
    let entries: Vec<_> =
        made.conditions.iter().map(|index| entry(context, *index, is_listed)).collect();
    let command = match (made.item, made.conditions) {
        (Some((name, _)), _) => name,
        (None, [only]) => &context.conditions[*only].arguments,
        (None, _) => "",
    };
    let runs = match (made.item, is_listed) {
        _ if entries.is_empty() => String::new(),
        (Some((_, number)), false) => format!(
            "<ul>\n{}</ul>\n<p>Each run with its digest: below <a href=\"#table-{number}\">Table \
             {number}</a>, at <em>How made</em>.</p>\n",
            entries.concat()
        ),
        _ => format!("<ul>\n{}</ul>\n", entries.concat()),
    };
    format!(
        "<p><strong>{}</strong>: {}{item}, {}.</p>\n<p>{}</p>\n{runs}<p>To make it again: {}</p>\n",
        escape(text),
        escape(&made.what),
        escape(&made.of),
        notes.join(" "),
        self::command(context, command)
    )
}

/// A condition with its files, and each run with its seed and digest if `is_listed`.
fn entry(context: &Context, index: usize, is_listed: bool) -> String {
    let condition = &context.conditions[index];
    let places: Vec<_> = condition.places.iter().map(|place| link(place)).collect();
    let runs = match (is_listed, &condition.runs[..]) {
        (_, []) => "no run yet".to_owned(),
        (false, runs) => format!("{} runs", runs.len()),
        (true, runs) => {
            let run = |run: &crate::render::context::RunContext| {
                format!("<code>{} {}</code>", run.seed, run.digest)
            };
            let listed: Vec<_> = runs.iter().take(MOST_RUNS).map(run).collect();
            let more = match runs.len().saturating_sub(MOST_RUNS) {
                0 => String::new(),
                more => format!(" and {more} more (in <code>data/runs.csv</code>)"),
            };
            let seconds: f64 = runs.iter().map(|run| run.seconds).sum();
            let took = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            format!(
                "seed and run {}{more}<!-- provenance -->, {} of core time<!-- end of provenance -->",
                listed.join(", "),
                format::duration(took)
            )
        }
    };
    format!(
        "<li><strong>{}</strong> ({}): {runs}; {}</li>\n",
        escape(&condition.label),
        places.join(", "),
        command(context, &condition.arguments)
    )
}

/// The command that makes an item or a condition of this report again.
pub(super) fn command(context: &Context, arguments: &str) -> String {
    let space = if arguments.is_empty() { "" } else { " " };
    format!("<code>report build{space}{}{}</code>", escape(arguments), escape(&context.options))
}

/// A place in a file, linked to the line where the page shows it.
pub(super) fn link(place: &str) -> String {
    let (file, line) = place.rsplit_once(':').unwrap_or((place, "1"));
    format!("<a href=\"#{}-{}\">{}</a>", anchor_of(file), escape(line), escape(place))
}
