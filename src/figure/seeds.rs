//! One dot for each run of each row of a table, with the mean and the published mean.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::Axes;
use super::font::room;
use super::label::{self, Lines};
use super::style::{Area, INK, Refusal, color, range_of, text, whole_ticks};
use super::{FigureError, draw, with_titles};

/// The score of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedDot {
    /// In percent.
    pub value: f64,
    /// The text that a reader sees who points at the dot.
    pub title: String,
}

/// The runs of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// Its name.
    pub label: String,
    /// The score of each run.
    pub dots: Vec<SeedDot>,
    /// Their mean.
    pub mean: Option<f64>,
    /// The published mean.
    pub published: Option<f64>,
}

const WIDTH: i32 = 760;
const LEAST_ROW_HEIGHT: i32 = 30;
const LINE_HEIGHT: i32 = 18;
const TYPE: u32 = 15;
const TOP: i32 = 40;
const BOTTOM: i32 = 52;
/// Widest column of labels, so that half of the figure is left for the dots.
const WIDEST_LABEL: i32 = 340;
const MOST_ROWS: usize = 1000;

/// The positions of the rows and their labels.
struct Layout {
    labels: Vec<Lines>,
    /// The right end of the labels.
    left: i32,
    /// The middle of each row.
    middles: Vec<i32>,
    /// The end of the last row.
    end: i32,
}

/// Draws the rows from top to bottom.
///
/// # Errors
/// Returns an error if there are too many rows, or if plotters refuses.
pub fn seeds(rows: &[SeedRow], x_label: &str) -> Result<String, FigureError> {
    if rows.len() > MOST_ROWS {
        return Err(FigureError::TooMany { n: rows.len(), of: "rows", most: MOST_ROWS });
    }
    let layout = Layout::of(rows);
    let size = (WIDTH.unsigned_abs(), (layout.end + BOTTOM).unsigned_abs());
    let svg = draw(size, |area| paint(area, rows, x_label, &layout))?;
    let titles = rows.iter().flat_map(|row| &row.dots).map(|dot| dot.title.as_str());
    Ok(with_titles(&svg, titles))
}

impl Layout {
    fn of(rows: &[SeedRow]) -> Self {
        let labels: Vec<_> = rows.iter().map(|row| row.label.as_str()).collect();
        let labels = label::fit(&labels, TYPE, WIDEST_LABEL, 2);
        let widths = labels.iter().flatten().map(|line| room(line, TYPE));
        let left = 24 + widths.max().unwrap_or(0);
        let mut end = TOP;
        let mut middles = Vec::with_capacity(rows.len());
        for lines in &labels {
            let height = (lines.len() as i32 * LINE_HEIGHT + 8).max(LEAST_ROW_HEIGHT);
            middles.push(end + height / 2);
            end += height;
        }
        Self { labels, left, middles, end: end.max(TOP + LEAST_ROW_HEIGHT) }
    }
}

fn paint(area: &Area<'_>, rows: &[SeedRow], x_label: &str, layout: &Layout) -> Result<(), Refusal> {
    let marks = |row: &SeedRow| {
        row.dots.iter().map(|dot| dot.value).chain(row.published).collect::<Vec<_>>()
    };
    let x_range = range_of(rows.iter().flat_map(marks), 5.0, (0.0, 100.0));
    let axes =
        Axes { x: x_range, y: 0.0..1.0, columns: layout.left..WIDTH - 24, rows: TOP..layout.end };
    axes.draw_x(area, x_label, &whole_ticks(&axes.x, 10), true)?;
    let x_of = |value: f64| axes.pixel((value, 0.0)).0;
    for ((row, y), lines) in rows.iter().zip(&layout.middles).zip(&layout.labels) {
        let y = *y;
        if let Some(mean) = row.mean {
            let x = x_of(mean);
            area.draw(&PathElement::new([(x, y - 11), (x, y + 11)], INK.stroke_width(3)))?;
        }
        for dot in &row.dots {
            area.draw(&Circle::new((x_of(dot.value), y), 4, color(0).mix(0.55).filled()))?;
        }
        if let Some(published) = row.published {
            area.draw(&diamond((x_of(published), y)))?;
        }
        let first = y - (lines.len() as i32 - 1) * LINE_HEIGHT / 2;
        for (number, line) in lines.iter().enumerate() {
            let at = (layout.left - 10, first + number as i32 * LINE_HEIGHT);
            area.draw_text(line, &text(TYPE, INK, HPos::Right), at)?;
        }
    }
    let is_published = rows.iter().any(|row| row.published.is_some());
    legend(area, layout.left, is_published)
}

/// A hollow diamond, which hides neither bar nor dots.
fn diamond(at: (i32, i32)) -> PathElement<(i32, i32)> {
    let (x, y) = at;
    let corners = [(x - 7, y), (x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y), (x, y - 7)];
    PathElement::new(corners.to_vec(), color(1).stroke_width(3))
}

fn legend(area: &Area<'_>, left: i32, is_published: bool) -> Result<(), Refusal> {
    let y = 18;
    let style = text(TYPE, INK, HPos::Left);
    area.draw(&Circle::new((left, y), 4, color(0).mix(0.55).filled()))?;
    area.draw_text("one run", &style, (left + 12, y))?;
    area.draw(&PathElement::new([(left + 90, y - 8), (left + 90, y + 8)], INK.stroke_width(3)))?;
    area.draw_text("mean", &style, (left + 102, y))?;
    if is_published {
        area.draw(&diamond((left + 166, y)))?;
        area.draw_text("published mean", &style, (left + 180, y))?;
    }
    Ok(())
}
