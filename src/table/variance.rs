//! `kind = "variance"`: how much of the spread comes from the draw of the data.

use super::cell::{Cell, Style};
use super::content::{Column, Key, Row, Table};
use super::kind::{Kind, Results, Words, read_conditions};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::paper::keys::{Differs, differs_note, read_metric};
use crate::paper::{EXPERIMENT, Paper, Selection};
use crate::stats::{self, Estimate, Spread, VarianceSplit};
use crate::summary::{Summary, SummaryError};

/// One row for each condition that is repeated on other draws of the data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variance {
    metric: String,
    /// Conditions on one draw.
    selection: Selection,
    /// Settings of the data in which they differ, as the file declares.
    differs: Differs,
}

/// The spread of one condition.
struct VarianceRow {
    /// The condition on one draw of the data.
    condition: ConditionId,
    /// Its repetition on other draws.
    repetition: ConditionId,
    /// Over initialisations, on one draw; `None` unless every run is recorded.
    within: Option<Estimate>,
    /// Over draws, each with its own initialisation; `None` unless every run is recorded.
    total: Option<Estimate>,
    /// The part of the draw; `None` if a spread is missing or zero.
    split: Option<VarianceSplit>,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Variance> {
    let metric = read_metric(reader, &words.paper.metrics);
    // Each row is labelled with all levels of its condition.
    let names: Vec<_> = words.vocabulary.names().map(str::to_owned).collect();
    let (selection, differs) = read_conditions(reader, metric.as_slice(), &[], &names, words);
    let is_repeated = |levels: crate::experiment::Levels| {
        words.paper.draws.contains_key(levels[EXPERIMENT].spelled())
    };
    if !words.vocabulary.conditions(&selection).any(is_repeated) {
        let message =
            "needs experiments on other draws of the data, but `[draws]` names none of them";
        reader.refuse("kind", message);
    }
    Some(Variance { metric: metric?, selection, differs })
}

/// The condition with the same levels in the experiment that repeats this one on other draws.
pub(super) fn repetition(
    summary: &Summary,
    paper: &Paper,
    condition: ConditionId,
) -> Option<ConditionId> {
    let mut levels = summary.condition(condition).levels.clone();
    let other = paper.draws.get(levels.get(EXPERIMENT)?.spelled())?;
    levels.insert(EXPERIMENT.to_owned(), Level::text(other));
    summary.conditions().find(|(_, one)| one.levels == levels).map(|(id, _)| id)
}

impl Kind for Variance {
    fn covers(&self, paper: &Paper) -> Vec<Selection> {
        paper.with_draws(vec![self.selection.clone()])
    }

    fn tabulate(&self, results: &Results<'_>) -> Result<Vec<Table>, SummaryError> {
        Ok(vec![self.table(&self.rows(results), results)])
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Variance {
    fn rows(&self, results: &Results<'_>) -> Vec<VarianceRow> {
        let summary = results.summary;
        let estimate = |id| summary.whole_estimate(&[id], &self.metric);
        let rows = summary.select(&self.selection).into_iter().filter_map(|condition| {
            let repetition = repetition(summary, results.names.paper, condition)?;
            let (within, total) = (estimate(condition), estimate(repetition));
            let spreads = spread(total).zip(spread(within));
            let split = spreads
                .map(|(total, within)| VarianceSplit::of(total, within, stats::Level::NINETY_FIVE));
            Some(VarianceRow { condition, repetition, within, total, split })
        });
        rows.collect()
    }

    fn table(&self, rows: &[VarianceRow], results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let mut factors: Vec<&String> = Vec::new();
        for factor in rows.iter().flat_map(|row| summary.condition(row.condition).levels.keys()) {
            if !factors.contains(&factor) {
                factors.push(factor);
            }
        }
        factors.sort_by_key(|factor| *factor != EXPERIMENT);
        let by = factors.iter();
        let mut columns: Vec<_> =
            by.map(|name| Column::text(names.factor(name), Key::Level((*name).clone()))).collect();
        columns.extend([
            Column::number("n, one draw", [Key::NOneDraw, Key::ExpectedOneDraw]),
            Column::number("n, other draws", [Key::NOtherDraws, Key::ExpectedOtherDraws]),
            Column::number("mean, one draw", [Key::MeanOneDraw]),
            Column::number("mean, other draws", [Key::MeanOtherDraws]),
            Column::number("SD, one draw", [Key::StdOneDraw]),
            Column::number("SD, other draws", [Key::StdOtherDraws]),
            Column::number("share of the draw", [Key::Share, Key::ShareLower, Key::ShareUpper]),
        ]);
        let row = |row: &VarianceRow| {
            let levels = &summary.condition(row.condition).levels;
            let level = |factor: &&String| match levels.get(*factor) {
                Some(level) => Cell::Level(names.level(factor, level), level.clone()),
                None => Cell::Text(String::new(), String::new()),
            };
            let mut cells: Vec<_> = factors.iter().map(level).collect();
            for id in [row.condition, row.repetition] {
                let condition = summary.condition(id);
                let n = condition.aggregates[&self.metric].n;
                cells.push(Cell::Count(n, condition.expected, condition.exceptions));
            }
            let estimates = [row.within, row.total];
            let means = estimates.map(|e| Cell::Number(e.map(|e| e.mean), Style::Fixed));
            let std_devs = estimates.map(|e| Cell::Number(e.and_then(|e| e.std_dev), Style::Fixed));
            cells.extend(means.into_iter().chain(std_devs));
            cells.push(Cell::Share(row.split.map(|split| (split.share, split.interval))));
            let seeds = results.seed_values(&[row.repetition], &self.metric);
            Row { cells, conditions: vec![row.condition, row.repetition], seeds }
        };
        let mut notes = vec![
            format!(
                "mean and SD: mean and sample standard deviation (divided by n − 1) of the {} over the \
                 seeds. On one draw of the data, the initialisation and the other random draws of training \
                 vary; on other draws, the data vary too.",
                results.metric_label(&self.metric)
            ),
            "share due to the draw: (SD² on other draws − SD² on one draw) / SD² on other draws, at least 0. \
             Its 95 % interval comes from the F distribution of the ratio of the two and assumes normal \
             scores. Rows that share a draw of the data depend on each other."
                .to_owned(),
        ];
        notes.extend(differs_note(&self.differs));
        Table { metric: None, columns, rows: rows.iter().map(row).collect(), notes }
    }
}

fn spread(estimate: Option<Estimate>) -> Option<Spread> {
    let estimate = estimate?;
    Spread::new(estimate.std_dev?, estimate.n as f64 - 1.0)
}
