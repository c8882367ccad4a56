//! The environment in which templates are evaluated.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::strict;
use crate::template::{self, FactorLevels, TemplateError, Templates, syntax, with_line_ends};

/// The names of templates that others include or import.
pub(super) type Included = Arc<Mutex<BTreeSet<String>>>;

/// The largest number of steps of one template. A loop over a hundred thousand conditions with a hundred steps for each
/// takes a twentieth of it.
const MOST_STEPS: u64 = 200_000_000;

/// An environment with all templates. It adds the names of those that are included to `included`.
pub(super) fn environment<'t>(
    templates: &'t Templates,
    levels: &FactorLevels,
    included: &Included,
) -> Result<Environment<'t>, TemplateError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax());
    environment.set_fuel(Some(MOST_STEPS));
    // What a macro or a block wrote is text of the report already, and not a value.
    environment.set_auto_escape_callback(|name| match name.contains(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::Custom("markdown".into()),
    });
    strict::add_filters(&mut environment);
    template::add_tests(&mut environment);
    let (others, unread) = (templates.others.clone(), templates.unread.clone());
    let included = Arc::clone(included);
    environment.set_loader(move |name| {
        included.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        match (others.get(name), unread.get(name)) {
            (None, Some(why)) => Err(Error::new(ErrorKind::BadInclude, format!("`{name}`: {why}"))),
            // What follows an included file begins on a new line.
            (text, _) => {
                Ok(text.map(|text| match name.contains(".html") || text.ends_with('\n') {
                    true => with_line_ends(name, text),
                    false => with_line_ends(name, text) + "\n",
                }))
            }
        }
    });
    for (name, text) in templates.all().filter(|(name, _)| !templates.others.contains_key(*name)) {
        let added = environment.add_template_owned(name, with_line_ends(name, text));
        added.map_err(|error| templates.error(&error, name))?;
    }
    template::check(templates, levels)?;
    Ok(environment)
}
