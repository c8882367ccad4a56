//! Why a file operation failed.

use std::path::{Path, PathBuf};

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
    pub(super) fn at(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
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
pub(super) struct NoFile;
