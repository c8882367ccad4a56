//! Mistakes in a document and their locations.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, as the user would name it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One mistake in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The line with the mistake.
    pub location: Location,
    /// Dotted path of the key. Empty for the document as a whole.
    pub key: String,
    /// What is wrong, with the value at fault.
    pub message: String,
}

impl Violation {
    /// Whether it says that its key is missing.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.message.starts_with("is missing")
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.location, self.message),
            key => write!(f, "{}: `{key}` {}", self.location, self.message),
        }
    }
}

/// Collects the violations of a document. All its readers share it.
#[derive(Debug, Default)]
pub struct Violations(RefCell<Vec<Violation>>);

impl Violations {
    /// Adds a violation.
    pub fn push(&self, location: &Location, key: impl Into<String>, message: impl Into<String>) {
        self.add(Violation {
            location: location.clone(),
            key: key.into(),
            message: message.into(),
        });
    }

    /// Adds a violation.
    pub fn add(&self, violation: Violation) {
        self.0.borrow_mut().push(violation);
    }

    /// Drops the violations that say that the key `path` is missing.
    pub(super) fn drop_missing(&self, path: &str) {
        let is_it = |one: &Violation| one.key == path && one.is_missing();
        self.0.borrow_mut().retain(|violation| !is_it(violation));
    }

    /// Whether there is no violation so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Whether no violation so far is at the key `path` or below it.
    #[must_use]
    pub fn are_outside(&self, path: &str) -> bool {
        let is_within = |key: &str| {
            key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !self.0.borrow().iter().any(|violation| is_within(&violation.key))
    }

    /// All violations, each once, in order of file and line.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Violation> {
        let mut violations = self.0.into_inner();
        violations.sort();
        violations.dedup();
        violations
    }
}
