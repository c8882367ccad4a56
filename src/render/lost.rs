//! What Markdown would leave out, or show as plain text, although the author meant something else.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::skeleton::{OPTIONS, Skeleton, parts};
use crate::format::visible;
use crate::template::{TemplateError, Templates};

/// The remedy for a dollar sign.
const DOLLAR: &str = "write `\\$` for a dollar sign that opens no formula; in a formula, put no space inside of its \
                      dollar signs, and begin no line with `+`, `-`, `*`, `=` or `#`";

/// Refuses dollar signs that open no formula or the wrong one, cells that a table has no column for, footnotes
/// without a text or without a reference, and images that are no images.
///
/// # Errors
/// With the line of the first.
pub(super) fn check(skeleton: &Skeleton, templates: &Templates) -> Result<(), TemplateError> {
    let mut lost = Lost { skeleton, templates, block: Vec::new() };
    let mut columns = 0;
    let (mut called, mut defined) = (Vec::new(), BTreeMap::<String, usize>::new());
    let mut in_code = false;
    for (event, range) in Parser::new_ext(&skeleton.text, OPTIONS).into_offset_iter() {
        match event {
            Event::Text(text) if !in_code => lost.block.push((text.into_string(), range)),
            Event::SoftBreak | Event::HardBreak => lost.block.push(("\n".to_owned(), range)),
            Event::InlineMath(tex) => lost.check_money(&tex, range)?,
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Table(alignments)) => columns = alignments.len(),
            Event::Start(Tag::TableRow) => lost.check_row(range, columns)?,
            Event::FootnoteReference(name) => called.push(name.into_string()),
            Event::Start(Tag::FootnoteDefinition(name)) => {
                *defined.entry(name.into_string()).or_default() += 1;
            }
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell | TagEnd::Item,
            ) => lost.check_block()?,
            _ => {}
        }
    }
    for (name, n) in defined {
        let why = match (n, called.contains(&name)) {
            (1, true) => continue,
            (1, false) => "is never referred to",
            _ => "is there more than once",
        };
        let message = format!("the footnote `[^{name}]` {why}");
        let places = [format!("[^{name}]:"), format!("[^{name}]")];
        return Err(templates.mistake(
            &places,
            message,
            "each footnote has one text and is referred to",
        ));
    }
    Ok(())
}

/// The texts of a block of the prose.
struct Lost<'l> {
    skeleton: &'l Skeleton,
    templates: &'l Templates,
    /// The texts since the last block ended, each with its place.
    block: Vec<(String, Range<usize>)>,
}

impl Lost<'_> {
    fn mistake(&self, typed: &str, message: String, hint: &str) -> TemplateError {
        let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
        let longest =
            lines.flat_map(parts).filter_map(|part| part.plain()).max_by_key(|part| part.len());
        self.templates.mistake(&[longest.unwrap_or_default().to_owned()], message, hint)
    }

    /// Refuses a formula that is made of two amounts of money, as in `$5 (or $6)`, or has code in it.
    fn check_money(&self, tex: &str, range: Range<usize>) -> Result<(), TemplateError> {
        let next = self.skeleton.text[range.end..].chars().next();
        if !next.is_some_and(|c| c.is_ascii_digit()) && !tex.contains('`') {
            return Ok(());
        }
        let text = self.skeleton.plain(&self.skeleton.text[range]);
        let message = format!("`{}` would be a formula", visible(&text.replace('`', "'")));
        Err(self.mistake(tex, message, "write `\\$` for a dollar sign that opens no formula"))
    }

    /// Refuses a row with more cells than its table has columns.
    fn check_row(&self, range: Range<usize>, columns: usize) -> Result<(), TemplateError> {
        let row = self.skeleton.text[range].trim();
        let bars = row.match_indices('|').filter(|(at, _)| !row[..*at].ends_with('\\')).count();
        let outer = usize::from(row.starts_with('|'))
            + usize::from(row.len() > 1 && row.ends_with('|') && !row.ends_with("\\|"));
        let cells = bars + 1 - outer;
        if cells <= columns {
            return Ok(());
        }
        let message = format!(
            "a row has {cells} cells and its table {columns} columns: `{}`",
            visible(&self.skeleton.plain(row))
        );
        Err(self.mistake(
            row,
            message,
            "write `\\|` for a bar in a cell, also in code; in a formula, `\\vert`",
        ))
    }

    /// Checks the texts of a block, and forgets them.
    fn check_block(&mut self) -> Result<(), TemplateError> {
        let block = std::mem::take(&mut self.block);
        let is_escaped = |range: &Range<usize>| self.skeleton.text[..range.start].ends_with('\\');
        // Text that the author escaped is meant to be text.
        let meant = block.iter().map(|(text, range)| match is_escaped(range) {
            true => text.chars().skip(1).collect(),
            false => text.clone(),
        });
        let text = meant.collect::<String>();
        let shown = || visible(self.skeleton.plain(text.trim()).trim());
        let dollars: Vec<_> = text.match_indices('$').map(|(at, _)| at).collect();
        let is_money = |at: &&usize| text[**at + 1..].starts_with(|c: char| c.is_ascii_digit());
        let is_no_formula = text.contains("$$")
            || (dollars.len() > 1 && dollars.iter().filter(is_money).count() < dollars.len());
        if is_no_formula {
            let message = format!("a `$` opens no formula in `{}`", shown());
            let from = &text[dollars.first().copied().unwrap_or_default()..];
            let line = from.lines().find(|line| line.trim().len() > 2).unwrap_or(from);
            return Err(self.mistake(line, message, DOLLAR));
        }
        if let Some((_, after)) = text.split_once("[^")
            && let Some((name, _)) = after.split_once(']')
            && !name.is_empty()
            && !name.contains([' ', '['])
        {
            let message = format!("the footnote `[^{name}]` has no text");
            let hint = "write its text on a line of its own, after `[^NAME]:`";
            return Err(self.mistake(&format!("[^{name}]"), message, hint));
        }
        if let Some((_, after)) = text.split_once("![")
            && let Some((_, address)) = after.split_once("](")
            && let Some((address, _)) = address.split_once(')')
        {
            let message =
                format!("the image `{}` is plain text", visible(&self.skeleton.plain(address)));
            let hint = "an address has no spaces: write `%20` for each; the size of an image is that of its file, \
                        or that of an `<img>` with `width`";
            return Err(self.mistake(address, message, hint));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_of(text: &str) -> Result<(), TemplateError> {
        let text = format!("# A\n\n{text}\n");
        let templates = Templates { paper: text.clone(), ..Templates::default() };
        check(&Skeleton { text, ..Skeleton::default() }, &templates)
    }

    #[test]
    fn what_would_be_lost_is_refused_with_its_line() {
        for (text, why) in [
            ("It costs $5 (or ($6)).", "would be a formula"),
            ("So $ x + y $ is.", "a `$` opens no formula"),
            ("So ${a$ is.", "a `$` opens no formula"),
            ("$$ \\frac{1}{2 $$", "a `$` opens no formula"),
            ("$$\na = b\n- c\n$$", "a `$` opens no formula"),
            ("| a |\n| --- |\n| $|x|$ |", "a row has 3 cells"),
            (
                "| a | b |\n| --- | --- |\n| 1 | 2 | 3 |",
                "a row has 3 cells and its table 2 columns",
            ),
            ("Text[^none].", "the footnote `[^none]` has no text"),
            ("Text.\n\n[^a]: Never.", "is never referred to"),
            ("Text[^a].\n\n[^a]: One.\n\n[^a]: Two.", "is there more than once"),
            ("![a](images/my pic.png)", "the image `images/my pic.png` is plain text"),
        ] {
            let error = check_of(text).expect_err(text);
            assert!(error.message.contains(why), "{text}: {error}");
            assert!(error.line >= 3, "{text}: {error}");
        }
    }

    #[test]
    fn what_is_meant_as_text_stays_text() {
        for text in [
            "It costs $5 and $6.",
            "It costs 5 $.",
            "A \\$x\\$ and a \\[^x], `$$` and `[^y]`.",
            "$x$ and $$y$$ and \\$5",
            "    $ a $ in code",
            "| a | b |\n| --- | --- |\n| 1 \\| 2 | 3 |\n| 1 |",
            "a | b\n--- | ---\n1 | 2",
            "f[1](x) and a! [x](#a)",
            "Text[^a].\n\n[^a]: Note.",
        ] {
            assert!(check_of(text).is_ok(), "{text}: {:?}", check_of(text));
        }
    }
}
