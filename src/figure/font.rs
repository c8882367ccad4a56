//! Noto Sans: the font of PNG files. It also gives the room that a text needs in an SVG file, whose
//! font the reader's program chooses.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId};

static FACE: LazyLock<Face<'static>> = LazyLock::new(|| {
    Face::parse(notosans::REGULAR_TTF, 0).expect("the font in this binary is a font")
});

/// Width of the widest common font relative to Noto Sans.
const WIDEST_FONT: f32 = 1.15;

/// Plotters writes sizes in points of this many units.
const UNITS_PER_SIZE: f32 = 1.24;

/// The font.
pub(super) fn face() -> &'static Face<'static> {
    &FACE
}

/// Width of `text` in Noto Sans at a font size of 1.
pub(super) fn width(text: &str) -> f32 {
    let units = |character| match face().glyph_index(character) {
        Some(glyph) => advance(glyph),
        // Another font draws it, as wide as a Chinese character at most.
        None => advance(GlyphId::default()).max(f32::from(face().units_per_em())),
    };
    text.chars().map(units).sum::<f32>() / f32::from(face().units_per_em())
}

fn advance(glyph: GlyphId) -> f32 {
    f32::from(face().glyph_hor_advance(glyph).unwrap_or(0))
}

/// Width that `text` needs at a type size of [`super::style::text`], in any common font.
pub(super) fn room(text: &str, size: u32) -> i32 {
    (width(text) * WIDEST_FONT * size as f32 / UNITS_PER_SIZE).ceil() as i32
}

/// The characters of `text` that Noto Sans lacks.
pub(super) fn missing(text: &str) -> BTreeSet<char> {
    text.chars().filter(|character| face().glyph_index(*character).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_needs_more_room_the_longer_the_larger_and_the_wider_it_is() {
        assert!(room("mm", 16) > room("m", 16));
        assert!(room("m", 19) > room("m", 16));
        assert!(room("m", 16) > room("i", 16));
        assert!(room("中", 16) > room("i", 16));
        assert_eq!(room("", 16), 0);
    }

    #[test]
    fn only_characters_without_a_glyph_are_missing() {
        assert!(missing("deep ≤ ½ · α → ×").is_subset(&BTreeSet::from(['→', '≤'])));
        assert_eq!(missing("a中b中👩"), BTreeSet::from(['中', '👩']));
    }
}
