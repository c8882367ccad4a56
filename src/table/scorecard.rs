//! `kind = "scorecard"`: each published value beside our value, with a grade.

use std::collections::BTreeMap;

use super::ablation::read_tables;
use super::bimodal::bimodal_note;
use super::cell::{Cell, Grade, Style, count};
use super::content::{Column, Row, Table};
use super::joint::{self, Joint};
use super::key::Key;
use super::kind::{Kind, Results, Words};
use super::score_rows::{ScoreRow, Scores};
use super::scores::{limits_of, row_label};
use super::variance::repetition;
use crate::document::Reader;
use crate::experiment::{ConditionId, Level};
use crate::format::Digits;
use crate::paper::keys::check_comparable;
use crate::paper::{Paper, ScoreUnit, Selection};
use crate::stats::{self, FEWEST_DECISIVE, NewDraw, PredictionInterval, Sample, Spread, f_test};
use crate::summary::{Exceptions, Summary};

/// The published values of tables beside our values.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// Names and keys of tables of scores.
    tables: Vec<(String, Scores)>,
    /// Means of published values that are judged together.
    joint: Vec<Joint>,
    /// The number of runs of each published value.
    published_seeds: usize,
    /// The central share of the expected distribution in which a value counts as compatible.
    compatible: f64,
    /// The central share in which it counts as near.
    near: f64,
}

/// A published row beside our row.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedScore {
    /// What it is.
    pub named: Named,
    /// Our row.
    pub row: ScoreRow,
    /// Means.
    pub mean: Judgement,
    /// Standard deviations.
    pub std_dev: Judgement,
    /// The number of draws of the data on which our mean is below the published mean, and the
    /// number of draws.
    pub below: Option<(usize, usize)>,
    /// The range of published means that count as compatible.
    pub interval: Option<PredictionInterval>,
    /// The shift of the published mean that would leave this range in 80 % of cases.
    pub detectable_shift: Option<f64>,
    /// The repetitions of its conditions on other draws.
    pub repetitions: Vec<ConditionId>,
    /// Name of the metric.
    pub metric: String,
}

/// Which published value it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Name of the table.
    pub table: String,
    /// The row in a few words.
    pub label: String,
    /// Whether it is the mean of several rows of the table.
    pub is_joint: bool,
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

impl PublishedScore {
    /// All conditions behind it.
    #[must_use]
    pub fn conditions(&self) -> Vec<ConditionId> {
        [self.row.conditions.clone(), self.repetitions.clone()].concat()
    }
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Scorecard> {
    let tables = read_tables(reader, words);
    if let Some((name, _)) = tables.iter().flatten().find(|(_, scores)| scores.published.is_empty())
    {
        reader.refuse("tables", format!("names `{name}`, which has no published values"));
    }
    let scored = tables.iter().flatten().filter_map(|(_, s)| words.paper.metric(&s.metric));
    check_comparable(reader, "tables", &scored.collect::<Vec<_>>());
    let published_seeds = reader.required("published_seeds");
    let compatible = reader.required("compatible");
    let near = reader.required("near");
    if let (Some(compatible), Some(near)) = (compatible, near)
        && near <= compatible
    {
        reader.refuse("near", format!("must be more than `compatible`, {compatible}"));
    }
    let joint = joint::read(reader, tables.as_deref().unwrap_or_default(), words);
    Some(Scorecard {
        tables: tables?,
        joint,
        published_seeds: published_seeds?,
        compatible: compatible?,
        near: near?,
    })
}

impl Kind for Scorecard {
    fn covers(&self, paper: &Paper) -> Vec<Selection> {
        let tables = self.tables.iter().flat_map(|(_, scores)| scores.covers(paper));
        paper.with_draws(tables.collect())
    }

    fn metric(&self) -> Option<&str> {
        Some(&self.tables[0].1.metric)
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        vec![self.table(&self.judge(results), results)]
    }
}

impl Scorecard {
    /// Whether it judges the published values of that table.
    #[must_use]
    pub fn judges(&self, table: &str) -> bool {
        self.tables.iter().any(|(name, _)| name == table)
    }

    /// Judges every published row.
    #[must_use]
    pub fn judge(&self, results: &Results<'_>) -> Vec<PublishedScore> {
        let mut all = Vec::new();
        for (table, scores) in &self.tables {
            let rows = scores.rows(&scores.metric, results);
            let label = |row: &ScoreRow| row_label(results.names, &scores.by, &row.levels);
            let metric = &scores.metric;
            let single = rows.iter().map(|row| (label(row), false, row.clone()));
            let joint = self.joint.iter().filter(|joint| joint.table == *table);
            let joint = joint
                .filter_map(|one| Some((one.label.clone(), true, one.row(&rows, &scores.by)?)));
            all.extend(single.chain(joint).filter_map(|(label, is_joint, row)| {
                let table = table.clone();
                self.score(Named { table, label, is_joint }, metric, row, results)
            }));
        }
        all
    }

    fn score(
        &self,
        named: Named,
        metric: &str,
        row: ScoreRow,
        results: &Results<'_>,
    ) -> Option<PublishedScore> {
        let (summary, paper) = (results.summary, results.names.paper);
        let published = row.published.clone()?;
        let repetitions: Option<Vec<_>> =
            row.conditions.iter().map(|id| repetition(summary, paper, *id)).collect();
        let repetitions = repetitions.unwrap_or_default();
        let on_draws = summary.by_seed(&repetitions, metric);
        // With few values, the expected range contains nearly any value, so no grade is given. The values
        // of a row are means over its conditions: they share draws, and the seeds of the initialisation.
        let enough = |ids: &[ConditionId]| {
            summary.whole_estimate(ids, metric).filter(|estimate| estimate.n >= FEWEST_DECISIVE)
        };
        let (over_draws, on_one_draw) = (enough(&repetitions), enough(&row.conditions));
        let expected = over_draws.zip(on_one_draw);
        let expected =
            expected.and_then(|(over, on)| NewDraw::of_mean(&over, &on, self.published_seeds));
        let judge = |published: f64, ours: Option<f64>, p_value: Option<f64>| {
            let grade = p_value.filter(|_| ours.is_some()).map(|p| self.grade(p));
            Judgement { published, ours, p_value, grade }
        };
        let mean_p = expected.as_ref().and_then(|expected| expected.p_value(published.mean));
        let std_dev_p = self.std_dev_p(summary, metric, &row, published.std_dev);
        let below = on_draws.values().filter(|mean| **mean < published.mean).count();
        let interval = |expected: &NewDraw| {
            let interval = expected.interval(stats::Level::new(self.compatible)?);
            Some((interval, expected.detectable_shift(&interval, stats::Level::POWER)))
        };
        let (interval, detectable_shift) = expected.as_ref().and_then(interval).unzip();
        Some(PublishedScore {
            named,
            mean: judge(published.mean, row.mean, mean_p),
            std_dev: judge(published.std_dev, row.std_dev, std_dev_p),
            below: (!on_draws.is_empty()).then_some((below, on_draws.len())),
            interval,
            detectable_shift,
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
            p if p >= 1.0 - self.compatible => Grade::Compatible,
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
            Column::number("detectable shift", [Key::DetectableShift]),
            Column::number("draws below published", [Key::Below, Key::Draws]),
            Column::text("grade of mean", Key::Grade),
            Column::number("published std", [Key::PublishedStd]),
            Column::number("our std", [Key::Std]),
            Column::text("grade of std", Key::StdGrade),
        ];
        let metric = results.metric(&self.tables[0].1.metric);
        let ids: Vec<_> = scores.iter().flat_map(|score| score.row.conditions.clone()).collect();
        let digits = results.digits(&ids, &metric.name);
        let rows = scores.iter().map(|score| row(score, digits, results)).collect();
        let mut notes = self.notes(&metric.unit);
        let mut by_metric: BTreeMap<&str, Vec<ConditionId>> = BTreeMap::new();
        for score in scores {
            by_metric.entry(&score.metric).or_default().extend(score.conditions());
        }
        let groups = by_metric.into_iter();
        notes.extend(groups.filter_map(|(metric, ids)| bimodal_note(ids, metric, results)));
        notes.extend(limits_of(&self.tables, results));
        let (unit, better) = (metric.unit.symbol().to_owned(), metric.better());
        Table { metric: None, unit, better, columns, rows, notes, is_uneven: false }
    }

    fn notes(&self, unit: &ScoreUnit) -> Vec<String> {
        let percent = |share: f64| format!("{} %", (1e4 * share).round() / 100.0);
        let (compatible, near) = (percent(self.compatible), percent(self.near));
        vec![
            format!(
                "Rule for means: the expected range contains the mean of {} runs on one more draw of the \
                 data with a probability of about {compatible}. It follows from the mean and the variance over \
                 draws, and from the variance of runs on one draw (Weerahandi 1993; Hannig, Iyer & \
                 Patterson 2006). A published mean inside this range is “compatible”. A mean outside \
                 it, but inside the range for {near}, is “near”. Any other mean “differs”.",
                self.published_seeds
            ),
            format!(
                "detectable shift{}: a published mean that is off by this much would lie outside the range in \
                 80 % of cases. A wide range accepts much, so “compatible” does not mean equal.",
                unit.difference_clause()
            ),
            format!(
                "Rule for standard deviations: the square of published / ours is compared with its F \
                 distribution. The grade is “compatible” inside the central {compatible}, “near” inside the \
                 central {near}, and “differs” outside. The rule assumes normal scores and compares two draws \
                 of the data."
            ),
            format!(
                "With fewer than {FEWEST_DECISIVE} draws, or runs of a condition, the grade is “not \
                 known”, because nearly any value would agree."
            ),
            "draws below published: number of draws of the data on which our mean is below the published mean."
                .to_owned(),
        ]
    }
}

fn row(score: &PublishedScore, digits: Digits, results: &Results<'_>) -> Row {
    let ours = &score.row;
    let listed = ours.levels.iter().map(Level::spelled).collect::<Vec<_>>().join(", ");
    let number = |value| Cell::Number(value, Style::Fixed(digits));
    let difference = score.mean.ours.map(|ours| ours - score.mean.published);
    let bounds = score.interval.map(|interval| [interval.lower, interval.upper]);
    let is_whole = ours.n == ours.expected && ours.exceptions == Exceptions::default();
    let remark = format!("n: {}", count(ours.n, ours.expected, ours.exceptions));
    let cells = vec![
        Cell::Text(
            results.number(&score.named.table),
            match score.named.is_joint {
                true => "joint".to_owned(),
                false => score.named.table.clone(),
            },
        ),
        Cell::Text(
            score.named.label.clone(),
            if score.named.is_joint { &score.named.label } else { &listed }.clone(),
        ),
        number(Some(score.mean.published)),
        match is_whole {
            true => number(score.mean.ours),
            false => Cell::Remarked(score.mean.ours, Style::Fixed(digits), remark),
        },
        Cell::Number(difference, Style::Signed(digits)),
        Cell::Interval(bounds, Style::Fixed(digits)),
        number(score.detectable_shift),
        Cell::Of(score.below),
        Cell::Grade(score.mean.grade),
        number(Some(score.std_dev.published)),
        number(score.std_dev.ours),
        Cell::Grade(score.std_dev.grade),
    ];
    let seeds = results.seed_values(&score.repetitions, &score.metric);
    Row { cells, conditions: score.conditions(), seeds }
}
