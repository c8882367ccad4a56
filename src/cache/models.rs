//! The files of trained networks: one for each run, or one for each fold of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::digest::Digest;
use crate::fs::{self, FileError};

/// The ending of the names of these files.
const ENDING: &str = ".safetensors";

/// The folder of the trained networks.
#[derive(Clone, Debug)]
pub struct Models {
    directory: PathBuf,
}

impl Models {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The paths of the files of a run: one for each fold, counted from 1 in the name.
    #[must_use]
    pub fn paths(&self, digest: Digest, folds: usize) -> Vec<PathBuf> {
        if folds == 1 {
            return vec![self.directory.join(format!("{digest}{ENDING}"))];
        }
        (1..=folds).map(|fold| self.directory.join(format!("{digest}-{fold}{ENDING}"))).collect()
    }

    /// Writes the files of a run. Replaces older ones.
    ///
    /// # Errors
    /// If a file cannot be written completely.
    pub fn store(&self, digest: Digest, files: &[Vec<u8>]) -> Result<(), FileError> {
        let paths = self.paths(digest, files.len());
        fs::write_all_atomic(&paths.into_iter().zip(files).collect::<Vec<_>>())
    }

    /// Removes the files of a run.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn remove(&self, digest: Digest) -> Result<(), FileError> {
        let all = self.all()?;
        all.get(&digest).into_iter().flatten().try_for_each(|path| fs::remove(path))
    }

    /// The files of each run.
    ///
    /// # Errors
    /// If the folder exists but cannot be listed.
    pub fn all(&self) -> Result<BTreeMap<Digest, Vec<PathBuf>>, FileError> {
        let mut all: BTreeMap<Digest, Vec<PathBuf>> = BTreeMap::new();
        for name in fs::names(&self.directory)? {
            let stem = name.strip_suffix(ENDING).unwrap_or_default();
            let digest = stem.split_once('-').map_or(stem, |(digest, _)| digest);
            if let Ok(digest) = Digest::try_from(digest.to_owned()) {
                all.entry(digest).or_default().push(self.directory.join(&name));
            }
        }
        Ok(all)
    }
}
