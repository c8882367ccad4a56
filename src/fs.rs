//! The only access to files. Every error names the action and the path. Every write replaces its
//! file completely or not at all.

#![expect(clippy::disallowed_methods, reason = "only this module may use them")]

mod error;
mod stamp;
#[cfg(test)]
mod tests;
mod walk;
mod write;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use error::NoFile;
use write::{OWNER, UNFINISHED};

pub use error::FileError;
#[cfg(test)]
pub use stamp::set_change_time;
pub use stamp::{Stamp, read_at, set_read_time, stamp, stamps_below};
pub use walk::{directory_above, files_below};
pub use write::{
    TemporaryDirectory, append, check_writable, copy, copy_content, copy_permissions, create,
    create_directory, create_new, hard_link, keep_aside, link, link_or_copy, make_executable,
    overwrite, owned_directory, persist_directory, publish, publish_program, stop_writing,
    temporary_directory, temporary_file, to_write, write_all_atomic, write_atomic, write_filled,
};

/// The bytes of a file.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    // Reading a pipe could block, and a device may have no end.
    let is_file = std::fs::metadata(path).map_err(FileError::at("read", path))?.is_file();
    if !is_file {
        return Err(FileError::at("read", path)(std::io::Error::other(NoFile)));
    }
    std::fs::read(path).map_err(FileError::at("read", path))
}

/// A file to read in parts, and its size in bytes.
///
/// # Errors
/// If it is no regular file, or cannot be read.
pub fn open(path: &Path) -> Result<(impl Read + use<>, u64), FileError> {
    let fail = || FileError::at("read", path);
    // Opening a pipe could block.
    let metadata = std::fs::metadata(path).map_err(fail())?;
    if !metadata.is_file() {
        return Err(fail()(std::io::Error::other(NoFile)));
    }
    let file = std::fs::File::open(path).map_err(fail())?;
    Ok((std::io::BufReader::new(file), metadata.len()))
}

/// The last bytes of a file, at most `n`.
///
/// # Errors
/// If it cannot be read.
pub fn end_of(path: &Path, n: u64) -> Result<Vec<u8>, FileError> {
    use std::io::{Seek as _, SeekFrom};
    let read = || {
        // Opening a pipe could block.
        if !std::fs::metadata(path)?.is_file() {
            return Err(std::io::Error::other(NoFile));
        }
        let mut file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(n)))?;
        let mut bytes = Vec::new();
        file.take(n).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(FileError::at("read", path))
}

/// The bytes of a file, if it exists.
///
/// # Errors
/// If it exists but cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The text of a file, without a byte order mark.
///
/// # Errors
/// If it cannot be read or is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String, FileError> {
    let bytes = read(path)?;
    let refuse = |what: &str| {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidData, what);
        FileError::at("read", path)(source)
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(refuse("it is UTF-16 text; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        refuse(&format!("line {line} is not UTF-8 text"))
    })
}

/// Whether the name of a path starts with a dot.
#[must_use]
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The entries of a directory, sorted by name, without hidden entries.
///
/// # Errors
/// If the directory cannot be listed.
pub fn entries(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    Ok(all_entries(directory)?.into_iter().filter(|path| !is_hidden(path)).collect())
}

/// [`entries`] with hidden entries.
///
/// # Errors
/// If the directory cannot be listed.
pub fn all_entries(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let fail = || FileError::at("list", directory);
    let entries = std::fs::read_dir(directory).map_err(fail())?;
    let paths = entries.map(|entry| Ok(entry.map_err(fail())?.path()));
    let mut paths = paths.collect::<Result<Vec<_>, FileError>>()?;
    paths.sort();
    Ok(paths)
}

/// The path without each `folder/..`. Returns `path` itself if the short path leads to another
/// place, as with a `folder` that is a link.
#[must_use]
pub fn without_dots(path: &Path) -> PathBuf {
    let short = shortened(path);
    if physical(&short) == physical(path) { short } else { path.to_owned() }
}

/// The path without each `folder/..`, as if no folder were a link.
#[must_use]
pub fn shortened(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut short = PathBuf::new();
    for component in path.components() {
        let is_up = component == Component::ParentDir;
        let can_drop = matches!(short.components().next_back(), Some(Component::Normal(_)));
        match is_up && can_drop {
            true => drop(short.pop()),
            false => short.push(component),
        }
    }
    short
}

/// Whether a path from a directory leads to something, also if the directory does not exist yet.
#[must_use]
pub fn leads_to_file(directory: &Path, path: &str) -> bool {
    let whole = directory.join(path);
    let whole = if directory.is_dir() { whole } else { shortened(&whole) };
    whole.exists()
}

/// The names in a directory that are UTF-8 and not hidden, sorted. Empty if the directory does not
/// exist.
///
/// # Errors
/// If it exists but cannot be listed.
pub fn names(directory: &Path) -> Result<Vec<String>, FileError> {
    let fail = || FileError::at("list", directory);
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fail()(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(fail())?.file_name();
        names.extend(name.into_string().ok().filter(|name| !name.starts_with('.')));
    }
    names.sort();
    Ok(names)
}

/// Removes a file, if it exists.
///
/// # Errors
/// If it exists but cannot be removed.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Removes a directory if it is empty. Otherwise, does nothing.
pub fn remove_empty_directory(path: &Path) {
    let _ = std::fs::remove_dir(path);
}

/// Removes a directory with all its files, if it exists.
///
/// # Errors
/// If it exists but cannot be removed.
pub fn remove_directory(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::at("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Moves a file into `directory`, and creates the directory if it is missing. If the name exists
/// there, appends `.2`, `.3`, … to the name. Returns the new path.
///
/// # Errors
/// If it cannot be moved.
pub fn move_aside(path: &Path, directory: &Path) -> Result<PathBuf, FileError> {
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    let name = path.file_name().unwrap_or_default();
    let mut number = 1;
    loop {
        let mut name = name.to_owned();
        if number > 1 {
            name.push(format!(".{number}"));
        }
        let to = directory.join(name);
        // Unlike a rename, a hard link never replaces a file, even if another process creates it
        // now.
        match std::fs::hard_link(path, &to) {
            Ok(()) => {
                remove(path)?;
                return Ok(to);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(_) if !to.exists() => match std::fs::rename(path, &to) {
                Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
                    create_new(&to, &read(path)?)?;
                    remove(path)?;
                    return Ok(to);
                }
                moved => return moved.map(|()| to).map_err(FileError::at("move", path)),
            },
            Err(_) => number += 1,
        }
    }
}

/// The size of a file in bytes. 0 if there is no file.
#[must_use]
pub fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Whether the last change of a file is longer ago than `age`. False if the date is not known.
#[must_use]
pub fn is_older_than(path: &Path, age: Duration) -> bool {
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|elapsed| elapsed > age))
}

/// `path` from the root of the file system, with all links resolved. The end of the path need not
/// exist.
#[must_use]
pub fn physical(path: &Path) -> PathBuf {
    // An empty path means the current directory.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let known = path.ancestors().find_map(|ancestor| {
        let rest = path.strip_prefix(ancestor).ok()?;
        Some(std::fs::canonicalize(ancestor).ok()?.join(rest))
    });
    // `join` with an empty path leaves a separator at the end. `components` removes it.
    known.map_or(path, |known| known.components().collect())
}

/// Whether `path` is a file.
#[must_use]
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether there is anything at `path`, a link to nowhere included.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether `path` is a file, and no link to one.
#[must_use]
pub fn is_plain_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Whether `path` is a link.
#[must_use]
pub fn is_link(path: &Path) -> bool {
    path.is_symlink()
}

/// Whether `path` is a directory.
#[must_use]
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// Removes the temporary files and directories of killed processes in `directory`: those that have not
/// changed for an hour.
pub fn sweep(directory: &Path) {
    sweep_older(directory, Duration::from_hours(1));
}

/// Removes the directories of [`owned_directory`] whose processes on this machine, the `host`, have ended. Some disks do
/// not tell other machines of a lock.
pub fn sweep_owned(directory: &Path, host: &str) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let owner = path.join(OWNER);
        let is_own = read(&owner).is_ok_and(|name| name == host.as_bytes());
        // A younger file may not be locked yet.
        if !is_own || !is_older_than(&owner, Duration::from_secs(2)) {
            continue;
        }
        let lock = std::fs::OpenOptions::new().write(true).open(owner);
        // The lock of a process ends with it.
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = remove_unwritable(&path);
        }
    }
}

/// Removes a directory, also if programs have taken the permission to write from folders in it.
fn remove_unwritable(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if std::fs::remove_dir_all(path).is_err() {
        use std::os::unix::fs::PermissionsExt as _;
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
            for entry in std::fs::read_dir(&folder)?.flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                }
            }
        }
    }
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Like [`sweep`], for those that have not changed for this time.
pub fn sweep_older(directory: &Path, age: Duration) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let is_old = || Some(entry.metadata().ok()?.modified().ok()?.elapsed().ok()? > age);
        let is_unfinished = entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes());
        if is_unfinished && is_old() == Some(true) {
            // It does no harm, so an error is ignored.
            let _ = match entry.path().is_dir() {
                true => std::fs::remove_dir_all(entry.path()),
                false => std::fs::remove_file(entry.path()),
            };
        }
    }
}
