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
/// With the line of the first.
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
    unknown.sort_by_key(|name| line_of_name(source, name));
    let Some(name) = unknown.first() else { return Ok(()) };
    let line = line_of_name(source, name);
    let message = format!("undefined value: there is no `{name}`");
    Err(TemplateError::at(PAPER_TEMPLATE, line, message, suggestion(name, &known)))
}

/// The first line with `name` in a tag or an expression, from 1; 0 if there is none.
fn line_of_name(source: &str, name: &str) -> usize {
    let mut tokens = tokenize(source, false, syntax()).map_while(Result::ok);
    let found = tokens.find(|(token, _)| matches!(token, Token::Ident(found) if *found == name));
    found.map_or(0, |(_, span)| usize::from(span.start_line))
}
