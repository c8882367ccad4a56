//! Labels and the order of the list.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::library::Library;
use super::line::Piece;
use super::name::And;
use super::work::Work;
use super::{author_year, numbers};

/// How a paper cites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `[1]`; the list is in the order of the first citations.
    #[default]
    Numbers,
    /// `(Bottou, 2012)`; the list is in the order of authors, years and titles.
    AuthorYear,
}

/// The styles by their names.
pub const STYLES: [(&str, Style); 2] =
    [("numbers", Style::Numbers), ("author-year", Style::AuthorYear)];

/// A work in the list of references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its number, if the style has numbers.
    pub number: Option<usize>,
    /// Its line.
    pub line: Vec<Piece>,
}

/// The works that a paper cites.
#[derive(Clone, Debug)]
pub struct Cited<'l> {
    style: Style,
    /// Key, work and the number or the year of each, in the order of the list.
    works: Vec<(&'l str, &'l Work, String)>,
}

impl<'l> Cited<'l> {
    /// The works with these keys, which are in the order of their citations. Keys that the library does not have
    /// are left out.
    #[must_use]
    pub fn new(style: Style, library: &'l Library, keys: &[&'l str]) -> Self {
        let mut works: Vec<(&str, &Work, String)> = Vec::new();
        for key in keys {
            if let Some(work) = library.work(key)
                && !works.iter().any(|(known, ..)| known == key)
            {
                works.push((key, work, String::new()));
            }
        }
        match style {
            Style::Numbers => {
                for (index, (.., number)) in works.iter_mut().enumerate() {
                    *number = (index + 1).to_string();
                }
            }
            Style::AuthorYear => {
                // Two works that are alike in all else have the order of their keys.
                works.sort_by_cached_key(|(key, work, _)| (sort_key(work), (*key).to_owned()));
                let label = |work: &Work| (maker(work, And::Word), work.shown_year().to_owned());
                let mut same: BTreeMap<_, usize> = BTreeMap::new();
                for (_, work, _) in &works {
                    *same.entry(label(work)).or_default() += 1;
                }
                let mut used: BTreeMap<_, usize> = BTreeMap::new();
                for (_, work, year) in &mut works {
                    let before = used.entry(label(work)).or_default();
                    let letter =
                        if same[&label(work)] > 1 { letter(*before) } else { String::new() };
                    *before += 1;
                    let hyphen = if work.year.is_empty() && !letter.is_empty() { "-" } else { "" };
                    *year = format!("{}{hyphen}{letter}", work.shown_year());
                }
            }
        }
        Self { style, works }
    }

    fn find(&self, key: &str) -> Option<&(&'l str, &'l Work, String)> {
        self.works.iter().find(|(known, ..)| *known == key)
    }

    /// What stands for a work between brackets: `3`, `Bottou, 2012`, or without the author `2012`.
    #[must_use]
    pub fn in_brackets(&self, key: &str, without_author: bool) -> String {
        let Some((_, work, label)) = self.find(key) else { return String::new() };
        match self.style {
            Style::Numbers => label.clone(),
            Style::AuthorYear if without_author => label.clone(),
            Style::AuthorYear => format!("{}, {label}", maker(work, And::Sign)),
        }
    }

    /// The authors of a work as a part of a sentence: `Kingma and Ba`.
    #[must_use]
    pub fn in_sentence(&self, key: &str) -> String {
        self.find(key).map_or_else(String::new, |(_, work, _)| maker(work, And::Word))
    }

    /// The brackets around citations.
    #[must_use]
    pub fn brackets(&self) -> [&'static str; 2] {
        match self.style {
            Style::Numbers => ["[", "]"],
            Style::AuthorYear => ["(", ")"],
        }
    }

    /// The place of a work among others in one pair of brackets. `None` if they keep the order in which the author
    /// names them.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<usize> {
        let place = self.works.iter().position(|(known, ..)| *known == key);
        place.filter(|_| self.style == Style::Numbers)
    }

    /// The list of references.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let one = |(index, (key, work, label)): (usize, &(&str, &Work, String))| Entry {
            key: (*key).to_owned(),
            number: (self.style == Style::Numbers).then_some(index + 1),
            line: match self.style {
                Style::Numbers => numbers::line(work),
                Style::AuthorYear => author_year::line(work, label),
            },
        };
        self.works.iter().enumerate().map(one).collect()
    }
}

/// The authors in short, or what stands for them: the title.
fn maker(work: &Work, and: And) -> String {
    let names = work.makers().short(and);
    match (names.is_empty(), work.title.is_empty()) {
        (false, _) => names,
        (true, false) => format!("“{}”", work.title),
        (true, true) => "n.a.".to_owned(),
    }
}

/// What orders the list: names, year and title, without accents and case.
fn sort_key(work: &Work) -> (Vec<String>, String, String) {
    let folded = |text: &str| {
        let letters = text.nfd().filter(|c| !is_combining_mark(*c) && !"{}“”".contains(*c));
        letters.collect::<String>().to_lowercase()
    };
    let names = work.makers().all.iter().flat_map(|name| [&name.family, &name.given]);
    let mut names: Vec<_> = names.map(|name| folded(name)).collect();
    if names.is_empty() {
        names.push(folded(&work.title));
    }
    // A work without a year comes first.
    (names, work.year.clone(), folded(&work.title))
}

/// `a` to `z`, then `aa`.
fn letter(index: usize) -> String {
    let last = char::from(b'a' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letter(before - 1)),
    }
}
