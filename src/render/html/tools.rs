//! Copies of a table for other programs, behind buttons that the page's script shows.

use super::escape;
use crate::render::export;
use crate::render::table::{Form, TableContext};

/// Buttons that copy the table as CSV, LaTeX and Markdown, with the texts.
pub(super) fn copies(name: &str, id: &str, table: &TableContext, form: &Form) -> String {
    let texts = [
        ("csv", "CSV", export::csv(form)),
        ("latex", "LaTeX", export::latex(name, &table.caption, form)),
        ("markdown", "Markdown", crate::render::markdown::form(form)),
    ];
    let button = |(kind, label, _): &(&str, &str, String)| {
        format!("<button type=\"button\" data-copy=\"{kind}-{id}\">Copy {label}</button>")
    };
    let text = |(kind, _, text): &(&str, &str, String)| {
        format!("<pre hidden id=\"{kind}-{id}\">{}</pre>\n", escape_lines(text))
    };
    let buttons: Vec<_> = texts.iter().map(button).collect();
    let texts: Vec<_> = texts.iter().map(text).collect();
    format!("<div class=\"tools\">{}</div>\n{}", buttons.join(" "), texts.concat())
}

/// Escaped line by line: what hides or reorders text becomes visible, and lines stay lines.
pub(super) fn escape_lines(text: &str) -> String {
    text.lines().map(|line| escape(line) + "\n").collect()
}
