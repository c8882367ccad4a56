//! The functions of templates:
//!
//! - `table("table1")`: a table with caption and number
//! - `figure("models")`: a figure likewise
//! - `reference("table1")`: `Table 1`, linked
//! - `cell("table2", "mean", weight_sharing=true)`: one cell, written as in the table
//! - `score("corrected", "mean", experiment="deep", weight_sharing=true, auxiliary_loss=true)`: an
//!   estimate of one condition
//! - `contrast("table2", {"weight_sharing": true}, {"weight_sharing": false})`: the mean of one row
//!   less that of another; with `published=true`, of the published means
//! - `provenance_block()`: what differs between two executions of the same runs, between marks
//! - `banner()`: what is missing from this report, if anything
//!
//! and the filters `fixed` and `signed` for percentages, `thousands` for counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

use super::Target;
use super::context::{Context, ProvenanceContext, RowContext, TableContext};
use super::format::{count, fixed, mean_and_std_dev, signed, thousands};
use super::html::figure_mark;
use super::markdown::{self, Column, escape};
use crate::document::suggestion;

/// Names of the functions, for hints.
pub const FUNCTIONS: [&str; 8] = [
    "table()",
    "figure()",
    "reference()",
    "cell()",
    "score()",
    "contrast()",
    "banner()",
    "provenance_block()",
];

pub(super) fn add(environment: &mut Environment<'_>, context: &Arc<Context>, target: Target) {
    let of = || Arc::clone(context);

    let all = of();
    environment.add_function("table", move |name: &str| {
        find_table(&all, name).map(|table| Value::from_safe_string(table_text(table)))
    });
    let all = of();
    environment.add_function("figure", move |name: &str| {
        let figure = find(&all.figures, "figure", name)?;
        let number = figure.number;
        let text = match target {
            Target::Html => figure_mark(name),
            Target::Markdown => format!(
                "<a id=\"figure-{number}\"></a>\n\n![{}](figures/{name}.svg)\n\n\
                 **Figure {number}.** {}",
                escape(&figure.alt),
                escape(&figure.caption)
            ),
        };
        Ok::<_, Error>(Value::from_safe_string(text))
    });
    let all = of();
    environment.add_function("reference", move |name: &str| {
        if let Some(figure) = all.figures.get(name) {
            let number = figure.number;
            return Ok(Value::from_safe_string(format!("[Figure {number}](#figure-{number})")));
        }
        let number = find_table(&all, name)?.number;
        Ok::<_, Error>(Value::from_safe_string(format!("[Table {number}](#table-{number})")))
    });
    let all = of();
    environment.add_function("cell", move |name: &str, column: &str, levels: Kwargs| {
        let row = find_row(&all, name, &wanted(&levels)?)?;
        cell(row, column).ok_or_else(|| unknown("column", column, &COLUMNS))
    });
    let all = of();
    environment.add_function("score", move |metric: &str, statistic: &str, levels: Kwargs| {
        score(&all, metric, statistic, &levels).map(fixed)
    });
    let all = of();
    environment.add_function(
        "contrast",
        move |name: &str, left: Value, right: Value, options: Kwargs| {
            let published = options.get::<Option<bool>>("published")?.unwrap_or(false);
            options.assert_all_used()?;
            let mean = |levels: Value| {
                let pair =
                    |factor: Value| Ok((factor.to_string(), spelled(&levels.get_item(&factor)?)));
                let levels = levels.try_iter()?.map(pair).collect::<Result<_, Error>>()?;
                let row = find_row(&all, name, &levels)?;
                Ok::<_, Error>(if published { row.published_mean } else { row.mean })
            };
            let (left, right) = (mean(left)?, mean(right)?);
            Ok::<_, Error>(left.zip(right).map(|(left, right)| left - right))
        },
    );
    let all = of();
    environment.add_function("provenance_block", move || {
        Value::from_safe_string(provenance_block(&all.provenance))
    });
    let all = of();
    environment.add_function("banner", move || Value::from_safe_string(banner(&all)));

    environment.add_filter("fixed", |value: Option<f64>| fixed(value));
    environment.add_filter("signed", |value: Option<f64>| signed(value));
    environment.add_filter("thousands", |value: usize| thousands(value));
}

const COLUMNS: [&str; 6] = ["mean", "std", "n", "published_mean", "published_std", "difference"];

fn cell(row: &RowContext, column: &str) -> Option<String> {
    Some(match column {
        "mean" => fixed(row.mean),
        "std" => fixed(row.std),
        "n" => count(row.n, row.expected, row.marks),
        "published_mean" => fixed(row.published_mean),
        "published_std" => fixed(row.published_std),
        "difference" => signed(row.difference),
        _ => return None,
    })
}

fn score(
    context: &Context,
    metric: &str,
    statistic: &str,
    levels: &Kwargs,
) -> Result<Option<f64>, Error> {
    let wanted = wanted(levels)?;
    let matching: Vec<_> = context
        .conditions
        .iter()
        .filter(|condition| wanted.iter().all(|(f, level)| condition.levels.get(f) == Some(level)))
        .collect();
    let [condition] = matching[..] else {
        let message = format!("{} match {} conditions, not one", shown(&wanted), matching.len());
        return Err(invalid(message));
    };
    let statistics = find(&condition.metrics, "metric", metric)?;
    let known = || statistics.keys().copied().collect::<Vec<_>>();
    statistics.get(statistic).copied().ok_or_else(|| unknown("statistic", statistic, &known()))
}

fn find_table<'c>(context: &'c Context, name: &str) -> Result<&'c TableContext, Error> {
    find(&context.tables, "table", name)
}

fn find_row<'c>(
    context: &'c Context,
    table: &str,
    wanted: &BTreeMap<String, String>,
) -> Result<&'c RowContext, Error> {
    let row = find_table(context, table)?.rows.iter().find(|row| row.levels == *wanted);
    row.ok_or_else(|| invalid(format!("table `{table}` has no row with {}", shown(wanted))))
}

fn wanted(levels: &Kwargs) -> Result<BTreeMap<String, String>, Error> {
    let pair = |factor: &str| {
        let level: Value = levels.get(factor)?;
        Ok((factor.to_owned(), spelled(&level)))
    };
    levels.args().map(pair).collect()
}

/// A level as experiment files spell it; templates would write `True`.
fn spelled(level: &Value) -> String {
    match level.kind() {
        ValueKind::Bool => level.is_true().to_string(),
        _ => level.to_string(),
    }
}

fn shown(levels: &BTreeMap<String, String>) -> String {
    let levels: Vec<_> = levels.iter().map(|(factor, level)| format!("{factor}={level}")).collect();
    levels.join(", ")
}

fn find<'m, T>(map: &'m BTreeMap<String, T>, what: &str, name: &str) -> Result<&'m T, Error> {
    let known = || map.keys().map(String::as_str).collect::<Vec<_>>();
    map.get(name).ok_or_else(|| unknown(what, name, &known()))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    invalid(format!("there is no {what} `{name}`; {}", suggestion(name, known)))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn table_text(table: &TableContext) -> String {
    let mut columns: Vec<_> =
        table.heads.iter().map(|head| Column { head: escape(head), is_number: false }).collect();
    let mut number = |head: &str| columns.push(Column { head: head.to_owned(), is_number: true });
    number("n");
    number("ours, % (std)");
    if table.has_published {
        number("published, % (std)");
        number("difference");
    }
    let row = |row: &RowContext| {
        let mut cells: Vec<_> = row.labels.iter().map(|label| escape(label)).collect();
        cells.push(count(row.n, row.expected, row.marks));
        cells.push(mean_and_std_dev(row.mean, row.std));
        if table.has_published {
            cells.push(mean_and_std_dev(row.published_mean, row.published_std));
            cells.push(signed(row.difference));
        }
        cells
    };
    let rows: Vec<_> = table.rows.iter().map(row).collect();
    let number = table.number;
    format!(
        "<a id=\"table-{number}\"></a>\n\n**Table {number}.** {}\n\n{}",
        escape(&table.caption),
        markdown::table(&columns, &rows)
    )
}

/// The marks let a comparison of two reports pass over what may differ.
fn provenance_block(provenance: &ProvenanceContext) -> String {
    let rows = [
        ("report", provenance.versions.join(", ")),
        ("platform", provenance.platforms.join(", ")),
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
    let table = markdown::table(&columns, &rows);
    format!(
        "Digest of the results of all runs: `{}`\n\n<!-- provenance -->\n\n{table}\n\
         <!-- end of provenance -->",
        provenance.results
    )
}

fn banner(context: &Context) -> String {
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
