//! All files of a directory and its folders.

use std::path::{Path, PathBuf};

use super::{FileError, all_entries, is_directory, is_link};

/// The paths of all files in `directory` and its folders, from this directory, with `/` between their parts, in order.
/// Names that are not UTF-8 are shown with replacement characters. Links to directories count as files.
///
/// # Errors
/// If a directory cannot be listed.
pub fn files_below(directory: &Path) -> Result<Vec<String>, FileError> {
    let mut files = Vec::new();
    let mut folders = vec![(directory.to_owned(), String::new())];
    while let Some((folder, within)) = folders.pop() {
        for path in all_entries(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name =
                if within.is_empty() { name.into_owned() } else { format!("{within}/{name}") };
            match is_directory(&path) && !is_link(&path) {
                true => folders.push((path, name)),
                false => files.push(name),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The nearest directory with a folder of this name: the current one, or one above it. The path is relative to the
/// current directory, and empty for this directory itself.
#[must_use]
pub fn directory_above(name: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let depth = here.ancestors().position(|directory| is_directory(&directory.join(name)))?;
    Some(std::iter::repeat_n("..", depth).collect())
}
