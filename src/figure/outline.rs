//! Turns the texts of an SVG by plotters into outlines of Noto Sans. So resvg needs no text engine,
//! which would take three times as long to compile as the rest of resvg.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ttf_parser::{Face, OutlineBuilder};

use super::font::{self, face};

/// `svg` with a path in place of each text. Letters stand side by side from left to right, without
/// kerning. A character that Noto Sans lacks becomes a box.
pub(super) fn outlined(svg: &str) -> String {
    let mut whole = String::with_capacity(4 * svg.len());
    let mut rest = svg;
    while let Some((before, attributes, text, after)) = next_text(rest) {
        whole.push_str(before);
        path(face(), attributes, &text, &mut whole);
        rest = after;
    }
    whole + rest
}

/// The characters in the texts of `svg` that Noto Sans lacks.
#[must_use]
pub fn missing_characters(svg: &str) -> BTreeSet<char> {
    let mut missing = BTreeSet::new();
    let mut rest = svg;
    while let Some((_, _, text, after)) = next_text(rest) {
        missing.extend(font::missing(&text));
        rest = after;
    }
    missing
}

/// Splits `svg` at its first text: the SVG before it, its attributes, its content, and the SVG
/// after it.
fn next_text(svg: &str) -> Option<(&str, &str, String, &str)> {
    let (before, rest) = svg.split_once("<text ")?;
    let (text, after) = rest.split_once("</text>")?;
    let (attributes, text) = text.split_once('>')?;
    Some((before, attributes, unescaped(text.trim()), after))
}

fn path(face: &Face<'_>, attributes: &str, text: &str, svg: &mut String) {
    let number = |name| attribute(attributes, name).and_then(|text| text.parse::<f32>().ok());
    let size = number("font-size").unwrap_or(0.0);
    let unit = size / f32::from(face.units_per_em());
    let ex = f32::from(face.x_height().unwrap_or(0)) * unit;
    let dy = attribute(attributes, "dy").unwrap_or("");
    let shift = [("ex", ex), ("em", size)]
        .into_iter()
        .find_map(|(suffix, length)| Some(dy.strip_suffix(suffix)?.parse::<f32>().ok()? * length));
    let glyphs = text.chars().map(|character| face.glyph_index(character).unwrap_or_default());
    let advance = |glyph| f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * unit;
    let width: f32 = glyphs.clone().map(advance).sum();
    let before = match attribute(attributes, "text-anchor") {
        Some("middle") => width / 2.0,
        Some("end") => width,
        _ => 0.0,
    };
    let x = number("x").unwrap_or(0.0) - before;
    let y = number("y").unwrap_or(0.0) + shift.unwrap_or(0.0);
    svg.push_str("<path");
    for name in ["transform", "opacity", "fill"] {
        if let Some(value) = attribute(attributes, name) {
            svg.extend([" ", name, "=\"", value, "\""]);
        }
    }
    svg.push_str(" d=\"");
    let mut pen = Pen { svg, x, y, unit };
    for glyph in glyphs {
        face.outline_glyph(glyph, &mut pen);
        pen.x += advance(glyph);
    }
    svg.push_str("\"/>");
}

fn attribute<'s>(attributes: &'s str, name: &str) -> Option<&'s str> {
    let mut parts = attributes.split('"');
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        if key.trim().strip_suffix('=') == Some(name) {
            return Some(value);
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&amp;", "&")
}

/// Writes outlines at the position of the pen.
struct Pen<'s> {
    svg: &'s mut String,
    x: f32,
    y: f32,
    unit: f32,
}

impl Pen<'_> {
    fn write<const N: usize>(&mut self, command: char, points: [(f32, f32); N]) {
        self.svg.push(command);
        for (x, y) in points {
            // Writing to a string cannot fail.
            let (x, y) = (self.x + x * self.unit, self.y - y * self.unit);
            let _ = write!(self.svg, "{x:.3} {y:.3} ");
        }
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.write('M', [(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.write('L', [(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.write('Q', [(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.write('C', [(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.svg.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlines(anchor: &str, text: &str) -> String {
        let style = format!("text-anchor=\"{anchor}\" font-size=\"10\" fill=\"#262626\"");
        outlined(&format!(
            "<svg><text x=\"5\" y=\"15\" dy=\"0.5ex\" {style}>\n{text}\n</text></svg>"
        ))
    }

    /// How many closed lines the letters are made of.
    fn contours(svg: &str) -> usize {
        svg.matches('Z').count()
    }

    fn starts_at(svg: &str) -> f32 {
        let (_, path) = svg.split_once(" d=\"M").unwrap();
        path.split(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    fn every_text_becomes_a_path_of_its_colour() {
        let svg = outlines("start", "one");
        assert!(!svg.contains("<text"), "{svg}");
        assert!(svg.starts_with("<svg><path fill=\"#262626\" d=\"M"), "{svg}");
        assert!(svg.ends_with("Z\"/></svg>"), "{svg}");
    }

    #[test]
    fn entities_are_the_characters_that_they_stand_for() {
        assert_eq!(contours(&outlines("start", "&lt;&gt;&quot;")), 4);
        let ampersand = contours(&outlines("start", "&amp;"));
        assert_eq!(contours(&outlines("start", "&amp;lt;")), ampersand + 4);
    }

    #[test]
    fn a_text_stands_right_of_its_anchor_around_it_or_left_of_it() {
        let [start, middle, end] =
            ["start", "middle", "end"].map(|anchor| starts_at(&outlines(anchor, "HHHH")));
        assert!((5.0..15.0).contains(&start), "{start}");
        assert!((start - 2.0 * middle + end).abs() < 0.01, "{start} {middle} {end}");
        assert!((25.0..35.0).contains(&(start - end)), "{start} {end}");
    }

    #[test]
    fn a_turned_text_stays_turned() {
        let svg = outlined(
            "<text x=\"1\" y=\"2\" font-size=\"9\" transform=\"rotate(270, 1, 2)\">\na\n</text>",
        );
        assert!(svg.starts_with("<path transform=\"rotate(270, 1, 2)\" d=\"M"), "{svg}");
    }

    #[test]
    fn what_plotters_never_writes_is_left_as_it_is() {
        for odd in ["", "<text ", "<text x=\"1\">", "<text x=\"1\" </text>", "<textPath/>"] {
            assert_eq!(outlined(odd), odd);
        }
        assert!(outlined("<text x=\"1>\n</text>").starts_with("<path"), "half an attribute");
    }
}
