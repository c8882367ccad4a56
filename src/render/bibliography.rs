//! The BibTeX files of a report.

use super::front_matter::FrontMatter;
use crate::citation::{Library, Style};
use crate::document::{Location, suggestion};
use crate::format::visible;
use crate::template::{TEMPLATES, TemplateError, Templates};

/// The file of a report that names none.
pub(super) const DEFAULT: &str = "references.bib";

/// The works that the prose can cite, and how.
#[derive(Debug, Default)]
pub(super) struct Bibliography {
    pub(super) style: Style,
    pub(super) library: Library,
    /// Whether there is a file.
    pub(super) exists: bool,
    /// The names of its files.
    pub(super) files: Vec<String>,
}

impl Bibliography {
    /// Reads the files that the block at the start of the prose names, or else `references.bib` if it is there.
    ///
    /// # Errors
    /// With the line of a name that is no file in `templates/`, or with the file and line of a mistake in a file.
    pub(super) fn read(front: &FrontMatter, templates: &Templates) -> Result<Self, TemplateError> {
        let default = [DEFAULT.to_owned()];
        let (files, is_named) = match front.bibliography() {
            [] => (&default[..], false),
            named => (named, true),
        };
        let mut texts = Vec::new();
        for name in files {
            if let Some(why) = templates.unread.get(name) {
                return Err(TemplateError::at(name, 0, why, "save it as text in UTF-8"));
            }
            match templates.bibliographies.get(name) {
                Some(text) => texts.push((format!("{TEMPLATES}/{name}"), text.as_str())),
                None if is_named => {
                    let message =
                        format!("`bibliography`: there is no `{TEMPLATES}/{}`", visible(name));
                    let known: Vec<_> =
                        templates.bibliographies.keys().map(String::as_str).collect();
                    let hint = match known.is_empty() {
                        true => "put a BibTeX file `NAME.bib` there, and write its name".to_owned(),
                        false => suggestion(name, &known),
                    };
                    let places = [name.clone(), "bibliography:".to_owned()];
                    return Err(templates.mistake(&places, message, hint));
                }
                None => return Ok(Self { style: front.style, ..Self::default() }),
            }
        }
        let library = Library::read(&texts).map_err(|error| {
            let Location { file, line, .. } = error.location;
            let name = file.strip_prefix(TEMPLATES).unwrap_or(&file).trim_start_matches('/');
            TemplateError::at(name, line, error.message, error.hint)
        })?;
        Ok(Self { style: front.style, library, exists: true, files: files.to_vec() })
    }

    /// The paths of its files, for messages.
    pub(super) fn shown(&self) -> String {
        self.files.iter().map(|file| format!("`{}`", visible(file))).collect::<Vec<_>>().join(", ")
    }
}
