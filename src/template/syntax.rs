//! The syntax of templates, and what their text may not have.

use std::collections::BTreeSet;

use minijinja::machinery::ast::Stmt;
use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;

/// The syntax of templates. A line that holds only a `{% %}` leaves no trace. What follows an
/// `{% include %}` starts on a new line, since the last newline of the file stays.
#[must_use]
pub fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    syntax.build().expect("the delimiters are the default ones")
}

/// Whether a character is kept for the marks of values in evaluated prose.
#[must_use]
pub fn is_reserved(character: char) -> bool {
    ('\u{fdd0}'..='\u{fdef}').contains(&character)
}

/// The names of the macros of a template; `None` if it does not parse, which minijinja reports.
pub(super) fn macros(name: &str, text: &str) -> Option<BTreeSet<String>> {
    let Stmt::Template(template) = parse(text, name, syntax()).ok()? else { return None };
    let macros = template.children.iter().filter_map(|one| match one {
        Stmt::Macro(one) => Some(one.name.to_owned()),
        _ => None,
    });
    Some(macros.collect())
}
