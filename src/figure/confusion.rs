//! A confusion matrix: a cell for each class (row) and each answer (column), coloured by its share of the row.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::font::room;
use super::label::{self, Lines};
use super::style::{Area, FAINT_INK, INK, LINE, Refusal, Width, color, text};
use super::{FigureError, draw};

/// Of the examples of each class, the shares of the answers.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionMatrix {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// For each class, the share that was taken for each class. `None` without an example of the class.
    pub shares: Vec<Vec<Option<f64>>>,
}

/// More classes have cells that are too small.
const MOST_CLASSES: usize = 30;
const MARGIN: i32 = 14;
const TYPE: u32 = 14;
const LINE_HEIGHT: i32 = 17;
/// The largest cell, and the smallest that has room for its share.
const LARGEST_CELL: i32 = 60;
const LABELLED_CELL: i32 = 30;
/// How strong the colour of the largest share is: text stays readable on it in both themes.
const STRONGEST: f64 = 0.6;

/// The places of the parts.
struct Layout {
    /// The labels of the rows.
    rows: Vec<Lines>,
    /// The labels of the columns: names if they have room, else the numbers of the rows.
    columns: Vec<String>,
    /// The left side of the cells.
    left: i32,
    /// The upper side of the cells.
    top: i32,
    /// The width of a cell.
    width: i32,
    /// The height of a cell.
    height: i32,
}

/// Draws the matrix, with a row for each class and a column for each answer.
///
/// # Errors
/// Returns an error if there are too many classes, or if plotters refuses.
pub fn confusion(matrix: &ConfusionMatrix, width: Width) -> Result<String, FigureError> {
    let n = matrix.classes.len();
    if n > MOST_CLASSES {
        return Err(FigureError::TooMany { n, of: "classes", most: MOST_CLASSES });
    }
    let layout = Layout::of(&matrix.classes, width);
    let height = layout.top + layout.height * n as i32 + MARGIN;
    draw((width.pixels().unsigned_abs(), height.unsigned_abs()), |area| {
        layout.paint(area, &matrix.shares)
    })
}

impl Layout {
    fn of(classes: &[String], width: Width) -> Self {
        let n = classes.len().max(1) as i32;
        let widest =
            |labels: &[String]| labels.iter().map(|one| room(one, TYPE)).max().unwrap_or(0);
        // Half of the width is for the cells at least.
        let most = width.pixels() / 2 - MARGIN;
        let cell = |labels: i32| ((width.pixels() - 2 * MARGIN - labels - 8) / n).min(LARGEST_CELL);
        let has_names = widest(classes) + 6 <= cell(widest(classes).min(most));
        let numbers: Vec<_> = (1..=classes.len()).map(|number| number.to_string()).collect();
        let labels: Vec<_> = match has_names {
            true => classes.to_vec(),
            false => {
                numbers.iter().zip(classes).map(|(n, class)| format!("{n}: {class}")).collect()
            }
        };
        // The head `class` stands above the labels of the rows.
        let room = widest(&labels).min(most).max(room("class", TYPE));
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let rows = label::fit(&labels, TYPE, room, 2);
        let lines = rows.iter().map(Vec::len).max().unwrap_or(1) as i32;
        let width = cell(room).max(1);
        Self {
            rows,
            columns: if has_names { classes.to_vec() } else { numbers },
            left: MARGIN + room + 8,
            top: MARGIN + 2 * LINE_HEIGHT + 8,
            width,
            height: (lines * LINE_HEIGHT + 4).max(width.min(LARGEST_CELL * 2 / 3)),
        }
    }

    fn paint(&self, area: &Area<'_>, shares: &[Vec<Option<f64>>]) -> Result<(), Refusal> {
        let head = text(TYPE, FAINT_INK, HPos::Left);
        area.draw_text("class", &head, (MARGIN, self.top - LINE_HEIGHT / 2 - 4))?;
        area.draw_text("answer", &head, (self.left, MARGIN + LINE_HEIGHT / 2))?;
        // Heads without room are left out, in equal steps.
        let widest = self.columns.iter().map(|one| room(one, TYPE)).max().unwrap_or(0);
        let step = (widest + 4).div_euclid(self.width) + 1;
        for (index, label) in self.columns.iter().enumerate().step_by(step.unsigned_abs() as usize)
        {
            let x = self.left + self.width * index as i32 + self.width / 2;
            let style = text(TYPE, INK, HPos::Center);
            area.draw_text(label, &style, (x, self.top - LINE_HEIGHT / 2 - 4))?;
        }
        for (index, (lines, shares)) in self.rows.iter().zip(shares).enumerate() {
            let y = self.top + self.height * index as i32;
            let middle = y + self.height / 2 - LINE_HEIGHT * (lines.len() as i32 - 1) / 2;
            for (number, line) in lines.iter().enumerate() {
                let style = text(TYPE, INK, HPos::Left);
                area.draw_text(line, &style, (MARGIN, middle + LINE_HEIGHT * number as i32))?;
            }
            for (column, share) in shares.iter().enumerate() {
                self.paint_cell(area, (self.left + self.width * column as i32, y), *share)?;
            }
        }
        Ok(())
    }

    fn paint_cell(
        &self,
        area: &Area<'_>,
        at: (i32, i32),
        share: Option<f64>,
    ) -> Result<(), Refusal> {
        let corners = [at, (at.0 + self.width, at.1 + self.height)];
        let fill = color(0).mix(STRONGEST * share.unwrap_or(0.0)).filled();
        area.draw(&Rectangle::new(corners, fill))?;
        area.draw(&Rectangle::new(corners, LINE.stroke_width(1)))?;
        match share {
            Some(share) if share > 0.0 && self.width >= LABELLED_CELL => {
                let middle = (at.0 + self.width / 2, at.1 + self.height / 2);
                let percent = format!("{:.0}", 100.0 * share);
                area.draw_text(&percent, &text(TYPE, INK, HPos::Center), middle)
            }
            _ => Ok(()),
        }
    }
}
