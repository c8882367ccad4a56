//! `kind = "shares"`: the share of runs with a score below a threshold.

use std::collections::BTreeMap;

use super::cell::{Cell, Style};
use super::content::{Column, Key, Row, Table};
use super::kind::{Kind, Results, Variation, Words, left_out_note, read_conditions};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::paper::keys::{Differs, differs_note, read_factors, read_metric};
use crate::paper::{Paper, Selection};
use crate::stats::{self, Proportion};

/// One row for each condition: how many of its runs score below a threshold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shares {
    metric: String,
    /// In percent.
    below: f64,
    /// `experiment` or factors: they label the rows.
    by: Vec<String>,
    selection: Selection,
    differs: Differs,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Shares> {
    let metric = read_metric(reader, &words.paper.metrics);
    let below = reader.required_in("below", 0.01..=100.0);
    let by = read_factors(reader, "by", words.vocabulary);
    let by_names = by.as_deref().unwrap_or_default();
    let (selection, differs) =
        read_conditions(reader, metric.as_slice(), by_names, &[by_names], words);
    // Runs of several conditions are not independent where they share a draw of the data.
    let mut conditions: BTreeMap<Vec<&Level>, usize> = BTreeMap::new();
    for levels in words.vocabulary.conditions(&selection) {
        if let Some(row) = by_names.iter().map(|name| levels.get(name)).collect() {
            *conditions.entry(row).or_default() += 1;
        }
    }
    if conditions.values().any(|n| *n > 1) && reader.is_sound() {
        reader
            .refuse("by", "must name every factor that varies, because each row is one condition");
    }
    Some(Shares { metric: metric?, below: below?, by: by?, selection, differs })
}

impl Kind for Shares {
    fn covers(&self, _: &Paper) -> Vec<Selection> {
        vec![self.selection.clone()]
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        vec![self.table(results)]
    }
}

impl Shares {
    fn table(&self, results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let ids = summary.select(&self.selection).into_iter();
        let is_in_table =
            |id: &_| self.by.iter().all(|f| summary.condition(*id).levels.contains_key(f));
        let ids: Vec<_> = ids.filter(is_in_table).collect();
        let variation = Variation::of(ids.iter().map(|id| summary.varies(&[*id])));
        let threshold = self.below;
        let by = self.by.iter();
        let mut columns: Vec<_> =
            by.map(|name| Column::text(names.factor(name), Key::Level(name.clone()))).collect();
        columns.push(Column::number("n", [Key::N, Key::Expected]));
        columns.push(Column::number("runs below", [Key::Below]));
        let keys = [Key::Share, Key::ShareLower, Key::ShareUpper];
        columns.push(Column::number("share [95 %]", keys));
        columns.extend(variation.column.clone());
        let row = |id: &ConditionId| {
            let condition = summary.condition(*id);
            let label = |factor: &String| {
                let level = &condition.levels[factor];
                Cell::Level(names.level(factor, level), level.clone())
            };
            let mut cells: Vec<_> = self.by.iter().map(label).collect();
            let scores = condition.runs.iter().filter_map(|run| run.scores.get(&self.metric));
            let scores: Vec<f64> = scores.collect();
            let below = scores.iter().filter(|score| **score < self.below).count() as f64;
            let share = Proportion::new(below, scores.len(), stats::Level::NINETY_FIVE);
            cells.push(Cell::Count(scores.len(), condition.expected, condition.exceptions));
            cells.push(Cell::Number(share.map(|_| below), Style::Whole));
            cells.push(Cell::Share(share.map(|share| (share.share, share.interval))));
            cells.extend(variation.cell(summary.varies(&[*id])));
            let seeds = results.runs(*id, &self.metric);
            Row { cells, conditions: vec![*id], seeds }
        };
        let mut notes = vec![
            results.metric_note(&self.metric),
            format!(
                "runs below: number of runs with a score below {threshold} %. share: their share of all \
                 recorded runs, with Wilson's 95 % interval. {}",
                variation.note
            ),
        ];
        notes.extend(left_out_note(&self.selection, &self.by, results));
        notes.extend(differs_note(&self.differs));
        let rows = ids.iter().map(row).collect();
        Table { metric: None, columns, rows, notes, is_uneven: false }
    }
}
