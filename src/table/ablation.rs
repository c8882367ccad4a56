//! `kind = "ablation"`: how each step from one protocol to another changes the mean.

use super::cell::{Cell, Style, count};
use super::content::{Column, Row, SeedValue, Table};
use super::key::Key;
use super::kind::{Kind, Results, Variation, Words, of_kind};
use super::score_rows::{ScoreRow, Scores};
use super::scores::{limits_of, row_label};
use crate::document::Reader;
use crate::experiment::Level;
use crate::format::Digits;
use crate::paper::checks::check_measured;
use crate::paper::keys::{check_comparable, read_all_known};
use crate::paper::{Paper, Selection};
use crate::run::Direction;
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
    let compared = metrics.iter().flatten().filter_map(|metric| words.paper.metric(metric));
    check_comparable(reader, "metrics", &compared.collect::<Vec<_>>());
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
    if wanted.is_empty() {
        reader.refuse("tables", "must list at least one table");
        return None;
    }
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

    fn metric(&self) -> Option<&str> {
        Some(&self.ends[1])
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        let mut rows = Vec::new();
        for (table, scores) in &self.tables {
            let all = scores.grouped(&scores.metric, results.summary);
            let ids: Vec<_> = all.iter().flat_map(|row| row.conditions.clone()).collect();
            // The digits of one step serve all: their scores have one unit.
            let digits = results.digits(&ids, &self.ends[1]);
            let by_metric = self.metrics.iter().map(|name| scores.rows(name, results));
            let by_metric: Vec<Vec<ScoreRow>> = by_metric.collect();
            for row in scores.rows(&scores.metric, results) {
                let same = |other: &&ScoreRow| other.levels == row.levels;
                let mean = |rows: &Vec<ScoreRow>| rows.iter().find(same)?.mean;
                let means: Vec<_> = by_metric.iter().map(mean).collect();
                let label = row_label(results.names, &scores.by, &row.levels);
                rows.push(row_of([table, &label], &row, &means, (&self.ends, digits), results));
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
        let ids: Vec<_> = rows.iter().flat_map(|row| row.conditions.clone()).collect();
        let ends = summary.ends(&ids);
        let metric = results.metric(&self.ends[1]);
        let lower = match metric.better() {
            Some(Direction::Lower) => " Lower is better.",
            Some(Direction::Higher) | None => "",
        };
        let (unit, change) = (metric.unit.clause(), metric.unit.of_difference());
        let change = if change.is_empty() { String::new() } else { format!(", in {change},") };
        let mut notes = vec![
            format!(
                "The column “{first}” shows means{unit}. Each later column shows the change of the \
                 mean{change} from the column before it.{lower}"
            ),
            format!(
                "{last} − {first}: mean difference over the seeds, with Student's 95 % interval and one dot \
                 per seed. It is shown if every seed is recorded. {}",
                variation.note
            ),
        ];
        notes.extend(self.metrics.iter().filter_map(|name| {
            let metric = names.paper.metric(name)?;
            Some(format!("{}: {}.", metric.short, metric.formula(&ends)))
        }));
        notes.extend(results.folds_note(&ids));
        notes.extend(limits_of(&self.tables, results));
        let (unit, better) = (metric.unit.symbol().to_owned(), metric.better());
        Table { metric: None, unit, better, columns, rows, notes, is_uneven: false }
    }
}

/// A row of a table of scores, with its mean by each metric and the difference of two metrics.
fn row_of(
    [table, label]: [&str; 2],
    row: &ScoreRow,
    means: &[Option<f64>],
    (ends, digits): (&[String; 2], Digits),
    results: &Results<'_>,
) -> Row {
    let summary = results.summary;
    let (fixed, signed) = (Style::Fixed(digits), Style::Signed(digits));
    let listed: Vec<_> = row.levels.iter().map(Level::spelled).collect();
    let mut cells = vec![
        Cell::Text(results.number(table), table.to_owned()),
        Cell::Text(label.to_owned(), listed.join(", ")),
        match row.n == row.expected {
            true => Cell::Number(means[0], fixed),
            false => {
                let n = count(row.n, row.expected, row.exceptions);
                Cell::Remarked(means[0], fixed, format!("n: {n}"))
            }
        },
    ];
    cells.extend(means.windows(2).map(|pair| {
        let change = pair[1].zip(pair[0]).map(|(after, before)| after - before);
        Cell::NumberAnd(change, signed, pair[1], signed)
    }));
    let total = Contrast::of_metrics(summary, &row.conditions, ends.each_ref().map(String::as_str));
    let total = total.if_whole(summary);
    cells.push(Cell::Difference(total.comparison.map(|total| total.difference), digits));
    let seed = |(seed, value): &(u64, f64)| SeedValue {
        value: *value,
        title: format!(
            "seed {seed}: {}, runs {}",
            digits.signed(*value),
            summary.digests(&row.conditions, *seed)
        ),
    };
    let seeds = total.differences.iter().map(seed).collect();
    Row { cells, conditions: row.conditions.clone(), seeds }
}
