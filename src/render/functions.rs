//! The functions of prose templates:
//!
//! - `table("table1")`, `figure("models")`: an item with its number and caption
//! - `reference("table1")`: `Table 1`, linked
//! - `cell("table2", "mean", weight_sharing=true)`: a number of the row with these levels, by the key
//!   of its column in data files
//! - `score("corrected", "mean", experiment="deep", weight_sharing=true)`: an aggregate of one
//!   condition
//! - `contrast("table2", {"weight_sharing": true}, {"weight_sharing": false})`: the mean of one row
//!   minus that of another; with `published=true`, of the published means
//! - `verdicts()`: the claims with their verdicts; `claim("sharing")`: one verdict in a word
//! - `count("scorecard", "grade", "reproduced")`: the number of rows with that word in a column
//! - `count_above("scorecard", "difference", 0)`: the number of rows with a larger number in a column
//! - `least("scorecard", "difference")`, `most(…)`: the smallest and the largest number of a column
//! - `file("experiments/deep.toml")`: the text of a file, folded; `files()`: the files not shown before
//! - `changes()`: what changed since the last build, between marks
//! - `compute()`: the cost of the runs, between marks
//! - `provenance_block()`: what differs between two executions of the same runs, between marks
//! - `banner()`: what is missing from the report, if anything
//!
//! and the filters `fixed` and `signed` for percentages, `thousands` for counts.

use std::sync::Arc;

use minijinja::Environment;
use minijinja::value::{Kwargs, Value};

use super::error::RenderError;
use super::names::PAPER_TEMPLATE;
use super::notebook::Notebook;
use super::skeleton::Skeleton;
use super::templates::Templates;
use super::{blocks, strict};
use crate::context::Context;
use crate::document::suggestion;
use crate::format::{fixed, signed, thousands};

/// Evaluates the prose template.
///
/// # Errors
/// Naming template and line.
pub(super) fn evaluate(
    environment: &Environment<'_>,
    templates: &Templates,
    context: &Arc<Context>,
) -> Result<Skeleton, RenderError> {
    let mut environment = environment.clone();
    let notebook = Arc::new(Notebook::new(context));
    add(&mut environment, &notebook);
    let book = Arc::clone(&notebook);
    environment.set_formatter(move |output, _, value| book.write(output, value));
    let fail = |error: minijinja::Error| templates.error(&error, PAPER_TEMPLATE);
    let template = environment.get_template(PAPER_TEMPLATE).map_err(fail)?;
    let values = serde_json::to_value(&**context).unwrap_or_default();
    let fields: Vec<&str> =
        values.as_object().into_iter().flatten().map(|(k, _)| k.as_str()).collect();
    check_names(&template, &templates.paper, &fields, &environment)?;
    let values = values.as_object().into_iter().flatten();
    let values = values.map(|(name, field)| (name.clone(), strict::value(field, name)));
    let text = template.render(Value::from_pairs(values)).map_err(fail)?;
    let skeleton = notebook.take(text);
    if let Some(block) = skeleton.crowded_block() {
        let message = format!("{} needs a line of its own", block.title());
        let hint = "put nothing else on the line of its `{{ }}`";
        return Err(templates.mistake(block.call(), message, hint));
    }
    Ok(skeleton.without_blank_lines())
}

/// Refuses names that nothing defines, wherever they stand.
fn check_names(
    template: &minijinja::Template<'_, '_>,
    source: &str,
    fields: &[&str],
    environment: &Environment<'_>,
) -> Result<(), RenderError> {
    let globals: Vec<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
    let known: Vec<&str> =
        fields.iter().copied().chain(globals.iter().map(String::as_str)).collect();
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !known.contains(&name.as_str()) && name != "self" && name != "loop");
    unknown.sort_by_key(|name| line_of_word(source, name));
    let Some(name) = unknown.first() else { return Ok(()) };
    let line = line_of_word(source, name);
    let message = format!("undefined value: there is no `{name}`");
    Err(RenderError::at(PAPER_TEMPLATE, line, message, suggestion(name, &known)))
}

/// The first line with `word` inside of a tag or an expression, from 1.
fn line_of_word(source: &str, word: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut is_inside = false;
    for (index, line) in source.lines().enumerate() {
        let has_tag = line.contains("{{") || line.contains("{%");
        let words = line.split(|c: char| !is_part(c));
        if (is_inside || has_tag) && words.into_iter().any(|other| other == word) {
            return index + 1;
        }
        let opened = line.rfind("{{").max(line.rfind("{%"));
        let closed = line.rfind("}}").max(line.rfind("%}"));
        is_inside = match (opened, closed) {
            (None, None) => is_inside,
            (opened, closed) => opened > closed,
        };
    }
    0
}

fn add(environment: &mut Environment<'_>, notebook: &Arc<Notebook>) {
    let of = || Arc::clone(notebook);
    let book = of();
    environment.add_function("table", move |name: &str| book.item("table", name));
    let book = of();
    environment.add_function("figure", move |name: &str| book.item("figure", name));
    let book = of();
    environment.add_function("reference", move |name: &str| book.reference(name));
    let book = of();
    environment.add_function("cell", move |table: &str, column: &str, levels: Kwargs| {
        book.cell(table, column, &levels)
    });
    let book = of();
    environment.add_function("score", move |metric: &str, statistic: &str, levels: Kwargs| {
        book.score(metric, statistic, &levels)
    });
    let book = of();
    environment.add_function(
        "contrast",
        move |table: &str, left: Value, right: Value, options: Kwargs| {
            book.contrast(table, [&left, &right], &options)
        },
    );
    let book = of();
    environment.add_function("verdicts", move || book.claims());
    let book = of();
    environment.add_function("claim", move |name: &str| book.claim(name));
    let book = of();
    environment.add_function("count", move |table: &str, column: &str, wanted: Value| {
        book.count(table, column, &wanted)
    });
    let book = of();
    environment.add_function("count_above", move |table: &str, column: &str, threshold: f64| {
        book.count_above(table, column, threshold)
    });
    let book = of();
    environment
        .add_function("least", move |table: &str, column: &str| book.extreme(table, column, -1.0));
    let book = of();
    environment
        .add_function("most", move |table: &str, column: &str| book.extreme(table, column, 1.0));
    let book = of();
    environment.add_function("file", move |path: &str| book.file(path));
    let book = of();
    environment.add_function("files", move || book.files());
    let book = of();
    environment.add_function("provenance_block", move || {
        Value::from_safe_string(blocks::provenance(&book.context.provenance))
    });
    let book = of();
    environment
        .add_function("compute", move || Value::from_safe_string(blocks::compute(&book.context)));
    let book = of();
    environment.add_function("changes", move || {
        Value::from_safe_string(blocks::last_changes(&book.context.changes))
    });
    let book = of();
    environment
        .add_function("banner", move || Value::from_safe_string(blocks::banner(&book.context)));

    environment.add_filter("fixed", |value: Option<f64>| fixed(value));
    environment.add_filter("signed", |value: Option<f64>| signed(value));
    environment.add_filter("thousands", |value: usize| thousands(value));
}
