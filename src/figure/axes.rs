//! The axes of a chart: from values to pixels, and ticks with their labels.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::scale::{TICK_TYPE, Tick};
use super::style::{Area, FAINT_INK, INK, LINE, Refusal, text};

/// A rectangle of pixels for a rectangle of values.
#[derive(Clone, Debug)]
pub(super) struct Axes {
    /// Values from left to right.
    pub(super) x: Range<f64>,
    /// Values from bottom to top.
    pub(super) y: Range<f64>,
    /// Pixels from left to right.
    pub(super) columns: Range<i32>,
    /// Pixels from top to bottom.
    pub(super) rows: Range<i32>,
}

impl Axes {
    /// The pixel of a value.
    pub(super) fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let part =
            |value: f64, range: &Range<f64>| (value - range.start) / (range.end - range.start);
        let place = |part: f64, pixels: &Range<i32>| {
            pixels.start + (part * f64::from(pixels.end - pixels.start)).round() as i32
        };
        (place(part(x, &self.x), &self.columns), place(1.0 - part(y, &self.y), &self.rows))
    }

    /// Draws the axis below with a label and its ticks; with `has_grid`, vertical lines at the
    /// ticks.
    pub(super) fn draw_x(
        &self,
        area: &Area<'_>,
        label: &str,
        ticks: &[Tick],
        has_grid: bool,
    ) -> Result<(), Refusal> {
        let Range { start: left, end: right } = self.columns;
        let bottom = self.rows.end;
        path(area, [(left, bottom), (right, bottom)])?;
        for tick in ticks {
            let (x, _) = self.pixel((tick.value, self.y.start));
            if has_grid {
                path(area, [(x, self.rows.start), (x, bottom)])?;
            }
            path(area, [(x, bottom), (x, bottom + 5)])?;
            let style = text(TICK_TYPE, FAINT_INK, HPos::Center);
            area.draw_text(&tick.label, &style, (x, bottom + 15))?;
        }
        let middle = left.midpoint(right);
        area.draw_text(label, &text(16, INK, HPos::Center), (middle, bottom + 38))
    }

    /// Draws the axis at the left with a label at this distance, its ticks, and horizontal lines at
    /// the ticks.
    pub(super) fn draw_y(
        &self,
        area: &Area<'_>,
        (label, distance): (&str, i32),
        ticks: &[Tick],
    ) -> Result<(), Refusal> {
        let Range { start: top, end: bottom } = self.rows;
        let left = self.columns.start;
        path(area, [(left, top), (left, bottom)])?;
        for tick in ticks {
            let (_, y) = self.pixel((self.x.start, tick.value));
            path(area, [(left - 5, y), (self.columns.end, y)])?;
            let style = text(TICK_TYPE, FAINT_INK, HPos::Right);
            area.draw_text(&tick.label, &style, (left - 9, y))?;
        }
        let style = text(16, INK, HPos::Center).transform(FontTransform::Rotate270);
        area.draw_text(label, &style, (left - distance, top.midpoint(bottom)))
    }
}

fn path(area: &Area<'_>, points: [(i32, i32); 2]) -> Result<(), Refusal> {
    area.draw(&PathElement::new(points, LINE.stroke_width(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_values_are_the_corners_of_the_pixels() {
        let axes = Axes { x: 1.0..25.0, y: 40.0..80.0, columns: 72..500, rows: 14..380 };
        assert_eq!(axes.pixel((1.0, 40.0)), (72, 380));
        assert_eq!(axes.pixel((25.0, 80.0)), (500, 14));
        assert_eq!(axes.pixel((13.0, 60.0)), (286, 197));
    }
}
