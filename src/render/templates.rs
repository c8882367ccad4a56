//! The templates of a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::error::{RenderError, check_comments, line_at};
use super::{result, skeleton, strict};

use super::names::BLOCKS_TEMPLATE;
pub use super::names::{ITEMS_TEMPLATE, PAGE_TEMPLATE, PAPER_TEMPLATE, TEMPLATES};

/// The templates of a report, as text.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// The notebook: Markdown prose.
    pub paper: String,
    /// The HTML page around it.
    pub page: String,
    /// Other templates, by their paths from these two; `{% include %}` and `{% import %}` find them.
    pub others: BTreeMap<String, String>,
    /// Why other files cannot be templates, by their paths.
    pub unread: BTreeMap<String, String>,
}

/// The macros of items, unless the project has its own.
const DEFAULT_ITEMS: &str = include_str!("../../templates/items.html.jinja");

/// The macros of blocks about the build, unless the project has its own.
const DEFAULT_BLOCKS: &str = include_str!("../../templates/blocks.md.jinja");

impl Templates {
    /// The text of a template; empty if there is none of that name.
    fn text(&self, name: &str) -> &str {
        match (name, self.others.get(name)) {
            (PAPER_TEMPLATE, _) => &self.paper,
            (PAGE_TEMPLATE, _) => &self.page,
            (_, Some(text)) => text,
            (ITEMS_TEMPLATE, None) => DEFAULT_ITEMS,
            (BLOCKS_TEMPLATE, None) => DEFAULT_BLOCKS,
            (_, None) => "",
        }
    }

    /// An error of minijinja in the template `name`, or in one that it includes.
    pub(super) fn error(&self, error: &minijinja::Error, name: &str) -> RenderError {
        RenderError::of(error, name, |name| self.text(name).to_owned())
    }

    /// A mistake in the prose, at the first line that has the first of `texts` that is found, whatever its
    /// case.
    pub(super) fn mistake(
        &self,
        texts: &[String],
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> RenderError {
        let prose = std::iter::once((PAPER_TEMPLATE, self.paper.as_str()));
        let others = self.others.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let sources: Vec<_> = prose.chain(others).collect();
        let line = |source: &str, text: &str| {
            source.lines().position(|line| line.to_lowercase().contains(text)).map(|n| n + 1)
        };
        let found = texts.iter().map(|text| text.to_lowercase()).find_map(|text| {
            sources.iter().find_map(|(name, source)| Some((*name, line(source, &text)?)))
        });
        let (name, line) = found.unwrap_or((PAPER_TEMPLATE, 0));
        RenderError::at(name, line, message, hint)
    }
}

/// The names of templates that others include or import.
pub(super) type Included = Arc<Mutex<BTreeSet<String>>>;

/// An environment with all templates. It adds the names of those that are included to `included`.
pub(super) fn environment<'t>(
    templates: &'t Templates,
    included: &Included,
) -> Result<Environment<'t>, RenderError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax());
    // What a macro or a block wrote is text of the report already, and not a value.
    environment.set_auto_escape_callback(|name| match name.contains(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::Custom("markdown".into()),
    });
    strict::add_filters(&mut environment);
    let (others, unread) = (templates.others.clone(), templates.unread.clone());
    let included = Arc::clone(included);
    environment.set_loader(move |name| {
        included.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        match (others.get(name), unread.get(name)) {
            (None, Some(why)) => Err(Error::new(ErrorKind::BadInclude, format!("`{name}`: {why}"))),
            (text, _) => Ok(text.cloned()),
        }
    });
    for (name, text) in &templates.others {
        check_source(name, text)?;
    }
    for name in [PAPER_TEMPLATE, PAGE_TEMPLATE, ITEMS_TEMPLATE, BLOCKS_TEMPLATE] {
        let text = templates.text(name);
        check_source(name, text)?;
        let added = environment.add_template(name, text);
        added.map_err(|error| templates.error(&error, name))?;
    }
    Ok(environment)
}

/// Whether `report` itself uses the template of this name.
pub(super) fn is_macros(name: &str) -> bool {
    [ITEMS_TEMPLATE, BLOCKS_TEMPLATE].contains(&name)
}

/// The syntax of templates. A line that holds only a `{% %}` leaves no trace. What follows an
/// `{% include %}` starts on a new line, since the last newline of the file stays.
pub(super) fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().expect("the delimiters are the default ones")
}

/// Refuses what a template would accept without a word.
fn check_source(name: &str, source: &str) -> Result<(), RenderError> {
    check_comments(name, source)?;
    if let Some((line, compared)) = result::comparison(source, syntax()) {
        let message = format!("`{compared}` is a number with its source, and is compared here");
        let hint = "its number is `.value`, like `cell(…).value`";
        return Err(RenderError::at(name, line, message, hint));
    }
    if let Some(at) = source.find(skeleton::is_of_marks) {
        let message = "a noncharacter of Unicode (U+FDD0 to U+FDEF) stands in the template";
        return Err(RenderError::at(name, line_at(source, at), message, "remove it"));
    }
    Ok(())
}
