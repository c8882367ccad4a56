//! Errors as people read them in a terminal.

use super::terminal::{alert, is_styled, styled_message};
use crate::diagnostic;
use crate::pipeline::{Error, Invalid};

/// The text of an error: the error, its causes, and what can be done. `is_styled` gives it colours.
pub(super) fn text(error: &Error, is_styled: bool) -> String {
    let label = |word: &str| match (is_styled, word) {
        (false, _) => format!("{word}: "),
        (true, "error") => "\u{1b}[1;91merror\u{1b}[0m: ".to_owned(),
        (true, _) => format!("\u{1b}[1m{word}\u{1b}[0m: "),
    };
    let visible = crate::format::visible;
    let mut lines = Vec::new();
    match error {
        Error::Invalid(invalid) => {
            let Invalid { violations, texts, .. } = &**invalid;
            lines.push(diagnostic::show(violations, texts, is_styled) + "\n");
        }
        _ => {
            let kind = if matches!(error, Error::Incomplete { .. }) { "note" } else { "error" };
            for line in error.to_string().lines() {
                // The lines of a log belong to the error before them.
                match line.starts_with("  ") {
                    true => lines.push(visible(line)),
                    false => lines.push(label(kind) + &visible(line)),
                }
            }
        }
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        lines.push(label("caused by") + &visible(&cause.to_string()));
        source = cause.source();
    }
    lines.extend(error.hint().map(|hint| label("hint") + &visible(&hint)));
    lines.join("\n")
}

/// Prints an error to standard error.
pub(super) fn explain(error: &Error) {
    match is_styled() {
        true => styled_message(&text(error, true)),
        false => text(error, false).lines().for_each(alert),
    }
}
