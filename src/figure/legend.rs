//! The legend below a chart: the samples of the series with their names, in columns.

use plotters::style::text_anchor::HPos;

use super::font::room;
use super::label::{self, Lines};
use super::series_style::{SeriesStyle, line, marker};
use super::style::{Area, INK, Refusal, Width, text};

/// The room around a chart.
pub(super) const MARGIN: i32 = 14;
/// The type of a legend, and the height of its lines.
pub(super) const TYPE: u32 = 16;
pub(super) const LINE_HEIGHT: i32 = 19;
/// Width of the sample of a line beside its label.
pub(super) const SAMPLE: i32 = 52;

/// The names of series in columns.
pub(super) struct LegendBelow {
    labels: Vec<Lines>,
    columns: usize,
}

impl LegendBelow {
    pub(super) fn of(labels: &[&str], width: Width) -> Self {
        let widest = labels.iter().map(|label| room(label, TYPE)).max().unwrap_or(0);
        let room = |columns: usize| (width.pixels() - 2 * MARGIN) / columns as i32 - SAMPLE - 8;
        let least = if width == Width::Wide { 2 } else { 1 };
        let columns = [4, 3, 2].into_iter().find(|columns| widest <= room(*columns));
        let columns = columns.unwrap_or(least);
        let lines = if columns == 1 { 4 } else { 2 };
        Self { labels: label::fit(labels, TYPE, room(columns), lines), columns }
    }

    pub(super) fn height(&self) -> i32 {
        MARGIN + self.rows().iter().sum::<i32>()
    }

    /// The height of each row.
    fn rows(&self) -> Vec<i32> {
        let height = |row: &[Lines]| row.iter().map(|lines| lines.len() as i32 * LINE_HEIGHT).max();
        self.labels.chunks(self.columns).map(|row| height(row).unwrap_or(0) + 3).collect()
    }

    /// Draws the legend from `top` on, with a style for each label.
    pub(super) fn draw(
        &self,
        area: &Area<'_>,
        styles: &[SeriesStyle],
        mut top: i32,
        width: Width,
    ) -> Result<(), Refusal> {
        let width = (width.pixels() - 2 * MARGIN) / self.columns as i32;
        for (row, (labels, height)) in self.labels.chunks(self.columns).zip(self.rows()).enumerate()
        {
            for (column, lines) in labels.iter().enumerate() {
                let (index, x) = (row * self.columns + column, MARGIN + column as i32 * width);
                let (y, style) = (top + LINE_HEIGHT / 2, styles[index]);
                line(area, style, vec![(x, y), (x + SAMPLE - 6, y)])?;
                marker(area, style, (x + (SAMPLE - 6) / 2, y))?;
                for (number, one) in lines.iter().enumerate() {
                    let at = (x + SAMPLE, y + number as i32 * LINE_HEIGHT);
                    area.draw_text(one, &text(TYPE, INK, HPos::Left), at)?;
                }
            }
            top += height;
        }
        Ok(())
    }
}
