//! The places of mistakes as lines and columns.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use crate::document::{Location, Violation};

/// A part of a file. Lines and columns count from 1, and a column is a character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, relative to the project.
    pub file: String,
    /// The line of its first character.
    pub line: usize,
    /// The column of its first character.
    pub column: usize,
    /// The line of its last character.
    pub end_line: usize,
    /// The column after its last character.
    pub end_column: usize,
}

/// A mistake, for other tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// The dotted path of the key. Empty if the mistake is of no key.
    pub key: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// Other places that have a part in it.
    pub also: Vec<Also>,
}

/// Another place of a mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Also {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// Which part it has.
    pub note: String,
}

impl Mistake {
    /// A mistake in files with these texts.
    #[must_use]
    pub fn of(violation: &Violation, texts: &BTreeMap<String, String>) -> Self {
        let also = violation
            .also
            .iter()
            .map(|(location, note)| Also { place: Place::of(location, texts), note: note.clone() });
        Self {
            place: Place::of(&violation.location, texts),
            key: violation.key.clone(),
            message: violation.said(),
            also: also.collect(),
        }
    }
}

impl Place {
    /// The place of a location in files with these texts. A file as a whole is its first character.
    #[must_use]
    pub fn of(location: &Location, texts: &BTreeMap<String, String>) -> Self {
        let (file, line) = (location.file.to_string(), location.line);
        let text = texts.get(&file).map_or("", String::as_str);
        let span = location.span.filter(|(start, end)| lines(text, *start, *end).is_some());
        let Some((start, end)) = span else {
            return Self { file, line, column: 1, end_line: line, end_column: 1 };
        };
        let column = |at: usize| {
            let before = &text[..at];
            before[before.rfind('\n').map_or(0, |end| end + 1)..].chars().count() + 1
        };
        let end_line = line + text[start..end].matches('\n').count();
        Self { file, line, column: column(start), end_line, end_column: column(end) }
    }
}

/// The bytes of the lines that a span touches. `None` if it is no span of the text.
pub(super) fn lines(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let before = text.get(..start)?;
    text.get(start..end)?;
    let first = before.rfind('\n').map_or(0, |at| at + 1);
    let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
    Some(first..last)
}
