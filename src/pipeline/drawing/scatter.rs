//! The figure of one metric against another, or against a numeric factor.

use super::super::{Error, Project};
use super::remarks::{few_runs, unreadable};
use crate::context::Drawing;
use crate::experiment::{ConditionId, Level};
use crate::figure::{self, ScaledAxis, ScatterSeries, SeriesStyle, ValueAxis, Width};
use crate::format::{Digits, count, visible};
use crate::paper::keys::differs_note;
use crate::paper::{EXPERIMENT, Figure, Metric, Names, Scatter, ScatterX, ScoreUnit};
use crate::summary::Summary;

/// The drawing of a scatter figure.
///
/// # Errors
/// Returns an error if the drawing would not be readable.
pub(super) fn drawing(
    project: &Project,
    summary: &Summary,
    scatter: &Scatter,
    figure: &Figure,
) -> Result<Drawing, Error> {
    let paper = &project.file.paper;
    let names = Names { paper, experiments: &project.experiments };
    let metric = |name: &str| paper.metric(name).expect("a figure names a metric of its paper");
    let y = metric(&scatter.y);
    let (series, x_axis, finding, what) = match &scatter.x {
        ScatterX::Metric(name) => {
            let x = metric(name);
            let series = of_runs(names, summary, scatter, [x, y]);
            let n = series.iter().map(|one| one.dots.len()).sum();
            let finding = format!("{} of {}.", count(n, "run"), count(series.len(), "condition"));
            (series, value_axis(x), finding, x.short.clone())
        }
        ScatterX::Factor(factor) => {
            let label = names.factor(factor).to_owned();
            let series = of_levels(names, summary, scatter, factor);
            let finding = ends(&series, &label, y);
            (series, ValueAxis { label: label.clone(), is_percent: false }, finding, label)
        }
    };
    let is_line = matches!(scatter.x, ScatterX::Factor(_));
    let marks = match is_line {
        true => format!(
            "Line: mean of {} over the seeds at each {what}. Band: one population standard deviation (divided \
             by n) on both sides.",
            y.label
        ),
        false => format!("Each mark is a run: its {} and its {}.", what, y.label),
    };
    let note = differs_note(&scatter.differs).map(|note| format!(" {note}")).unwrap_or_default();
    let (x_axis, y_axis) = (ScaledAxis { axis: x_axis, is_log: scatter.is_log }, value_axis(y));
    let draw = |width| {
        figure::scatter(&series, &x_axis, &y_axis, width).map_err(|error| unreadable(figure, error))
    };
    Ok(Drawing {
        metric: None,
        kind: format!("Chart of {} against {what}.", y.short),
        finding,
        formula: format!("{marks}{note}"),
        svg: draw(Width::Wide)?,
        narrow: draw(Width::Narrow)?,
    })
}

fn value_axis(metric: &Metric) -> ValueAxis {
    let is_percent = metric.unit == ScoreUnit::Percent;
    ValueAxis { label: metric.unit.in_head(&metric.short), is_percent }
}

/// A condition by the levels that the selection leaves open, without the factor of the axis.
fn label_of(
    names: Names<'_>,
    summary: &Summary,
    scatter: &Scatter,
    id: ConditionId,
    axis: Option<&str>,
) -> String {
    let is_open =
        |factor: &str| scatter.selection.get(factor).is_none_or(|levels| levels.len() > 1);
    let levels = summary.condition(id).levels.iter();
    let shown = levels.filter(|(factor, _)| {
        *factor == EXPERIMENT || (is_open(factor) && Some(factor.as_str()) != axis)
    });
    visible(&names.describe(shown))
}

/// For each condition, its runs by two metrics.
fn of_runs(
    names: Names<'_>,
    summary: &Summary,
    scatter: &Scatter,
    [x, y]: [&Metric; 2],
) -> Vec<ScatterSeries> {
    let ids = summary.select(&scatter.selection).into_iter().enumerate();
    let series = ids.map(|(index, id)| {
        let runs = summary.condition(id).runs.iter();
        let dot = |run: &crate::summary::RunScores| {
            Some((run.scores.get(&x.name)?, run.scores.get(&y.name)?))
        };
        ScatterSeries {
            label: label_of(names, summary, scatter, id, None) + &few_runs(summary, &[id]),
            style: SeriesStyle::numbered(index),
            dots: runs.filter_map(dot).collect(),
            line: Vec::new(),
        }
    });
    series.collect()
}

/// Conditions that differ in the factor of the axis alone.
struct Group<'s> {
    /// The levels of the other factors.
    others: Vec<(&'s String, &'s Level)>,
    /// Each condition with its level as a number.
    members: Vec<(f64, ConditionId)>,
}

/// For each group of conditions that differ in `factor` alone, the means at its levels.
fn of_levels(
    names: Names<'_>,
    summary: &Summary,
    scatter: &Scatter,
    factor: &str,
) -> Vec<ScatterSeries> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for id in summary.select(&scatter.selection) {
        let levels = &summary.condition(id).levels;
        let x = levels.get(factor).and_then(|level| level.to_json().as_f64());
        let Some(x) = x else { continue };
        let others: Vec<_> = levels.iter().filter(|(name, _)| *name != factor).collect();
        match groups.iter_mut().find(|group| group.others == others) {
            Some(group) => group.members.push((x, id)),
            None => groups.push(Group { others, members: vec![(x, id)] }),
        }
    }
    let series = groups.into_iter().enumerate().map(|(index, Group { mut members, .. })| {
        members.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let ids: Vec<_> = members.iter().map(|(_, id)| *id).collect();
        let point = |(x, id): &(f64, ConditionId)| {
            let aggregate = summary.condition(*id).aggregates.get(&scatter.y)?;
            Some((*x, aggregate.mean?, aggregate.std_dev.unwrap_or(0.0)))
        };
        ScatterSeries {
            label: label_of(names, summary, scatter, ids[0], Some(factor))
                + &few_runs(summary, &ids),
            style: SeriesStyle::numbered(index),
            dots: Vec::new(),
            line: members.iter().filter_map(point).collect(),
        }
    });
    series.collect()
}

/// The means at the first and the last level.
fn ends(series: &[ScatterSeries], factor: &str, y: &Metric) -> String {
    let write = |value: f64| match y.unit {
        ScoreUnit::Percent => y.unit.after(&Digits::Decimals(1).write(value)),
        ScoreUnit::Named(_) => y.unit.after(&Digits::of([value], []).write(value)),
    };
    let sentence = |one: &ScatterSeries| {
        let ((from, first, _), (to, last, _)) = (one.line.first()?, one.line.last()?);
        let [from, to] = [*from, *to].map(crate::format::typed);
        Some(format!(
            "{} goes from {} at {factor} {from} to {} at {to}",
            one.label,
            write(*first),
            write(*last)
        ))
    };
    let sentences: Vec<_> = series.iter().filter_map(sentence).collect();
    match sentences.is_empty() {
        true => "There are no runs yet.".to_owned(),
        false => format!("The mean of {}.", sentences.join("; ")),
    }
}
