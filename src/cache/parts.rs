//! The parts of a record after its configuration, found without reading the JSON between them. Pure.

use std::fmt;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use crate::run::{ChosenCurves, Curve, Curves, RunResult};

/// The JSON of each part.
pub(super) struct Parts<'b> {
    /// Outcome, curves, answers and artefacts, with their keys.
    pub(super) content: &'b str,
    pub(super) outcome: &'b str,
    pub(super) curves: &'b str,
    pub(super) confusion: Option<&'b str>,
    pub(super) artifacts: Option<&'b str>,
    pub(super) accepted: Option<&'b str>,
    pub(super) provenance: &'b str,
}

/// The key of a part, with the beginning of its value. A program chooses the names of its curves and artefacts, whose
/// values begin otherwise: `[0.5` and `"`.
const OUTCOME: &str = "\"outcome\":{";
const CURVES: &str = ",\"curves\":{";
const CONFUSION: &str = ",\"confusion\":[[";
const ARTIFACTS: &str = ",\"artifacts\":{";
const ACCEPTED: &str = ",\"accepted\":{";
const PROVENANCE: &str = ",\"provenance\":{";

/// The text of all parts.
///
/// # Errors
/// If a part cannot be serialised.
pub(super) fn write(result: &RunResult) -> Result<String, serde_json::Error> {
    let accepted = match &result.accepted {
        Some(accepted) => [key(ACCEPTED), &serde_json::to_string(accepted)?].concat(),
        None => String::new(),
    };
    let provenance = serde_json::to_string(&result.provenance)?;
    Ok([&result.content(), &accepted, key(PROVENANCE), &provenance].concat())
}

/// A key without the beginning of its value.
fn key(mark: &'static str) -> &'static str {
    mark.trim_end_matches(['{', '['])
}

/// The text before the part of this key, and the part.
fn split<'b>(text: &'b str, mark: &'static str) -> (&'b str, Option<&'b str>) {
    match memmem::find(text.as_bytes(), mark.as_bytes()) {
        Some(place) => (&text[..place], Some(&text[place + key(mark).len()..])),
        None => (text, None),
    }
}

impl<'b> Parts<'b> {
    /// The parts of a text that [`write()`] wrote. `None` if it wrote another text.
    ///
    /// A quotation mark in a string is escaped, so a mark is never within one.
    pub(super) fn of(text: &'b str) -> Option<Self> {
        let (before, provenance) = split(text, PROVENANCE);
        let (content, accepted) = split(before, ACCEPTED);
        let (before, artifacts) = split(content, ARTIFACTS);
        let (before, confusion) = split(before, CONFUSION);
        let (outcome, curves) = split(before, CURVES);
        let outcome = outcome.starts_with(OUTCOME).then(|| &outcome[key(OUTCOME).len()..])?;
        let (curves, provenance) = (curves?, provenance?);
        Some(Self { content, outcome, curves, confusion, artifacts, accepted, provenance })
    }
}

/// Reads a part.
///
/// # Errors
/// With what is wrong with the record, as a phrase that follows its name.
pub(super) fn read<'b, T: Deserialize<'b>>(part: &'b str) -> Result<T, String> {
    serde_json::from_str(part).map_err(|error| format!("is not a record: {error}"))
}

/// Reads the `chosen` curves of a run with this number of folds, and skips the others.
///
/// # Errors
/// As [`read`].
pub(super) fn read_curves(
    part: &str,
    chosen: &[&'static Curve],
    n_folds: usize,
) -> Result<ChosenCurves, String> {
    let mut json = serde_json::Deserializer::from_str(part);
    let curves = json.deserialize_map(Chosen(chosen, n_folds));
    let curves = curves.and_then(|curves| json.end().map(|()| curves));
    curves.map_err(|error| format!("is not a record: {error}"))
}

struct Chosen<'c>(&'c [&'static Curve], usize);

impl<'de> Visitor<'de> for Chosen<'_> {
    type Value = ChosenCurves;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("curves by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ChosenCurves, A::Error> {
        let Self(chosen, n_folds) = self;
        let mut all = vec![vec![Vec::new(); n_folds]; chosen.len()];
        while let Some(name) = map.next_key::<&str>()? {
            let (fold, own) = Curves::fold_of(n_folds, name);
            let place = chosen.iter().position(|curve| curve.name == own);
            match place.and_then(|place| all[place].get_mut(fold)) {
                Some(values) => *values = map.next_value()?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let mut all = all.into_iter();
        Ok(ChosenCurves::new(chosen, |_| all.next().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_like_keys_do_not_move_the_parts() {
        let accepted = r#"{"why":"as \"accepted\":1,\"provenance\":{}"}"#;
        let provenance = r#"{"version":"x\",\"provenance\":","condition":{"a":"b","accepted":"c","provenance":"y"}}"#;
        let content = r#""outcome":{"kind":"completed"},"curves":{"loss":[0.5]}"#;
        let text = format!(r#"{content},"accepted":{accepted},"provenance":{provenance}"#);
        let parts = Parts::of(&text).unwrap();
        assert_eq!((parts.content, parts.accepted), (content, Some(accepted)));
        assert_eq!(parts.curves, r#"{"loss":[0.5]}"#);
        assert_eq!(parts.provenance, provenance);
        assert!(Parts::of("\"outcome\":1").is_none());
    }

    #[test]
    fn a_program_may_give_its_curves_and_artefacts_the_names_of_parts() {
        let curves =
            r#"{"a":[1.0],"accepted":[0.5],"confusion":[],"curves":[2.0],"provenance":[1.0]}"#;
        let artifacts = r#"{"a":"00","accepted":"01","artifacts":"02","provenance":"03"}"#;
        let text = format!(
            r#""outcome":{{"kind":"completed"}},"curves":{curves},"artifacts":{artifacts},"provenance":{{}}"#
        );
        let parts = Parts::of(&text).unwrap();
        assert_eq!((parts.curves, parts.artifacts), (curves, Some(artifacts)));
        assert_eq!((parts.confusion, parts.accepted, parts.provenance), (None, None, "{}"));
        assert_eq!(parts.outcome, r#"{"kind":"completed"}"#);
    }
}
