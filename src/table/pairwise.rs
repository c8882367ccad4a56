//! `kind = "pairwise"`: each two levels of one factor, and the trend over the levels of a numeric factor.

use std::collections::BTreeMap;

use super::bimodal::bimodal_note;
use super::cell::{Cell, Style};
use super::compared::{Compared, compared, read_pairs};
use super::content::{Column, Row, SeedValue, Table};
use super::key::Key;
use super::kind::{Kind, Results, Variation, Words, left_out_note, read_conditions};
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::format::{Digits, count};
use crate::paper::keys::{Differs, choice, differs_note, read_known, read_metric};
use crate::paper::{Paper, Selection};
use crate::run::Direction;
use crate::stats::{self, PairedComparison, PairedTest, log10, slope};
use crate::summary::{Contrast, Summary, effect};

/// One row for each two levels of a factor, and one for the trend if `scale` asks for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pairwise {
    metric: String,
    factor: String,
    trend: Option<TrendScale>,
    /// The pairs of levels, each with the one that is subtracted. `None` means all pairs.
    pairs: Option<Vec<[Level; 2]>>,
    /// Whether the seeds of both sides mean the same draws.
    is_paired: bool,
    selection: Selection,
    differs: Differs,
}

/// What a trend is a slope on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TrendScale {
    /// The level itself.
    Linear,
    /// The logarithm to base 10 of the level.
    Log,
}

/// Two levels of the factor: the mean of the first minus the mean of the second.
struct Pair {
    levels: [Level; 2],
    contrast: Contrast,
    compared: Option<Compared>,
    adjusted_p: Option<f64>,
}

/// The slope of the metric on the factor.
struct Trend {
    conditions: Vec<ConditionId>,
    /// The slope of each seed.
    slopes: Vec<(u64, f64)>,
    comparison: Option<PairedComparison>,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Pairwise> {
    let metric = read_metric(reader, &words.paper.metrics);
    let known: Vec<_> = words.vocabulary.names().collect();
    let factor = read_known(reader, "factor", &known, "factor");
    let by = factor.as_slice();
    let (selection, differs) = read_conditions(reader, metric.as_slice(), by, &[by], words);
    let trend = match reader.node("scale") {
        Some(_) => {
            choice(reader, "scale", &[("linear", TrendScale::Linear), ("log", TrendScale::Log)])
        }
        None => None,
    };
    let is_paired = reader.optional::<bool>("paired").unwrap_or(true);
    if !is_paired && trend.is_some() {
        reader.refuse("paired", "has no meaning for a trend, which is a slope of each seed");
    }
    let (metric, factor) = (metric?, factor?);
    let mut pairs = None;
    if reader.is_sound() {
        let levels =
            distinct(words.vocabulary.conditions(&selection).filter_map(|l| l.get(&factor)));
        pairs = read_pairs(reader, &levels);
        if levels.len() < 2 {
            reader.refuse(
                "factor",
                format!("names `{factor}`, which has one level in the selection"),
            );
        }
        let has_no_place = |level: &&Level| trend.is_some_and(|scale| scale.of(level).is_none());
        if let Some(level) = levels.iter().find(has_no_place) {
            let wanted = if trend == Some(TrendScale::Log) { "number above 0" } else { "number" };
            let message = format!("asks for a trend, but the level `{level}` is no {wanted}");
            reader.refuse("scale", message);
        }
    }
    Some(Pairwise { metric, factor, trend, pairs, is_paired, selection, differs })
}

impl TrendScale {
    /// The place of a level. `None` if it has none.
    fn of(self, level: &Level) -> Option<f64> {
        let number = level.to_json().as_f64()?;
        match self {
            Self::Linear => Some(number),
            Self::Log => (number > 0.0).then(|| log10(number)),
        }
    }
}

impl Kind for Pairwise {
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

impl Pairwise {
    /// The levels of the factor, in the order of the conditions.
    fn levels(&self, summary: &Summary) -> Vec<Level> {
        let selected = summary.select(&self.selection);
        distinct(summary.all(&selected).filter_map(|one| one.levels.get(&self.factor)))
    }

    fn pairs(&self, summary: &Summary) -> Vec<Pair> {
        let of_levels = || {
            let levels = self.levels(summary);
            // The later level is often the larger one: its gain over the earlier one is shown.
            let with_earlier =
                |index: usize| levels[..index].iter().map(move |first| (index, first));
            let all = (0..levels.len()).flat_map(with_earlier);
            all.map(|(index, first)| [levels[index].clone(), first.clone()]).collect()
        };
        let all: Vec<[Level; 2]> = self.pairs.clone().unwrap_or_else(of_levels);
        let pair = |levels: [Level; 2]| {
            let contrast = effect(summary, &self.selection, &self.factor, &levels, &self.metric);
            let compared = match self.is_paired {
                true => contrast.comparison.map(Compared::paired),
                false => Compared::independent(summary, &contrast, &self.metric),
            };
            Pair { levels, contrast, compared, adjusted_p: None }
        };
        let mut pairs: Vec<Pair> = all.into_iter().map(pair).collect();
        let tested: Vec<_> = pairs.iter().map(|pair| pair.compared.and_then(|own| own.p)).collect();
        let p_values: Vec<f64> = tested.iter().flatten().copied().collect();
        let mut adjusted = stats::holm(&p_values).into_iter();
        for (pair, p) in pairs.iter_mut().zip(tested) {
            pair.adjusted_p = p.and_then(|_| adjusted.next());
        }
        pairs
    }

    /// The slopes over the combinations of the other factors that have all levels.
    fn trend(&self, scale: TrendScale, summary: &Summary) -> Trend {
        let selected = summary.select(&self.selection);
        let levels = self.levels(summary);
        let mut by_others: BTreeMap<Vec<(&String, &Level)>, Vec<ConditionId>> = BTreeMap::new();
        for condition in summary.all(&selected).filter(|one| one.levels.contains_key(&self.factor))
        {
            let others =
                condition.levels.iter().filter(|(name, _)| **name != self.factor).collect();
            by_others.entry(others).or_default().push(condition.id);
        }
        let whole = by_others.into_values().filter(|ids| ids.len() == levels.len());
        let conditions: Vec<ConditionId> = whole.flatten().collect();
        let at = |level: &Level| -> Vec<ConditionId> {
            let has =
                |id: &&ConditionId| summary.condition(**id).levels.get(&self.factor) == Some(level);
            conditions.iter().filter(has).copied().collect()
        };
        let scores = levels.iter().filter_map(|level| {
            Some((scale.of(level)?, summary.by_seed(&at(level), &self.metric)))
        });
        let scores: Vec<_> = scores.collect();
        let seeds = scores.first().into_iter().flat_map(|(_, by_seed)| by_seed.keys());
        let slope_of = |seed: &u64| {
            let point = |(x, by_seed): &(f64, BTreeMap<u64, f64>)| Some((*x, *by_seed.get(seed)?));
            let points = scores.iter().map(point).collect::<Option<Vec<_>>>()?;
            Some((*seed, slope(&points)?))
        };
        let slopes: Vec<_> = seeds.filter_map(slope_of).collect();
        let values: Vec<f64> = slopes.iter().map(|(_, slope)| *slope).collect();
        let zeros = vec![0.0; values.len()];
        let comparison = PairedComparison::of(&values, &zeros, stats::Level::NINETY_FIVE);
        Trend { conditions, slopes, comparison }
    }

    fn table(&self, results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let metric = results.metric(&self.metric);
        let pairs = self.pairs(summary);
        let trend = self.trend.map(|scale| (scale, self.trend(scale, summary)));
        let comparisons: Vec<_> = pairs.iter().map(|pair| pair.compared).collect();
        let digits = self.digits(&comparisons, results);
        let conditions = pairs.iter().flat_map(|pair| pair.contrast.conditions.concat());
        let ids: Vec<_> = conditions.collect();
        let varies = summary.varies(&ids);
        let mut rows: Vec<_> = pairs.iter().map(|pair| self.row(pair, digits, results)).collect();
        if let Some((scale, trend)) = &trend {
            rows.push(self.trend_row(*scale, trend, results));
        }
        let label = names.factor(&self.factor);
        let level = |head: String, key: &str| Column::text(head, Key::Level(key.to_owned()));
        Table {
            unit: metric.unit.symbol().to_owned(),
            better: metric.better(),
            columns: vec![
                level(label.to_owned(), "first"),
                level("minus".to_owned(), "second"),
                Column::number("seeds", [Key::Seeds, Key::Expected]),
                Column::number(metric.unit.difference_head(), [Key::Effect, Key::EffectStd]),
                Column::number("95 % interval", [Key::Lower, Key::Upper]),
                Column::number("p", [Key::P]),
                Column::number("p, Holm", [Key::PHolm]),
                Column::text("better", Key::Better),
            ],
            rows,
            notes: self.notes(
                &pairs,
                trend.as_ref(),
                Variation::of([varies].into_iter()).note,
                results,
            ),
            ..Table::default()
        }
    }

    /// The digits of differences.
    fn digits(&self, comparisons: &[Option<Compared>], results: &Results<'_>) -> Digits {
        let differences = || comparisons.iter().flatten();
        let sizes = differences().flat_map(|one| {
            one.interval.map_or([one.mean; 2], |interval| [interval.lower, interval.upper])
        });
        let deviations = differences().filter_map(|one| one.std_dev);
        results.metric(&self.metric).digits(sizes, deviations)
    }

    fn row(&self, pair: &Pair, digits: Digits, results: &Results<'_>) -> Row {
        let names = results.names;
        let Pair { levels, contrast, compared: own, adjusted_p } = pair;
        let label = |level: &Level| Cell::Level(names.level(&self.factor, level), level.clone());
        let ids = contrast.conditions.concat();
        let mut cells: Vec<_> = levels.iter().map(label).collect();
        cells.extend(compared(*own, &ids, digits, results));
        cells.push(Cell::Number(*adjusted_p, Style::PValue));
        cells.push(self.better(pair, results));
        let [first, second] = &contrast.conditions;
        let summary = results.summary;
        let seed = |(seed, value): &(u64, f64)| SeedValue {
            value: *value,
            title: format!(
                "seed {seed}: {}, runs {} minus {}",
                digits.signed(*value),
                summary.digests(first, *seed),
                summary.digests(second, *seed)
            ),
        };
        // Of independent sides, a difference of two runs means nothing.
        let differences = contrast.differences.iter().filter(|_| self.is_paired);
        Row { cells, seeds: differences.map(seed).collect(), conditions: ids }
    }

    /// The better level if the adjusted p is below 0.05.
    fn better(&self, pair: &Pair, results: &Results<'_>) -> Cell {
        let difference = pair.compared.map(|own| own.mean);
        let side = match (results.metric(&self.metric).better(), difference) {
            _ if pair.adjusted_p.is_none_or(|p| p >= 0.05) => None,
            (Some(Direction::Higher), Some(mean)) => Some(usize::from(mean < 0.0)),
            (Some(Direction::Lower), Some(mean)) => Some(usize::from(mean > 0.0)),
            _ => None,
        };
        match side.map(|side| &pair.levels[side]) {
            Some(level) => {
                Cell::Text(results.names.level(&self.factor, level), level.spelled().to_owned())
            }
            None => Cell::Text("undecided".to_owned(), "undecided".to_owned()),
        }
    }

    fn trend_row(&self, scale: TrendScale, trend: &Trend, results: &Results<'_>) -> Row {
        let (what, word) = match scale {
            TrendScale::Linear => ("for each 1 more", "linear"),
            TrendScale::Log => ("for each factor of 10", "log"),
        };
        let text = |label: &str, word: &str| Cell::Text(label.to_owned(), word.to_owned());
        let own = trend.comparison.map(Compared::paired);
        let digits = self.digits(&[own], results);
        let mut cells = vec![text("trend", "trend"), text(what, word)];
        cells.extend(compared(own, &trend.conditions, digits, results));
        cells.push(Cell::Number(None, Style::PValue));
        cells.push(text("–", ""));
        let seed = |(seed, value): &(u64, f64)| SeedValue {
            value: *value,
            title: format!(
                "seed {seed}: {}, runs {}",
                digits.signed(*value),
                results.summary.digests(&trend.conditions, *seed)
            ),
        };
        let seeds = trend.slopes.iter().map(seed).collect();
        Row { cells, conditions: trend.conditions.clone(), seeds }
    }

    fn notes(
        &self,
        pairs: &[Pair],
        trend: Option<&(TrendScale, Trend)>,
        varies: &str,
        results: &Results<'_>,
    ) -> Vec<String> {
        let metric = results.metric(&self.metric);
        let factor = results.names.factor(&self.factor);
        let tested = pairs.iter().filter(|pair| pair.compared.is_some_and(|own| own.p.is_some()));
        let mut significance =
            pairs.iter().filter_map(|pair| pair.contrast.comparison?.significance);
        let test = match significance.any(|one| one.test == PairedTest::StudentT) {
            _ if !self.is_paired => "Welch's t test",
            true => "paired t test",
            false => "exact sign-flip test of the mean, over all patterns of signs",
        };
        let lower = match metric.better() {
            Some(Direction::Lower) => " Lower is better: a negative value is an improvement.",
            Some(Direction::Higher) | None => "",
        };
        let n_pairs = count(tested.count(), "pair");
        let (how, sides) = match self.is_paired {
            true => (
                "as the mean difference over the seeds, with Student's t interval",
                "Differences are paired by seed.",
            ),
            false => (
                "as the difference of the means over the seeds, with Welch's interval",
                "Both sides are independent: a seed means other draws on each side.",
            ),
        };
        let mut notes = vec![
            format!(
                "{}: {} at the first level of {factor} minus at the second, {how}.{lower} Both sides are means over \
                 the same combinations of the other factors.",
                metric.unit.difference_head(),
                metric.label
            ),
            format!("{sides} {varies}"),
            format!(
                "p: two-sided {test}. p, Holm: adjusted for {n_pairs}. better: the better level if \
                 the adjusted p is below 0.05."
            ),
        ];
        if let Some((scale, _)) = trend {
            let x = match scale {
                TrendScale::Linear => "the level",
                TrendScale::Log => "the logarithm of the level (base 10)",
            };
            notes.push(format!(
                "trend: slope of the least-squares line of the score on {x}, for each seed over all levels. The value is \
                 the mean slope over the seeds, with Student's t interval, and its p is of one more test, without \
                 adjustment. A line says little if the scores rise and fall."
            ));
        }
        let ids: Vec<_> = pairs.iter().flat_map(|pair| pair.contrast.conditions.concat()).collect();
        notes.extend(results.folds_note(&ids));
        notes.extend(bimodal_note(ids, &self.metric, results));
        notes.extend(left_out_note(&self.selection, std::slice::from_ref(&self.factor), results));
        notes.extend(differs_note(&self.differs));
        notes
    }
}

fn distinct<'l>(levels: impl Iterator<Item = &'l Level>) -> Vec<Level> {
    let mut distinct: Vec<Level> = Vec::new();
    for level in levels {
        if !distinct.contains(level) {
            distinct.push(level.clone());
        }
    }
    distinct
}
