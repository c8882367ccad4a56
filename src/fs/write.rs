//! Writes that leave a complete file or none.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use super::error::FileError;

/// The first characters of the names of temporary files.
pub(super) const UNFINISHED: &str = ".writing-";

/// A directory that is removed with all its files when it is dropped.
pub use tempfile::TempDir as TemporaryDirectory;

/// Each write holds this lock, so that the process does not end during a write.
static WRITING: RwLock<()> = RwLock::new(());

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

/// A new file to write into, in a directory that no other process reads. Creates missing directories.
///
/// # Errors
/// If the file exists already, or cannot be created.
pub fn create(path: &Path) -> Result<impl Write + use<>, FileError> {
    make_directory_of(path)?;
    std::fs::File::create_new(path).map_err(FileError::at("create", path))
}

/// A file for the output of another program, in place of an older one.
///
/// # Errors
/// If it cannot be created.
pub fn to_write(path: &Path) -> Result<std::fs::File, FileError> {
    std::fs::File::create(path).map_err(FileError::at("create", path))
}

/// Adds bytes to the end of a file, without waiting for the disk. Creates the file and missing directories.
///
/// # Errors
/// If it cannot be written.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    make_directory_of(path)?;
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(FileError::at("write", path))
}

/// Overwrites the beginning of an existing file with these bytes.
///
/// # Errors
/// If it does not exist or cannot be written.
pub fn overwrite(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let file = std::fs::OpenOptions::new().write(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(FileError::at("write", path))
}

/// Makes a second name for a file.
///
/// # Errors
/// If that is not possible, such as for a file of another disk.
pub fn hard_link(from: &Path, to: &Path) -> Result<(), FileError> {
    std::fs::hard_link(from, to).map_err(FileError::at("link", to))
}

/// Makes a link at `to` that leads to `target`.
///
/// # Errors
/// If that is not possible.
pub fn link(target: &Path, to: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(target, to);
    #[cfg(not(unix))]
    let made = std::fs::hard_link(target, to);
    made.map_err(FileError::at("link", to))
}

/// Gives a file, which is no link, a second name, or makes a copy where that is not possible. Creates missing directories.
///
/// # Errors
/// If a step fails.
pub fn link_or_copy(from: &Path, to: &Path) -> Result<(), FileError> {
    make_directory_of(to)?;
    match std::fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(_) => copy(from, to),
    }
}

/// Copies a file, with its permissions. Creates missing directories. Other processes see the copy when it is complete.
///
/// # Errors
/// If a step fails.
pub fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    copy_content(from, to)?;
    copy_permissions(from, to)
}

/// Copies the content of a file. Creates missing directories. Other processes see the copy when it is complete.
///
/// # Errors
/// If a step fails.
pub fn copy_content(from: &Path, to: &Path) -> Result<(), FileError> {
    let fail = || FileError::at("write", to);
    let mut file = std::fs::File::open(from).map_err(FileError::at("read", from))?;
    write_filled(to, |new| std::io::copy(&mut file, new).map(drop))?.map_err(fail())
}

/// Lets everybody who may read a file run it.
///
/// # Errors
/// If that is not possible.
pub fn make_executable(path: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            std::fs::metadata(path).map_err(FileError::at("read", path))?.permissions().mode();
        let mode = mode | ((mode & 0o444) >> 2);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, permissions).map_err(FileError::at("write", path))?;
    }
    let _ = path;
    Ok(())
}

/// Gives a file the permissions of another one.
///
/// # Errors
/// If that is not possible.
pub fn copy_permissions(from: &Path, to: &Path) -> Result<(), FileError> {
    let permissions = std::fs::metadata(from).map_err(FileError::at("read", from))?.permissions();
    std::fs::set_permissions(to, permissions).map_err(FileError::at("write", to))
}

/// Creates a directory and those that it is in, if they are missing.
///
/// # Errors
/// If it cannot be created.
pub fn create_directory(directory: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))
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

/// Writes a file like [`write_atomic`], also if it does not fit into memory: `content` writes it.
///
/// # Errors
/// The outer error if a step fails, the inner error if `content` does. Then the old file is unchanged.
pub fn write_filled<T, E>(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<Result<T, E>, FileError> {
    let fail = || FileError::at("write", path);
    let file = stage(path, b"", 0o666)?;
    let mut writer = std::io::BufWriter::new(file);
    let filled = match content(&mut writer) {
        Ok(filled) => filled,
        Err(error) => return Ok(Err(error)),
    };
    let file = writer.into_inner().map_err(|error| fail()(error.into_error()))?;
    file.as_file().sync_all().map_err(fail())?;
    let _writing = WRITING.read().unwrap_or_else(PoisonError::into_inner);
    file.persist(path).map_err(|error| fail()(error.error))?;
    Ok(Ok(filled))
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
        // Checks all targets before replacing any.
        if path.is_dir() {
            return Err(FileError::at("write", path)(std::io::ErrorKind::IsADirectory.into()));
        }
        let file = stage(path, bytes, 0o666)?;
        staged.push((path, file));
    }
    for (path, file) in staged {
        file.persist(path).map_err(|error| FileError::at("write", path)(error.error))?;
    }
    Ok(())
}

/// Writes a file that does not exist yet, like [`write_atomic`]. Never replaces a file, also if several
/// machines write it at the same time. Returns the bytes of the existing file, if there is one. A network file
/// system may answer that the file exists when it has just created it: then these are the same bytes.
///
/// # Errors
/// If a step fails. Then there is no file.
pub fn publish(path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, FileError> {
    publish_with(0o666, path, bytes)
}

/// [`publish`] for a file that can be run.
///
/// # Errors
/// As [`publish`].
pub fn publish_program(path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, FileError> {
    publish_with(0o777, path, bytes)
}

/// [`publish`] into a directory, with this name. If the name exists there with other bytes, appends `.2`, `.3`, … to the
/// name. Returns the path.
///
/// # Errors
/// As [`publish`].
pub fn keep_aside(directory: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, FileError> {
    let mut number = 1;
    loop {
        let path = match number {
            1 => directory.join(name),
            n => directory.join(format!("{name}.{n}")),
        };
        match publish(&path, bytes)? {
            Some(present) if present != bytes => number += 1,
            _ => return Ok(path),
        }
    }
}

fn publish_with(mode: u32, path: &Path, bytes: &[u8]) -> Result<Option<Vec<u8>>, FileError> {
    let _writing = WRITING.read().unwrap_or_else(PoisonError::into_inner);
    let staged = stage(path, bytes, mode)?;
    let Err(refused) = staged.persist_noclobber(path) else { return Ok(None) };
    let tempfile::PersistError { error, file } = refused;
    if path.is_file() {
        return std::fs::read(path).map(Some).map_err(FileError::at("read", path));
    }
    // A link to nowhere, a directory or a pipe has no bytes, and reading it could block.
    if path.is_symlink() || path.exists() {
        return Ok(Some(Vec::new()));
    }
    if error.kind() == std::io::ErrorKind::AlreadyExists {
        return Err(FileError::at("write", path)(error));
    }
    // This file system has no way to create a file only if there is none. A run has one result, so a replaced file has
    // the same content.
    file.persist(path).map(|_| None).map_err(|error| FileError::at("write", path)(error.error))
}

/// A temporary file with these bytes in the directory of `path`, on the disk. Its permissions are `mode` without
/// those of the umask.
fn stage(path: &Path, bytes: &[u8], mode: u32) -> Result<tempfile::NamedTempFile, FileError> {
    let directory = make_directory_of(path)?;
    let fail = || FileError::at("write", path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // By default, only the owner can read temporary files.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    let _ = mode;
    let mut file = builder.tempfile_in(directory).map_err(fail())?;
    file.write_all(bytes).map_err(fail())?;
    file.as_file().sync_all().map_err(fail())?;
    Ok(file)
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
pub fn temporary_directory(directory: &Path) -> Result<TemporaryDirectory, FileError> {
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    // By default, only the owner can enter a temporary directory. This one has the permissions of the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(directory).map_err(FileError::at("write into", directory))
}

/// A directory like that of [`temporary_directory`], which no process of this machine, the `host`, sweeps while this process
/// lives.
///
/// # Errors
/// If it cannot be created.
pub fn owned_directory(
    directory: &Path,
    host: &str,
) -> Result<(TemporaryDirectory, std::fs::File), FileError> {
    let made = temporary_directory(directory)?;
    let path = made.path().join(OWNER);
    let mut lock = std::fs::File::create_new(&path).map_err(FileError::at("create", &path))?;
    lock.write_all(host.as_bytes()).map_err(FileError::at("write", &path))?;
    // Without locks on this disk, it is swept when it is old.
    let _ = lock.lock();
    Ok((made, lock))
}

/// The file of a directory that the process that it belongs to has locked.
pub(super) const OWNER: &str = ".owner";

/// Gives a temporary directory a name that does not exist yet, so that it stays.
///
/// # Errors
/// If it cannot be renamed. Then it is removed.
pub fn persist_directory(directory: TemporaryDirectory, path: &Path) -> Result<(), FileError> {
    std::fs::rename(directory.path(), path).map_err(FileError::at("write", path))?;
    // There is nothing to remove any more.
    let _ = directory.keep();
    Ok(())
}

/// A file in `directory` without a name. It is gone when it is closed.
///
/// # Errors
/// If it cannot be created.
pub fn temporary_file(directory: &Path) -> Result<std::fs::File, FileError> {
    tempfile::tempfile_in(directory).map_err(FileError::at("write into", directory))
}

fn make_directory_of(path: &Path) -> Result<&Path, FileError> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(FileError::at("create directory", directory))?;
    Ok(directory)
}
