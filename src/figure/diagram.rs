//! Diagrams of networks, drawn from their layer lists. What all models share is drawn once.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::font::room;
use super::label::{self, Lines};
use super::style::{Area, FAINT_INK, INK, LINE, Refusal, Width, color, text};
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
    /// The number of residual layers that it is in.
    pub depth: usize,
}

/// A pair network, or a network with one list of layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDiagram {
    /// Its name.
    pub title: String,
    /// Shape of what comes in: one image of a pair, or one example.
    pub input: String,
    /// Layers of a branch, or the only list of layers.
    pub branch: Vec<LayerBox>,
    /// Layers of the head. Empty if the network is no pair network.
    pub head: Vec<LayerBox>,
    /// Shape of what comes into the head. Empty without a head.
    pub joined: String,
    /// The text below the title: how many parameters it has.
    pub subtitle: String,
    /// Whether the outputs of the branches have a loss of their own.
    pub has_auxiliary_loss: bool,
}

const MARGIN: i32 = 14;
const BOX: i32 = 24;
const GAP: i32 = 9;
const LINE_HEIGHT: i32 = 17;
const TITLE_TYPE: u32 = 18;
const LABEL_TYPE: u32 = 14;
const OUTPUT_TYPE: u32 = 13;
/// Models beside each other, if wide. More go into rows below.
const COLUMNS: usize = 3;
/// The layers of a residual layer are as far to the right of the other layers.
const INDENT: i32 = 14;
/// Deeper layers are not moved further, so that their labels have room.
const DEEPEST_INDENT: usize = 4;
const MOST_MODELS: usize = 60;
const MOST_LAYERS: usize = 500;

/// One model with its texts in lines that fit.
struct Layout<'m> {
    model: &'m ModelDiagram,
    title: Lines,
    subtitle: Lines,
    branch: Vec<LayerLayout<'m>>,
    /// Empty if all models share a head.
    head: Vec<LayerLayout<'m>>,
    column: i32,
}

struct LayerLayout<'m> {
    layer: &'m LayerBox,
    label: Lines,
    /// The output is on a line of its own.
    is_output_below: bool,
    indent: i32,
    width: i32,
}

/// Draws the models side by side if wide, else one below the other. If all have the same head, it is drawn
/// once, below them.
///
/// # Errors
/// Returns an error if there are too many models or layers, or if plotters refuses.
pub fn diagram(models: &[ModelDiagram], width: Width) -> Result<String, FigureError> {
    if models.len() > MOST_MODELS {
        return Err(FigureError::TooMany { n: models.len(), of: "models", most: MOST_MODELS });
    }
    let layers = |model: &ModelDiagram| model.branch.len() + model.head.len();
    let n = models.iter().map(layers).max().unwrap_or(0);
    if n > MOST_LAYERS {
        return Err(FigureError::TooMany { n, of: "layers in a model", most: MOST_LAYERS });
    }
    let columns = if width == Width::Wide { COLUMNS } else { 1 };
    let column = width.pixels() / columns as i32;
    let shared = models.first().map(|first| &first.head);
    let shared = shared.filter(|head| {
        !head.is_empty() && models.len() > 1 && models.iter().all(|m| m.head == **head)
    });
    let titles: Vec<_> = models.iter().map(|model| model.title.as_str()).collect();
    let titles = label::fit(&titles, TITLE_TYPE, inside(column), 4);
    let layouts = models.iter().zip(titles);
    let layouts: Vec<_> =
        layouts.map(|(model, title)| Layout::of(model, title, column, shared.is_none())).collect();
    let height = |row: &[Layout<'_>]| row.iter().map(Layout::height).max().unwrap_or(0);
    let heights: Vec<_> = layouts.chunks(columns).map(height).collect();
    let rows: i32 = heights.iter().sum();
    let n_columns = models.len().clamp(1, columns) as i32;
    let canvas = column * n_columns;
    let head: Vec<_> =
        shared.into_iter().flatten().map(|layer| LayerLayout::of(layer, inside(column))).collect();
    let below = if shared.is_some() { 2 * MARGIN + head_height(&head) } else { 0 };
    let size = (canvas.unsigned_abs(), (rows + below).max(BOX).unsigned_abs());
    draw(size, |area| {
        let mut top = 0;
        for (row, height) in layouts.chunks(columns).zip(&heights) {
            // The first boxes of a row are at the same height.
            let titles = row.iter().map(Layout::title_height).max().unwrap_or(0);
            for (index, layout) in row.iter().enumerate() {
                layout.paint(area, (column * index as i32, top), titles)?;
            }
            top += height;
        }
        if shared.is_some() {
            // Only the last row of models is near enough for arrows.
            let n_last = layouts.len() - (layouts.len() - 1) / columns * columns;
            let start = rows + 2 * MARGIN;
            for (index, layout) in layouts[layouts.len() - n_last..].iter().enumerate() {
                let x = column * index as i32 + column / 2;
                let from = rows - heights.last().unwrap_or(&0) + layout.height() - MARGIN + 4;
                let spread = inside(column) / (n_last as i32 + 1);
                let left = canvas / 2 - inside(column) / 2;
                arrow(area, (x, from), (left + spread * (index as i32 + 1), start))?;
            }
            paint_head(area, (canvas / 2 - inside(column) / 2, start), &head, inside(column))?;
        }
        Ok(())
    })
}

/// The width of the boxes in a column.
fn inside(column: i32) -> i32 {
    column - 2 * MARGIN
}

impl<'m> LayerLayout<'m> {
    fn of(layer: &'m LayerBox, width: i32) -> Self {
        let indent = INDENT * layer.depth.min(DEEPEST_INDENT) as i32;
        let width = width - indent;
        let output = room(&layer.output, OUTPUT_TYPE);
        let is_output_below = room(&layer.label, LABEL_TYPE) + 8 + output > width - 10;
        let label = label::fit(&[&layer.label], LABEL_TYPE, width - 10, 4).concat();
        Self { layer, label, is_output_below, indent, width }
    }

    fn height(&self) -> i32 {
        BOX + (self.label.len() as i32 - 1 + i32::from(self.is_output_below)) * LINE_HEIGHT
    }

    fn paint(&self, area: &Area<'_>, x: i32, y: i32) -> Result<(), Refusal> {
        let x = x + self.indent;
        let color = if self.layer.parameters > 0 { color(0) } else { FAINT_INK };
        frame(area, (x, y), (self.width, self.height()), color)?;
        let line = |number: usize| y + BOX / 2 + number as i32 * LINE_HEIGHT;
        for (number, one) in self.label.iter().enumerate() {
            area.draw_text(one, &text(LABEL_TYPE, INK, HPos::Left), (x + 5, line(number)))?;
        }
        let number = if self.is_output_below { self.label.len() } else { 0 };
        let style = text(OUTPUT_TYPE, FAINT_INK, HPos::Right);
        area.draw_text(&self.layer.output, &style, (x + self.width - 5, line(number)))
    }
}

impl<'m> Layout<'m> {
    fn of(model: &'m ModelDiagram, title: Lines, column: i32, has_head: bool) -> Self {
        let layers = |layers: &'m [LayerBox]| {
            layers.iter().map(|l| LayerLayout::of(l, inside(column))).collect()
        };
        Self {
            model,
            title,
            subtitle: label::fit(&[&model.subtitle], OUTPUT_TYPE, inside(column), 4).concat(),
            branch: layers(&model.branch),
            head: layers(if has_head { &model.head } else { &[] }),
            column,
        }
    }

    fn title_height(&self) -> i32 {
        let lines = self.title.len() as i32 * (LINE_HEIGHT + 5);
        MARGIN + lines + self.subtitle.len() as i32 * LINE_HEIGHT
    }

    fn height(&self) -> i32 {
        let layers: i32 = self.branch.iter().map(|layer| layer.height() + GAP).sum();
        let auxiliary = if self.model.has_auxiliary_loss { LINE_HEIGHT + GAP } else { 0 };
        let head = if self.head.is_empty() { 0 } else { GAP + head_height(&self.head) };
        self.title_height() + BOX + layers + auxiliary + head + MARGIN
    }

    /// Draws the model with `origin` as its upper left corner, below titles of this height.
    fn paint(&self, area: &Area<'_>, origin: (i32, i32), titles: i32) -> Result<(), Refusal> {
        let (left, top) = (origin.0 + MARGIN, origin.1);
        let middle = origin.0 + self.column / 2;
        let mut y = top + MARGIN;
        for line in &self.title {
            area.draw_text(line, &text(TITLE_TYPE, INK, HPos::Center), (middle, y))?;
            y += LINE_HEIGHT + 5;
        }
        for line in &self.subtitle {
            area.draw_text(line, &text(OUTPUT_TYPE, FAINT_INK, HPos::Center), (middle, y))?;
            y += LINE_HEIGHT;
        }
        let width = inside(self.column);
        let mut end = top + titles;
        let input = if self.model.head.is_empty() { "example" } else { "image a, and image b" };
        node(area, (left, end, width), input, &self.model.input)?;
        end += BOX;
        for layer in &self.branch {
            arrow(area, (middle, end), (middle, end + GAP))?;
            layer.paint(area, left, end + GAP)?;
            end += GAP + layer.height();
        }
        if self.model.has_auxiliary_loss {
            arrow(area, (middle, end), (middle, end + GAP))?;
            end += GAP + LINE_HEIGHT / 2;
            let style = text(OUTPUT_TYPE, INK, HPos::Center);
            area.draw_text("outputs, also for the auxiliary loss", &style, (middle, end))?;
            end += LINE_HEIGHT / 2;
        }
        if !self.head.is_empty() {
            arrow(area, (middle, end), (middle, end + GAP))?;
            let joined = "outputs for a and b, joined";
            node(area, (left, end + GAP, width), joined, &self.model.joined)?;
            paint_head(area, (left, end + GAP + BOX), &self.head, width)?;
        }
        Ok(())
    }
}

/// The height of a head with the boxes around it.
fn head_height(head: &[LayerLayout<'_>]) -> i32 {
    let layers: i32 = head.iter().map(|layer| layer.height() + GAP).sum();
    BOX + layers + GAP + LINE_HEIGHT + MARGIN
}

/// Draws the layers of a head with its upper left corner at `origin`, and its loss.
fn paint_head(
    area: &Area<'_>,
    origin: (i32, i32),
    head: &[LayerLayout<'_>],
    width: i32,
) -> Result<(), Refusal> {
    let (left, top) = origin;
    let middle = left + width / 2;
    let mut end = top;
    for layer in head {
        arrow(area, (middle, end), (middle, end + GAP))?;
        layer.paint(area, left, end + GAP)?;
        end += GAP + layer.height();
    }
    arrow(area, (middle, end), (middle, end + GAP))?;
    let style = text(LABEL_TYPE, INK, HPos::Center);
    area.draw_text("a ≤ b: main loss", &style, (middle, end + GAP + LINE_HEIGHT / 2))
}

/// A box of one line: a label at its left, and at its right the shape of its output.
fn node(area: &Area<'_>, at: (i32, i32, i32), label: &str, output: &str) -> Result<(), Refusal> {
    let (x, y, width) = at;
    frame(area, (x, y), (width, BOX), INK)?;
    let y = y + BOX / 2;
    area.draw_text(label, &text(LABEL_TYPE, INK, HPos::Left), (x + 5, y))?;
    area.draw_text(output, &text(OUTPUT_TYPE, FAINT_INK, HPos::Right), (x + width - 5, y))
}

fn frame(
    area: &Area<'_>,
    (x, y): (i32, i32),
    (width, height): (i32, i32),
    color: RGBColor,
) -> Result<(), Refusal> {
    let corners = [(x, y), (x + width, y + height)];
    area.draw(&Rectangle::new(corners, color.mix(0.08).filled()))?;
    area.draw(&Rectangle::new(corners, color.mix(0.7).stroke_width(1)))
}

fn arrow(area: &Area<'_>, from: (i32, i32), to: (i32, i32)) -> Result<(), Refusal> {
    area.draw(&PathElement::new([from, to], LINE.stroke_width(2)))?;
    let tip = [(to.0 - 3, to.1 - 5), (to.0 + 3, to.1 - 5), to];
    area.draw(&Polygon::new(tip.to_vec(), FAINT_INK.filled()))
}
