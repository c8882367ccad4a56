//! What Markdown would leave out, or show as plain text, although the author meant something else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Parser, Tag, TagEnd};

use super::skeleton::{OPTIONS, Skeleton, parts};
use crate::format::visible;
use crate::template::{TemplateError, Templates};

/// The remedy for a dollar sign.
const DOLLAR: &str = "write `\\$` for a dollar sign that opens no formula; a formula has no space inside of its \
                      dollar signs, no blank line, and no line that begins with `+`, `-`, `*`, `=`, `#` or `>`";

/// Refuses what the author would miss: dollar signs that open no formula or the wrong one, cells and tables that are
/// no cells and tables, footnotes without a text or without a reference, images and links that are none, and
/// definitions that nothing uses.
///
/// # Errors
/// With the line of the first.
pub(super) fn check(skeleton: &Skeleton, templates: &Templates) -> Result<(), TemplateError> {
    let mut lost = Lost { skeleton, templates, block: Vec::new() };
    let mut columns = 0;
    let (mut footnotes, mut used) = (Footnotes::default(), BTreeSet::new());
    let (mut in_code, mut in_address) = (false, false);
    let parser = Parser::new_ext(&skeleton.text, OPTIONS);
    let definitions: Vec<_> =
        parser.reference_definitions().iter().map(|(label, _)| label.to_owned()).collect();
    for (event, range) in parser.into_offset_iter() {
        footnotes.read(&event);
        match event {
            Event::Text(text) if !in_code && !in_address => {
                lost.block.push((text.into_string(), range));
            }
            Event::SoftBreak | Event::HardBreak => lost.block.push(("\n".to_owned(), range)),
            Event::InlineMath(tex) => lost.check_money(&tex, range)?,
            Event::Html(html) => lost.check_html(&html)?,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == "math" => {
                let message = "a code block of `math` shows no formula on the page".to_owned();
                return Err(lost.mistake(
                    "```math",
                    message,
                    "write the formula between lines of `$$`",
                ));
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Start(Tag::Link { link_type, id, .. } | Tag::Image { link_type, id, .. }) => {
                in_address = matches!(link_type, LinkType::Autolink | LinkType::Email);
                used.insert(id.to_lowercase());
            }
            Event::End(TagEnd::Link | TagEnd::Image) => in_address = false,
            Event::Start(Tag::Table(alignments)) => columns = alignments.len(),
            Event::Start(Tag::TableRow) => lost.check_row(range, columns)?,
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::TableCell | TagEnd::Item,
            ) => lost.check_block()?,
            _ => {}
        }
    }
    footnotes.check(templates)?;
    match definitions.iter().find(|label| !used.contains(&label.to_lowercase())) {
        None => Ok(()),
        Some(label) => {
            let message = format!("no link uses `[{label}]: …`, and readers do not see this line");
            let hint = "remove it; to number the entries of a list, write `1.`; for a note, `[^1]`";
            Err(templates.mistake(&[format!("[{label}]:")], message, hint))
        }
    }
}

/// The footnotes of the prose, by label. Case does not count.
#[derive(Default)]
struct Footnotes {
    called: BTreeSet<String>,
    /// How often each is defined, and whether it has a text.
    defined: BTreeMap<String, (usize, bool)>,
    open: Option<String>,
}

impl Footnotes {
    fn read(&mut self, event: &Event<'_>) {
        match event {
            Event::FootnoteReference(name) => drop(self.called.insert(name.to_lowercase())),
            Event::Start(Tag::FootnoteDefinition(name)) => {
                let name = name.to_lowercase();
                self.defined.entry(name.clone()).or_default().0 += 1;
                self.open = Some(name);
            }
            Event::End(TagEnd::FootnoteDefinition) => self.open = None,
            _ => {
                if let Some(defined) =
                    self.open.as_ref().and_then(|name| self.defined.get_mut(name))
                {
                    defined.1 = true;
                }
            }
        }
    }

    fn check(self, templates: &Templates) -> Result<(), TemplateError> {
        for (name, (n, has_text)) in self.defined {
            let why = match n {
                _ if name.contains(char::is_whitespace) => "has a space in its name",
                1 if !has_text => "has no text",
                1 if self.called.contains(&name) => continue,
                1 => "is never referred to",
                _ => "is there more than once",
            };
            let message = format!("the footnote `[^{name}]` {why}");
            let places = [format!("[^{name}]:"), format!("[^{name}]")];
            let hint = "each footnote has a name without spaces, one text and a reference";
            return Err(templates.mistake(&places, message, hint));
        }
        Ok(())
    }
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

    /// The beginning of a text, as readers see it.
    fn shown(&self, text: &str) -> String {
        let text = self.skeleton.plain(text.trim()).replace('`', "'");
        let first: String = text.chars().take(MOST_SHOWN).collect();
        let more = if first.len() < text.len() { "…" } else { "" };
        format!("{}{more}", visible(&first))
    }

    /// Refuses a formula that is made of amounts of money, of variables of a shell, or of HTML.
    fn check_money(&self, tex: &str, range: Range<usize>) -> Result<(), TemplateError> {
        let next = self.skeleton.text[range.end..].chars().next().unwrap_or(' ');
        let is_word = |least: usize| {
            let words = tex.split(|c: char| !c.is_ascii_alphabetic() && c != '\\');
            words.into_iter().any(|word| word.len() >= least && !word.contains('\\'))
        };
        let starts_with_digit = tex.starts_with(|c: char| c.is_ascii_digit());
        let is_money = (next.is_ascii_digit() && !tex.starts_with('\\'))
            || (next.is_alphabetic() && is_word(3) && !tex.contains('\\'))
            || (starts_with_digit && is_word(2) && !tex.contains('\\'))
            || tex.contains('`')
            || tex.contains("</");
        if !is_money {
            return Ok(());
        }
        let message = format!("`{}` would be a formula", self.shown(&self.skeleton.text[range]));
        Err(self.mistake(tex, message, "write `\\$` for a dollar sign that opens no formula"))
    }

    /// Refuses Markdown in a block of HTML, where it stays text.
    fn check_html(&self, html: &str) -> Result<(), TemplateError> {
        let has = |open: &str, close: &str| {
            html.split_once(open).is_some_and(|(_, rest)| rest.contains(close))
        };
        let has_citation = html
            .split_once("[@")
            .is_some_and(|(_, key)| key.starts_with(char::is_alphanumeric) && key.contains(']'));
        if !has("![", "](") && !has("[^", "]") && !has_citation {
            return Ok(());
        }
        let message = format!("`{}` stands in HTML, and stays plain text", self.shown(html));
        Err(self.mistake(html, message, "leave a blank line between the tag and the Markdown"))
    }

    /// Refuses a row with more cells than its table has columns, unless they are empty.
    fn check_row(&self, range: Range<usize>, columns: usize) -> Result<(), TemplateError> {
        let row = self.skeleton.text[range].trim();
        let inner = row.strip_prefix('|').unwrap_or(row);
        let bars =
            inner.match_indices('|').map(|(at, _)| at).filter(|at| !inner[..*at].ends_with('\\'));
        let Some(after) = bars.into_iter().nth(columns.saturating_sub(1)) else { return Ok(()) };
        let surplus = &inner[after..];
        if surplus.chars().all(|c| c == '|' || c.is_whitespace()) {
            return Ok(());
        }
        let message = format!(
            "a row has more cells than its table has columns, which are {columns}: `{}` would be lost",
            self.shown(surplus.trim_matches(['|', ' ']))
        );
        let hint = "write `\\|` for a bar in a cell, also in code; in a formula, `\\vert`";
        Err(self.mistake(row, message, hint))
    }

    /// Checks the texts of a block, and forgets them.
    fn check_block(&mut self) -> Result<(), TemplateError> {
        let block = std::mem::take(&mut self.block);
        // Text that the author escaped is meant to be text.
        let meant = block.iter().map(|(text, range)| {
            let source = &self.skeleton.text[range.clone()];
            match self.skeleton.text[..range.start].ends_with('\\') {
                true => text.chars().skip(1).collect(),
                false if *text != "\n" && source != text => String::new(),
                false => text.clone(),
            }
        });
        let text = meant.collect::<String>();
        if let Some(dollar) = lost_dollar(&text) {
            let from = &text[dollar..];
            let message = format!("a `$` opens no formula: `{}`", self.shown(from));
            let line = from.lines().find(|line| line.trim().len() > 2).unwrap_or(from);
            return Err(self.mistake(line, message, DOLLAR));
        }
        let footnotes = text.split("[^").skip(1).filter_map(|after| Some(after.split_once(']')?.0));
        if let Some(name) = footnotes.into_iter().find(|name| !name.trim().is_empty()) {
            let message = format!("the footnote `[^{}]` has no text", self.shown(name));
            let hint =
                "write its text on a line of its own, after `[^NAME]:`; write `\\[^` for a bracket";
            return Err(self.mistake(&format!("[^{name}]"), message, hint));
        }
        let image = text.split_once("![").filter(|(_, after)| after.contains(']'));
        if let Some((_, from)) = image.or_else(|| text.split_once("](")) {
            let message = format!("an image or a link stays plain text: `{}`", self.shown(from));
            let hint = "write `[text](address)`, and `%20` for each space of the address; a link of two brackets \
                        needs a line `[name]: address`; an image has the size of its file, or is an `<img>` with \
                        `width`";
            let line = from.lines().next().unwrap_or_default();
            return Err(self.mistake(line, message, hint));
        }
        if let Some(line) = text.lines().find(|line| is_delimiter_row(line)) {
            let message = format!("`{}` makes no table", self.shown(line));
            let hint = "the line above it needs as many cells as it has, and a table begins after a blank line";
            return Err(self.mistake(line, message, hint));
        }
        if block.iter().any(|(text, range)| {
            text.starts_with("begin{") && self.skeleton.text[..range.start].ends_with('\\')
        }) || text.contains("\\begin{")
        {
            let message = "an environment of LaTeX stands in the text".to_owned();
            return Err(self.mistake("\\begin{", message, "put it between lines of `$$`"));
        }
        Ok(())
    }
}

/// How many characters of a text a message shows.
const MOST_SHOWN: usize = 80;

/// The first dollar sign of a text that the author meant to open a formula: before a letter or a command, two with
/// mathematics between them, or a double one. Before a digit, it stands for money.
fn lost_dollar(text: &str) -> Option<usize> {
    let dollars: Vec<usize> = text.match_indices('$').map(|(at, _)| at).collect();
    let opens = |at: &&usize| {
        text[**at + 1..].starts_with(|c: char| c.is_alphabetic() || ['\\', '{', '$'].contains(&c))
    };
    let is_mathematics = |pair: &&[usize]| {
        let between = &text[pair[0] + 1..pair[1]];
        !between.starts_with(|c: char| c.is_ascii_digit())
            && between.contains(['^', '_', '\\', '=', '+', '<', '>', '{', '}'])
    };
    let pair = dollars.windows(2).find(is_mathematics).map(|pair| pair[0]);
    dollars.iter().find(opens).copied().or(pair)
}

/// Whether a line is one that separates the head of a table from its rows.
fn is_delimiter_row(line: &str) -> bool {
    let cells: Vec<_> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
    let is_rule = |cell: &&str| {
        let dashes = cell.trim_matches(':');
        dashes.len() >= 2 && dashes.chars().all(|c| c == '-')
    };
    line.contains('|') && cells.iter().all(is_rule)
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
            ("It costs $5 to 10$.", "would be a formula"),
            ("Set $HOME/$USER first.", "would be a formula"),
            ("<span>$</span>100, <span>$</span>200", "would be a formula"),
            ("So $ x + y $ is.", "a `$` opens no formula"),
            ("So ${a$ is.", "a `$` opens no formula"),
            ("The value $x_1^2 + y is large.", "a `$` opens no formula"),
            ("The sum $a\n* b$ is.", "a `$` opens no formula"),
            ("$$ \\frac{1}{2 $$", "a `$` opens no formula"),
            ("$$\na = b\n- c\n$$", "a `$` opens no formula"),
            ("```math\nx\n```", "shows no formula"),
            ("\\begin{equation} x \\end{equation}", "an environment of LaTeX"),
            ("| a |\n| --- |\n| $|x|$ |", "a row has more cells"),
            ("| a | b |\n| --- | --- |\n| 1 | 2 | 3 |", "`3` would be lost"),
            ("| a | b |\n|---|\n| 1 | 2 |", "makes no table"),
            ("Text[^none].", "the footnote `[^none]` has no text"),
            ("A[^1] and [^b c].\n\n[^1]: x", "the footnote `[^b c]` has no text"),
            ("Text[^a].\n\n[^a]:", "has no text"),
            ("Text.\n\n[^a]: Never.", "is never referred to"),
            ("Text[^a].\n\n[^a]: One.\n\n[^a]: Two.", "is there more than once"),
            ("![a](images/my pic.png)", "stays plain text"),
            ("[a](my file.md)", "stays plain text"),
            ("![a][nope]", "stays plain text"),
            ("<div>\n![a](b.png)\n</div>", "stands in HTML"),
            ("<div>\nas in [@a]\n</div>", "stands in HTML"),
            ("Text.\n\n[1]: Smith_2020", "no link uses `[1]: …`"),
        ] {
            let error = check_of(text).expect_err(text);
            assert!(error.message.contains(why), "{text}: {error:?}");
            assert!(error.line >= 3, "{text}: {error:?}");
        }
    }

    #[test]
    fn what_is_meant_as_text_stays_text() {
        for text in [
            "It costs $5 and $6.",
            "It costs 5 $, or 6 $, or US$ 7.",
            "A \\$x\\$ and a \\[^x], `$$` and `[^y]`.",
            "&#36;x and &dollar;y and <https://example.org/$x/$y>",
            "$x$ and $$y$$ and \\$5",
            "The $n$th, $k$-means, 2$\\times$3 and $\\sim$5.",
            "    $ a $ in code",
            "| a | b |\n| --- | --- |\n| 1 \\| 2 | 3 |\n| 1 |\n| 1 | 2 | |",
            "a | b\n--- | ---\n1 | 2",
            "f[1](x) and a! [x](#a) and [y][z]\n\n[Z]: #a",
            "Text[^A].\n\n[^a]: Note.",
            "Text\n\n---\n\nmore -- and --- more",
        ] {
            assert!(check_of(text).is_ok(), "{text}: {:?}", check_of(text));
        }
    }
}
