//! The images of the prose: files of the project, which become part of the page.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imagesize::ImageType;

use super::{Error, Project};
use crate::figure;
use crate::fs;
use crate::render::FileLink;
use crate::template;

/// An image of the prose.
#[derive(Debug)]
pub(super) struct Image {
    /// Its path, from the directory of the report.
    pub(super) path: String,
    /// Where it comes from. `None` for a figure of the report itself.
    pub(super) source: Option<PathBuf>,
    /// The bytes of its file.
    pub(super) bytes: Vec<u8>,
    /// Its kind, as browsers name it.
    kind: &'static str,
}

/// Where an image can come from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'s> {
    pub(super) project: &'s Project,
    /// The name and the SVG of each figure of the report.
    pub(super) drawn: &'s [(String, String)],
    /// The files of the previous report. A copy of an image that is gone is not a source.
    pub(super) written: &'s [String],
}

/// Reads the images that the prose shows. An address is looked for in `templates/`, then in the project, then
/// among the files of the user in `reports/`.
///
/// # Errors
/// With the line of an image that is not there, or that no browser shows.
pub(super) fn read_all(links: &[FileLink], sources: Sources<'_>) -> Result<Vec<Image>, Error> {
    links.iter().map(|link| read(link, sources)).collect()
}

fn read(link: &FileLink, sources: Sources<'_>) -> Result<Image, Error> {
    let Sources { project, drawn, written } = sources;
    let refuse = |why: &str, hint: &str| {
        let fault = link.faulty_image(why, hint, &project.templates);
        Err(Error::of_templates(&[fault], &project.templates))
    };
    let path = link.path.clone();
    if !template::is_image(&path) {
        return refuse(
            "is not a file of the project with the ending of an image",
            "put it into `templates/images/`, and write `images/NAME`; endings are png, jpg, gif, webp, \
             avif and svg",
        );
    }
    if let Some(figure) = path.strip_prefix("figures/") {
        let own = drawn.iter().find(|(name, _)| figure == format!("{name}.svg"));
        return match own {
            Some((_, svg)) => {
                let bytes = figure::with_theme(svg).into_bytes();
                Ok(Image { path, source: None, bytes, kind: "image/svg+xml" })
            }
            None => refuse(
                "is no figure of the report; `figures/` has only figures of the paper file, as SVG",
                "put your own image into `templates/images/`, and write `images/NAME`",
            ),
        };
    }
    let folders = [template::TEMPLATES, "", super::WHOLE].into_iter();
    let folders = folders.filter(|folder| *folder != super::WHOLE || !written.contains(&path));
    let mut files = folders.map(|folder| project.root.join(folder).join(&path));
    let source = files.find(|file| fs::is_file(file));
    let Some(source) = source else {
        return refuse(
            "does not exist in `templates/`, in the project or in `reports/`",
            "put it into `templates/images/`, and write `images/NAME`",
        );
    };
    let bytes = fs::read(&source).map_err(Error::Input)?;
    match kind_of(&bytes) {
        Some(kind) => Ok(Image { path, source: Some(source), bytes, kind }),
        None => refuse(
            "is not an image, by its content",
            "browsers show PNG, JPEG, GIF, WebP, AVIF and SVG; a file of Git LFS must be downloaded first",
        ),
    }
}

/// The kind of an image, by its content.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => return Some("image/png"),
        Ok(ImageType::Jpeg) => return Some("image/jpeg"),
        Ok(ImageType::Gif) => return Some("image/gif"),
        Ok(ImageType::Webp) => return Some("image/webp"),
        _ => {}
    }
    if bytes.get(4..8) == Some(b"ftyp") && bytes.get(8..11) == Some(b"avi") {
        return Some("image/avif");
    }
    let text = str::from_utf8(bytes).ok()?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_svg = start.starts_with("<svg") || (start.starts_with('<') && text.contains("<svg"));
    let is_page = start.to_lowercase().starts_with("<!doctype html") || start.starts_with("<html");
    (is_svg && !is_page).then_some("image/svg+xml")
}

impl Image {
    /// Whether its own file is in the directory of the report, and is not copied there.
    pub(super) fn is_in(&self, out: &Path) -> bool {
        let copy = fs::physical(&out.join(&self.path));
        self.source.as_ref().is_some_and(|source| fs::physical(source) == copy)
    }

    /// The image as a `data:` address, and its width and height in pixels, if known.
    pub(super) fn embedded(&self) -> (String, Option<[usize; 2]>) {
        let size = imagesize::blob_size(&self.bytes).ok();
        let data = format!("data:{};base64,{}", self.kind, STANDARD.encode(&self.bytes));
        (data, size.map(|size| [size.width, size.height]))
    }
}

/// Largest page in bytes that is comfortable to send and to open.
const COMFORTABLE: usize = 2_000_000;

/// A warning if images make the page larger than is comfortable. `page` is its size in bytes.
pub(super) fn size_warning(page: usize, images: &[Image]) -> Option<String> {
    let megabytes = |bytes: usize| format!("{:.1} MB", bytes as f64 / 1e6);
    // A `data:` address has four characters for three bytes.
    let embedded = |image: &Image| image.bytes.len().div_ceil(3) * 4;
    let total: usize = images.iter().map(embedded).sum();
    let largest = images.iter().max_by_key(|image| image.bytes.len())?;
    (page > COMFORTABLE && 10 * total > page).then(|| {
        format!(
            "report.html has {}; its images have {}, and the largest is `{}` with {}: make it smaller",
            megabytes(page),
            megabytes(total),
            largest.path,
            megabytes(embedded(largest))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_an_image_is_that_of_its_content() {
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some("image/png"));
        assert_eq!(kind_of(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01"), Some("image/jpeg"));
        assert_eq!(kind_of(b"\0\0\0\x1cftypavif"), Some("image/avif"));
        let svg = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(kind_of(svg.as_bytes()), Some("image/svg+xml"));
        for other in ["version https://git-lfs.github.com/spec/v1\n", "<html><svg/></html>", ""] {
            assert_eq!(kind_of(other.as_bytes()), None, "{other}");
        }
    }
}
