//! Reads checks that compare two numbers from cells.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{CellReference, Compare};
use super::expression::Expression;
use crate::document::{Node, Reader, suggestion};
use crate::experiment::{Level, Levels};
use crate::format::thousands;
use crate::keys;
use crate::paper::Selection;
use crate::paper::keys::{check_comparable, read_differs, read_known, read_levels};
use crate::table::{Words, has_unit};

/// Reads the check.
pub(super) fn read_compare(reader: &Reader<'_>, words: &Words<'_>) -> Option<Compare> {
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
            if matches!(cells.get(*name), Some(CellReference::Row { .. })) {
                reader.refuse(
                    "compare",
                    format!("uses `{name}` without a column, like `{name}.mean`"),
                );
                continue;
            }
            let known: Vec<_> = cells.keys().map(String::as_str).collect();
            let message =
                format!("uses `{name}`, which `cells` does not give; {}", suggestion(name, &known));
            reader.refuse("compare", message);
        }
    }
    if used.is_empty() {
        reader.refuse("compare", "uses no cell: it must depend on the results");
    }
    for (cell, reference) in &cells {
        if reader.is_sound() && !used.iter().any(|name| reference.gives(cell, name)) {
            reader.refuse("cells", format!("gives `{cell}`, which no expression uses"));
        }
    }
    check_units(reader, &cells, &used, words);
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
    read_differs(reader, found, "compare");
    // A difference that the rows name is meant, and said all the same.
    let differs = words.vocabulary.data_differences_between(&groups, &BTreeSet::new());
    let location = reader.location().clone();
    Some(Compare { left, is_above, right, cells, says: says?, differs, location })
}

/// Refuses scores with different units or directions in one comparison.
fn check_units(
    reader: &Reader<'_>,
    cells: &BTreeMap<String, CellReference>,
    used: &BTreeSet<&String>,
    words: &Words<'_>,
) {
    let scored = cells.iter().filter_map(|(cell, reference)| {
        let CellReference::Row { table, .. } = reference else { return None };
        let mut keys = used.iter().filter_map(|name| reference.key_of(cell, name));
        keys.any(has_unit).then_some(())?;
        let request = words.earlier.iter().find(|request| request.name == *table)?;
        words.paper.metric(request.kind.metric()?)
    });
    check_comparable(reader, "cells", &scored.collect::<Vec<_>>());
}

/// The conditions behind a row of a table.
fn behind(table: &str, row: &Levels, words: &Words<'_>) -> Vec<Selection> {
    let request = words.earlier.iter().find(|request| request.name == table);
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
    let reader = Reader::new(
        node,
        reader.path_of(&format!("cells.{name}")),
        &keys::CELL,
        reader.violations(),
    )?;
    match reader.node("parameters") {
        Some(node) => read_parameters(&reader, node, words),
        None => {
            let known: Vec<_> = words.earlier.iter().map(|table| table.name.as_str()).collect();
            let table = read_known(&reader, "table", &known, "table");
            let entries = reader.entries("where").into_iter();
            let row = entries.map(|(key, node)| (key.to_owned(), Level::of(&node.value)));
            let row = row.collect();
            table.map(|table| CellReference::Row { table, row })
        }
    }
}

/// The number of parameters that all conditions of a selection have.
fn read_parameters(reader: &Reader<'_>, node: &Node, words: &Words<'_>) -> Option<CellReference> {
    let selection = read_levels(reader, "parameters", node, words.vocabulary)?;
    let counts = words.vocabulary.parameters(&selection);
    let counts: Vec<_> = counts.into_iter().collect();
    match counts[..] {
        [count] => return Some(CellReference::Parameters(count)),
        _ if !reader.is_sound() => {}
        [] => reader.refuse("parameters", "selects no condition"),
        _ => {
            let counts: Vec<_> = counts.into_iter().map(thousands).collect();
            let counts = counts.join(" or ");
            let message = format!("selects conditions with {counts} parameters: give more levels");
            reader.refuse("parameters", message);
        }
    }
    None
}
