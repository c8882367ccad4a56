//! The only access to files. Every error names the path and what was tried; every write replaces
//! its file at once or not at all.

#![expect(clippy::disallowed_methods, reason = "this is the module that they are reserved for")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`", path.display())]
pub struct FileError {
    /// What was tried, as a verb.
    pub action: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// Why it failed.
    pub source: std::io::Error,
}

impl FileError {
    fn at(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self { action, path: path.to_owned(), source }
    }

    /// Whether the path does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::NotFound
    }
}

/// The bytes of a file.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(FileError::at("read", path))
}

/// The text of a file.
///
/// # Errors
/// If it cannot be read or is not UTF-8.
pub fn read_to_string(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(FileError::at("read", path))
}

/// The files of a directory whose names end in `.extension`, sorted by name, without hidden ones
/// (editors keep their locks and backups in such).
///
/// # Errors
/// If the directory cannot be listed, or one of them is a directory, a device or a broken link.
pub fn files_with_extension(directory: &Path, extension: &str) -> Result<Vec<PathBuf>, FileError> {
    let fail = || FileError::at("list", directory);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(fail())? {
        let path = entry.map_err(fail())?.path();
        let is_hidden = path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
        if is_hidden || path.extension().is_none_or(|found| found != extension) {
            continue;
        }
        if !path.is_file() {
            let source = std::io::Error::other("it is no regular file");
            return Err(FileError::at("read", &path)(source));
        }
        paths.push(path);
    }
    paths.sort();
    Ok(paths)
}

/// Whether a file stands at `path`.
#[must_use]
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Makes sure that files can be written into `directory`, which is made if it is missing.
///
/// # Errors
/// If they cannot.
pub fn check_writable(directory: &Path) -> Result<(), FileError> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    let probe = tempfile::Builder::new().prefix(".writing-").tempfile_in(directory);
    probe.map(drop).map_err(FileError::at("write into", directory))
}

/// Puts `bytes` at `path`, through a temporary file beside it that is synced and renamed: readers
/// see the old file or the new one, whatever happens in between. A file that already holds these
/// bytes is left alone. Missing directories are made.
///
/// # Errors
/// If any step fails; the old file is then as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    let fail = || FileError::at("write", path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    // Temporary files are private; a report is as readable as the user's umask makes it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory).map_err(fail())?;
    file.write_all(bytes).map_err(fail())?;
    file.as_file().sync_all().map_err(fail())?;
    file.persist(path).map_err(|error| fail()(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_replaces_the_file_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/a.txt");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_names_the_path_and_keeps_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        write_atomic(&file, b"old").unwrap();
        let below_a_file = file.join("below");
        let error = write_atomic(&below_a_file, b"x").unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
        assert_eq!(read(&file).unwrap(), b"old");
    }
}
