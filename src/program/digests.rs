//! Digests of large files, kept with the size and the date of the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Hasher};
use crate::fs::{self, FileError, Stamp};

/// Digests of smaller files are not kept: reading them takes no time.
const SMALLEST: u64 = 1 << 20;

/// A file that changed less than this ago can change again and keep its date.
const SETTLED: Duration = Duration::from_secs(2);

/// The digests of files.
#[derive(Debug, Default)]
pub struct Digests(Mutex<BTreeMap<PathBuf, Known>>);

/// What is known of a file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    digest: Digest,
}

impl Digests {
    /// The digests that [`Self::text`] has written. None if the text has another form.
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        Self(Mutex::new(serde_json::from_slice(text).unwrap_or_default()))
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// All digests that are kept, as text.
    #[must_use]
    pub fn text(&self) -> String {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A path that is not UTF-8 cannot be kept.
        let known: BTreeMap<&str, &Known> =
            known.iter().filter_map(|(path, known)| Some((path.to_str()?, known))).collect();
        serde_json::to_string(&known).expect("plain values")
    }

    /// The digest of a file. A large file with an old date that has its former size and date is not read again.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(&self, path: &Path) -> Result<Digest, FileError> {
        let path = fs::physical(path);
        let before = fs::stamp(&path)?;
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&path).copied();
        if let Some(Known { digest, .. }) = known.filter(|known| known.stamp == before) {
            return Ok(digest);
        }
        let digest = digest(&path)?;
        let is_settled = fs::is_older_than(&path, SETTLED) && fs::stamp(&path)? == before;
        if before.size >= SMALLEST && is_settled {
            let known = Known { stamp: before, digest };
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path, known);
        }
        Ok(digest)
    }
}

/// The digest of the bytes of a file, which need not fit into memory.
fn digest(path: &Path) -> Result<Digest, FileError> {
    let (mut file, _) = fs::open(path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = std::io::Read::read(&mut file, &mut buffer).map_err(|source| FileError {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        if n == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_read_again_only_if_its_size_or_its_date_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data");
        fs::create_new(&path, &vec![7; SMALLEST as usize]).unwrap();
        let digests = Digests::default();
        let first = digests.of(&path).unwrap();
        // It has just been written, so nothing is kept.
        assert_eq!(digests.text(), "{}");
        let old = Duration::from_secs(1_000_000_000);
        fs::set_change_time(&path, old).unwrap();
        assert_eq!(digests.of(&path).unwrap(), first);
        let kept = Digests::read(digests.text().as_bytes());
        fs::overwrite(&path, &[8]).unwrap();
        assert_ne!(kept.of(&path).unwrap(), first, "its date has changed");
        fs::set_change_time(&path, old).unwrap();
        assert_eq!(kept.of(&path).unwrap(), first, "what has its old size and date is not read");
        assert_eq!(Digests::read(b"not json").text(), "{}");
    }
}
