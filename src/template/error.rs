//! Mistakes in templates, with their lines.

use std::error::Error;

use minijinja::ErrorKind;
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::names::TEMPLATES;

/// How the number of a result is named.
pub(super) const NUMBER_HINT: &str = "the number alone is `.value`, like `cell(…).value`";

/// Fields that hold numbers.
const NUMBERS: [&str; 3] = [".value", "values", "metrics"];

/// What guards the use of a number.
const MISSING_HINT: &str =
    "a number is undefined while its runs are missing: test it with `{% if … is defined %}`";

/// A template that cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("{template}{}: {message}", of_line(*line))]
pub struct TemplateError {
    /// The template's file.
    pub template: String,
    /// The line, from 1; 0 if it is not known.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
    /// What could stand there instead; empty if the message says it.
    pub hint: String,
}

fn of_line(line: usize) -> String {
    if line == 0 { String::new() } else { format!(":{line}") }
}

impl TemplateError {
    /// A mistake at a line of a template.
    pub fn at(
        template: &str,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let template = format!("{TEMPLATES}/{template}");
        Self { template, line, message: message.into(), hint: hint.into() }
    }

    /// An error of minijinja while it reads or evaluates `name`; `text_of` gives the text of a
    /// template. An error in an included template has the name and the line of that template.
    pub(super) fn of(
        error: &minijinja::Error,
        name: &str,
        text_of: impl Fn(&str) -> String,
    ) -> Self {
        let mut error = error;
        while let Some(inner) = error.source().and_then(|inner| inner.downcast_ref()) {
            error = inner;
        }
        let template = error.name().unwrap_or(name);
        let source = text_of(template);
        let detail = error.detail().unwrap_or_default();
        let never = |line: usize, open: &str, end: &str| {
            let hint = format!("close it with `{end}`");
            Self::at(template, line, format!("`{open}` is never closed"), hint)
        };
        let last = |open: &str| source.rfind(open).map_or(0, |at| line_at(&source, at));
        match detail {
            "unexpected end of comment" => return never(last("{#"), "{#", "#}"),
            "unexpected end of raw block" => {
                return never(last("raw"), "{% raw %}", "{% endraw %}");
            }
            _ if detail.starts_with("unexpected end of input") => {
                if let Some((line, tag)) = unclosed(&source) {
                    return never(line, &format!("{{% {tag} %}}"), &format!("{{% end{tag} %}}"));
                }
            }
            _ => {}
        }
        let before = error.range().and_then(|range| source.get(..range.start));
        for (end, open, close) in
            [("end of variable block", "{{", "}}"), ("end of block", "{%", "%}")]
        {
            let at = before.filter(|_| detail.ends_with(end)).and_then(|text| text.rfind(open));
            // A tag that is closed before the next one opens has another mistake.
            let is_closed = |at: &usize| {
                let rest = &source[at + open.len()..];
                let next = ["{{", "{%"].iter().filter_map(|tag| rest.find(tag)).min();
                rest.find(close).is_some_and(|close| next.is_none_or(|next| close < next))
            };
            let line = at.filter(|at| !is_closed(at)).map(|at| line_at(&source, at));
            // On one line, the message of minijinja says what is wrong.
            if let Some(line) = line.filter(|line| Some(*line) != error.line()) {
                return never(line, open, close);
            }
        }
        let kind = error.kind();
        let place = error.range().and_then(|range| source.get(range));
        let message = match (error.detail(), place) {
            // The kind says nothing more than the message of a function of `report`.
            (Some(detail), _) if kind == ErrorKind::InvalidOperation => detail.to_owned(),
            _ if kind == ErrorKind::OutOfFuel => "the template takes too many steps".to_owned(),
            _ if kind == ErrorKind::WriteFailure => {
                "the template writes more than 32 MB".to_owned()
            }
            (Some(detail), _) => format!("{kind}: {detail}"),
            (None, Some(place)) => format!("{kind}: `{place}`"),
            (None, None) => kind.to_string(),
        };
        let hint = match kind {
            ErrorKind::TemplateNotFound => {
                format!("`{{% include %}}` and `{{% import %}}` find files in `{TEMPLATES}/`")
            }
            ErrorKind::OutOfFuel | ErrorKind::WriteFailure => {
                "is there a loop in a loop, or a long `range`?".to_owned()
            }
            ErrorKind::UnknownFilter => {
                "docs/templates.md names the filters of `report`; the others are those of minijinja"
                    .to_owned()
            }
            _ if message.contains("plain object") => NUMBER_HINT.to_owned(),
            // A name that is undefined is no number.
            _ if message.contains("undefined")
                && place.is_none_or(|place| NUMBERS.iter().any(|one| place.contains(one))) =>
            {
                MISSING_HINT.to_owned()
            }
            _ => String::new(),
        };
        Self::at(template, error.line().unwrap_or_default(), message, hint)
    }
}

/// The line of a place in a text, from 1.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Refuses `{#name`: in Markdown it looks like the identifier of a heading, but it opens a comment
/// that swallows the text after it.
pub(super) fn check_comments(name: &str, source: &str) -> Result<(), TemplateError> {
    for (index, line) in source.lines().enumerate() {
        let mut opened = line.split("{#").skip(1);
        let is_comment =
            |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '-', '+', '#']);
        if let Some(rest) = opened.find(|rest| !is_comment(rest)) {
            let word: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
            let message = format!("`{{#{word}` opens a comment of the template");
            let hint = "remove it: headings get their anchors from their text";
            return Err(TemplateError::at(name, index + 1, message, hint));
        }
    }
    Ok(())
}

/// The innermost block tag of `source` that is never closed, with its line.
fn unclosed(source: &str) -> Option<(usize, String)> {
    let tokens = tokenize(source, false, SyntaxConfig::default()).map_while(Result::ok);
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut before = None;
    for (token, span) in tokens {
        if let (Some(Token::BlockStart), Token::Ident(word)) = (&before, &token) {
            match word.strip_prefix("end") {
                Some(closed) if open.last().is_some_and(|(_, word)| *word == closed) => {
                    open.pop();
                }
                _ if BLOCKS.contains(word) => open.push((usize::from(span.start_line), *word)),
                _ => {}
            }
        }
        // `{% set name = value %}` has no end.
        if matches!(token, Token::Assign) && open.last().is_some_and(|(_, word)| *word == "set") {
            open.pop();
        }
        before = Some(token);
    }
    open.pop().map(|(line, word)| (line, word.to_owned()))
}

/// Tags that open a block.
const BLOCKS: [&str; 9] =
    ["if", "for", "macro", "call", "filter", "block", "with", "autoescape", "set"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unclosed_block_is_found_where_it_opens() {
        let source = "a\n{% if x %}\n{% for y in z %}\n{% endfor %}\n{% set a = 1 %}\nend\n";
        assert_eq!(unclosed(source), Some((2, "if".to_owned())));
        assert_eq!(unclosed("{% set x %}\n1{% endset %}"), None);
    }

    #[test]
    fn an_identifier_after_a_heading_is_no_comment() {
        assert!(check_comments("t", "# A\n\n{# a comment #} {#- another -#}\n").is_ok());
        let error = check_comments("t", "# A\n\n## B {#sec:b}\n").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.message.contains("`{#sec:b}`"), "{error}");
    }
}
