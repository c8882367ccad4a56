//! Names of templates, and of the images beside them.

use std::path::{Component, Path};

/// Directory of the templates in a project.
pub const TEMPLATES: &str = "templates";
/// File name of the prose template.
pub const PAPER_TEMPLATE: &str = "paper.md.jinja";
/// File name of the page template.
pub const PAGE_TEMPLATE: &str = "page.html.jinja";
/// File name of the template with the macros of blocks about the build.
pub const BLOCKS_TEMPLATE: &str = "blocks.md.jinja";
/// File name of the style of a project.
pub const STYLE: &str = "style.css";
/// File name of the template with the macros of items.
pub const ITEMS_TEMPLATE: &str = "items.html.jinja";

/// Endings of the images that a report can show.
const IMAGES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "webp", "avif", "svg"];

/// Whether a path leads into a directory, and neither the file nor a folder is hidden.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(name) if !name.as_encoded_bytes().starts_with(b"."));
    Path::new(path).components().all(is_plain)
}

/// Whether a path is that of an image in a directory or a folder of it, and neither it nor a folder is hidden.
#[must_use]
pub fn is_image(path: &str) -> bool {
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str());
    let ending = ending.unwrap_or_default().to_lowercase();
    is_plain_path(path) && IMAGES.contains(&ending.as_str())
}

/// Whether a path is that of a BibTeX file in a directory or a folder of it, and neither it nor a folder is hidden.
#[must_use]
pub fn is_bibliography(path: &str) -> bool {
    is_plain_path(path) && path.to_lowercase().ends_with(".bib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_ending_and_is_in_the_directory() {
        assert!(is_image("images/a b.PNG") && is_image("x.svg"));
        for other in ["../x.png", "/x.png", "a/.x.png", ".git/x.png", "x.html", "report.md", ""] {
            assert!(!is_image(other), "{other}");
        }
    }
}
