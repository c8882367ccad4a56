//! The directory of a report, before anything is written into it.

use std::path::{Path, PathBuf};

use super::{Error, Project, snapshot_in};
use crate::cache::Cache;
use crate::fs;
use crate::template;

/// The names in a directory that contains no report of this paper and no part of a report of a
/// killed build. Empty if the directory is empty or does not exist. Hidden names count too, because
/// the directory may be a home directory.
#[must_use]
pub fn foreign_files(project: &Project, out: &Path) -> Vec<String> {
    let is_known = || !Cache::new(&project.root).reported_in(out).is_empty();
    let is_of_this_paper = || match snapshot_in(out) {
        Ok(Some(snapshot)) => snapshot.title == project.file.paper.title,
        _ => false,
    };
    if is_known() || is_of_this_paper() {
        return Vec::new();
    }
    let name = |path: PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
    let paths = fs::all_entries(out).unwrap_or_default().into_iter();
    paths.filter_map(name).collect()
}

/// Checks that `out` is not a file and not in a folder with another use.
///
/// # Errors
/// If it is.
pub fn check_directory(project: &Project, out: &Path) -> Result<(), Error> {
    let refused = |message: String| Error::Request {
        message,
        hint: "`--out DIR` names another directory".to_owned(),
    };
    let shown = out.display();
    if out.exists() && !fs::is_directory(out) {
        return Err(refused(format!("`{shown}` is a file; a report is a directory")));
    }
    let taken = ["experiments", template::TEMPLATES, Cache::DIRECTORY];
    let place = fs::physical(out);
    let is_within = |folder: &&&str| place.starts_with(fs::physical(&project.root.join(folder)));
    match taken.iter().find(is_within) {
        Some(folder) => {
            Err(refused(format!("`{shown}` is in `{folder}/`, which is not for reports")))
        }
        None => Ok(()),
    }
}

/// Checks before the training that the report can be written into `out`, and the records too.
///
/// # Errors
/// If it cannot.
pub fn check_writable(project: &Project, out: Option<&Path>) -> Result<(), Error> {
    out.map_or(Ok(()), fs::check_writable).map_err(Error::File)?;
    Cache::new(&project.root).check_writable().map_err(Error::File)
}
