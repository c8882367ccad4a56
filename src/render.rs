//! One Markdown template → a Markdown report and an HTML page. Pure.
//!
//! A template sees the fields of [`Context`] and the functions of `functions.rs`. Unknown names are
//! errors that name template and line. Whatever comes from experiment files is escaped: a title
//! cannot become markup.

mod claim;
mod context;
mod export;
mod format;
mod functions;
mod html;
mod made;
mod markdown;
mod selection;
mod snapshot;
mod table;

use std::sync::Arc;

use minijinja::Value;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use crate::figure;

pub use claim::{Check, ClaimContext, Outcome};
pub use context::{
    AcceptedContext, Build, ConditionContext, Context, Drawing, ExperimentContext, FigureContext,
    MetricContext, Names, ProtocolContext, ProvenanceContext, RunContext, RunsContext, Sources,
};
pub use format::{date, duration, shell_quoted, thousands, visible};
use functions::FUNCTIONS;
pub use snapshot::{CellChange, Changes, Snapshot};
pub use table::{Cell, Column, Datum, Dot, Form, Line, RowContext, Style, TableContext};

/// The two templates of a report, as text.
#[derive(Clone, Copy, Debug)]
pub struct Templates<'t> {
    /// The notebook: Markdown prose.
    pub paper: &'t str,
    /// The HTML page around it.
    pub page: &'t str,
}

/// File names of the templates, for errors.
pub const PAPER_TEMPLATE: &str = "templates/paper.md.jinja";
/// See [`PAPER_TEMPLATE`].
pub const PAGE_TEMPLATE: &str = "templates/page.html.jinja";

/// A rendered report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Markdown that links its figures in `figures/`.
    pub markdown: String,
    /// A page that needs no other file.
    pub html: String,
}

/// A template that cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("{template}:{line}: {message}")]
pub struct RenderError {
    /// The template's file.
    pub template: String,
    /// The line, from 1; 0 if it is not known.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
    /// What could stand there instead.
    pub hint: String,
}

impl RenderError {
    fn of(error: &minijinja::Error, template: &str, source: &str) -> Self {
        Self {
            template: error.name().unwrap_or(template).to_owned(),
            line: error.line().unwrap_or_default(),
            message: Self::message_of(error, source),
            hint: format!(
                "templates know {}, and the fields of `render::Context`",
                FUNCTIONS.join(", ")
            ),
        }
    }

    /// What minijinja says is wrong with `source`.
    fn message_of(error: &minijinja::Error, source: &str) -> String {
        let kind = error.kind();
        match (error.detail(), error.range().and_then(|range| source.get(range))) {
            (Some(detail), _) => format!("{kind}: {detail}"),
            (None, Some(place)) => format!("{kind}: `{place}`"),
            (None, None) => kind.to_string(),
        }
    }
}

/// What the template is rendered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Markdown,
    Html,
}

/// Renders both forms of the report.
///
/// # Errors
/// Naming template and line.
pub fn render(templates: Templates<'_>, context: &Arc<Context>) -> Result<Rendered, RenderError> {
    let values = Value::from(Serde(&**context));
    let of_target = |target| prose(templates.paper, context, values.clone(), target);
    let (markdown, items) = of_target(Target::Markdown)?;
    let markdown = without_dead_links(markdown, context, &items);
    let (for_page, items) = of_target(Target::Html)?;
    let html = page(templates.page, context, &html::body(&for_page, &items))?;
    Ok(Rendered { markdown, html })
}

/// The data behind the report, for other programs: path and text of each file.
#[must_use]
pub fn data(context: &Context) -> Vec<(String, String)> {
    let mut files = vec![("runs.csv".to_owned(), export::runs(context))];
    for (name, table) in &context.tables {
        for (index, form) in table.forms.iter().enumerate() {
            let metric = form.metric.as_deref().filter(|_| index > 0);
            let name = metric.map_or_else(|| name.clone(), |metric| format!("{name}-{metric}"));
            let latex = export::latex(&name, &table.caption, form);
            files.push((format!("{name}.csv"), export::csv(form)));
            files.push((format!("{name}.tex"), latex));
        }
    }
    files
}

/// The prose for one target; `values` are those of `context`, as the template sees them.
fn prose(
    template: &str,
    context: &Arc<Context>,
    values: Value,
    target: Target,
) -> Result<(String, html::Page), RenderError> {
    let mut environment = environment();
    environment.set_formatter(markdown::write_escaped);
    let items = functions::add(&mut environment, context, target);
    let rendered = environment
        .template_from_named_str(PAPER_TEMPLATE, template)
        .and_then(|compiled| compiled.render(values));
    let mut text = rendered.map_err(|error| RenderError::of(&error, PAPER_TEMPLATE, template))?;
    text.truncate(text.trim_end().len());
    text.push('\n');
    // What a template leaves of its control lines and absent banners.
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    Ok((text, items()))
}

/// Markdown that names what the template leaves out, but does not link to it; the page finds such links
/// by its ids.
fn without_dead_links(mut markdown: String, context: &Context, items: &html::Page) -> String {
    let tables = context.tables.iter().map(|(name, table)| (name, "Table", table.number));
    let figures = context.figures.iter().map(|(name, figure)| (name, "Figure", figure.number));
    let absent = tables
        .chain(figures)
        .filter(|(name, kind, _)| !items.shows(&format!("{} {name}", kind.to_lowercase())));
    for (_, kind, number) in absent {
        let link = format!("[{kind} {number}](#{}-{number})", kind.to_lowercase());
        markdown = markdown.replace(&link, &format!("{kind} {number}"));
    }
    markdown
}

fn page(template: &str, context: &Arc<Context>, body: &html::Body) -> Result<String, RenderError> {
    let mut environment = environment();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    let protocols = context.protocols.iter().map(|protocol| {
        minijinja::context! { metric => protocol.metric.clone(), label => visible(&protocol.label) }
    });
    let values = minijinja::context! {
        title => visible(&context.title),
        protocols => protocols.collect::<Vec<_>>(),
        figure_style => Value::from_safe_string(figure::theme(".drawing ")),
        contents => Value::from(Serde(&body.contents)),
        body => Value::from_safe_string(body.html.clone()),
        previews => Value::from_safe_string(body.previews.clone()),
    };
    environment
        .template_from_named_str(PAGE_TEMPLATE, template)
        .and_then(|compiled| compiled.render(values))
        .map_err(|error| RenderError::of(&error, PAGE_TEMPLATE, template))
}

fn environment<'e>() -> Environment<'e> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Lines that hold only a `{% %}` leave no trace.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the delimiters are the default ones"));
    environment
}
