//! Reads checks from the paper file.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{
    Best, CellReference, Check, Compare, Difference, DifferenceKind, Expected, merged,
};
use super::expression::Expression;
use crate::document::{Node, Reader, Value, Violations, suggestion};
use crate::experiment::{Level, Levels, written};
use crate::paper::keys::{
    check_known, read_differs, read_known, read_levels, read_metric, read_selection,
};
use crate::paper::{EXPERIMENT, Paper, Selection, Vocabulary, selects};
use crate::summary::two_levels;
use crate::table::{Scorecard, Scores, TableRequest, of_kind};

/// What checks may refer to.
#[derive(Clone, Copy)]
pub(super) struct Words<'w> {
    pub(super) vocabulary: &'w Vocabulary<'w>,
    pub(super) paper: &'w Paper,
    pub(super) tables: &'w [TableRequest],
}

/// Reads a check.
type ReadCheck = fn(&Reader<'_>, &Words<'_>) -> Option<Check>;

/// The keys of a check of a difference.
const OF_DIFFERENCE: &[&str] = &["where", "metric", "differs", "above", "below", "near", "within"];

/// Each check by the key that names it, with its other keys.
const CHECKS: [(&str, &[&str], ReadCheck); 8] = [
    ("effect", OF_DIFFERENCE, |reader, words| read_effect(reader, words).map(Check::Difference)),
    ("difference", OF_DIFFERENCE, |reader, words| read_sides(reader, words).map(Check::Difference)),
    ("best", &["where", "metric", "differs"], |reader, words| {
        read_best(reader, words).map(Check::Best)
    }),
    ("reproduced", &["where"], read_reproduced),
    ("compare", &["above", "below", "says", "cells", "differs"], |reader, words| {
        read_compare(reader, words).map(Check::Compare)
    }),
    ("all", &[], |reader, words| read_several(reader, "all", words, <[Check]>::len)),
    ("any", &[], |reader, words| read_several(reader, "any", words, |_| 1)),
    ("at_least", &["of"], read_at_least),
];

/// Reads the check at `node`.
pub(super) fn read(
    node: &Node,
    path: String,
    violations: &Violations,
    words: &Words<'_>,
) -> Option<Check> {
    let reader = Reader::new(node, path, violations)?;
    let named = CHECKS.iter().filter(|(name, _, _)| reader.node(name).is_some());
    let named: Vec<_> = named.collect();
    match named[..] {
        [(name, keys, read)] => {
            reader.check_keys(&[&[*name], *keys].concat());
            read(&reader, words)
        }
        _ => {
            let known = CHECKS.map(|(name, _, _)| name);
            let Value::Table(table) = &node.value else { return None };
            let typo = table.keys().map(|key| (key, suggestion(key, &known)));
            let typo = typo.into_iter().find(|(_, hint)| hint.starts_with("did you mean"));
            let message = match (named.is_empty(), typo) {
                (true, Some((key, hint))) => format!("is no check: `{key}`; {hint}"),
                (true, None) => format!("is no check: it needs one of {}", known.join(", ")),
                (false, _) => {
                    let all: Vec<_> = named.iter().map(|(name, _, _)| *name).collect();
                    format!("is several checks in one: {}", all.join(", "))
                }
            };
            violations.push(&node.location, reader.path_of("").trim_end_matches('.'), message);
            None
        }
    }
}

fn read_at_least(reader: &Reader<'_>, words: &Words<'_>) -> Option<Check> {
    let n = reader.required_in("at_least", 1..=1000_usize);
    let check = read_several(reader, "of", words, |_| n.unwrap_or(1))?;
    if let Check::AtLeast { n, of } = &check
        && *n > of.len()
    {
        let checks = if of.len() == 1 { "check" } else { "checks" };
        reader.refuse("at_least", format!("is {n}, but `of` lists {} {checks}", of.len()));
    }
    n.map(|_| check)
}

fn read_several(
    reader: &Reader<'_>,
    key: &'static str,
    words: &Words<'_>,
    n: impl Fn(&[Check]) -> usize,
) -> Option<Check> {
    let items = reader.items(key);
    if items.is_empty() {
        if reader.is_sound() {
            reader.refuse(key, "must list at least one check");
        }
        return None;
    }
    let read = |(path, node): (String, &Node)| read(node, path, reader.violations(), words);
    let checks: Vec<Option<Check>> = items.into_iter().map(read).collect();
    let of: Vec<Check> = checks.into_iter().collect::<Option<_>>()?;
    Some(Check::AtLeast { n: n(&of), of })
}

fn read_effect(reader: &Reader<'_>, words: &Words<'_>) -> Option<Difference> {
    let vocabulary = words.vocabulary;
    let factor = reader.required::<String>("effect")?;
    let factors: Vec<_> = vocabulary.names().filter(|name| *name != EXPERIMENT).collect();
    check_known(reader, "effect", &factor, &factors, "factor");
    let among = read_selection(reader, vocabulary);
    let differs = read_differs(reader, vocabulary.data_differences(&among, [&factor]), "effect");
    let conditions: Vec<_> = vocabulary.conditions(&among).collect();
    let levels = conditions.iter().filter_map(|levels| levels.get(&factor));
    let levels = two_levels(levels);
    if levels.is_none() && reader.is_sound() {
        let message = format!(
            "names `{factor}`, which does not have two levels among the selected conditions"
        );
        reader.refuse("effect", message);
    }
    let (metric, expected) = (read_metric_or_first(reader, words), read_expected(reader));
    let kind = DifferenceKind::Effect { factor, levels: levels?, among };
    let location = reader.location().clone();
    Some(Difference { kind, metric: metric?, expected: expected?, differs, location })
}

fn read_sides(reader: &Reader<'_>, words: &Words<'_>) -> Option<Difference> {
    let vocabulary = words.vocabulary;
    let items = reader.items("difference");
    let [(_, first), (_, second)] = items[..] else {
        if reader.is_sound() {
            reader.refuse("difference", "must list two sides, each as { factor = \"level\" }");
        }
        return None;
    };
    let among = read_selection(reader, vocabulary);
    let sides = [first, second].map(|node| read_levels(reader, "difference", node, vocabulary));
    let [Some(first), Some(second)] = sides else { return None };
    let sides = [first, second];
    let varied: BTreeSet<String> = sides.iter().flat_map(BTreeMap::keys).cloned().collect();
    if let Some(factor) = varied.iter().find(|factor| among.contains_key(*factor)) {
        reader.refuse("where", format!("gives `{factor}` again, which a side gives"));
    }
    let whole = sides.each_ref().map(|side| merged(&among, side));
    if reader.is_sound() {
        check_sides(reader, &sides, &whole, &varied, vocabulary);
    }
    let found = vocabulary.differences([&whole[0], &whole[1]], &varied);
    let differs = read_differs(reader, found, "difference");
    let (metric, expected) = (read_metric_or_first(reader, words), read_expected(reader));
    let kind = DifferenceKind::Sides { sides, among };
    let location = reader.location().clone();
    Some(Difference { kind, metric: metric?, expected: expected?, differs, location })
}

/// Refuses sides whose means are of different things: no condition, one condition on both sides, or
/// other levels that do not match.
fn check_sides(
    reader: &Reader<'_>,
    sides: &[Selection; 2],
    whole: &[Selection; 2],
    varied: &BTreeSet<String>,
    vocabulary: &Vocabulary<'_>,
) {
    let conditions =
        whole.each_ref().map(|selection| vocabulary.conditions(selection).collect::<Vec<_>>());
    let refuse = |message: String| reader.refuse("difference", message);
    if let Some(empty) = conditions.iter().position(Vec::is_empty) {
        let side = ["first", "second"][empty];
        return refuse(format!("selects no condition on its {side} side"));
    }
    if let Some(shared) = conditions[0].iter().find(|levels| conditions[1].contains(levels)) {
        return refuse(format!("has a condition on both sides: {}", written(shared)));
    }
    for (side, conditions) in sides.iter().zip(&conditions) {
        for factor in varied.iter().filter(|factor| !side.contains_key(*factor)) {
            let levels: BTreeSet<_> = conditions.iter().filter_map(|one| one.get(factor)).collect();
            if levels.len() > 1 {
                return refuse(format!(
                    "gives `{factor}` on one side only, and the other side has several levels of it: \
                     give one there too"
                ));
            }
        }
    }
    // Means weigh each combination of the other levels by how often it occurs.
    let others = conditions.each_ref().map(|conditions| {
        let mut counts: BTreeMap<Vec<(&String, &Level)>, usize> = BTreeMap::new();
        for levels in conditions {
            let others = levels.iter().filter(|(factor, _)| !varied.contains(*factor));
            *counts.entry(others.collect()).or_default() += 1;
        }
        let frequencies: BTreeSet<_> = counts.values().copied().collect();
        (frequencies.len() == 1).then(|| counts.into_keys().collect::<BTreeSet<_>>())
    });
    if others[0].is_none() || others[0] != others[1] {
        let varied: Vec<_> = varied.iter().map(String::as_str).collect();
        refuse(format!(
            "has sides that differ in more than {}: give levels that both have at `where`",
            varied.join(", ")
        ));
    }
}

fn read_best(reader: &Reader<'_>, words: &Words<'_>) -> Option<Best> {
    let vocabulary = words.vocabulary;
    let node = reader.node("best")?;
    let levels = read_levels(reader, "best", node, vocabulary);
    let among = read_selection(reader, vocabulary);
    let metric = read_metric_or_first(reader, words);
    let levels = levels?;
    let all: Vec<_> = vocabulary.conditions(&among).collect();
    let own = all.iter().filter(|one| selects(&levels, one)).count();
    if (own != 1 || all.len() < 2) && reader.is_sound() {
        let others = all.len() - own;
        let message = format!(
            "must select one condition among others, but selects {own} among {others} others"
        );
        reader.refuse("best", message);
    }
    let differs = read_differs(reader, vocabulary.data_differences(&among, []), "best");
    let location = reader.location().clone();
    Some(Best { levels, among, metric: metric?, differs, location })
}

fn read_reproduced(reader: &Reader<'_>, words: &Words<'_>) -> Option<Check> {
    let tables: Vec<_> = of_kind::<Scores>(words.tables).map(|(name, _)| name).collect();
    let table = reader.required::<String>("reproduced")?;
    check_known(reader, "reproduced", &table, &tables, "table of scores");
    let is_judged =
        of_kind::<Scorecard>(words.tables).any(|(_, scorecard)| scorecard.judges(&table));
    if !is_judged && reader.is_sound() {
        reader.refuse("reproduced", format!("names `{table}`, which no scorecard judges"));
    }
    let row = read_selection(reader, words.vocabulary);
    Some(Check::Reproduced { table, row, location: reader.location().clone() })
}

fn read_compare(reader: &Reader<'_>, words: &Words<'_>) -> Option<Compare> {
    let expression = |key: &'static str| {
        let text = reader.required::<String>(key)?;
        match Expression::parse(&text) {
            Ok(expression) => Some(expression),
            Err(message) => {
                reader.refuse(key, message);
                None
            }
        }
    };
    let left = expression("compare");
    let sides = [reader.node("above"), reader.node("below")];
    let (right, is_above) = match sides {
        [Some(_), None] => (expression("above"), true),
        [None, Some(_)] => (expression("below"), false),
        _ => {
            reader.refuse("compare", "needs one of `above` and `below`, with another expression");
            (None, true)
        }
    };
    let says = reader.required::<String>("says");
    let cells: BTreeMap<_, _> = reader
        .entries("cells")
        .into_iter()
        .filter_map(|(name, node)| Some((name.to_owned(), read_cell(reader, name, node, words)?)))
        .collect();
    let (left, right) = (left?, right?);
    let is_sound = reader.is_sound();
    let used: BTreeSet<_> = left.names().iter().chain(right.names()).collect();
    for name in &used {
        if is_sound && !cells.iter().any(|(cell, reference)| reference.gives(cell, name)) {
            let known: Vec<_> = cells.keys().map(String::as_str).collect();
            let message =
                format!("uses `{name}`, which `cells` does not give; {}", suggestion(name, &known));
            reader.refuse("compare", message);
        }
    }
    if used.is_empty() {
        reader.refuse("compare", "uses no cell, so that the results decide nothing");
    }
    for (cell, reference) in &cells {
        if !used.is_empty() && !used.iter().any(|name| reference.gives(cell, name)) {
            reader.refuse("cells", format!("gives `{cell}`, which no expression uses"));
        }
    }
    let rows = cells.values().filter_map(|cell| match cell {
        CellReference::Row { table, row } => Some((table, row)),
        CellReference::Parameters(_) => None,
    });
    let rows: Vec<_> = rows.collect();
    let groups: Vec<_> = rows.iter().map(|(table, row)| behind(table, row, words)).collect();
    let named = rows.iter().flat_map(|(_, row)| row.keys());
    let named: BTreeSet<String> =
        named.filter(|name| rows.iter().all(|(_, row)| row.contains_key(*name))).cloned().collect();
    let found = words.vocabulary.data_differences_between(&groups, &named);
    let differs = read_differs(reader, found, "compare");
    let location = reader.location().clone();
    Some(Compare { left, is_above, right, cells, says: says?, differs, location })
}

/// The conditions behind a row of a table.
fn behind(table: &str, row: &Levels, words: &Words<'_>) -> Vec<Selection> {
    let request = words.tables.iter().find(|request| request.name == table);
    let covered = request.map(|request| request.kind.covers(words.paper)).unwrap_or_default();
    let of_row = |mut selection: Selection| {
        for (name, level) in row {
            if words.vocabulary.levels(name).is_some_and(|levels| levels.contains(level)) {
                selection.insert(name.clone(), vec![level.clone()]);
            }
        }
        selection
    };
    covered.into_iter().map(of_row).collect()
}

fn read_cell(
    reader: &Reader<'_>,
    name: &str,
    node: &Node,
    words: &Words<'_>,
) -> Option<CellReference> {
    let reader = Reader::new(node, reader.path_of(&format!("cells.{name}")), reader.violations())?;
    let reference = match reader.optional::<String>("parameters") {
        Some(experiment) => {
            let known = words.vocabulary.levels(EXPERIMENT).unwrap_or_default();
            let known: Vec<_> = known.iter().map(Level::spelled).collect();
            check_known(&reader, "parameters", &experiment, &known, "experiment");
            Some(CellReference::Parameters(experiment))
        }
        None => {
            let known: Vec<_> = words.tables.iter().map(|table| table.name.as_str()).collect();
            let table = read_known(&reader, "table", &known, "table");
            let entries = reader.entries("where").into_iter();
            let row = entries.map(|(key, node)| (key.to_owned(), Level::of(&node.value)));
            let row = row.collect();
            table.map(|table| CellReference::Row { table, row })
        }
    };
    reader.finish();
    reference
}

/// The metric at `metric`; without one, that of the first protocol.
fn read_metric_or_first(reader: &Reader<'_>, words: &Words<'_>) -> Option<String> {
    if reader.node("metric").is_some() {
        return read_metric(reader, &words.paper.metrics);
    }
    let first = words.paper.first_metric();
    if first.is_none() {
        reader.refuse("metric", "is missing, and the paper has no metric");
    }
    first.map(|metric| metric.name.clone())
}

fn read_expected(reader: &Reader<'_>) -> Option<Expected> {
    let above = reader.optional::<f64>("above").map(Expected::Above);
    let below = reader.optional::<f64>("below").map(Expected::Below);
    let near = reader.optional::<f64>("near");
    let within = reader.optional::<f64>("within");
    if within.is_some_and(|within| within <= 0.0) {
        reader.refuse("within", "must be positive");
    }
    let near = match (near, within) {
        (Some(value), Some(within)) => Some(Expected::Near { value, within }),
        (Some(_), None) => {
            reader.refuse("within", "is missing; `near` needs a distance in points");
            return None;
        }
        (None, Some(_)) => {
            reader.refuse("near", "is missing; `within` is the distance from it");
            return None;
        }
        (None, None) => None,
    };
    let expected: Vec<_> = [above, below, near].into_iter().flatten().collect();
    match expected[..] {
        [one] => Some(one),
        [] if !reader.is_sound() => None,
        [] => {
            let named = ["effect", "difference"].into_iter().find(|key| reader.node(key).is_some());
            let message = "has no expected value: give `above`, `below`, or `near` and `within`";
            reader.refuse(named.unwrap_or("above"), message);
            None
        }
        _ => {
            reader.refuse("above", "is one of several: give one of `above`, `below` and `near`");
            None
        }
    }
}
