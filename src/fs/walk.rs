//! All files of a directory and its folders.

use std::path::Path;

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
