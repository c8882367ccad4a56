//! Values against values: a mark for each run, or a line of means with a band.

use plotters::prelude::*;

use super::axes::Axes;
use super::legend::{LegendBelow, MARGIN};
use super::scale::{Scale, ScaledAxis, ValueAxis, log_scale, widest};
use super::series_style::{MOST_SERIES, SeriesStyle, line, marker};
use super::style::{Area, COLORS, Refusal, Width};
use super::{FigureError, draw};
use crate::stats::log10;

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterSeries {
    /// Its name.
    pub label: String,
    /// Its colour, marker and dashes.
    pub style: SeriesStyle,
    /// A mark for each of these places.
    pub dots: Vec<(f64, f64)>,
    /// A line through means at these values of x, with a band of one standard deviation: x, mean and
    /// deviation.
    pub line: Vec<(f64, f64, f64)>,
}

/// Height of everything but the legend, if wide and if narrow.
const HEIGHTS: [i32; 2] = [440, 330];
const X_AXIS: i32 = 44;
const Y_AXIS: i32 = 58;
const Y_AXIS_LABEL: i32 = 33;
/// Room for half of the last label of the axis below.
const RIGHT: i32 = 24;

/// Draws the series.
///
/// # Errors
/// Returns an error if there are too many series to tell apart, or if plotters refuses.
pub fn scatter(
    series: &[ScatterSeries],
    x_axis: &ScaledAxis,
    y_axis: &ValueAxis,
    width: Width,
) -> Result<String, FigureError> {
    // Marks have no dashes.
    let has_marks = series.iter().any(|one| !one.dots.is_empty());
    let most = if has_marks { COLORS } else { MOST_SERIES };
    if series.len() > most {
        return Err(FigureError::TooMany { n: series.len(), of: "series", most });
    }
    let labels: Vec<_> = series.iter().map(|one| one.label.as_str()).collect();
    let legend = LegendBelow::of(&labels, width);
    let height = height_of(width) + legend.height();
    draw((width.pixels().unsigned_abs(), height.unsigned_abs()), |area| {
        paint(area, series, (x_axis, y_axis), width)?;
        let styles: Vec<_> = series.iter().map(|one| one.style).collect();
        legend.draw(area, &styles, height_of(width), width)
    })
}

fn height_of(width: Width) -> i32 {
    HEIGHTS[usize::from(width == Width::Narrow)]
}

fn paint(
    area: &Area<'_>,
    series: &[ScatterSeries],
    (x_axis, y_axis): (&ScaledAxis, &ValueAxis),
    width: Width,
) -> Result<(), Refusal> {
    let x_of = |x: f64| if x_axis.is_log { log10(x) } else { x };
    let xs = || {
        series.iter().flat_map(|one| {
            one.dots.iter().map(|dot| dot.0).chain(one.line.iter().map(|point| point.0))
        })
    };
    let ys = series.iter().flat_map(|one| {
        let ends = one.line.iter().flat_map(|(_, mean, sd)| [mean - sd, mean + sd]);
        one.dots.iter().map(|dot| dot.1).chain(ends)
    });
    let y = y_axis.scale(ys, 5.0, 8);
    let left = MARGIN + Y_AXIS.max(Y_AXIS_LABEL + widest(&y.ticks));
    let columns = left..width.pixels() - RIGHT;
    let fits = |scale: &Scale| {
        (widest(&scale.ticks) + 8) * scale.ticks.len() as i32 <= columns.end - columns.start
    };
    let x = match x_axis.is_log {
        true => log_scale(xs()),
        false => {
            let scale = |most| x_axis.axis.scale(xs(), 5.0, most);
            (3..=9).rev().map(scale).find(fits).unwrap_or_else(|| scale(2))
        }
    };
    let rows = MARGIN..height_of(width) - MARGIN - X_AXIS;
    let axes = Axes { x: x.range, y: y.range, columns, rows };
    axes.draw_x(area, &x_axis.axis.label, &x.ticks, false)?;
    axes.draw_y(area, (&y_axis.label, left - MARGIN - 12), &y.ticks)?;
    for one in series {
        let points = one.line.iter();
        let upper = points.clone().map(|(x, mean, sd)| axes.pixel((x_of(*x), mean + sd)));
        let lower = points.clone().rev().map(|(x, mean, sd)| axes.pixel((x_of(*x), mean - sd)));
        let band: Vec<_> = upper.chain(lower).collect();
        area.draw(&Polygon::new(band, one.style.color().mix(0.14)))?;
    }
    for one in series {
        let points = one.line.iter().map(|(x, mean, _)| axes.pixel((x_of(*x), *mean)));
        let points: Vec<_> = points.collect();
        let dots = one.dots.iter().map(|(x, y)| axes.pixel((x_of(*x), *y)));
        for at in dots.chain(points.iter().copied()) {
            marker(area, one.style, at)?;
        }
        if points.len() > 1 {
            line(area, one.style, points)?;
        }
    }
    Ok(())
}
