//! The functions of prose templates. docs/templates.md describes each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, State};

use super::arguments::invalid;
use super::condition_list::ConditionList;
use super::front_matter;
use super::notebook::Notebook;
use super::skeleton::Skeleton;
use super::strict;
use crate::context::Context;
use crate::diff::Changes;
use crate::export::markdown;
use crate::format::{fixed, signed, thousands};
use crate::template::{self, BLOCKS_TEMPLATE, PAPER_TEMPLATE, TemplateError, Templates};

/// Evaluates the prose template.
///
/// # Errors
/// Naming template and line.
pub(super) fn evaluate(
    environment: &Environment<'_>,
    templates: &Templates,
    context: &Arc<Context>,
) -> Result<Skeleton, TemplateError> {
    let mut environment = environment.clone();
    let notebook = Arc::new(Notebook::new(context));
    let fields = serde_json::to_value(&**context).unwrap_or_default();
    let fields = fields.as_object().into_iter().flatten();
    let fields = fields.map(|(name, field)| (name.as_str(), strict::value(field, name)));
    let all = (0..context.conditions.len()).collect();
    let others = context.others.iter().map(|id| id.index()).collect();
    let conditions = [("conditions", all), ("others", others)]
        .map(|(name, places)| (name, ConditionList::value(context, places, name)));
    let fields: Vec<_> = fields.chain(conditions).collect();
    let values = Value::from_pairs(fields.iter().cloned());
    add(&mut environment, &notebook, &values);
    let book = Arc::clone(&notebook);
    environment.set_formatter(move |output, _, value| book.write(output, value));
    let fail = |error: minijinja::Error| templates.error(&error, PAPER_TEMPLATE);
    let prose = environment.get_template(PAPER_TEMPLATE).map_err(fail)?;
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    template::check_names(&prose, &templates.paper, &names, &environment)?;
    let mut written = Written(Vec::new());
    prose.render_captured_to(&values, &mut written).map_err(fail)?;
    let prose = String::from_utf8(written.0).expect("templates write text");
    let banner = block(&environment, "banner", &values).map_err(fail)?;
    let mut skeleton = notebook.take(prose);
    if skeleton.text.trim().is_empty() {
        let hint = "write Markdown, for example `# {{ title }}`";
        return Err(TemplateError::at(PAPER_TEMPLATE, 0, "the prose is empty", hint));
    }
    if let Some(block) = skeleton.crowded_block() {
        let message = format!("{} needs a line of its own", block.title());
        let hint = "put nothing else on the line of its `{{ }}`";
        return Err(templates.mistake(&[block.call().to_owned()], message, hint));
    }
    let (front, rest) = front_matter::split(&skeleton.text, templates)?;
    skeleton.text = with_banner(&front.above(rest), banner.trim());
    skeleton.front = front;
    Ok(skeleton.without_blank_lines())
}

/// A text of limited size.
struct Written(Vec<u8>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        const LARGEST: usize = 32_000_000;
        match self.0.len() + bytes.len() <= LARGEST {
            true => self.0.write(bytes),
            false => Err(std::io::ErrorKind::FileTooLarge.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The Markdown that a macro of the blocks gives.
fn block(environment: &Environment<'_>, name: &str, values: &Value) -> Result<String, Error> {
    let blocks = environment.get_template(BLOCKS_TEMPLATE)?;
    let mut blocks = blocks.render_captured(values.clone())?;
    blocks.with_state_mut(|state| state.call_macro(name, &[]))
}

/// The prose with the banner below its title, or above everything if it does not begin with a
/// title. The prose cannot leave the banner out: readers must see that runs are missing.
fn with_banner(prose: &str, banner: &str) -> String {
    let prose = prose.trim_start();
    let (title, rest) = match prose.split_once('\n') {
        Some((title, rest)) if title.starts_with("# ") => (title, rest),
        _ => ("", prose),
    };
    [title, banner, rest].join("\n\n").trim_start().to_owned()
}

/// Most cells that a report lists as changed; `report diff` lists all.
const MOST_CHANGES: usize = 40;

/// What changed since the last build, between the marks of what may differ.
fn last_changes(changes: &Changes) -> String {
    let text = match changes.is_empty() {
        true => "No number has changed since the first build of this report.\n".to_owned(),
        false => markdown::changes(changes, MOST_CHANGES),
    };
    format!("<!-- provenance -->\n\n{text}\n<!-- end of provenance -->")
}

fn add(environment: &mut Environment<'_>, notebook: &Arc<Notebook>, values: &Value) {
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
    environment.add_function("verdict_list", move || book.verdict_list());
    let book = of();
    environment.add_function("references", move || book.references());
    let book = of();
    environment.add_function("claim", move |name: &str| book.claim(name));
    let book = of();
    environment.add_function(
        "count",
        move |table: &str, column: &str, wanted: Value, levels: Kwargs| {
            book.count(table, column, &wanted, &levels)
        },
    );
    let book = of();
    environment.add_function(
        "count_above",
        move |table: &str, column: &str, threshold: f64, levels: Kwargs| {
            book.count_above(table, column, threshold, &levels)
        },
    );
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
    environment.add_function("changes", move || {
        Value::from_safe_string(last_changes(&book.context.changes))
    });
    let is_running = Arc::new(AtomicBool::new(false));
    for name in ["compute", "provenance_block"] {
        let (values, is_running) = (values.clone(), Arc::clone(&is_running));
        environment.add_function(name, move |state: &State<'_, '_>| {
            if is_running.swap(true, Ordering::Relaxed) {
                return Err(invalid(format!("`{name}()` calls itself in `{BLOCKS_TEMPLATE}`")));
            }
            let text = block(state.env(), name, &values)?;
            is_running.store(false, Ordering::Relaxed);
            Ok::<_, Error>(Value::from_safe_string(text))
        });
    }

    environment.add_filter("fixed", |value: Option<f64>| fixed(value));
    environment.add_filter("signed", |value: Option<f64>| signed(value));
    environment.add_filter("thousands", |value: usize| thousands(value));
}
