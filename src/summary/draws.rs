//! What other draws of the data say: how much of the spread is theirs, and where a published value
//! lies among them.

use std::collections::BTreeMap;

use super::ConditionSummary;
use super::contrast::{by_seed, estimate, select, whole_estimate};
use super::levels::Row;
use crate::paper::{EXPERIMENT, Scorecard, Variance};
use crate::stats::{
    Estimate, FEWEST_DECISIVE, Level, Prediction, PredictionInterval, Sample, Spread,
    VarianceSplit, f_test,
};

/// The spread of one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct VarianceRow {
    /// Index of the condition, on one draw of the data.
    pub condition: usize,
    /// Index of its repetition on other draws.
    pub repetition: usize,
    /// Over initialisations, on one draw; none unless every run is there.
    pub within: Option<Estimate>,
    /// Over draws, each with its own initialisation, likewise.
    pub total: Option<Estimate>,
    /// How much of the latter comes from the draw; none where a spread is missing or zero.
    pub split: Option<VarianceSplit>,
}

/// A published value beside ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Name of the table.
    pub table: String,
    /// Number of the row in it.
    pub row: usize,
    /// Means.
    pub mean: Judgement,
    /// Standard deviations.
    pub std_dev: Judgement,
    /// Of the draws of the data, how many gave a mean below the published one, and of how many.
    pub below: Option<(usize, usize)>,
    /// The interval that the published mean lies in if it counts as reproduced.
    pub interval: Option<PredictionInterval>,
    /// Indices of its conditions.
    pub conditions: Vec<usize>,
    /// Indices of their repetitions on other draws.
    pub repetitions: Vec<usize>,
}

/// What a published number is to ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What was published.
    pub published: f64,
    /// What was computed here, by the same rule.
    pub ours: Option<f64>,
    /// How probable a value as far out as the published one is.
    pub p_value: Option<f64>,
    /// By the rule of the scorecard; none without a p value.
    pub grade: Option<Grade>,
}

/// How near a published number is to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// As near as most repetitions would be.
    Reproduced,
    /// As near as nearly all would be.
    Near,
    /// Further.
    Differs,
}

/// The condition with the same levels in the experiment that repeats this one on other draws.
fn repetition(
    conditions: &[ConditionSummary],
    draws: &BTreeMap<String, String>,
    condition: usize,
) -> Option<usize> {
    let mut levels = conditions[condition].levels.clone();
    let other = draws.get(levels.get(EXPERIMENT)?)?;
    levels.insert(EXPERIMENT.to_owned(), other.clone());
    conditions.iter().position(|condition| condition.levels == levels)
}

/// The rows of a table of variances.
pub(super) fn variances(
    table: &Variance,
    draws: &BTreeMap<String, String>,
    conditions: &[ConditionSummary],
) -> Vec<VarianceRow> {
    let estimate = |index: usize| whole_estimate(conditions, &[index], &table.metric);
    let rows = select(conditions, &table.selection).into_iter().filter_map(|condition| {
        let repetition = repetition(conditions, draws, condition)?;
        let (within, total) = (estimate(condition), estimate(repetition));
        let split = spread(total).zip(spread(within));
        let split =
            split.map(|(total, within)| VarianceSplit::of(total, within, Level::NINETY_FIVE));
        Some(VarianceRow { condition, repetition, within, total, split })
    });
    rows.collect()
}

fn spread(estimate: Option<Estimate>) -> Option<Spread> {
    let estimate = estimate?;
    Spread::new(estimate.std_dev?, estimate.n as f64 - 1.0)
}

/// The score of the published values of one row.
pub(super) fn score(
    scorecard: &Scorecard,
    draws: &BTreeMap<String, String>,
    conditions: &[ConditionSummary],
    (table, index, metric): (&str, usize, &str),
    row: &Row,
) -> Option<Score> {
    let published = row.published.as_ref()?;
    let repetitions: Option<Vec<_>> =
        row.conditions.iter().map(|index| repetition(conditions, draws, *index)).collect();
    let repetitions = repetitions.unwrap_or_default();
    let draws_here = by_seed(conditions, &repetitions, metric);
    // A published mean varies with its draw of the data and, less than one run, with its
    // initialisations; how much less is not known well enough from some ten draws. So it is held
    // against the distribution of one run on one more draw, which is never narrower. That of few draws
    // is so wide that any value would lie inside.
    let over_draws = estimate(conditions, &repetitions, metric);
    let over_draws = over_draws.filter(|estimate| estimate.n >= FEWEST_DECISIVE);
    let prediction = over_draws.and_then(|estimate| Prediction::of_mean(&estimate, 1));
    let judge = |published: f64, ours: Option<f64>, p_value: Option<f64>| {
        let grade = p_value.filter(|_| ours.is_some()).map(|p| grade(scorecard, p));
        Judgement { published, ours, p_value, grade }
    };
    let mean_p = prediction.and_then(|prediction| prediction.p_value(published.mean));
    let std_dev_p = std_dev_p(scorecard, conditions, metric, row, published.std_dev);
    let below = draws_here.values().filter(|mean| **mean < published.mean).count();
    Some(Score {
        table: table.to_owned(),
        row: index,
        mean: judge(published.mean, row.mean, mean_p),
        std_dev: judge(published.std_dev, row.std_dev, std_dev_p),
        below: (!draws_here.is_empty()).then_some((below, draws_here.len())),
        interval: prediction
            .zip(Level::new(scorecard.reproduced))
            .map(|(p, level)| p.interval(level)),
        conditions: row.conditions.clone(),
        repetitions,
    })
}

/// How probable it is that two standard deviations differ as much as the published one and ours do,
/// if both come from one normal distribution on one draw of the data.
fn std_dev_p(
    scorecard: &Scorecard,
    conditions: &[ConditionSummary],
    metric: &str,
    row: &Row,
    published: f64,
) -> Option<f64> {
    let of_condition = |index: &usize| {
        let scores = conditions[*index].runs.iter();
        let scores: Vec<f64> = scores.filter_map(|run| run.scores.get(metric).copied()).collect();
        let sample = Sample::new(&scores).filter(|sample| sample.n() >= FEWEST_DECISIVE)?;
        Spread::of(&sample)
    };
    let spreads: Vec<Spread> = row.conditions.iter().map(of_condition).collect::<Option<_>>()?;
    let ours = Spread::mean_of(&spreads)?;
    // The publication divides by n. How many degrees of freedom a mean of deviations has depends on
    // their proportions, which are taken from ours.
    let m = scorecard.published_seeds as f64;
    let seeds = spreads.iter().map(Spread::degrees_of_freedom).sum::<f64>() / spreads.len() as f64;
    let freedom = ours.degrees_of_freedom() * (m - 1.0) / seeds;
    let published = Spread::new(published * (m / (m - 1.0)).sqrt(), freedom)?;
    Some(f_test(published, ours))
}

fn grade(scorecard: &Scorecard, p_value: f64) -> Grade {
    match p_value {
        p if p >= 1.0 - scorecard.reproduced => Grade::Reproduced,
        p if p >= 1.0 - scorecard.near => Grade::Near,
        _ => Grade::Differs,
    }
}
