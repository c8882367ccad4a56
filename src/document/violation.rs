//! What is wrong with a document, where, and what to do about it.

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
    /// Where it stands.
    pub location: Location,
    /// Dotted path of the key; empty for the document as a whole.
    pub key: String,
    /// What is wrong, with the offending value.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}: {}", self.location, self.message),
            key => write!(f, "{}: `{key}` {}", self.location, self.message),
        }
    }
}

/// Collects violations while a document is read. Shared by all readers of the document.
#[derive(Debug, Default)]
pub struct Violations(RefCell<Vec<Violation>>);

impl Violations {
    /// Adds one.
    pub fn push(&self, location: &Location, key: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(Violation {
            location: location.clone(),
            key: key.into(),
            message: message.into(),
        });
    }

    /// Adds one that is already made.
    pub fn add(&self, violation: Violation) {
        self.0.borrow_mut().push(violation);
    }

    /// Whether none was found so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All of them, in order of file and line, each once.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Violation> {
        let mut violations = self.0.into_inner();
        violations.sort();
        violations.dedup();
        violations
    }
}
