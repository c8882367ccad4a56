//! Reads a table key by key. Reports keys that are missing or unknown, and values of the wrong
//! type.

use std::cell::RefCell;

use super::node::join;
use super::{Location, Node, Table, Value, Violations};

/// A type that a value can be read as.
pub trait FromNode: Sized {
    /// The name of the type in messages: "an integer", "a boolean".
    const EXPECTED: &'static str;

    /// The value. Returns `None` if it has another type.
    fn from_node(node: &Node) -> Option<Self>;

    /// The part of a value that has another type.
    #[must_use]
    fn culprit(node: &Node) -> &Node {
        node
    }

    /// The message for a value of another type.
    #[must_use]
    fn mismatch(node: &Node) -> String {
        let found = node.value.type_name();
        let shown = match &node.value {
            Value::String(text) if text.trim().is_empty() => "empty".to_owned(),
            Value::Array(_) | Value::Table(_) => found.to_owned(),
            scalar => format!("{found}, `{}`", shorten(&scalar.to_string())),
        };
        format!("must be {}, but is {shown}", Self::EXPECTED)
    }
}

impl FromNode for bool {
    const EXPECTED: &'static str = "a boolean";

    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }
}

impl FromNode for u64 {
    const EXPECTED: &'static str = "an integer that is not negative";

    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Integer(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

impl FromNode for usize {
    const EXPECTED: &'static str = "an integer that is not negative";

    fn from_node(node: &Node) -> Option<Self> {
        u64::from_node(node)?.try_into().ok()
    }
}

impl FromNode for f64 {
    const EXPECTED: &'static str = "a number";

    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Float(value) => Some(value),
            #[expect(clippy::cast_precision_loss, reason = "`1` is a spelling of `1.0`")]
            Value::Integer(value) => Some(value as Self),
            _ => None,
        }
    }
}

/// A text that readers see, or a word: never empty.
impl FromNode for String {
    const EXPECTED: &'static str = "a string";

    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(value) if !value.trim().is_empty() => Some(value.clone()),
            _ => None,
        }
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    const EXPECTED: &'static str = "an array";

    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::Array(items) => items.iter().map(T::from_node).collect(),
            _ => None,
        }
    }

    fn culprit(node: &Node) -> &Node {
        match &node.value {
            Value::Array(items) => {
                items.iter().find(|item| T::from_node(item).is_none()).unwrap_or(node)
            }
            _ => node,
        }
    }

    fn mismatch(node: &Node) -> String {
        let Value::Array(items) = &node.value else {
            return format!("must be an array, but is {}", node.value.type_name());
        };
        let wrong = items.iter().enumerate().find(|(_, item)| T::from_node(item).is_none());
        wrong.map_or_else(String::new, |(index, item)| {
            format!("has an item {index} that {}", T::mismatch(item))
        })
    }
}

/// Reads one table. Call [`Reader::finish`] at the end, which reports the keys that were not read.
pub struct Reader<'a> {
    table: &'a Table,
    path: String,
    location: &'a Location,
    violations: &'a Violations,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    /// A reader of the table `node` at `path`. Reports a violation and returns `None` if it is no
    /// table.
    #[must_use]
    pub fn new(
        node: &'a Node,
        path: impl Into<String>,
        violations: &'a Violations,
    ) -> Option<Self> {
        let path = path.into();
        if let Value::Table(table) = &node.value {
            let known = RefCell::default();
            return Some(Self { table, path, location: &node.location, violations, known });
        }
        let found = node.value.type_name();
        violations.push(&node.location, path, format!("must be a table, but is {found}"));
        None
    }

    /// The value of `key`. Reports a violation if it is missing or has another type.
    pub fn required<T: FromNode>(&self, key: &'static str) -> Option<T> {
        let value = self.optional(key);
        if value.is_none() && !self.table.contains_key(key) {
            let message = format!("is missing; it takes {}", T::EXPECTED);
            self.violations.push(self.location, self.path_of(key), message);
        }
        value
    }

    /// The value of `key`, or `None` if it is absent. Reports a violation if it has another type.
    pub fn optional<T: FromNode>(&self, key: &'static str) -> Option<T> {
        let node = self.node(key)?;
        let value = T::from_node(node);
        if value.is_none() {
            let location = &T::culprit(node).location;
            self.violations.push(location, self.path_of(key), T::mismatch(node));
        }
        value
    }

    /// Like [`Reader::required`]. Reports a violation if the value is not in `range`.
    pub fn required_in<T, R>(&self, key: &'static str, range: R) -> Option<T>
    where
        T: FromNode + PartialOrd + std::fmt::Display,
        R: std::ops::RangeBounds<T>,
    {
        let value = self.required(key)?;
        self.check_in(key, value, &range)
    }

    /// Like [`Reader::optional`]. Reports a violation if the value is not in `range`.
    pub fn optional_in<T, R>(&self, key: &'static str, range: R) -> Option<T>
    where
        T: FromNode + PartialOrd + std::fmt::Display,
        R: std::ops::RangeBounds<T>,
    {
        let value = self.optional(key)?;
        self.check_in(key, value, &range)
    }

    fn check_in<T, R>(&self, key: &'static str, value: T, range: &R) -> Option<T>
    where
        T: PartialOrd + std::fmt::Display,
        R: std::ops::RangeBounds<T>,
    {
        use std::ops::Bound;
        if range.contains(&value) {
            return Some(value);
        }
        let lower = match range.start_bound() {
            Bound::Included(bound) => format!("at least {bound}"),
            Bound::Excluded(bound) => format!("more than {bound}"),
            Bound::Unbounded => String::new(),
        };
        let upper = match range.end_bound() {
            Bound::Included(bound) => format!("at most {bound}"),
            Bound::Excluded(bound) => format!("less than {bound}"),
            Bound::Unbounded => String::new(),
        };
        let and = if lower.is_empty() || upper.is_empty() { "" } else { " and " };
        self.refuse(key, format!("must be {lower}{and}{upper}, but is {value}"));
        None
    }

    /// A reader of the table at `key`. Reports a violation if it is missing or no table.
    pub fn table(&self, key: &'static str) -> Option<Reader<'a>> {
        match self.node(key) {
            Some(node) => Reader::new(node, self.path_of(key), self.violations),
            None => {
                self.violations.push(
                    self.location,
                    self.path_of(key),
                    "is missing; it takes a table",
                );
                None
            }
        }
    }

    /// The items of the array at `key`, each with its path. Empty if it is absent.
    pub fn items(&self, key: &'static str) -> Vec<(String, &'a Node)> {
        let path = self.path_of(key);
        match self.node(key).map(|node| &node.value) {
            None => Vec::new(),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| (join(&path, &i.to_string()), item))
                .collect(),
            Some(other) => {
                self.refuse(key, format!("must be an array, but is {}", other.type_name()));
                Vec::new()
            }
        }
    }

    /// The entries of the table at `key`. Empty if it is absent.
    pub fn entries(&self, key: &'static str) -> Vec<(&'a str, &'a Node)> {
        match self.node(key).map(|node| &node.value) {
            None => Vec::new(),
            Some(Value::Table(table)) => table.iter().map(|(k, v)| (k.as_str(), v)).collect(),
            Some(other) => {
                self.refuse(key, format!("must be a table, but is {}", other.type_name()));
                Vec::new()
            }
        }
    }

    /// The node of `key`, which then counts as read.
    pub fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Reports `message` about `key`, with its line if it is present.
    pub fn refuse(&self, key: &str, message: impl Into<String>) {
        let location = self.table.get(key).map_or(self.location, |node| &node.location);
        self.violations.push(location, self.path_of(key), message);
    }

    /// Reports `message` about `word`, an item of the list at `key`, or its value.
    pub fn refuse_word(&self, key: &str, word: &str, message: impl Into<String>) {
        let is_it = |node: &&Node| matches!(&node.value, Value::String(text) if text == word);
        let item = self.table.get(key).and_then(|node| match &node.value {
            Value::Array(items) => items.iter().find(is_it),
            _ => None,
        });
        match item {
            Some(item) => self.violations.push(&item.location, self.path_of(key), message),
            None => self.refuse(key, message),
        }
    }

    /// Whether the table, and all that it refers to, has no violation so far. What follows from a
    /// violation is no other mistake.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.violations.is_partial() && !self.has_mistakes()
    }

    /// Whether the table itself has a violation so far.
    #[must_use]
    pub fn has_mistakes(&self) -> bool {
        !self.violations.are_outside(&self.path)
    }

    /// Whether the table has no key.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.table.is_empty()
    }

    /// The violations of the document.
    #[must_use]
    pub fn violations(&self) -> &'a Violations {
        self.violations
    }

    /// The location of the table.
    #[must_use]
    pub fn location(&self) -> &'a Location {
        self.location
    }

    /// Dotted path of `key`.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// Reports each key that was not read, with the nearest known key.
    pub fn finish(self) {
        self.check_keys(&self.known.borrow());
    }

    /// Reports each key that is not one of `known`, with the nearest of them.
    pub fn check_keys(&self, known: &[&str]) {
        let unknown = self.table.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        for (key, node) in unknown {
            let message = match nearest(key, known.iter().copied()) {
                Some(near) => {
                    // Two messages about one mistake would look like two mistakes.
                    self.violations.drop_missing(&self.path_of(near));
                    format!("is not a known key; did you mean `{near}`?")
                }
                None => format!("is not a known key; known here: {}", listing(known)),
            };
            let location = node.key.as_ref().unwrap_or(&node.location);
            self.violations.push(location, self.path_of(key), message);
        }
    }
}

fn listing(known: &[&str]) -> String {
    let mut keys: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.join(", ")
}

/// The candidate that `word` most likely misspells.
fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // The edit distance of a very long key would be slow, and such a key misspells no candidate.
    if word.len() > 64 {
        return None;
    }
    let similarity = |candidate: &str| match candidate.contains(word) && word.len() > 2 {
        true => 0.9,
        false => strsim::jaro_winkler(word, candidate),
    };
    candidates
        .into_iter()
        .map(|candidate| (similarity(candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A suggestion in place of `word`: the candidate that it most likely misspells, or else all
/// candidates.
#[must_use]
pub fn suggestion(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => "there are none".to_owned(),
        None => format!("known: {}", candidates.join(", ")),
    }
}

/// `text`, cut to a length that fits into a message.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return text.to_owned();
    }
    text.chars().take(59).chain(['…']).collect()
}
