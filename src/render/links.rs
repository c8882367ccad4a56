//! The addresses of links and images in the prose.

use std::collections::BTreeSet;

use super::skeleton::{Part, Skeleton, parts};
use crate::template::{TemplateError, Templates, is_reserved};

/// A link to a file beside the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLink {
    /// The path of the file, from the directory of the report.
    pub path: String,
    /// A part of the address as the template has it.
    typed: String,
}

impl FileLink {
    /// The error of an image that cannot become part of the page.
    #[must_use]
    pub fn faulty_image(&self, why: &str, hint: &str, templates: &Templates) -> TemplateError {
        let message = format!("the image `{}` {why}", self.path);
        templates.mistake(&link_places(&self.typed), message, hint)
    }

    /// The error if the file does not exist.
    #[must_use]
    pub fn dead(&self, templates: &Templates) -> TemplateError {
        let message = format!("a link leads to the file `{}`, which does not exist", self.path);
        let hint = match self.path.as_str() {
            "report.pdf" => {
                "put the link between `{% if pdf %}` and `{% endif %}`; `--pdf` writes the file"
            }
            _ => {
                "paths are relative to the directory of the report, which has `data/` and `figures/`"
            }
        };
        templates.mistake(&link_places(&self.typed), message, hint)
    }
}

/// Refuses a link to an anchor that is nowhere, and one that would run what a value holds. Returns
/// a link to a file.
pub(super) fn check_address(
    address: &str,
    targets: &BTreeSet<String>,
    skeleton: &Skeleton,
    templates: &Templates,
) -> Result<Option<FileLink>, TemplateError> {
    let plain = skeleton.plain(address);
    let typed = parts(address).iter().find_map(Part::plain).unwrap_or(&plain).to_owned();
    let scheme: String = plain.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let scheme = scheme.split_once(':').filter(|_| !plain.starts_with('#'));
    let scheme = scheme.map(|(scheme, _)| scheme.to_lowercase());
    let is_code = scheme.as_ref().is_some_and(|scheme| SCHEMES_OF_CODE.contains(&scheme.as_str()));
    if is_code && address.contains(is_reserved) {
        let message = format!("a link would run what a value holds: `{plain}`");
        let hint = "write the start of the address into the template, like `https://`";
        return Err(templates.mistake(&link_places(&typed), message, hint));
    }
    // An address of another site, or of the root of this one.
    if scheme.is_some() || plain.starts_with('/') {
        return Ok(None);
    }
    let (file, anchor) = plain.split_once('#').unwrap_or((&plain, ""));
    let file = file.split('?').next().unwrap_or_default().trim_start_matches("./");
    if !["", "report.md", "report.html"].contains(&file) {
        return Ok(Some(FileLink { path: percent_decoded(file), typed }));
    }
    if anchor.is_empty() || targets.contains(&percent_decoded(anchor)) {
        return Ok(None);
    }
    let known: Vec<_> = targets.iter().map(String::as_str).collect();
    let message = format!("a link leads to `#{anchor}`, which does not exist in the report");
    let is_of_page = ["cell-", "row-", "value-"].iter().any(|start| anchor.starts_with(start));
    let hint = match known.is_empty() {
        _ if is_of_page => {
            "the addresses of numbers are for readers of the page; link the table".to_owned()
        }
        true => "a heading or `<a id=\"…\"></a>` makes an anchor".to_owned(),
        false => crate::document::suggestion(anchor, &known),
    };
    Err(templates.mistake(&link_places(&typed), message, hint))
}

/// The file of an image. Returns `None` for an image that the address itself contains.
///
/// # Errors
/// If the page would have to load the image from another place.
pub(super) fn check_image(
    address: &str,
    skeleton: &Skeleton,
    templates: &Templates,
) -> Result<Option<FileLink>, TemplateError> {
    let plain = skeleton.plain(address);
    if address.starts_with("data:image/") && !address.contains(is_reserved) {
        return Ok(None);
    }
    let has_scheme = plain.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
    let path = percent_decoded(&plain);
    if has_scheme || plain.is_empty() || path.starts_with(['/', '\\']) {
        return Err(loads(address, skeleton, templates));
    }
    let parts_of_path = path.split('/').filter(|part| !["", "."].contains(part));
    let path = parts_of_path.collect::<Vec<_>>().join("/");
    let typed = parts(address).iter().find_map(Part::plain).unwrap_or(&plain).to_owned();
    let image = FileLink { path, typed };
    let hint = "put it into `templates/images/`, and write `images/NAME`";
    if plain.contains(['?', '#']) {
        return Err(image.faulty_image("has a `?` or `#` in its address", hint, templates));
    }
    if image.path.split('/').any(|part| part == "..") {
        return Err(image.faulty_image(
            "is outside of the project's folders: it has `..`",
            hint,
            templates,
        ));
    }
    Ok(Some(image))
}

/// The error of an address that a browser would load.
pub(super) fn loads(address: &str, skeleton: &Skeleton, templates: &Templates) -> TemplateError {
    let plain = skeleton.plain(address);
    let typed = parts(address).iter().find_map(Part::plain).unwrap_or(&plain).to_owned();
    let message = format!("the page would load `{plain}`, but a page of a report loads nothing");
    let hint = "put an image into `templates/images/`, and write `![what it shows](images/NAME)`; \
                link all else";
    templates.mistake(&link_places(&typed), message, hint)
}

/// How a template may write the start of an address, most telling first.
fn link_places(typed: &str) -> [String; 5] {
    let [open, close] = ["](", ")"];
    [
        format!("{open}{typed}{close}"),
        format!("{open}{typed}"),
        format!("=\"{typed}"),
        format!("]: {typed}"),
        typed.to_owned(),
    ]
}

/// Schemes of addresses that browsers run.
const SCHEMES_OF_CODE: [&str; 3] = ["javascript", "vbscript", "data"];

/// `text` as a part of an address in a link.
pub(super) fn percent_encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:?#&=%+,;@".contains(&byte);
    let encoded = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// `text` without the escapes of an address.
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
