//! Citations and references to items: what stands for each `@key` of the prose.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::anchors::{claim, reference as anchor_of};
use super::bibliography::{Bibliography, DEFAULT};
use super::mentions::{Brackets, Mention, Mentions, Misplaced, mentions};
use super::skeleton::{Block, Item, Link, Mark, OPTIONS, Skeleton, mark};
use crate::citation::Cited;
use crate::context::Context;
use crate::document::suggestion;
use crate::template::{TEMPLATES, TemplateError, Templates};

/// The starts of keys that name items of the report, and sections.
const ITEMS: [&str; 4] = ["table-", "fig-", "claim-", "sec-"];

/// A reference to a section, which is known when all headings are.
#[derive(Clone, Debug)]
pub(super) struct SectionLink {
    /// The mark that stands for it.
    pub(super) mark: usize,
    /// The anchor of its heading.
    pub(super) anchor: String,
}

/// What is found besides marks.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) sections: Vec<SectionLink>,
    pub(super) warnings: Vec<String>,
}

/// Puts a mark in the place of each citation and of each reference to an item, and the list of references where the
/// prose wants it, or at its end.
///
/// # Errors
/// With the line of the first mention that names nothing, or that cannot be shown.
pub(super) fn resolve(
    skeleton: &mut Skeleton,
    context: &Context,
    templates: &Templates,
) -> Result<Resolved, TemplateError> {
    let refuse =
        |Misplaced { typed, message, hint }: Misplaced| templates.mistake(&[typed], message, hint);
    let found = mentions(&skeleton.text).map_err(refuse)?;
    let keys: Vec<&str> = found.iter().flat_map(of_works).map(|one| one.key.as_str()).collect();
    let bibliography = match keys.is_empty() && skeleton.front.bibliography().is_empty() {
        true => Bibliography::default(),
        false => Bibliography::read(&skeleton.front, templates)?,
    };
    let library = &bibliography.library;
    let cited = Cited::new(bibliography.style, library, &keys);
    let mut resolver = Resolver {
        cited: &cited,
        bibliography: &bibliography,
        context,
        templates,
        shows_claims: skeleton.shows_claims(),
        sections: Vec::new(),
        plain: BTreeSet::new(),
    };
    skeleton.text = resolver.replaced(&skeleton.text, &found, &mut skeleton.marks)?;
    let sections = std::mem::take(&mut resolver.sections);
    // The title and the abstract are in the text too, and once more for search engines.
    let front = &mut skeleton.front;
    for text in [&mut front.title, &mut front.r#abstract].into_iter().flatten() {
        let found = mentions(text).map_err(refuse)?;
        *text = resolver.replaced(text, &found, &mut skeleton.marks)?;
    }
    let stays = |word: String| {
        format!(
            "`{word}` stays plain text, because there is no `{TEMPLATES}/{DEFAULT}`; write `\\{word}` if it is no \
             citation"
        )
    };
    let mut warnings: Vec<_> = resolver.plain.into_iter().map(stays).collect();
    skeleton.references = cited.entries();
    warnings.extend(skeleton.references.iter().flat_map(|entry| library.flaws(&entry.key)));
    match (skeleton.shown.contains("list of references"), skeleton.references.is_empty()) {
        (true, true) => {
            warnings
                .push("`references()` shows nothing, because the prose cites nothing".to_owned());
        }
        (false, false) => append_list(skeleton, templates)?,
        _ => {}
    }
    let unused = templates.bibliographies.keys();
    let unused = unused.filter(|name| *name != DEFAULT && !bibliography.files.contains(name));
    warnings.extend(unused.map(|name| {
        format!(
            "{TEMPLATES}/{name} is not read; name it with `bibliography:` at the start of the prose"
        )
    }));
    Ok(Resolved { sections, warnings })
}

/// Adds the list of references at the end, below a heading.
fn append_list(skeleton: &mut Skeleton, templates: &Templates) -> Result<(), TemplateError> {
    let (mut title, mut is_open) = (String::new(), false);
    for event in Parser::new_ext(&skeleton.text, OPTIONS) {
        match event {
            Event::Start(Tag::Heading { .. }) => (title, is_open) = (String::new(), true),
            Event::Text(text) if is_open => title.push_str(&text),
            Event::End(TagEnd::Heading(_)) => {
                is_open = false;
                if title.trim().eq_ignore_ascii_case("references") {
                    let message = "the report has a section `References`, and would get another one at its end";
                    let hint = "write `{{ references() }}` below this heading";
                    return Err(templates.mistake(&[format!("# {title}"), title], message, hint));
                }
            }
            _ => {}
        }
    }
    skeleton.marks.push(Mark::Block(Block::References));
    let list = Block::paragraph(skeleton.marks.len() - 1);
    skeleton.text = format!("{}\n\n## References{}\n", skeleton.text.trim_end(), list.trim_end());
    skeleton.has_own_references = true;
    Ok(())
}

/// The mentions of works, and not of items.
fn of_works(mentions: &Mentions) -> impl Iterator<Item = &Mention> {
    let all = match mentions {
        Mentions::Sentence(one, _) => std::slice::from_ref(one),
        Mentions::Brackets(brackets) => &brackets.all,
    };
    all.iter().filter(|one| item_of(&one.key).is_none())
}

/// The kind and the name of an item that a key names.
fn item_of(key: &str) -> Option<(&'static str, &str)> {
    ITEMS.iter().find_map(|start| Some((*start, key.strip_prefix(*start)?)))
}

/// Finds what stands for mentions.
struct Resolver<'r> {
    cited: &'r Cited<'r>,
    bibliography: &'r Bibliography,
    context: &'r Context,
    templates: &'r Templates,
    shows_claims: bool,
    sections: Vec<SectionLink>,
    /// Words that stay text because there is no bibliography.
    plain: BTreeSet<String>,
}

/// Places of a text, and what stands there instead.
type Edits = BTreeMap<(usize, usize), Vec<Mark>>;

impl Resolver<'_> {
    /// `text` with marks in the place of mentions.
    fn replaced(
        &mut self,
        text: &str,
        found: &[Mentions],
        marks: &mut Vec<Mark>,
    ) -> Result<String, TemplateError> {
        let mut edits = Edits::new();
        for mentions in found {
            match mentions {
                Mentions::Sentence(one, behind) => self.sentence(one, *behind, &mut edits)?,
                Mentions::Brackets(brackets) => self.brackets(brackets, text, &mut edits)?,
            }
        }
        let (mut replaced, mut at) = (String::with_capacity(text.len()), 0);
        for ((from, to), stand_ins) in edits {
            replaced.push_str(&text[at..from]);
            for stand_in in stand_ins {
                if let Mark::Link(Link { text, anchor }) = &stand_in
                    && text.is_empty()
                {
                    self.sections.push(SectionLink { mark: marks.len(), anchor: anchor.clone() });
                }
                replaced.push_str(&mark(marks.len()));
                marks.push(stand_in);
            }
            at = to;
        }
        replaced.push_str(&text[at..]);
        Ok(replaced)
    }

    fn mistake(&self, key: &str, message: String, hint: &str) -> TemplateError {
        let places = ["]", ";", ",", " ", ".", ")", ""].map(|end| format!("@{key}{end}"));
        self.templates.mistake(&places, message, hint)
    }

    /// A mention that is a part of a sentence.
    fn sentence(
        &mut self,
        one: &Mention,
        behind: Option<[usize; 2]>,
        edits: &mut Edits,
    ) -> Result<(), TemplateError> {
        let Mention { key, range, .. } = one;
        let place = (range.start, range.end);
        if let Some((kind, name)) = item_of(key) {
            // A hyphen before it is text.
            let place = (range.end - key.len() - 1, range.end);
            edits.insert(place, vec![self.item(one, kind, name)?]);
            return Ok(());
        }
        if !self.bibliography.exists {
            self.plain.insert(format!("@{key}"));
            return Ok(());
        }
        self.check(key)?;
        if one.has_hyphen {
            let hint = format!("write `[-@{key}]`");
            return Err(self.mistake(key, format!("`-@{key}` stands outside of brackets"), &hint));
        }
        let name = self.cited.in_sentence(key);
        let label = self.cited.in_brackets(key, true);
        let [open, close] = self.cited.brackets();
        match behind {
            None => {
                let whole = format!("{name} {open}{label}{close}");
                edits.insert(place, vec![link(key, whole)]);
            }
            // A place in the work follows the label: `LeCun et al. (1998, p. 12)`.
            Some([from, to]) => {
                edits.insert(place, vec![Mark::Text(name)]);
                let label = link(key, label);
                let start = vec![text(open), label, text(", ")];
                edits.insert((from, from + 1), start);
                edits.insert((to, to + 1), vec![text(close)]);
            }
        }
        Ok(())
    }

    /// Mentions in brackets.
    fn brackets(
        &mut self,
        brackets: &Brackets,
        source: &str,
        edits: &mut Edits,
    ) -> Result<(), TemplateError> {
        let first = &brackets.all[0];
        if let Some(item) = brackets.all.iter().find(|one| item_of(&one.key).is_some()) {
            let message =
                format!("`@{}` names an item of the report, and stands in brackets", item.key);
            let hint = "write it without brackets, or in round ones: `(@table-a, @fig-b)`; write `\\[` for a bracket";
            return Err(self.mistake(&item.key, message, hint));
        }
        if !self.bibliography.exists {
            let is_first = source[brackets.open + 1..first.range.start].is_empty();
            if is_first {
                let message =
                    format!("`[@{}]` cites a work, but there is no `{DEFAULT}`", first.key);
                let hint = format!(
                    "put it into `{TEMPLATES}/`, or name a file there in the block at the start of the prose with \
                     `bibliography:`; write `\\[` for a bracket"
                );
                return Err(self.mistake(&first.key, message, &hint));
            }
            self.plain.extend(brackets.all.iter().map(|one| format!("@{}", one.key)));
            return Ok(());
        }
        let mut cited = BTreeSet::new();
        for one in &brackets.all {
            self.check(&one.key)?;
            if brackets.is_bare && !cited.insert(&one.key) {
                let message = format!("`@{}` stands twice in the same brackets", one.key);
                return Err(self.mistake(&one.key, message, "write it once"));
            }
        }
        let [open, close] = self.cited.brackets();
        edits.insert((brackets.open, brackets.open + 1), vec![text(open)]);
        edits.insert((brackets.close, brackets.close + 1), vec![text(close)]);
        let mut works: Vec<&Mention> = brackets.all.iter().collect();
        let has_places = works.iter().all(|one| self.cited.place(&one.key).is_some());
        if brackets.is_bare {
            works.sort_by_key(|one| self.cited.place(&one.key));
        }
        if brackets.is_bare && has_places {
            for separator in &brackets.separators {
                edits.insert((separator.start, separator.end), vec![text(", ")]);
            }
        }
        for (one, at) in works.into_iter().zip(&brackets.all) {
            let label = self.cited.in_brackets(&one.key, one.has_hyphen);
            let mut stand_ins = vec![link(&one.key, label)];
            if brackets.commas.contains(&at.range.end) {
                stand_ins.push(text(","));
            }
            edits.insert((at.range.start, at.range.end), stand_ins);
        }
        Ok(())
    }

    /// Refuses a key that no work has.
    fn check(&self, key: &str) -> Result<(), TemplateError> {
        let library = &self.bibliography.library;
        if library.has(key) {
            return Ok(());
        }
        let candidates: Vec<String> =
            library.keys().map(str::to_owned).chain(self.items().into_keys()).collect();
        let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
        let hint = match candidates.len() {
            0..=20 => suggestion(key, &candidates),
            _ => Some(suggestion(key, &candidates))
                .filter(|hint| hint.starts_with("did"))
                .unwrap_or_else(|| "add an entry with this key".to_owned()),
        };
        let message = format!("no entry of {} has the key `{key}`", self.bibliography.shown());
        Err(self.mistake(key, message, &for_text(&hint)))
    }

    /// The keys of all tables, figures and claims, with what they stand for.
    fn items(&self) -> BTreeMap<String, Mark> {
        let tables = self.context.items.iter().map(|table| {
            let item = Item { name: table.name.clone(), kind: "Table", number: table.number };
            (format!("table-{}", table.name), Mark::Reference(item))
        });
        let figures = self.context.figures.iter().map(|(name, figure)| {
            let item = Item { name: name.clone(), kind: "Figure", number: figure.number };
            (format!("fig-{name}"), Mark::Reference(item))
        });
        let claims = self.context.claims.iter().enumerate().map(|(index, judged)| {
            let (name, text) = (&judged.claim.name, format!("Claim {}", index + 1));
            let claim = match self.shows_claims {
                true => Mark::Link(Link { text, anchor: claim(name) }),
                false => Mark::Text(text),
            };
            (format!("claim-{name}"), claim)
        });
        tables.chain(figures).chain(claims).collect()
    }

    /// What stands for an item of the report.
    fn item(&self, one: &Mention, kind: &str, name: &str) -> Result<Mark, TemplateError> {
        let key = &one.key;
        if self.bibliography.library.has(key) {
            let message =
                format!("`@{key}` is the key of a work, and starts like an item of the report");
            return Err(self.mistake(key, message, "give the work another key"));
        }
        if kind == "sec-" {
            if one.is_in_heading {
                let message = format!("`@{key}` names a section, and stands in a heading");
                return Err(self.mistake(key, message, "write it into the text"));
            }
            let link = Link { text: String::new(), anchor: name.to_owned() };
            return Ok(Mark::Link(link));
        }
        let items = self.items();
        if let Some(item) = items.get(key) {
            return Ok(item.clone());
        }
        let known: Vec<_> = items.keys().map(String::as_str).collect();
        let of_kind: Vec<_> = known.iter().copied().filter(|one| one.starts_with(kind)).collect();
        let hint =
            match known.iter().find(|other| item_of(other).is_some_and(|(_, own)| own == name)) {
                Some(other) => format!("did you mean `{other}`?"),
                None => suggestion(key, &of_kind),
            };
        let message = format!("`@{key}` names no item of the report");
        Err(self.mistake(key, message, &for_text(&hint)))
    }
}

/// A citation of the work with this key.
fn link(key: &str, text: String) -> Mark {
    Mark::Link(Link { text, anchor: anchor_of(key) })
}

fn text(text: &str) -> Mark {
    Mark::Text(text.to_owned())
}

/// A hint that also says how to write text.
pub(super) fn for_text(hint: &str) -> String {
    match hint.ends_with('?') {
        true => format!("{hint} For text, write `\\@`"),
        false => format!("{hint}; for text, write `\\@`"),
    }
}
