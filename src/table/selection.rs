//! `kind = "selection"`: the condition that the validation part chooses, and its test score.

use super::cell::{Cell, Style};
use super::content::{Column, Row, SeedValue, Table};
use super::key::Key;
use super::kind::{Kind, Results, Variation, Words, left_out_note, read_conditions};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::format::{MISSING, count};
use crate::paper::keys::{Differs, differs_note, read_factors, read_known, read_metric};
use crate::paper::{EXPERIMENT, Metric, Paper, Selection};
use crate::run::Direction;
use crate::stats::{self, Estimate, Sample};
use crate::summary::{Candidate, Exceptions, Summary, chosen, mean};

/// How many conditions a note names.
const MOST_NAMED: usize = 6;

/// One row for each combination of the levels of `by`: the condition that a validation score chooses among those of
/// the row, and its test score.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    /// The metric of the shown scores.
    metric: String,
    /// The metric that chooses.
    select: String,
    by: Vec<String>,
    selection: Selection,
    differs: Differs,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Choice> {
    let metrics = &words.paper.metrics;
    let metric = read_metric(reader, metrics);
    let known: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    let select = read_known(reader, "select", &known, "metric");
    let by = read_factors(reader, "by", words.vocabulary);
    let find = |name: &Option<String>| words.paper.metric(name.as_deref()?);
    if let Some(selector) = find(&select) {
        check_selector(reader, selector);
    }
    if let Some(undirected) = find(&metric).filter(|metric| metric.better().is_none()) {
        let message = format!("names `{}`, of which no score is better", undirected.name);
        reader.refuse("metric", message);
    }
    let both: Vec<String> = metric.iter().chain(&select).cloned().collect();
    let all: Vec<String> = words.vocabulary.names().map(str::to_owned).collect();
    let by_names = by.as_deref().unwrap_or_default();
    // The chosen condition is named with all its levels, so only settings without a factor count as differences.
    let (selection, differs) = read_conditions(reader, &both, by_names, &[&all], words);
    Some(Choice { metric: metric?, select: select?, by: by?, selection, differs })
}

/// Refuses a metric, at `select`, that sees another part than the validation part.
pub fn check_selector(reader: &Reader<'_>, selector: &Metric) {
    let curves = selector.curves();
    let other = curves.iter().find(|curve| !curve.needs_held_out);
    let message = match other {
        _ if selector.better().is_none() => {
            format!("names `{}`, of which no score is better", selector.name)
        }
        Some(curve) => format!(
            "names `{}`, which reads `{}`: choose by a metric of the validation part, so that the test part does \
             not choose",
            selector.name, curve.name
        ),
        None => return,
    };
    reader.refuse("select", message);
}

impl Kind for Choice {
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

impl Choice {
    /// The conditions of each combination of the levels of `by`, in order.
    fn groups(&self, summary: &Summary) -> Vec<(Vec<Level>, Vec<ConditionId>)> {
        let mut groups: Vec<(Vec<Level>, Vec<ConditionId>)> = Vec::new();
        let selected = summary.select(&self.selection);
        for condition in summary.all(&selected) {
            let level = |factor| condition.levels.get(factor).cloned();
            let Some(levels) = self.by.iter().map(level).collect::<Option<Vec<_>>>() else {
                continue;
            };
            match groups.iter_mut().find(|(known, _)| *known == levels) {
                Some((_, ids)) => ids.push(condition.id),
                None => groups.push((levels, vec![condition.id])),
            }
        }
        groups
    }

    fn table(&self, results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let metric = results.metric(&self.metric);
        let groups = self.groups(summary);
        let all: Vec<_> = groups.iter().flat_map(|(_, ids)| ids.clone()).collect();
        let by = self.by.iter();
        let mut columns: Vec<_> =
            by.map(|name| Column::text(names.factor(name), Key::Level(name.clone()))).collect();
        columns.extend([
            Column::text("chosen", Key::Chosen),
            Column::number("seeds", [Key::Seeds, Key::Expected]),
            Column::number(metric.unit.in_head("mean"), [Key::Mean]),
            Column::number("95 % interval", [Key::Lower, Key::Upper]),
            Column::number("leave one seed out", [Key::NestedMean]),
            Column::number("95 % interval", [Key::NestedLower, Key::NestedUpper]),
            Column::text("best on test", Key::BestOnTest),
            Column::number("its mean − mean", [Key::Optimism]),
        ]);
        let rows =
            groups.iter().map(|(levels, ids)| self.row(levels, ids, &all, results)).collect();
        let varies = Variation::of([summary.varies(&all)].into_iter()).note;
        let notes = self.notes(&all, varies, results);
        let (unit, better) = (metric.unit.symbol().to_owned(), metric.better());
        Table { unit, better, columns, rows, notes, ..Table::default() }
    }

    fn row(
        &self,
        levels: &[Level],
        ids: &[ConditionId],
        all: &[ConditionId],
        results: &Results<'_>,
    ) -> Row {
        let (names, summary) = (results.names, results.summary);
        let candidates = summary.candidates(ids, &self.select, &self.metric);
        let better = |metric: &str| results.metric(metric).better().unwrap_or(Direction::Higher);
        let (select, shown) = (better(&self.select), better(&self.metric));
        let chosen = chosen(&candidates, select);
        let on_test = best(candidates.iter().map(|one| mean(one.shown.values())), shown);
        let on_test = on_test.map(|index| &candidates[index]);
        let digits = results.digits(all, &self.metric);
        let fixed = Style::Fixed(digits);
        let estimate = chosen.and_then(|one| estimate(one.shown.values().copied()));
        let nested = nested(&candidates, select);
        let of_nested = self::estimate(nested.iter().map(|(_, value)| *value));
        let cell_of = |candidate: Option<&Candidate>| match candidate {
            Some(one) => self.named(one.id, results),
            None => Cell::Text(MISSING.to_owned(), String::new()),
        };
        let optimism = on_test
            .zip(estimate)
            .map(|(best, of_chosen)| mean(best.shown.values()) - of_chosen.mean);
        let level = |(factor, level): (&String, &Level)| {
            Cell::Level(names.level(factor, level), level.clone())
        };
        let mut cells: Vec<_> = self.by.iter().zip(levels).map(level).collect();
        cells.extend([
            cell_of(chosen),
            Cell::Count(
                estimate.map_or(0, |e| e.n),
                chosen.map_or(0, |one| summary.expected(&[one.id])),
                chosen.map_or_else(Exceptions::default, |one| summary.exceptions(&[one.id])),
            ),
            Cell::Number(estimate.map(|estimate| estimate.mean), fixed),
            Cell::interval_of(estimate, fixed),
            Cell::Number(of_nested.map(|estimate| estimate.mean), fixed),
            Cell::interval_of(of_nested, fixed),
            cell_of(on_test),
            Cell::Number(optimism, Style::Signed(digits)),
        ]);
        let seeds = chosen.map_or_else(Vec::new, |one| -> Vec<SeedValue> {
            results.seed_values(&[one.id], &self.metric)
        });
        Row { cells, conditions: ids.to_vec(), seeds }
    }

    /// The levels of a condition that the row does not name: for readers, and as `lr=0.1` for data files.
    fn named(&self, id: ConditionId, results: &Results<'_>) -> Cell {
        let is_open = |(factor, _): &(&String, &Level)| {
            let selected = self.selection.get(*factor);
            !self.by.contains(*factor) && selected.is_none_or(|levels| levels.len() > 1)
        };
        let levels = &results.summary.condition(id).levels;
        let (mut labels, mut words) = (Vec::new(), Vec::new());
        for (factor, level) in levels.iter().filter(is_open) {
            let label = results.names.level(factor, level);
            labels.push(match factor.as_str() {
                EXPERIMENT => label,
                factor => format!("{}: {label}", results.names.factor(factor)),
            });
            words.push(format!("{factor}={}", level.spelled()));
        }
        Cell::Text(labels.join(", "), words.join("; "))
    }

    fn notes(&self, ids: &[ConditionId], varies: &str, results: &Results<'_>) -> Vec<String> {
        let select = results.metric(&self.select);
        let lower = match select.better() {
            Some(Direction::Lower) => "smallest",
            Some(Direction::Higher) | None => "largest",
        };
        let formula = select.formula(&results.summary.ends(ids));
        let mut notes = vec![results.metric_note(&self.metric, ids)];
        notes.extend(results.folds_note(ids));
        notes.extend([
            format!(
                "chosen: the condition with the {lower} mean of {} ({formula}). It is chosen once, over all seeds. The \
                 mean, with Student's 95 % interval, does not count how the choice varies.",
                select.label
            ),
            "leave one seed out: for each seed, the score of the condition that is best on the validation scores of the \
             other seeds. Its mean counts how the choice varies. The values of two seeds depend on each other a little, \
             because their choices share seeds."
                .to_owned(),
            "best on test: the condition that the test scores would have chosen, and how far its mean is from that of \
             the chosen one. The difference is the bias of choosing on the test part."
                .to_owned(),
            varies.to_owned(),
        ]);
        let (select, metric) = (&self.select, &self.metric);
        let whole = results.summary.candidates(ids, select, metric);
        let is_whole = |id: &&ConditionId| whole.iter().any(|one| one.id == **id);
        let others: Vec<_> = ids.iter().filter(|id| !is_whole(id)).collect();
        if !others.is_empty() {
            let names = others
                .iter()
                .take(MOST_NAMED)
                .map(|id| results.names.describe(&results.summary.condition(**id).levels));
            let names = names.collect::<Vec<_>>().join("; ");
            let more = match others.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                n => format!("; and {n} more"),
            };
            notes.push(format!(
                "{} of {} without all their scores cannot be chosen: {names}{more}.",
                others.len(),
                count(ids.len(), "condition")
            ));
        }
        notes.extend(left_out_note(&self.selection, &self.by, results));
        notes.extend(differs_note(&self.differs));
        notes
    }
}

/// The place of the best number; the first in a tie.
fn best(means: impl Iterator<Item = f64>, better: Direction) -> Option<usize> {
    better.best(&means.collect::<Vec<_>>())
}

/// For each seed that all candidates have, the shown score of the candidate that is best on the other seeds.
fn nested(candidates: &[Candidate], better: Direction) -> Vec<(u64, f64)> {
    let has_all = |seed: &&u64| candidates.iter().all(|one| one.chosen_by.contains_key(seed));
    let seeds = candidates.first().into_iter().flat_map(|one| one.chosen_by.keys());
    let seeds: Vec<u64> = seeds.filter(has_all).copied().collect();
    let of_seed = |seed: &u64| {
        let means = candidates.iter().map(|one| {
            mean(seeds.iter().filter(|other| *other != seed).map(|other| &one.chosen_by[other]))
        });
        let chosen = best(means, better).filter(|_| seeds.len() > 1)?;
        Some((*seed, *candidates[chosen].shown.get(seed)?))
    };
    seeds.iter().filter_map(of_seed).collect()
}

fn estimate(values: impl Iterator<Item = f64>) -> Option<Estimate> {
    let values: Vec<f64> = values.collect();
    Some(Estimate::of(&Sample::new(&values)?, stats::Level::NINETY_FIVE))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn each_seed_has_the_score_of_the_condition_that_the_other_seeds_choose() {
        let by_seed = |values: [f64; 3]| (0..).zip(values).collect::<BTreeMap<u64, f64>>();
        let candidate = |index: usize, chosen_by, shown| Candidate {
            id: ConditionId::at(index),
            chosen_by: by_seed(chosen_by),
            shown: by_seed(shown),
        };
        let candidates = [
            candidate(0, [9.0, 1.0, 2.0], [10.0, 11.0, 12.0]),
            candidate(1, [3.0, 3.0, 3.0], [20.0, 21.0, 22.0]),
        ];
        // Without seed 0, the second is best (3 > 1.5); without 1 or 2, the first (5.5 and 5 > 3).
        let higher = nested(&candidates, Direction::Higher);
        assert_eq!(higher, [(0, 20.0), (1, 11.0), (2, 12.0)]);
        let lower = nested(&candidates, Direction::Lower);
        assert_eq!(lower, [(0, 10.0), (1, 21.0), (2, 22.0)]);
        assert_eq!(nested(&[], Direction::Lower), []);
        let one = [candidate(0, [1.0; 3], [5.0, 6.0, 7.0])];
        assert_eq!(nested(&one, Direction::Higher), [(0, 5.0), (1, 6.0), (2, 7.0)]);
    }
}
