//! The Markdown report: the skeleton with escaped values, and items as Markdown.

use super::anchors::{self, line_of};
use super::error::RenderError;
use super::names::PAPER_TEMPLATE;
use super::skeleton::{Block, Item, Mark, Part, Place, Skeleton, parts};
use crate::claim::JudgedClaim;
use crate::context::{Context, FigureContext};
use crate::format::{visible, visible_lines};
use crate::table::{Table, TableItem};

/// Renders the report.
///
/// # Errors
/// If a value cannot stand where it does, with the line of the template.
pub(super) fn render(
    skeleton: &Skeleton,
    context: &Context,
    source: &str,
) -> Result<String, RenderError> {
    let places = skeleton.places();
    let place_at = |at: usize| {
        let found = places.iter().find(|(range, _)| range.contains(&at));
        found.map_or(Place::Address, |(_, place)| *place)
    };
    let mut text = String::with_capacity(2 * skeleton.text.len());
    let mut at = 0;
    for part in parts(&skeleton.text) {
        match part {
            Part::Plain(plain) => {
                text.push_str(plain);
                at += plain.len();
            }
            Part::Mark(index) => {
                let shown = shown(skeleton, &skeleton.marks[index], place_at(at), context);
                text.push_str(&shown.map_err(|(message, value)| {
                    RenderError::at(PAPER_TEMPLATE, line_of(source, &value), message, "")
                })?);
                at += super::skeleton::mark(index).len();
            }
        }
    }
    Ok(text)
}

/// What stands in place of a mark. Errors name the value.
fn shown(
    skeleton: &Skeleton,
    mark: &Mark,
    place: Place,
    context: &Context,
) -> Result<String, (String, String)> {
    if let (Mark::Reference(item), Place::Text) = (mark, place)
        && skeleton.shows(item)
    {
        return Ok(format!("[{}](#{})", item.title(), item.anchor()));
    }
    if let Mark::Block(block) = mark {
        return match place {
            Place::Text => Ok(self::block(block, context)),
            _ => Err((
                format!("{} stands in code or HTML; give it a line of its own", name_of(block)),
                template_name(block).to_owned(),
            )),
        };
    }
    let text = mark.plain();
    let has_fence = ["```", "~~~"].iter().any(|fence| text.contains(fence));
    match place {
        Place::Text => Ok(escape(&text)),
        Place::Html => Ok(escape_html(&text)),
        Place::CodeSpan | Place::CellCodeSpan if text.contains('`') => {
            Err((format!("`{}` has a backtick and stands in code", visible(&text)), text))
        }
        Place::CodeSpan => Ok(visible(&text)),
        Place::CellCodeSpan => Ok(visible(&text).replace('|', "\\|")),
        Place::CodeBlock if has_fence => {
            Err(("a text with a code fence stands in a code block".to_owned(), text))
        }
        Place::CodeBlock => Ok(visible_lines(&text)),
        Place::Address => Ok(percent_encoded(&text)),
    }
}

/// A part of the call that makes a block in a template, to find its line.
fn template_name(block: &Block) -> &str {
    match block {
        Block::Item(item) => &item.name,
        Block::Claims(_) => "verdicts()",
        Block::File(path) => path,
    }
}

fn name_of(block: &Block) -> String {
    match block {
        Block::Item(item) => item.title(),
        Block::Claims(_) => "the list of claims".to_owned(),
        Block::File(path) => format!("the file `{path}`"),
    }
}

fn block(block: &Block, context: &Context) -> String {
    match block {
        Block::Item(Item { name, .. }) => match context.figures.get(name) {
            Some(figure) => self::figure(name, figure),
            None => {
                let table = context.items.iter().find(|item| item.name == *name);
                table.map(self::table_item).unwrap_or_default()
            }
        },
        Block::Claims(_) => claims(&context.judged),
        Block::File(path) => file(path, context.sources.get(path).map_or("", String::as_str)),
    }
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

/// `text` as HTML shows it literally.
pub(super) fn escape_html(text: &str) -> String {
    let text = visible(text).replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// `text` as a part of an address in a link.
fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:?#&=%+,;@".contains(&byte);
    let encoded = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// A column of a table.
pub(super) struct Column {
    /// Its head, escaped.
    pub(super) head: String,
    /// Whether it holds numbers, which are aligned at the right.
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

/// The rows of a table.
pub(super) fn rows(table: &Table) -> String {
    let columns = table.columns.iter();
    let columns =
        columns.map(|column| Column { head: escape(&column.head), is_number: column.is_number });
    let rows = table.rows.iter();
    let rows = rows.map(|row| row.cells.iter().map(|cell| escape(&cell.text())).collect());
    self::table(&columns.collect::<Vec<_>>(), &rows.collect::<Vec<_>>())
}

/// A table under the first protocol, with its notes.
fn table_item(item: &TableItem) -> String {
    let (name, number) = (&item.name, item.number);
    let first = &item.tables[0];
    let notes: Vec<_> = first.notes.iter().map(|note| escape(note)).collect();
    format!(
        "<a id=\"table-{number}\"></a>\n\n**Table {number}.** {}\n\n{}\n<sub>{} Data: \
         [CSV](data/{name}.csv), [LaTeX](data/{name}.tex).</sub>",
        escape(&item.caption),
        rows(first),
        notes.join(" "),
    )
}

/// A figure with its caption.
fn figure(name: &str, figure: &FigureContext) -> String {
    let number = figure.number;
    let Some(drawing) = figure.drawings.first() else { return String::new() };
    let finding = escape(&drawing.finding);
    format!(
        "<a id=\"figure-{number}\"></a>\n\n![{} {finding}](figures/{name}.svg)\n\n\
         **Figure {number}.** {} {finding}\n\n<sub>{} Files: [SVG](figures/{name}.svg), \
         [PNG](figures/{name}.png).</sub>",
        escape(&drawing.kind),
        escape(&figure.caption),
        escape(&drawing.formula)
    )
}

/// The claims with their verdicts and findings.
fn claims(judged: &[JudgedClaim]) -> String {
    let one = |(index, judged): (usize, &JudgedClaim)| {
        let findings = judged.findings.iter().map(|finding| {
            let remark = match finding.remark.as_str() {
                "" => String::new(),
                remark => format!(" ({})", escape(remark)),
            };
            format!("   - {} **{}**{remark}\n", escape(&finding.text), finding.outcome.word())
        });
        let source = match judged.claim.source.as_str() {
            "" => String::new(),
            source => format!(" ({})", escape(source)),
        };
        format!(
            "{}. <a id=\"{}\"></a>**{}:** {}{source}\n{}",
            index + 1,
            anchors::claim(&judged.claim.name),
            judged.outcome.word(),
            escape(&judged.claim.statement),
            findings.collect::<String>()
        )
    };
    judged.iter().enumerate().map(one).collect::<String>().trim_end().to_owned()
}

/// The text of a file, folded.
fn file(path: &str, text: &str) -> String {
    // A fence is longer than any run of backticks in the text.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "<details><summary>{}</summary>\n\n{fence}toml\n{}\n{fence}\n\n</details>",
        escape_html(path),
        visible_lines(text.trim_end_matches(['\n', '\r'])),
    )
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
