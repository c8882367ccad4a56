//! Two sides of a table: which are compared, and their difference.

use super::cell::{Cell, Style};
use super::kind::Results;
use crate::document::{Reader, Value};
use crate::experiment::{ConditionId, Level};
use crate::format::Digits;
use crate::stats::{self, ConfidenceInterval, Estimate, PairedComparison, WelchComparison};
use crate::summary::{Contrast, Summary};

/// The difference of two sides.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    /// Number of seeds.
    pub(super) n: usize,
    pub(super) mean: f64,
    /// Over the seeds, if they are paired.
    pub(super) std_dev: Option<f64>,
    pub(super) interval: Option<ConfidenceInterval>,
    pub(super) p: Option<f64>,
}

impl Compared {
    pub(super) fn paired(comparison: PairedComparison) -> Self {
        let Estimate { n, mean, std_dev, interval } = comparison.difference;
        let p = comparison.significance.map(|significance| significance.p_value);
        Self { n, mean, std_dev, interval, p }
    }

    /// Compares two sides whose seeds mean other draws.
    pub(super) fn independent(
        summary: &Summary,
        contrast: &Contrast,
        metric: &str,
    ) -> Option<Self> {
        let [first, second] = &contrast.conditions;
        let [first, second] = [first, second].map(|side| summary.estimate(side, metric));
        let (first, second) = (first?, second?);
        let welch = WelchComparison::of(&first, &second, stats::Level::NINETY_FIVE);
        Some(Self {
            n: first.n.min(second.n),
            mean: first.mean - second.mean,
            std_dev: None,
            interval: welch.map(|welch| welch.interval),
            p: welch.map(|welch| welch.p_value),
        })
    }
}

/// The number of seeds, the mean difference, its interval, and its p value.
pub(super) fn compared(
    own: Option<Compared>,
    ids: &[ConditionId],
    digits: Digits,
    results: &Results<'_>,
) -> [Cell; 4] {
    let signed = Style::Signed(digits);
    let (expected, exceptions) = (results.summary.expected(ids), results.summary.exceptions(ids));
    let std_dev = own.and_then(|own| own.std_dev);
    let bounds = own.and_then(|own| own.interval).map(|interval| [interval.lower, interval.upper]);
    [
        Cell::Count(own.map_or(0, |own| own.n), expected, exceptions),
        Cell::NumberAnd(own.map(|own| own.mean), signed, std_dev, signed),
        Cell::Interval(bounds, signed),
        Cell::Number(own.and_then(|own| own.p), Style::PValue),
    ]
}

/// The pairs of levels at `pairs`. `None` if the key is not given, or faulty.
pub(super) fn read_pairs(reader: &Reader<'_>, levels: &[Level]) -> Option<Vec<[Level; 2]>> {
    let node = reader.node("pairs")?;
    let refuse = |message: String| {
        reader.refuse("pairs", message);
        None
    };
    let Value::Array(items) = &node.value else {
        return refuse(format!("must list pairs of levels, but is {}", node.value.type_name()));
    };
    let mut pairs: Vec<[Level; 2]> = Vec::new();
    for item in items {
        let both = match &item.value {
            Value::Array(both) => both.iter().map(|one| Level::of(&one.value)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        let Ok(pair) = <[Level; 2]>::try_from(both) else {
            return refuse("must list pairs such as `[\"first\", \"second\"]`".to_owned());
        };
        if let Some(unknown) = pair.iter().find(|level| !levels.contains(level)) {
            let hint = unknown.instead(levels);
            return refuse(format!("has the level `{unknown}`, which is not selected; {hint}"));
        }
        let [first, second] = &pair;
        let is_known = |known: &[Level; 2]| known.contains(first) && known.contains(second);
        if first == second || pairs.iter().any(is_known) {
            return refuse(format!("compares `{first}` with `{second}`: twice, or with itself"));
        }
        pairs.push(pair);
    }
    match pairs.is_empty() {
        true => refuse("lists no pair: leave it out to compare each two levels".to_owned()),
        false => Some(pairs),
    }
}
