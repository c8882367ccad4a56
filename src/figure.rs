//! Data → SVG, with plotters. Text is left to the viewer's fonts, so that the bytes do not depend
//! on those of this machine. SVG → PNG, with resvg and a font in the binary, for the same reason.

mod diagram;
mod learning_curves;
mod outline;
mod png;
mod seeds;
mod style;

pub use diagram::{LayerBox, ModelDiagram, diagram};
pub use learning_curves::{CurveSeries, learning_curves};
pub use png::png;
pub use seeds::{SeedDot, SeedRow, seeds};

pub use style::theme;

/// A figure that plotters or resvg refused: a fault of this program.
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

/// Gives the first circles of a drawing their titles, in the order in which they were drawn: plotters
/// has no word for them.
fn with_titles<'t>(svg: &str, titles: impl Iterator<Item = &'t str>) -> String {
    let mut whole = String::with_capacity(svg.len());
    let mut rest = svg;
    for title in titles {
        let Some(start) = rest.find("<circle ") else { break };
        let Some(end) = rest[start..].find("/>") else { break };
        let (circle, after) = rest.split_at(start + end);
        whole.push_str(circle);
        let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        whole.extend(["><title>", title.as_str(), "</title></circle>"]);
        rest = &after["/>".len()..];
    }
    whole + rest
}

/// A drawing that follows the reader's theme where it is a file of its own.
#[must_use]
pub fn with_theme(svg: &str) -> String {
    let Some(end) = svg.find('>') else { return svg.to_owned() };
    let (head, rest) = svg.split_at(end + 1);
    format!("{head}\n<style>:root {{ color-scheme: light dark; }}\n{}</style>{rest}", theme(""))
}
