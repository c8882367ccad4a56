//! The stamp of a file: it says whether the file has changed, and nothing is read for that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{FileError, entries, is_directory};

/// The size, the date and the identity of a file. If its content changes, one of them almost always does too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds since 1970.
    modified: u64,
    /// Its number on its disk, where the system has one.
    number: u64,
}

/// The stamp of a file.
///
/// # Errors
/// If there is no file, or the system does not say when it was changed.
pub fn stamp(path: &Path) -> Result<Stamp, FileError> {
    let fail = || FileError::at("read", path);
    let metadata = std::fs::metadata(path).map_err(fail())?;
    let modified = metadata.modified().map_err(fail())?;
    let modified = nanoseconds(modified);
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Ok(Stamp { size: metadata.len(), modified, number })
}

/// The stamps of all files in `directory` and its folders, by path. Hidden files and folders are left out, and folders
/// more than `deepest` levels below. A folder that cannot be listed has no files.
#[must_use]
pub fn stamps_below(directory: &Path, deepest: usize) -> BTreeMap<PathBuf, Option<Stamp>> {
    let mut stamps = BTreeMap::new();
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for path in entries(&folder).unwrap_or_default() {
            match is_directory(&path) {
                true if depth < deepest => folders.push((path, depth + 1)),
                true => {}
                false => drop(stamps.insert(path.clone(), stamp(&path).ok())),
            }
        }
    }
    stamps
}

/// When a file was read last, in nanoseconds since 1970, as far as the system keeps that.
#[must_use]
pub fn read_at(path: &Path) -> Option<u64> {
    Some(nanoseconds(std::fs::metadata(path).ok()?.accessed().ok()?))
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Sets the date at which a file was read last, as a time since 1970.
///
/// # Errors
/// If that is not possible.
pub fn set_read_time(path: &Path, read: Duration) -> Result<(), FileError> {
    set_times(path, std::fs::FileTimes::new().set_accessed(UNIX_EPOCH + read))
}

/// Sets the date at which a file was changed last, as a time since 1970.
///
/// # Errors
/// If that is not possible.
#[cfg(test)]
pub fn set_change_time(path: &Path, changed: Duration) -> Result<(), FileError> {
    set_times(path, std::fs::FileTimes::new().set_modified(UNIX_EPOCH + changed))
}

fn set_times(path: &Path, times: std::fs::FileTimes) -> Result<(), FileError> {
    let file = std::fs::OpenOptions::new().read(true).open(path);
    file.and_then(|file| file.set_times(times)).map_err(FileError::at("write", path))
}
