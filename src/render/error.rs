//! Mistakes in templates, with their lines.

use minijinja::ErrorKind;

use super::names::{TEMPLATES, hint};

/// A template that cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("{template}:{line}: {message}")]
pub struct RenderError {
    /// The template's file.
    pub template: String,
    /// The line, from 1; 0 if it is not known.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
    /// What could stand there instead.
    pub hint: String,
}

impl RenderError {
    /// A mistake at a line of a template.
    pub(super) fn at(
        template: &str,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let template = format!("{TEMPLATES}/{template}");
        Self { template, line, message: message.into(), hint: hint.into() }
    }

    /// An error of minijinja in the template `name`, whose text is `source`.
    pub(super) fn of(error: &minijinja::Error, name: &str, source: &str) -> Self {
        let template = error.name().unwrap_or(name);
        let is_unclosed = error.kind() == ErrorKind::SyntaxError
            && error.detail().is_some_and(|detail| detail.contains("end of input"));
        if is_unclosed && let Some((line, tag)) = unclosed(source) {
            let message = format!("`{{% {tag} %}}` is never closed");
            let hint = format!("close it with `{{% end{tag} %}}`");
            return Self::at(template, line, message, hint);
        }
        let kind = error.kind();
        let place = error.range().filter(|_| template == name).and_then(|range| source.get(range));
        let message = match (error.detail(), place) {
            (Some(detail), _) => format!("{kind}: {detail}"),
            (None, Some(place)) => format!("{kind}: `{place}`"),
            (None, None) => kind.to_string(),
        };
        let hint = match kind {
            ErrorKind::TemplateNotFound => {
                format!("`{{% include %}}` and `{{% import %}}` find files in `{TEMPLATES}/`")
            }
            _ => hint(),
        };
        Self::at(template, error.line().unwrap_or_default(), message, hint)
    }
}

/// Refuses `{#name`: in Markdown it looks like the identifier of a heading, but it opens a comment
/// that swallows the text after it.
pub(super) fn check_comments(name: &str, source: &str) -> Result<(), RenderError> {
    for (index, line) in source.lines().enumerate() {
        let mut opened = line.split("{#").skip(1);
        let is_comment =
            |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '-', '+', '#']);
        if let Some(rest) = opened.find(|rest| !is_comment(rest)) {
            let word: String = rest.chars().take_while(|c| !c.is_whitespace()).collect();
            let message = format!("`{{#{word}` opens a comment, and not an identifier");
            let hint = "headings get their anchors from their texts; a comment is `{# text #}`, with \
                        spaces; text is `{{ \"{#\" }}`";
            return Err(RenderError::at(name, index + 1, message, hint));
        }
    }
    Ok(())
}

/// The innermost block tag of `source` that is never closed, with its line.
fn unclosed(source: &str) -> Option<(usize, String)> {
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(start) = rest.find("{%") {
        line += rest[..start].matches('\n').count();
        let tag = rest[start + 2..].trim_start_matches(['-', '+']);
        let end = tag.find("%}").unwrap_or(tag.len());
        let (inside, after) = tag.split_at(end);
        let word: String =
            inside.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        let is_block = match word.as_str() {
            "set" => !inside.contains('='),
            word => ["if", "for", "macro", "call", "filter", "block", "with", "autoescape", "raw"]
                .contains(&word),
        };
        if let Some(closed) = word.strip_prefix("end") {
            if open.last().is_some_and(|(_, tag)| tag == closed) {
                open.pop();
            }
        } else if is_block {
            open.push((line, word));
        }
        line += inside.matches('\n').count();
        rest = after;
    }
    open.pop()
}

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
