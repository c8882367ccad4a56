//! `kind = "effects"`: the effect of factors with two levels, paired by seed.

use std::collections::BTreeSet;

use super::bimodal::bimodal_note;
use super::cell::{Cell, Style};
use super::content::{Column, Row, SeedValue, Table};
use super::key::Key;
use super::kind::{
    Kind, Results, Rows, Variation, Words, averaged_note, left_out_note, read_conditions,
};
use crate::document::Reader;
use crate::experiment::Level;
use crate::format::{Digits, count};
use crate::paper::keys::{Differs, differs_note, read_factors, read_metric};
use crate::paper::{Metric, Paper, Selection};
use crate::run::Direction;
use crate::stats::{self, Estimate, MOST_SIGN_FLIPS, PairedTest};
use crate::summary::{Contrast, Summary, effect, two_levels};

/// For each factor, one row per combination of the levels of `by`, and one row for all
/// combinations. A row shows the mean of the first level minus the mean of the second, paired by
/// seed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effects {
    metric: String,
    /// Factors with two levels.
    factors: Vec<String>,
    /// `experiment` or factors: they label the rows of an effect.
    by: Vec<String>,
    selection: Selection,
    differs: Differs,
}

/// The effect of one factor within one group of conditions.
#[derive(Clone, Debug, PartialEq)]
struct Effect {
    factor: String,
    /// Its two levels. The effect is the mean of the first minus the mean of the second.
    levels: [Level; 2],
    /// The levels of `by` in the group. `None` for all groups together.
    group: Option<Vec<Level>>,
    contrast: Contrast,
    /// The p value, adjusted for all groups of all factors of the table. `None` for all groups
    /// together, because this row is a mean of the other rows.
    adjusted_p: Option<f64>,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Effects> {
    let metric = read_metric(reader, &words.paper.metrics);
    let factors = read_factors(reader, "factors", words.vocabulary);
    let by = read_factors(reader, "by", words.vocabulary);
    if let (Some(factors), Some(by)) = (&factors, &by)
        && let Some(factor) = by.iter().find(|factor| factors.contains(factor))
    {
        reader.refuse("by", format!("names `{factor}`, whose effect the table shows"));
    }
    // A row “all together” names only its factor.
    let alone = factors.iter().flatten().map(std::slice::from_ref);
    let alone: Vec<_> = alone.collect();
    let by_names = by.as_deref().unwrap_or_default();
    let (selection, differs) = read_conditions(reader, metric.as_slice(), by_names, &alone, words);
    let known = |factor: &&String| words.vocabulary.levels(factor).is_some();
    for factor in factors.iter().flatten().filter(known) {
        let conditions = words.vocabulary.conditions(&selection);
        let levels: BTreeSet<_> = conditions.filter_map(|levels| levels.get(factor)).collect();
        if levels.len() != 2 {
            let n = count(levels.len(), "level");
            let message =
                format!("names `{factor}`, which has {n} in the selection; an effect needs two");
            reader.refuse("factors", message);
        }
    }
    Some(Effects { metric: metric?, factors: factors?, by: by?, selection, differs })
}

impl Kind for Effects {
    fn covers(&self, _: &Paper) -> Vec<Selection> {
        vec![self.selection.clone()]
    }

    fn metric(&self) -> Option<&str> {
        Some(&self.metric)
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        vec![self.table(&self.effects(results.summary), results)]
    }
}

impl Effects {
    /// For each factor, its effect in each group, then in all groups together.
    fn effects(&self, summary: &Summary) -> Vec<Effect> {
        let groups = self.groups(summary);
        let selected = summary.select(&self.selection);
        let mut effects = Vec::new();
        for factor in &self.factors {
            let levels = summary.all(&selected).filter_map(|one| one.levels.get(factor));
            let Some(levels) = two_levels(levels) else { continue };
            // Without `by`, the only group is all conditions.
            let together = (!self.by.is_empty()).then_some(None);
            for group in groups.iter().map(Some).chain(together) {
                // A condition without a factor of `by` is in no row, and not in all together
                // either.
                let mut selection = self.selection.clone();
                for (index, name) in self.by.iter().enumerate() {
                    let levels = groups.iter().map(|group| group[index].clone());
                    selection.insert(name.clone(), levels.collect());
                }
                for (name, level) in self.by.iter().zip(group.into_iter().flatten()) {
                    selection.insert(name.clone(), vec![level.clone()]);
                }
                let contrast = effect(summary, &selection, factor, &levels, &self.metric);
                let (factor, group, levels) = (factor.clone(), group.cloned(), levels.clone());
                effects.push(Effect { factor, levels, group, contrast, adjusted_p: None });
            }
        }
        adjust(&mut effects);
        effects
    }

    /// The combinations of levels of `by`, in the order of the conditions.
    fn groups(&self, summary: &Summary) -> Vec<Vec<Level>> {
        let mut groups: Vec<Vec<Level>> = Vec::new();
        let selected = summary.select(&self.selection);
        for condition in summary.all(&selected) {
            let level = |factor| condition.levels.get(factor).cloned();
            if let Some(group) = self.by.iter().map(level).collect::<Option<Vec<_>>>()
                && !groups.contains(&group)
            {
                groups.push(group);
            }
        }
        groups
    }

    fn table(&self, effects: &[Effect], results: &Results<'_>) -> Table {
        let (names, summary) = (results.names, results.summary);
        let metric = results.metric(&self.metric);
        let digits = digits(metric, effects);
        let varies = |effect: &Effect| summary.varies(&effect.contrast.conditions.concat());
        let variation = Variation::of(effects.iter().map(varies));
        let mut columns = vec![Column::text("effect of", Key::Factor)];
        let by = self.by.iter();
        columns.extend(by.map(|name| Column::text(names.factor(name), Key::Level(name.clone()))));
        columns.push(Column::number("seeds", [Key::Seeds, Key::Expected]));
        columns.push(Column::number(metric.unit.difference_head(), [Key::Effect, Key::EffectStd]));
        columns.push(Column::number("95 % interval", [Key::Lower, Key::Upper]));
        columns.push(Column::number("p", [Key::P]));
        columns.push(Column::number("p, Holm", [Key::PHolm]));
        let keys = [Key::Improvement, Key::ImprovementLower, Key::ImprovementUpper];
        columns.push(Column::number(gain(metric), keys));
        columns.extend(variation.column.clone());
        let row = |effect: &Effect| {
            let mut cells = self.cells(effect, digits, results);
            cells.extend(variation.cell(varies(effect)));
            let [with, without] = &effect.contrast.conditions;
            let seed = |(seed, value): &(u64, f64)| SeedValue {
                value: *value,
                title: format!(
                    "seed {seed}: {}, runs {} minus {}",
                    digits.signed(*value),
                    summary.digests(with, *seed),
                    summary.digests(without, *seed)
                ),
            };
            let seeds = effect.contrast.differences.iter().map(seed).collect();
            Row { cells, conditions: effect.contrast.conditions.concat(), seeds }
        };
        let rows = effects.iter().map(row).collect();
        let by_factor = self.named(effects, results);
        Table {
            metric: None,
            unit: metric.unit.symbol().to_owned(),
            better: metric.better(),
            columns,
            rows,
            notes: self.notes(effects, &by_factor, variation.note, results),
            is_uneven: by_factor.iter().any(Rows::is_uneven),
        }
    }

    /// The rows of each factor, then its row “all together”, which names only the factor.
    fn named<'r>(&self, effects: &[Effect], results: &Results<'r>) -> Vec<Rows<'r>> {
        let mut all = Vec::new();
        for factor in &self.factors {
            let own = effects.iter().filter(|effect| effect.factor == *factor);
            for is_together in [false, true] {
                let row = |effect| {
                    let Effect { group, contrast, .. }: &Effect = effect;
                    let levels = group.iter().flat_map(|group| self.by.iter().zip(group));
                    (results.names.describe(levels), &contrast.conditions[0][..])
                };
                let is_counted = |effect: &&Effect| {
                    effect.group.is_none() == is_together
                        && !effect.contrast.conditions[0].is_empty()
                };
                let rows = own.clone().filter(is_counted);
                let by = self.by.iter().filter(|_| !is_together);
                let named: Vec<_> = by.chain([factor]).cloned().collect();
                all.push(Rows::new(&named, rows.map(row), results));
            }
        }
        all
    }

    fn cells(&self, effect: &Effect, digits: Digits, results: &Results<'_>) -> Vec<Cell> {
        let names = results.names;
        let factor = names.factor(&effect.factor);
        let label = match &effect.levels {
            [first, second] if first.as_bool().and(second.as_bool()).is_some() => factor.to_owned(),
            levels => {
                let [first, second] = levels.each_ref().map(|l| names.level(&effect.factor, l));
                format!("{factor}: {first} − {second}")
            }
        };
        let mut cells = vec![Cell::Text(label, effect.factor.clone())];
        cells.extend(self.by.iter().enumerate().map(|(index, name)| match &effect.group {
            Some(group) => Cell::Level(names.level(name, &group[index]), group[index].clone()),
            None => Cell::Text("all together".to_owned(), "all".to_owned()),
        }));
        let ids = effect.contrast.conditions.concat();
        let comparison = effect.contrast.comparison;
        let difference = comparison.map(|comparison| comparison.difference);
        let n = difference.map_or(0, |d| d.n);
        let summary = results.summary;
        cells.push(Cell::Count(n, summary.expected(&ids), summary.exceptions(&ids)));
        let (mean, std_dev) = (difference.map(|d| d.mean), difference.and_then(|d| d.std_dev));
        let signed = Style::Signed(digits);
        cells.push(Cell::NumberAnd(mean, signed, std_dev, signed));
        cells.push(Cell::interval_of(difference, signed));
        let p_value = comparison.and_then(|c| c.significance).map(|s| s.p_value);
        cells.push(Cell::Number(p_value, Style::PValue));
        let adjusted = effect.adjusted_p.filter(|_| effect.group.is_some());
        cells.push(Cell::Number(adjusted, Style::PValue));
        let higher = comparison.map(|c| c.improvement);
        let improvement = match results.metric(&self.metric).better() {
            Some(Direction::Lower) => higher.map(|higher| higher.of_failures()),
            Some(Direction::Higher) | None => higher,
        };
        cells.push(Cell::Share(improvement.map(|i| (i.share, i.interval))));
        cells
    }

    fn notes(
        &self,
        effects: &[Effect],
        named: &[Rows<'_>],
        varies: &str,
        results: &Results<'_>,
    ) -> Vec<String> {
        let n_tests = effects.iter().filter(|effect| effect.adjusted_p.is_some()).count();
        let tests = effects.iter().filter_map(|effect| effect.contrast.comparison?.significance);
        let kinds: BTreeSet<_> = tests.map(|significance| significance.test).collect();
        let exact = "exact sign-flip test of the mean, over all patterns of signs";
        let has = |test| kinds.contains(&test);
        let test = match (has(PairedTest::SignFlip), has(PairedTest::StudentT)) {
            (true, true) => {
                format!("{exact} (up to {MOST_SIGN_FLIPS} seeds), or paired t test (more seeds)")
            }
            (false, true) => "paired t test".to_owned(),
            (_, false) => exact.to_owned(),
        };
        let adjusted = match n_tests {
            0 => "No effect can be tested yet.".to_owned(),
            1 => "Only one effect is tested, so p needs no adjustment.".to_owned(),
            n if self.by.is_empty() => {
                format!("p, Holm: adjusted for the {n} tests in this table.")
            }
            n => format!(
                "p, Holm: adjusted for the {n} tests in this table, without the rows “all together”."
            ),
        };
        let metric = results.metric(&self.metric);
        let is_switch = |effect: &Effect| effect.levels.iter().all(|l| l.as_bool().is_some());
        let are_switches = effects.iter().all(is_switch);
        let sides = match are_switches {
            true => "with the factor minus without it",
            false => {
                "at the first level minus at the second (a factor that is on or off: on minus off)"
            }
        };
        let lower = match metric.better() {
            Some(Direction::Lower) => " Lower is better: a negative value is an improvement.",
            Some(Direction::Higher) | None => "",
        };
        let mut notes = vec![format!(
            "{}: {}, {sides}. The value is the mean difference over the seeds, with Student's t interval.{lower}",
            metric.unit.difference_head(),
            metric.label
        )];
        notes.extend(averaged_note(named, results));
        notes.extend(named.iter().filter_map(|rows| rows.uneven_note(results)));
        notes.extend([
            format!("Differences are paired by seed. {varies}"),
            format!("p: two-sided {test}. {adjusted}"),
            gain_note(metric, are_switches),
        ]);
        notes.extend(self.factors.iter().filter_map(|factor| {
            let own = effects.iter().filter(|effect| effect.factor == *factor);
            let unmatched: BTreeSet<_> = own.flat_map(|e| &e.contrast.unmatched).collect();
            let describe = |id| results.names.describe(&results.summary.condition(id).levels);
            let unmatched: Vec<_> = unmatched.into_iter().map(|id| describe(*id)).collect();
            (!unmatched.is_empty()).then(|| {
                format!(
                    "Left out of the effect of {factor}, because no other condition differs from them only \
                     in {factor}: {}.",
                    unmatched.join("; "),
                    factor = results.names.factor(factor),
                )
            })
        }));
        let conditions = effects.iter().flat_map(|effect| effect.contrast.conditions.concat());
        notes.extend(results.folds_note(&conditions.clone().collect::<Vec<_>>()));
        notes.extend(bimodal_note(conditions, &self.metric, results));
        notes.extend(left_out_note(&self.selection, &self.by, results));
        notes.extend(differs_note(&self.differs));
        notes
    }
}

/// The digits of effects: for their intervals and their standard deviations over the seeds.
fn digits(metric: &Metric, effects: &[Effect]) -> Digits {
    let differences =
        || effects.iter().filter_map(|effect| Some(effect.contrast.comparison?.difference));
    let bounds = |one: Estimate| one.interval.map(|interval| [interval.lower, interval.upper]);
    let sizes = differences().flat_map(|one| bounds(one).unwrap_or([one.mean; 2]));
    metric.digits(sizes, differences().filter_map(|one| one.std_dev))
}

/// The head of the column with the share of the seeds in which the factor helps; for a metric without
/// a better direction, in which it raises the score.
fn gain(metric: &Metric) -> &'static str {
    if metric.better().is_some() { "seeds with gain" } else { "seeds above" }
}

fn gain_note(metric: &Metric, are_switches: bool) -> String {
    let (raises, higher, name) = match metric.better() {
        Some(Direction::Higher) => ("raises", "higher", " (probability of improvement)"),
        Some(Direction::Lower) => ("lowers", "lower", " (probability of improvement)"),
        None => ("raises", "higher", ""),
    };
    let when = match are_switches {
        true => format!("the factor {raises} the score"),
        false => format!("the first level has the {higher} score"),
    };
    format!(
        "{}: share of the seeds in which {when}; ties count half{name}, with Wilson's 95 % interval.",
        gain(metric)
    )
}

fn adjust(effects: &mut [Effect]) {
    let p_value = |effect: &Effect| Some(effect.contrast.comparison?.significance?.p_value);
    let tested: Vec<_> = effects
        .iter_mut()
        .filter(|effect| effect.group.is_some())
        .filter_map(|effect| Some((p_value(effect)?, effect)))
        .collect();
    let p_values: Vec<_> = tested.iter().map(|(p_value, _)| *p_value).collect();
    for ((_, effect), adjusted) in tested.into_iter().zip(stats::holm(&p_values)) {
        effect.adjusted_p = Some(adjusted);
    }
}
