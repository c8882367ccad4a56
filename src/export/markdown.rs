//! Tables and changes as Markdown.

use crate::diff::{CellChange, Changes};
use crate::format::visible;
use crate::table::{Cell, Table};

/// `text` as CommonMark and GitHub's tables read it literally, on one line.
#[must_use]
pub fn escape(text: &str) -> String {
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
    escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// Escaped text at the start of a block, where it opens no list and no rule.
#[must_use]
pub fn at_start(text: &str) -> String {
    let text = text.trim_start();
    let after_digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - after_digits.len()];
    let ends_mark = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    if !digits.is_empty() && after_digits.strip_prefix(['.', ')']).is_some_and(ends_mark) {
        return format!("{digits}\\{after_digits}");
    }
    let is_list = text.strip_prefix(['-', '+']).is_some_and(ends_mark);
    let is_rule = text.chars().all(|c| "-= ".contains(c)) && !text.is_empty();
    if is_list || is_rule { format!("\\{text}") } else { text.to_owned() }
}

/// A column of a table.
pub struct Column {
    /// Its head, escaped.
    pub head: String,
    /// Whether it holds numbers, which are aligned at the right.
    pub is_number: bool,
}

/// A table in GitHub's form; all cells are Markdown already.
#[must_use]
pub fn table(columns: &[Column], rows: &[Vec<String>]) -> String {
    let heads: Vec<_> = columns.iter().map(|column| column.head.clone()).collect();
    let rules = columns.iter().map(|column| if column.is_number { "---:" } else { "---" });
    let rules: Vec<_> = rules.map(str::to_owned).collect();
    let lines = [&heads, &rules].into_iter().chain(rows);
    let lines: Vec<_> = lines.map(|cells| format!("| {} |", cells.join(" | "))).collect();
    lines.join("\n") + "\n"
}

/// The rows of a table. Cells that differ between two executions are between marks of provenance.
#[must_use]
pub fn rows(table: &Table) -> String {
    let columns = table.columns.iter();
    let columns =
        columns.map(|column| Column { head: escape(&column.head), is_number: column.is_number });
    let rows = table.rows.iter();
    let cell = |(column, cell): (&crate::table::Column, &Cell)| match column.is_volatile {
        true => format!("<!-- provenance -->{}<!-- end of provenance -->", escape(&cell.text())),
        false => escape(&cell.text()),
    };
    let rows = rows.map(|row| table.columns.iter().zip(&row.cells).map(cell).collect());
    self::table(&columns.collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
}

/// Changes as Markdown: a sentence, a table of at most `most` cells, and a list.
#[must_use]
pub fn changes(changes: &Changes, most: usize) -> String {
    let heads = ["table", "row", "column", "before", "now", "beyond seed noise"];
    let columns = heads.map(|head| Column { head: head.to_owned(), is_number: false });
    let rows: Vec<_> = changes.cells.iter().take(most).map(change).collect();
    let mut parts = vec![format!("{}\n", changes.summary())];
    if let Some((old, new)) = &changes.title {
        parts.push(format!("- title: {} → {}\n", escape(old), escape(new)));
    }
    if !rows.is_empty() {
        parts.push(table(&columns, &rows));
    }
    if changes.cells.len() > most {
        parts.push(format!("{} more cells changed.\n", changes.cells.len() - most));
    }
    let claims = changes.claims.iter();
    let claims = claims.map(|(name, old, new)| {
        format!("- claim {}: {} → {}\n", escape(name), escape(old), escape(new))
    });
    let added = changes.added.iter().map(|row| format!("- added {}\n", escape(row)));
    let removed = changes.removed.iter().map(|row| format!("- removed {}\n", escape(row)));
    let lines: String = claims.chain(added).chain(removed).collect();
    if !lines.is_empty() {
        parts.push(lines);
    }
    parts.join("\n")
}

fn change(change: &CellChange) -> Vec<String> {
    let CellChange { table, row, column, old, new, beyond_noise, .. } = change;
    let beyond = beyond_noise.map_or("–", |beyond| if beyond { "yes" } else { "no" });
    [table, row, column, old, new]
        .map(|text| escape(text))
        .into_iter()
        .chain([beyond.to_owned()])
        .collect()
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

    #[test]
    fn a_value_at_the_start_of_a_line_opens_no_list_and_no_rule() {
        let start = |text: &str| at_start(&escape(text));
        for text in ["- x", "1. x", "12) x", "+ x", "---", "===", "# x", "> x", "1.5", "* x"] {
            let mut html = String::new();
            let written = format!("{}\n", start(text));
            pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&written));
            assert_eq!(html.trim(), format!("<p>{}</p>", text.replace('>', "&gt;")), "{written}");
        }
        assert_eq!([start("64.90"), start("+1.5")], ["64.90", "+1.5"]);
    }
}
