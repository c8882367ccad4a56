//! Conditions and the scores of their runs.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::aggregate::Aggregate;
use super::score::{extent, score, value};
use crate::digest::Digest;
use crate::experiment::{
    ConditionId, Conditions, DataSeed, Design, Experiment, Levels, NetworkDesign, Run,
};
use crate::paper::{Paper, RunValue};
use crate::plan::{Plan, Status};
use crate::run::{Confusion, EarlyStopping, Outcome, RecordExtract, operations};
use crate::task;

/// The runs of one condition. Templates see it but for the fields that are skipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionSummary {
    /// Which condition it is.
    #[serde(skip)]
    pub id: ConditionId,
    /// `experiment` and each factor, with their level here.
    pub levels: Levels,
    /// The runs that have a record, in order of the seeds.
    pub runs: Vec<RunScores>,
    /// The number of runs that it should have.
    #[serde(skip)]
    pub expected: usize,
    /// The numbers of diverged, accepted, failed, stale and damaged runs.
    #[serde(flatten)]
    pub exceptions: Exceptions,
    /// What differs between its runs.
    pub varies: SeedVariation,
    /// How its runs are trained.
    #[serde(skip)]
    pub training: Training,
    /// The aggregate of each metric, by name.
    #[serde(rename = "metrics")]
    pub aggregates: BTreeMap<String, Aggregate>,
}

/// How the runs of a condition are trained, as far as their scores depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Training {
    /// The name of its task.
    pub task: &'static str,
    /// The number of trained parameters. `None` if the layers do not fit together.
    pub parameters: Option<usize>,
    /// The number of networks that a run trains, each on another split.
    pub folds: usize,
    /// Whether a run may end before its last epoch.
    pub may_stop_early: bool,
    /// The curve whose best epoch the network ends with. `None` if it ends with the last epoch.
    pub restored: Option<&'static str>,
}

impl Training {
    /// That of the runs of a design.
    #[must_use]
    pub fn of(design: &Design) -> Self {
        let (task, parameters) = (design.task_name(), design.parameters());
        let Some(network) = design.network() else {
            return Self { task, parameters, folds: 1, may_stop_early: false, restored: None };
        };
        let NetworkDesign { task: kind, data, train, .. } = network;
        let restores = |stopping: &EarlyStopping| stopping.restore_best;
        let is_restored = train.early_stopping.as_ref().is_some_and(restores);
        Self {
            task,
            parameters,
            folds: data.resolve(0).folds(),
            may_stop_early: train.early_stopping.is_some(),
            restored: task::monitor(*kind, train).filter(|_| is_restored).map(|curve| curve.name),
        }
    }
}

/// What differs between the seeds of a condition. An interval over the seeds covers only this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedVariation {
    /// Initialisation and dropout, on one draw of the data.
    Initialisation,
    /// The draw of the data as well.
    DataAndInitialisation,
    /// The split of the same examples as well.
    SplitAndInitialisation,
    /// What a program of the user draws from its seed.
    Program,
    /// The conditions differ in this.
    DataOfSome,
}

impl SeedVariation {
    /// What differs between the seeds of a design.
    fn of(design: &Design) -> Self {
        let Some(network) = design.network() else { return Self::Program };
        match network.data.seed() {
            DataSeed::Fixed(_) => Self::Initialisation,
            DataSeed::Run if network.data.are_pairs() => Self::DataAndInitialisation,
            DataSeed::Run => Self::SplitAndInitialisation,
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Initialisation,
        Self::DataAndInitialisation,
        Self::SplitAndInitialisation,
        Self::Program,
        Self::DataOfSome,
    ];

    /// The word for it in data files and templates.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Initialisation => "initialisation",
            Self::DataAndInitialisation => "data_and_initialisation",
            Self::SplitAndInitialisation => "split_and_initialisation",
            Self::Program => "program",
            Self::DataOfSome => "data_of_some",
        }
    }
}

/// The numbers of diverged, accepted, failed, stale and damaged runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exceptions {
    /// Recorded runs that diverged: a loss was not finite.
    pub diverged: usize,
    /// Recorded runs whose result the user accepted from another configuration.
    pub accepted: usize,
    /// Missing runs that failed.
    pub failed: usize,
    /// Missing runs that have a record with an earlier configuration.
    pub stale: usize,
    /// Missing runs whose record is damaged.
    pub quarantined: usize,
}

impl AddAssign for Exceptions {
    fn add_assign(&mut self, other: Self) {
        self.diverged += other.diverged;
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.stale += other.stale;
        self.quarantined += other.quarantined;
    }
}

/// The scores of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunScores {
    /// Its seed.
    pub seed: u64,
    /// Digest of its configuration; templates see its first digits.
    #[serde(serialize_with = "short")]
    pub digest: Digest,
    /// How long its training took, in seconds. Not for templates, because it differs between two
    /// executions.
    #[serde(skip)]
    pub seconds: f64,
    /// The floating-point operations of its training and its evaluations. `None` if it diverged.
    #[serde(skip)]
    pub operations: Option<f64>,
    /// The number of completed epochs. With several folds, their mean.
    #[serde(skip)]
    pub epochs: Option<f64>,
    /// The best epoch by the curve that early stopping watches, from 1. `None` without early stopping.
    #[serde(skip)]
    pub best_epoch: Option<f64>,
    /// Its confusion matrix, if the report shows one and the run has one.
    #[serde(skip)]
    pub confusion: Option<Confusion>,
    /// Its scores by name of the metric, each in the unit of the metric. Metrics without a score are left out.
    pub scores: Scores,
}

impl RunScores {
    /// What readers see of a run: its condition, seed, a score as it is written, and its digest.
    #[must_use]
    pub fn title(&self, condition: &str, score: &str) -> String {
        format!("{condition}, seed {}: {score}, run {}", self.seed, self.digest.short())
    }
}

/// The scores of one run by name of the metric. A report has as many of them as it has runs, so they
/// share the names.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores(pub(super) Vec<(Arc<str>, f64)>);

impl Scores {
    /// The score by a metric.
    #[must_use]
    pub fn get(&self, metric: &str) -> Option<f64> {
        self.0.iter().find(|(name, _)| **name == *metric).map(|(_, score)| *score)
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, score)| (&**name, score)))
    }
}

fn short<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    digest.short().serialize(serializer)
}

/// How many runs some conditions have, and how many they should have.
#[must_use]
pub fn runs_of<'c>(conditions: impl Iterator<Item = &'c ConditionSummary>) -> [usize; 2] {
    let counts = conditions.map(|one| [one.runs.len(), one.expected]);
    counts.fold([0, 0], |[n, expected], [own, own_expected]| [n + own, expected + own_expected])
}

/// The conditions of all experiments with the scores of their runs, not yet aggregated.
pub(super) fn conditions(
    paper: &Paper,
    experiments: &[Experiment],
    plan: &Plan,
) -> Vec<ConditionSummary> {
    let all = Conditions::of(experiments);
    let empty = |id| ConditionSummary {
        id,
        levels: all.levels(id),
        runs: Vec::new(),
        expected: all.experiment(id).seeds.len(),
        exceptions: Exceptions::default(),
        varies: SeedVariation::of(all.design(id)),
        training: Training::of(all.design(id)),
        aggregates: BTreeMap::new(),
    };
    let mut conditions: Vec<_> = all.ids().map(empty).collect();
    let names = paper.metrics.iter().map(|metric| Arc::from(metric.name.as_str()));
    let names: Vec<Arc<str>> = names.collect();
    for run in &plan.runs {
        let record = plan.records.get(&run.digest);
        let ConditionSummary { runs, exceptions, .. } = &mut conditions[run.condition.index()];
        runs.extend(record.map(|record| run_scores(paper, &names, run, record)));
        let is_diverged = |record: &RecordExtract| record.outcome != Outcome::Completed;
        exceptions.diverged += usize::from(record.is_some_and(is_diverged));
        match plan.state(run).status() {
            Status::Fresh | Status::Missing => {}
            Status::Accepted => exceptions.accepted += 1,
            Status::Failed => exceptions.failed += 1,
            Status::Damaged | Status::Quarantined => exceptions.quarantined += 1,
            Status::Stale => exceptions.stale += 1,
        }
    }
    conditions
}

fn run_scores(paper: &Paper, names: &[Arc<str>], run: &Run, record: &RecordExtract) -> RunScores {
    let metrics = paper.metrics.iter().zip(names);
    let scores =
        metrics.filter_map(|(metric, name)| Some((Arc::clone(name), score(metric, record)?)));
    RunScores {
        seed: run.config.seed(),
        digest: run.digest,
        seconds: record.seconds,
        confusion: record.confusion.clone(),
        operations: operations_of(record),
        epochs: value(RunValue::Epochs, record),
        best_epoch: value(RunValue::BestEpoch, record),
        scores: Scores(scores.collect()),
    }
}

fn operations_of(record: &RecordExtract) -> Option<f64> {
    let extent = extent(record).filter(|_| record.outcome == Outcome::Completed)?;
    Some(operations(record.config.network()?, extent))
}
