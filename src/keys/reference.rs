//! The table of keys as Markdown, for the reference pages.

use super::experiment::EXPERIMENT;
use super::files::{FILES, sections};
use super::kinds::meaning;
use super::section::{Key, Need, Section, Tag, Takes};

/// The keys of the table at `path`, or of the file of this name, as a table of Markdown. `word` is a kind of the table, `shared` for the keys of all its
/// kinds, or the task of an experiment if its tasks have different tables there. `None` if there is no such table.
#[must_use]
pub fn reference(path: &str, word: Option<&str>) -> Option<String> {
    let file = FILES.iter().find(|(name, _)| *name == path).map(|(_, takes)| takes);
    let all: Vec<_> = sections().into_iter().filter(|section| section.path == path).collect();
    let (section, word) = match (file, &all[..], word) {
        (Some(Takes::Table(section)), ..) => (*section, word),
        (_, [only], word) => (*only, word),
        (_, _, Some(task)) => (of_task(path, task)?, None),
        _ => return None,
    };
    let is_shown = |key: &&Key| match word {
        None => true,
        Some("shared") => key.of.is_empty(),
        kind => !key.of.is_empty() && key.is_of(kind),
    };
    let keys: Vec<_> = section.all().filter(is_shown).collect();
    if keys.is_empty() {
        return None;
    }
    let has_kinds = word.is_none() && keys.iter().any(|key| !key.of.is_empty());
    let kinds = |key: &Key| {
        let of = key.of.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
        if has_kinds { format!(" {of} |") } else { String::new() }
    };
    let head = match has_kinds {
        true => "| key | of | takes | default | meaning |\n|---|---|---|---|---|\n",
        false => "| key | takes | default | meaning |\n|---|---|---|---|\n",
    };
    let row = |key: &Key| {
        let (of, takes, default) = (kinds(key), cell(&key.takes), default(key));
        format!("| `{}` |{of} {takes} | {default} | {} |\n", key.name, key.about)
    };
    Some(head.to_owned() + &keys.into_iter().map(row).collect::<String>())
}

/// The kinds of the table at `path` as a table of Markdown: their own keys, with the defaults, and what they mean.
/// `None` if there is no such table, or its kinds are not described.
#[must_use]
pub fn kinds_reference(path: &str) -> Option<String> {
    let all: Vec<_> = sections().into_iter().filter(|section| section.path == path).collect();
    let mut rows: Vec<String> = Vec::new();
    for section in &all {
        for kind in section.kinds() {
            let own = section.all().filter(|key| !key.of.is_empty() && key.is_of(Some(kind)));
            let keys: Vec<_> = own.map(named).collect();
            rows.push(format!(
                "| `{kind}` | {} | {} |\n",
                keys.join(", "),
                meaning(section, kind)?
            ));
        }
    }
    let Tag::Word(tag, _) = all.first()?.tag else { return None };
    Some(format!(
        "| `{tag}` | own keys, with defaults | meaning |\n|---|---|---|\n{}",
        rows.concat()
    ))
}

/// A key with its default: “`stride` (1)”.
fn named(key: &Key) -> String {
    match key.need {
        Need::Default(text) if !text.is_empty() => format!("`{}` ({text})", key.name),
        _ => format!("`{}`", key.name),
    }
}

/// The table at a path of an experiment with this task.
fn of_task(path: &str, task: &str) -> Option<&'static Section> {
    let mut section = &EXPERIMENT;
    let mut kind = Some(task);
    for name in path.split('.') {
        let takes = &section.key(name, kind)?.takes;
        let forms = match takes {
            Takes::Either(forms, _) => forms,
            takes => std::slice::from_ref(takes),
        };
        section = forms.iter().find_map(|form| match form {
            Takes::Table(section) => Some(*section),
            _ => None,
        })?;
        kind = None;
    }
    Some(section)
}

fn default(key: &Key) -> String {
    match key.need {
        Need::Required => "required".to_owned(),
        Need::Default("") => "none".to_owned(),
        Need::Default(word) if word.starts_with('"') => format!("`{word}`"),
        Need::Default(text) | Need::Depends(text) => text.to_owned(),
    }
}

/// What a key takes, in few words.
fn cell(takes: &Takes) -> String {
    let limits = takes.limits();
    match takes {
        Takes::Integer(..) | Takes::Number(..) => {
            let kind = takes.kind();
            let kind = kind.split_once(' ').map_or("", |(_, kind)| kind).to_owned();
            if limits.is_empty() { kind } else { format!("{kind}, {limits}") }
        }
        Takes::Boolean => "boolean".to_owned(),
        Takes::Text | Takes::Label => "text".to_owned(),
        Takes::Name("a file") => "path".to_owned(),
        Takes::Name(what) if what.starts_with("this ") => "name".to_owned(),
        Takes::Name(what) => format!("name of {what}"),
        Takes::Word(_, words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            words.join(", ")
        }
        Takes::List(Takes::Map(_) | Takes::Table(_)) => "list of tables".to_owned(),
        Takes::List(of) => format!("list; each is {}", of.kind()),
        Takes::Map(_) | Takes::Table(_) => "table".to_owned(),
        Takes::Either(_, what) | Takes::Any(what) => {
            what.trim_start_matches("a ").trim_start_matches("an ").to_owned()
        }
    }
}
