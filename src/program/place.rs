//! Where a run of a program takes place.

use std::path::{Path, PathBuf};

use super::digests::Digests;
use crate::digest::Digest;

/// Where a run of a program takes place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// The directory of the project.
    pub root: &'p Path,
    /// Where its inputs come from.
    pub inputs: Inputs<'p>,
    /// A directory on the same disk for the files of the run.
    pub scratch: &'p Path,
    /// The file of its log.
    pub log: &'p Path,
    /// A second name of the file of its results, by which they can be watched.
    pub live: &'p Path,
    /// The folder for its artefacts. Without one, they are not kept.
    pub artifacts: Option<&'p Path>,
    /// The digests of large files.
    pub digests: &'p Digests,
}

/// Where inputs come from.
#[derive(Clone, Copy, Debug)]
pub enum Inputs<'i> {
    /// From the project.
    Project,
    /// From this folder, where each has its digest as its name.
    Kept(&'i Path),
}

impl Inputs<'_> {
    pub(super) fn place(self, root: &Path, path: &str, digest: Digest) -> PathBuf {
        match self {
            Self::Project => root.join(path),
            Self::Kept(folder) => folder.join(digest.to_string()),
        }
    }
}
