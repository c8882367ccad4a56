//! Mistakes in templates, with their lines.

use std::error::Error;

use minijinja::ErrorKind;
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::names::TEMPLATES;
use super::syntax::with_line_ends;
use crate::document::{Location, Violation};

/// How the number of a result is named.
pub(super) const NUMBER_HINT: &str = "the number alone is `.value`, like `cell(…).value`";

/// Fields that hold numbers.
const NUMBERS: [&str; 3] = [".value", "values", "metrics"];

/// What guards the use of a number.
const MISSING_HINT: &str =
    "a number is undefined while its runs are missing: test it with `{% if … is defined %}`";

/// A template that cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The name of the template.
    pub template: String,
    /// The line, from 1; 0 if it is not known.
    pub line: usize,
    /// The first byte of the mistake in the template, and the byte after its last, if they are known.
    pub span: Option<(usize, usize)>,
    /// What is wrong there.
    pub message: String,
    /// What could stand there instead; empty if the message says it.
    pub hint: String,
}

impl TemplateError {
    /// A mistake at a line of a template.
    pub fn at(
        template: &str,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (template, message, hint) = (template.to_owned(), message.into(), hint.into());
        Self { template, line, span: None, message, hint }
    }

    /// A mistake at these bytes of the text of a template.
    pub(super) fn within(
        template: &str,
        text: &str,
        span: (usize, usize),
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let line = line_at(text, span.0);
        Self { span: Some(span), ..Self::at(template, line, message, hint) }
    }

    /// The same as a mistake in a file of the project, whose template has this text.
    #[must_use]
    pub fn in_file(&self, text: &str) -> Violation {
        let file = format!("{TEMPLATES}/{}", self.template);
        let span = self.span.or_else(|| {
            let line = text.split_inclusive('\n').nth(self.line.checked_sub(1)?)?;
            let start = line.as_ptr() as usize - text.as_ptr() as usize;
            let blank = line.len() - line.trim_start().len();
            Some((start + blank, start + line.trim_end().len().max(blank)))
        });
        let location = Location { file: file.into(), line: self.line.max(1), span };
        let message = match self.hint.as_str() {
            "" => self.message.clone(),
            hint => format!("{}; {hint}", self.message),
        };
        Violation::new(location, "", message)
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
        let evaluated = with_line_ends(template, &source);
        let range = error.range().map(|range| {
            let of = |offset| in_original(&source, &evaluated, offset);
            of(range.start)..of(range.end)
        });
        let detail = error.detail().unwrap_or_default();
        let never = |at: usize, open: &str, end: &str| {
            let hint = format!("close it with `{end}`");
            let span = (at, source[at..].find('\n').map_or(source.len(), |end| at + end));
            Self::within(template, &source, span, format!("`{open}` is never closed"), hint)
        };
        let last = |open: &str| source.rfind(open).unwrap_or(0);
        match detail {
            "unexpected end of comment" => return never(last("{#"), "{#", "#}"),
            "unexpected end of raw block" => {
                return never(last("raw"), "{% raw %}", "{% endraw %}");
            }
            _ if detail.starts_with("unexpected end of input") => {
                if let Some((at, tag)) = unclosed(&source) {
                    return never(at, &format!("{{% {tag} %}}"), &format!("{{% end{tag} %}}"));
                }
            }
            _ => {}
        }
        let before = range.clone().and_then(|range| source.get(..range.start));
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
            let at = at.filter(|at| !is_closed(at));
            // On one line, the message of minijinja says what is wrong.
            if let Some(at) = at.filter(|at| Some(line_at(&source, *at)) != error.line()) {
                return never(at, open, close);
            }
        }
        let kind = error.kind();
        let place = range.clone().and_then(|range| source.get(range));
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
        let span = range.filter(|range| source.get(range.clone()).is_some());
        let span = span.map(|range| (range.start, range.end));
        Self { span, ..Self::at(template, error.line().unwrap_or_default(), message, hint) }
    }
}

/// The place in a template of an offset in the text that is evaluated, which has signs at the ends of some lines.
fn in_original(original: &str, evaluated: &str, offset: usize) -> usize {
    let before = evaluated.get(..offset).unwrap_or(evaluated);
    let n_lines = before.matches('\n').count();
    let column = before.rsplit('\n').next().map_or(0, str::len);
    let start = original.split_inclusive('\n').take(n_lines).map(str::len).sum::<usize>();
    let length = original[start..].find('\n').unwrap_or(original.len() - start);
    start + column.min(length)
}

/// The line of a place in a text, from 1.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Refuses `{#name`: in Markdown it looks like the identifier of a heading, but it opens a comment
/// that swallows the text after it.
pub(super) fn check_comments(name: &str, source: &str) -> Result<(), TemplateError> {
    for line in source.lines() {
        let mut opened = line.split("{#").skip(1);
        let is_comment =
            |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '-', '+', '#']);
        if let Some(rest) = opened.find(|rest| !is_comment(rest)) {
            let word: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
            let message = format!("`{{#{word}` opens a comment of the template");
            let hint = "remove it: headings get their anchors from their text";
            let start = rest.as_ptr() as usize - source.as_ptr() as usize - 2;
            let span = (start, start + 2 + word.len());
            return Err(TemplateError::within(name, source, span, message, hint));
        }
    }
    Ok(())
}

/// The innermost block tag of `source` that is never closed, with the place of its word.
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
                _ if BLOCKS.contains(word) => open.push((span.start_offset as usize, *word)),
                _ => {}
            }
        }
        // `{% set name = value %}` has no end.
        if matches!(token, Token::Assign) && open.last().is_some_and(|(_, word)| *word == "set") {
            open.pop();
        }
        before = Some(token);
    }
    open.pop().map(|(at, word)| (at, word.to_owned()))
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
        assert_eq!(unclosed(source), Some((5, "if".to_owned())));
        assert_eq!(unclosed("{% set x %}\n1{% endset %}"), None);
    }

    #[test]
    fn an_identifier_after_a_heading_is_no_comment() {
        assert!(check_comments("t", "# A\n\n{# a comment #} {#- another -#}\n").is_ok());
        let error = check_comments("t", "# A\n\n## B {#sec:b}\n").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.message.contains("`{#sec:b}`"), "{error:?}");
    }
}
