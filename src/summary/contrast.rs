//! Scores seed by seed, and what two sets of conditions differ by on the same seeds.

use std::collections::BTreeMap;

use super::ConditionSummary;
use crate::paper::{Selection, selects};
use crate::stats::{Estimate, Level, PairedComparison, Sample};

/// The first set of conditions less the second, seed by seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// Indices of the conditions of both sets.
    pub conditions: [Vec<usize>; 2],
    /// Indices of conditions that were left out, as their counterpart in the other set is missing.
    pub unmatched: Vec<usize>,
    /// The difference on each seed.
    pub differences: Vec<(u64, f64)>,
    /// What can be said of the differences; none without a seed that all conditions have.
    pub comparison: Option<PairedComparison>,
}

impl Contrast {
    /// Compares the means of two sets of conditions on each seed that all of them have a score of.
    #[must_use]
    pub fn of(all: &[ConditionSummary], conditions: [Vec<usize>; 2], metric: &str) -> Self {
        let scores = conditions.each_ref().map(|set| by_seed(all, set, metric));
        Self::paired(conditions, scores)
    }

    /// Compares the means of one set of conditions by two metrics, likewise.
    pub(super) fn of_metrics(
        all: &[ConditionSummary],
        conditions: &[usize],
        metrics: [&str; 2],
    ) -> Self {
        let scores = metrics.map(|metric| by_seed(all, conditions, metric));
        Self::paired([conditions.to_vec(), conditions.to_vec()], scores)
    }

    /// Without a comparison unless every seed of its conditions is there: it stands beside means over
    /// all of them.
    pub(super) fn if_whole(mut self, all: &[ConditionSummary]) -> Self {
        let is_whole = is_whole(all, &self.conditions.concat(), self.differences.len());
        self.comparison = self.comparison.filter(|_| is_whole);
        self
    }

    fn paired(conditions: [Vec<usize>; 2], [first, second]: [BTreeMap<u64, f64>; 2]) -> Self {
        let pairs = first.iter().filter_map(|(seed, a)| Some((*seed, *a, *second.get(seed)?)));
        let pairs: Vec<(u64, f64, f64)> = pairs.collect();
        let (first, second): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(_, a, b)| (*a, *b)).unzip();
        let comparison = PairedComparison::of(&first, &second, Level::NINETY_FIVE);
        let differences = pairs.into_iter().map(|(seed, a, b)| (seed, a - b)).collect();
        Self { conditions, unmatched: Vec::new(), differences, comparison }
    }
}

/// The mean over conditions of their scores, for each seed that all of them have one of.
#[must_use]
pub fn by_seed(all: &[ConditionSummary], conditions: &[usize], metric: &str) -> BTreeMap<u64, f64> {
    let mut sums: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
    for run in conditions.iter().flat_map(|index| &all[*index].runs) {
        if let Some(score) = run.scores.get(metric) {
            let (sum, n) = sums.entry(run.seed).or_default();
            *sum += score;
            *n += 1;
        }
    }
    let of_all = sums.into_iter().filter(|(_, (_, n))| *n == conditions.len());
    of_all.map(|(seed, (sum, n))| (seed, sum / n as f64)).collect()
}

/// The estimate over the seeds of the mean over `conditions`.
pub(super) fn estimate(
    all: &[ConditionSummary],
    conditions: &[usize],
    metric: &str,
) -> Option<Estimate> {
    let values: Vec<f64> = by_seed(all, conditions, metric).into_values().collect();
    Sample::new(&values).map(|sample| Estimate::of(&sample, Level::NINETY_FIVE))
}

/// The estimate, if every seed of the conditions is there: of some it would be that of another mean.
pub(super) fn whole_estimate(
    all: &[ConditionSummary],
    conditions: &[usize],
    metric: &str,
) -> Option<Estimate> {
    let estimate = estimate(all, conditions, metric);
    estimate.filter(|estimate| is_whole(all, conditions, estimate.n))
}

/// Whether each of these conditions should have `n` runs.
fn is_whole(all: &[ConditionSummary], conditions: &[usize], n: usize) -> bool {
    conditions.iter().all(|index| all[*index].expected == n)
}

/// Indices of the conditions that `selection` lets through.
#[must_use]
pub fn select(conditions: &[ConditionSummary], selection: &Selection) -> Vec<usize> {
    let is_selected = |index: &usize| selects(selection, &conditions[*index].levels);
    (0..conditions.len()).filter(is_selected).collect()
}
