//! What differs between two configurations.

use std::fmt;

use serde::Serialize;

use crate::digest::Digest;
use crate::format::count;
use crate::run::KeyValues;

/// A key whose value differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// Its dotted path: `train.optimizer.lr`, `model.branch.0.channels`.
    pub key: String,
    /// Its value in the old configuration. `None` if the key is absent, which means the default.
    pub old: Option<String>,
    /// Its value in the new configuration. `None` as for `old`.
    pub new: Option<String>,
    /// If it is an input of a program: how many of its lines changed, if its old text is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<usize>,
}

impl Difference {
    /// The path of the input of a program whose content differs, if it is one.
    #[must_use]
    pub fn input(&self) -> Option<&str> {
        Some(self.key.strip_prefix("program.inputs.")?.trim_matches('"'))
    }

    /// All keys that differ, in order of their paths.
    #[must_use]
    pub fn between(old: &KeyValues, new: &KeyValues) -> Vec<Self> {
        let gone = old.keys().filter(|key| !new.contains_key(*key));
        let differing = new.keys().chain(gone).filter(|key| old.get(*key) != new.get(*key));
        let mut differences: Vec<_> = differing
            .map(|key| Self {
                key: key.clone(),
                old: old.get(key).cloned(),
                new: new.get(key).cloned(),
                lines: None,
            })
            .collect();
        differences.sort();
        differences
    }
}

/// Hashes of keys and values, sorted. Counts the differences of many pairs of configurations
/// quickly.
#[derive(Clone, Debug)]
pub(super) struct Fingerprint {
    keys: Vec<u64>,
    entries: Vec<u64>,
}

impl Fingerprint {
    pub(super) fn of(values: &KeyValues) -> Self {
        let sorted = |mut numbers: Vec<u64>| {
            numbers.sort_unstable();
            numbers
        };
        let entries = values.iter().map(|(key, value)| number(&format!("{key} = {value}")));
        Self {
            keys: sorted(values.keys().map(|key| number(key)).collect()),
            entries: sorted(entries.collect()),
        }
    }

    /// How many keys differ. Keys with equal hashes count as one. The result is accurate enough to
    /// find the nearest design.
    pub(super) fn distance(&self, other: &Self) -> usize {
        let all = self.keys.len() + other.keys.len() - common(&self.keys, &other.keys);
        all.saturating_sub(common(&self.entries, &other.entries))
    }
}

/// The hash of a text. It is the same in every process and every build.
fn number(text: &str) -> u64 {
    let digest = Digest::of_bytes(text.as_bytes());
    u64::from_le_bytes(*digest.as_bytes().first_chunk().expect("a digest has 32 bytes"))
}

/// How many numbers two sorted lists have in common.
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
        let name = match self.input() {
            Some(path) => format!("input {path}"),
            None => self.key.clone(),
        };
        match (self.input(), &self.old, &self.new) {
            (Some(_), None, _) => return write!(f, "{name}: added"),
            (Some(_), _, None) => return write!(f, "{name}: removed"),
            _ => {}
        }
        if let Some(lines) = self.lines {
            return write!(f, "{name}: {} changed", count(lines, "line"));
        }
        write!(f, "{name}: {} → {}", spelled(&self.old), spelled(&self.new))
    }
}

/// The first digits of a digest. Any other value is not shortened.
fn shortened(value: &str) -> String {
    let is_digest = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { format!("{}…", &value[..12]) } else { value.to_owned() }
}
