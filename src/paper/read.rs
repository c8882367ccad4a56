//! Reads a paper file and checks every name in it.

mod figure;
mod table;

use std::collections::BTreeMap;

use super::{
    Claim, Curve, EXPERIMENT, FactorLabel, Figure, Metric, Paper, Protocol, Selection, Table, Take,
    Vocabulary,
};
use crate::document::{Node, Reader, Value, Violation, Violations, suggestion};

/// All curves by name.
fn curves() -> [(&'static str, Curve); 6] {
    [
        Curve::PublishedTestAccuracy,
        Curve::UndroppedTestAccuracy,
        Curve::CorrectedTestAccuracy,
        Curve::ValidationAccuracy,
        Curve::DigitAccuracy,
        Curve::ComparisonAccuracy,
    ]
    .map(|curve| (curve.name(), curve))
}

impl Paper {
    /// Reads a paper; `vocabulary` is what it may refer to.
    ///
    /// # Errors
    /// With every violation, in order of the lines.
    pub fn from_document(root: &Node, vocabulary: &Vocabulary<'_>) -> Result<Self, Vec<Violation>> {
        let violations = Violations::default();
        let paper = Reader::new(root, "", &violations)
            .and_then(|reader| read(reader, vocabulary, &violations));
        match paper {
            Some(paper) if violations.is_empty() => Ok(paper),
            _ => Err(violations.into_sorted()),
        }
    }
}

fn read(reader: Reader<'_>, words: &Vocabulary<'_>, violations: &Violations) -> Option<Paper> {
    let title = reader.required::<String>("title");
    let source = reader.required::<String>("source");
    let labels = reader
        .entries("labels")
        .into_iter()
        .filter_map(|(factor, node)| {
            check_factor(&reader, factor, node, words);
            let reader = Reader::new(node, format!("labels.{factor}"), violations)?;
            Some((factor.to_owned(), read_label(reader, factor, words)?))
        })
        .collect();
    let metrics = all(&reader, "metric", violations, read_metric);
    let names = metrics.as_ref().map(|metrics| names(metrics, |metric| &metric.name));
    let protocols = all(&reader, "protocol", violations, |reader| {
        let metric = read_known(&reader, "metric", names.as_deref(), "metric");
        let label = reader.required::<String>("label");
        reader.finish();
        let protocol = Protocol { metric: metric?, label: label? };
        Some((protocol.metric.clone(), protocol))
    });
    let draws = read_draws(&reader, words);
    let tables = all_after(&reader, "table", violations, |reader, earlier| {
        table::read(reader, words, names.as_deref(), earlier, &draws)
    });
    let figures =
        all(&reader, "figure", violations, |reader| figure::read(reader, words, tables.as_deref()));
    let claims = all(&reader, "claim", violations, |reader| {
        read_claim(reader, tables.as_deref(), figures.as_deref())
    });
    if let (Some(tables), Some(protocols)) = (&tables, &protocols) {
        let mut with_levels = tables.iter().filter_map(Table::levels);
        if let [first, _, ..] = &protocols[..]
            && !with_levels.any(|levels| levels.metric == first.metric)
        {
            let message = format!("`{}` comes first, but is the metric of no table", first.metric);
            reader.refuse("protocol", message);
        }
        for (table, (path, node)) in tables.iter().zip(reader.items("table")) {
            if let Some(taken) = taken_file(&table.name, tables, protocols) {
                let message = format!("has the name `{}`, which is that of {taken}", table.name);
                violations.push(&node.location, path, message);
            }
        }
    }
    if let (Some(tables), Some(figures)) = (&tables, &figures) {
        for (figure, (path, node)) in figures.iter().zip(reader.items("figure")) {
            if tables.iter().any(|table| table.name == figure.name) {
                let message = format!("has the name `{}`, which a table has too", figure.name);
                violations.push(&node.location, path, message);
            }
        }
    }
    reader.finish();
    Some(Paper {
        title: title?,
        source: source?,
        metrics: metrics?,
        protocols: protocols?,
        draws,
        labels,
        tables: tables?,
        figures: figures?,
        claims: claims?,
    })
}

/// What writes a data file of that name, beside the table that is called so.
fn taken_file(name: &str, tables: &[Table], protocols: &[Protocol]) -> Option<String> {
    if name == "runs" {
        return Some("the file of all runs".to_owned());
    }
    let with_levels = tables.iter().filter(|table| table.levels().is_some());
    let mut forms =
        with_levels.flat_map(|table| protocols.iter().map(move |protocol| (table, protocol)));
    let (table, protocol) =
        forms.find(|(table, protocol)| format!("{}-{}", table.name, protocol.metric) == name)?;
    Some(format!("table `{}` under `{}`", table.name, protocol.metric))
}

/// Reads each table of the array at `key`; their names must differ. All are read before the first
/// faulty one makes the whole none.
fn all<T>(
    reader: &Reader<'_>,
    key: &'static str,
    violations: &Violations,
    read: impl Fn(Reader<'_>) -> Option<(String, T)>,
) -> Option<Vec<T>> {
    all_after(reader, key, violations, |reader, _| read(reader))
}

/// Likewise; each may refer to those that came before, unless one of them is faulty.
fn all_after<T>(
    reader: &Reader<'_>,
    key: &'static str,
    violations: &Violations,
    read: impl Fn(Reader<'_>, Option<&[T]>) -> Option<(String, T)>,
) -> Option<Vec<T>> {
    let (mut names, mut items) = (Vec::new(), Vec::new());
    let declared = reader.items(key);
    let (n_declared, mut n_read) = (declared.len(), 0);
    for (path, node) in declared {
        let item = Reader::new(node, path.as_str(), violations);
        let earlier = (items.len() == n_read).then_some(&items[..]);
        n_read += 1;
        let Some((name, item)) = item.and_then(|reader| read(reader, earlier)) else { continue };
        if names.contains(&name) {
            let message = format!("has the name `{name}`, which an earlier {key} has too");
            violations.push(&node.location, path, message);
        }
        names.push(name);
        items.push(item);
    }
    (items.len() == n_declared).then_some(items)
}

fn names<T>(items: &[T], name: impl Fn(&T) -> &String) -> Vec<&str> {
    items.iter().map(|item| name(item).as_str()).collect()
}

/// `draws = { deep = "extended/deep" }`: which experiment repeats another on other draws.
fn read_draws(reader: &Reader<'_>, words: &Vocabulary<'_>) -> BTreeMap<String, String> {
    let mut draws = BTreeMap::new();
    for (experiment, node) in reader.entries("draws") {
        check_level(reader, "draws", EXPERIMENT, experiment, words);
        match &node.value {
            Value::String(other) => {
                check_level(reader, "draws", EXPERIMENT, other, words);
                if let Some(reason) = words.no_repetition(experiment, other) {
                    let message = format!("cannot repeat `{experiment}` by `{other}`: {reason}");
                    reader.refuse("draws", message);
                }
                draws.insert(experiment.to_owned(), other.clone());
            }
            _ => reader.refuse("draws", "maps experiments to those that repeat them"),
        }
    }
    draws
}

fn read_claim(
    reader: Reader<'_>,
    tables: Option<&[Table]>,
    figures: Option<&[Figure]>,
) -> Option<(String, Claim)> {
    let name = read_name(&reader);
    let statement = reader.required::<String>("statement");
    let source = reader.required::<String>("source");
    let location = reader.node("expression").map(|node| node.location.clone());
    let expression = reader.required::<String>("expression");
    let evidence = reader.optional::<Vec<String>>("evidence").unwrap_or_default();
    if let (Some(tables), Some(figures)) = (tables, figures) {
        let tables = tables.iter().map(|table| table.name.as_str());
        let known: Vec<_> = tables.chain(figures.iter().map(|f| f.name.as_str())).collect();
        for item in &evidence {
            check_known(&reader, "evidence", item, &known, "table or figure");
        }
    }
    reader.finish();
    let claim = Claim {
        name: name?,
        statement: statement?,
        source: source?,
        expression: expression?,
        evidence,
        location: location?,
    };
    Some((claim.name.clone(), claim))
}

fn read_label(reader: Reader<'_>, factor: &str, words: &Vocabulary<'_>) -> Option<FactorLabel> {
    let label = reader.required::<String>("label");
    let mut levels = BTreeMap::new();
    if factor == EXPERIMENT && reader.node("levels").is_some() {
        reader.refuse("levels", "has no use: experiments are called by their titles");
    }
    for (level, node) in reader.entries("levels") {
        if factor != EXPERIMENT {
            check_level(&reader, "levels", factor, level, words);
        }
        match &node.value {
            Value::String(text) => drop(levels.insert(level.to_owned(), text.clone())),
            other => reader.refuse(
                "levels",
                format!("maps levels to strings, but `{level}` to {}", other.type_name()),
            ),
        }
    }
    for (level, text) in &levels {
        if let Some((other, _)) = levels.range(level.clone()..).skip(1).find(|(_, t)| *t == text) {
            reader.refuse("levels", format!("calls both `{level}` and `{other}` `{text}`"));
        }
    }
    reader.finish();
    Some(FactorLabel { label: label?, levels })
}

fn read_metric(reader: Reader<'_>) -> Option<(String, Metric)> {
    let name = read_name(&reader);
    let label = reader.required::<String>("label");
    let short = reader.optional::<String>("short").or_else(|| label.clone());
    let curve = choice(&reader, "curve", &curves());
    let takes = [("maximum", Take::Maximum), ("last", Take::Last), ("selected", Take::Selected)];
    let take = choice(&reader, "take", &takes);
    if take == Some(Take::Selected) && curve.is_some_and(|curve| !curve.is_after_epoch()) {
        let message = "cannot be `selected`: the curve is measured before each epoch, and the \
                       held-out pairs after it";
        reader.refuse("take", message);
    }
    reader.finish();
    let metric = Metric { name: name?, label: label?, short: short?, curve: curve?, take: take? };
    Some((metric.name.clone(), metric))
}

/// `where = { weight_sharing = true, experiment = ["deep", "deep-sigmoid"] }`.
fn read_selection(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Selection {
    let mut selection = Selection::new();
    for (factor, node) in reader.entries("where") {
        if !check_factor(reader, factor, node, words) {
            continue;
        }
        let levels: Vec<String> = match &node.value {
            Value::Array(levels) => levels.iter().map(|level| level.value.to_string()).collect(),
            single => vec![single.to_string()],
        };
        for level in &levels {
            check_level(reader, "where", factor, level, words);
        }
        selection.insert(factor.to_owned(), levels);
    }
    selection
}

fn check_factor(reader: &Reader<'_>, factor: &str, node: &Node, words: &Vocabulary<'_>) -> bool {
    let known = words.levels(factor).is_some();
    if !known {
        let hint = suggestion(factor, &words.names().collect::<Vec<_>>());
        let message = format!("is not a factor of any experiment; {hint}");
        reader.violations().push(&node.location, reader.path_of(factor), message);
    }
    known
}

fn check_level(
    reader: &Reader<'_>,
    key: &'static str,
    factor: &str,
    level: &str,
    words: &Vocabulary<'_>,
) {
    let levels: Vec<_> =
        words.levels(factor).unwrap_or_default().iter().map(String::as_str).collect();
    check_known(reader, key, level, &levels, &format!("level of `{factor}`"));
}

fn check_known(reader: &Reader<'_>, key: &'static str, word: &str, known: &[&str], what: &str) {
    if !known.contains(&word) {
        reader.refuse(key, format!("names no {what}, `{word}`; {}", suggestion(word, known)));
    }
}

/// The longest name of what becomes a file.
const LONGEST_NAME: usize = 100;

/// A name that becomes part of a file's or of an anchor's.
fn read_name(reader: &Reader<'_>) -> Option<String> {
    let name = reader.required::<String>("name")?;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(is_plain) {
        reader.refuse("name", format!("must be of a–z, 0–9 and `-`, but is `{name}`"));
    }
    if name.len() > LONGEST_NAME {
        reader.refuse("name", format!("must have at most {LONGEST_NAME} characters"));
    }
    Some(name)
}

/// The name of a table or figure; commands take it where they take an experiment.
fn read_item_name(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Option<String> {
    let name = read_name(reader)?;
    if words.levels(EXPERIMENT).is_some_and(|experiments| experiments.contains(&name)) {
        reader.refuse("name", format!("is `{name}`, which is an experiment"));
    }
    Some(name)
}

/// A word that must be one of `known`, if those could be read.
fn read_known(
    reader: &Reader<'_>,
    key: &'static str,
    known: Option<&[&str]>,
    what: &str,
) -> Option<String> {
    let word = reader.required::<String>(key)?;
    if let Some(known) = known {
        check_known(reader, key, &word, known, what);
    }
    Some(word)
}

/// A list of such words.
fn read_all_known(
    reader: &Reader<'_>,
    key: &'static str,
    known: Option<&[&str]>,
    what: &str,
) -> Option<Vec<String>> {
    let words = reader.required::<Vec<String>>(key)?;
    for word in &words {
        if let Some(known) = known {
            check_known(reader, key, word, known, what);
        }
        if words.iter().filter(|other| *other == word).count() > 1 {
            reader.refuse(key, format!("lists `{word}` more than once"));
        }
    }
    Some(words)
}

fn choice<T: Copy>(reader: &Reader<'_>, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
    let word = reader.required::<String>(key)?;
    let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        reader.refuse(key, format!("is unknown, `{word}`; {}", suggestion(&word, &names)));
    }
    found
}
