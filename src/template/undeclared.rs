//! Names in the prose that nothing defines.

use minijinja::machinery::{Token, tokenize};
use minijinja::{Environment, Template};

use super::error::TemplateError;
use super::names::PAPER_TEMPLATE;
use super::syntax::syntax;
use crate::document::suggestion;

/// Refuses names that nothing defines, wherever they stand.
///
/// # Errors
/// With the place of the first.
pub fn check_names(
    template: &Template<'_, '_>,
    source: &str,
    fields: &[&str],
    environment: &Environment<'_>,
) -> Result<(), TemplateError> {
    let globals: Vec<String> = environment.globals().map(|(name, _)| name.to_owned()).collect();
    let known: Vec<&str> =
        fields.iter().copied().chain(globals.iter().map(String::as_str)).collect();
    let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    unknown.retain(|name| !known.contains(&name.as_str()) && name != "self" && name != "loop");
    unknown.sort_by_key(|name| place_of_name(source, name));
    let Some(name) = unknown.first() else { return Ok(()) };
    let message = format!("undefined value: there is no `{name}`");
    let hint = suggestion(name, &known);
    Err(match place_of_name(source, name) {
        Some(span) => TemplateError::within(PAPER_TEMPLATE, source, span, message, hint),
        None => TemplateError::at(PAPER_TEMPLATE, 0, message, hint),
    })
}

/// The first place of `name` in a tag or an expression.
fn place_of_name(source: &str, name: &str) -> Option<(usize, usize)> {
    let mut tokens = tokenize(source, false, syntax()).map_while(Result::ok);
    let found = tokens.find(|(token, _)| matches!(token, Token::Ident(found) if *found == name));
    found.map(|(_, span)| (span.start_offset as usize, span.end_offset as usize))
}
