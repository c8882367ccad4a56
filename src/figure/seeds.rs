//! One dot for each run of each row of a table, with the mean, its interval, and the published mean in the range
//! that is expected of it.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::Axes;
use super::font::room;
use super::label::{self, Lines};
use super::style::{Area, INK, Refusal, Width, color, range_of, text, whole_ticks};
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
    /// The interval of the mean.
    pub interval: Option<[f64; 2]>,
    /// The range in which a published mean counts as compatible.
    pub expected: Option<[f64; 2]>,
    /// The published mean.
    pub published: Option<f64>,
}

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
    /// The first line of each label: its right end if wide, else its left end.
    places: Vec<(i32, i32)>,
    /// The left end of the dots.
    left: i32,
    /// The middle of each row of dots.
    middles: Vec<i32>,
    /// The end of the last row.
    end: i32,
    /// Signs of the legend, and the lines that they take.
    legend: Vec<Sign>,
    width: Width,
}

/// A sign of the legend.
#[derive(Clone, Copy, Debug)]
struct Sign {
    kind: SignKind,
    at: (i32, i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SignKind {
    Run,
    MeanAndInterval,
    Mean,
    Published,
    Expected,
}

impl SignKind {
    /// Its name, and the room that the sign takes before it.
    fn words(self) -> (&'static str, i32) {
        match self {
            Self::Run => ("one run", 12),
            Self::MeanAndInterval => ("mean and 95 % interval", 32),
            Self::Mean => ("mean", 12),
            Self::Published => ("published", 20),
            Self::Expected => ("expected of it", 32),
        }
    }
}

/// Draws the rows from top to bottom.
///
/// # Errors
/// Returns an error if there are too many rows, or if plotters refuses.
pub fn seeds(rows: &[SeedRow], x_label: &str, width: Width) -> Result<String, FigureError> {
    if rows.len() > MOST_ROWS {
        return Err(FigureError::TooMany { n: rows.len(), of: "rows", most: MOST_ROWS });
    }
    let layout = Layout::of(rows, width);
    let size = (width.pixels().unsigned_abs(), (layout.end + BOTTOM).unsigned_abs());
    let svg = draw(size, |area| paint(area, rows, x_label, &layout))?;
    let titles = rows.iter().flat_map(|row| &row.dots).map(|dot| dot.title.as_str());
    Ok(with_titles(&svg, titles))
}

impl Layout {
    fn of(rows: &[SeedRow], width: Width) -> Self {
        let labels: Vec<_> = rows.iter().map(|row| row.label.as_str()).collect();
        let widest = if width == Width::Wide { WIDEST_LABEL } else { width.pixels() - 24 };
        let labels = label::fit(&labels, TYPE, widest, if width == Width::Wide { 2 } else { 4 });
        let widths = labels.iter().flatten().map(|line| room(line, TYPE));
        let left = if width == Width::Wide { 24 + widths.max().unwrap_or(0) } else { 16 };
        let (legend, top) = legend(rows, left, width.pixels());
        let mut end = top;
        let (mut middles, mut places) = (Vec::new(), Vec::new());
        for lines in &labels {
            let lines = lines.len() as i32 * LINE_HEIGHT;
            let height = match width {
                Width::Wide => (lines + 8).max(LEAST_ROW_HEIGHT),
                Width::Narrow => lines + LEAST_ROW_HEIGHT,
            };
            match width {
                Width::Wide => {
                    middles.push(end + height / 2);
                    places.push((left - 10, end + (height - lines).midpoint(LINE_HEIGHT)));
                }
                Width::Narrow => {
                    middles.push(end + height - LEAST_ROW_HEIGHT / 2);
                    places.push((left, end + LINE_HEIGHT / 2 + 3));
                }
            }
            end += height;
        }
        let end = end.max(top + LEAST_ROW_HEIGHT);
        Self { labels, places, left, middles, end, legend, width }
    }

    /// Where the dots begin, from above.
    fn top(&self) -> i32 {
        self.legend.last().map_or(0, |sign| sign.at.1) + TOP / 2 + 2
    }
}

/// The legend in as few lines as it takes, and where the rows begin below it. It starts above the dots, if
/// there is room.
fn legend(rows: &[SeedRow], left: i32, width: i32) -> (Vec<Sign>, i32) {
    let has = |part: fn(&SeedRow) -> bool| rows.iter().any(part);
    let mean = match has(|row| row.interval.is_some()) {
        true => SignKind::MeanAndInterval,
        false => SignKind::Mean,
    };
    let mut kinds = vec![SignKind::Run, mean];
    kinds.extend(has(|row| row.published.is_some()).then_some(SignKind::Published));
    kinds.extend(has(|row| row.expected.is_some()).then_some(SignKind::Expected));
    let width_of = |kind: &SignKind| kind.words().1 + room(kind.words().0, TYPE) + 18;
    let whole: i32 = kinds.iter().map(width_of).sum();
    let first = left.min((width - whole).max(16));
    let (mut x, mut y, mut signs) = (first, 18, Vec::new());
    for kind in kinds {
        if x > first && x + width_of(&kind) - 18 > width {
            (x, y) = (first, y + LINE_HEIGHT + 4);
        }
        signs.push(Sign { kind, at: (x, y) });
        x += width_of(&kind);
    }
    (signs, y + TOP / 2 + 2)
}

fn paint(area: &Area<'_>, rows: &[SeedRow], x_label: &str, layout: &Layout) -> Result<(), Refusal> {
    let marks = |row: &SeedRow| {
        let bounds = [row.interval, row.expected].into_iter().flatten().flatten();
        row.dots.iter().map(|dot| dot.value).chain(row.published).chain(bounds).collect::<Vec<_>>()
    };
    let x_range = range_of(rows.iter().flat_map(marks), 5.0, (0.0, 100.0));
    let columns = layout.left..layout.width.pixels() - 24;
    let axes = Axes { x: x_range, y: 0.0..1.0, columns, rows: layout.top()..layout.end };
    axes.draw_x(
        area,
        x_label,
        &whole_ticks(&axes.x, if layout.width == Width::Wide { 10 } else { 6 }),
        true,
    )?;
    let x_of = |value: f64| axes.pixel((value, 0.0)).0;
    let places = layout.labels.iter().zip(&layout.places);
    for ((row, y), (lines, place)) in rows.iter().zip(&layout.middles).zip(places) {
        let y = *y;
        if let Some(expected) = row.expected {
            let [low, high] = expected.map(x_of);
            area.draw(&Rectangle::new(
                [(low, y - 10), (high, y + 10)],
                color(1).mix(0.16).filled(),
            ))?;
        }
        if let Some(interval) = row.interval {
            let [low, high] = interval.map(x_of);
            area.draw(&PathElement::new([(low, y), (high, y)], INK.stroke_width(3)))?;
        }
        if let Some(mean) = row.mean {
            let x = x_of(mean);
            area.draw(&PathElement::new([(x, y - 8), (x, y + 8)], INK.stroke_width(3)))?;
        }
        for dot in &row.dots {
            area.draw(&Circle::new((x_of(dot.value), y), 4, color(0).mix(0.55).filled()))?;
        }
        if let Some(published) = row.published {
            area.draw(&diamond((x_of(published), y)))?;
        }
        let side = if layout.width == Width::Wide { HPos::Right } else { HPos::Left };
        for (number, line) in lines.iter().enumerate() {
            let at = (place.0, place.1 + number as i32 * LINE_HEIGHT);
            area.draw_text(line, &text(TYPE, INK, side), at)?;
        }
    }
    layout.legend.iter().try_for_each(|sign| draw_sign(area, *sign))
}

/// A hollow diamond, which hides neither bar nor dots.
fn diamond(at: (i32, i32)) -> PathElement<(i32, i32)> {
    let (x, y) = at;
    let corners = [(x - 7, y), (x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y), (x, y - 7)];
    PathElement::new(corners.to_vec(), color(1).stroke_width(3))
}

fn draw_sign(area: &Area<'_>, Sign { kind, at: (x, y) }: Sign) -> Result<(), Refusal> {
    let (name, before) = kind.words();
    let line = |from, to| PathElement::new([from, to], INK.stroke_width(3));
    match kind {
        SignKind::Run => area.draw(&Circle::new((x + 4, y), 4, color(0).mix(0.55).filled()))?,
        SignKind::MeanAndInterval => {
            area.draw(&line((x, y), (x + 24, y)))?;
            area.draw(&line((x + 12, y - 8), (x + 12, y + 8)))?;
        }
        SignKind::Mean => area.draw(&line((x + 4, y - 8), (x + 4, y + 8)))?,
        SignKind::Published => area.draw(&diamond((x + 8, y)))?,
        SignKind::Expected => {
            let corners = [(x, y - 9), (x + 24, y + 9)];
            area.draw(&Rectangle::new(corners, color(1).mix(0.16).filled()))?;
        }
    }
    area.draw_text(name, &text(TYPE, INK, HPos::Left), (x + before, y))
}
