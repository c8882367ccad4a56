//! Mistakes in a document and their locations.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, as the user would name it.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// The first byte of the place in the file, and the byte after its last. `None` for a file as a whole.
    pub span: Option<(usize, usize)>,
}

impl Location {
    /// A file as a whole.
    #[must_use]
    pub fn of_file(file: &str) -> Self {
        Self { file: file.into(), line: 1, span: None }
    }
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
    /// What is wrong, with the value at fault; then what to do.
    pub message: String,
    /// Other places that have a part in the mistake, and which.
    pub also: Vec<(Location, String)>,
}

impl Violation {
    /// A mistake with one place.
    pub fn new(location: Location, key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { location, key: key.into(), message: message.into(), also: Vec::new() }
    }

    /// The key and the message.
    #[must_use]
    pub fn said(&self) -> String {
        match self.key.as_str() {
            "" => self.message.clone(),
            key => format!("`{key}` {}", self.message),
        }
    }

    /// Whether it says that its key is missing.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.message.starts_with("is missing")
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.said())
    }
}

/// Collects the violations of a document. All its readers share it.
#[derive(Debug, Default)]
pub struct Violations {
    found: RefCell<Vec<Violation>>,
    faulty: RefCell<BTreeSet<String>>,
    is_partial: bool,
}

impl Violations {
    /// No violation yet. The document refers to others. If `is_partial`, some of them have mistakes.
    #[must_use]
    pub fn of_references(is_partial: bool) -> Self {
        Self { is_partial, ..Self::default() }
    }

    /// Whether the document refers to others that have mistakes.
    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Adds a violation.
    pub fn push(&self, location: &Location, key: impl Into<String>, message: impl Into<String>) {
        self.add(Violation::new(location.clone(), key, message));
    }

    /// Adds a violation.
    pub fn add(&self, violation: Violation) {
        self.found.borrow_mut().push(violation);
    }

    /// Notes that the definition of `name` has mistakes.
    pub fn note_faulty(&self, name: &str) {
        self.faulty.borrow_mut().insert(name.to_owned());
    }

    /// Whether any definition has mistakes, so that something that is missing may be among them.
    #[must_use]
    pub fn has_faulty(&self) -> bool {
        !self.faulty.borrow().is_empty()
    }

    /// Whether the definition of `name` has mistakes. A reference to it is no mistake.
    #[must_use]
    pub fn is_faulty(&self, name: &str) -> bool {
        self.faulty.borrow().contains(name)
    }

    /// Whether there is no violation so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Whether no violation so far is at the key `path` or below it.
    #[must_use]
    pub fn are_outside(&self, path: &str) -> bool {
        let is_within = |key: &str| {
            key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        !self.found.borrow().iter().any(|violation| is_within(&violation.key))
    }

    /// All violations, each once, in order of file and line.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Violation> {
        let mut violations = self.found.into_inner();
        violations.sort();
        violations.dedup();
        violations
    }
}

/// Violations in order of file and line, each once. One that several experiments share keeps all their
/// other places.
#[must_use]
pub fn merged(mut violations: Vec<Violation>) -> Vec<Violation> {
    violations.sort();
    let mut each: Vec<Violation> = Vec::new();
    for violation in violations {
        let known = each.last_mut().filter(|last| {
            (&last.location, &last.key, &last.message)
                == (&violation.location, &violation.key, &violation.message)
        });
        match known {
            Some(known) => known.also.extend(violation.also),
            None => each.push(violation),
        }
    }
    for one in &mut each {
        one.also.sort();
        one.also.dedup();
    }
    each
}
