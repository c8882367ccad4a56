//! `kind = "ablation"`: how each step from one protocol to another changes the mean.

use super::cell::{Cell, Style, count};
use super::content::{Column, Key, Row, SeedValue, Table};
use super::kind::{Kind, Results, Variation, Words, of_kind};
use super::scores::{ScoreRow, Scores, limits_of, row_label};
use crate::document::Reader;
use crate::experiment::Level;
use crate::paper::keys::{check_measured, read_all_known};
use crate::paper::{Paper, Selection};
use crate::summary::Contrast;

/// The rows of other tables under one metric after another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ablation {
    /// Names and keys of tables of scores.
    tables: Vec<(String, Scores)>,
    /// Names of metrics. Each changes one choice of the metric before it.
    metrics: Vec<String>,
    /// The last of them and the first.
    ends: [String; 2],
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Ablation> {
    let tables = read_tables(reader, words);
    let known: Vec<_> = words.paper.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let metrics = read_all_known(reader, "metrics", &known, "metric");
    for (_, scores) in tables.iter().flatten() {
        for metric in metrics.iter().flatten() {
            let metric = words.paper.metric(metric);
            check_measured(reader, "metrics", metric, &scores.selection, words.vocabulary);
        }
    }
    let metrics = metrics?;
    let [first, .., last] = &metrics[..] else {
        reader.refuse("metrics", "must list at least two metrics");
        return None;
    };
    Some(Ablation { tables: tables?, ends: [last.clone(), first.clone()], metrics })
}

/// Earlier tables of scores, with their keys, at `tables`.
pub(super) fn read_tables(reader: &Reader<'_>, words: &Words<'_>) -> Option<Vec<(String, Scores)>> {
    let known: Vec<(&str, &Scores)> = of_kind(words.earlier).collect();
    let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
    let wanted = read_all_known(reader, "tables", &names, "earlier table of scores")?;
    let find = |wanted: String| {
        let (_, scores) = known.iter().find(|(name, _)| *name == wanted)?;
        Some((wanted, (*scores).clone()))
    };
    wanted.into_iter().map(find).collect()
}

impl Kind for Ablation {
    fn covers(&self, paper: &Paper) -> Vec<Selection> {
        self.tables.iter().flat_map(|(_, scores)| scores.covers(paper)).collect()
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        let mut rows = Vec::new();
        for (table, scores) in &self.tables {
            let by_metric = self.metrics.iter().map(|name| scores.rows(name, results.summary));
            let by_metric: Vec<Vec<ScoreRow>> = by_metric.collect();
            for row in scores.rows(&scores.metric, results.summary) {
                let same = |other: &&ScoreRow| other.levels == row.levels;
                let mean = |rows: &Vec<ScoreRow>| rows.iter().find(same)?.mean;
                let means: Vec<_> = by_metric.iter().map(mean).collect();
                let label = row_label(results.names, &scores.by, &row.levels);
                rows.push(row_of(table, label, &row, &means, &self.ends, results));
            }
        }
        vec![self.table(rows, results)]
    }
}

impl Ablation {
    fn table(&self, mut rows: Vec<Row>, results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let label = |name: &String| {
            names.paper.metric(name).map_or_else(|| name.clone(), |metric| metric.short.clone())
        };
        let mut columns = vec![Column::text("table", Key::Table), Column::text("row", Key::Row)];
        for (index, metric) in self.metrics.iter().enumerate() {
            let change = (index > 0).then(|| Key::ChangeBy(metric.clone()));
            let keys = change.into_iter().chain([Key::MeanBy(metric.clone())]);
            columns.push(Column::number(label(metric), keys));
        }
        let [last, first] = self.ends.each_ref().map(label);
        let keys = [Key::Total, Key::TotalLower, Key::TotalUpper, Key::Seeds];
        columns.push(Column::number(format!("{last} − {first} [95 %]"), keys));
        let varies = |row: &Row| summary.varies(&row.conditions);
        let variation = Variation::of(rows.iter().map(varies));
        columns.extend(variation.column.clone());
        for row in &mut rows {
            row.cells.extend(variation.cell(varies(row)));
        }
        let mut notes = vec![
            format!(
                "The column “{first}” shows means. Each later column shows the change of the mean, in \
                 points, from the column before it."
            ),
            format!(
                "{last} − {first}: mean difference over the seeds, with Student's 95 % interval and one dot \
                 per seed. It is shown if every seed is recorded. {}",
                variation.note
            ),
        ];
        notes.extend(self.metrics.iter().filter_map(|name| {
            let metric = names.paper.metric(name)?;
            Some(format!("{}: {}.", metric.short, metric.formula()))
        }));
        notes.extend(limits_of(&self.tables, results));
        Table { metric: None, columns, rows, notes, is_uneven: false }
    }
}

/// A row of a table of scores, with its mean by each metric and the difference of two metrics.
fn row_of(
    table: &str,
    label: String,
    row: &ScoreRow,
    means: &[Option<f64>],
    ends: &[String; 2],
    results: &Results<'_>,
) -> Row {
    let summary = results.summary;
    let listed: Vec<_> = row.levels.iter().map(Level::spelled).collect();
    let mut cells = vec![
        Cell::Text(results.number(table), table.to_owned()),
        Cell::Text(label, listed.join(", ")),
        match row.n == row.expected {
            true => Cell::Number(means[0], Style::Fixed),
            false => {
                let n = count(row.n, row.expected, row.exceptions);
                Cell::Remarked(means[0], Style::Fixed, format!("n: {n}"))
            }
        },
    ];
    cells.extend(means.windows(2).map(|pair| {
        let change = pair[1].zip(pair[0]).map(|(after, before)| after - before);
        Cell::NumberAnd(change, Style::Signed, pair[1], Style::Signed)
    }));
    let total = Contrast::of_metrics(summary, &row.conditions, ends.each_ref().map(String::as_str));
    let total = total.if_whole(summary);
    cells.push(Cell::Difference(total.comparison.map(|total| total.difference)));
    let seed = |(seed, value): &(u64, f64)| SeedValue {
        value: *value,
        title: format!(
            "seed {seed}: {}, runs {}",
            Style::Signed.write(Some(*value)),
            summary.digests(&row.conditions, *seed)
        ),
    };
    let seeds = total.differences.iter().map(seed).collect();
    Row { cells, conditions: row.conditions.clone(), seeds }
}
