//! The marks of the rows of a table of scores, and their signs in the legend.

use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use super::style::{Area, INK, Refusal, color, text};

/// The type of the legend and of the labels of rows.
pub(super) const TYPE: u32 = 15;

/// A sign of the legend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    pub(super) kind: SignKind,
    pub(super) at: (i32, i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignKind {
    Run,
    Bar,
    Interval,
    MeanAndInterval,
    Mean,
    Published,
    Expected,
}

impl SignKind {
    /// Its name, and the room that the sign takes before it.
    pub(super) fn words(self) -> (&'static str, i32) {
        match self {
            Self::Run => ("one run", 12),
            Self::Bar => ("mean", 32),
            Self::Interval => ("95 % interval of the mean", 32),
            Self::MeanAndInterval => ("mean and 95 % interval", 32),
            Self::Mean => ("mean", 12),
            Self::Published => ("published", 20),
            Self::Expected => ("95 % range for a new draw", 32),
        }
    }
}

/// The bar of a mean.
pub(super) fn bar(corners: [(i32, i32); 2]) -> Rectangle<(i32, i32)> {
    Rectangle::new(corners, color(4).mix(0.55).filled())
}

/// The range that is expected of a published mean.
pub(super) fn band(corners: [(i32, i32); 2]) -> Rectangle<(i32, i32)> {
    Rectangle::new(corners, color(1).mix(0.25).filled())
}

/// A hollow diamond, which hides neither bar nor dots.
pub(super) fn diamond(at: (i32, i32)) -> PathElement<(i32, i32)> {
    let (x, y) = at;
    let corners = [(x - 7, y), (x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y), (x, y - 7)];
    PathElement::new(corners.to_vec(), color(1).stroke_width(3))
}

/// Draws a sign with its name.
pub(super) fn draw_sign(area: &Area<'_>, Sign { kind, at: (x, y) }: Sign) -> Result<(), Refusal> {
    let (name, before) = kind.words();
    let line = |from, to| PathElement::new([from, to], INK.stroke_width(3));
    match kind {
        SignKind::Run => area.draw(&Circle::new((x + 4, y), 4, color(0).mix(0.55).filled()))?,
        SignKind::Bar => area.draw(&bar([(x, y - 9), (x + 24, y + 9)]))?,
        SignKind::Interval => area.draw(&line((x, y), (x + 24, y)))?,
        SignKind::MeanAndInterval => {
            area.draw(&line((x, y), (x + 24, y)))?;
            area.draw(&line((x + 12, y - 8), (x + 12, y + 8)))?;
        }
        SignKind::Mean => area.draw(&line((x + 4, y - 8), (x + 4, y + 8)))?,
        SignKind::Published => area.draw(&diamond((x + 8, y)))?,
        SignKind::Expected => {
            area.draw(&band([(x, y - 9), (x + 24, y + 9)]))?;
        }
    }
    area.draw_text(name, &text(TYPE, INK, HPos::Left), (x + before, y))
}
