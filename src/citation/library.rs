//! The works of the BibTeX files of a project.

use std::collections::{BTreeMap, BTreeSet};

use biblatex::{
    Bibliography, ParseError, ParseErrorKind, RawBibliography, RawChunk, RawEntry, Spanned,
};

use super::cycle::{Graph, total};
use super::work::{Addresses, Work};
use crate::document::Location;

/// Largest size of a file, and of all its abbreviations when they are written out, in bytes.
const LARGEST: usize = 16_000_000;

/// Deepest nesting of braces. The parser calls itself for each level of commands.
const DEEPEST: usize = 50;

/// Most entries that one entry takes fields from.
const MOST_PARENTS: usize = 50;

/// All works that a paper can cite, by their keys.
#[derive(Clone, Debug, Default)]
pub struct Library {
    works: BTreeMap<String, (Location, Work)>,
}

/// A mistake in a BibTeX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BibliographyError {
    /// Where it is.
    pub location: Location,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// What is wrong at a place of a text.
type Mistake = (usize, String, &'static str);

impl Library {
    /// Reads files, each given by its path and its text.
    ///
    /// # Errors
    /// With the line of the first mistake: of the syntax, of a key that two entries have, of entries or
    /// abbreviations that stand for each other.
    pub fn read(files: &[(String, &str)]) -> Result<Self, BibliographyError> {
        let mut library = Self::default();
        for (file, text) in files {
            let at = |at: usize| {
                let before = text.get(..at).unwrap_or(text);
                Location {
                    file: file.as_str().into(),
                    line: before.matches('\n').count() + 1,
                    span: None,
                }
            };
            let refused = |(place, message, hint): Mistake| BibliographyError {
                location: at(place),
                message,
                hint: hint.to_owned(),
            };
            for (place, key, work) in works(text).map_err(refused)? {
                let other = library.works.insert(key.clone(), (at(place), work));
                if let Some((other, _)) = other {
                    let message = format!("the key `{key}` is also that of {other}");
                    return Err(refused((place, message, "give one of them another key")));
                }
            }
        }
        Ok(library)
    }

    /// The keys of all works.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.works.keys().map(String::as_str)
    }

    /// Whether it has a work with this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.works.contains_key(key)
    }

    /// What is missing in a work, or is shown in a wrong form, each with its file and line.
    pub fn flaws(&self, key: &str) -> impl Iterator<Item = String> {
        let found = self.works.get_key_value(key).into_iter();
        found.flat_map(|(key, (location, work))| {
            work.flaws.iter().map(move |flaw| format!("{location}: `{key}` {flaw}"))
        })
    }

    pub(super) fn work(&self, key: &str) -> Option<&Work> {
        self.works.get(key).map(|(_, work)| work)
    }
}

/// Place, key and content of each entry.
fn works(text: &str) -> Result<Vec<(usize, String, Work)>, Mistake> {
    if text.len() > LARGEST {
        return Err((0, "the file has more than 16 MB".to_owned(), "split it"));
    }
    let text = text.strip_prefix('\u{feff}').map_or_else(|| text.to_owned(), |t| format!("   {t}"));
    let raw = RawBibliography::parse(&text).map_err(|error| faulty(&text, &error))?;
    check(&raw)?;
    let entries: Vec<_> =
        raw.entries.iter().map(|entry| (entry.span.start, addresses(&entry.v))).collect();
    let parsed = Bibliography::from_raw(raw).map_err(|error| faulty(&text, &error))?;
    let works = parsed
        .iter()
        .zip(entries)
        .map(|(entry, (place, addresses))| (place, entry.key.clone(), Work::new(entry, addresses)));
    Ok(works.collect())
}

/// An error of the parser.
fn faulty(text: &str, error: &ParseError) -> Mistake {
    let end = (0..=error.span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let end = end.unwrap_or_default();
    let opened = text[..end].rfind("\n@").map_or(0, |at| at + 1);
    let line = text[..opened].matches('\n').count() + 1;
    let of = format!("in the entry that begins at line {line}");
    let (message, hint) = match &error.kind {
        ParseErrorKind::UnexpectedEof => (
            format!("a value is missing or is never closed, {of}"),
            "write values between braces, and as many `}` as `{`; write `\\$` for a dollar sign",
        ),
        ParseErrorKind::UnknownAbbreviation(name) => (
            format!("no `@string` defines `{name}`, {of}"),
            "write the value between braces, or define the abbreviation above",
        ),
        kind => (
            format!("the BibTeX is not valid: {kind}, {of}"),
            "an entry is like `@article{key, author = {First Last}, title = {…}, year = {2020}}`",
        ),
    };
    (end, message, hint)
}

/// Refuses what the parser does not end on: abbreviations and entries that stand for each other, and braces without
/// end.
fn check(raw: &RawBibliography<'_>) -> Result<(), Mistake> {
    let values = raw.abbreviations.iter().chain(raw.entries.iter().flat_map(|one| &one.v.fields));
    for pair in values.clone() {
        let chunks = pair.value.v.iter();
        let texts = chunks.filter_map(|chunk| match chunk.v {
            RawChunk::Normal(text) => Some(text),
            RawChunk::Abbreviation(_) => None,
        });
        if texts.into_iter().any(|text| depth(text) > DEEPEST) {
            let message = format!("braces are nested more than {DEEPEST} deep");
            return Err((pair.key.span.start, message, "remove those that are not needed"));
        }
    }
    let abbreviations: Graph<'_> =
        raw.abbreviations.iter().map(|pair| (pair.key.v, parts(&pair.value.v))).collect();
    let (mut known, mut whole) = (BTreeMap::new(), 0_usize);
    for pair in values {
        let (own, others) = parts(&pair.value.v);
        whole = whole.saturating_add(own);
        for other in others {
            let size = total(other, &abbreviations, &mut Vec::new(), &mut known);
            whole = whole.saturating_add(size.unwrap_or(usize::MAX));
        }
        if whole > LARGEST {
            let message = "`@string` abbreviations stand for themselves, or for more than 16 MB";
            return Err((pair.key.span.start, message.to_owned(), "write the value out"));
        }
    }
    let mut keys = BTreeMap::new();
    for entry in &raw.entries {
        let key = entry.v.key.v;
        if key.is_empty() {
            let message = "an entry has no key".to_owned();
            return Err((
                entry.span.start,
                message,
                "write it behind the brace, like `@book{key, …}`",
            ));
        }
        if keys.insert(key, entry.span.start).is_some() {
            let message = format!("two entries have the key `{key}`");
            return Err((entry.span.start, message, "give one of them another key"));
        }
    }
    let parents: Graph<'_> =
        raw.entries.iter().map(|entry| (entry.v.key.v, (1, parents(&entry.v)))).collect();
    let mut known = BTreeMap::new();
    for entry in &raw.entries {
        let n = total(entry.v.key.v, &parents, &mut Vec::new(), &mut known);
        if n.is_none_or(|n| n > MOST_PARENTS) {
            let message = format!(
                "`{}` takes its fields from itself, or from more than {MOST_PARENTS} entries",
                entry.v.key.v
            );
            return Err((entry.span.start, message, "correct its `crossref` or `xdata`"));
        }
        let lost = parents[entry.v.key.v].1.iter().find(|parent| !keys.contains_key(*parent));
        if let Some(lost) = lost {
            let message =
                format!("`{}` takes fields from `{lost}`, which is no entry", entry.v.key.v);
            return Err((entry.span.start, message, "correct its `crossref` or `xdata`"));
        }
    }
    Ok(())
}

/// The deepest nesting of braces.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The size of the texts of a value, and its abbreviations.
fn parts<'s>(value: &[Spanned<RawChunk<'s>>]) -> (usize, Vec<&'s str>) {
    let (mut size, mut names) = (1, Vec::new());
    for chunk in value {
        match chunk.v {
            RawChunk::Normal(text) => size += text.len(),
            RawChunk::Abbreviation(name) => names.push(name),
        }
    }
    (size, names)
}

/// The entries that an entry takes fields from.
fn parents<'s>(entry: &RawEntry<'s>) -> Vec<&'s str> {
    let is_of_parents = |name: &str| ["crossref", "xdata"].contains(&name.to_lowercase().as_str());
    let fields = entry.fields.iter().filter(|pair| is_of_parents(pair.key.v));
    let texts = fields.flat_map(|pair| &pair.value.v).filter_map(|chunk| match chunk.v {
        RawChunk::Normal(text) => Some(text),
        RawChunk::Abbreviation(_) => None,
    });
    let names = texts.flat_map(|text| text.split(',').map(str::trim));
    let unique: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
    unique.into_iter().collect()
}

/// The addresses of an entry. In them, hyphens are no dashes.
fn addresses(entry: &RawEntry<'_>) -> Addresses {
    let mut found = Addresses::default();
    for pair in &entry.fields {
        let place = match pair.key.v.to_lowercase().as_str() {
            "doi" => &mut found.doi,
            "url" => &mut found.url,
            "eprint" => &mut found.eprint,
            _ => continue,
        };
        let texts = pair.value.v.iter().map(|chunk| match chunk.v {
            RawChunk::Normal(text) | RawChunk::Abbreviation(text) => text,
        });
        let text: String = texts.collect();
        let text =
            text.replace("\\url{", "").replace("\\~{}", "~").replace("\\textasciitilde", "~");
        text.replace(['{', '}', '\\'], "").trim().clone_into(place);
    }
    found
}
