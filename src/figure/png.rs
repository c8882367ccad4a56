//! Turns SVG into PNG, with resvg. Text has a font of this binary.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::FigureError;
use super::outline::outlined;
use crate::digest::Digest;

/// Version of the drawing, raised by hand when the same SVG gives another picture.
const VERSION: u32 = 1;

/// Keyword of the text in a PNG file that names the SVG it was drawn from.
const SOURCE: &str = "Source";

/// Drawings with more pixels are scaled down. So many pixels take 128 MiB of memory.
const MOST_PIXELS: f32 = 33_554_432.0;

/// Pixels per meter at a scale of one: 96 per inch, as in CSS.
const DENSITY: f32 = 96.0 / 0.0254;

/// Draws a figure of this module on a white background, with `scale` pixels per unit of the SVG.
/// `svg` is the figure before [`super::with_theme`]. Titles of dots are left out. Characters that
/// Noto Sans lacks become boxes: see [`super::missing_characters`].
///
/// # Errors
/// Returns an error if resvg refuses the drawing, or if the scale leaves no pixel.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, FigureError> {
    let mut options = Options::default();
    // resvg must not read files that a drawing names.
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    let tree = Tree::from_str(&without_layers(&outlined(svg)), &options)
        .map_err(|error| FigureError::Refused(error.to_string()))?;
    let (size, asked) = (tree.size(), scale);
    let most = (MOST_PIXELS / (size.width() * size.height())).sqrt();
    let scale = if scale > most { most } else { scale };
    let [width, height] = [size.width(), size.height()].map(|side| (side * scale).round() as u32);
    let mut pixmap = Pixmap::new(width, height)
        .ok_or_else(|| FigureError::Refused(format!("{width} × {height} pixels")))?;
    pixmap.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    encode(&pixmap, scale, &source(svg, asked))
        .map_err(|error| FigureError::Refused(error.to_string()))
}

/// Whether `file` is the whole PNG file that [`png()`] draws of `svg` at this scale.
#[must_use]
pub fn is_png_of(file: &[u8], svg: &str, scale: f32) -> bool {
    let text = [SOURCE, "\0", &source(svg, scale)].concat();
    let Some(mut rest) = file.strip_prefix(b"\x89PNG\r\n\x1a\n") else { return false };
    let mut has_source = false;
    // Each chunk is its length, its kind, its content and a checksum of four bytes.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((kind, content)) = after.split_first_chunk::<4>() else { return false };
        let (Some(whole), Some(next)) = (content.get(..length), content.get(length + 4..)) else {
            return false;
        };
        match kind {
            b"tEXt" => has_source |= whole == text.as_bytes(),
            b"IEND" => return has_source && next.is_empty(),
            _ => {}
        }
        rest = next;
    }
    false
}

/// The digest of everything that a picture depends on.
fn source(svg: &str, scale: f32) -> String {
    Digest::of_bytes(format!("{VERSION} {scale} {svg}").as_bytes()).to_string()
}

/// Replaces the opacity of each shape by that of its fill and its stroke. Plotters gives each shape
/// only one of the two. resvg would draw a shape with an opacity on a layer of its own, which takes
/// twice as long.
fn without_layers(svg: &str) -> String {
    let mut parts = svg.split(" opacity=\"");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let opacity = part.split('"').next().unwrap_or_default();
        whole.extend([" fill-opacity=\"", opacity, "\" stroke-opacity=\"", part]);
    }
    whole
}

/// Encodes an opaque picture. Without filters the file is smaller, because most of the picture is
/// plain.
fn encode(pixmap: &Pixmap, scale: f32, source: &str) -> Result<Vec<u8>, png::EncodingError> {
    let (pixels, _) = pixmap.data().as_chunks::<4>();
    let rgb: Vec<u8> =
        pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    let density = (DENSITY * scale).round() as u32;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, pixmap.width(), pixmap.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: density,
        yppu: density,
        unit: png::Unit::Meter,
    }));
    encoder.add_text_chunk(SOURCE.to_owned(), source.to_owned())?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&rgb)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::tests::row;
    use super::super::{
        LayerBox, Marks, ModelDiagram, ScaledAxis, SeriesStyle, ValueAxis, Width, diagram,
        learning_curves, seeds, with_titles,
    };
    use super::*;

    fn figure() -> String {
        seeds(
            &[row("deep".to_owned()), row("fully connected".to_owned())],
            &ValueAxis::percent(),
            Marks::Dots,
            Width::Wide,
        )
        .unwrap()
    }

    /// A drawing of one text.
    fn words(text: &str) -> String {
        let svg = "<svg width=\"40\" height=\"20\" xmlns=\"http://www.w3.org/2000/svg\">";
        let style = "font-family=\"sans-serif\" font-size=\"12\"";
        format!("{svg}<text x=\"5\" y=\"15\" {style}>\n{text}\n</text></svg>")
    }

    fn without_text(svg: &str) -> String {
        let mut rest = svg;
        let mut whole = String::new();
        while let Some((before, text)) = rest.split_once("<text") {
            whole.push_str(before);
            rest = text.split_once("</text>").unwrap().1;
        }
        whole + rest
    }

    fn picture(svg: &str) -> Pixmap {
        Pixmap::decode_png(&png(svg, 2.0).unwrap()).unwrap()
    }

    fn dark_pixels(svg: &str) -> usize {
        picture(svg).pixels().iter().filter(|pixel| pixel.red() < 128).count()
    }

    #[test]
    fn a_png_has_the_size_of_its_svg_times_the_scale_and_a_white_ground() {
        let picture = picture(&figure());
        assert_eq!((picture.width(), picture.height()), (2 * 760, 2 * (40 + 2 * 30 + 52)));
        let corner = picture.pixel(0, 0).unwrap();
        assert_eq!([corner.red(), corner.green(), corner.blue(), corner.alpha()], [255; 4]);
    }

    #[test]
    fn a_png_says_that_it_is_printed_at_the_size_of_its_svg() {
        let file = png(&figure(), 2.0).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let dots_per_inch = f64::from(reader.info().pixel_dims.unwrap().xppu) * 0.0254;
        assert!((dots_per_inch - 192.0).abs() < 0.1, "{dots_per_inch}");
    }

    #[test]
    fn every_kind_of_figure_has_its_text_drawn() {
        let layer =
            LayerBox { label: "ReLU".into(), output: "14×14".into(), parameters: 0, depth: 0 };
        let model = ModelDiagram {
            joined: "20".to_owned(),
            title: "deep".into(),
            input: "14×14×1".into(),
            branch: vec![layer.clone()],
            head: vec![layer],
            subtitle: "49,337 parameters".into(),
            has_auxiliary_loss: true,
        };
        let curve = super::super::CurveSeries {
            label: "deep".into(),
            style: SeriesStyle::numbered(0),
            points: vec![(60.0, 2.0), (70.0, 1.0), (75.0, 1.0)],
        };
        let axis = ScaledAxis { axis: ValueAxis::percent(), is_log: false };
        let curves = learning_curves(&[curve], &axis, Width::Wide).unwrap();
        for svg in [figure(), diagram(&[model], Width::Wide).unwrap(), curves] {
            let text = dark_pixels(&svg) - dark_pixels(&without_text(&svg));
            assert!(text > 500, "{text} dark pixels of text");
        }
    }

    #[test]
    fn the_font_has_the_characters_of_figures_and_others_become_boxes() {
        let missing = picture(&words("\u{10fffd}"));
        let blank = picture(&words(""));
        assert_ne!(missing.data(), blank.data());
        for character in ('!'..='~').chain("−×≤≥→±·–—…%‰µσéöüß½²".chars())
        {
            let character = match character {
                '<' => "&lt;".to_owned(),
                '&' => "&amp;".to_owned(),
                other => other.to_string(),
            };
            let drawn = picture(&words(&character));
            assert_ne!(drawn.data(), missing.data(), "{character} is a box");
            assert_ne!(drawn.data(), blank.data(), "{character} is not drawn");
        }
    }

    #[test]
    fn the_same_figure_gives_the_same_bytes() {
        assert_eq!(png(&figure(), 2.0).unwrap(), png(&figure(), 2.0).unwrap());
    }

    #[test]
    fn a_png_names_its_svg_and_only_a_whole_file_of_that_svg_counts() {
        let (svg, file) = (figure(), png(&figure(), 2.0).unwrap());
        assert!(is_png_of(&file, &svg, 2.0));
        assert!(!is_png_of(&file, &svg.replace("deep", "wide"), 2.0));
        assert!(!is_png_of(&file, &svg, 1.0));
        for end in 0..file.len() {
            assert!(!is_png_of(&file[..end], &svg, 2.0), "cut after {end} bytes");
        }
        assert!(!is_png_of(&[&file[..], b"more"].concat(), &svg, 2.0));
        let mut huge = file;
        huge[8..12].fill(0xff);
        assert!(!is_png_of(&huge, &svg, 2.0), "a chunk of four gigabytes");
    }

    #[test]
    fn titles_of_dots_change_only_the_name_of_the_svg() {
        let plain = words("deep").replace("<text", "<circle cx=\"30\" cy=\"9\" r=\"4\"/>\n<text");
        let titled = with_titles(&plain, ["<seed 0> & more"].into_iter());
        assert_ne!(titled, plain);
        assert_eq!(picture(&titled).data(), picture(&plain).data());
    }

    #[test]
    fn a_hostile_label_is_drawn_like_any_other() {
        let long = "deep + ".repeat(1500);
        for label in [
            long.as_str(),
            "<script>alert(1)</script> & \"quoted\" ]]> <!--",
            "\u{0}\u{1}\u{ffff}",
            "\u{202e}deep\u{202c} \u{2066}a\u{2069}\u{200f}\u{200b}\u{feff}",
            "e\u{301}\u{301}\u{301} ﷽ 中文 שלום 👩‍👩‍👧 \u{10fffd}",
            "",
        ] {
            let axis = ValueAxis { label: label.to_owned(), ..ValueAxis::percent() };
            let picture =
                picture(&seeds(&[row(label.to_owned())], &axis, Marks::Dots, Width::Wide).unwrap());
            assert_eq!(picture.width(), 2 * 760);
        }
    }

    #[test]
    fn a_file_that_a_drawing_names_is_not_read() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/figures/seeds.svg");
        let image = format!("<image width=\"40\" height=\"20\" href=\"{file}\"/><text");
        let plain = words("deep");
        let with_image = plain.replace("<text", &image);
        assert_eq!(picture(&with_image).data(), picture(&plain).data());
    }

    #[test]
    fn a_huge_drawing_is_scaled_down() {
        let rows: Vec<_> = (0..1000).map(|_| row("deep ".repeat(60))).collect();
        let file =
            png(&seeds(&rows, &ValueAxis::percent(), Marks::Dots, Width::Wide).unwrap(), 2.0)
                .unwrap();
        let picture = Pixmap::decode_png(&file).unwrap();
        let pixels = f64::from(picture.width()) * f64::from(picture.height());
        assert!((3e7..3.4e7).contains(&pixels), "{pixels}");
    }

    #[test]
    fn what_is_no_drawing_and_a_scale_without_pixels_are_refused() {
        assert!(png("", 2.0).is_err());
        assert!(png("<svg", 2.0).is_err());
        for scale in [0.0, -1.0, f32::NAN, 1e-9] {
            assert!(png(&figure(), scale).is_err(), "{scale}");
        }
        assert!(png(&words("deep"), f32::INFINITY).is_ok(), "scaled down");
    }
}
