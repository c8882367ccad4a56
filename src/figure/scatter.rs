//! Values against values: a mark for each run, or a line of means with a band.

use plotters::prelude::*;

use super::axes::Axes;
use super::legend::{LegendBelow, MARGIN};
use super::scale::{Scale, Tick, ValueAxis, widest};
use super::series_style::{MOST_SERIES, SeriesStyle, line, marker};
use super::style::{Area, COLORS, Refusal, Width};
use super::{FigureError, draw};
use crate::format::{exponent, typed};
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

/// The axis below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XAxis {
    /// What it shows.
    pub axis: ValueAxis,
    /// Whether equal distances are equal ratios. All its values are then above 0.
    pub is_log: bool,
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
    x_axis: &XAxis,
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
    (x_axis, y_axis): (&XAxis, &ValueAxis),
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

/// The scale of the logarithms of positive values. Ticks are powers of ten; if these are few, also
/// twice and five times of them.
fn log_scale(values: impl Iterator<Item = f64>) -> Scale {
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = values.fold((f64::INFINITY, 0.0), ends);
    let (low, high) = if low > high { (1.0, 10.0) } else { (low, high) };
    let powers = exponent(low)..=exponent(high) + 1;
    let is_few = exponent(high) - exponent(low) < 3;
    let factors = if is_few { &[1.0, 2.0, 5.0][..] } else { &[1.0] };
    let all = powers.flat_map(|power| {
        factors.iter().map(move |factor| format!("{factor}e{power}").parse().unwrap_or(1.0))
    });
    let all: Vec<f64> = all.collect();
    // The ends are the ticks around all values.
    let first = all.iter().rposition(|tick| *tick <= low).unwrap_or(0);
    let last = all.iter().position(|tick| *tick > high).unwrap_or(all.len() - 1);
    let shown = &all[first..=last];
    let step = (shown.len() / 8).max(1);
    let tick = |value: &f64| Tick { value: log10(*value), label: typed(*value) };
    Scale {
        range: log10(shown[0])..log10(shown[shown.len() - 1]),
        ticks: shown.iter().step_by(step).map(tick).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_a_logarithmic_axis_are_round_and_around_all_values() {
        let labels = |values: &[f64]| {
            let scale = log_scale(values.iter().copied());
            for value in values {
                let place = log10(*value);
                assert!(scale.range.start <= place && place <= scale.range.end, "{values:?}");
            }
            scale.ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(&[0.001, 0.03]), ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05"]);
        assert_eq!(labels(&[1.0, 1000.0]), ["1", "10", "100", "1000", "10000"]);
        assert_eq!(labels(&[3.0]), ["2", "5"]);
        assert_eq!(labels(&[]), ["1", "2", "5", "10", "20"]);
        assert!(labels(&[1e-20, 1e20]).len() <= 9);
    }
}
