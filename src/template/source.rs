//! The templates of a project, as text.

use std::collections::BTreeMap;

use super::error::TemplateError;
use super::names::{BLOCKS_TEMPLATE, ITEMS_TEMPLATE, PAGE_TEMPLATE, PAPER_TEMPLATE, STYLE};

/// The templates of a report, as text.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    /// The notebook: Markdown prose.
    pub paper: String,
    /// Other templates, by their paths from it; `{% include %}` and `{% import %}` find them.
    pub others: BTreeMap<String, String>,
    /// The style of the project, which comes after that of the page. Empty if there is none.
    pub style: String,
    /// Why other files cannot be templates, by their paths.
    pub unread: BTreeMap<String, String>,
    /// The BibTeX files beside it, by their paths. They are no templates: they have braces that templates would read.
    pub bibliographies: BTreeMap<String, String>,
}

/// The HTML page around the prose, unless the project has its own.
const DEFAULT_PAGE: &str = include_str!("../../templates/page.html.jinja");

/// The macros of items, unless the project has its own.
const DEFAULT_ITEMS: &str = include_str!("../../templates/items.html.jinja");

/// The macros of blocks about the build, unless the project has its own.
const DEFAULT_BLOCKS: &str = include_str!("../../templates/blocks.md.jinja");

/// The prose, unless the project has its own.
const DEFAULT_PROSE: &str = include_str!("default.md.jinja");

/// A default file as a project would begin with it.
#[must_use]
pub fn default_text(name: &str) -> String {
    match name {
        PAGE_TEMPLATE => DEFAULT_PAGE.to_owned(),
        ITEMS_TEMPLATE => DEFAULT_ITEMS.to_owned(),
        BLOCKS_TEMPLATE => DEFAULT_BLOCKS.to_owned(),
        STYLE => default_style(),
        _ => DEFAULT_PROSE.to_owned(),
    }
}

/// The colours and fonts of the page.
fn default_style() -> String {
    let (_, rest) = DEFAULT_PAGE.split_once(":root {").unwrap_or_default();
    let (colours, _) = rest.split_once("\n}").unwrap_or_default();
    format!(
        "/* Style of this report, after the style of the page: remove what should stay as it is. */\n:root {{{colours}\n}}\n"
    )
}

impl Templates {
    /// The text of a template or of a BibTeX file; empty if there is none of that name.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match (name, self.others.get(name).or_else(|| self.bibliographies.get(name))) {
            (PAPER_TEMPLATE, _) => &self.paper,
            (_, Some(text)) => text,
            (PAGE_TEMPLATE, None) => DEFAULT_PAGE,
            (ITEMS_TEMPLATE, None) => DEFAULT_ITEMS,
            (BLOCKS_TEMPLATE, None) => DEFAULT_BLOCKS,
            (_, None) => "",
        }
    }

    /// Replaces the text of a template or of a BibTeX file.
    pub fn set(&mut self, name: &str, text: String) {
        match (name, self.bibliographies.get_mut(name)) {
            (PAPER_TEMPLATE, _) => self.paper = text,
            (_, Some(bibliography)) => *bibliography = text,
            (_, None) => drop(self.others.insert(name.to_owned(), text)),
        }
    }

    /// The names and texts of all templates.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = [PAPER_TEMPLATE, PAGE_TEMPLATE, ITEMS_TEMPLATE, BLOCKS_TEMPLATE];
        let own = own.into_iter().filter(|name| !self.others.contains_key(*name));
        own.map(|name| (name, self.text(name)))
            .chain(self.others.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// An error of minijinja in the template `name`, or in one that it includes.
    #[must_use]
    pub fn error(&self, error: &minijinja::Error, name: &str) -> TemplateError {
        TemplateError::of(error, name, |name| self.text(name).to_owned())
    }

    /// A mistake in the prose, at the first line that has the first of `texts` that is found,
    /// whatever its case.
    pub fn mistake(
        &self,
        texts: &[String],
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> TemplateError {
        let prose = std::iter::once((PAPER_TEMPLATE, self.paper.as_str()));
        let others = self.others.iter().filter(|(name, _)| *name != PAGE_TEMPLATE);
        let others = others.map(|(name, text)| (name.as_str(), text.as_str()));
        let sources: Vec<_> = prose.chain(others).collect();
        let found = texts.iter().map(|text| text.to_lowercase()).find_map(|text| {
            sources.iter().find_map(|(name, source)| Some((*name, *source, place(source, &text)?)))
        });
        match found {
            Some((name, source, span)) => TemplateError::within(name, source, span, message, hint),
            None => TemplateError::at(PAPER_TEMPLATE, 0, message, hint),
        }
    }
}

/// The first line of `source` that has `text`, which is in lower case. Its place, or the line if letters have other
/// lengths in lower case.
fn place(source: &str, text: &str) -> Option<(usize, usize)> {
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let lower = line.to_lowercase();
        if let Some(at) = lower.find(text) {
            let is_alike = lower.len() == line.len() && line.get(at..at + text.len()).is_some();
            return Some(match is_alike && !text.is_empty() {
                true => (start + at, start + at + text.len()),
                false => (start, start + line.trim_end().len()),
            });
        }
        start += line.len();
    }
    None
}
