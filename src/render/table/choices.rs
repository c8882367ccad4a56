//! What each choice of a protocol changes.

use super::{Cell, Column, Datum, Dot, Form, Line, Style, WhatVaries, digests, ends, interval};
use crate::paper::Choices;
use crate::render::context::Names;
use crate::summary::{Choice, ConditionSummary, Varies};

pub(super) fn form(
    names: Names<'_>,
    all: &[ConditionSummary],
    spec: &Choices,
    rows: &[Choice],
) -> Form {
    let label = |name: &String| {
        names.paper.metric(name).map_or_else(|| name.clone(), |metric| metric.short.clone())
    };
    let mut columns = vec![Column::text("table", "table"), Column::text("row", "row")];
    for (index, metric) in spec.metrics.iter().enumerate() {
        match index {
            0 => columns.push(Column::number(label(metric), &[&format!("mean_{metric}")])),
            _ => {
                let keys = [format!("change_{metric}"), format!("mean_{metric}")];
                columns.push(Column::number(label(metric), &[&keys[0], &keys[1]]));
            }
        }
    }
    let keys = ["total", "total_lower", "total_upper", "seeds"];
    let ends = [spec.metrics.last(), spec.metrics.first()].map(|end| end.map(label));
    let [last, first] = ends.map(Option::unwrap_or_default);
    columns.push(Column::number(format!("{last} less {first} [95 %]"), &keys));
    let varies = WhatVaries::of(rows.iter().map(|row| Varies::of(all, &row.conditions)));
    columns.extend(varies.column.clone());
    let line = |row: &Choice| {
        let by = names.paper.table(&row.table).and_then(|table| table.levels());
        let by = by.map(|levels| levels.by.as_slice()).unwrap_or_default();
        let described = row_label(names, by, &row.levels);
        let mut cells = vec![
            Cell::text(names.table(&row.table), &row.table),
            Cell::text(described, row.levels.join(", ")),
        ];
        cells.push(Cell::number(row.means.first().copied().flatten(), Style::Fixed));
        cells.extend(row.means.windows(2).map(|pair| {
            let change = pair[1].zip(pair[0]).map(|(after, before)| after - before);
            Cell::numbers(Style::Signed.write(change), Style::Signed, &[change, pair[1]])
        }));
        cells.push(total(row));
        cells.extend(varies.cell(Varies::of(all, &row.conditions)));
        let dot = |(seed, value): &(u64, f64)| Dot {
            value: *value,
            title: format!(
                "seed {seed}: {}, runs {}",
                Style::Signed.write(Some(*value)),
                digests(all, &row.conditions, *seed)
            ),
        };
        let dots = row.total.differences.iter().map(dot).collect();
        Line { cells, conditions: row.conditions.clone(), dots }
    };
    let mut notes = vec![format!(
        "The first column of numbers is the mean under the {first}; each further one is the change of the \
         mean, in points, when one more choice is made otherwise. {last} less {first}: of each seed, their \
         mean with Student's 95 % interval, and a dot a seed, if all are there. Between the seeds, {}.",
        varies.note
    )];
    notes.extend(spec.metrics.iter().filter_map(|name| {
        let metric = names.paper.metric(name)?;
        Some(format!("{}: {}.", metric.short, metric.formula()))
    }));
    Form { metric: None, columns, rows: rows.iter().map(line).collect(), notes }
}

/// `−1.20 [−1.55, −0.85]`.
fn total(row: &Choice) -> Cell {
    let difference = row.total.comparison.map(|comparison| comparison.difference);
    let mean = difference.map(|difference| difference.mean);
    let bounds = difference.and_then(|d| d.interval).map(|i| [i.lower, i.upper]);
    let interval = bounds.map(|bounds| format!(" {}", interval(Some(bounds), Style::Signed)));
    let text = Style::Signed.write(mean) + &interval.unwrap_or_default();
    let number = |value| Datum::Number(value, Style::Signed);
    let n = Datum::Number(difference.map(|d| d.n as f64), Style::Whole);
    let [lower, upper] = ends(bounds);
    Cell { text, data: vec![number(mean), number(lower), number(upper), n], tone: "" }
}

/// Levels in words that tell the rows of one table apart: `deep`, or `weight sharing: no`.
pub(super) fn row_label(names: Names<'_>, by: &[String], levels: &[String]) -> String {
    let levels: Vec<_> = by.iter().zip(levels).collect();
    match levels[..] {
        [(factor, level)] if factor != crate::paper::EXPERIMENT => {
            format!("{}: {}", names.paper.factor_label(factor), names.level(factor, level))
        }
        _ => names.describe(levels.into_iter()),
    }
}
