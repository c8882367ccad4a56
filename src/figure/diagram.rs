//! Diagrams of pair networks, drawn from their layer lists.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::font::room;
use super::label::{self, Lines};
use super::style::{Area, FAINT_INK, INK, LINE, Refusal, color, text};
use super::{FigureError, draw};

/// A layer, drawn as a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerBox {
    /// Kind and sizes.
    pub label: String,
    /// Shape of its output.
    pub output: String,
    /// Number of trainable parameters.
    pub parameters: usize,
}

/// A pair network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDiagram {
    /// Its name.
    pub title: String,
    /// Shape of the image of one digit.
    pub input: String,
    /// Layers of a branch.
    pub branch: Vec<LayerBox>,
    /// Layers of the head.
    pub head: Vec<LayerBox>,
    /// The text below the title: how many parameters it has.
    pub subtitle: String,
    /// Whether the outputs of the branches have a loss of their own.
    pub has_auxiliary_loss: bool,
}

const COLUMN: i32 = 395;
const MARGIN: i32 = 14;
const WIDTH: i32 = (COLUMN - 3 * MARGIN) / 2;
const BOX: i32 = 22;
const GAP: i32 = 8;
const LINE_HEIGHT: i32 = 16;
const TITLE_TYPE: u32 = 19;
const TITLE_HEIGHT: i32 = 24;
const LABEL_TYPE: u32 = 13;
const OUTPUT_TYPE: u32 = 12;
/// Models beside each other. More go into rows below.
const COLUMNS: usize = 3;
const MOST_MODELS: usize = 60;
const MOST_LAYERS: usize = 500;

/// One model with its texts in lines that fit.
struct Layout<'m> {
    model: &'m ModelDiagram,
    title: Lines,
    branch: Vec<LayerLayout<'m>>,
    head: Vec<LayerLayout<'m>>,
}

struct LayerLayout<'m> {
    layer: &'m LayerBox,
    label: Lines,
    /// The output is on a line of its own.
    is_output_below: bool,
}

/// Draws the models side by side, three in a row.
///
/// # Errors
/// Returns an error if there are too many models or layers, or if plotters refuses.
pub fn diagram(models: &[ModelDiagram]) -> Result<String, FigureError> {
    if models.len() > MOST_MODELS {
        return Err(FigureError::TooMany { n: models.len(), of: "models", most: MOST_MODELS });
    }
    let layers = |model: &ModelDiagram| model.branch.len() + model.head.len();
    let n = models.iter().map(layers).max().unwrap_or(0);
    if n > MOST_LAYERS {
        return Err(FigureError::TooMany { n, of: "layers in a model", most: MOST_LAYERS });
    }
    let titles: Vec<_> = models.iter().map(|model| model.title.as_str()).collect();
    let titles = label::fit(&titles, TITLE_TYPE, COLUMN - 2 * MARGIN, 2);
    let layouts = models.iter().zip(titles).map(|(model, title)| Layout::of(model, title));
    let layouts: Vec<_> = layouts.collect();
    let height = |row: &[Layout<'_>]| row.iter().map(Layout::height).max().unwrap_or(0);
    let heights: Vec<_> = layouts.chunks(COLUMNS).map(height).collect();
    let columns = models.len().clamp(1, COLUMNS) as i32;
    let size = (COLUMN * columns, heights.iter().sum::<i32>().max(BOX));
    draw((size.0.unsigned_abs(), size.1.unsigned_abs()), |area| {
        let mut top = 0;
        for (row, height) in layouts.chunks(COLUMNS).zip(&heights) {
            // Titles end at the same height.
            let title = row.iter().map(|layout| layout.title.len()).max().unwrap_or(1) as i32;
            for (column, layout) in row.iter().enumerate() {
                layout.paint(area, (COLUMN * column as i32, top), title)?;
            }
            top += height;
        }
        Ok(())
    })
}

impl<'m> LayerLayout<'m> {
    fn of(layer: &'m LayerBox) -> Self {
        let inside = WIDTH - 10;
        let output = room(&layer.output, OUTPUT_TYPE);
        let is_output_below = room(&layer.label, LABEL_TYPE) + 8 + output > inside;
        let label = label::fit(&[&layer.label], LABEL_TYPE, inside, 4).concat();
        Self { layer, label, is_output_below }
    }

    fn height(&self) -> i32 {
        BOX + (self.label.len() as i32 - 1 + i32::from(self.is_output_below)) * LINE_HEIGHT
    }

    fn paint(&self, area: &Area<'_>, x: i32, y: i32) -> Result<(), Refusal> {
        let color = if self.layer.parameters > 0 { color(0) } else { FAINT_INK };
        frame(area, (x, y), self.height(), color)?;
        let line = |number: usize| y + BOX / 2 + number as i32 * LINE_HEIGHT;
        for (number, one) in self.label.iter().enumerate() {
            area.draw_text(one, &text(LABEL_TYPE, INK, HPos::Left), (x + 5, line(number)))?;
        }
        let number = if self.is_output_below { self.label.len() } else { 0 };
        let style = text(OUTPUT_TYPE, FAINT_INK, HPos::Right);
        area.draw_text(&self.layer.output, &style, (x + WIDTH - 5, line(number)))
    }
}

impl<'m> Layout<'m> {
    fn of(model: &'m ModelDiagram, title: Lines) -> Self {
        let [branch, head] = [&model.branch, &model.head]
            .map(|layers| layers.iter().map(LayerLayout::of).collect::<Vec<_>>());
        Self { model, title, branch, head }
    }

    fn height(&self) -> i32 {
        let layers: i32 =
            self.branch.iter().chain(&self.head).map(|layer| layer.height() + GAP).sum();
        title_end(self.title.len() as i32) + layers + 4 * (BOX + GAP) + GAP + MARGIN
    }

    /// Draws the model with `origin` as its upper left corner, below titles of so many lines.
    fn paint(&self, area: &Area<'_>, origin: (i32, i32), title: i32) -> Result<(), Refusal> {
        let (left, top) = origin;
        let middle = left + COLUMN / 2;
        let branches = [left + MARGIN, left + 2 * MARGIN + WIDTH];
        let first = top + 20 + (title - self.title.len() as i32) * TITLE_HEIGHT;
        for (number, line) in self.title.iter().enumerate() {
            let at = (middle, first + number as i32 * TITLE_HEIGHT);
            area.draw_text(line, &text(TITLE_TYPE, INK, HPos::Center), at)?;
        }
        let start = top + title_end(title);
        let style = text(LABEL_TYPE, FAINT_INK, HPos::Center);
        area.draw_text(&self.model.subtitle, &style, (middle, start - 24))?;

        let mut end = start;
        for (x, digit) in branches.into_iter().zip(["digit a", "digit b"]) {
            node(area, (x, start), digit, &self.model.input)?;
            end = start + BOX;
            for layer in &self.branch {
                arrow(area, (x + WIDTH / 2, end), (x + WIDTH / 2, end + GAP))?;
                layer.paint(area, x, end + GAP)?;
                end += GAP + layer.height();
            }
        }

        // The outputs of both branches go to the auxiliary loss, if there is one, and,
        // concatenated, to the head.
        let auxiliary = end + 2 * GAP;
        let joined = auxiliary + BOX + GAP;
        let join_x = middle - WIDTH / 2;
        for x in branches {
            let center = x + WIDTH / 2;
            if self.model.has_auxiliary_loss {
                let label = text(14, INK, HPos::Center);
                arrow(area, (center, end), (center, auxiliary - 2))?;
                area.draw_text("auxiliary loss", &label, (center, auxiliary + 8))?;
            }
            let toward = if center < middle { 1 } else { -1 };
            let edge = middle - toward * (WIDTH / 2 - 24);
            arrow(area, (center + toward * 68, end), (edge, joined))?;
        }
        node(area, (join_x, joined), "concatenate", "20")?;
        let mut end = joined + BOX;
        for layer in &self.head {
            arrow(area, (middle, end), (middle, end + GAP))?;
            layer.paint(area, join_x, end + GAP)?;
            end += GAP + layer.height();
        }
        arrow(area, (middle, end), (middle, end + GAP))?;
        area.draw_text("a ≤ b: main loss", &text(15, INK, HPos::Center), (middle, end + GAP + 10))
    }
}

/// The top of the first box, below a title of so many lines and a subtitle.
fn title_end(lines: i32) -> i32 {
    66 + (lines - 1) * TITLE_HEIGHT
}

/// A box of one line: a label at its left, and at its right the shape of its output.
fn node(area: &Area<'_>, at: (i32, i32), label: &str, output: &str) -> Result<(), Refusal> {
    frame(area, at, BOX, INK)?;
    let (x, y) = (at.0, at.1 + BOX / 2);
    area.draw_text(label, &text(LABEL_TYPE, INK, HPos::Left), (x + 5, y))?;
    area.draw_text(output, &text(OUTPUT_TYPE, FAINT_INK, HPos::Right), (x + WIDTH - 5, y))
}

fn frame(area: &Area<'_>, (x, y): (i32, i32), height: i32, color: RGBColor) -> Result<(), Refusal> {
    let corners = [(x, y), (x + WIDTH, y + height)];
    area.draw(&Rectangle::new(corners, color.mix(0.08).filled()))?;
    area.draw(&Rectangle::new(corners, color.mix(0.7).stroke_width(1)))
}

fn arrow(area: &Area<'_>, from: (i32, i32), to: (i32, i32)) -> Result<(), Refusal> {
    area.draw(&PathElement::new([from, to], LINE.stroke_width(2)))?;
    let tip = [(to.0 - 3, to.1 - 5), (to.0 + 3, to.1 - 5), to];
    area.draw(&Polygon::new(tip.to_vec(), FAINT_INK.filled()))
}
