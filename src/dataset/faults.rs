//! What is wrong with the rows of a table.

/// The largest number of faults that a message lists.
const MOST_FAULTS: usize = 5;

/// What is wrong with a file.
#[derive(Default)]
pub(super) struct Faults {
    listed: Vec<String>,
    more: usize,
}

impl Faults {
    pub(super) fn add(&mut self, fault: String) {
        match self.listed.len() < MOST_FAULTS {
            true => self.listed.push(fault),
            false => self.more += 1,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    pub(super) fn into_result<T>(mut self, value: T) -> Result<T, Vec<String>> {
        match self.listed.last_mut() {
            None => Ok(value),
            Some(last) => {
                if self.more > 0 {
                    *last = format!("{last} (and {} more faults)", self.more);
                }
                Err(self.listed)
            }
        }
    }
}

/// What is wrong with a row, as a phrase that follows the name of the file.
pub(super) fn unreadable(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("has {len} values in line {line}, but its header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("is no UTF-8 text in line {line}")
        }
        _ => format!("cannot be read: {error}"),
    }
}
