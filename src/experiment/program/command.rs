//! The command of a program, with placeholders in its arguments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::suggestion;

/// What placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Placeholders<'p> {
    /// The parameters of the run.
    pub params: &'p BTreeMap<String, Value>,
    /// The seed of the run.
    pub seed: u64,
    /// The directory for its artefacts.
    pub artifacts: &'p str,
}

impl Placeholders<'_> {
    /// The text for the name between braces. `None` if there is no such value.
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "seed" => return Some(self.seed.to_string()),
            "artifacts" => return Some(self.artifacts.to_owned()),
            _ => {}
        }
        let mut path = name.strip_prefix("params.")?.split('.');
        let first = self.params.get(path.next()?)?;
        let found = path.try_fold(first, |value, key| match value {
            Value::Object(entries) => entries.get(key),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })?;
        Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
    }
}

/// The arguments with their values in place of placeholders. `{{` and `}}` stand for braces.
///
/// # Errors
/// With a phrase on the first placeholder that stands for nothing.
pub fn filled(command: &[String], values: Placeholders<'_>) -> Result<Vec<String>, String> {
    command.iter().map(|argument| fill(argument, values)).collect()
}

/// What is wrong with the placeholders of a command: phrases that follow its key.
pub(super) fn faults(command: &[String], params: &BTreeMap<String, Value>) -> Vec<String> {
    let values = Placeholders { params, seed: 0, artifacts: "" };
    command.iter().filter_map(|argument| fill(argument, values).err()).collect()
}

/// A path in its only spelling: without `.` and without `//`.
#[must_use]
pub fn plain_path(path: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.collect::<Vec<_>>().join("/")
}

fn fill(argument: &str, values: Placeholders<'_>) -> Result<String, String> {
    let mut text = String::with_capacity(argument.len());
    let mut rest = argument;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        let end = rest.find('}').filter(|_| brace == "{");
        let Some(end) = end else {
            return Err(format!(
                "has a single `{brace}` in `{argument}`; write `{brace}{brace}` for the character"
            ));
        };
        let name = &rest[..end];
        text.push_str(&values.value(name).ok_or_else(|| unknown(name, argument, values.params))?);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

fn unknown(name: &str, argument: &str, params: &BTreeMap<String, Value>) -> String {
    let params: Vec<String> = params.keys().map(|key| format!("params.{key}")).collect();
    let known: Vec<&str> = params.iter().map(String::as_str).chain(["seed", "artifacts"]).collect();
    format!(
        "has the placeholder `{{{name}}}` in `{argument}`, which stands for nothing; {}",
        suggestion(name, &known)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill_one(argument: &str) -> Result<String, String> {
        let params = BTreeMap::from([
            ("lr".to_owned(), json!(0.1)),
            ("name".to_owned(), json!("a b")),
            ("sizes".to_owned(), json!([3, 5])),
            ("deep".to_owned(), json!({ "wide": true })),
        ]);
        fill(argument, Placeholders { params: &params, seed: 7, artifacts: "/tmp/x" })
    }

    #[test]
    fn placeholders_stand_for_the_seed_and_for_parameters_by_their_path() {
        let text =
            fill_one("--lr={params.lr} {params.name} {seed} {params.sizes.1} {params.deep.wide}");
        assert_eq!(text.unwrap(), "--lr=0.1 a b 7 5 true");
        assert_eq!(fill_one("{{params.lr}} {{}}").unwrap(), "{params.lr} {}");
        assert_eq!(fill_one("{params.sizes}").unwrap(), "[3,5]");
        assert_eq!(fill_one("{artifacts}/a.npy").unwrap(), "/tmp/x/a.npy");
    }

    #[test]
    fn a_placeholder_that_stands_for_nothing_is_named_with_the_nearest_one() {
        let error = fill_one("{params.lrr}").unwrap_err();
        assert!(error.ends_with("which stands for nothing; did you mean `params.lr`?"), "{error}");
        for wrong in ["{", "a}", "{seed", "{params.sizes.2}", "{params.lr.x}", "{}"] {
            assert!(fill_one(wrong).is_err(), "{wrong}");
        }
    }
}
