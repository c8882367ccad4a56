//! Colours, text styles, ranges and ticks of all figures.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The area that a figure is drawn on.
pub(super) type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;

/// The error of plotters.
pub(super) type Refusal = DrawingAreaErrorKind<std::io::Error>;

/// How wide a figure is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// For a page of paper or a wide window: labels stand at the left.
    Wide,
    /// For a phone: labels stand above what they name.
    Narrow,
}

impl Width {
    /// The width in pixels.
    pub(super) fn pixels(self) -> i32 {
        match self {
            Self::Wide => 760,
            Self::Narrow => 360,
        }
    }
}

/// Number of colours.
pub(super) const COLORS: usize = 6;

/// The palette of Okabe and Ito without its yellow. Readers with any colour vision can tell these
/// colours apart. Each has a second colour for a dark background.
const PALETTE: [(RGBColor, RGBColor); COLORS] = [
    (RGBColor(0, 114, 178), RGBColor(77, 179, 240)),
    (RGBColor(213, 94, 0), RGBColor(255, 138, 61)),
    (RGBColor(0, 158, 115), RGBColor(47, 208, 162)),
    (RGBColor(204, 121, 167), RGBColor(230, 154, 197)),
    (RGBColor(86, 180, 233), RGBColor(143, 208, 245)),
    (RGBColor(230, 159, 0), RGBColor(245, 188, 61)),
];

/// Background, axes and lines, each with a second colour for a dark background.
const GROUND: [(RGBColor, RGBColor); 4] = [
    (WHITE, RGBColor(22, 22, 22)),
    (INK, RGBColor(230, 230, 230)),
    (FAINT_INK, RGBColor(168, 168, 168)),
    (LINE, RGBColor(70, 70, 70)),
];

/// CSS that gives the drawings below `scope` their colours for a dark background, for readers who
/// prefer it. The drawings themselves have the colours for a light background.
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

/// The range between two multiples of `step` that contains all `values`, with room above the
/// largest. Returns `fallback` if there is no finite value.
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

/// Whole numbers in `range` for at most `most` ticks: multiples of 1, 2 or 5 times a power of ten.
pub(super) fn whole_ticks(range: &std::ops::Range<f64>, most: usize) -> Vec<f64> {
    let steps = (0..12).flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10f64.powi(power)));
    let ticks = |step: f64| -> Vec<f64> {
        let (first, last) = ((range.start / step).ceil(), (range.end / step).floor());
        let n = if last >= first { (last - first + 1.0).min(1e4) as usize } else { 0 };
        (0..n).map(|index| (first + index as f64) * step).collect()
    };
    steps.map(ticks).find(|ticks| ticks.len() <= most).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_whole_and_increasing_and_not_too_many() {
        for (low, high) in
            [(1.0, 3.0), (95.0, 100.0), (0.0, 100.0), (0.5, 1.5), (1.0, 1e7), (2.5, 2.6)]
        {
            let ticks = whole_ticks(&(low..high), 8);
            assert!(ticks.len() <= 8);
            assert!(ticks.iter().all(|tick| tick.fract() == 0.0 && (low..=high).contains(tick)));
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{ticks:?}");
        }
        assert_eq!(whole_ticks(&(1.0..3.0), 8), [1.0, 2.0, 3.0]);
        assert_eq!(whole_ticks(&(60.0..90.0), 8), [60.0, 65.0, 70.0, 75.0, 80.0, 85.0, 90.0]);
    }
}
