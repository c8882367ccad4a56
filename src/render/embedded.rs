//! Images as parts of the page: marks in place of their addresses, and `data:` addresses in place of the marks.

/// `html` with `new` as the value of each `src` that is `address`, with quotes or without.
pub(super) fn with_source(html: &str, address: &str, new: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let mut changed = String::with_capacity(html.len());
    let mut at = 0;
    for (start, word) in lower.match_indices("src") {
        let after = html[start + word.len()..].trim_start();
        let Some(value) = after.strip_prefix('=').map(str::trim_start) else { continue };
        let is_own_word = start == 0 || html[..start].ends_with(char::is_whitespace);
        let quoted = ["\"", "'"].map(|quote| format!("{quote}{address}{quote}"));
        let written =
            quoted.iter().find(|quoted| value.starts_with(*quoted)).map_or(address, |q| q);
        let ends = value.strip_prefix(written).is_some_and(|rest| {
            written != address
                || rest.is_empty()
                || rest.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/')
        });
        if !is_own_word || !ends || start < at {
            continue;
        }
        changed.push_str(&html[at..start]);
        changed.push_str("src=");
        changed.push_str(new);
        at = html.len() - value.len() + written.len();
    }
    changed.push_str(&html[at..]);
    changed
}

/// What stands in the page for the address of image number `index`. The escaped noncharacter is in no prose.
pub(super) fn image_mark(index: usize) -> String {
    format!("%EF%B7%90image-{index}")
}

/// The page with its images, in their order: the `data:` address of each, and its width and height in pixels, if
/// known.
#[must_use]
pub fn with_images(page: &str, images: &[(String, Option<[usize; 2]>)]) -> String {
    images.iter().enumerate().fold(page.to_owned(), |page, (index, (data, size))| {
        let mark = image_mark(index);
        let size = size.map(|[w, h]| format!(" width=\"{w}\" height=\"{h}\"")).unwrap_or_default();
        page.replace(&format!("src=\"{mark}\""), &format!("src=\"{data}\"{size}"))
            .replace(&format!("src='{mark}'"), &format!("src=\"{data}\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_an_element_is_found_however_it_is_written() {
        for (html, changed) in [
            ("<img src=\"a.png\" alt=x>", "<img src='M' alt=x>"),
            ("<IMG alt=x SRC = 'a.png'>", "<IMG alt=x src='M'>"),
            ("<img src=a.png>", "<img src='M'>"),
            ("src=\"a.png\">", "src='M'>"),
            ("<img data-src=\"a.png\" src=\"b.png\">", "<img data-src=\"a.png\" src=\"b.png\">"),
            ("<img src=a.png2>", "<img src=a.png2>"),
            ("<img src=a.png><img src=a.png>", "<img src='M'><img src='M'>"),
        ] {
            assert_eq!(with_source(html, "a.png", "'M'"), changed, "{html}");
        }
    }
}
