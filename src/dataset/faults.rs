//! What is wrong with the rows of a table.

use super::lines::Lines;

/// The largest number of faults that a message lists.
const MOST_FAULTS: usize = 10;

/// What is wrong with a file. Faults of one kind are one fault with a number.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

struct Fault {
    /// Tells kinds apart: what is wrong, and the column.
    kind: (&'static str, String),
    /// The first fault of its kind.
    text: String,
    /// The number of further faults.
    more: usize,
}

impl Faults {
    /// Adds a fault of its own kind.
    pub(super) fn add(&mut self, text: String) {
        let kind = ("", text.clone());
        self.0.push(Fault { kind, text, more: 0 });
    }

    /// Adds a fault in a column.
    pub(super) fn add_in(&mut self, column: &str, what: &'static str, text: String) {
        let kind = (what, column.to_owned());
        match self.0.iter_mut().find(|fault| fault.kind == kind) {
            Some(fault) => fault.more += 1,
            None => self.0.push(Fault { kind, text, more: 0 }),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_result<T>(self, value: T) -> Result<T, Vec<String>> {
        if self.is_empty() {
            return Ok(value);
        }
        let left_out = self.0.len().saturating_sub(MOST_FAULTS);
        let text = |Fault { text, more, .. }: Fault| match more {
            0 => text,
            1 => format!("{text}; one more row has this fault"),
            n => format!("{text}; {n} more rows have this fault"),
        };
        let mut texts: Vec<_> = self.0.into_iter().take(MOST_FAULTS).map(text).collect();
        if let Some(last) = texts.last_mut().filter(|_| left_out > 0) {
            *last = format!("{last} (and {left_out} more faults)");
        }
        Err(texts)
    }
}

/// Why a text is no number: a phrase that follows it.
pub(super) fn no_number(text: &str) -> &'static str {
    let with_point = text.replace(',', ".");
    let is_comma = text.contains(',') && with_point.parse::<f32>().is_ok();
    let is_large = text.parse::<f64>().is_ok() && text.contains(|c: char| c.is_ascii_digit());
    match () {
        () if is_comma => "which is no number: the decimal sign is a point",
        () if is_large => "which is too large for a number of 32 bits",
        () => "which is no number",
    }
}

/// What is wrong with a row, as a phrase that follows the name of the file.
pub(super) fn unreadable(error: &csv::Error, lines: &Lines<'_>) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, |pos| lines.at(pos.byte()));
            format!("has {len} values in line {line}, but its header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(0, |pos| lines.at(pos.byte()));
            format!("is no UTF-8 text in line {line}")
        }
        _ => format!("cannot be read: {error}"),
    }
}
