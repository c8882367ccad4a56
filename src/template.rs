//! The templates of a project, and the mistakes in them that minijinja would accept without a word.

mod comparison;
mod error;
mod masked;
mod names;
mod order;
mod references;
mod source;
mod syntax;
mod undeclared;
mod vocabulary;
mod words;

pub use error::TemplateError;
pub use masked::{Masked, masked, uses};
pub use names::{
    BLOCKS_TEMPLATE, ITEMS_TEMPLATE, PAGE_TEMPLATE, PAPER_TEMPLATE, STYLE, TEMPLATES,
    is_bibliography, is_image,
};
pub use order::{add_tests, check_wanted};
pub use references::{Declared, without_results};
pub use source::{Templates, default_text};
pub use syntax::{is_reserved, syntax, with_line_ends};
pub use undeclared::check_names;
pub use vocabulary::{about, names, reference, terms};
pub use words::FactorLevels;

/// Whether `report` has a template of this name, which that of a project replaces.
#[must_use]
pub fn is_default(name: &str) -> bool {
    [PAGE_TEMPLATE, ITEMS_TEMPLATE, BLOCKS_TEMPLATE].contains(&name)
}

/// The macros that `report` calls for items.
const OF_ITEMS: [&str; 9] = [
    "reference",
    "number",
    "table",
    "figure",
    "claims",
    "verdicts",
    "file",
    "references",
    "preview",
];

/// The macros that `report` calls for blocks about the build.
const OF_BLOCKS: [&str; 3] = ["banner", "compute", "provenance_block"];

/// Checks the templates before any is evaluated, with the levels of each factor.
///
/// # Errors
/// With the line of the first mistake.
pub fn check(templates: &Templates, levels: &FactorLevels) -> Result<(), TemplateError> {
    for (name, text) in templates.all() {
        error::check_comments(name, text)?;
        if let Some(at) = text.find(is_reserved) {
            let message = "a noncharacter of Unicode (U+FDD0 to U+FDEF) stands in the template";
            let span = (at, text[at..].chars().next().map_or(at, |c| at + c.len_utf8()));
            return Err(TemplateError::within(name, text, span, message, "remove it"));
        }
    }
    for (name, macros) in [(ITEMS_TEMPLATE, &OF_ITEMS[..]), (BLOCKS_TEMPLATE, &OF_BLOCKS[..])] {
        let has = syntax::macros(name, templates.text(name));
        let is_missing = |one: &&&str| has.as_ref().is_some_and(|has| !has.contains(**one));
        if let Some(missing) = macros.iter().find(is_missing) {
            let message = format!("it has no macro `{missing}`, which `report` calls");
            let hint = "start from the file of the same name in the repository of `report`";
            return Err(TemplateError::at(name, 0, message, hint));
        }
    }
    match comparison::find(&templates.all().collect::<Vec<_>>(), levels) {
        None => Ok(()),
        Some((name, line, message, hint)) => Err(TemplateError::at(&name, line, message, hint)),
    }
}
