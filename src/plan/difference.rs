//! What differs between two configurations, key by key.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// The leaves of a configuration: dotted path → value as JSON spells it, texts without quotes.
pub type Leaves = BTreeMap<String, String>;

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
    pub fn between(old: &Leaves, new: &Leaves) -> Vec<Self> {
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

    /// How many keys differ.
    pub(super) fn count(old: &Leaves, new: &Leaves) -> usize {
        let mut same = 0;
        let (mut left, mut right) = (old.iter().peekable(), new.iter().peekable());
        while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
            let order = one.0.cmp(other.0);
            same += usize::from(one == other);
            if order.is_le() {
                left.next();
            }
            if order.is_ge() {
                right.next();
            }
        }
        // A key on both sides with two values counts once.
        let shared = new.keys().filter(|key| old.contains_key(*key)).count();
        old.len() + new.len() - shared - same
    }
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

/// Digests are told apart by their first digits.
fn shortened(value: &str) -> String {
    let is_digest = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { format!("{}…", &value[..12]) } else { value.to_owned() }
}

/// The leaves of a configuration.
#[must_use]
pub fn leaves(config: &Value) -> Leaves {
    let mut leaves = Leaves::new();
    collect(config, String::new(), &mut leaves);
    leaves
}

fn collect(value: &Value, path: String, leaves: &mut Leaves) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, path, leaves);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{path}[{index}]"), leaves);
            }
        }
        Value::String(text) => drop(leaves.insert(path, text.clone())),
        value => drop(leaves.insert(path, value.to_string())),
    }
}
