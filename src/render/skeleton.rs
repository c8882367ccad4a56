//! The evaluated prose, in which values and items are marks.
//!
//! A mark is a short text that no reader types. The Markdown parser takes it for a word, so the
//! parse of the skeleton tells where the value stands: in text, in code, in HTML, or in the address
//! of a link. Each context has its own escaping.

use std::collections::BTreeSet;
use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

use super::front_matter::FrontMatter;
use crate::citation::Entry;
use crate::experiment::ConditionId;
use crate::template::is_reserved;

/// Opens a mark. Marks are made of Unicode noncharacters alone, so no filter of a template that
/// changes letters or digits changes a mark.
const OPEN: char = '\u{fdd0}';
/// Closes a mark.
const CLOSE: char = '\u{fdd1}';
/// The digit zero of the number in a mark; the other nine follow.
const ZERO: char = '\u{fdd2}';

/// The extensions of Markdown that a report uses.
pub(super) const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_MATH);

/// The evaluated prose.
#[derive(Debug, Default)]
pub(super) struct Skeleton {
    /// Markdown with marks.
    pub(super) text: String,
    /// What the marks stand for.
    pub(super) marks: Vec<Mark>,
    /// The block before the prose. Its texts are in `text` too.
    pub(super) front: FrontMatter,
    /// The tables, figures, lists of claims and files that the prose shows: `table table1`.
    pub(super) shown: BTreeSet<String>,
    /// The works that the prose cites, in the order of their list.
    pub(super) references: Vec<Entry>,
    /// Whether the list of references has a heading that the prose did not write.
    pub(super) has_own_references: bool,
}

/// What a mark stands for.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A text.
    Text(String),
    /// A number from the results.
    Number(String, Box<Source>),
    /// `Table 1` or `Figure 1`, linked if the report shows it.
    Reference(Item),
    /// A citation, or a reference to a claim or a section.
    Link(Link),
    /// The number of a section, and the anchor of its heading.
    Section(String, String),
    /// An item in a paragraph of its own.
    Block(Block),
}

/// A table or figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    /// `Table` or `Figure`.
    pub(super) kind: &'static str,
    pub(super) number: usize,
}

/// A link within the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) text: String,
    pub(super) anchor: String,
}

/// An item of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A table or figure.
    Item(Item),
    /// All claims with their verdicts, by name.
    Claims(Vec<String>),
    /// The verdict of each claim in one line, linked if the prose also shows the claims.
    Verdicts,
    /// The text of a file, by path.
    File(String),
    /// The list of references.
    References,
}

/// Where a number comes from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// What it is: the head of its column.
    pub(super) what: String,
    /// Of which row or condition.
    pub(super) of: String,
    /// Name and number of the table that shows it.
    pub(super) item: Option<(String, usize)>,
    /// How it is computed.
    pub(super) notes: Vec<String>,
    /// Seed, score and digest of the first runs behind it, as readers see them.
    pub(super) runs: Vec<String>,
    /// How many more runs there are.
    pub(super) more: usize,
    /// The conditions behind it.
    pub(super) conditions: Vec<ConditionId>,
}

/// Where a mark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// The text of a link, or of an image.
    LinkText,
    CodeSpan,
    /// A code span in a cell of a table.
    CellCodeSpan,
    CodeBlock,
    /// The line that opens a code block between fences.
    Fence,
    Html,
    Address,
    Math,
}

impl Item {
    /// The anchor of the item: `table-1`.
    pub(super) fn anchor(&self) -> String {
        format!("{}-{}", self.kind.to_lowercase(), self.number)
    }

    /// `Table 1`.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind, self.number)
    }
}

impl Block {
    /// What it is, for errors.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Item(item) => item.title(),
            Self::Claims(_) => "the list of claims".to_owned(),
            Self::Verdicts => "the list of verdicts".to_owned(),
            Self::File(path) => format!("the file `{path}`"),
            Self::References => "the list of references".to_owned(),
        }
    }

    /// A part of the call that makes it in a template, to find its line.
    pub(super) fn call(&self) -> &str {
        match self {
            Self::Item(item) => &item.name,
            Self::Claims(_) => "verdicts()",
            Self::Verdicts => "verdict_list()",
            Self::File(path) => path,
            Self::References => "references()",
        }
    }

    /// Block number `index` as the text of a template: a paragraph of its own.
    pub(super) fn paragraph(index: usize) -> String {
        format!("\n\n{}\n\n", mark(index))
    }
}

/// The text of mark number `index`.
pub(super) fn mark(index: usize) -> String {
    let digit = |c: char| char::from_u32(ZERO as u32 + c.to_digit(10)?);
    let digits: String = index.to_string().chars().filter_map(digit).collect();
    format!("{OPEN}{digits}{CLOSE}")
}

/// The number that [`mark`] wrote.
fn index_of(digits: &str) -> Option<usize> {
    let digit = |c: char| char::from_digit((c as u32).checked_sub(ZERO as u32)?, 10);
    digits.chars().map(digit).collect::<Option<String>>()?.parse().ok()
}

/// A part of a text with marks.
pub(super) enum Part<'t> {
    Plain(&'t str),
    Mark(usize),
}

impl<'t> Part<'t> {
    /// The text, unless it is a mark.
    pub(super) fn plain(&self) -> Option<&'t str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Mark(_) => None,
        }
    }

    /// The index of the mark, if it is one.
    pub(super) fn mark(&self) -> Option<usize> {
        match self {
            Self::Plain(_) => None,
            Self::Mark(index) => Some(*index),
        }
    }
}

/// `text` split at its marks.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((index, after)) = after.split_once(CLOSE) else { break };
        if !before.is_empty() {
            parts.push(Part::Plain(before));
        }
        parts.extend(index_of(index).map(Part::Mark));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

/// Whether the marks of `text` are whole, and of the `n` that are known.
pub(super) fn has_whole_marks(text: &str, n: usize) -> bool {
    let whole: usize = parts(text)
        .into_iter()
        .map(|part| match part {
            Part::Mark(index) if index < n => mark(index).chars().count(),
            _ => 0,
        })
        .sum();
    whole == text.chars().filter(|c| is_reserved(*c)).count()
}

impl Skeleton {
    /// The plain text of `text`: each mark as readers see it, without escaping.
    pub(super) fn plain(&self, text: &str) -> String {
        let part = |part: Part<'_>| match part {
            Part::Plain(text) => text.to_owned(),
            Part::Mark(index) => self.marks.get(index).map_or_else(String::new, Mark::plain),
        };
        parts(text).into_iter().map(part).collect()
    }

    /// Whether the prose shows an item.
    pub(super) fn shows(&self, item: &Item) -> bool {
        self.shown.contains(&format!("{} {}", item.kind.to_lowercase(), item.name))
    }

    /// Whether the prose shows the claims with their findings.
    pub(super) fn shows_claims(&self) -> bool {
        self.shown.contains("list of claims")
    }

    /// Whether the prose shows a file.
    pub(super) fn shows_file(&self, path: &str) -> bool {
        self.shown.contains(&format!("file {path}"))
    }

    /// A block that shares its line with something else: with text, or in a heading, a cell of a
    /// table or code.
    pub(super) fn crowded_block(&self) -> Option<&Block> {
        let is_crowded = |index: &usize| {
            let paragraph = Block::paragraph(*index);
            let Some((before, after)) = self.text.split_once(&paragraph) else { return false };
            let line = [before.rsplit('\n').next(), after.split('\n').next()];
            line.into_iter().flatten().any(|part| !part.trim().is_empty())
        };
        self.marks.iter().enumerate().find_map(|(index, mark)| match mark {
            Mark::Block(block) if is_crowded(&index) => Some(block),
            _ => None,
        })
    }

    /// Removes what is left of control lines: of several blank lines in a row, one stays. Code and
    /// HTML keep theirs.
    pub(super) fn without_blank_lines(mut self) -> Self {
        let kept = self.places().into_iter();
        let kept: Vec<Range<usize>> = kept
            .filter(|(_, place)| matches!(place, Place::CodeBlock | Place::Html))
            .map(|(range, _)| range)
            .collect();
        let is_kept = |at: usize| kept.iter().any(|range| range.contains(&at));
        let mut text = String::with_capacity(self.text.len());
        let (mut at, mut n_blank) = (0, 0);
        for line in self.text.split_inclusive('\n') {
            let is_blank = line.trim().is_empty() && !is_kept(at);
            n_blank = if is_blank { n_blank + 1 } else { 0 };
            if n_blank < 2 {
                text.push_str(if is_blank { "\n" } else { line });
            }
            at += line.len();
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        self.text = text;
        self
    }

    /// The ranges of the skeleton that are text, code or HTML; what no range covers is markup.
    pub(super) fn places(&self) -> Vec<(Range<usize>, Place)> {
        let mut places = Vec::new();
        let (mut in_code, mut in_table, mut n_links) = (false, false, 0_usize);
        for (event, range) in Parser::new_ext(&self.text, OPTIONS).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    in_code = true;
                    if kind.is_fenced() {
                        let line = self.text[range.clone()].lines().next().map_or(0, str::len);
                        places.push((range.start..range.start + line, Place::Fence));
                    }
                    places.push((range, Place::CodeBlock));
                }
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Start(Tag::Link {
                    link_type: LinkType::Autolink | LinkType::Email, ..
                }) => {
                    n_links += 1;
                    places.push((range, Place::Address));
                }
                Event::Start(Tag::Link { title, .. } | Tag::Image { title, .. }) => {
                    n_links += 1;
                    // The title stands in the markup of the link, beside the address.
                    for part in parts(&title) {
                        let Part::Mark(index) = part else { continue };
                        let mark = mark(index);
                        let start = self.text.find(&mark);
                        places.extend(start.map(|s| (s..s + mark.len(), Place::LinkText)));
                    }
                }
                Event::End(TagEnd::Link | TagEnd::Image) => n_links -= 1,
                Event::Text(_) if n_links > 0 => places.push((range, Place::LinkText)),
                Event::Text(_) if !in_code => places.push((range, Place::Text)),
                Event::InlineMath(_) | Event::DisplayMath(_) => places.push((range, Place::Math)),
                Event::Start(Tag::Table(_)) => in_table = true,
                Event::End(TagEnd::Table) => in_table = false,
                Event::Code(_) if in_table => places.push((range, Place::CellCodeSpan)),
                Event::Code(_) => places.push((range, Place::CodeSpan)),
                Event::Start(Tag::HtmlBlock) | Event::InlineHtml(_) => {
                    places.push((range, Place::Html));
                }
                _ => {}
            }
        }
        places
    }
}

impl Mark {
    /// The text that readers see; empty for a block.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Text(text) | Self::Number(text, _) => text.clone(),
            Self::Reference(item) => item.title(),
            Self::Link(link) => link.text.clone(),
            Self::Section(number, _) => number.clone(),
            Self::Block(_) => String::new(),
        }
    }
}
