//! Finds the files in `experiments/`.

use std::path::{Path, PathBuf};

use crate::fs;
use crate::pipeline::Error;

/// The files in `experiments/` that are no experiments: the paper, a cluster, and a store.
const SETTINGS: [&str; 3] = ["paper.toml", "slurm.toml", "store.toml"];

/// The folder of files that experiments extend. These files are not experiments.
const BASE: &str = "base";

/// The folder of data files. No note is printed about its files that are not TOML.
const DATA: &str = "data";
/// The file extension of experiments.
const ENDING: &str = "toml";

/// The largest depth of folders. The limit ends the search if a link leads to a parent folder.
pub(super) const DEEPEST: usize = 8;

/// The files in `experiments/`.
#[derive(Default)]
pub(super) struct Files {
    /// Each is an experiment.
    pub(super) experiments: Vec<PathBuf>,
    /// Files that experiments may extend.
    pub(super) bases: Vec<PathBuf>,
    /// Files that are not read.
    pub(super) skipped: Vec<PathBuf>,
}

/// Finds the files in `experiments/` and its folders.
pub(super) fn find(directory: &Path) -> Result<Files, Error> {
    let mut files = Files::default();
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let is_within = |place: &str| {
            folder.strip_prefix(directory).is_ok_and(|within| within.starts_with(place))
        };
        let (is_data, is_base) = (is_within(DATA), is_within(BASE));
        for path in fs::all_entries(&folder).map_err(Error::Input)? {
            let is_hidden = fs::is_hidden(&path);
            let is_settings = depth == 0
                && path
                    .file_name()
                    .is_some_and(|name| SETTINGS.iter().any(|settings| name == *settings));
            let is_toml = path.extension().is_some_and(|ending| ending == ENDING);
            match fs::is_directory(&path) {
                true if is_hidden => {}
                true if depth == DEEPEST => return Err(too_deep(&path, "experiments")),
                true if !is_toml => folders.push((path, depth + 1)),
                // Hidden files are locks and backups of editors.
                false if is_hidden && !is_toml => {}
                false if is_hidden && !is_data => files.skipped.push(path),
                false if is_base && is_toml => files.bases.push(path),
                _ if is_settings => {}
                // A folder whose name ends in `.toml` gives an error when it is read.
                _ if is_toml => files.experiments.push(path),
                false if !is_data => files.skipped.push(path),
                _ => {}
            }
        }
    }
    files.experiments.sort();
    files.bases.sort();
    files.skipped.sort();
    Ok(files)
}

pub(super) fn too_deep(path: &Path, within: &str) -> Error {
    Error::Request {
        message: format!("`{}` is too deep in `{within}/`", path.display()),
        hint: format!(
            "at most {DEEPEST} levels of folders are read; is there a link to a parent folder?"
        ),
    }
}
