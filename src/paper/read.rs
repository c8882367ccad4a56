//! Reads a paper file and checks every name in it.

use std::collections::BTreeMap;

use super::{
    Curve, EXPERIMENT, FactorLabel, Figure, FigureKind, Metric, Order, Paper, PublishedRow,
    Selection, Table, Take, Vocabulary,
};
use crate::document::{Node, Reader, Value, Violation, Violations, suggestion};

const CURVES: [(&str, Curve); 4] = [
    ("published_test_accuracy", Curve::PublishedTestAccuracy),
    ("corrected_test_accuracy", Curve::CorrectedTestAccuracy),
    ("digit_accuracy", Curve::DigitAccuracy),
    ("comparison_accuracy", Curve::ComparisonAccuracy),
];

impl Paper {
    /// Reads a paper; `vocabulary` is what it may refer to.
    ///
    /// # Errors
    /// With every violation, in order of the lines.
    pub fn from_document(root: &Node, vocabulary: &Vocabulary) -> Result<Self, Vec<Violation>> {
        let violations = Violations::default();
        let paper = Reader::new(root, "", &violations)
            .and_then(|reader| read(reader, vocabulary, &violations));
        match paper {
            Some(paper) if violations.is_empty() => Ok(paper),
            _ => Err(violations.into_sorted()),
        }
    }
}

fn read(reader: Reader<'_>, words: &Vocabulary, violations: &Violations) -> Option<Paper> {
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
    let tables =
        all(&reader, "table", violations, |reader| read_table(reader, words, metrics.as_deref()));
    let figures =
        all(&reader, "figure", violations, |reader| read_figure(reader, words, tables.as_deref()));
    reader.finish();
    Some(Paper {
        title: title?,
        source: source?,
        metrics: metrics?,
        labels,
        tables: tables?,
        figures: figures?,
    })
}

/// Reads each table of the array at `key`; their names must differ. All are read before the first
/// faulty one makes the whole none.
fn all<T>(
    reader: &Reader<'_>,
    key: &'static str,
    violations: &Violations,
    read: impl Fn(Reader<'_>) -> Option<(String, T)>,
) -> Option<Vec<T>> {
    let mut names = Vec::new();
    let items: Vec<_> = reader
        .items(key)
        .into_iter()
        .map(|(path, node)| {
            let (name, item) = read(Reader::new(node, path.as_str(), violations)?)?;
            if names.contains(&name) {
                let message = format!("has the name `{name}`, which an earlier {key} has too");
                violations.push(&node.location, path, message);
            }
            names.push(name);
            Some(item)
        })
        .collect();
    items.into_iter().collect()
}

fn read_label(reader: Reader<'_>, factor: &str, words: &Vocabulary) -> Option<FactorLabel> {
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
    reader.finish();
    Some(FactorLabel { label: label?, levels })
}

fn read_metric(reader: Reader<'_>) -> Option<(String, Metric)> {
    let name = reader.required::<String>("name");
    let label = reader.required::<String>("label");
    let curve = choice(&reader, "curve", &CURVES);
    let take = choice(&reader, "take", &[("maximum", Take::Maximum), ("last", Take::Last)]);
    reader.finish();
    let metric = Metric { name: name?, label: label?, curve: curve?, take: take? };
    Some((metric.name.clone(), metric))
}

fn read_table(
    reader: Reader<'_>,
    words: &Vocabulary,
    metrics: Option<&[Metric]>,
) -> Option<(String, Table)> {
    let name = reader.required::<String>("name");
    let caption = reader.required::<String>("caption");
    let metric = reader.required::<String>("metric");
    // Faulty metrics are reported themselves; what refers to them may be right.
    if let (Some(metric), Some(metrics)) = (&metric, metrics) {
        let known: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        check_known(&reader, "metric", metric, &known, "metric");
    }
    let by = reader.required::<Vec<String>>("by").unwrap_or_default();
    for factor in &by {
        check_known(&reader, "by", factor, &words.names().collect::<Vec<_>>(), "factor");
    }
    let selection = read_selection(&reader, words);
    let orders = [("listed", Order::Listed), ("descending", Order::Descending)];
    let order = match reader.node("order") {
        Some(_) => choice(&reader, "order", &orders),
        None => Some(Order::Listed),
    };
    let published = all(&reader, "published", reader.violations(), |reader| {
        let row = read_published(reader, &by, &selection, words)?;
        Some((row.row.join(", "), row))
    });
    reader.finish();
    let table = Table {
        name: name?,
        caption: caption?,
        metric: metric?,
        by,
        selection,
        order: order?,
        published: published?,
    };
    Some((table.name.clone(), table))
}

fn read_published(
    reader: Reader<'_>,
    by: &[String],
    selection: &Selection,
    words: &Vocabulary,
) -> Option<PublishedRow> {
    let row = reader.node("row").map(|node| match &node.value {
        Value::Array(levels) => levels.iter().map(|level| level.value.to_string()).collect(),
        single => vec![single.to_string()],
    });
    match &row {
        None => reader.refuse("row", "is missing; it takes the levels of the row"),
        Some(row) if row.len() != by.len() => {
            let message =
                format!("must give a level for each of {}, but gives {}", by.join(", "), row.len());
            reader.refuse("row", message);
        }
        Some(row) => {
            for (factor, level) in by.iter().zip(row) {
                check_level(&reader, "row", factor, level, words);
                if selection.get(factor).is_some_and(|levels| !levels.contains(level)) {
                    let message = format!("is not in the table: its `where` leaves out `{level}`");
                    reader.refuse("row", message);
                }
            }
        }
    }
    let mean = reader.required_in("mean", 0.0..=100.0);
    let std_dev = reader.required_in("std", 0.0..=100.0);
    reader.finish();
    Some(PublishedRow { row: row?, mean: mean?, std_dev: std_dev? })
}

fn read_figure(
    reader: Reader<'_>,
    words: &Vocabulary,
    tables: Option<&[Table]>,
) -> Option<(String, Figure)> {
    let name = reader.required::<String>("name");
    // The name becomes a file's.
    if let Some(name) = &name
        && !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        reader.refuse("name", format!("must be of a–z, 0–9 and `-`, but is `{name}`"));
    }
    let caption = reader.required::<String>("caption");
    let kind = reader.required::<String>("kind")?;
    let kind = match kind.as_str() {
        "diagram" => {
            let experiments = reader.required::<Vec<String>>("experiments");
            for experiment in experiments.iter().flatten() {
                check_level(&reader, "experiments", EXPERIMENT, experiment, words);
            }
            experiments.map(|experiments| FigureKind::Diagram { experiments })
        }
        "learning-curves" => {
            let curve = choice(&reader, "curve", &CURVES);
            let selection = read_selection(&reader, words);
            curve.map(|curve| FigureKind::LearningCurves { curve, selection })
        }
        "seeds" => {
            let table = reader.required::<String>("table");
            if let (Some(table), Some(tables)) = (&table, tables) {
                let known: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
                check_known(&reader, "table", table, &known, "table");
            }
            table.map(|table| FigureKind::Seeds { table })
        }
        other => {
            let message =
                format!("must be `diagram`, `learning-curves` or `seeds`, but is `{other}`");
            reader.refuse("kind", message);
            None
        }
    };
    reader.finish();
    let figure = Figure { name: name?, caption: caption?, kind: kind? };
    Some((figure.name.clone(), figure))
}

/// `where = { weight_sharing = true, experiment = ["deep", "deep-sigmoid"] }`.
fn read_selection(reader: &Reader<'_>, words: &Vocabulary) -> Selection {
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

fn check_factor(reader: &Reader<'_>, factor: &str, node: &Node, words: &Vocabulary) -> bool {
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
    words: &Vocabulary,
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

fn choice<T: Copy>(reader: &Reader<'_>, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
    let word = reader.required::<String>(key)?;
    let found = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        reader.refuse(key, format!("is unknown, `{word}`; {}", suggestion(&word, &names)));
    }
    found
}
