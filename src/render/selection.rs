//! Levels as templates and expressions name them: `weight_sharing=true, experiment=["deep"]`.

use std::collections::BTreeMap;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::document::suggestion;
use crate::paper::Selection;

/// One level of each named factor.
pub(super) fn levels(levels: &Kwargs) -> Result<BTreeMap<String, String>, Error> {
    let pair = |factor: &str| {
        let level: Value = levels.get(factor)?;
        Ok((factor.to_owned(), spelled(&level)))
    };
    levels.args().map(pair).collect()
}

/// The levels of each named factor that count, but for arguments that are none.
pub(super) fn selection(levels: &Kwargs, others: &[&str]) -> Result<Selection, Error> {
    let factors = levels.args().filter(|name| !others.contains(name));
    let pair = |factor: &str| Ok((factor.to_owned(), list(&levels.get::<Value>(factor)?)));
    factors.map(pair).collect()
}

/// A selection as a map: `{"experiment": "deep"}`.
pub(super) fn selection_of(levels: &Value) -> Result<Selection, Error> {
    if levels.kind() != ValueKind::Map {
        let message =
            format!("`{levels}` is no map of factors to levels, like {{\"factor\": \"level\"}}");
        return Err(invalid(message));
    }
    let pair = |factor: Value| Ok((factor.to_string(), list(&levels.get_item(&factor)?)));
    levels.try_iter()?.map(pair).collect()
}

/// One level or several.
fn list(level: &Value) -> Vec<String> {
    match (level.kind(), level.try_iter()) {
        (ValueKind::Seq, Ok(levels)) => levels.map(|level| spelled(&level)).collect(),
        _ => vec![spelled(level)],
    }
}

/// A level as experiment files spell it; templates would write `True`.
pub(super) fn spelled(level: &Value) -> String {
    match level.kind() {
        ValueKind::Bool => level.is_true().to_string(),
        _ => level.to_string(),
    }
}

/// A selection for messages and labels.
pub(super) fn shown(selection: &Selection) -> String {
    let part = |(factor, levels): (&String, &Vec<String>)| format!("{factor}={}", levels.join("|"));
    selection.iter().map(part).collect::<Vec<_>>().join(", ")
}

pub(super) fn find<'m, T>(
    map: &'m BTreeMap<String, T>,
    what: &str,
    name: &str,
) -> Result<&'m T, Error> {
    let known = || map.keys().map(String::as_str).collect::<Vec<_>>();
    map.get(name).ok_or_else(|| unknown(what, name, &known()))
}

pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    invalid(format!("there is no {what} `{name}`; {}", suggestion(name, known)))
}

pub(super) fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}
