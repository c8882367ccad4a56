//! The value of a factor in a condition.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::document::{self, Node, Value, suggestion};

/// The level of each factor of a condition, by name of the factor. Includes `experiment`.
pub type Levels = BTreeMap<String, Level>;

/// The value of a factor. Two levels are equal if their values are: `1`, `1.0` and `1e0` are one
/// level. The spelling is only for display.
#[derive(Clone, Debug)]
pub struct Level {
    /// The value as JSON with sorted keys, each number in its shortest form.
    canonical: String,
    /// The text in the file, strings without quotes.
    spelled: String,
}

impl Level {
    /// A string as a level, such as the name of an experiment.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self { canonical: serde_json::json!(text).to_string(), spelled: text.to_owned() }
    }

    /// The value of a TOML document as a level.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        Self { canonical: json(value).to_string(), spelled: value.to_string() }
    }

    /// A JSON value as a level. `None` if it contains null or a number that is not finite.
    #[must_use]
    pub fn of_json(value: &serde_json::Value) -> Option<Self> {
        let value = toml_value(value)?;
        Some(Self::of(&value))
    }

    /// The level for a text that a user types: a TOML value, else the text itself.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let document = document::parse("", &format!("level = {text}"));
        let value = document.ok().and_then(|root| match root.value {
            // If there is more than one key, the text is not a single value.
            Value::Table(table) if table.len() == 1 => table.into_values().next(),
            _ => None,
        });
        value.map_or_else(|| Self::text(text), |node| Self::of(&node.value))
    }

    /// Whether a user who types `text` means this level: a string needs no quotes.
    #[must_use]
    pub fn is_typed_as(&self, text: &str) -> bool {
        // A list or a table may be typed as it is shown: `[x]`.
        let is_shown = self.spelled == text && !self.to_json().is_string();
        *self == Self::parse(text) || *self == Self::text(text) || is_shown
    }

    /// What a user could mean by this level, which is none of `known`.
    #[must_use]
    pub fn instead(&self, known: &[Self]) -> String {
        if known.iter().any(|level| level.is_typed_as(&self.spelled)) {
            return match self.to_json().is_string() {
                true => "it is not text: remove the quotes".to_owned(),
                false => "it is text: put it between quotes".to_owned(),
            };
        }
        let spelled: std::collections::BTreeSet<_> = known.iter().map(Self::spelled).collect();
        suggestion(&self.spelled, &spelled.into_iter().collect::<Vec<_>>())
    }

    /// The value as text that does not depend on its spelling: strings without quotes, anything
    /// else as JSON.
    #[must_use]
    pub fn name(&self) -> String {
        match self.to_json() {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// The boolean, if the level is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        self.canonical.parse().ok()
    }

    /// The value, without its spelling.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::from_str(&self.canonical).unwrap_or_default()
    }

    /// The text in the file, strings without quotes.
    #[must_use]
    pub fn spelled(&self) -> &str {
        &self.spelled
    }
}

/// Levels as templates write them: strings in quotes.
#[must_use]
pub fn written(levels: &Levels) -> String {
    let levels = levels.iter().map(|(factor, level)| format!("{factor}={}", level.to_json()));
    levels.collect::<Vec<_>>().join(", ")
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        // A float without a fraction is the integer of the same value, as far as floats are exact.
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => (*value as i64).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => value.as_str().into(),
        Value::Array(items) => items.iter().map(|item| json(&item.value)).collect(),
        Value::Table(table) => {
            table.iter().map(|(key, item)| (key.clone(), json(&item.value))).collect()
        }
    }
}

fn toml_value(value: &serde_json::Value) -> Option<Value> {
    let node = |value: &serde_json::Value| {
        let location = document::Location::of_file("");
        Some(Node { value: toml_value(value)?, location, key: None })
    };
    Some(match value {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Float(number.as_f64()?),
        },
        serde_json::Value::String(text) => Value::String(text.clone()),
        serde_json::Value::Array(items) => {
            Value::Array(items.iter().map(node).collect::<Option<_>>()?)
        }
        serde_json::Value::Object(entries) => {
            let entries = entries.iter().map(|(key, item)| Some((key.clone(), node(item)?)));
            Value::Table(entries.collect::<Option<_>>()?)
        }
    })
}

impl PartialEq for Level {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Level {}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Level {
    fn cmp(&self, other: &Self) -> Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled)
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_spelling_are_equal_if_their_values_are() {
        for (one, other) in [
            ("1", "1.0"),
            ("1e-5", "0.00001"),
            ("1_000", "1e3"),
            ("0.1", "1e-1"),
            ("[1, 2.0]", "[1.0, 2]"),
            ("{ a = 1, b = \"x\" }", "{ b = \"x\", a = 1.0 }"),
            ("deep", "\"deep\""),
            ("true", "true"),
        ] {
            assert_eq!(Level::parse(one), Level::parse(other), "{one} and {other}");
        }
        for (one, other) in [("1", "\"1\""), ("true", "\"true\""), ("0.1", "0.2"), ("1", "true")] {
            assert_ne!(Level::parse(one), Level::parse(other), "{one} and {other}");
        }
        assert!(Level::parse("\"1\"").is_typed_as("1"), "a string needs no quotes");
        assert_eq!(Level::parse("1.0").spelled(), "1.0");
        assert_eq!(
            Level::parse("a = 1\nb").spelled(),
            "a = 1\nb",
            "no document can hide in a level"
        );
        let number = Level::parse("1e-5").to_json();
        assert_eq!(Level::of_json(&number), Some(Level::parse("0.00001")));
    }
}
