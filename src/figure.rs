//! Draws figures as SVG with plotters, and turns SVG into PNG with resvg.
//!
//! The bytes of a figure do not depend on the fonts of this machine. An SVG file leaves the font to
//! the program that shows it. A PNG file has text in a font of this binary.

#![expect(
    clippy::cast_possible_wrap,
    reason = "limits on the number of items keep lengths in pixels small"
)]

mod axes;
mod confusion;
mod diagram;
mod font;
mod label;
mod learning_curves;
mod legend;
mod outline;
mod png;
mod row_marks;
mod scale;
mod scatter;
mod seeds;
mod series_style;
mod style;

#[cfg(test)]
mod tests;

pub use confusion::{ConfusionMatrix, confusion};
pub use diagram::{LayerBox, ModelDiagram, diagram};
pub use learning_curves::{CurveSeries, MOST_BANDS, learning_curves};
pub use outline::missing_characters;
pub use png::{is_png_of, png};
pub use scale::{ScaledAxis, ValueAxis};
pub use scatter::{ScatterSeries, scatter};
pub use seeds::{Marks, SeedDot, SeedRow, seeds};
pub use series_style::{DASH_WORDS, SeriesStyle};
pub use style::{Width, theme};

/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// Plotters or resvg refused, which is a fault of this program.
    #[error("cannot draw: {0}")]
    Refused(String),
    /// The figure would not be readable.
    #[error("has {n} {of}; at most {most} can be told apart")]
    TooMany {
        /// How many there are.
        n: usize,
        /// The items, in the plural.
        of: &'static str,
        /// How many fit.
        most: usize,
    },
    /// A logarithmic axis has no place for a value.
    #[error("has the value {0} on a logarithmic axis, which shows only numbers above 0")]
    NotPositive(f64),
    /// Curves and conditions need more line styles or colours than there are.
    #[error(
        "has {curves} curves of {conditions} conditions; at most {} curves of {} conditions can be told apart",
        series_style::DASH_WORDS.len(),
        style::COLORS
    )]
    TooManyStyles {
        /// The number of curves of each condition.
        curves: usize,
        /// The number of conditions.
        conditions: usize,
    },
}

/// Draws an SVG of this size on a white background.
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
            .map_err(|refusal| FigureError::Refused(refusal.to_string()))?;
    }
    Ok(svg)
}

/// Gives the first circles of a drawing their titles, in the order in which they were drawn.
/// Plotters does not write titles.
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

/// The drawing as a file of its own, which follows the light or dark theme of the reader.
#[must_use]
pub fn with_theme(svg: &str) -> String {
    let Some(end) = svg.find('>') else { return svg.to_owned() };
    let (head, rest) = svg.split_at(end + 1);
    format!("{head}\n<style>:root {{ color-scheme: light dark; }}\n{}</style>{rest}", theme(""))
}
