//! Reads keys that refer to something: metrics, tables, factors, levels. Every word that refers to
//! nothing is refused, with the nearest word that does.

use super::{EXPERIMENT, Metric, Selection, Vocabulary};
use crate::document::{Node, Reader, Value, suggestion};
use crate::experiment::{Design, Level, Levels, written};
use crate::run::Curve;
use crate::task::{self, TargetKind};

/// Longest name of an item: it becomes the name of a file.
const LONGEST_NAME: usize = 100;

/// Reads each table of the array at `key`, with those that came before it. Their names must differ.
/// Leaves out those with mistakes, and notes their names.
pub fn read_each<T>(
    reader: &Reader<'_>,
    key: &'static str,
    read: impl Fn(&Reader<'_>, &[T]) -> Option<(String, T)>,
) -> Vec<T> {
    let (mut names, mut items) = (Vec::new(), Vec::new());
    let violations = reader.violations();
    let Some(section) = reader.section_of(key) else { return items };
    for (path, node) in reader.items(key) {
        let item = Reader::new(node, path.as_str(), section, violations);
        let Some((name, item)) = item.and_then(|reader| read(&reader, &items)) else {
            if let Some(name) = name_of(node) {
                violations.note_faulty(name);
            }
            continue;
        };
        if names.contains(&name) {
            let message = format!("is called `{name}`, as an earlier `{key}` is");
            violations.push(&node.location, path, message);
        }
        names.push(name);
        items.push(item);
    }
    items
}

/// The name of a table of the file, if it has one.
#[must_use]
pub fn name_of(node: &Node) -> Option<&str> {
    let Value::Table(table) = &node.value else { return None };
    match &table.get("name")?.value {
        Value::String(name) => Some(name),
        _ => None,
    }
}

/// A name that becomes part of a file name or an anchor.
#[must_use]
pub fn read_name(reader: &Reader<'_>) -> Option<String> {
    let name = reader.required::<String>("name")?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(is_plain) {
        let message = format!("must consist of a–z, 0–9 and `-`, but is `{name}`");
        reader.refuse("name", message);
    }
    if name.len() > LONGEST_NAME {
        reader.refuse("name", format!("must have at most {LONGEST_NAME} characters"));
    }
    Some(name)
}

/// The name of a table or figure. Commands accept it where they accept an experiment.
#[must_use]
pub fn read_item_name(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Option<String> {
    let name = read_name(reader)?;
    if words.experiment(&name).is_some() {
        reader.refuse("name", format!("is `{name}`, which is the name of an experiment"));
    }
    Some(name)
}

/// A word that must be one of `known`.
#[must_use]
pub fn read_known(
    reader: &Reader<'_>,
    key: &'static str,
    known: &[&str],
    what: &str,
) -> Option<String> {
    let word = reader.required::<String>(key)?;
    check_known(reader, key, &word, known, what);
    Some(word)
}

/// A list of words of `known`, each once.
#[must_use]
pub fn read_all_known(
    reader: &Reader<'_>,
    key: &'static str,
    known: &[&str],
    what: &str,
) -> Option<Vec<String>> {
    let words = reader.required::<Vec<String>>(key)?;
    for word in &words {
        check_known(reader, key, word, known, what);
        if words.iter().filter(|other| *other == word).count() > 1 {
            reader.refuse_word(key, word, format!("lists `{word}` more than once"));
        }
    }
    Some(words)
}

/// Refuses a word that is not one of `known`.
pub fn check_known(reader: &Reader<'_>, key: &'static str, word: &str, known: &[&str], what: &str) {
    if !known.contains(&word) && !reader.violations().is_faulty(word) {
        let message = format!("names no {what}, `{word}`; {}", suggestion(word, known));
        reader.refuse_word(key, word, message);
    }
}

/// The name of a metric.
#[must_use]
pub fn read_metric(reader: &Reader<'_>, metrics: &[Metric]) -> Option<String> {
    let known: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    read_known(reader, "metric", &known, "metric")
}

/// Refuses metrics with different units or directions: their scores cannot be compared.
pub fn check_comparable(reader: &Reader<'_>, key: &str, metrics: &[&Metric]) {
    let Some((first, others)) = metrics.split_first() else { return };
    let is_other = |one: &&&Metric| one.unit != first.unit || one.better() != first.better();
    if let Some(other) = others.iter().find(is_other) {
        let message = format!(
            "compares `{}` ({}) with `{}` ({}): all metrics must have one unit and one direction",
            first.name,
            first.scale(),
            other.name,
            other.scale()
        );
        reader.refuse(key, message);
    }
}

/// Refuses the first pair of conditions that have a run in common.
pub fn check_distinct(reader: &Reader<'_>, key: &str, pairs: &[[Levels; 2]]) {
    if let [[one, other], ..] = pairs
        && reader.is_sound()
    {
        let message = format!(
            "counts runs twice: the conditions {} and {} have runs in common; leave one of them out \
             with `where`",
            written(one),
            written(other)
        );
        reader.refuse(key, message);
    }
}

/// `experiment` or factors, each once.
#[must_use]
pub fn read_factors(
    reader: &Reader<'_>,
    key: &'static str,
    words: &Vocabulary<'_>,
) -> Option<Vec<String>> {
    if words.has_unknown_factors() {
        return reader.required::<Vec<String>>(key);
    }
    let known: Vec<_> = words.names().collect();
    read_all_known(reader, key, &known, "factor")
}

/// `where = { weight_sharing = true, experiment = ["deep", "deep-sigmoid"] }`.
#[must_use]
pub fn read_selection(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Selection {
    let entries = reader.entries("where").into_iter();
    entries.filter_map(|(factor, node)| levels(reader, "where", factor, node, words)).collect()
}

/// A selection of one condition whose runs have classes, at `where`.
#[must_use]
pub fn read_classified(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Selection {
    let selection = read_selection(reader, words);
    let n = words.conditions(&selection).count();
    if reader.is_sound() && n != 1 {
        let message = format!("must select one condition, but selects {n}; name more levels");
        reader.refuse("where", message);
    }
    let has_no_classes = |design: &Design| {
        design.network().is_none_or(|own| task::of(own.task).targets() != TargetKind::Classes)
    };
    if let Some(experiment) = words.find(&selection, has_no_classes)
        && reader.is_sound()
    {
        let message = format!("selects `{experiment}`, whose task records no confusion matrix");
        reader.refuse("where", message);
    }
    selection
}

/// The levels of a table such as `{ weight_sharing = true }`, which is the value of `key`.
#[must_use]
pub fn read_levels(
    reader: &Reader<'_>,
    key: &str,
    node: &Node,
    words: &Vocabulary<'_>,
) -> Option<Selection> {
    match &node.value {
        Value::Table(table) => {
            let entries = table.iter();
            Some(entries.filter_map(|(f, node)| levels(reader, key, f, node, words)).collect())
        }
        _ => None,
    }
}

/// One factor with the levels that count; `None` if it is no factor.
fn levels(
    reader: &Reader<'_>,
    key: &str,
    factor: &str,
    node: &Node,
    words: &Vocabulary<'_>,
) -> Option<(String, Vec<Level>)> {
    let path = format!("{key}.{factor}");
    if !check_factor(reader, &path, factor, node, words) {
        return None;
    }
    let known = words.levels(factor).unwrap_or_default();
    let whole = Level::of(&node.value);
    let levels: Vec<Level> = match &node.value {
        // A list may be a single level: that of a factor whose values are lists.
        Value::Array(items) if !known.contains(&whole) => {
            items.iter().map(|item| Level::of(&item.value)).collect()
        }
        _ => vec![whole],
    };
    if levels.is_empty() {
        let message = "lists no level: leave the factor out to take all of them";
        reader.violations().push(&node.location, reader.path_of(&path), message);
    }
    for (index, level) in levels.iter().enumerate() {
        check_level(reader, &path, node, (factor, level), words);
        if levels[..index].contains(level) {
            let message = format!("lists `{level}` twice");
            reader.violations().push(&node.location, reader.path_of(&path), message);
        }
    }
    Some((factor.to_owned(), levels))
}

/// Refuses a factor that no experiment has.
#[must_use]
pub fn check_factor(
    reader: &Reader<'_>,
    key: &str,
    factor: &str,
    node: &Node,
    words: &Vocabulary<'_>,
) -> bool {
    let is_known = words.levels(factor).is_some();
    if !is_known && !words.has_unknown_factors() {
        let hint = suggestion(factor, &words.names().collect::<Vec<_>>());
        let message = format!("names no factor of any experiment, `{factor}`; {hint}");
        let location = node.key.as_ref().unwrap_or(&node.location);
        reader.violations().push(location, reader.path_of(key), message);
    }
    is_known
}

/// Refuses a level that the factor never has.
pub fn check_level(
    reader: &Reader<'_>,
    key: &str,
    node: &Node,
    (factor, level): (&str, &Level),
    words: &Vocabulary<'_>,
) {
    let known = words.levels(factor).unwrap_or_default();
    if !known.contains(level) && !words.has_unknown_levels(factor) {
        let hint = level.instead(known);
        let what = match factor {
            EXPERIMENT => "experiment".to_owned(),
            factor => format!("level of `{factor}`"),
        };
        let message = format!("names no {what}, `{level}`; {hint}");
        reader.violations().push(&node.location, reader.path_of(key), message);
    }
}

/// One of several words, each with its meaning.
pub fn choice<T: Copy>(reader: &Reader<'_>, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
    let word = reader.required::<String>(key)?;
    let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        reader.refuse(key, format!("is unknown, `{word}`; {}", suggestion(&word, &names)));
    }
    found
}

/// The name of a curve.
#[must_use]
pub fn read_curve(
    reader: &Reader<'_>,
    key: &'static str,
    words: &Vocabulary<'_>,
) -> Option<&'static Curve> {
    choice(reader, key, &words.curves())
}

/// Keys of `data` that differ between conditions that are compared, with their values: those that
/// the file declares at `differs`.
pub type Differs = super::settings::Settings;

/// `The conditions differ in data.seed (0, 7).`; `None` if they do not differ.
#[must_use]
pub fn differs_note(differs: &Differs) -> Option<String> {
    let keys = differs.iter().map(|(key, values)| {
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        format!("{key} ({})", values.join(", "))
    });
    let keys: Vec<_> = keys.collect();
    (!keys.is_empty()).then(|| format!("The conditions differ in {}.", keys.join("; ")))
}

/// Reads `differs` and refuses every difference of the data that it does not declare.
pub fn read_differs(reader: &Reader<'_>, found: Differs, place: &str) -> Differs {
    let declared = reader.optional::<Vec<String>>("differs").unwrap_or_default();
    let covers = |declared: &str, key: &str| {
        key == declared || key.strip_prefix(declared).is_some_and(|rest| rest.starts_with('.'))
    };
    if !reader.is_sound() {
        return found;
    }
    for key in declared.iter().filter(|d| !found.keys().any(|key| covers(d, key))) {
        reader.refuse("differs", format!("names `{key}`, in which the conditions do not differ"));
    }
    for (key, values) in found.iter().filter(|(key, _)| !declared.iter().any(|d| covers(d, key))) {
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let message = format!(
            "compares conditions that differ in `{key}` ({}): select conditions with one value, or \
             declare the difference with `differs = [\"{key}\"]`",
            values.join(" and ")
        );
        reader.refuse(place, message);
    }
    found
}
