//! `kind = "scorecard"`: each published value beside our value, with a grade.

use super::ablation::read_tables;
use super::cell::{Cell, Grade, Style, count};
use super::content::{Column, Key, Row, Table};
use super::kind::{Kind, Results, Words};
use super::scores::{ScoreRow, Scores, limits_of, row_label};
use super::variance::repetition;
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::paper::{Paper, Selection};
use crate::stats::{self, FEWEST_DECISIVE, Prediction, PredictionInterval, Sample, Spread, f_test};
use crate::summary::{Exceptions, Summary, SummaryError};

/// The published values of tables beside our values.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// Names and keys of tables of scores.
    tables: Vec<(String, Scores)>,
    /// The number of runs of each published value.
    published_seeds: usize,
    /// The central share of a distribution in which a value counts as reproduced.
    reproduced: f64,
    /// The central share in which it counts as near.
    near: f64,
}

/// A published row beside our row.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedScore {
    /// Name of the table.
    pub table: String,
    /// The factors that label the rows of the table.
    pub by: Vec<String>,
    /// Our row.
    pub row: ScoreRow,
    /// Means.
    pub mean: Judgement,
    /// Standard deviations.
    pub std_dev: Judgement,
    /// The number of draws of the data on which our mean is below the published mean, and the
    /// number of draws.
    pub below: Option<(usize, usize)>,
    /// The range of published means that count as reproduced.
    pub interval: Option<PredictionInterval>,
    /// The repetitions of its conditions on other draws.
    pub repetitions: Vec<ConditionId>,
    metric: String,
}

/// A published number beside our number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The published number.
    pub published: f64,
    /// Our number, computed by the same rule.
    pub ours: Option<f64>,
    /// The probability of a value at least as far from ours as the published value.
    pub p_value: Option<f64>,
    /// The grade. `None` without a p value.
    pub grade: Option<Grade>,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Scorecard> {
    let tables = read_tables(reader, words);
    if let Some((name, _)) = tables.iter().flatten().find(|(_, scores)| scores.published.is_empty())
    {
        reader.refuse("tables", format!("names `{name}`, which has no published values"));
    }
    let published_seeds = reader.required_in("published_seeds", 2..=1_000_000);
    let reproduced = reader.required_in("reproduced", 0.5..=0.9999);
    let near = reader.required_in("near", 0.5..=0.9999);
    if let (Some(reproduced), Some(near)) = (reproduced, near)
        && near <= reproduced
    {
        reader.refuse("near", format!("must be more than `reproduced`, {reproduced}"));
    }
    Some(Scorecard {
        tables: tables?,
        published_seeds: published_seeds?,
        reproduced: reproduced?,
        near: near?,
    })
}

impl Kind for Scorecard {
    fn covers(&self, paper: &Paper) -> Vec<Selection> {
        let tables = self.tables.iter().flat_map(|(_, scores)| scores.covers(paper));
        paper.with_draws(tables.collect())
    }

    fn tabulate(&self, results: &Results<'_>) -> Result<Vec<Table>, SummaryError> {
        Ok(vec![self.table(&self.judge(results)?, results)])
    }
}

impl Scorecard {
    /// Whether it judges the published values of that table.
    #[must_use]
    pub fn judges(&self, table: &str) -> bool {
        self.tables.iter().any(|(name, _)| name == table)
    }

    /// Judges every published row.
    ///
    /// # Errors
    /// If polars refuses an aggregation.
    pub fn judge(&self, results: &Results<'_>) -> Result<Vec<PublishedScore>, SummaryError> {
        let mut all = Vec::new();
        for (table, scores) in &self.tables {
            let rows = scores.rows(&scores.metric, results.summary)?;
            all.extend(rows.into_iter().filter_map(|row| self.score(table, scores, row, results)));
        }
        Ok(all)
    }

    fn score(
        &self,
        table: &str,
        scores: &Scores,
        row: ScoreRow,
        results: &Results<'_>,
    ) -> Option<PublishedScore> {
        let (summary, paper) = (results.summary, results.names.paper);
        let metric = scores.metric.as_str();
        let published = row.published.clone()?;
        let repetitions: Option<Vec<_>> =
            row.conditions.iter().map(|id| repetition(summary, paper, *id)).collect();
        let repetitions = repetitions.unwrap_or_default();
        let on_draws = summary.by_seed(&repetitions, metric);
        // A published mean is a mean of several runs on one draw. It varies less than one run, but
        // ten draws cannot show by how much. So the rule uses the wider distribution of one run on
        // one more draw. With few draws, this distribution contains nearly any value, so no grade
        // is given.
        let over_draws = summary.estimate(&repetitions, metric);
        let over_draws = over_draws.filter(|estimate| estimate.n >= FEWEST_DECISIVE);
        let prediction = over_draws.and_then(|estimate| Prediction::of_mean(&estimate, 1));
        let has_few = summary
            .all(&row.conditions)
            .any(|condition| condition.aggregates[metric].n < FEWEST_DECISIVE);
        let judge = |published: f64, ours: Option<f64>, p_value: Option<f64>| {
            let grade = p_value.filter(|_| ours.is_some() && !has_few).map(|p| self.grade(p));
            Judgement { published, ours, p_value, grade }
        };
        let mean_p = prediction.and_then(|prediction| prediction.p_value(published.mean));
        let std_dev_p = self.std_dev_p(summary, metric, &row, published.std_dev);
        let below = on_draws.values().filter(|mean| **mean < published.mean).count();
        let level = stats::Level::new(self.reproduced);
        Some(PublishedScore {
            table: table.to_owned(),
            by: scores.by.clone(),
            mean: judge(published.mean, row.mean, mean_p),
            std_dev: judge(published.std_dev, row.std_dev, std_dev_p),
            below: (!on_draws.is_empty()).then_some((below, on_draws.len())),
            interval: prediction.zip(level).map(|(p, level)| p.interval(level)),
            row,
            repetitions,
            metric: metric.to_owned(),
        })
    }

    /// The probability that two standard deviations differ as much as the published one and ours,
    /// if both come from one normal distribution on one draw of the data.
    fn std_dev_p(
        &self,
        summary: &Summary,
        metric: &str,
        row: &ScoreRow,
        published: f64,
    ) -> Option<f64> {
        let spreads = summary.all(&row.conditions).map(|condition| {
            let scores = condition.runs.iter();
            let scores: Vec<f64> = scores.filter_map(|r| r.scores.get(metric)).collect();
            let sample = Sample::new(&scores).filter(|sample| sample.n() >= FEWEST_DECISIVE)?;
            Spread::of(&sample)
        });
        let spreads: Vec<Spread> = spreads.collect::<Option<_>>()?;
        let ours = Spread::mean_of(&spreads)?;
        // The publication divides by n. The degrees of freedom of a mean of standard deviations
        // depend on their proportions. The proportions of ours are used.
        let m = self.published_seeds as f64;
        let seeds =
            spreads.iter().map(Spread::degrees_of_freedom).sum::<f64>() / spreads.len() as f64;
        let freedom = ours.degrees_of_freedom() * (m - 1.0) / seeds;
        let published = Spread::new(published * (m / (m - 1.0)).sqrt(), freedom)?;
        Some(f_test(published, ours))
    }

    fn grade(&self, p_value: f64) -> Grade {
        match p_value {
            p if p >= 1.0 - self.reproduced => Grade::Reproduced,
            p if p >= 1.0 - self.near => Grade::Near,
            _ => Grade::Differs,
        }
    }

    fn table(&self, scores: &[PublishedScore], results: &Results<'_>) -> Table {
        let columns = vec![
            Column::text("table", Key::Table),
            Column::text("row", Key::Row),
            Column::number("published mean", [Key::PublishedMean]),
            Column::number("our mean", [Key::Mean]),
            Column::number("difference", [Key::Difference]),
            Column::number("expected range", [Key::Lower, Key::Upper]),
            Column::number("draws below it", [Key::Below, Key::Draws]),
            Column::text("grade of mean", Key::Grade),
            Column::number("published std", [Key::PublishedStd]),
            Column::number("our std", [Key::Std]),
            Column::text("grade of std", Key::StdGrade),
        ];
        let rows = scores.iter().map(|score| row(score, results)).collect();
        let mut notes = self.notes();
        notes.extend(limits_of(&self.tables, results));
        Table { metric: None, columns, rows, notes, is_uneven: false }
    }

    fn notes(&self) -> Vec<String> {
        let percent = |share: f64| format!("{} %", (1e4 * share).round() / 100.0);
        let (reproduced, near) = (percent(self.reproduced), percent(self.near));
        vec![
            format!(
                "Rule for means: the expected range is the {reproduced} prediction interval (Student's t) \
                 of the score of one run on one more draw of the data. A published mean inside this range is \
                 “reproduced”. A mean outside it, but inside the {near} interval, is “near”. Any other mean \
                 “differs”. A mean of {} runs on one draw varies less than one run, so the rule favours \
                 “reproduced”: a mean that agrees gets this grade with a probability of at least \
                 {reproduced}, and some means that differ get it too.",
                self.published_seeds
            ),
            format!(
                "Rule for standard deviations: the square of published / ours is compared with its F \
                 distribution. The grade is “reproduced” inside the central {reproduced}, “near” inside the \
                 central {near}, and “differs” outside. The rule assumes normal scores and compares two draws \
                 of the data."
            ),
            format!(
                "With fewer than {FEWEST_DECISIVE} draws, or runs of a condition, the grade is “not \
                 known”, because nearly any value would agree."
            ),
            "draws below it: number of draws of the data on which our mean is below the published mean."
                .to_owned(),
        ]
    }
}

fn row(score: &PublishedScore, results: &Results<'_>) -> Row {
    let ours = &score.row;
    let listed: Vec<_> = ours.levels.iter().map(Level::spelled).collect();
    let number = |value| Cell::Number(value, Style::Fixed);
    let difference = score.mean.ours.map(|ours| ours - score.mean.published);
    let bounds = score.interval.map(|interval| [interval.lower, interval.upper]);
    let is_whole = ours.n == ours.expected && ours.exceptions == Exceptions::default();
    let remark = format!("n: {}", count(ours.n, ours.expected, ours.exceptions));
    let cells = vec![
        Cell::Text(results.number(&score.table), score.table.clone()),
        Cell::Text(row_label(results.names, &score.by, &ours.levels), listed.join(", ")),
        number(Some(score.mean.published)),
        match is_whole {
            true => number(score.mean.ours),
            false => Cell::Remarked(score.mean.ours, Style::Fixed, remark),
        },
        Cell::Number(difference, Style::Signed),
        Cell::Interval(bounds, Style::Fixed),
        Cell::Of(score.below),
        Cell::Grade(score.mean.grade),
        number(Some(score.std_dev.published)),
        number(score.std_dev.ours),
        Cell::Grade(score.std_dev.grade),
    ];
    let seeds = results.seed_values(&score.repetitions, &score.metric);
    let conditions = [ours.conditions.clone(), score.repetitions.clone()].concat();
    Row { cells, conditions, seeds }
}
