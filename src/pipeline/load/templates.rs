//! Reads the templates of a project.

use std::path::Path;

use super::files::{DEEPEST, too_deep};
use crate::format::chain;
use crate::fs;
use crate::pipeline::Error;
use crate::template::{self, Templates};

/// The prose, the page, and all other files in `templates/` and its folders. Without a file, the prose is that of
/// `report`.
pub(super) fn read(root: &Path) -> Result<Templates, Error> {
    let directory = root.join(template::TEMPLATES);
    let prose = directory.join(template::PAPER_TEMPLATE);
    let paper = match fs::is_there(&prose) {
        true => fs::read_to_string(&prose).map_err(Error::Input)?,
        false => template::default_text(template::PAPER_TEMPLATE),
    };
    let mut templates = Templates { paper, ..Templates::default() };
    let mut folders = Vec::new();
    if fs::is_there(&directory) {
        folders.push((directory.clone(), 0));
    }
    while let Some((folder, depth)) = folders.pop() {
        for path in fs::entries(&folder).map_err(Error::Input)? {
            match fs::is_directory(&path) {
                true if depth == DEEPEST => return Err(too_deep(&path, template::TEMPLATES)),
                true => {
                    folders.push((path, depth + 1));
                    continue;
                }
                false => {}
            }
            let name = path.strip_prefix(&directory).unwrap_or(&path).to_string_lossy();
            if path == prose || template::is_image(&name) {
                continue;
            }
            match fs::read_to_string(&path) {
                Ok(text) if name == template::STYLE => templates.style = text,
                Ok(text) if template::is_bibliography(&name) => {
                    templates.bibliographies.insert(name.into_owned(), text);
                }
                Ok(text) => drop(templates.others.insert(name.into_owned(), text)),
                // It is an error only if it is included.
                Err(error) => drop(templates.unread.insert(name.into_owned(), chain(&error))),
            }
        }
    }
    Ok(templates)
}
