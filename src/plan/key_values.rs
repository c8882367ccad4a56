//! The keys and values of a configuration, and what differs between two.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde_json::Value;

/// The keys of a configuration by dotted path, with their values as JSON spells them; strings
/// without quotes.
pub type KeyValues = BTreeMap<String, String>;

/// One key that two configurations do not agree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Its dotted path: `train.optimizer.lr`, `model.branch[0].channels`.
    pub key: String,
    /// Its value there; none if it has none, or the default of the schema.
    pub old: Option<String>,
    /// Its value here.
    pub new: Option<String>,
}

impl Difference {
    /// All keys that differ, in order of their paths.
    #[must_use]
    pub fn between(old: &KeyValues, new: &KeyValues) -> Vec<Self> {
        let mut differences: Vec<_> = new
            .iter()
            .filter(|(key, value)| old.get(*key) != Some(value))
            .map(|(key, value)| Self {
                key: key.clone(),
                old: old.get(key).cloned(),
                new: Some(value.clone()),
            })
            .collect();
        differences.extend(
            old.iter().filter(|(key, _)| !new.contains_key(*key)).map(|(key, value)| Self {
                key: key.clone(),
                old: Some(value.clone()),
                new: None,
            }),
        );
        differences.sort();
        differences
    }
}

/// Keys and values as sorted numbers, to count differences of many pairs of configurations.
#[derive(Clone, Debug)]
pub(super) struct Fingerprint {
    keys: Vec<u64>,
    entries: Vec<u64>,
}

impl Fingerprint {
    pub(super) fn of(values: &KeyValues) -> Self {
        let sorted = |mut hashes: Vec<u64>| {
            hashes.sort_unstable();
            hashes
        };
        Self {
            keys: sorted(values.keys().map(hash).collect()),
            entries: sorted(values.iter().map(hash).collect()),
        }
    }

    /// How many keys differ; two keys with the same hash count as one, which hardly ever matters.
    pub(super) fn distance(&self, other: &Self) -> usize {
        let all = self.keys.len() + other.keys.len() - common(&self.keys, &other.keys);
        all.saturating_sub(common(&self.entries, &other.entries))
    }
}

fn hash(value: impl Hash) -> u64 {
    // Its keys are constants, so that the nearest of equals is the same in every process.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// How many numbers are in both of two sorted lists.
fn common(left: &[u64], right: &[u64]) -> usize {
    let (mut i, mut j, mut n) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        let (one, other) = (left[i], right[j]);
        n += usize::from(one == other);
        i += usize::from(one <= other);
        j += usize::from(one >= other);
    }
    n
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelled = |value: &Option<String>| match value {
            Some(value) => shortened(value),
            None => "(default)".to_owned(),
        };
        write!(f, "{}: {} → {}", self.key, spelled(&self.old), spelled(&self.new))
    }
}

/// The first digits of a digest, and any other value whole.
fn shortened(value: &str) -> String {
    let is_digest = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { format!("{}…", &value[..12]) } else { value.to_owned() }
}

/// The keys and values of a configuration.
#[must_use]
pub fn key_values(config: &Value) -> KeyValues {
    let mut values = KeyValues::new();
    collect(config, String::new(), &mut values);
    values
}

fn collect(value: &Value, path: String, values: &mut KeyValues) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, path, values);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{path}[{index}]"), values);
            }
        }
        Value::String(text) => drop(values.insert(path, text.clone())),
        value => drop(values.insert(path, value.to_string())),
    }
}
