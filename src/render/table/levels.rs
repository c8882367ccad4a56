//! Scores by the levels of factors: as published, and what can be said beyond it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Cell, Column, Datum, Form, Line, Style, WhatVaries, dots};
use crate::paper::Levels;
use crate::render::context::Names;
use crate::render::format::mean_and_std_dev;
use crate::summary::{ConditionSummary, LevelsSummary, Marks, Row};

/// A row of a table of levels, in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowContext {
    /// The level of each of the table's `by`.
    pub levels: BTreeMap<String, String>,
    /// The row in a few words: `deep + weight sharing`.
    pub label: String,
    /// Our mean.
    pub mean: Option<f64>,
    /// Our standard deviation, as published.
    pub std: Option<f64>,
    /// Published mean.
    pub published_mean: Option<f64>,
    /// Published standard deviation.
    pub published_std: Option<f64>,
    /// Recorded runs.
    pub n: usize,
    /// Runs there should be.
    pub expected: usize,
    /// What readers should know of its runs.
    #[serde(flatten)]
    pub marks: Marks,
}

pub(super) fn row_context(names: Names<'_>, row: &Row, by: &[String]) -> RowContext {
    RowContext {
        levels: by.iter().cloned().zip(row.levels.iter().cloned()).collect(),
        label: names.describe(by.iter().zip(&row.levels)),
        mean: row.mean,
        std: row.std_dev,
        published_mean: row.published.as_ref().map(|published| published.mean),
        published_std: row.published.as_ref().map(|published| published.std_dev),
        n: row.n,
        expected: row.expected,
        marks: row.marks,
    }
}

pub(super) fn form(
    names: Names<'_>,
    all: &[ConditionSummary],
    spec: &Levels,
    computed: &LevelsSummary,
) -> Form {
    // What was published belongs to the metric of the table alone.
    let has_published = !spec.published.is_empty() && computed.metric == spec.metric;
    let factors = spec.by.iter();
    let factors = factors.map(|name| Column::text(names.paper.factor_label(name), name));
    let mut columns: Vec<_> = factors.collect();
    columns.push(Column::number("n", &["n", "expected"]));
    columns.push(Column::number("ours, % (std)", &["mean", "std"]));
    if has_published {
        let keys = ["published_mean", "published_std"];
        columns.push(Column::number("published, % (std)", &keys));
        columns.push(Column::number("difference", &["difference"]));
    }
    columns.push(Column::number("s", &["sample_std", "seeds"]));
    columns.push(Column::number("95 % interval", &["lower", "upper"]));
    let varies = WhatVaries::of(computed.rows.iter().map(|row| row.varies));
    columns.extend(varies.column.clone());
    let line = |row: &Row| {
        let levels = spec.by.iter().zip(&row.levels);
        let mut cells: Vec<_> =
            levels.map(|(factor, level)| Cell::text(names.level(factor, level), level)).collect();
        cells.push(Cell::count(row.n, row.expected, row.marks));
        let both = |mean, std_dev| {
            Cell::numbers(mean_and_std_dev(mean, std_dev), Style::Fixed, &[mean, std_dev])
        };
        cells.push(both(row.mean, row.std_dev));
        if has_published {
            let published = row.published.as_ref();
            let (mean, std_dev) = (published.map(|p| p.mean), published.map(|p| p.std_dev));
            cells.push(both(mean, std_dev));
            let difference = row.mean.zip(mean).map(|(ours, published)| ours - published);
            cells.push(Cell::number(difference, Style::Signed));
        }
        let estimate = row.estimate;
        let std_dev = estimate.and_then(|e| e.std_dev);
        cells.push(Cell {
            text: Style::Fixed.write(std_dev),
            data: vec![
                Datum::Number(std_dev, Style::Fixed),
                Datum::Number(estimate.map(|e| e.n as f64), Style::Whole),
            ],
            tone: "",
        });
        let bounds = estimate.and_then(|e| e.interval).map(|i| [i.lower, i.upper]);
        cells.push(Cell::interval(bounds, Style::Fixed));
        cells.extend(varies.cell(row.varies));
        let dots = dots(all, names, &row.conditions, &computed.metric);
        Line { cells, conditions: row.conditions.clone(), dots }
    };
    let rows = computed.rows.iter().map(line).collect();
    Form { metric: None, columns, rows, notes: notes(names, computed, varies.note) }
}

fn notes(names: Names<'_>, computed: &LevelsSummary, varies: &str) -> Vec<String> {
    let metric = names.paper.metric(&computed.metric);
    let score = metric.map_or_else(String::new, |metric| {
        format!("The score of a run ({}) is {}.", metric.label, metric.formula())
    });
    let pools = computed.rows.iter().any(|row| row.conditions.len() > 1);
    let (as_published, honest) = match pools {
        false => (
            "ours, % (std): mean over the seeds, and population standard deviation (divided by n)",
            "",
        ),
        true => (
            "ours, % (std): mean over the conditions of the row of their means over the seeds, and \
             mean of their population standard deviations (divided by n)",
            " of each seed's mean over the conditions of the row",
        ),
    };
    vec![
        score,
        format!("{as_published}, as the publication computes them."),
        format!(
            "s and 95 % interval: sample standard deviation (divided by n − 1){honest}, and Student's \
             t interval of the mean; between the seeds, {varies}."
        ),
    ]
}
