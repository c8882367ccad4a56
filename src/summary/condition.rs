//! Conditions and the scores of their runs.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use super::Aggregate;
use super::score::score;
use crate::digest::Digest;
use crate::experiment::{DataSeed, Experiment};
use crate::paper::Paper;
use crate::plan::{Plan, PlannedRun, State};
use crate::run::{Outcome, RunRecord};

/// The runs of one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionSummary {
    /// `experiment` and each factor, with their level here.
    pub levels: BTreeMap<String, String>,
    /// The runs that have a record, in order of the seeds.
    pub runs: Vec<RunScores>,
    /// Runs that it should have.
    pub expected: usize,
    /// What readers should know of its runs.
    pub marks: Marks,
    /// What differs between its runs.
    pub varies: Varies,
    /// The aggregate of each metric, by name.
    pub aggregates: BTreeMap<String, Aggregate>,
}

/// What differs between the runs of a condition, and so what an interval over them speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Varies {
    /// Initialisation and dropout, on one draw of the data.
    Initialisation,
    /// The draw of the data as well.
    DataAndInitialisation,
    /// The draw of the data in some of the conditions.
    DataOfSome,
}

impl Varies {
    /// What varies between the seeds of conditions taken together; none of none.
    #[must_use]
    pub fn of(all: &[ConditionSummary], set: &[usize]) -> Option<Self> {
        let each = set.iter().map(|index| all[*index].varies);
        each.reduce(|one, other| if one == other { one } else { Self::DataOfSome })
    }
}

/// Numbers of runs that are not as readers expect them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Of the recorded, those of which a loss was not finite.
    pub diverged: usize,
    /// Of the recorded, those whose result the user took over from another configuration.
    pub accepted: usize,
    /// Of the missing, those that failed.
    pub failed: usize,
    /// Of the missing, those that are recorded as their condition was before.
    pub stale: usize,
    /// Of the missing, those whose record was damaged.
    pub quarantined: usize,
}

impl AddAssign for Marks {
    fn add_assign(&mut self, other: Self) {
        self.diverged += other.diverged;
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.stale += other.stale;
        self.quarantined += other.quarantined;
    }
}

/// The scores of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunScores {
    /// Its seed.
    pub seed: u64,
    /// Digest of its configuration.
    pub digest: Digest,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Its score in percent, for each metric by name that it has one of.
    pub scores: BTreeMap<String, f64>,
}

/// Conditions are numbered through all experiments; the runs of a plan come in that order.
pub(super) fn numbered(
    plan: &Plan,
) -> impl Iterator<Item = (usize, &PlannedRun, Option<&RunRecord>)> {
    let mut index = 0;
    let mut last = None;
    plan.runs.iter().map(move |run| {
        let key = (run.experiment, run.condition);
        index += usize::from(last.is_some_and(|last| last != key));
        last = Some(key);
        (index, run, plan.records.get(&run.digest))
    })
}

/// The conditions of all experiments with the scores of their runs, not yet aggregated.
pub(super) fn conditions(
    paper: &Paper,
    experiments: &[Experiment],
    plan: &Plan,
) -> Vec<ConditionSummary> {
    let mut conditions: Vec<_> = experiments
        .iter()
        .flat_map(|experiment| {
            (0..experiment.conditions.len()).map(|condition| ConditionSummary {
                levels: experiment.levels_of(condition),
                runs: Vec::new(),
                expected: experiment.seeds.len(),
                marks: Marks::default(),
                varies: match experiment.conditions[condition].design.data_seed {
                    DataSeed::Fixed(_) => Varies::Initialisation,
                    DataSeed::Run => Varies::DataAndInitialisation,
                },
                aggregates: BTreeMap::new(),
            })
        })
        .collect();
    for (condition, run, record) in numbered(plan) {
        let ConditionSummary { runs, marks, .. } = &mut conditions[condition];
        runs.extend(record.map(|record| run_scores(paper, record)));
        let is_diverged = |record: &RunRecord| record.result.outcome != Outcome::Completed;
        marks.diverged += usize::from(record.is_some_and(is_diverged));
        match plan.state(run) {
            State::Fresh { accepted, .. } => marks.accepted += usize::from(*accepted),
            State::Failed(_) => marks.failed += 1,
            State::Damaged(_) | State::Quarantined => marks.quarantined += 1,
            State::Stale => marks.stale += 1,
            State::Missing => {}
        }
    }
    conditions
}

fn run_scores(paper: &Paper, record: &RunRecord) -> RunScores {
    let scores = paper.metrics.iter();
    let scores = scores.filter_map(|metric| Some((metric.name.clone(), score(metric, record)?)));
    RunScores {
        seed: record.config.seed,
        digest: record.digest,
        seconds: record.result.provenance.seconds,
        scores: scores.collect(),
    }
}
