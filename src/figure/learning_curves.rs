//! Mean curves over the epochs, each with a band for the spread.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{Area, FAINT_INK, INK, LINE, Refusal, color, range_of, text};
use super::{FigureError, draw};

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveSeries {
    /// How it is called.
    pub label: String,
    /// Mean and standard deviation at each epoch, in percent.
    pub points: Vec<(f64, f64)>,
}

/// Draws the curves; epochs are counted from 1.
///
/// # Errors
/// If plotters refuses.
pub fn learning_curves(series: &[CurveSeries], y_label: &str) -> Result<String, FigureError> {
    draw((760, 440), |area| paint(area, series, y_label))
}

fn paint(area: &Area<'_>, series: &[CurveSeries], y_label: &str) -> Result<(), Refusal> {
    let bounds = series.iter().flat_map(|s| &s.points).flat_map(|(m, sd)| [m - sd, m + sd]);
    let y_range = range_of(bounds, 5.0, (0.0, 100.0));
    let n_epochs = series.iter().map(|s| s.points.len()).max().unwrap_or(1).max(2);
    // Room at the right for the names, which stand at the ends of their curves.
    let longest = series.iter().map(|s| s.label.chars().count()).max().unwrap_or(0);
    let mut chart = ChartBuilder::on(area)
        .margin(14)
        .margin_right(46 + 8 * u32::try_from(longest.min(30)).unwrap_or(30))
        .x_label_area_size(44)
        .y_label_area_size(58)
        .build_cartesian_2d(1.0..n_epochs as f64, y_range.clone())?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .label_style(text(15, FAINT_INK, HPos::Center))
        .axis_desc_style(text(16, INK, HPos::Center))
        .x_desc("epoch")
        .y_desc(y_label)
        .x_labels(8)
        .y_labels(8)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    let epoch = |index: usize| (index + 1) as f64;
    for (index, one) in series.iter().enumerate() {
        let points = one.points.iter().enumerate();
        let upper = points.clone().map(|(i, (mean, sd))| (epoch(i), mean + sd));
        let lower = points.clone().rev().map(|(i, (mean, sd))| (epoch(i), mean - sd));
        let band: Vec<_> = upper.chain(lower).collect();
        chart.draw_series([Polygon::new(band, color(index).mix(0.14))])?;
    }
    for (index, one) in series.iter().enumerate() {
        let line = one.points.iter().enumerate().map(|(i, (mean, _))| (epoch(i), *mean));
        let points: Vec<_> = line.collect();
        chart.draw_series(LineSeries::new(points.clone(), color(index).stroke_width(2)))?;
        let at = points.into_iter().step_by(3);
        for point in at {
            marker(area, index, chart.backend_coord(&point))?;
        }
    }
    let ends = series.iter().map(|s| s.points.last().map_or(0.0, |(mean, _)| *mean));
    let least_gap = (y_range.end - y_range.start) * 0.045;
    for ((index, one), y) in series.iter().enumerate().zip(spread(ends.collect(), least_gap)) {
        let (x, y) = chart.backend_coord(&(n_epochs as f64, y));
        let key = [(x + 6, y), (x + 26, y)];
        area.draw(&PathElement::new(key, color(index).stroke_width(2)))?;
        marker(area, index, (x + 16, y))?;
        area.draw_text(&one.label, &text(16, INK, HPos::Left), (x + 30, y))?;
    }
    Ok(())
}

/// What tells a series apart without colour.
fn marker(area: &Area<'_>, index: usize, at: (i32, i32)) -> Result<(), Refusal> {
    let fill = color(index).filled();
    match index % 3 {
        0 => area.draw(&Circle::new(at, 4, fill)),
        1 => area.draw(&TriangleMarker::new(at, 6, fill)),
        _ => area.draw(&Cross::new(at, 4, fill.stroke_width(2))),
    }
}

/// Moves values apart until neighbours differ by `gap`, so that labels there do not overlap.
fn spread(values: Vec<f64>, gap: f64) -> Vec<f64> {
    let mut order: Vec<_> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut placed = values;
    for pair in order.windows(2) {
        placed[pair[1]] = placed[pair[1]].max(placed[pair[0]] + gap);
    }
    placed
}
