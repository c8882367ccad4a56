//! Arguments of the functions of prose templates: levels of factors, and names.

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::document::suggestion;
use crate::experiment::{Level, Levels};

/// One level for each factor, as arguments: `weight_sharing=true`.
pub(super) fn levels_of(arguments: &Kwargs) -> Result<Levels, Error> {
    let level = |factor: &str| Ok((factor.to_owned(), level_of(factor, &arguments.get(factor)?)?));
    arguments.args().map(level).collect()
}

/// One level for each factor, as a map: `{"weight_sharing": true}`.
pub(super) fn levels_in(map: &Value) -> Result<Levels, Error> {
    if map.kind() != ValueKind::Map {
        let message =
            format!("`{map}` does not map factors to levels, like {{\"factor\": \"level\"}}");
        return Err(invalid(message));
    }
    let level = |factor: Value| {
        let level = level_of(&factor.to_string(), &map.get_item(&factor)?)?;
        Ok((factor.to_string(), level))
    };
    map.try_iter()?.map(level).collect()
}

/// The level of `factor`.
///
/// # Errors
/// If the value is undefined, or no level.
pub(super) fn level_of(factor: &str, value: &Value) -> Result<Level, Error> {
    let json = serde_json::to_value(value).ok();
    let level = json.as_ref().filter(|_| !value.is_undefined()).and_then(Level::of_json);
    level.ok_or_else(|| {
        Error::new(ErrorKind::UndefinedError, format!("the argument `{factor}` has no value"))
    })
}

/// The entry called `name`.
///
/// # Errors
/// If there is none, with what it could be.
pub(super) fn find<'m, T>(
    map: &'m BTreeMap<String, T>,
    what: &str,
    name: &str,
) -> Result<&'m T, Error> {
    let known = || map.keys().map(String::as_str).collect::<Vec<_>>();
    map.get(name).ok_or_else(|| unknown(what, name, &known()))
}

/// The error of a name that is not one of `known`.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    invalid(format!("there is no {what} `{name}`; {}", suggestion(name, &distinct(known))))
}

/// The words, sorted and each once.
pub(super) fn distinct<'k>(words: &[&'k str]) -> Vec<&'k str> {
    let mut distinct = words.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// An error with this message.
pub(super) fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// What a lookup in a table found. The text of its error is a phrase that follows the name of the
/// table.
///
/// # Errors
/// If the lookup has one.
pub(super) fn of_table<T>(name: &str, found: Result<T, String>) -> Result<T, Error> {
    found.map_err(|message| invalid(format!("table `{name}` {message}")))
}
