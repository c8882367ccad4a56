//! The only access to files. Every error names the action and the path. Every write replaces its
//! file completely or not at all.

#![expect(clippy::disallowed_methods, reason = "only this module may use them")]

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// The first characters of the names of temporary files.
const UNFINISHED: &str = ".writing-";

/// Each write holds this lock, so that the process does not end during a write.
static WRITING: RwLock<()> = RwLock::new(());

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`", path.display())]
pub struct FileError {
    /// The action, as a verb.
    pub action: &'static str,
    /// The path.
    pub path: PathBuf,
    /// The cause.
    pub source: std::io::Error,
}

impl FileError {
    fn at(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self { action, path: path.to_owned(), source }
    }

    /// The error of a path that is not UTF-8.
    #[must_use]
    pub fn not_utf8(path: &Path) -> Self {
        Self::at("note", path)(std::io::Error::other("its name is not UTF-8"))
    }

    /// Whether the file to create exists already.
    #[must_use]
    pub fn is_already_there(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::AlreadyExists
    }

    /// Whether the path is not a regular file.
    #[must_use]
    pub fn is_no_file(&self) -> bool {
        let source = self.source.get_ref();
        source.is_some_and(<dyn std::error::Error + Send + Sync>::is::<NoFile>)
    }

    /// Whether this user lacks a permission.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::PermissionDenied
    }

    /// Whether the path does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::NotFound
    }
}

/// The error of a path that is a directory, a pipe or a device.
#[derive(Debug, thiserror::Error)]
#[error("it is not a regular file")]
struct NoFile;

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
    if physical(&short) == physical(path) { short } else { path.to_owned() }
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

/// Creates a file with these bytes. Creates missing directories. Other processes can see the file
/// before it is complete.
///
/// # Errors
/// If the file exists already, or cannot be written.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    make_directory_of(path)?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(FileError::at("create", path))
}

/// Overwrites the beginning of an existing file with these bytes.
///
/// # Errors
/// If it does not exist or cannot be written.
pub fn overwrite(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let file = std::fs::OpenOptions::new().write(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(FileError::at("write", path))
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

/// `path` from the root of the file system, with all links resolved. The end of the path need not
/// exist.
#[must_use]
pub fn physical(path: &Path) -> PathBuf {
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

/// Whether `path` is a directory.
#[must_use]
pub fn is_directory(path: &Path) -> bool {
    path.is_dir()
}

/// Checks that files can be written into `directory`, and creates it if it is missing.
///
/// # Errors
/// If they cannot.
pub fn check_writable(directory: &Path) -> Result<(), FileError> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    let probe = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(directory);
    probe.map(drop).map_err(FileError::at("write into", directory))
}

/// Writes `bytes` to `path`: writes a temporary file in the same directory, syncs it, and renames
/// it. So readers always see the complete old file or the complete new file. Does not write a file
/// that has these bytes already. Creates missing directories.
///
/// # Errors
/// If a step fails. Then the old file is unchanged.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_all_atomic(&[(path.to_owned(), bytes)])
}

/// Writes several files like [`write_atomic`]. Replaces no file before all temporary files are
/// written, so a full disk changes no file.
///
/// # Errors
/// If any step fails.
pub fn write_all_atomic<B: AsRef<[u8]>>(files: &[(PathBuf, B)]) -> Result<(), FileError> {
    let _writing = WRITING.read().unwrap_or_else(PoisonError::into_inner);
    let mut staged = Vec::new();
    for (path, bytes) in files {
        let bytes = bytes.as_ref();
        if std::fs::read(path).is_ok_and(|present| present == bytes) {
            continue;
        }
        let directory = make_directory_of(path)?;
        let fail = || FileError::at("write", path);
        // Checks all targets before replacing any.
        if path.is_dir() {
            return Err(fail()(std::io::ErrorKind::IsADirectory.into()));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        // By default, only the owner can read temporary files. A report has the permissions of the
        // umask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(directory).map_err(fail())?;
        file.write_all(bytes).map_err(fail())?;
        file.as_file().sync_all().map_err(fail())?;
        staged.push((path, file));
    }
    for (path, file) in staged {
        file.persist(path).map_err(|error| FileError::at("write", path)(error.error))?;
    }
    Ok(())
}

/// Waits for running writes, for at most `patience`, and blocks all later writes. Call it before
/// the process ends.
pub fn stop_writing(patience: Duration) {
    let step = Duration::from_millis(5);
    for _ in 0..patience.as_millis() / step.as_millis() {
        if let Ok(guard) = WRITING.try_write() {
            std::mem::forget(guard);
            return;
        }
        std::thread::sleep(step);
    }
}

/// Creates a directory in `directory` that is removed with all its files when the returned value is dropped.
///
/// # Errors
/// If it cannot be created.
pub fn temporary_directory(directory: &Path) -> Result<tempfile::TempDir, FileError> {
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    let place = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(directory);
    place.map_err(FileError::at("write into", directory))
}

/// A file in `directory` without a name. It is gone when it is closed.
///
/// # Errors
/// If it cannot be created.
pub fn temporary_file(directory: &Path) -> Result<std::fs::File, FileError> {
    tempfile::tempfile_in(directory).map_err(FileError::at("write into", directory))
}

/// Removes the temporary files and directories of killed processes in `directory`: those that have not
/// changed for an hour.
pub fn sweep(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let is_old = || {
            let age = entry.metadata().ok()?.modified().ok()?.elapsed().ok()?;
            Some(age > Duration::from_hours(1))
        };
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

fn make_directory_of(path: &Path) -> Result<&Path, FileError> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    Ok(directory)
}
