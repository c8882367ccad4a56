//! The figures of a table of scores: a dot for each run, or a bar for each row.

use super::super::{Error, PaperFile, Project};
use super::remarks::{few_runs, unreadable};
use crate::context::Drawing;
use crate::figure::{self, Marks, SeedDot, SeedRow, ValueAxis, Width};
use crate::format::{self, Digits};
use crate::paper::{Figure, Names, ScoreUnit};
use crate::summary::Summary;
use crate::table::{self, PublishedScore, ScoreRow, Scorecard, Scores, of_kind};

/// The rows of a table of scores with these marks, under each of its protocols.
pub(super) fn drawings(
    project: &Project,
    summary: &Summary,
    (name, marks): (&str, Marks),
    figure: &Figure,
) -> Result<Vec<Drawing>, Error> {
    let PaperFile { paper, tables, .. } = &project.file;
    let Some((_, scores)) = of_kind::<Scores>(tables).find(|(table, _)| *table == name) else {
        return Ok(Vec::new());
    };
    let names = Names { paper, experiments: &project.experiments };
    let results = table::Results { names, summary, requests: tables };
    let has_published = !scores.published.is_empty();
    let metrics = scores.metrics(paper);
    let is_split = metrics.len() > 1;
    // If several scorecards judge the table, the first one counts.
    let scorecard = of_kind::<Scorecard>(tables).find(|(_, card)| card.judges(name));
    let judged = scorecard.map_or_else(Vec::new, |(_, card)| card.judge(&results));
    let drawing = |metric: &String| {
        let rows = scores.rows(metric, &results);
        let of_metric = results.metric(metric);
        let unit = &of_metric.unit;
        let quantity = of_metric.curve().map_or(of_metric.short.as_str(), |curve| curve.quantity);
        let is_percent = *unit == ScoreUnit::Percent;
        let axis = ValueAxis { label: unit.in_head(quantity), is_percent };
        let ids: Vec<_> = rows.iter().flat_map(|row| row.conditions.clone()).collect();
        let digits = match is_percent {
            true => Digits::Decimals(1),
            false => results.digits(&ids, metric),
        };
        let limits = scores.limits(&rows, &results);
        let limits =
            if limits.is_empty() { String::new() } else { format!(" {}", limits.join(" ")) };
        let rows: Vec<_> =
            rows.iter().map(|row| seed_row(&results, scores, metric, row, &judged)).collect();
        let draw = |width| {
            figure::seeds(&rows, &axis, marks, width).map_err(|error| unreadable(figure, error))
        };
        // Bars have no room for the range.
        let has_expected = marks == Marks::Dots && rows.iter().any(|row| row.expected.is_some());
        let diamond = match (has_published && *metric == scores.metric, has_expected) {
            (true, true) => {
                " Diamond: the published mean. Band: where the mean of a repetition on another draw of the \
                 data lies in 95 % of cases."
            }
            (true, false) => " Diamond: the published mean.",
            (false, _) if has_published => {
                " The published means are of another protocol, and are not shown."
            }
            (false, _) => "",
        };
        Ok(Drawing {
            metric: is_split.then(|| metric.clone()),
            kind: match marks {
                Marks::Dots => "Dot plot of the score of every run.".to_owned(),
                Marks::Bars | Marks::BarsAndDots => "Bar chart of mean scores.".to_owned(),
            },
            finding: seeds_finding(&rows, digits, unit),
            formula: format!("{}{diamond}{limits}", shows(marks)),
            svg: draw(Width::Wide)?,
            narrow: draw(Width::Narrow)?,
        })
    };
    metrics.into_iter().map(drawing).collect()
}

/// What the marks of a row are.
fn shows(marks: Marks) -> &'static str {
    match marks {
        Marks::Dots => "Dots: scores of single runs. Bar: their mean, with its 95 % interval.",
        Marks::Bars => "Bar: mean of the scores, from 0. Line: its 95 % interval.",
        Marks::BarsAndDots => {
            "Bar: mean of the scores, from 0. Line: its 95 % interval. Dots: scores of single runs."
        }
    }
}

fn seed_row(
    results: &table::Results<'_>,
    scores: &Scores,
    metric: &str,
    row: &ScoreRow,
    judged: &[PublishedScore],
) -> SeedRow {
    let runs = row.conditions.iter().flat_map(|id| results.runs(*id, metric));
    let dots =
        runs.map(|run| SeedDot { value: run.value, title: format::visible(&run.title) }).collect();
    let published = row.published.as_ref().filter(|_| metric == scores.metric);
    let judged = judged.iter().find(|one| one.row.conditions == row.conditions);
    SeedRow {
        label: format::visible(&results.names.describe(scores.by.iter().zip(&row.levels)))
            + &few_runs(results.summary, &row.conditions),
        dots,
        mean: row.mean,
        interval: row.estimate.and_then(|estimate| estimate.interval).map(|i| [i.lower, i.upper]),
        expected: published
            .and(judged)
            .and_then(|judged| judged.interval)
            .map(|i| [i.lower, i.upper]),
        published: published.map(|published| published.mean),
    }
}

fn seeds_finding(rows: &[SeedRow], digits: Digits, unit: &ScoreUnit) -> String {
    let means = || rows.iter().filter_map(|row| row.mean);
    let range = |row: &SeedRow| {
        let values = row.dots.iter().map(|dot| dot.value);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let [mean, low, high] = [row.mean.unwrap_or_default(), low, high].map(|x| digits.write(x));
        let [mean, high] = [mean, high].map(|number| unit.after(&number));
        format!("{}, {mean} (runs from {low} to {high})", row.label)
    };
    // Rows may share a mean.
    let of = |mean: f64| {
        let equal = rows.iter().filter(|row| row.mean == Some(mean));
        equal.map(range).collect::<Vec<_>>().join("; ")
    };
    match (means().max_by(f64::total_cmp), means().min_by(f64::total_cmp)) {
        (Some(best), Some(worst)) => {
            format!("Highest mean: {}. Lowest mean: {}.", of(best), of(worst))
        }
        _ => "There are no runs yet.".to_owned(),
    }
}
