//! Choosing a condition by one score, to show another score of it.

use std::collections::BTreeMap;

use super::Summary;
use crate::experiment::ConditionId;
use crate::run::Direction;

/// A condition with two scores of every expected seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The condition.
    pub id: ConditionId,
    /// The score that chooses, by seed.
    pub chosen_by: BTreeMap<u64, f64>,
    /// The score that is shown, by seed.
    pub shown: BTreeMap<u64, f64>,
}

impl Summary {
    /// The conditions with both scores of every expected seed: by the metric that chooses, and by the metric that is
    /// shown.
    #[must_use]
    pub fn candidates(&self, ids: &[ConditionId], select: &str, shown: &str) -> Vec<Candidate> {
        let candidate = |id: &ConditionId| {
            let scores = |metric: &str| self.by_seed(&[*id], metric);
            let (chosen_by, shown) = (scores(select), scores(shown));
            let expected = self.condition(*id).expected;
            let is_whole = chosen_by.len() == expected && shown.len() == expected;
            is_whole.then_some(Candidate { id: *id, chosen_by, shown })
        };
        ids.iter().filter_map(candidate).collect()
    }
}

/// The candidate with the best mean of the score that chooses; the first in a tie.
#[must_use]
pub fn chosen(candidates: &[Candidate], better: Direction) -> Option<&Candidate> {
    let means: Vec<f64> = candidates.iter().map(|one| mean(one.chosen_by.values())).collect();
    better.best(&means).map(|index| &candidates[index])
}

/// The mean of some numbers, of which there is at least one.
pub fn mean<'v>(values: impl Iterator<Item = &'v f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0u32), |(sum, n), value| (sum + value, n + 1));
    sum / f64::from(n)
}
