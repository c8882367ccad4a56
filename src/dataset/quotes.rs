//! Quotes in tables. The reader of tables accepts any, and a quote that does not end takes the rows after it with it.

use super::lines::Lines;

/// Where a byte is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Before a value.
    Start,
    /// In the blanks before a value.
    Blank,
    /// In a value without quotes.
    Plain,
    /// Between two quotes.
    Quoted,
    /// After the quote that ends a value, or the first of two quotes that stand for one.
    Ended,
    /// In the blanks after such a value.
    Closed,
}

/// A value whose quotes are not those of RFC 4180: it begins with a quote and goes on after its end, or has no end. A
/// quote within a value without quotes is a character. Returns a phrase that follows the name of the file.
pub(super) fn fault(bytes: &[u8], delimiter: u8, lines: &Lines<'_>) -> Option<String> {
    let (mut state, mut begin) = (State::Start, 0);
    for (at, byte) in (0..).zip(bytes) {
        let is_end = *byte == delimiter || *byte == b'\n' || *byte == b'\r';
        state = match (state, *byte) {
            (State::Start | State::Blank, b' ' | b'\t') if !is_end => State::Blank,
            (State::Blank, b'"') => {
                return Some(format!(
                    "has a blank before a quote in line {}; a quoted value begins with its quote",
                    lines.at(at)
                ));
            }
            (State::Start | State::Ended, b'"') => {
                begin = if state == State::Start { at } else { begin };
                State::Quoted
            }
            (State::Quoted, b'"') => State::Ended,
            (State::Quoted, _) => State::Quoted,
            (_, _) if is_end => State::Start,
            (State::Ended | State::Closed, b' ' | b'\t') => State::Closed,
            (State::Ended | State::Closed, _) => {
                return Some(format!(
                    "has a value that goes on after its closing quote in line {}; a quote within quotes is \
                     written twice",
                    lines.at(at)
                ));
            }
            (State::Start | State::Blank | State::Plain, _) => State::Plain,
        };
    }
    (state == State::Quoted).then(|| {
        let line = lines.at(begin);
        format!("has a quote in line {line} that is not closed before the end of the file")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(bytes: &[u8], delimiter: u8) -> Option<String> {
        super::fault(bytes, delimiter, &Lines::new(bytes))
    }

    #[test]
    fn a_quote_must_close_where_its_value_ends() {
        for sound in [
            "a,b\n1,2\n",
            "a,\"b\"\r\n\"x, y\",\"2 \"\" 3\"",
            "a\n\"two\nlines\"\n",
            "5\" pipe,1\n",
            "",
        ] {
            assert_eq!(fault(sound.as_bytes(), b','), None, "{sound}");
        }
        let of = |text: &str| fault(text.as_bytes(), b',').unwrap();
        assert!(of("a,b\n1,\"oops\n3,4\n").starts_with("has a quote in line 2 that is not closed"));
        assert!(of("a\n\"0.\"1508\n").contains("after its closing quote in line 2"));
        assert!(of("a,b\n1, \"x\"\n").contains("a blank before a quote in line 2"));
        assert!(of("a,b\n\"x,1\ny,2\n\"z,3\n").contains("after its closing quote in line 4"));
    }

    #[test]
    fn a_tab_separates_values_only_if_it_is_the_delimiter() {
        assert_eq!(fault(b"a\tb\n\"1\"\t\"2\"\n", b'\t'), None);
        assert!(fault(b"a,b\n\"1\"\t\"2\"\n", b',').is_some());
    }
}
