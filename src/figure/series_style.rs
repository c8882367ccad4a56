//! The styles of the series of a figure: colour and marker, and the dashes of the line.

use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::style::{Area, COLORS, Refusal, color};

/// Dashes and the gaps between them, in pixels. The first line is solid.
const DASHES: [Option<(i32, i32)>; 4] = [None, Some((6, 4)), Some((2, 4)), Some((16, 5))];

/// Number of series that have a style of their own.
pub(super) const MOST_SERIES: usize = COLORS * DASHES.len();

/// The dashes of the lines in words, in their order.
pub const DASH_WORDS: [&str; DASHES.len()] = ["solid", "dashed", "dotted", "with long dashes"];

/// The style of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesStyle {
    color: usize,
    dash: usize,
}

impl SeriesStyle {
    /// The style of series number `index` of a figure with one series for each condition.
    #[must_use]
    pub fn numbered(index: usize) -> Self {
        Self { color: index % COLORS, dash: index / COLORS % DASHES.len() }
    }

    /// The style of a curve of a condition in a figure with several curves: the condition has the
    /// colour, and the curve has the dashes. `None` if there are too many of them.
    #[must_use]
    pub fn of(condition: usize, curve: usize) -> Option<Self> {
        let is_known = condition < COLORS && curve < DASHES.len();
        is_known.then_some(Self { color: condition, dash: curve })
    }

    /// The colour.
    pub(super) fn color(self) -> RGBColor {
        color(self.color)
    }
}

/// Draws a line in this style, in pixels.
pub(super) fn line(
    area: &Area<'_>,
    style: SeriesStyle,
    points: Vec<(i32, i32)>,
) -> Result<(), Refusal> {
    let stroke = style.color().stroke_width(2);
    match DASHES[style.dash] {
        None => area.draw(&PathElement::new(points, stroke)),
        Some((dash, gap)) => area.draw(&DashedPathElement::new(points, dash, gap, stroke)),
    }
}

/// Draws a marker in this style.
pub(super) fn marker(area: &Area<'_>, style: SeriesStyle, at: (i32, i32)) -> Result<(), Refusal> {
    let (x, y) = at;
    let fill = style.color().filled();
    match style.color {
        0 => area.draw(&Circle::new(at, 4, fill)),
        1 => area.draw(&TriangleMarker::new(at, 6, fill)),
        2 => area.draw(&Cross::new(at, 4, fill.stroke_width(2))),
        3 => area.draw(&Rectangle::new([(x - 4, y - 4), (x + 4, y + 4)], fill)),
        4 => {
            let corners = vec![(x - 5, y), (x, y - 5), (x + 5, y), (x, y + 5)];
            area.draw(&Polygon::new(corners, fill))
        }
        _ => {
            let style = fill.stroke_width(2);
            area.draw(&PathElement::new([(x - 5, y), (x + 5, y)], style))?;
            area.draw(&PathElement::new([(x, y - 5), (x, y + 5)], style))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw;
    use super::*;

    fn sample(index: usize) -> String {
        let paint = |area: &Area<'_>| {
            let style = SeriesStyle::numbered(index);
            line(area, style, vec![(0, 5), (60, 5)])?;
            marker(area, style, (30, 5))
        };
        draw((60, 10), paint).unwrap()
    }

    #[test]
    fn no_two_series_look_alike_even_without_colour() {
        let gray = |svg: String| {
            let mut parts = svg.split('#');
            let first = parts.next().unwrap().to_owned();
            first + &parts.map(|part| &part[6..]).collect::<String>()
        };
        let samples: std::collections::BTreeSet<_> =
            (0..MOST_SERIES).map(sample).map(gray).collect();
        assert_eq!((samples.len(), MOST_SERIES), (24, 24));
    }
}
