//! The page that a build writes during its training.

use std::path::{Path, PathBuf};

use super::{Error, Report};
use crate::fs;

/// The file of the page that a build writes during its training.
const EARLY_PAGE: &str = "early.html";

/// The end of this file. A file with another end belongs to the user.
const EARLY_MARK: &str = "<!-- The build that wrote this page replaces it by report.html. -->\n";

/// Removes the page that a build has written into `out` during its training, if there is one.
///
/// # Errors
/// If it cannot be removed.
pub fn remove_early_page(out: &Path) -> Result<(), fs::FileError> {
    let path = out.join(EARLY_PAGE);
    match fs::read_if_there(&path)? {
        Some(bytes) if bytes.ends_with(EARLY_MARK.as_bytes()) => fs::remove(&path),
        _ => Ok(()),
    }
}

impl Report {
    /// Writes the page alone into `out`, under another name than that of a complete report. Returns its
    /// path. [`remove_early_page`] removes it.
    ///
    /// # Errors
    /// If a file of the user has this name, or the page cannot be written.
    pub fn write_early_page(&self, out: &Path) -> Result<PathBuf, Error> {
        let path = out.join(EARLY_PAGE);
        match fs::read_if_there(&path).map_err(Error::Input)? {
            Some(bytes) if !bytes.ends_with(EARLY_MARK.as_bytes()) => Err(Error::Request {
                message: format!("`{}` is not from a build", path.display()),
                hint: "rename this file; builds write one of this name".to_owned(),
            }),
            _ => {
                let page = [self.page(), EARLY_MARK].concat();
                fs::write_atomic(&path, page.as_bytes()).map_err(Error::File)?;
                Ok(path)
            }
        }
    }
}
