//! Reads the TOML files of a project, and keeps their texts.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::document::{self, Location, Node, Violation};
use crate::fs;

/// The TOML files that were read.
pub(super) struct Documents {
    root: PathBuf,
    /// The text of each file, by its path in the project.
    pub(super) texts: BTreeMap<String, String>,
}

impl Documents {
    /// No file of the project at `root`.
    pub(super) fn of(root: &Path) -> Self {
        Self { root: root.to_owned(), texts: BTreeMap::new() }
    }

    /// Reads a file, or says what is wrong with it.
    pub(super) fn read(&mut self, path: &Path) -> Result<Node, Vec<Violation>> {
        let path = &fs::without_dots(path);
        let name = shown(&self.root, path);
        let text = fs::read_to_string(path).map_err(|error| {
            let message = match error.source.kind() {
                ErrorKind::InvalidData => format!("is no text: {}; save it as UTF-8", error.source),
                _ => format!("cannot be read: {}; make it a readable file", error.source),
            };
            vec![Violation::new(Location::of_file(&name), "", message)]
        })?;
        self.parse(path, text)
    }

    /// Reads a file with this text.
    pub(super) fn parse(&mut self, path: &Path, text: String) -> Result<Node, Vec<Violation>> {
        let name = shown(&self.root, path);
        let document = document::parse(&name, &text);
        self.texts.insert(name, text);
        document
    }
}

/// A path relative to the project. A path outside the project becomes absolute.
pub(super) fn shown(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(within) => within.to_string_lossy().into_owned(),
        Err(_) => std::path::absolute(path)
            .unwrap_or_else(|_| path.to_owned())
            .to_string_lossy()
            .into_owned(),
    }
}
