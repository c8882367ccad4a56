//! How numbers, dates and texts are written for readers, in a report and on the command line.

mod digits;

use std::borrow::Cow;
use std::time::Duration;

pub use digits::{Digits, exponent, rounded, two_digits, typed};

/// Stands in place of a number that is missing.
pub const MISSING: &str = "–";

/// A number with two decimals, with a true minus sign.
#[must_use]
pub fn fixed(value: Option<f64>) -> String {
    value.map_or_else(|| MISSING.to_owned(), |value| Digits::PERCENT.write(value))
}

/// A difference with two decimals. It keeps its sign when it rounds to zero.
#[must_use]
pub fn signed(value: Option<f64>) -> String {
    value.map_or_else(|| MISSING.to_owned(), |value| Digits::PERCENT.signed(value))
}

/// `98697` → `98,697`.
#[must_use]
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 run`, `2 runs`.
#[must_use]
pub fn runs(n: usize) -> String {
    count(n, "run")
}

/// `1 level`, `2 levels`.
#[must_use]
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// An error and its causes on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// `1 h 2 min`, `3 min 4 s`, `5 s`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, min, s) => format!("{min} min {s} s"),
        (h, min, _) => format!("{h} h {min} min"),
    }
}

/// Seconds since 1970 as RFC 3339 in UTC; empty beyond the year 9999.
#[must_use]
pub fn date(seconds: u64) -> String {
    if seconds >= 253_370_764_800 {
        return String::new();
    }
    let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}

/// `text` as one word of a shell command.
#[must_use]
pub fn shell_quoted(text: &str) -> String {
    let quoter = shlex::Quoter::new().allow_nul(true);
    quoter.quote(text).map_or_else(|_| text.to_owned(), Cow::into_owned)
}

/// A command as a shell spells it.
#[must_use]
pub fn shell_spelled(words: &[String]) -> String {
    words.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ")
}

/// `text` on one line. Characters that hide or reorder the text around them become visible.
#[must_use]
pub fn visible(text: &str) -> String {
    let one_line = |c: char| if c.is_whitespace() { ' ' } else { c };
    visible_lines(&text.chars().map(one_line).collect::<String>())
}

/// `text` with its lines and tabs. Characters that hide or reorder the text around them become
/// visible.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => visible.push(character),
            '\r' => {}
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
                visible.extend(character.escape_unicode());
            }
            c if c.is_control() => visible.push('\u{fffd}'),
            c => visible.push(c),
        }
    }
    visible
}

/// A text in lines of at most 100 characters, each after `indent`.
#[must_use]
pub fn wrapped(text: &str, indent: &str) -> String {
    const WIDTH: usize = 100;
    let mut lines = vec![indent.to_owned()];
    for word in text.split_whitespace() {
        let length = |text: &str| text.chars().count();
        let last = &lines[lines.len() - 1];
        if length(last) + 1 + length(word) > WIDTH && length(last) > indent.len() {
            lines.push(indent.to_owned());
        }
        let line = lines.last_mut().expect("there is always a line");
        if line.len() > indent.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_wrapped_between_words() {
        let text = "word ".repeat(40);
        let wrapped = wrapped(&text, "  ");
        assert!(wrapped.lines().all(|line| line.starts_with("  word") && line.len() <= 100));
        assert_eq!((wrapped.lines().count(), wrapped.split_whitespace().count()), (3, 40));
        assert_eq!(super::wrapped(&"x".repeat(200), " "), format!(" {}", "x".repeat(200)));
    }

    #[test]
    fn numbers_as_readers_expect_them() {
        assert_eq!(fixed(Some(81.914)), "81.91");
        assert_eq!(fixed(Some(-0.001)), "0.00");
        assert_eq!(fixed(None), "–");
        assert_eq!(signed(Some(1.0)), "+1.00");
        assert_eq!(signed(Some(-1.5)), "−1.50");
        assert_eq!(signed(Some(-0.004)), "−0.00");
        assert_eq!(signed(Some(0.0)), "0.00");
        assert_eq!([7, 700, 98_697, 1_234_567].map(thousands), ["7", "700", "98,697", "1,234,567"]);
        assert_eq!(
            [5.4, 184.0, 3720.0].map(|s| duration(Duration::from_secs_f64(s))),
            ["5 s", "3 min 4 s", "1 h 2 min"]
        );
    }
}
