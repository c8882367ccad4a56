//! `kind = "cost"`: what a run of each condition costs: parameters, operations and time.

use super::cell::{Cell, Style};
use super::content::{Column, Row, Table};
use super::key::Key;
use super::kind::{Kind, Results, Words, left_out_note, read_conditions};
use crate::document::Reader;
use crate::experiment::ConditionId;
use crate::format::Digits;
use crate::paper::keys::{Differs, differs_note, read_factors};
use crate::paper::{Paper, Selection};
use crate::summary::ConditionSummary;

/// One row for each condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    /// `experiment` or factors: they label the rows.
    by: Vec<String>,
    selection: Selection,
    differs: Differs,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Cost> {
    let by = read_factors(reader, "by", words.vocabulary);
    let names = by.as_deref().unwrap_or_default();
    let (selection, differs) = read_conditions(reader, &[], names, &[names], words);
    let rows = words
        .vocabulary
        .conditions(&selection)
        .filter_map(|levels| names.iter().map(|name| levels.get(name)).collect::<Option<Vec<_>>>());
    let mut rows: Vec<_> = rows.collect();
    let n_conditions = rows.len();
    rows.sort_unstable();
    rows.dedup();
    if rows.len() < n_conditions && reader.is_sound() {
        reader
            .refuse("by", "must name every factor that varies, because each row is one condition");
    }
    Some(Cost { by: by?, selection, differs })
}

impl Kind for Cost {
    fn covers(&self, _: &Paper) -> Vec<Selection> {
        vec![self.selection.clone()]
    }

    fn metric(&self) -> Option<&str> {
        None
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        vec![self.table(results)]
    }
}

impl Cost {
    fn table(&self, results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let has_factors = |id: &ConditionId| {
            self.by.iter().all(|f| summary.condition(*id).levels.contains_key(f))
        };
        let ids: Vec<_> = summary.select(&self.selection).into_iter().filter(has_factors).collect();
        let mut columns: Vec<_> = self
            .by
            .iter()
            .map(|name| Column::text(names.factor(name), Key::Level(name.clone())))
            .collect();
        columns.push(Column::number("n", [Key::N, Key::Expected]));
        columns.push(Column::number("parameters", [Key::Parameters]));
        columns.push(Column::number("operations", [Key::Operations]));
        columns.push(Column::volatile("time", Key::Seconds));
        let operations = |id: &ConditionId| mean_operations(summary.condition(*id));
        let digits = Digits::of(ids.iter().filter_map(operations), []);
        let row = |id: &ConditionId| {
            let condition = summary.condition(*id);
            let level = |factor: &String| {
                let level = &condition.levels[factor];
                Cell::Level(names.level(factor, level), level.clone())
            };
            let mut cells: Vec<_> = self.by.iter().map(level).collect();
            let n = condition.runs.len();
            cells.push(Cell::Count(n, condition.expected, condition.exceptions));
            let parameters = condition.training.parameters.map(|n| n as f64);
            cells.push(Cell::Number(parameters, Style::Thousands));
            cells.push(Cell::Number(operations(id), Style::Fixed(digits)));
            cells.push(Cell::Number(median_seconds(condition), Style::Seconds));
            Row { cells, conditions: vec![*id], seeds: Vec::new() }
        };
        let mut notes = vec![
            "parameters: number of trained parameters. operations: floating-point operations of the \
             convolutions and linear layers in one run, with its tests, counted for a dense computation: the mean of \
             the completed runs. A run that stopped early counts the epochs until then. time: median wall-clock time of the recorded runs. It depends on the machine, so \
             no data file has it."
                .to_owned(),
        ];
        if ids.iter().any(|id| summary.condition(*id).training.parameters.is_none()) {
            notes.push("–: what a program computes is not counted.".to_owned());
        }
        notes.extend(left_out_note(&self.selection, &self.by, results));
        notes.extend(differs_note(&self.differs));
        Table { columns, rows: ids.iter().map(row).collect(), notes, ..Table::default() }
    }
}

/// The mean number of operations of the completed runs of a condition.
fn mean_operations(condition: &ConditionSummary) -> Option<f64> {
    let operations: Vec<f64> = condition.runs.iter().filter_map(|run| run.operations).collect();
    (!operations.is_empty()).then(|| operations.iter().sum::<f64>() / operations.len() as f64)
}

/// The median time of the runs of a condition, in seconds.
fn median_seconds(condition: &ConditionSummary) -> Option<f64> {
    let mut seconds: Vec<f64> = condition.runs.iter().map(|run| run.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let upper = seconds.get(seconds.len() / 2)?;
    Some(f64::midpoint(seconds[(seconds.len() - 1) / 2], *upper))
}
