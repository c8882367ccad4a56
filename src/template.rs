//! The templates of a project, and the mistakes in them that minijinja would accept without a word.

mod comparison;
mod error;
mod names;
mod source;
mod syntax;

pub use error::TemplateError;
pub use names::{BLOCKS_TEMPLATE, ITEMS_TEMPLATE, PAGE_TEMPLATE, PAPER_TEMPLATE, TEMPLATES};
pub use source::Templates;
pub use syntax::{is_reserved, syntax};

/// Whether `report` itself uses the template of this name.
#[must_use]
pub fn is_macros(name: &str) -> bool {
    [ITEMS_TEMPLATE, BLOCKS_TEMPLATE].contains(&name)
}

/// Checks the templates before any is evaluated.
///
/// # Errors
/// With the line of the first mistake.
pub fn check(templates: &Templates) -> Result<(), TemplateError> {
    for (name, text) in templates.all() {
        error::check_comments(name, text)?;
        if let Some(at) = text.find(is_reserved) {
            let message = "a noncharacter of Unicode (U+FDD0 to U+FDEF) stands in the template";
            return Err(TemplateError::at(name, error::line_at(text, at), message, "remove it"));
        }
    }
    match comparison::find(&templates.all().collect::<Vec<_>>()) {
        None => Ok(()),
        Some((name, line, compared)) => {
            let message =
                format!("`{compared}` cannot be compared: it is a number with its source");
            let hint = "the number alone is `.value`, like `cell(…).value`";
            Err(TemplateError::at(&name, line, message, hint))
        }
    }
}
