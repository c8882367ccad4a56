//! What each choice of a protocol changes.

use super::{Cell, Column, Form, Line, Style};
use crate::paper::Choices;
use crate::render::context::Names;
use crate::summary::Choice;

pub(super) fn form(names: Names<'_>, spec: &Choices, rows: &[Choice]) -> Form {
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
        Line { cells, conditions: row.conditions.clone(), dots: Vec::new() }
    };
    let first = spec.metrics.first().map(label).unwrap_or_default();
    let mut notes = vec![format!(
        "The first column of numbers is the mean under the {first}; each further one is the change of the \
         mean, in points, when one more choice is made otherwise."
    )];
    notes.extend(spec.metrics.iter().filter_map(|name| {
        let metric = names.paper.metric(name)?;
        Some(format!("{}: {}.", metric.short, metric.formula()))
    }));
    Form { metric: None, columns, rows: rows.iter().map(line).collect(), notes }
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
