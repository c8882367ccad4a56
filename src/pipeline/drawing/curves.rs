//! The figure of learning curves: one or several curves of each condition.

use super::super::{Error, Project};
use super::remarks::{self, few_runs, unreadable};
use crate::context::Drawing;
use crate::figure::{
    self, CurveSeries, DASH_WORDS, FigureError, ScaledAxis, SeriesStyle, ValueAxis, Width,
};
use crate::format::{Digits, visible};
use crate::paper::keys::{Differs, differs_note};
use crate::paper::{EXPERIMENT, Figure, Names, ScoreUnit, Selection};
use crate::plan::Plan;
use crate::run::{Curve, Moment, Unit};
use crate::summary::{self, Aggregate, ConditionSummary, CurveSummary, Summary};

/// The data of a figure of learning curves.
pub(super) struct CurveData<'d> {
    pub(super) project: &'d Project,
    pub(super) plan: &'d Plan,
    pub(super) summary: &'d Summary,
    pub(super) is_log: bool,
    pub(super) selection: &'d Selection,
    pub(super) differs: &'d Differs,
    pub(super) figure: &'d Figure,
}

impl CurveData<'_> {
    /// The drawings of these curves: one for each protocol if the only curve is that of the first
    /// protocol.
    ///
    /// # Errors
    /// Returns an error if a drawing would not be readable.
    pub(super) fn drawings(&self, curves: &[&Curve]) -> Result<Vec<Drawing>, Error> {
        let under = match curves {
            [curve] => self.project.file.paper.protocol_curves(curve),
            _ => Vec::new(),
        };
        if under.is_empty() {
            return Ok(vec![self.drawing(None, curves)?]);
        }
        under
            .into_iter()
            .map(|(metric, curve)| self.drawing(Some(metric.to_owned()), &[curve]))
            .collect()
    }

    fn drawing(&self, metric: Option<String>, curves: &[&Curve]) -> Result<Drawing, Error> {
        let unit = self.project.file.paper.unit_of(curves[0]);
        let mut quantities: Vec<&str> = curves.iter().map(|curve| curve.quantity).collect();
        quantities.dedup();
        let quantity = quantities.join(" and ");
        let is_percent = unit == ScoreUnit::Percent;
        let axis = ValueAxis { label: unit.in_head(&quantity), is_percent };
        let axis = ScaledAxis { axis, is_log: self.is_log };
        let series = self.series(curves).map_err(|error| unreadable(self.figure, error))?;
        let draw = |width| {
            figure::learning_curves(&series, &axis, width)
                .map_err(|error| unreadable(self.figure, error))
        };
        Ok(Drawing {
            metric,
            kind: format!("Line chart of {quantity} over the epochs."),
            finding: finding(&series, &unit, || {
                remarks::nothing(self.summary, &self.summary.select(self.selection))
            }),
            formula: self.formula(curves, series.len()),
            svg: draw(Width::Wide)?,
            narrow: draw(Width::Narrow)?,
        })
    }

    /// The curves of each condition, one condition after another.
    fn series(&self, curves: &[&Curve]) -> Result<Vec<CurveSeries>, FigureError> {
        let Self { plan, summary, selection, .. } = *self;
        let means = |curve: &&Curve| summary::learning_curves(summary, plan, curve, selection);
        let by_curve: Vec<Vec<CurveSummary>> = curves.iter().map(means).collect();
        let n_conditions = by_curve.first().map_or(0, Vec::len);
        // One run has a line, but no spread around it.
        let point = |a: &Aggregate| a.mean.map(|mean| (mean, a.std_dev.unwrap_or(0.0)));
        let mut series = Vec::new();
        for condition in 0..n_conditions {
            for (index, (curve, of_curve)) in curves.iter().zip(&by_curve).enumerate() {
                let one = &of_curve[condition];
                let label = open_levels(self.project, summary.condition(one.condition), selection)
                    + &few_runs(summary, &[one.condition]);
                let (label, style) = match curves.len() {
                    1 => (label, Some(SeriesStyle::numbered(condition))),
                    _ => {
                        let label = format!("{label}: {}", curve.name.replace('_', " "));
                        (label, SeriesStyle::of(condition, index))
                    }
                };
                let too_many = || FigureError::TooManyStyles {
                    curves: curves.len(),
                    conditions: n_conditions,
                };
                let points = one.epochs.iter().filter_map(point).collect();
                series.push(CurveSeries { label, style: style.ok_or_else(too_many)?, points });
            }
        }
        Ok(series)
    }

    /// How the lines come from the records, and what limits a comparison of them.
    fn formula(&self, curves: &[&Curve], n_series: usize) -> String {
        let when = |curve: &Curve| match curve.moment {
            Moment::Before => "before each epoch",
            Moment::After => "at the end of each epoch",
        };
        let lines = match curves {
            [curve] => format!("Line: mean of {} over the seeds, {}.", curve.name, when(curve)),
            _ => {
                let dashed = curves.iter().zip(DASH_WORDS);
                let each =
                    dashed.map(|(curve, dash)| format!("{} ({dash}), {}", curve.name, when(curve)));
                let each = each.collect::<Vec<_>>().join("; ");
                format!("Lines: means over the seeds of {each}. Each condition has a colour.")
            }
        };
        let band = match n_series <= figure::MOST_BANDS {
            true => " Band: one population standard deviation (divided by n) on both sides.",
            false => "",
        };
        let ids = self.summary.select(self.selection);
        let ends = curves.iter().any(|curve| curve.unit == Unit::Number)
            && self.summary.exceptions(&ids).diverged > 0;
        let ends = match ends {
            true => " A run that diverged has no value from the epoch of the divergence on.",
            false => "",
        };
        let stopping = ids.iter().map(|id| self.summary.condition(*id).training);
        let stopping: Vec<_> = stopping.filter(|training| training.may_stop_early).collect();
        let has_folds = stopping.iter().any(|training| training.folds > 1);
        let first = if has_folds { "fold" } else { "run" };
        let stopped = match stopping.is_empty() {
            true => String::new(),
            false => format!(
                " A line ends with the first {first} that stopped early. data/curves.csv has the later epochs of the \
                 others."
            ),
        };
        let cut = match self.is_log && n_series <= figure::MOST_BANDS {
            true => " On the logarithmic axis, a band that reaches 0 ends at the axis below.",
            false => "",
        };
        let differs = differs_note(self.differs).map(|note| format!(" {note}")).unwrap_or_default();
        format!("{lines}{band}{cut}{ends}{stopped}{differs}")
    }
}

/// The name of a condition by the levels that the selection leaves open: `deep + weight sharing`.
fn open_levels(project: &Project, condition: &ConditionSummary, selection: &Selection) -> String {
    let is_open = |factor: &str| selection.get(factor).is_none_or(|levels| levels.len() > 1);
    let levels = condition.levels.iter();
    let levels = levels.filter(|(factor, _)| *factor == EXPERIMENT || is_open(factor));
    let names = Names { paper: &project.file.paper, experiments: &project.experiments };
    visible(&names.describe(levels))
}

fn finding(series: &[CurveSeries], unit: &ScoreUnit, nothing: impl FnOnce() -> String) -> String {
    // A loss may fall by powers of ten, so each number has its own digits.
    let write = |value: f64| match unit {
        ScoreUnit::Percent => Digits::Decimals(1).write(value),
        ScoreUnit::Named(_) => Digits::of([value], []).write(value),
    };
    let sentence = |one: &CurveSeries| {
        let ((first, _), (last, _)) = (one.points.first()?, one.points.last()?);
        Some(format!("{} goes from {} to {}", one.label, write(*first), unit.after(&write(*last))))
    };
    let sentences: Vec<_> = series.iter().filter_map(sentence).collect();
    match sentences.is_empty() {
        true => nothing(),
        false => format!("Between the first and the last epoch, {}.", sentences.join("; ")),
    }
}
