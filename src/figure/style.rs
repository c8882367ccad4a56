//! Colours, type sizes and the types that all figures share.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The surface that a figure is drawn on.
pub(super) type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;

/// What plotters says when it cannot draw.
pub(super) type Refusal = DrawingAreaErrorKind<std::io::Error>;

/// Okabe and Ito's palette, told apart by readers with any colour vision, without its yellow; beside
/// each colour what stands for it on dark ground.
const PALETTE: [(RGBColor, RGBColor); 6] = [
    (RGBColor(0, 114, 178), RGBColor(77, 179, 240)),
    (RGBColor(213, 94, 0), RGBColor(255, 138, 61)),
    (RGBColor(0, 158, 115), RGBColor(47, 208, 162)),
    (RGBColor(204, 121, 167), RGBColor(230, 154, 197)),
    (RGBColor(86, 180, 233), RGBColor(143, 208, 245)),
    (RGBColor(230, 159, 0), RGBColor(245, 188, 61)),
];

/// Ground, axes and lines on light ground, and what stands for them on dark.
const GROUND: [(RGBColor, RGBColor); 4] = [
    (WHITE, RGBColor(22, 22, 22)),
    (INK, RGBColor(230, 230, 230)),
    (FAINT_INK, RGBColor(168, 168, 168)),
    (LINE, RGBColor(70, 70, 70)),
];

/// CSS that gives the drawings below `scope` other colours where readers want dark ones. The drawings
/// themselves carry those for light ground.
#[must_use]
pub fn theme(scope: &str) -> String {
    let rule = |(light, dark): &(RGBColor, RGBColor)| {
        let [light, dark] = [light, dark].map(|c| format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2));
        ["fill", "stroke"].map(|property| {
            format!(
                "{scope}[{property}=\"{light}\"] {{ {property}: light-dark({light}, {dark}); }}\n"
            )
        })
    };
    GROUND.iter().chain(&PALETTE).flat_map(rule).collect()
}

/// Axes and text.
pub(super) const INK: RGBColor = RGBColor(38, 38, 38);

/// Secondary text.
pub(super) const FAINT_INK: RGBColor = RGBColor(95, 95, 95);

/// Grid lines and outlines.
pub(super) const LINE: RGBColor = RGBColor(205, 205, 205);

/// The colour of series number `index`.
pub(super) fn color(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()].0
}

/// A text style anchored at its left, middle or right, and at mid height.
pub(super) fn text(size: u32, color: RGBColor, anchor: HPos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&color).pos(Pos::new(anchor, VPos::Center))
}

/// The smallest range of multiples of `step` that holds all `values` with some room; `fallback` if
/// there are none.
pub(super) fn range_of(
    values: impl Iterator<Item = f64>,
    step: f64,
    fallback: (f64, f64),
) -> std::ops::Range<f64> {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low > high {
        return fallback.0..fallback.1;
    }
    ((low / step).floor() * step)..((high / step).floor() * step + step)
}
