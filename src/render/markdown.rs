//! Values as Markdown: escaped text, tables.

use minijinja::{Error, Output, State, Value};

use super::format::visible;

/// Writes a value of a template: markup made here as it is, anything else escaped.
pub(super) fn write_escaped(
    output: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_undefined() || value.is_safe() {
        return minijinja::escape_formatter(output, state, value);
    }
    Ok(output.write_str(&escape(&value.to_string()))?)
}

/// `text` as CommonMark and GitHub's tables read it literally, on one line.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '#' | '!' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // Code hosts make links of bare addresses and of names.
            '@' => escaped.push_str("&#64;"),
            c => escaped.push(c),
        }
    }
    escaped.replace("://", "&#58;//")
}

/// A column of a table.
pub(super) struct Column {
    /// Its head, escaped.
    pub(super) head: String,
    /// Whether it holds numbers, which are aligned at their right.
    pub(super) is_number: bool,
}

/// A table in GitHub's form; all cells are Markdown already.
pub(super) fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let heads: Vec<_> = columns.iter().map(|column| column.head.clone()).collect();
    let rules = columns.iter().map(|column| if column.is_number { "---:" } else { "---" });
    let rules: Vec<_> = rules.map(str::to_owned).collect();
    let lines = [&heads, &rules].into_iter().chain(rows);
    let lines: Vec<_> = lines.map(|cells| format!("| {} |", cells.join(" | "))).collect();
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_become_markup() {
        let hostile = "<script>alert(1)</script> | `x` *y* [z](u)\n# a_b \u{202e}";
        let escaped = escape(hostile);
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&escaped));
        assert_eq!(
            html.trim(),
            "<p>&lt;script&gt;alert(1)&lt;/script&gt; | `x` *y* [z](u) # a_b \\u{202e}</p>"
        );
    }
}
