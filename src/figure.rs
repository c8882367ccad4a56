//! Data → SVG, with plotters. Text is left to the viewer's fonts, so that the bytes do not depend
//! on those of this machine.

mod diagram;
mod learning_curves;
mod seeds;
mod style;

pub use diagram::{LayerBox, ModelDiagram, diagram};
pub use learning_curves::{CurveSeries, learning_curves};
pub use seeds::{SeedRow, seeds};

/// A figure that plotters refused: a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw: {0}")]
pub struct FigureError(String);

/// Draws on a new SVG of this size, on white.
fn draw(
    size: (u32, u32),
    paint: impl FnOnce(&style::Area<'_>) -> Result<(), style::Refusal>,
) -> Result<String, FigureError> {
    use plotters::prelude::{IntoDrawingArea as _, SVGBackend, WHITE};
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        area.fill(&WHITE)
            .and_then(|()| paint(&area))
            .and_then(|()| area.present())
            .map_err(|refusal| FigureError(refusal.to_string()))?;
    }
    Ok(svg)
}
