//! What is known of a key, a table or a kind, as text for a terminal.

use super::files::sections;
use super::kinds::{meaning, sentences};
use super::section::{Key, Need, Section, Tag};
use crate::format::wrapped;

/// A table or a key that a word names.
struct Topic {
    section: &'static Section,
    /// `None` for a table as a whole.
    key: Option<&'static Key>,
}

/// What is known of a key, a table or a kind: `train.optimizer.lr`, `lr`, `optimizer`, `sgd`. `None` if there is none
/// of this name.
#[must_use]
pub fn about(word: &str) -> Option<String> {
    let is_it = |path: &str| {
        path == word || path.strip_suffix(word).is_some_and(|before| before.ends_with('.'))
    };
    let of_keys = sections().into_iter().flat_map(|section| {
        let keys = section.all().filter(|key| is_it(&path(section, key)));
        keys.map(|key| Topic { section, key: Some(key) }).collect::<Vec<_>>()
    });
    let tables = sections().into_iter().filter(|section| {
        let is_kind = matches!(section.tag, Tag::Word(..)) && section.kinds().contains(&word);
        is_kind || (!section.path.is_empty() && is_it(section.path))
    });
    // A key that takes a table is told with its table.
    let tables: Vec<_> = tables.map(|section| Topic { section, key: None }).collect();
    let of_keys = of_keys.filter(|topic| {
        let is_told = |other: &Topic| {
            topic.key.is_some_and(|key| path(topic.section, key) == other.section.path)
        };
        !tables.iter().any(is_told)
    });
    let topics: Vec<_> =
        of_keys.chain(tables.iter().map(|own| Topic { section: own.section, key: None })).collect();
    let kind = |section: &Section| section.kinds().iter().copied().find(|kind| *kind == word);
    let texts = topics.iter().map(|topic| match topic.key {
        Some(key) => of_key(topic.section, key),
        None => of_table(topic.section, kind(topic.section)),
    });
    let texts: Vec<_> = texts.collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

/// The names that [`about`] knows.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let all = sections();
    let keys = all.iter().flat_map(|section| section.all().map(|key| key.name));
    let kinds = all.iter().filter(|section| matches!(section.tag, Tag::Word(..)));
    let kinds = kinds.flat_map(|section| section.kinds().iter().copied());
    let tables = all.iter().filter_map(|section| section.path.rsplit('.').next());
    let mut names: Vec<_> =
        keys.chain(kinds).chain(tables).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn path(section: &Section, key: &Key) -> String {
    match section.path {
        "" => key.name.to_owned(),
        path => format!("{path}.{}", key.name),
    }
}

fn default(key: &Key) -> String {
    match key.need {
        Need::Required => "required".to_owned(),
        Need::Default("") => "optional".to_owned(),
        Need::Default(default) => format!("default: {}", default.replace('`', "")),
        Need::Depends(when) => when.replace('`', ""),
    }
}

fn of_key(section: &Section, key: &Key) -> String {
    let own = path(section, key);
    // Pairs and single examples have tables of the same path.
    let is_shared = |other: &&Section| other.path == section.path && !std::ptr::eq(*other, section);
    let name = match sections().iter().find(|other| is_shared(other)) {
        Some(_) if !section.path.is_empty() => {
            format!("{own} ({})", section.about.trim_end_matches('.'))
        }
        _ => own,
    };
    let mut lines = vec![
        name,
        wrapped(&sentences(section, key), "  "),
        wrapped(&format!("takes {}; {}", key.takes, default(key)), "  "),
    ];
    if let (Tag::Word(tag, _), [_, ..]) = (section.tag, key.of) {
        lines.push(format!("  with {tag} = {}", key.of.join(", ")));
    }
    lines.push(example(section));
    lines.join("\n")
}

fn of_table(section: &Section, kind: Option<&str>) -> String {
    let name = match (section.tag, kind) {
        (Tag::Word(tag, _), Some(kind)) => format!("{} with {tag} = \"{kind}\"", section.path),
        _ => section.path.to_owned(),
    };
    let mut lines = vec![name.trim().to_owned(), wrapped(section.about, "  ")];
    let of_kind = kind.and_then(|kind| Some(format!("{kind}: {}", meaning(section, kind)?)));
    lines.extend(of_kind.map(|text| wrapped(&text, "  ")));
    for key in section.all().filter(|key| kind.is_none() || key.is_of(kind)) {
        let of = match (kind, key.of) {
            (None, [_, ..]) => format!("; with {}", key.of.join(", ")),
            _ => String::new(),
        };
        // The other kinds have nothing to do with one kind.
        let about = if kind.is_none() { sentences(section, key) } else { key.sentence() };
        lines.push(format!("\n  {}", key.name));
        lines.push(wrapped(&about, "    "));
        lines.push(wrapped(&format!("takes {}; {}{of}", key.takes, default(key)), "    "));
    }
    lines.push(example(section));
    lines.join("\n")
}

fn example(section: &Section) -> String {
    format!("\n  Example:\n    {}", section.example.replace('\n', "\n    "))
}
