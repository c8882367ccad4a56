//! Records → scores of runs → aggregates, paired differences and learning curves.
//!
//! polars computes means and population standard deviations, as the publication does. `stats`
//! computes intervals and tests.

mod aggregate;
mod choice;
mod condition;
mod confusion;
mod contrast;
mod effect;
mod score;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::experiment::{ConditionId, Experiment};
use crate::paper::{Ends, Paper, Selection, selects};
use crate::plan::Plan;
use crate::run::{Curve, Outcome, RecordExtract};
use condition::conditions;
pub use score::extent;
use score::shown_values;

pub use aggregate::{Aggregate, aggregate};
pub use choice::{Candidate, chosen, mean};
pub use condition::{
    ConditionSummary, Exceptions, RunScores, Scores, SeedVariation, Training, runs_of,
};
pub use contrast::Contrast;
pub use effect::{effect, two_levels};

/// The scores of all runs, by condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// All conditions, in order of experiments and levels.
    conditions: Vec<ConditionSummary>,
}

/// The mean learning curve of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSummary {
    /// The condition.
    pub condition: ConditionId,
    /// The aggregate at each epoch.
    pub epochs: Vec<Aggregate>,
}

/// Summarises the records of `plan` by the metrics of `paper`.
#[must_use]
pub fn summarize(paper: &Paper, experiments: &[Experiment], plan: &Plan) -> Summary {
    let mut conditions = conditions(paper, experiments, plan);
    for metric in &paper.metrics {
        let scores = conditions.iter().map(|condition| {
            let scores = condition.runs.iter().map(|run| run.scores.get(&metric.name));
            scores.flatten().collect::<Vec<f64>>()
        });
        let aggregates = aggregate(&scores.collect::<Vec<_>>());
        for (condition, aggregate) in conditions.iter_mut().zip(aggregates) {
            condition.aggregates.insert(metric.name.clone(), aggregate);
        }
    }
    Summary { conditions }
}

/// The mean of `curve` over the runs of each selected condition, epoch by epoch. It ends with the first run or fold
/// that stopped early, so that all means of a condition are over the same runs, but for those that diverged.
#[must_use]
pub fn learning_curves(
    summary: &Summary,
    plan: &Plan,
    curve: &Curve,
    selection: &Selection,
) -> Vec<CurveSummary> {
    let mut records: Vec<Vec<&RecordExtract>> = vec![Vec::new(); summary.conditions.len()];
    for run in &plan.runs {
        records[run.condition.index()].extend(plan.records.get(&run.digest));
    }
    let curve_of = |condition: ConditionId| {
        let records = &records[condition.index()];
        let curves: Vec<_> = records.iter().map(|record| shown_values(record, curve)).collect();
        let ended = curves.iter().zip(records).filter(|(_, r)| r.outcome == Outcome::Completed);
        let shortest = ended.map(|(values, _)| values.len()).min();
        let longest = || curves.iter().map(Vec::len).max();
        let n_epochs = shortest.or_else(longest).unwrap_or(0);
        let at = |epoch: usize| curves.iter().filter_map(|c| c.get(epoch).copied()).collect();
        let epochs = aggregate(&(0..n_epochs).map(at).collect::<Vec<_>>());
        CurveSummary { condition, epochs }
    };
    summary.select(selection).into_iter().map(curve_of).collect()
}

impl Summary {
    /// All conditions, in order.
    #[must_use]
    pub fn conditions(&self) -> &[ConditionSummary] {
        &self.conditions
    }

    /// The conditions themselves.
    #[must_use]
    pub fn into_conditions(self) -> Vec<ConditionSummary> {
        self.conditions
    }

    /// One condition.
    #[must_use]
    pub fn condition(&self, id: ConditionId) -> &ConditionSummary {
        &self.conditions[id.index()]
    }

    /// Some conditions.
    pub fn all<'s>(
        &'s self,
        ids: &'s [ConditionId],
    ) -> impl Iterator<Item = &'s ConditionSummary> + Clone {
        ids.iter().map(|id| self.condition(*id))
    }

    /// The conditions that `selection` contains.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Vec<ConditionId> {
        let selected = self.conditions.iter().filter(|one| selects(selection, &one.levels));
        selected.map(|one| one.id).collect()
    }

    /// What varies between the seeds of all these conditions. `None` if there is no condition.
    #[must_use]
    pub fn varies(&self, ids: &[ConditionId]) -> Option<SeedVariation> {
        let each = self.all(ids).map(|condition| condition.varies);
        each.reduce(|one, other| if one == other { one } else { SeedVariation::DataOfSome })
    }

    /// The epochs that the networks of these conditions end with.
    #[must_use]
    pub fn ends(&self, ids: &[ConditionId]) -> Ends {
        self.all(ids).map(|condition| condition.training.restored).collect()
    }

    /// Which epoch the networks of these conditions are of: a sentence.
    #[must_use]
    pub fn network_note(&self, ids: &[ConditionId]) -> String {
        let ends: BTreeSet<_> = self.all(ids).map(|one| one.training.restored).collect();
        let epochs = ends.iter().map(|restored| match restored {
            Some(curve) => format!("the best epoch by {curve}"),
            None => "the last epoch".to_owned(),
        });
        format!(
            "The network is that with which a run ends, of {}: a score that is taken from another epoch is not of this \
             network.",
            epochs.collect::<Vec<_>>().join(" or ")
        )
    }

    /// The numbers of networks that a run of these conditions trains, each on another split.
    #[must_use]
    pub fn folds(&self, ids: &[ConditionId]) -> BTreeSet<usize> {
        self.all(ids).map(|condition| condition.training.folds).collect()
    }

    /// The numbers of diverged, accepted, failed, stale and damaged runs of these conditions.
    #[must_use]
    pub fn exceptions(&self, ids: &[ConditionId]) -> Exceptions {
        let mut exceptions = Exceptions::default();
        for condition in self.all(ids) {
            exceptions += condition.exceptions;
        }
        exceptions
    }

    /// The largest number of runs that one of these conditions should have.
    #[must_use]
    pub fn expected(&self, ids: &[ConditionId]) -> usize {
        self.all(ids).map(|condition| condition.expected).max().unwrap_or(0)
    }

    /// Whether every run of these conditions is recorded.
    #[must_use]
    pub fn is_recorded(&self, ids: &[ConditionId]) -> bool {
        self.all(ids).all(|condition| condition.runs.len() == condition.expected)
    }

    /// The digests of the runs of these conditions with that seed, for readers.
    #[must_use]
    pub fn digests(&self, ids: &[ConditionId], seed: u64) -> String {
        let runs = self.all(ids).flat_map(|condition| &condition.runs);
        let runs = runs.filter(|run| run.seed == seed);
        runs.map(|run| run.digest.short()).collect::<Vec<_>>().join(", ")
    }
}
