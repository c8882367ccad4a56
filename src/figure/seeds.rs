//! One dot for each run of each row of a table, with the mean, its interval, and the published mean in the range
//! that is expected of it.
//!
//! Rows whose marks spread much wider than those of the others have an axis of their own, below the others. On one
//! axis, they would press all others together.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::axes::Axes;
use super::font::room;
use super::label::{self, Lines};
use super::row_marks::{Sign, SignKind, TYPE, band, bar, diamond, draw_sign};
use super::scale::{Scale, ValueAxis, widest};
use super::style::{Area, INK, Refusal, Width, color, text};
use super::{FigureError, draw, with_titles};

/// The score of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedDot {
    /// In the unit of the axis.
    pub value: f64,
    /// The text that a reader sees who points at the dot.
    pub title: String,
}

/// The marks of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// A dot for each run, on an axis around them.
    Dots,
    /// A bar from 0 to the mean.
    Bars,
    /// A bar from 0 to the mean, and a dot for each run.
    BarsAndDots,
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
const TOP: i32 = 40;
const BOTTOM: i32 = 52;
/// Least room right of the dots.
const RIGHT: i32 = 24;
/// Widest column of labels, so that most of the figure is left for the dots.
const WIDEST_LABEL: i32 = 210;
const MOST_ROWS: usize = 1000;
/// A row has wide marks if they span this many times the median span of all rows.
const WIDE_SPAN: f64 = 3.0;

/// The positions of the rows and their labels.
struct Layout<'r> {
    /// Rows that share an axis.
    panels: Vec<Panel<'r>>,
    /// The left end of the dots.
    left: i32,
    /// Signs of the legend, and the lines that they take.
    legend: Vec<Sign>,
    marks: Marks,
    width: Width,
}

/// Rows with one axis below them.
struct Panel<'r> {
    rows: Vec<PlacedRow<'r>>,
    top: i32,
    /// The end of its last row.
    end: i32,
}

/// A row with its label and place.
struct PlacedRow<'r> {
    row: &'r SeedRow,
    label: Lines,
    /// The first line of the label: its right end if wide, else its left end.
    place: (i32, i32),
    /// The middle of the dots.
    middle: i32,
}

/// Draws the rows from top to bottom.
///
/// # Errors
/// Returns an error if there are too many rows, or if plotters refuses.
pub fn seeds(
    rows: &[SeedRow],
    x_axis: &ValueAxis,
    marks: Marks,
    width: Width,
) -> Result<String, FigureError> {
    if rows.len() > MOST_ROWS {
        return Err(FigureError::TooMany { n: rows.len(), of: "rows", most: MOST_ROWS });
    }
    // Marks that are not drawn take no room.
    let drawn = |row: &SeedRow| SeedRow {
        dots: if marks == Marks::Bars { Vec::new() } else { row.dots.clone() },
        expected: row.expected.filter(|_| marks == Marks::Dots),
        ..row.clone()
    };
    let rows: Vec<_> = rows.iter().map(drawn).collect();
    let layout = Layout::of(&rows, marks, width);
    let size = (width.pixels().unsigned_abs(), (layout.end() + BOTTOM).unsigned_abs());
    let svg = draw(size, |area| paint(area, x_axis, &layout))?;
    let placed = layout.panels.iter().flat_map(|panel| &panel.rows);
    let titles = placed.flat_map(|one| &one.row.dots).map(|dot| dot.title.as_str());
    Ok(with_titles(&svg, titles))
}

impl SeedRow {
    /// All values that the row shows.
    fn marks(&self) -> impl Iterator<Item = f64> {
        let bounds = [self.interval, self.expected].into_iter().flatten().flatten();
        self.dots.iter().map(|dot| dot.value).chain(self.published).chain(bounds)
    }
}

/// From the smallest to the largest value that some rows show.
fn span<'r>(rows: impl Iterator<Item = &'r SeedRow>) -> f64 {
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = rows.flat_map(SeedRow::marks).fold((f64::INFINITY, f64::NEG_INFINITY), ends);
    (high - low).max(0.0)
}

/// The indices of the rows in one panel or two, in their order. Rows of the second panel span much more than
/// most rows, and without them the others have at least twice the scale.
fn panels(rows: &[SeedRow]) -> Vec<Vec<usize>> {
    let of = |index: &usize| span(std::iter::once(&rows[*index]));
    let all = || 0..rows.len();
    // Rows without runs, or with one, say nothing about the usual span.
    let mut spans: Vec<f64> = all().map(|index| of(&index)).filter(|span| *span > 0.0).collect();
    spans.sort_by(f64::total_cmp);
    let median = spans.get(spans.len() / 2).copied().unwrap_or_default();
    let (most, wide): (Vec<_>, Vec<_>) = all().partition(|index| of(index) <= WIDE_SPAN * median);
    let helps = 2.0 * span(most.iter().map(|index| &rows[*index])) <= span(rows.iter());
    if helps && !wide.is_empty() { vec![most, wide] } else { vec![all().collect()] }
}

impl<'r> Layout<'r> {
    fn of(rows: &'r [SeedRow], marks: Marks, width: Width) -> Self {
        let labels: Vec<_> = rows.iter().map(|row| row.label.as_str()).collect();
        let widest = if width == Width::Wide { WIDEST_LABEL } else { width.pixels() - 24 };
        let lines = label::fit(&labels, TYPE, widest, if width == Width::Wide { 2 } else { 4 });
        let widths = lines.iter().flatten().map(|line| room(line, TYPE));
        let left = if width == Width::Wide { 24 + widths.max().unwrap_or(0) } else { 16 };
        let (legend, mut top) = legend(rows, marks, left, width.pixels());
        let mut placed = Vec::new();
        // Bars begin at 0 and are compared by their lengths, so they share an axis.
        let panels =
            if marks == Marks::Dots { panels(rows) } else { vec![(0..rows.len()).collect()] };
        for indices in panels {
            let mut end = top;
            let placed_row = |i: usize| place(&rows[i], lines[i].clone(), left, width, &mut end);
            let rows = indices.into_iter().map(placed_row).collect();
            let end = end.max(top + LEAST_ROW_HEIGHT);
            placed.push(Panel { rows, top, end });
            top = end + BOTTOM + LINE_HEIGHT;
        }
        Self { panels: placed, left, legend, marks, width }
    }

    /// The end of the last row.
    fn end(&self) -> i32 {
        self.panels.last().map_or(0, |panel| panel.end)
    }
}

/// Places a row at `end`, which becomes its own end.
fn place<'r>(
    row: &'r SeedRow,
    label: Lines,
    left: i32,
    width: Width,
    end: &mut i32,
) -> PlacedRow<'r> {
    let lines = label.len() as i32 * LINE_HEIGHT;
    let (height, place, middle) = match width {
        Width::Wide => {
            let height = (lines + 8).max(LEAST_ROW_HEIGHT);
            let first = *end + (height - lines).midpoint(LINE_HEIGHT);
            (height, (left - 10, first), *end + height / 2)
        }
        Width::Narrow => {
            let height = lines + LEAST_ROW_HEIGHT;
            let first = *end + LINE_HEIGHT / 2 + 3;
            (height, (left, first), *end + height - LEAST_ROW_HEIGHT / 2)
        }
    };
    *end += height;
    PlacedRow { row, label, place, middle }
}

/// The legend in as few lines as it takes, and where the rows begin below it. It starts above the dots, if
/// there is room.
fn legend(rows: &[SeedRow], marks: Marks, left: i32, width: i32) -> (Vec<Sign>, i32) {
    let has = |part: fn(&SeedRow) -> bool| rows.iter().any(part);
    let has_interval = has(|row| row.interval.is_some());
    let mut kinds = match (marks, has_interval) {
        (Marks::Dots, true) => vec![SignKind::Run, SignKind::MeanAndInterval],
        (Marks::Dots, false) => vec![SignKind::Run, SignKind::Mean],
        (_, true) => vec![SignKind::Bar, SignKind::Interval],
        (_, false) => vec![SignKind::Bar],
    };
    kinds.extend((marks == Marks::BarsAndDots).then_some(SignKind::Run));
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

fn paint(area: &Area<'_>, x_axis: &ValueAxis, layout: &Layout<'_>) -> Result<(), Refusal> {
    for (number, panel) in layout.panels.iter().enumerate() {
        let label = match number {
            0 => x_axis.label.clone(),
            _ => format!("{}, on another scale", x_axis.label),
        };
        paint_panel(area, &ValueAxis { label, ..*x_axis }, panel, layout)?;
    }
    layout.legend.iter().try_for_each(|sign| draw_sign(area, *sign))
}

fn paint_panel(
    area: &Area<'_>,
    x_axis: &ValueAxis,
    panel: &Panel<'_>,
    layout: &Layout<'_>,
) -> Result<(), Refusal> {
    let Scale { range, ticks } = panel_scale(x_axis, panel, layout);
    let right = RIGHT.max(widest(&ticks) / 2 + 2);
    let columns = layout.left..layout.width.pixels() - right;
    let axes = Axes { x: range, y: 0.0..1.0, columns, rows: panel.top..panel.end };
    axes.draw_x(area, &x_axis.label, &ticks, true)?;
    let x_of = |value: f64| axes.pixel((value, 0.0)).0;
    for PlacedRow { row, label, place, middle } in &panel.rows {
        let y = *middle;
        if let Some(expected) = row.expected {
            let [low, high] = expected.map(x_of);
            area.draw(&band([(low, y - 10), (high, y + 10)]))?;
        }
        let is_bar = layout.marks != Marks::Dots;
        if let Some(mean) = row.mean.filter(|_| is_bar) {
            area.draw(&bar([(x_of(0.0), y - 9), (x_of(mean), y + 9)]))?;
        }
        if let Some(interval) = row.interval {
            let [low, high] = interval.map(x_of);
            area.draw(&PathElement::new([(low, y), (high, y)], INK.stroke_width(3)))?;
        }
        if let Some(mean) = row.mean.filter(|_| !is_bar) {
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
        for (number, line) in label.iter().enumerate() {
            let at = (place.0, place.1 + number as i32 * LINE_HEIGHT);
            area.draw_text(line, &text(TYPE, INK, side), at)?;
        }
    }
    Ok(())
}

/// The scale of a panel, with as many ticks as have room for their labels.
fn panel_scale(x_axis: &ValueAxis, panel: &Panel<'_>, layout: &Layout<'_>) -> Scale {
    let rows = || panel.rows.iter().map(|one| one.row);
    // A step of five wastes most of a short axis.
    let is_short = layout.marks == Marks::Dots && span(rows()) < 20.0;
    let step = if is_short { 1.0 } else { 5.0 };
    let most = if layout.width == Width::Wide { 13 } else { 7 };
    // The length of a bar means something only from 0.
    let zero = (layout.marks != Marks::Dots).then_some(0.0);
    let marks = || rows().flat_map(SeedRow::marks).chain(zero);
    let scale = |most| x_axis.scale(marks(), step, most);
    let pixels = layout.width.pixels() - RIGHT - layout.left;
    let fits = |scale: &Scale| (widest(&scale.ticks) + 8) * scale.ticks.len() as i32 <= pixels;
    (3..=most).rev().map(scale).find(fits).unwrap_or_else(|| scale(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_would_press_the_others_together_have_an_axis_of_their_own() {
        let row = |values: &[f64]| SeedRow {
            label: String::new(),
            dots: values
                .iter()
                .map(|value| SeedDot { value: *value, title: String::new() })
                .collect(),
            mean: None,
            interval: None,
            expected: None,
            published: None,
        };
        let of =
            |rows: &[&[f64]]| panels(&rows.iter().map(|values| row(values)).collect::<Vec<_>>());
        assert_eq!(of(&[&[50.0, 80.0], &[77.0, 79.0], &[76.0, 79.0]]), [vec![1, 2], vec![0]]);
        // The others need all of the axis anyway.
        assert_eq!(of(&[&[50.0, 80.0], &[50.0, 52.0], &[78.0, 80.0]]), [vec![0, 1, 2]]);
        // Rows without runs are not usual rows.
        assert_eq!(of(&[&[], &[], &[70.0, 72.0]]), [vec![0, 1, 2]]);
        assert_eq!(of(&[&[70.0], &[71.0], &[70.0, 72.0]]), [vec![0, 1, 2]]);
        assert_eq!(of(&[]), [Vec::<usize>::new()]);
    }
}
