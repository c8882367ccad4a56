//! Files ↔ the bytes of an archive.

use std::io::{self, Read, Write};

use super::manifest::Manifest;
use super::path::BundlePath;
use crate::digest::{Digest, Hasher};
use crate::format::visible;

/// Compression: four times as slow as the fastest level, and a tenth smaller.
const LEVEL: i32 = 9;

/// How many bytes an archive may unpack to, for each of its own bytes. Records and pages unpack to five.
const MOST_GROWTH: u64 = 200;

/// What an archive may unpack to, however small it is.
const MOST_OF_SMALL: u64 = 64 << 20;

/// The largest manifest in bytes: of half a million files.
const LONGEST_MANIFEST: u64 = 64 << 20;

/// Why an archive cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PackError<E> {
    /// The content of a file.
    #[error(transparent)]
    Content(E),
    /// A file that has other bytes than the manifest says.
    #[error("`{0}` has changed in the meantime")]
    Changed(BundlePath),
    /// The archive itself.
    #[error(transparent)]
    Write(io::Error),
}

/// Writes an archive of the files of `manifest`, with their content. The same files give the same bytes.
///
/// # Errors
/// If a file cannot be read, or differs from the manifest, or the archive cannot be written.
pub fn pack<W: Write, E>(
    manifest: &Manifest,
    out: W,
    mut content: impl FnMut(&BundlePath) -> Result<Vec<u8>, E>,
) -> Result<W, PackError<E>> {
    let mut compressed = zstd::Encoder::new(out, LEVEL).map_err(PackError::Write)?;
    compressed.include_checksum(true).map_err(PackError::Write)?;
    let mut archive = tar::Builder::new(compressed);
    append(&mut archive, Manifest::FILE, manifest.text().as_bytes()).map_err(PackError::Write)?;
    for (path, digest) in manifest.files() {
        let bytes = content(path).map_err(PackError::Content)?;
        if Digest::of_bytes(&bytes) != digest {
            return Err(PackError::Changed(path.clone()));
        }
        append(&mut archive, path.as_str(), &bytes).map_err(PackError::Write)?;
    }
    archive.into_inner().and_then(zstd::Encoder::finish).map_err(PackError::Write)
}

/// Adds a file without date and owner.
fn append<W: Write>(archive: &mut tar::Builder<W>, path: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    archive.append_data(&mut header, path, bytes)
}

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError<E> {
    /// It is no sound bundle. The text says why.
    #[error("{0}")]
    Refused(String),
    /// It cannot be read.
    #[error(transparent)]
    Read(io::Error),
    /// A file cannot be created.
    #[error(transparent)]
    Create(E),
    /// A file cannot be written.
    #[error("cannot write `{0}`")]
    Write(BundlePath, #[source] io::Error),
}

/// The number of bytes that an archive of `size` bytes may unpack to.
#[must_use]
pub fn most_unpacked(size: u64) -> u64 {
    size.saturating_mul(MOST_GROWTH).max(MOST_OF_SMALL)
}

/// Writes each file of an archive of `size` bytes into what `create` returns for its path. Checks the manifest, every
/// path, kind and digest. May call `create` before it finds a fault.
///
/// # Errors
/// If the archive is no sound bundle, or cannot be read, or a file cannot be written.
pub fn unpack<W: Write, E>(
    archive: impl Read,
    size: u64,
    mut create: impl FnMut(&BundlePath) -> Result<W, E>,
) -> Result<Manifest, UnpackError<E>> {
    let unpacked = zstd::Decoder::new(archive).map_err(fault)?;
    let mut archive = tar::Archive::new(Limited { inner: unpacked, left: most_unpacked(size) });
    let mut entries = archive.entries().map_err(fault)?;
    let mut next = || entries.next().transpose().map_err(fault);

    let first = next()?.ok_or_else(|| refused("it is empty"))?;
    if path_of(&first)? != Manifest::FILE {
        return Err(refused(format!("it does not begin with `{}`", Manifest::FILE)));
    }
    let mut text = String::new();
    first.take(LONGEST_MANIFEST).read_to_string(&mut text).map_err(fault)?;
    let manifest =
        Manifest::read(&text).map_err(|why| refused(format!("in its manifest, {why}")))?;
    for (path, digest) in manifest.files() {
        let mut entry = next()?.ok_or_else(|| {
            refused(format!("`{path}` is in its manifest, and not in the archive"))
        })?;
        let found = path_of(&entry)?;
        if found != path.as_str() {
            return Err(refused(format!("it contains `{found}` where its manifest has `{path}`")));
        }
        let mut file = create(path).map_err(UnpackError::Create)?;
        if copy(&mut entry, &mut file, path)? != digest {
            return Err(refused(format!("`{path}` does not have the digest of its manifest")));
        }
    }
    if let Some(entry) = next()? {
        return Err(refused(format!("`{}` is not in its manifest", path_of(&entry)?)));
    }
    // Behind the end of the archive, there are only zeros.
    let mut rest = archive.into_inner();
    let mut buffer = [0; 8192];
    loop {
        match rest.read(&mut buffer).map_err(fault)? {
            0 => return Ok(manifest),
            n if buffer[..n].iter().all(|byte| *byte == 0) => {}
            _ => return Err(refused("there are data after its end")),
        }
    }
}

/// Copies the content of a file. Returns its digest.
fn copy<E>(
    from: &mut impl Read,
    to: &mut impl Write,
    path: &BundlePath,
) -> Result<Digest, UnpackError<E>> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = from.read(&mut buffer).map_err(fault)?;
        if n == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..n]);
        to.write_all(&buffer[..n]).map_err(|error| UnpackError::Write(path.clone(), error))?;
    }
}

/// The path of an entry, which must be a regular file.
fn path_of<R: Read, E>(entry: &tar::Entry<'_, R>) -> Result<String, UnpackError<E>> {
    let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let shown = path.escape_debug();
    match entry.header().entry_type() {
        tar::EntryType::Regular => Ok(path),
        tar::EntryType::Symlink | tar::EntryType::Link => {
            Err(refused(format!("`{shown}` is a link")))
        }
        _ => Err(refused(format!("`{shown}` is no regular file"))),
    }
}

/// The error with a text that may quote the archive.
fn refused<E>(why: impl AsRef<str>) -> UnpackError<E> {
    const LONGEST: usize = 400;
    let why = visible(why.as_ref());
    UnpackError::Refused(match why.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why,
    })
}

/// The error of a stream: either of the file that it comes from, or of what it contains.
fn fault<E>(error: io::Error) -> UnpackError<E> {
    let is_too_large =
        error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooLarge>);
    match error.raw_os_error() {
        Some(_) => UnpackError::Read(error),
        None => refused(match error.kind() {
            _ if is_too_large => error.to_string(),
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => format!("it is damaged, or no bundle ({error})"),
        }),
    }
}

/// The error of an archive that grows too much.
#[derive(Debug, thiserror::Error)]
#[error("it unpacks to more than {MOST_GROWTH} times its size")]
struct TooLarge;

/// A stream that ends with an error after a number of bytes.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other(TooLarge))?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use super::*;

    type Files = BTreeMap<String, Vec<u8>>;

    fn manifest(files: &Files) -> Manifest {
        let path = |path: &String| BundlePath::new(path).unwrap();
        Manifest::new(files.iter().map(|(name, bytes)| (path(name), Digest::of_bytes(bytes))))
            .unwrap()
    }

    fn packed(files: &Files) -> Vec<u8> {
        let content = |path: &BundlePath| Ok::<_, Infallible>(files[path.as_str()].clone());
        pack(&manifest(files), Vec::new(), content).unwrap()
    }

    /// A sink that others can read afterwards.
    struct Sink<'s>(&'s std::cell::RefCell<Files>, String);

    impl Write for Sink<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().entry(self.1.clone()).or_default().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn unpacked(archive: &[u8]) -> Result<Files, String> {
        let files = std::cell::RefCell::default();
        let create = |path: &BundlePath| Ok::<_, Infallible>(Sink(&files, path.to_string()));
        unpack(archive, archive.len() as u64, create).map_err(|error| error.to_string())?;
        Ok(files.into_inner())
    }

    fn files() -> Files {
        let long = format!("reports/{}.csv", "n".repeat(150));
        let all = [("a", "A"), ("b/c", "C"), (&long, "long")];
        all.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into()
    }

    /// An archive of a manifest of `files`, and of entries that `append` adds.
    fn forged(files: &Files, append_to: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        append(&mut archive, Manifest::FILE, manifest(files).text().as_bytes()).unwrap();
        append_to(&mut archive);
        zstd::encode_all(&archive.into_inner().unwrap()[..], 3).unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let archive = packed(&files());
        assert_eq!(unpacked(&archive), Ok(files()));
        assert_eq!(archive, packed(&files()), "the same files give the same bytes");
    }

    #[test]
    fn an_archive_that_is_cut_anywhere_or_has_one_other_byte_is_refused() {
        let archive = packed(&files());
        for n in 0..archive.len() {
            assert!(unpacked(&archive[..n]).is_err(), "cut after {n} bytes");
            let mut changed = archive.clone();
            changed[n] ^= 0x10;
            // A change that does not touch the content, such as that of an unused bit, may pass.
            assert!(unpacked(&changed).is_err_or_equals(&files()), "byte {n} is another one");
        }
    }

    trait ErrOrEquals {
        fn is_err_or_equals(&self, files: &Files) -> bool;
    }

    impl ErrOrEquals for Result<Files, String> {
        fn is_err_or_equals(&self, files: &Files) -> bool {
            self.as_ref().map_or(true, |found| found == files)
        }
    }

    #[test]
    fn links_directories_and_devices_are_refused() {
        let one = Files::from([("a".to_owned(), b"A".to_vec())]);
        for (kind, why) in [
            (tar::EntryType::Symlink, "is a link"),
            (tar::EntryType::Link, "is a link"),
            (tar::EntryType::Directory, "is no regular file"),
            (tar::EntryType::Char, "is no regular file"),
            (tar::EntryType::Fifo, "is no regular file"),
            (tar::EntryType::GNUSparse, "no bundle"),
        ] {
            let archive = forged(&one, |archive| {
                let mut header = tar::Header::new_gnu();
                header.set_entry_type(kind);
                header.set_size(0);
                archive.append_link(&mut header, "a", "/etc/passwd").unwrap();
            });
            let error = unpacked(&archive).unwrap_err();
            assert!(error.contains(why), "{kind:?}: {error}");
        }
    }

    #[test]
    fn files_that_differ_from_the_manifest_are_refused() {
        let one = Files::from([("a".to_owned(), b"A".to_vec())]);
        let of = |entries: &[(&str, &str)]| {
            let archive = forged(&one, |archive| {
                for (path, text) in entries {
                    append(archive, path, text.as_bytes()).unwrap();
                }
            });
            unpacked(&archive)
        };
        assert_eq!(of(&[("a", "A")]), Ok(one.clone()));
        assert_eq!(of(&[]).unwrap_err(), "`a` is in its manifest, and not in the archive");
        assert_eq!(of(&[("a", "B")]).unwrap_err(), "`a` does not have the digest of its manifest");
        assert_eq!(of(&[("b", "A")]).unwrap_err(), "it contains `b` where its manifest has `a`");
        assert_eq!(of(&[("a", "A"), ("a", "A")]).unwrap_err(), "`a` is not in its manifest");
    }

    #[test]
    fn an_archive_that_grows_too_much_is_refused_before_it_is_unpacked() {
        let zeros = vec![0; (MOST_OF_SMALL + 1) as usize];
        let archive = packed(&Files::from([("a".to_owned(), zeros)]));
        assert!(archive.len() < 100_000, "{}", archive.len());
        let error = unpacked(&archive).unwrap_err();
        assert!(error.contains("unpacks to more than 200 times its size"), "{error}");
    }

    #[test]
    fn data_behind_the_end_are_refused() {
        let mut tar = zstd::decode_all(&packed(&files())[..]).unwrap();
        tar.extend([0; 1024]);
        assert!(unpacked(&zstd::encode_all(&tar[..], 3).unwrap()).is_ok());
        tar.push(1);
        let error = unpacked(&zstd::encode_all(&tar[..], 3).unwrap()).unwrap_err();
        assert_eq!(error, "there are data after its end");
    }
}
