//! Mean curves over the epochs, each with a band for the spread.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::Axes;
use super::font::room;
use super::legend::{LINE_HEIGHT, LegendBelow, MARGIN, SAMPLE, TYPE};
use super::scale::{ScaledAxis, log_scale, whole, widest};
use super::series_style::{MOST_SERIES, SeriesStyle, line, marker};
use super::style::{Area, INK, Refusal, Width, text, whole_ticks};
use super::{FigureError, draw};
use crate::stats::log10;

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSeries {
    /// Its name.
    pub label: String,
    /// Its colour and dashes.
    pub style: SeriesStyle,
    /// Mean and standard deviation at each epoch, in the unit of the axis.
    pub points: Vec<(f64, f64)>,
}

/// Largest number of curves with bands. More bands would cover each other.
pub const MOST_BANDS: usize = 12;

/// Height of everything but a legend below, if wide and if narrow.
const HEIGHTS: [i32; 2] = [440, 330];
const X_AXIS: i32 = 44;
/// The least room left of the chart, and the room of all but the labels of the ticks.
const Y_AXIS: i32 = 58;
const Y_AXIS_LABEL: i32 = 33;
/// The largest number of labels, and the widest label, at the ends of the curves.
const MOST_AT_ENDS: usize = 8;
const WIDEST_AT_ENDS: i32 = 250;

/// The place of the labels of the curves.
enum Legend {
    /// Beside the ends of the curves, in a column of this width.
    Ends { width: i32 },
    /// Below the chart, in columns.
    Below(LegendBelow),
}

/// Draws the curves. Epochs are counted from 1.
///
/// # Errors
/// Returns an error if there are too many curves to tell apart, if a logarithmic axis has no place for a mean, or if
/// plotters refuses.
pub fn learning_curves(
    series: &[CurveSeries],
    y_axis: &ScaledAxis,
    width: Width,
) -> Result<String, FigureError> {
    if series.len() > MOST_SERIES {
        return Err(FigureError::TooMany { n: series.len(), of: "curves", most: MOST_SERIES });
    }
    let means = || series.iter().flat_map(|one| &one.points).map(|(mean, _)| *mean);
    if let Some(mean) = means().find(|mean| y_axis.is_log && *mean <= 0.0) {
        return Err(FigureError::NotPositive(mean));
    }
    let legend = Legend::of(series, width);
    let height = height_of(width) + legend.height();
    draw((width.pixels().unsigned_abs(), height.unsigned_abs()), |area| {
        paint(area, series, y_axis, &legend, width)
    })
}

fn height_of(width: Width) -> i32 {
    HEIGHTS[usize::from(width == Width::Narrow)]
}

impl Legend {
    fn of(series: &[CurveSeries], width: Width) -> Self {
        let labels: Vec<_> = series.iter().map(|one| one.label.as_str()).collect();
        let widest = labels.iter().map(|label| room(label, TYPE)).max().unwrap_or(0);
        if width == Width::Wide && labels.len() <= MOST_AT_ENDS && widest <= WIDEST_AT_ENDS {
            return Self::Ends { width: SAMPLE + widest };
        }
        Self::Below(LegendBelow::of(&labels, width))
    }

    fn height(&self) -> i32 {
        match self {
            Self::Ends { .. } => 0,
            Self::Below(legend) => legend.height(),
        }
    }
}

fn paint(
    area: &Area<'_>,
    series: &[CurveSeries],
    y_axis: &ScaledAxis,
    legend: &Legend,
    width: Width,
) -> Result<(), Refusal> {
    let points = || series.iter().flat_map(|s| &s.points);
    let bounds = points().flat_map(|(m, sd)| [m - sd, m + sd]);
    // A band may reach 0 and below. A logarithmic axis shows it down to the end of the axis.
    let positive = points().flat_map(|(m, sd)| [*m, m + sd]);
    let scale = match y_axis.is_log {
        true => log_scale(positive),
        false => y_axis.axis.scale(bounds, 5.0, 8),
    };
    let least = scale.range.start;
    let y_of = |value: f64| match y_axis.is_log {
        true if value <= 0.0 => least,
        true => log10(value).max(least),
        false => value,
    };
    let left = Y_AXIS.max(Y_AXIS_LABEL + widest(&scale.ticks));
    let n_epochs = series.iter().map(|s| s.points.len()).max().unwrap_or(0).max(1);
    let x_range = if n_epochs == 1 { 0.5..1.5 } else { 1.0..n_epochs as f64 };
    let right = match legend {
        Legend::Ends { width } => MARGIN + width,
        Legend::Below(_) => MARGIN + 8,
    };
    let axes = Axes {
        x: x_range,
        y: scale.range,
        columns: MARGIN + left..width.pixels() - right,
        rows: MARGIN..height_of(width) - MARGIN - X_AXIS,
    };
    axes.draw_x(area, "epoch", &whole(epoch_ticks(n_epochs)), false)?;
    axes.draw_y(area, (&y_axis.axis.label, left - 12), &scale.ticks)?;
    let epoch = |index: usize| (index + 1) as f64;
    for one in series.iter().filter(|_| series.len() <= MOST_BANDS) {
        let points = one.points.iter().enumerate();
        let upper = points.clone().map(|(i, (mean, sd))| axes.pixel((epoch(i), y_of(mean + sd))));
        let lower =
            points.clone().rev().map(|(i, (mean, sd))| axes.pixel((epoch(i), y_of(mean - sd))));
        let band: Vec<_> = upper.chain(lower).collect();
        area.draw(&Polygon::new(band, one.style.color().mix(0.14)))?;
    }
    // About eight markers on each curve.
    let step = (n_epochs / 8).max(1);
    let mut ends = Vec::new();
    for one in series {
        let points = one.points.iter().enumerate();
        let points = points.map(|(i, (mean, _))| axes.pixel((epoch(i), y_of(*mean))));
        let points: Vec<_> = points.collect();
        ends.push(points.last().copied());
        for at in points.iter().step_by(step) {
            marker(area, one.style, *at)?;
        }
        line(area, one.style, points)?;
    }
    match legend {
        Legend::Ends { .. } => label_ends(area, series, &ends, &axes),
        Legend::Below(legend) => {
            let styles: Vec<_> = series.iter().map(|one| one.style).collect();
            legend.draw(area, &styles, height_of(width), width)
        }
    }
}

/// Labels beside the ends of the curves. A curve that ends early has its label at the right too.
fn label_ends(
    area: &Area<'_>,
    series: &[CurveSeries],
    ends: &[Option<(i32, i32)>],
    axes: &Axes,
) -> Result<(), Refusal> {
    let (right, plot) = (axes.columns.end, &axes.rows);
    let wanted: Vec<_> = ends.iter().map(|end| end.map_or(plot.end, |(_, y)| y)).collect();
    let placed = spread(&wanted, LINE_HEIGHT, plot);
    for (index, one) in series.iter().enumerate() {
        let y = placed[index];
        let from = ends[index].filter(|(x, _)| *x == right).map_or(y, |(_, y)| y);
        let leader = [(right + 2, from), (right + 10, y)];
        area.draw(&PathElement::new(leader, one.style.color().stroke_width(1)))?;
        line(area, one.style, vec![(right + 10, y), (right + SAMPLE - 6, y)])?;
        marker(area, one.style, (right + 28, y))?;
        area.draw_text(&one.label, &text(TYPE, INK, HPos::Left), (right + SAMPLE, y))?;
    }
    Ok(())
}

/// At most nine epochs from 1 to `n`, among them the first.
fn epoch_ticks(n: usize) -> Vec<f64> {
    let mut ticks = whole_ticks(&(1.0..n as f64), 8);
    if ticks.first().is_some_and(|first| *first > 2.0) {
        ticks.insert(0, 1.0);
    }
    ticks
}

/// Moves positions apart until neighbours differ by `gap`, within `bounds` if there is room. Keeps
/// their order.
fn spread(positions: &[i32], gap: i32, bounds: &Range<i32>) -> Vec<i32> {
    let mut order: Vec<_> = (0..positions.len()).collect();
    order.sort_by_key(|index| positions[*index]);
    let mut placed = positions.to_vec();
    let mut least = bounds.start;
    for index in &order {
        placed[*index] = placed[*index].max(least);
        least = placed[*index] + gap;
    }
    let mut most = bounds.end;
    for index in order.iter().rev() {
        placed[*index] = placed[*index].min(most);
        most = placed[*index] - gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_moved_apart_within_their_bounds() {
        let placed = spread(&[50, 50, 10, 99, 100, 98], 12, &(0..100));
        assert_eq!(placed, [50, 62, 10, 88, 100, 76]);
        let crowded = spread(&[100; 8], 12, &(0..100));
        assert!(crowded.windows(2).all(|pair| pair[1] - pair[0] == 12));
    }

    #[test]
    fn epochs_are_whole_and_begin_with_the_first() {
        assert_eq!(epoch_ticks(1), [1.0]);
        assert_eq!(epoch_ticks(3), [1.0, 2.0, 3.0]);
        assert_eq!(epoch_ticks(25), [1.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        for n in 1..300 {
            let ticks = epoch_ticks(n);
            assert!(ticks.len() <= 9 && ticks[0] <= 2.0, "{n}: {ticks:?}");
        }
    }
}
