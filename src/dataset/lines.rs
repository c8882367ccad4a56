//! Numbers of lines.

use std::cell::Cell;

/// Finds the line of a place in a text, from 1. A line ends with `\n`, `\r\n` or `\r`. The reader of tables counts one too
/// few after `\r\n`.
pub(super) struct Lines<'l> {
    bytes: &'l [u8],
    /// A place and its line: the next question is often about a later place.
    last: Cell<(usize, u64)>,
}

impl<'l> Lines<'l> {
    pub(super) fn new(bytes: &'l [u8]) -> Self {
        Self { bytes, last: Cell::new((0, 1)) }
    }

    /// The line of the first character at or after a place that does not end a line.
    pub(super) fn at(&self, place: u64) -> u64 {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let is_end = |at: usize| matches!(self.bytes.get(at), Some(b'\n' | b'\r'));
        let (mut at, mut line) = match self.last.get() {
            last if last.0 <= place => last,
            _ => (0, 1),
        };
        while at < self.bytes.len() && (at < place || is_end(at)) {
            let ends = match self.bytes[at] {
                b'\n' => true,
                b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            line += u64::from(ends);
            at += 1;
        }
        self.last.set((at, line));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_alike_for_each_kind_of_line_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a", "bc", "", "d"].join(end);
            let lines = Lines::new(text.as_bytes());
            let place = |letter: char| text.find(letter).unwrap() as u64;
            let found = ['a', 'b', 'c', 'd'].map(|letter| lines.at(place(letter)));
            assert_eq!(found, [1, 2, 2, 4], "{end:?}");
            assert_eq!(
                lines.at(place('b') - end.len() as u64),
                2,
                "{end:?}: the end belongs to the next line"
            );
            assert_eq!(lines.at(0), 1);
        }
    }
}
