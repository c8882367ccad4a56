//! The rows of a table on the page: cells with anchors, and the dots of their seeds.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::digest::Digest;
use crate::table::{Column, Datum, Row, Table};

/// Width of the dots of a row, in pixels.
const WIDTH: f64 = 76.0;

/// The columns of a table. Those without numbers and verdicts name the rows.
pub(super) fn columns_of(table: &Table) -> Vec<Json> {
    let one = |(index, column): (usize, &Column)| {
        let has_tone = table.rows.iter().any(|row| !row.cells[index].tone().is_empty());
        json!({
            "head": column.head,
            "is_number": column.is_number,
            "is_name": !column.is_number && !has_tone,
        })
    };
    table.columns.iter().enumerate().map(one).collect()
}

/// What the rows of a table share.
pub(super) struct Rows<'t> {
    table: &'t Table,
    /// The name of the table and of its protocol, in anchors. They stay the same if tables get other numbers.
    place: String,
    /// The largest span of a usual row.
    usual: f64,
    /// The range of the dots of usual rows, and that of all dots.
    ranges: [[f64; 2]; 2],
    /// The anchors so far.
    anchors: BTreeSet<String>,
}

impl<'t> Rows<'t> {
    pub(super) fn of(name: &str, table: &'t Table) -> Self {
        let metric = table.metric.as_ref().map_or_else(String::new, |metric| format!(".{metric}"));
        let place = format!("{name}{metric}");
        let usual = largest_usual_span(table);
        let of_usual = range_of(table.rows.iter().filter(|row| span(row) <= usual));
        let ranges = [of_usual, range_of(table.rows.iter())];
        Self { table, place, usual, ranges, anchors: BTreeSet::new() }
    }

    /// Whether some rows have dots on a wider scale.
    pub(super) fn has_wide_rows(&self) -> bool {
        self.table.rows.iter().any(|row| span(row) > self.usual)
    }

    /// A row: its cells, and the dots of its seeds on a scale that all usual rows of the table share.
    pub(super) fn row(&mut self, row: &Row) -> Json {
        let columns = || self.table.columns.iter().zip(&row.cells);
        let names = columns().filter(|(column, _)| !column.is_number);
        let names: Vec<_> = names.filter(|(_, cell)| cell.tone().is_empty()).collect();
        let name = names.iter().map(|(_, cell)| key(&cell.text())).collect::<Vec<_>>().join("-");
        let first = format!("{}-{name}", self.place);
        // Two rows may have the same key.
        let numbered = (2..).map(|n| format!("{first}-{n}"));
        let mut anchors = std::iter::once(first.clone()).chain(numbered);
        let anchor = anchors.find(|anchor| !self.anchors.contains(anchor)).unwrap_or(first);
        self.anchors.insert(anchor.clone());
        let mut label = String::new();
        if names.len() > 1 {
            label = names
                .iter()
                .map(|(column, cell)| level(&column.head, &cell.text()))
                .collect::<Vec<_>>()
                .join(", ");
        }
        let cells = columns().map(|(column, cell)| {
            // Cells sort by their first number, and cells without a number come last.
            let sort = match cell.data().first() {
                Some(Datum::Number(Some(number), _)) => Some(number.to_string()),
                Some(Datum::Number(None, _)) => Some(String::new()),
                _ => None,
            };
            let key = column.keys.first().map(ToString::to_string).unwrap_or_default();
            json!({
                "text": cell.text(), "tone": cell.tone(), "is_number": column.is_number, "sort": sort,
                "is_volatile": column.is_volatile,
                "is_name": !column.is_number && cell.tone().is_empty(),
                "id": column.is_number.then(|| format!("cell-{anchor}-{key}")),
            })
        });
        let cells: Vec<_> = cells.collect();
        let is_wide = span(row) > self.usual;
        let [low, high] = self.ranges[usize::from(is_wide)];
        let place = |value: f64| match high > low {
            true => 5.0 + (WIDTH - 10.0) * (value - low) / (high - low),
            false => WIDTH / 2.0,
        };
        let dot = |value: f64, title: &str| json!({ "x": format!("{:.1}", place(value)), "title": title });
        let dots: Vec<_> = row.seeds.iter().map(|seed| dot(seed.value, &seed.title)).collect();
        json!({ "anchor": format!("row-{anchor}"), "label": label, "cells": cells, "dots": dots, "is_wide": is_wide })
    }
}

/// The text of a cell as a part of an anchor: its letters and digits in lower case, and `-` for all between them.
/// A text without any of them is named by its digest.
fn key(text: &str) -> String {
    let signed = match text.strip_prefix(['-', '−']) {
        Some(number) if number.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("minus {number}")
        }
        _ => text.to_owned(),
    };
    let words =
        signed.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|word| !word.is_empty());
    let key = words.map(str::to_lowercase).collect::<Vec<_>>().join("-");
    if key.is_empty() { Digest::of_bytes(text.as_bytes()).short()[..6].to_owned() } else { key }
}

/// A level of a factor, for readers who do not see the head of its column.
fn level(head: &str, level: &str) -> String {
    match level {
        "yes" => head.to_owned(),
        "no" => format!("no {head}"),
        level => level.to_owned(),
    }
}

/// A row has wide dots if they span this many times the median span of all rows.
const WIDE_SPAN: f64 = 3.0;

/// The range of the dots of some rows.
fn range_of<'r>(rows: impl Iterator<Item = &'r Row>) -> [f64; 2] {
    let values = rows.flat_map(|row| &row.seeds).map(|seed| seed.value);
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    })
}

/// How far apart the dots of a row are.
fn span(row: &Row) -> f64 {
    let [low, high] = range_of(std::iter::once(row));
    (high - low).max(0.0)
}

/// The largest span of a usual row. Rows that span more have dots on a scale of their own: on one scale, they would
/// press those of all other rows together.
fn largest_usual_span(table: &Table) -> f64 {
    let mut spans: Vec<f64> = table.rows.iter().map(span).filter(|span| *span > 0.0).collect();
    spans.sort_by(f64::total_cmp);
    spans.get(spans.len() / 2).map_or(f64::INFINITY, |median| WIDE_SPAN * median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::SeedValue;

    #[test]
    fn the_key_of_a_text_tells_numbers_apart() {
        assert_eq!(key("deep (other draws)"), "deep-other-draws");
        assert_eq!([key("0.1"), key("−0.1"), key("-0.1")], ["0.1", "minus-0.1", "minus-0.1"]);
        assert_ne!(key("+"), key("-"));
    }

    #[test]
    fn rows_that_would_press_the_others_together_have_a_wider_scale() {
        let row = |values: &[f64]| Row {
            cells: Vec::new(),
            conditions: Vec::new(),
            seeds: values.iter().map(|v| SeedValue { value: *v, title: String::new() }).collect(),
        };
        let is_wide = |rows: &[&[f64]]| {
            let rows = rows.iter().map(|values| row(values)).collect();
            let table = Table { rows, ..Table::default() };
            let mut made = Rows::of("t", &table);
            let wide = table.rows.iter().map(|one| made.row(one)["is_wide"].as_bool().unwrap());
            wide.collect::<Vec<_>>()
        };
        assert_eq!(is_wide(&[&[50.0, 80.0], &[77.0, 79.0], &[76.0, 79.0]]), [true, false, false]);
        assert_eq!(is_wide(&[&[50.0, 80.0], &[50.0, 79.0], &[]]), [false, false, false]);
    }
}
