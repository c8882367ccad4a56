//! Diagrams of pair networks, drawn from their layer lists.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{Area, FAINT_INK, INK, LINE, Refusal, color, text};
use super::{FigureError, draw};

/// A layer as a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerBox {
    /// Kind and sizes.
    pub label: String,
    /// Shape of what it puts out.
    pub output: String,
    /// Trainable parameters.
    pub parameters: usize,
}

/// A pair network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelDiagram {
    /// How it is called.
    pub title: String,
    /// Shape of the image of one digit.
    pub input: String,
    /// Layers of a branch.
    pub branch: Vec<LayerBox>,
    /// Layers of the head.
    pub head: Vec<LayerBox>,
    /// What is told below the title: how many parameters it has.
    pub subtitle: String,
}

const COLUMN: i32 = 395;
const MARGIN: i32 = 14;
const BOX: i32 = 22;
const GAP: i32 = 8;
const STEP: i32 = BOX + GAP;
const TOP: i32 = 66;

/// Draws the models side by side.
///
/// # Errors
/// If plotters refuses.
pub fn diagram(models: &[ModelDiagram]) -> Result<String, FigureError> {
    let rows = |model: &ModelDiagram| model.branch.len() + model.head.len();
    let most = models.iter().map(rows).max().unwrap_or(0).min(500);
    let most = i32::try_from(most).unwrap_or(0);
    let height = TOP + (most + 4) * STEP + MARGIN;
    let width = COLUMN * i32::try_from(models.len().clamp(1, 20)).unwrap_or(1);
    let size = (width.unsigned_abs(), height.unsigned_abs());
    draw(size, |area| {
        for (index, model) in models.iter().enumerate() {
            paint(area, model, COLUMN * i32::try_from(index).unwrap_or(0))?;
        }
        Ok(())
    })
}

fn paint(area: &Area<'_>, model: &ModelDiagram, left: i32) -> Result<(), Refusal> {
    let middle = left + COLUMN / 2;
    let width = (COLUMN - 3 * MARGIN) / 2;
    let branches = [left + MARGIN, left + 2 * MARGIN + width];
    area.draw_text(&model.title, &text(19, INK, HPos::Center), (middle, 20))?;
    let style = text(13, FAINT_INK, HPos::Center);
    area.draw_text(&model.subtitle, &style, (middle, 42))?;

    let mut end = TOP;
    for (x, digit) in branches.into_iter().zip(["digit a", "digit b"]) {
        let mut y = TOP;
        node(area, (x, y, width), digit, &model.input, INK)?;
        for layer in &model.branch {
            arrow(area, (x + width / 2, y + BOX), (x + width / 2, y + STEP))?;
            y += STEP;
            let color = if layer.parameters > 0 { color(0) } else { FAINT_INK };
            node(area, (x, y, width), &layer.label, &layer.output, color)?;
        }
        end = y;
    }

    // Both branches' outputs go to the auxiliary loss and, concatenated, to the head.
    let auxiliary = end + STEP + GAP;
    let joined = auxiliary + STEP;
    let join_width = width;
    let join_x = middle - join_width / 2;
    for x in branches {
        let center = x + width / 2;
        let label = text(14, INK, HPos::Center);
        arrow(area, (center, end + BOX), (center, auxiliary - 2))?;
        area.draw_text("auxiliary loss", &label, (center, auxiliary + 8))?;
        let toward = if center < middle { 1 } else { -1 };
        let edge = middle - toward * (join_width / 2 - 24);
        arrow(area, (center + toward * 68, end + BOX), (edge, joined))?;
    }
    let mut y = joined;
    node(area, (join_x, y, join_width), "concatenate", "20", INK)?;
    for layer in &model.head {
        arrow(area, (middle, y + BOX), (middle, y + STEP))?;
        y += STEP;
        let color = if layer.parameters > 0 { color(0) } else { FAINT_INK };
        node(area, (join_x, y, join_width), &layer.label, &layer.output, color)?;
    }
    let label = text(15, INK, HPos::Center);
    arrow(area, (middle, y + BOX), (middle, y + STEP))?;
    area.draw_text("a ≤ b: main loss", &label, (middle, y + STEP + 10))
}

/// A box with a label at its left and the shape that leaves it at its right.
fn node(
    area: &Area<'_>,
    (x, y, width): (i32, i32, i32),
    label: &str,
    output: &str,
    color: RGBColor,
) -> Result<(), Refusal> {
    let corners = [(x, y), (x + width, y + BOX)];
    area.draw(&Rectangle::new(corners, color.mix(0.08).filled()))?;
    area.draw(&Rectangle::new(corners, color.mix(0.7).stroke_width(1)))?;
    area.draw_text(label, &text(13, INK, HPos::Left), (x + 5, y + BOX / 2))?;
    let style = text(12, FAINT_INK, HPos::Right);
    area.draw_text(output, &style, (x + width - 5, y + BOX / 2))
}

fn arrow(area: &Area<'_>, from: (i32, i32), to: (i32, i32)) -> Result<(), Refusal> {
    area.draw(&PathElement::new([from, to], LINE.stroke_width(2)))?;
    let tip = [(to.0 - 3, to.1 - 5), (to.0 + 3, to.1 - 5), to];
    area.draw(&Polygon::new(tip.to_vec(), FAINT_INK.filled()))
}
