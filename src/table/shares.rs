//! `kind = "shares"`: the share of runs with a score below or above a threshold.

use std::collections::BTreeMap;

use super::cell::{Cell, Style};
use super::content::{Column, Row, Table};
use super::key::Key;
use super::kind::{Kind, Results, Variation, Words, left_out_note, read_conditions};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::format::typed;
use crate::paper::keys::{Differs, differs_note, read_factors, read_metric};
use crate::paper::{Paper, ScoreUnit, Selection};
use crate::stats::{self, Proportion};

/// One row for each condition: how many of its runs score beyond a threshold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shares {
    metric: String,
    /// In the unit of the metric.
    threshold: f64,
    /// Whether scores above the threshold count, else those below.
    is_above: bool,
    /// `experiment` or factors: they label the rows.
    by: Vec<String>,
    selection: Selection,
    differs: Differs,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Shares> {
    let metric = read_metric(reader, &words.paper.metrics);
    let known = metric.as_ref().and_then(|metric| words.paper.metric(metric));
    let is_percent = known.is_none_or(|metric| metric.unit == ScoreUnit::Percent);
    let range = if is_percent { 0.01..=100.0 } else { f64::MIN..=f64::MAX };
    let is_above = reader.node("above").is_some();
    if is_above && reader.node("below").is_some() {
        reader.refuse("above", "stands in place of `below`: give one of both");
    }
    let threshold = reader.required_in(if is_above { "above" } else { "below" }, range);
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
    let (metric, threshold, by) = (metric?, threshold?, by?);
    Some(Shares { metric, threshold, is_above, by, selection, differs })
}

impl Kind for Shares {
    fn covers(&self, _: &Paper) -> Vec<Selection> {
        vec![self.selection.clone()]
    }

    fn metric(&self) -> Option<&str> {
        Some(&self.metric)
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
        let metric = results.metric(&self.metric);
        let (side, key) = match self.is_above {
            true => ("above", Key::Above),
            false => ("below", Key::Below),
        };
        let by = self.by.iter();
        let mut columns: Vec<_> =
            by.map(|name| Column::text(names.factor(name), Key::Level(name.clone()))).collect();
        columns.push(Column::number("n", [Key::N, Key::Expected]));
        columns.push(Column::number(format!("runs {side}"), [key]));
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
            let is_beyond = |score: &&f64| match self.is_above {
                true => **score > self.threshold,
                false => **score < self.threshold,
            };
            let beyond = scores.iter().filter(is_beyond).count() as f64;
            let share = Proportion::new(beyond, scores.len(), stats::Level::NINETY_FIVE);
            cells.push(Cell::Count(scores.len(), condition.expected, condition.exceptions));
            cells.push(Cell::Number(share.map(|_| beyond), Style::Whole));
            cells.push(Cell::Share(share.map(|share| (share.share, share.interval))));
            cells.extend(variation.cell(summary.varies(&[*id])));
            let seeds = results.runs(*id, &self.metric);
            Row { cells, conditions: vec![*id], seeds }
        };
        let mut notes = vec![
            results.metric_note(&self.metric, &ids),
            format!(
                "runs {side}: number of runs with a score {side} {}. share: their share of all \
                 recorded runs, with Wilson's 95 % interval. {}",
                metric.unit.after(&typed(self.threshold)),
                variation.note
            ),
        ];
        notes.extend(results.folds_note(&ids));
        notes.extend(left_out_note(&self.selection, &self.by, results));
        notes.extend(differs_note(&self.differs));
        let rows = ids.iter().map(row).collect();
        let (unit, better) = (metric.unit.symbol().to_owned(), metric.better());
        Table { metric: None, unit, better, columns, rows, notes, is_uneven: false }
    }
}
