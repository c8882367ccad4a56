//! The templates of a report.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use super::error::{RenderError, check_comments};
use super::strict;

pub use super::names::{ITEMS_TEMPLATE, PAGE_TEMPLATE, PAPER_TEMPLATE, TEMPLATES};

/// The templates of a report, as text.
#[derive(Clone, Copy, Debug)]
pub struct Templates<'t> {
    /// The notebook: Markdown prose.
    pub paper: &'t str,
    /// The HTML page around it.
    pub page: &'t str,
    /// Other templates beside these, by their file names; `{% include %}` and `{% import %}` find them.
    pub others: &'t BTreeMap<String, String>,
}

/// The macros of items, unless the project has its own.
const DEFAULT_ITEMS: &str = include_str!("../../templates/items.html.jinja");

/// An environment with all templates.
pub(super) fn environment(templates: Templates<'_>) -> Result<Environment<'_>, RenderError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // A line that holds only a `{% %}` leaves no trace.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the delimiters are the default ones"));
    strict::add_filters(&mut environment);
    let others = templates.others.clone();
    environment.set_loader(move |name| Ok(others.get(name).cloned()));
    let items = templates.others.get(ITEMS_TEMPLATE).map_or(DEFAULT_ITEMS, String::as_str);
    let named = [
        (PAPER_TEMPLATE, templates.paper),
        (PAGE_TEMPLATE, templates.page),
        (ITEMS_TEMPLATE, items),
    ];
    for (name, text) in named {
        check_comments(name, text)?;
        let added = environment.add_template(name, text);
        added.map_err(|error| RenderError::of(&error, name, text))?;
    }
    Ok(environment)
}
