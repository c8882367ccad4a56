//! The Markdown report: the skeleton with escaped values, and items as Markdown.

use super::anchors;
use super::links::percent_encoded;
use super::math::literal;
use super::notes::notes_of;
use super::references;
use super::skeleton::{Block, Item, Mark, Part, Place, Skeleton, parts};
use crate::claim::{Finding, JudgedClaim};
use crate::context::{Context, FigureContext};
use crate::export::markdown::{at_start, escape, rows};
use crate::format::{visible, visible_lines};
use crate::table::TableItem;
use crate::template::{TemplateError, Templates};

/// Renders the report.
///
/// # Errors
/// If a value cannot stand where it does, with the line of the template.
pub(super) fn render(
    skeleton: &Skeleton,
    context: &Context,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let places = skeleton.places();
    let place_at = |at: usize| {
        let found = places.iter().find(|(range, _)| range.contains(&at));
        found.map_or((at, Place::Address), |(range, place)| (range.start, *place))
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
                let (start, place) = place_at(at);
                let mark = &skeleton.marks[index];
                let is_bare = place == Place::Html && is_in_tag(&skeleton.text[start..at]);
                let shown = match mark {
                    _ if is_bare => Err((
                        format!("`{}` is in an HTML tag, outside of quotes", mark.plain()),
                        mark.plain(),
                    )),
                    _ => shown(skeleton, mark, place, context),
                };
                let shown =
                    shown.map_err(|(message, value)| templates.mistake(&[value], message, ""))?;
                text.push_str(&match mark {
                    Mark::Block(_) => shown,
                    _ => continued(&text, place, shown),
                });
                at += super::skeleton::mark(index).len();
            }
        }
    }
    Ok(text)
}

/// Whether `html` ends in a tag, and not between quotes.
fn is_in_tag(html: &str) -> bool {
    let (mut is_in_tag, mut quote) = (false, None);
    for character in html.chars() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') if is_in_tag => quote = Some(character),
            (None, '<') => is_in_tag = true,
            (None, '>') => is_in_tag = false,
            (Some(_) | None, _) => {}
        }
    }
    is_in_tag && quote.is_none()
}

/// `shown` as it continues `text`: at the start of a line it opens no list and no rule, and its
/// lines stay in the code that they stand in.
fn continued(text: &str, place: Place, shown: String) -> String {
    let line = &text[text.rfind('\n').map_or(0, |newline| newline + 1)..];
    match place {
        Place::Math => literal(&shown),
        Place::CodeBlock => {
            let indent = line.len() - line.trim_start_matches([' ', '\t', '>']).len();
            shown.replace('\n', &format!("\n{}", &line[..indent]))
        }
        Place::Text if is_start(line) => at_start(&shown),
        _ => shown,
    }
}

/// Whether what follows `line` is read as the start of a block: after spaces, quotes and the marks
/// of lists.
fn is_start(line: &str) -> bool {
    line.split_whitespace().all(|word| {
        let number = word.strip_suffix(['.', ')']).unwrap_or(word);
        ["-", "+", "*"].contains(&word)
            || word.chars().all(|c| c == '>')
            || (number.len() < word.len() && number.chars().all(|c| c.is_ascii_digit()))
    })
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
    if let (Mark::Link(link), Place::Text) = (mark, place) {
        return Ok(format!("[{}](#{})", escape(&link.text), percent_encoded(&link.anchor)));
    }
    // Code hosts make an anchor of the title with its number, but links lead to that without.
    if let (Mark::Section(number, anchor), Place::Text) = (mark, place) {
        return Ok(format!("<a id=\"{}\"></a>{}", escape_html(anchor), escape(number)));
    }
    if let Mark::Block(block) = mark {
        return match place {
            Place::Text => Ok(self::block(skeleton, block, context)),
            _ => Err((
                format!("{} stands in code or HTML; give it a line of its own", block.title()),
                block.call().to_owned(),
            )),
        };
    }
    let text = mark.plain();
    let has_fence = ["```", "~~~"].iter().any(|fence| text.contains(fence));
    match place {
        Place::Text | Place::LinkText => Ok(escape(&text)),
        Place::Html => Ok(escape_html(&text)),
        Place::CodeSpan | Place::CellCodeSpan if text.contains('`') => {
            Err((format!("`{}` has a backtick and stands in code", visible(&text)), text))
        }
        Place::Fence if text.contains(['`', '~', '\n']) => {
            Err((format!("`{}` cannot be the language of a code block", visible(&text)), text))
        }
        Place::CodeSpan | Place::Fence => Ok(visible(&text)),
        Place::CellCodeSpan => Ok(visible(&text).replace('|', "\\|")),
        Place::CodeBlock if has_fence => {
            Err(("a text with a code fence stands in a code block".to_owned(), text))
        }
        Place::CodeBlock => Ok(visible_lines(&text)),
        Place::Address => Ok(percent_encoded(&text)),
        Place::Math => Ok(text),
    }
}

fn block(skeleton: &Skeleton, block: &Block, context: &Context) -> String {
    match block {
        Block::Item(Item { name, .. }) => match context.figures.get(name) {
            Some(figure) => self::figure(name, figure),
            None => {
                let table = context.items.iter().find(|item| item.name == *name);
                table.map(|item| table_item(skeleton, item, context)).unwrap_or_default()
            }
        },
        // The comment ends a list before it.
        Block::Claims(_) => format!("<!-- -->\n\n{}", claims(&context.claims)),
        Block::Verdicts => format!("<!-- -->\n\n{}", verdicts(skeleton, &context.claims)),
        Block::File(path) => file(path, context.text_of(path)),
        Block::References => references::markdown(&skeleton.references),
    }
}

/// `text` as HTML shows it literally.
pub(super) fn escape_html(text: &str) -> String {
    let text = visible(text).replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A table under the first protocol, with its notes.
fn table_item(skeleton: &Skeleton, item: &TableItem, context: &Context) -> String {
    let (name, number) = (&item.name, item.number);
    let first = &item.tables[0];
    let notes = notes_of(skeleton, &context.items, item, first);
    let notes: Vec<_> = notes.iter().map(|note| escape(&note.plain())).collect();
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
    let list = |findings: &[Finding], indent: &str| {
        let one = |finding: &Finding| {
            let remark = match finding.remark.as_str() {
                "" => String::new(),
                remark => format!(" ({})", escape(remark)),
            };
            let text = at_start(&escape(&finding.text));
            format!("{indent}- {text} **{}**{remark}\n", finding.outcome.word())
        };
        findings.iter().map(one).collect::<String>()
    };
    let one = |(index, judged): (usize, &JudgedClaim)| {
        // Nested lists stand below the text of the number.
        let indent = " ".repeat((index + 1).to_string().len() + 2);
        let also = judged.also.iter().map(|also| {
            let nested = format!("{indent}  ");
            let (label, findings) = (at_start(&escape(&also.label)), list(&also.findings, &nested));
            format!("{indent}- {label}: **{}**\n{findings}", also.outcome.word())
        });
        let source = match judged.claim.source.as_str() {
            "" => String::new(),
            source => format!(" ({})", escape(source)),
        };
        format!(
            "{}. <a id=\"{}\"></a>**{}:** {}{source}\n{}{}",
            index + 1,
            anchors::claim(&judged.claim.name),
            judged.outcome.word(),
            escape(&judged.claim.statement),
            list(&judged.findings, &indent),
            also.collect::<String>()
        )
    };
    judged.iter().enumerate().map(one).collect::<String>().trim_end().to_owned()
}

/// The verdict of each claim, with a link to the claim if the report shows it.
fn verdicts(skeleton: &Skeleton, judged: &[JudgedClaim]) -> String {
    let one = |(index, judged): (usize, &JudgedClaim)| {
        let short = escape(&judged.claim.short);
        let short = match skeleton.shows_claims() {
            true => format!("[{short}](#{})", anchors::claim(&judged.claim.name)),
            false => short,
        };
        let also = judged
            .differing()
            .map(|also| format!(" ({}: **{}**)", escape(&also.label), also.outcome.word()));
        let also: String = also.collect();
        format!("{}. **{}:** {short}{also}\n", index + 1, judged.outcome.word())
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
    fn a_value_in_a_tag_stands_between_quotes() {
        assert!(is_in_tag("<a href="));
        assert!(is_in_tag("<a title='>' href="));
        assert!(!is_in_tag("<a href=\""));
        assert!(!is_in_tag("<a href=\"x\">it's "));
    }

    #[test]
    fn lists_and_quotes_start_a_block() {
        assert!(is_start("> - ") && is_start("") && is_start("1. ") && !is_start("a "));
    }
}
