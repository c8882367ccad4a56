//! `kind = "variance"`: how much of the spread comes from the draw of the data.

use std::collections::BTreeSet;

use super::bimodal::bimodal_note;
use super::cell::{Cell, Style};
use super::content::{Column, Row, Table};
use super::key::Key;
use super::kind::{Kind, Results, Words, read_conditions};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::paper::keys::{Differs, differs_note, read_metric};
use crate::paper::{EXPERIMENT, Paper, Selection};
use crate::stats::{self, Estimate, Spread, VarianceSplit};
use crate::summary::Summary;

/// One row for each condition that is repeated on other draws of the data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variance {
    metric: String,
    /// Conditions on one draw.
    selection: Selection,
    /// Settings of the data in which the conditions differ, from the key `differs`.
    differs: Differs,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Variance> {
    let metric = read_metric(reader, &words.paper.metrics);
    // All levels of its condition label each row.
    let names: Vec<_> = words.vocabulary.names().map(str::to_owned).collect();
    let (selection, differs) = read_conditions(reader, metric.as_slice(), &[], &[&names], words);
    let is_repeated = |levels: &crate::experiment::Levels| {
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
    summary.conditions().iter().find(|one| one.levels == levels).map(|one| one.id)
}

impl Kind for Variance {
    fn covers(&self, paper: &Paper) -> Vec<Selection> {
        paper.with_draws(vec![self.selection.clone()])
    }

    fn metric(&self) -> Option<&str> {
        Some(&self.metric)
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        vec![self.table(results)]
    }
}

impl Variance {
    fn table(&self, results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        // Each condition on one draw of the data, with its repetition on other draws.
        let selected = summary.select(&self.selection).into_iter();
        let rows = selected.filter_map(|id| Some([id, repetition(summary, names.paper, id)?]));
        let rows: Vec<[ConditionId; 2]> = rows.collect();
        let mut factors: Vec<&String> = Vec::new();
        for factor in rows.iter().flat_map(|[id, _]| summary.condition(*id).levels.keys()) {
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
            Column::number("share due to the draw", [Key::Share, Key::ShareLower, Key::ShareUpper]),
        ]);
        let metric = results.metric(&self.metric);
        let digits = results.digits(&rows.concat(), &self.metric);
        let number = |value| Cell::Number(value, Style::Fixed(digits));
        let row = |ids: [ConditionId; 2]| {
            let levels = &summary.condition(ids[0]).levels;
            let level = |factor: &&String| match levels.get(*factor) {
                Some(level) => Cell::Level(names.level(factor, level), level.clone()),
                None => Cell::Text(String::new(), String::new()),
            };
            let mut cells: Vec<_> = factors.iter().map(level).collect();
            for id in ids {
                let condition = summary.condition(id);
                let n = condition.aggregates[&self.metric].n;
                cells.push(Cell::Count(n, condition.expected, condition.exceptions));
            }
            // `None` unless every run is recorded.
            let estimates = ids.map(|id| summary.whole_estimate(&[id], &self.metric));
            let means = estimates.map(|e| number(e.map(|e| e.mean)));
            let std_devs = estimates.map(|e| number(e.and_then(|e| e.std_dev)));
            cells.extend(means.into_iter().chain(std_devs));
            let [within, total] = estimates.map(spread);
            let split = total.zip(within).map(|(total, within)| {
                let split = VarianceSplit::of(total, within, stats::Level::NINETY_FIVE);
                (split.share, split.interval)
            });
            cells.push(Cell::Share(split));
            let seeds = results.seed_values(&ids[1..], &self.metric);
            Row { cells, conditions: ids.to_vec(), seeds }
        };
        let mut notes = vec![
            format!(
                "mean and SD{}: mean and sample standard deviation (divided by n − 1) of the {} over the \
                 seeds. On one draw of the data, runs differ in the initialisation and the other random \
                 draws of training. On other draws, runs also differ in the data.",
                metric.unit.clause(),
                metric.label
            ),
            "share due to the draw: (SD² on other draws − SD² on one draw) / SD² on other draws, at \
             least 0. The 95 % interval uses the F distribution of the ratio of the two SD², and assumes \
             normal scores. Rows that use the same draw of the data are not independent."
                .to_owned(),
        ];
        let selected = summary.select(&self.selection);
        let alone = selected.iter().filter(|id| repetition(summary, names.paper, **id).is_none());
        let alone: BTreeSet<_> = alone
            .map(|id| names.level(EXPERIMENT, &summary.condition(*id).levels[EXPERIMENT]))
            .collect();
        if !alone.is_empty() {
            notes.push(format!(
                "Left out, because `[draws]` names no experiment that repeats them: {}.",
                alone.into_iter().collect::<Vec<_>>().join("; ")
            ));
        }
        notes.extend(bimodal_note(rows.iter().flatten().copied(), &self.metric, results));
        notes.extend(differs_note(&self.differs));
        Table {
            metric: None,
            unit: metric.unit.symbol().to_owned(),
            better: metric.better(),
            columns,
            rows: rows.into_iter().map(row).collect(),
            notes,
            is_uneven: false,
        }
    }
}

fn spread(estimate: Option<Estimate>) -> Option<Spread> {
    let estimate = estimate?;
    Spread::new(estimate.std_dev?, estimate.n as f64 - 1.0)
}
