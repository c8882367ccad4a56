//! How much of the spread comes from the draw of the data.

use super::{Cell, Column, Form, Line, Style, dots};
use crate::paper::Variance;
use crate::render::context::Names;
use crate::summary::{ConditionSummary, VarianceRow};

pub(super) fn form(
    names: Names<'_>,
    all: &[ConditionSummary],
    spec: &Variance,
    rows: &[VarianceRow],
) -> Form {
    let mut factors: Vec<&String> = Vec::new();
    for factor in rows.iter().flat_map(|row| all[row.condition].levels.keys()) {
        if !factors.contains(&factor) {
            factors.push(factor);
        }
    }
    // The experiment first, as in other tables.
    factors.sort_by_key(|factor| *factor != crate::paper::EXPERIMENT);
    let mut columns: Vec<_> =
        factors.iter().map(|name| Column::text(names.paper.factor_label(name), *name)).collect();
    columns.push(Column::number("n, one draw", &["n_one_draw", "expected_one_draw"]));
    columns.push(Column::number("n, other draws", &["n_other_draws", "expected_other_draws"]));
    columns.push(Column::number("mean, one draw", &["mean_one_draw"]));
    columns.push(Column::number("mean, other draws", &["mean_other_draws"]));
    columns.push(Column::number("s, one draw", &["std_one_draw"]));
    columns.push(Column::number("s, other draws", &["std_other_draws"]));
    let keys = ["share", "share_lower", "share_upper"];
    columns.push(Column::number("share of the draw", &keys));
    let line = |row: &VarianceRow| {
        let levels = &all[row.condition].levels;
        let level = |factor: &&String| {
            let level = levels.get(*factor).map_or("", String::as_str);
            Cell::text(names.level(factor, level), level)
        };
        let mut cells: Vec<_> = factors.iter().map(level).collect();
        for condition in [&all[row.condition], &all[row.repetition]] {
            let n = condition.aggregates[&spec.metric].n;
            cells.push(Cell::count(n, condition.expected, condition.marks));
        }
        for estimate in [row.within, row.total] {
            cells.push(Cell::number(estimate.map(|e| e.mean), Style::Fixed));
        }
        for estimate in [row.within, row.total] {
            cells.push(Cell::number(estimate.and_then(|e| e.std_dev), Style::Fixed));
        }
        cells.push(Cell::share(row.split.map(|s| s.share), row.split.map(|s| s.interval)));
        let dots = dots(all, names, &[row.repetition], &spec.metric);
        Line { cells, conditions: vec![row.condition, row.repetition], dots }
    };
    let metric = names.paper.metric(&spec.metric).map_or("", |metric| metric.label.as_str());
    let notes = vec![
        format!(
            "mean and s: mean and sample standard deviation (divided by n − 1) of the {metric} over \
             the seeds; on one draw of the data they vary initialisation and dropout, on other draws \
             the data as well."
        ),
        "share of the draw: (s² on other draws − s² on one) / s² on other draws, at least 0, with a 95 % \
         interval from the F distribution of the ratio of the two, which supposes normal scores; the \
         draw that the conditions share makes the rows depend on each other."
            .to_owned(),
    ];
    Form { metric: None, columns, rows: rows.iter().map(line).collect(), notes }
}
