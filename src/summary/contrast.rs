//! Scores by seed, and the difference of two sets of conditions on the same seeds.

use std::collections::BTreeMap;

use super::{ConditionId, Summary};
use crate::stats::{Estimate, Level, PairedComparison, Sample};

/// A first set of conditions minus a second, seed by seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// The conditions of both sets.
    pub conditions: [Vec<ConditionId>; 2],
    /// Conditions that do not count, because no other condition differs from them in the factor
    /// alone.
    pub unmatched: Vec<ConditionId>,
    /// The difference on each seed, in the unit of the metric.
    pub differences: Vec<(u64, f64)>,
    /// The statistics of the differences; `None` without a seed that all conditions have.
    pub comparison: Option<PairedComparison>,
}

impl Contrast {
    /// Compares the means of two sets of conditions on each seed with a score in all of them.
    #[must_use]
    pub fn of(summary: &Summary, conditions: [Vec<ConditionId>; 2], metric: &str) -> Self {
        let scores = conditions.each_ref().map(|set| summary.by_seed(set, metric));
        Self::paired(conditions, scores)
    }

    /// Compares the means of one set of conditions by two metrics, on each seed for which all of
    /// them have both scores.
    #[must_use]
    pub fn of_metrics(summary: &Summary, conditions: &[ConditionId], metrics: [&str; 2]) -> Self {
        let scores = metrics.map(|metric| summary.by_seed(conditions, metric));
        Self::paired([conditions.to_vec(), conditions.to_vec()], scores)
    }

    /// Removes the comparison unless every expected seed has a difference, because it is shown
    /// beside means over all seeds.
    #[must_use]
    pub fn if_whole(mut self, summary: &Summary) -> Self {
        let is_whole = summary.is_whole(&self.conditions.concat(), self.differences.len());
        self.comparison = self.comparison.filter(|_| is_whole);
        self
    }

    fn paired(conditions: [Vec<ConditionId>; 2], [first, second]: [BTreeMap<u64, f64>; 2]) -> Self {
        let pairs = first.iter().filter_map(|(seed, a)| Some((*seed, *a, *second.get(seed)?)));
        let pairs: Vec<(u64, f64, f64)> = pairs.collect();
        let (first, second): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(_, a, b)| (*a, *b)).unzip();
        let comparison = PairedComparison::of(&first, &second, Level::NINETY_FIVE);
        let differences = pairs.into_iter().map(|(seed, a, b)| (seed, a - b)).collect();
        Self { conditions, unmatched: Vec::new(), differences, comparison }
    }
}

impl Summary {
    /// For each seed with a score in all `conditions`, the mean of these scores.
    #[must_use]
    pub fn by_seed(&self, conditions: &[ConditionId], metric: &str) -> BTreeMap<u64, f64> {
        let mut sums: BTreeMap<u64, (f64, usize)> = BTreeMap::new();
        for run in self.all(conditions).flat_map(|condition| &condition.runs) {
            if let Some(score) = run.scores.get(metric) {
                let (sum, n) = sums.entry(run.seed).or_default();
                *sum += score;
                *n += 1;
            }
        }
        let of_all = sums.into_iter().filter(|(_, (_, n))| *n == conditions.len());
        of_all.map(|(seed, (sum, n))| (seed, sum / n as f64)).collect()
    }

    /// The estimate over the seeds of the mean over `conditions`. `None` if no seed has a score in
    /// all of them.
    #[must_use]
    pub fn estimate(&self, conditions: &[ConditionId], metric: &str) -> Option<Estimate> {
        let values: Vec<f64> = self.by_seed(conditions, metric).into_values().collect();
        Sample::new(&values).map(|sample| Estimate::of(&sample, Level::NINETY_FIVE))
    }

    /// [`Self::estimate`]. `None` unless every expected seed has a score.
    #[must_use]
    pub fn whole_estimate(&self, conditions: &[ConditionId], metric: &str) -> Option<Estimate> {
        let estimate = self.estimate(conditions, metric);
        estimate.filter(|estimate| self.is_whole(conditions, estimate.n))
    }

    /// Whether each of these conditions should have `n` runs.
    fn is_whole(&self, conditions: &[ConditionId], n: usize) -> bool {
        self.all(conditions).all(|condition| condition.expected == n)
    }
}
