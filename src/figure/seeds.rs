//! One dot a run for each row of a table, with the mean and the published mean.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{Area, FAINT_INK, INK, LINE, Refusal, color, range_of, text};
use super::{FigureError, draw, with_titles};

/// The score of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedDot {
    /// In percent.
    pub value: f64,
    /// What readers see who point at it.
    pub title: String,
}

/// The runs of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// How it is called.
    pub label: String,
    /// The score of each run.
    pub dots: Vec<SeedDot>,
    /// Their mean.
    pub mean: Option<f64>,
    /// The published mean.
    pub published: Option<f64>,
}

const ROW_HEIGHT: u32 = 30;
const TOP: u32 = 40;
const BOTTOM: u32 = 52;

/// Draws the rows from top to bottom.
///
/// # Errors
/// If plotters refuses.
pub fn seeds(rows: &[SeedRow], x_label: &str) -> Result<String, FigureError> {
    let n_rows = u32::try_from(rows.len()).unwrap_or(u32::MAX).clamp(1, 2000);
    let svg = draw((760, TOP + n_rows * ROW_HEIGHT + BOTTOM), |area| paint(area, rows, x_label))?;
    let titles = rows.iter().flat_map(|row| &row.dots).map(|dot| dot.title.as_str());
    Ok(with_titles(&svg, titles))
}

fn paint(area: &Area<'_>, rows: &[SeedRow], x_label: &str) -> Result<(), Refusal> {
    let marks = |row: &SeedRow| {
        row.dots.iter().map(|dot| dot.value).chain(row.published).collect::<Vec<_>>()
    };
    let x_range = range_of(rows.iter().flat_map(marks), 5.0, (0.0, 100.0));
    let longest = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let left = 24 + 15 * u32::try_from(longest.min(60)).unwrap_or(60) / 2;
    let n = rows.len().max(1) as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_top(TOP)
        .margin_right(24)
        .margin_bottom(4)
        .x_label_area_size(BOTTOM - 4)
        .y_label_area_size(left)
        .build_cartesian_2d(x_range, 0.0..n)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(TRANSPARENT)
        .bold_line_style(LINE)
        .axis_style(LINE)
        .label_style(text(15, FAINT_INK, HPos::Center))
        .axis_desc_style(text(16, INK, HPos::Center))
        .x_desc(x_label)
        .x_labels(10)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .draw()?;
    for (index, row) in rows.iter().enumerate() {
        let y = n - index as f64 - 0.5;
        if let Some(mean) = row.mean {
            let bar = [(mean, y - 0.36), (mean, y + 0.36)];
            chart.draw_series([PathElement::new(bar, INK.stroke_width(3))])?;
        }
        let dots =
            row.dots.iter().map(|dot| Circle::new((dot.value, y), 4, color(0).mix(0.55).filled()));
        chart.draw_series(dots)?;
        if let Some(published) = row.published {
            let at = chart.backend_coord(&(published, y));
            area.draw(&diamond(at))?;
        }
        let at = chart.backend_coord(&(chart.x_range().start, y));
        area.draw_text(&row.label, &text(15, INK, HPos::Right), (at.0 - 10, at.1))?;
    }
    legend(area, i32::try_from(left).unwrap_or(0))
}

/// A hollow diamond, which hides neither bar nor dots.
fn diamond(at: (i32, i32)) -> PathElement<(i32, i32)> {
    let (x, y) = at;
    let corners = [(x - 7, y), (x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y), (x, y - 7)];
    PathElement::new(corners.to_vec(), color(1).stroke_width(3))
}

fn legend(area: &Area<'_>, left: i32) -> Result<(), Refusal> {
    let y = 18;
    let style = text(15, INK, HPos::Left);
    area.draw(&Circle::new((left, y), 4, color(0).mix(0.55).filled()))?;
    area.draw_text("one run", &style, (left + 12, y))?;
    area.draw(&PathElement::new([(left + 90, y - 8), (left + 90, y + 8)], INK.stroke_width(3)))?;
    area.draw_text("mean", &style, (left + 102, y))?;
    area.draw(&diamond((left + 166, y)))?;
    area.draw_text("published mean", &style, (left + 180, y))
}
