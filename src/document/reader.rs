//! Reads a table key by key. Its section says which keys there are and what they take, and all mistakes in this are
//! reported when the reader is made.

use super::node::join;
use super::shape::{faults, mismatch, nearest};
use super::{FromNode, Location, Node, Table, Value, Violations};
use crate::keys::{self, Key, Need, Section, Tag, range};

/// Reads one table.
pub struct Reader<'a> {
    table: &'a Table,
    section: &'static Section,
    kind: Kind,
    path: String,
    location: &'a Location,
    violations: &'a Violations,
}

/// Which of the keys of its section a table has.
#[derive(Clone, Copy)]
enum Kind {
    /// Those of this kind, if the section has kinds.
    Known(Option<&'static str>),
    /// It is not known, because the key that tells it has a mistake.
    Unknown,
}

impl<'a> Reader<'a> {
    /// A reader of the table `node` at `path`. Reports each key that is missing, unknown or has a value that it does not
    /// take. Returns `None` if the node is no table.
    #[must_use]
    pub fn new(
        node: &'a Node,
        path: impl Into<String>,
        section: &'static Section,
        violations: &'a Violations,
    ) -> Option<Self> {
        let reader = Self::of_checked(node, path, section, violations)?;
        reader.check();
        Some(reader)
    }

    /// The same for a table whose keys were checked already, as the conditions of an experiment share most of theirs.
    #[must_use]
    pub fn of_checked(
        node: &'a Node,
        path: impl Into<String>,
        section: &'static Section,
        violations: &'a Violations,
    ) -> Option<Self> {
        let path = path.into();
        let Value::Table(table) = &node.value else {
            let found = node.value.type_name();
            violations.push(&node.location, path, format!("must be a table, but is {found}"));
            return None;
        };
        let kind = match (section.tag, kind_of(section, table)) {
            (Tag::None, _) => Kind::Known(None),
            (_, None) => Kind::Unknown,
            (_, kind) => Kind::Known(kind),
        };
        Some(Self { table, section, kind, path, location: &node.location, violations })
    }

    /// Reports all mistakes in keys.
    fn check(&self) {
        if let (Tag::Key(keys), Kind::Unknown) = (self.section.tag, self.kind) {
            return self.refuse_kind(keys);
        }
        let mut near = Vec::new();
        for (name, node) in self.table {
            match self.key(name) {
                Some(key) => {
                    for (location, message) in faults(&key.takes, node) {
                        self.violations.push(location, self.path_of(name), message);
                    }
                }
                None => near.extend(self.refuse_key(name, node)),
            }
        }
        for key in self.own_keys().filter(|key| key.need == Need::Required) {
            // Two messages about one mistake would look like two mistakes.
            if !self.table.contains_key(key.name) && !near.contains(&key.name) {
                self.refuse_missing(key.name);
            }
        }
    }

    /// Reports a table that has none of the keys that tell its kind, or several.
    fn refuse_kind(&self, keys: &[&str]) {
        let named: Vec<_> = keys.iter().filter(|key| self.table.contains_key(**key)).collect();
        let typo =
            self.table.keys().find_map(|key| Some((key, nearest(key, keys.iter().copied())?)));
        let message = match (named.len(), typo) {
            (0, Some((key, near))) => {
                format!("has an unknown key, `{key}`; did you mean `{near}`?")
            }
            (0, None) => format!("needs one of {}", listing(keys.iter().copied())),
            _ => format!("has {}; give one of them", listing(named.into_iter().copied())),
        };
        self.violations.push(self.location, self.path.clone(), message);
    }

    /// Reports a key that the table cannot have. Returns the key that it probably means.
    fn refuse_key(&self, name: &str, node: &Node) -> Option<&'static str> {
        let others: Vec<_> =
            self.section.all().filter(|key| key.name == name).flat_map(|key| key.of).collect();
        if !others.is_empty() && matches!(self.kind, Kind::Unknown) {
            return None;
        }
        let near = nearest(name, self.own_keys().map(|key| key.name));
        let message = match (&others[..], near) {
            ([], Some(near)) => format!("is not a known key; did you mean `{near}`?"),
            ([], None) => {
                let known = listing(self.own_keys().map(|key| key.name));
                let hint = elsewhere(name, self.section).unwrap_or_default();
                format!("is not a known key; known here: {known}{hint}")
            }
            (others, _) => self.without_use(others),
        };
        let location = node.key.as_ref().unwrap_or(&node.location);
        self.violations.push(location, self.path_of(name), message);
        near.filter(|_| others.is_empty())
    }

    /// The message for a key of other kinds.
    fn without_use(&self, others: &[&&str]) -> String {
        let (Tag::Word(..) | Tag::Key(_), Kind::Known(Some(kind))) = (self.section.tag, self.kind)
        else {
            return "has no use here".to_owned();
        };
        let shown = |kind: &str| match self.section.tag {
            Tag::Word(key, _) => format!("`{key} = \"{kind}\"`"),
            _ => format!("`{kind}`"),
        };
        let others: Vec<_> = others.iter().map(|kind| shown(kind)).collect();
        format!("has no use with {}; it is for {}", shown(kind), others.join(", "))
    }

    /// The keys that the table can have.
    fn own_keys(&self) -> impl Iterator<Item = &'static Key> {
        let kind = self.kind();
        self.section.all().filter(move |key| key.is_of(kind))
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        self.own_keys().find(|key| key.name == name)
    }

    /// Reports that a key is missing, which other keys make necessary.
    pub fn refuse_missing(&self, key: &str) {
        let takes = self.key(key).map(|key| &key.takes);
        let message = takes.map_or_else(String::new, |takes| format!("; it takes {takes}"));
        self.violations.push(self.location, self.path_of(key), format!("is missing{message}"));
    }

    /// The value of `key`, which must be there. `None` if it is missing or is not what it takes, with a violation.
    #[must_use]
    pub fn required<T: FromNode>(&self, key: &'static str) -> Option<T> {
        let value = self.optional(key);
        let is_known_missing = self.key(key).is_none_or(|known| known.need == Need::Required);
        if !is_known_missing && !self.table.contains_key(key) {
            self.refuse_missing(key);
        }
        value
    }

    /// The value of `key`. `None` if it is absent, or is not what it takes, with a violation.
    #[must_use]
    pub fn optional<T: FromNode>(&self, key: &'static str) -> Option<T> {
        let (known, node) = (self.key(key)?, self.node(key)?);
        if !faults(&known.takes, node).is_empty() {
            return None;
        }
        let value = T::from_node(node);
        if value.is_none() {
            self.refuse(key, mismatch(&known.takes, node));
        }
        value
    }

    /// The value of `key`, if it is in `range`. Otherwise reports a violation. For limits that depend on other keys.
    pub fn required_in<T, R>(&self, key: &'static str, limits: R) -> Option<T>
    where
        T: FromNode + PartialOrd + std::fmt::Display,
        R: std::ops::RangeBounds<T>,
    {
        let value = self.required(key)?;
        if limits.contains(&value) {
            return Some(value);
        }
        let limits = range(limits.start_bound(), limits.end_bound());
        self.refuse(key, format!("must be {limits}, but is {value}"));
        None
    }

    /// A reader of the table at `key`. `None` if it is missing or no table, with a violation.
    #[must_use]
    pub fn table(&self, key: &'static str) -> Option<Reader<'a>> {
        Reader::new(self.node(key)?, self.path_of(key), self.section_of(key)?, self.violations)
    }

    /// The section of the table at `key`, or of the tables in the list there.
    #[must_use]
    pub fn section_of(&self, key: &str) -> Option<&'static Section> {
        self.key(key)?.takes.section()
    }

    /// The items of the list at `key`, each with its path. Empty if it is absent.
    #[must_use]
    pub fn items(&self, key: &'static str) -> Vec<(String, &'a Node)> {
        let path = self.path_of(key);
        match self.node(key).map(|node| &node.value) {
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| (join(&path, &i.to_string()), item))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of the table at `key`. Empty if it is absent.
    #[must_use]
    pub fn entries(&self, key: &'static str) -> Vec<(&'a str, &'a Node)> {
        match self.node(key).map(|node| &node.value) {
            Some(Value::Table(table)) => table.iter().map(|(k, v)| (k.as_str(), v)).collect(),
            _ => Vec::new(),
        }
    }

    /// The node of `key`, whether its value is right or not.
    #[must_use]
    pub fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.table.get(key)
    }

    /// The word that tells the kind of the table. `None` if it has a mistake.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Known(kind) => kind,
            Kind::Unknown => None,
        }
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
}

/// The kind of a table. `None` if its section has no kinds, or if the key that tells it has a mistake.
#[must_use]
pub fn kind_of(section: &'static Section, table: &Table) -> Option<&'static str> {
    let word = match section.tag {
        Tag::None => return None,
        Tag::Word(key, default) => match table.get(key).map(|node| &node.value) {
            Some(Value::String(word)) => word,
            Some(_) => return None,
            None => default,
        },
        Tag::Key(keys) => {
            let mut named = keys.iter().copied().filter(|key| table.contains_key(*key));
            let first = named.next()?;
            if named.next().is_some() {
                return None;
            }
            first
        }
    };
    section.kinds().iter().copied().find(|kind| *kind == word)
}

/// A hint at the tables that have a key, if it stands in the wrong one.
fn elsewhere(name: &str, section: &'static Section) -> Option<String> {
    let has_it =
        |other: &&Section| other.path != section.path && other.all().any(|key| key.name == name);
    let paths = keys::sections().into_iter().filter(|other| has_it(&&**other));
    let mut paths: Vec<_> = paths.map(|other| other.path).filter(|path| !path.is_empty()).collect();
    paths.dedup();
    (1..=3)
        .contains(&paths.len())
        .then(|| format!(". It is a key of {}", listing(paths.into_iter())))
}

fn listing<'k>(keys: impl Iterator<Item = &'k str>) -> String {
    let mut keys: Vec<_> = keys.map(|key| format!("`{key}`")).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.join(", ")
}
