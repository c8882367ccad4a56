//! `kind = "ablation"`: the rows of other tables under one metric after another, to show what each
//! choice of a protocol changes.

use super::cell::{Cell, Style};
use super::content::{Column, Key, Row, SeedValue, Table};
use super::kind::{Kind, Results, Variation, Words, of_kind};
use super::scores::{ScoreRow, Scores, differs_notes, row_label};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::paper::keys::{check_measured, read_all_known};
use crate::paper::{Paper, Selection};
use crate::summary::{Contrast, SummaryError};

/// The rows of other tables under one metric after another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ablation {
    /// Names and keys of tables of scores.
    tables: Vec<(String, Scores)>,
    /// Names of metrics, each one choice away from the one before.
    metrics: Vec<String>,
}

/// One row of a table under several metrics.
struct AblationRow<'a> {
    table: &'a str,
    scores: &'a Scores,
    levels: Vec<Level>,
    conditions: Vec<ConditionId>,
    /// The mean by each metric.
    means: Vec<Option<f64>>,
    /// The last metric minus the first.
    total: Contrast,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Ablation> {
    let tables = read_tables(reader, words);
    let known: Vec<_> = words.paper.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let metrics = read_all_known(reader, "metrics", &known, "metric");
    if metrics.as_ref().is_some_and(|metrics| metrics.len() < 2) {
        reader.refuse("metrics", "must list at least two metrics");
    }
    for (_, scores) in tables.iter().flatten() {
        for metric in metrics.iter().flatten() {
            let metric = words.paper.metric(metric);
            check_measured(reader, "metrics", metric, &scores.selection, words.vocabulary);
        }
    }
    Some(Ablation { tables: tables?, metrics: metrics? })
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

    fn tabulate(&self, results: &Results<'_>) -> Result<Vec<Table>, SummaryError> {
        Ok(vec![self.table(&self.rows(results)?, results)])
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Ablation {
    fn rows(&self, results: &Results<'_>) -> Result<Vec<AblationRow<'_>>, SummaryError> {
        let [first, .., last] = &self.metrics[..] else { return Ok(Vec::new()) };
        let summary = results.summary;
        let mut all = Vec::new();
        for (table, scores) in &self.tables {
            let by_metric = self.metrics.iter().map(|metric| scores.rows(metric, summary));
            let by_metric: Vec<Vec<ScoreRow>> = by_metric.collect::<Result<_, _>>()?;
            for row in scores.rows(&scores.metric, summary)? {
                let same = |other: &&ScoreRow| other.levels == row.levels;
                let mean = |rows: &Vec<ScoreRow>| rows.iter().find(same)?.mean;
                let means = by_metric.iter().map(mean).collect();
                let total = Contrast::of_metrics(summary, &row.conditions, [last, first]);
                let total = total.if_whole(summary);
                let ScoreRow { levels, conditions, .. } = row;
                all.push(AblationRow { table, scores, levels, conditions, means, total });
            }
        }
        Ok(all)
    }

    fn table(&self, rows: &[AblationRow<'_>], results: &Results<'_>) -> Table {
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
        let ends = [self.metrics.last(), self.metrics.first()].map(|end| end.map(label));
        let [last, first] = ends.map(Option::unwrap_or_default);
        let keys = [Key::Total, Key::TotalLower, Key::TotalUpper, Key::Seeds];
        columns.push(Column::number(format!("{last} − {first} [95 %]"), keys));
        let variation = Variation::of(rows.iter().map(|row| summary.varies(&row.conditions)));
        columns.extend(variation.column.clone());
        let row = |row: &AblationRow<'_>| {
            let listed: Vec<_> = row.levels.iter().map(Level::spelled).collect();
            let described = row_label(names, &row.scores.by, &row.levels);
            let mut cells = vec![
                Cell::Text(results.number(row.table), row.table.to_owned()),
                Cell::Text(described, listed.join(", ")),
            ];
            cells.push(Cell::Number(row.means.first().copied().flatten(), Style::Fixed));
            cells.extend(row.means.windows(2).map(|pair| {
                let change = pair[1].zip(pair[0]).map(|(after, before)| after - before);
                Cell::NumberAnd(change, Style::Signed, pair[1], Style::Signed)
            }));
            cells.push(Cell::Difference(row.total.comparison.map(|total| total.difference)));
            cells.extend(variation.cell(summary.varies(&row.conditions)));
            let seed = |(seed, value): &(u64, f64)| SeedValue {
                value: *value,
                title: format!(
                    "seed {seed}: {}, runs {}",
                    Style::Signed.write(Some(*value)),
                    summary.digests(&row.conditions, *seed)
                ),
            };
            let seeds = row.total.differences.iter().map(seed).collect();
            Row { cells, conditions: row.conditions.clone(), seeds }
        };
        let mut notes = vec![
            format!(
                "The column “{first}” is a mean. Each column after it is the change of the mean, in points, \
                 from one metric to the next."
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
        notes.extend(differs_notes(&self.tables, results));
        Table { metric: None, columns, rows: rows.iter().map(row).collect(), notes }
    }
}
