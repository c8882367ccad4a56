//! Checks → verdicts, by the results.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::check::{CellReference, Check, Compare, Difference, DifferenceKind, Expected, merged};
use super::evidence::Evidence;
use super::interval::{decisive, judge, to_decide};
use super::verdict::{Finding, Measured, Outcome, Verdict, combined};
use crate::document::Location;
use crate::experiment::{ConditionId, Levels, written};
use crate::format::{Digits, typed};
use crate::paper::{Metric, Selection, selects};
use crate::stats::{Estimate, FEWEST_DECISIVE, PairedComparison};
use crate::summary::{Contrast, SeedVariation, effect};
use crate::table::{Grade, Scorecard, Style, bimodal, of_kind};

/// A check that cannot be decided on, whatever the records say.
#[derive(Debug, thiserror::Error)]
#[error("{location}: {message}")]
pub struct ClaimError {
    /// Where the check stands.
    pub location: Location,
    /// What is wrong with it.
    pub message: String,
}

impl Evidence<'_> {
    pub(super) fn decide(self, check: &Check) -> Result<Verdict, ClaimError> {
        match check {
            Check::Difference(difference) => self.difference(difference),
            Check::Best(best) => Ok(self.best(best)),
            Check::Compatible { table, row, location } => self.compatible(table, row, location),
            Check::Compare(compare) => self.compare(compare),
            Check::AtLeast { n, of } => {
                let verdicts = of.iter().map(|check| self.decide(check));
                Ok(combined(*n, verdicts.collect::<Result<Vec<_>, _>>()?))
            }
        }
    }

    fn difference(self, check: &Difference) -> Result<Verdict, ClaimError> {
        let summary = self.results.summary;
        let (label, contrast, selections) = match &check.kind {
            DifferenceKind::Effect { factor, levels, among } => {
                let contrast = effect(summary, among, factor, levels, &check.metric);
                if let [id, ..] = contrast.unmatched[..] {
                    let levels = written(&summary.condition(id).levels);
                    let message = format!("no condition differs from {levels} in `{factor}` alone");
                    return Err(ClaimError { location: check.location.clone(), message });
                }
                let names = self.results.names;
                let mut label = names.factor(factor).to_owned();
                if levels[0].as_bool().is_none() {
                    let [first, second] = levels.each_ref().map(|l| names.level(factor, l));
                    label = format!("{label} {first} minus {label} {second}");
                }
                let mut others = among.clone();
                others.remove(factor);
                (self.among(label, &others), contrast, vec![among.clone()])
            }
            DifferenceKind::Sides { sides, among, select } => {
                let selections = sides.each_ref().map(|side| merged(among, side));
                let ids = selections.each_ref().map(|side| summary.select(side));
                let sides = sides.each_ref().map(|side| self.words(side));
                let (ids, [first, second]) = match select {
                    Some(select) => self.chosen(ids, sides, select, &check.metric),
                    None => (ids, sides),
                };
                let contrast = Contrast::of(summary, ids, &check.metric);
                let label = format!("{first} minus {second}");
                (self.among(label, among), contrast, selections.to_vec())
            }
        };
        let label = format!("{label}{}", self.metric_words(&check.metric));
        let finding = self.finding(&label, &contrast, check.expected, &check.metric);
        let metric = self.results.metric(&check.metric);
        let finding = with_published(finding, &contrast, check.published, metric);
        let finding = self.limited(finding, &check.differs, &selections);
        Ok(Verdict::of(finding, contrast.conditions.concat()))
    }

    pub(super) fn finding(
        self,
        label: &str,
        contrast: &Contrast,
        expected: Expected,
        metric: &str,
    ) -> Finding {
        let ids = contrast.conditions.concat();
        let n = contrast.comparison.map_or(0, |comparison| comparison.difference.n);
        let seeds = self.seeds(&ids, n);
        let of_metric = self.results.metric(metric);
        let found = contrast.comparison.map(|comparison| measured(&comparison, of_metric));
        let found = found.unwrap_or_else(|| "not known yet".to_owned());
        let decisive = contrast.comparison.and_then(|comparison| decisive(&comparison.difference));
        let (judged, outcome) = judge(decisive, expected);
        // With too few seeds, the spread is not known well enough to say.
        let needed =
            contrast.comparison.filter(|_| outcome == Outcome::Undecided && decisive.is_some());
        // More splits of the same examples bring no new data.
        let are_splits =
            self.results.summary.varies(&ids) == Some(SeedVariation::SplitAndInitialisation);
        let needed = needed.filter(|_| !are_splits);
        let needed = needed.map_or_else(String::new, |comparison| {
            to_decide(&comparison.difference, expected, self.seed_words(&ids)[1])
        });
        let text = format!("{label}, {seeds}: {found}. {judged}{needed}");
        let in_groups = bimodal(ids, metric, self.results.summary).into_iter();
        let in_groups: Vec<_> = in_groups.map(|id| self.described(id)).collect();
        let remark = match too_few(contrast.comparison.as_ref()) {
            few if few.is_empty() && !in_groups.is_empty() => {
                format!("scores in two groups, which a mean hides: {}", in_groups.join("; "))
            }
            few => few,
        };
        let measured = contrast.comparison.and_then(|comparison| {
            let difference = comparison.difference;
            let interval = difference.interval?;
            Some(Measured {
                label: label.to_owned(),
                mean: difference.mean,
                interval: [interval.lower, interval.upper],
                expected: expected.bounds(),
                unit: of_metric.unit.of_difference().to_owned(),
                digits: digits(of_metric, &difference),
            })
        });
        Finding { text, outcome, remark, measured }
    }

    fn compatible(
        self,
        table: &str,
        row: &Selection,
        location: &Location,
    ) -> Result<Verdict, ClaimError> {
        let fail = |message: String| ClaimError { location: location.clone(), message };
        // If several scorecards judge the table, the first one counts.
        let scorecard =
            of_kind::<Scorecard>(self.results.requests).find(|(_, card)| card.judges(table));
        let scores = match scorecard {
            Some((_, card)) => card.judge(&self.results),
            None => Vec::new(),
        };
        let has = |levels: &Levels| selects(row, levels);
        let found: Vec<_> = scores
            .iter()
            .filter(|score| score.named.table == table && !score.named.is_joint)
            .filter(|score| {
                self.results.summary.all(&score.row.conditions).all(|one| has(&one.levels))
            })
            .collect();
        let [score] = found[..] else {
            let message =
                format!("`where` selects {} published values of `{table}`, not one", found.len());
            return Err(fail(message));
        };
        let outcome = match score.mean.grade {
            Some(Grade::Compatible) => Outcome::Supported,
            Some(Grade::Differs) => Outcome::Contradicted,
            Some(Grade::Near) | None => Outcome::Undecided,
        };
        let unit = &self.results.metric(&score.metric).unit;
        let digits = self.results.digits(&score.row.conditions, &score.metric);
        let range = score.interval.map_or_else(
            || "there is no range to compare it with yet".to_owned(),
            |range| {
                let [lower, upper] = [range.lower, range.upper].map(|bound| digits.write(bound));
                format!("expected from {lower} to {upper}")
            },
        );
        let range = match score.detectable_shift {
            Some(shift) => {
                let shift = unit.after_difference(&digits.write(shift));
                format!("{range}; a shift of {shift} is detectable")
            }
            None => range,
        };
        // Between both ranges, only a narrower range decides.
        let needed = match score.mean.grade {
            Some(Grade::Near) => " More draws, and more runs on one draw, would narrow the range.",
            _ => "",
        };
        let published = unit.after(&digits.write(score.mean.published));
        let text = format!("Published mean of {}: {published}; {range}.{needed}", self.words(row));
        let conditions = score.conditions();
        let remark = match self.results.summary.is_recorded(&conditions) {
            true => String::new(),
            false => "runs are missing".to_owned(),
        };
        Ok(Verdict::of(Finding { text, outcome, remark, measured: None }, conditions))
    }

    fn compare(self, check: &Compare) -> Result<Verdict, ClaimError> {
        let fail = |message: String| ClaimError { location: check.location.clone(), message };
        let mut numbers: BTreeMap<&str, Option<f64>> = BTreeMap::new();
        let mut conditions = Vec::new();
        for name in check.left.names().iter().chain(check.right.names()) {
            for (cell, reference) in &check.cells {
                let Some(key) = reference.key_of(cell, name) else { continue };
                let (number, behind) = self.number(reference, key).map_err(fail)?;
                numbers.insert(name, number);
                conditions.extend(behind);
            }
        }
        let value = |name: &str| numbers.get(name).copied().flatten();
        let left = check.left.evaluate(value);
        let right = check.right.evaluate(value);
        let order = left.zip(right).and_then(|(left, right)| ordered(left, right));
        let expected = if check.is_above { Ordering::Greater } else { Ordering::Less };
        let outcome = match order {
            None => Outcome::Undecided,
            Some(order) if order == expected => Outcome::Supported,
            Some(_) => Outcome::Contradicted,
        };
        let [a, b] = match (left, right) {
            (Some(left), Some(right)) => told_apart([left, right]),
            _ => [left, right].map(|number| Style::Fixed(Digits::PERCENT).write(number)),
        };
        let relation = if check.is_above { "above" } else { "below" };
        let text = format!("{}: {a}, expected {relation} {b}.", check.says);
        let is_whole = self.results.summary.is_recorded(&conditions);
        let remark = match is_whole {
            true if order.is_none() => "an expression has no finite value".to_owned(),
            true => "two numbers, compared without an interval".to_owned(),
            false => "runs are missing".to_owned(),
        };
        let remark = [remark, self.uneven(check)].into_iter().filter(|part| !part.is_empty());
        let remark = remark.collect::<Vec<_>>().join("; ");
        conditions.sort_unstable();
        conditions.dedup();
        let finding =
            self.limited(Finding { text, outcome, remark, measured: None }, &check.differs, &[]);
        Ok(Verdict::of(finding, conditions))
    }

    /// The number of a cell, and the conditions behind it.
    fn number(
        self,
        reference: &CellReference,
        key: &str,
    ) -> Result<(Option<f64>, Vec<ConditionId>), String> {
        let (table, wanted) = match reference {
            CellReference::Parameters(count) => return Ok((Some(*count as f64), Vec::new())),
            CellReference::Row { table, row } => (table, row),
        };
        let item = self.tables.iter().find(|item| item.name == *table);
        let first = item.and_then(|item| item.tables.first());
        let content = first.ok_or_else(|| format!("there is no table `{table}`"))?;
        let keys = content.keys();
        // In an expression, `-` subtracts: `mean_last_epoch` is the key `mean_last-epoch`.
        let key = keys.iter().find(|one| one.replace('-', "_") == key).map_or(key, String::as_str);
        let of_table = |message: String| format!("table `{table}` {message}");
        let row = content.row(wanted).map_err(of_table)?;
        if content.number_key(key).map_err(of_table)?.is_published() {
            return Ok((content.datum(row, key).and_then(|datum| datum.number()), Vec::new()));
        }
        // A number of some of the runs is not the number that the claim is about. A recorded run has
        // no score if it diverged before the epoch that is scored.
        let of = |key: &str| content.datum(row, key).and_then(|datum| datum.number());
        let is_whole = self.results.summary.is_recorded(&row.conditions)
            && of("n").is_none_or(|n| of("expected") == Some(n));
        let number = content.datum(row, key).and_then(|datum| datum.number());
        Ok((number.filter(|_| is_whole), row.conditions.clone()))
    }
}

/// A finding, and whether the published difference lies in the interval.
fn with_published(
    finding: Finding,
    contrast: &Contrast,
    published: Option<f64>,
    metric: &Metric,
) -> Finding {
    let Some(difference) = contrast.comparison.map(|one| one.difference) else { return finding };
    let interval = decisive(&difference);
    let Some((published, [lower, upper])) = published.zip(interval) else { return finding };
    let place = if (lower..=upper).contains(&published) { "inside" } else { "outside" };
    let published = digits(metric, &difference).signed(published);
    let text = format!(
        "{} The published difference, {published}, lies {place} the interval.",
        finding.text
    );
    Finding { text, ..finding }
}

/// The order of two numbers. Numbers that differ by rounding errors of arithmetic are equal.
fn ordered(left: f64, right: f64) -> Option<Ordering> {
    let is_equal = (left - right).abs() <= 1e-12 * left.abs().max(right.abs());
    if is_equal { Some(Ordering::Equal) } else { left.partial_cmp(&right) }
}

/// Whole numbers, or numbers with two decimals; with more if they would look alike or lose all but
/// one digit.
fn told_apart(numbers: [f64; 2]) -> [String; 2] {
    if numbers.iter().all(|number| number.fract() == 0.0) {
        return numbers.map(typed);
    }
    let has_digits = |decimals: u8| {
        let least = 10f64.powi(1 - i32::from(decimals));
        numbers.iter().all(|number| *number == 0.0 || number.abs() >= least)
    };
    let texts = (2..=12).filter(|decimals| has_digits(*decimals));
    let mut texts = texts.map(|decimals| numbers.map(|n| Digits::Decimals(decimals).write(n)));
    let is_equal = numbers[0] == numbers[1];
    let apart = texts.find(|[left, right]| is_equal || left != right);
    apart.unwrap_or_else(|| numbers.map(typed))
}

/// A remark on a comparison with too few seeds; empty for others.
fn too_few(comparison: Option<&PairedComparison>) -> String {
    match comparison {
        Some(comparison) if comparison.difference.n < FEWEST_DECISIVE => {
            format!("with fewer than {FEWEST_DECISIVE} seeds always undecided")
        }
        _ => String::new(),
    }
}

/// The digits of a difference over seeds: for its interval and its standard deviation.
fn digits(metric: &Metric, difference: &Estimate) -> Digits {
    let bounds = difference.interval.map(|interval| [interval.lower, interval.upper]);
    metric.digits(bounds.unwrap_or([difference.mean; 2]), difference.std_dev)
}

/// `+2.00 percentage points [+1.90, +2.10], p = 0.002`.
fn measured(comparison: &PairedComparison, metric: &Metric) -> String {
    let digits = digits(metric, &comparison.difference);
    let mean = metric.unit.after_difference(&digits.signed(comparison.difference.mean));
    let Some(interval) = comparison.difference.interval else {
        return format!("{mean}, without an interval");
    };
    let p = comparison.significance.map(|significance| significance.p_value);
    let p = match Style::PValue.write(p) {
        small if small.starts_with('<') => format!("p {small}"),
        p => format!("p = {p}"),
    };
    format!("{mean} [{}, {}], {p}", digits.signed(interval.lower), digits.signed(interval.upper))
}
