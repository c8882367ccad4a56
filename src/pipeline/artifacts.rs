//! The files that programs have left with their records.

use std::path::{Path, PathBuf};

use super::audit::record;
use super::{Error, Project};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::experiment::Run;
use crate::fs;
use crate::run::RunConfig;

/// A file that a program has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The run.
    pub run: Digest,
    /// Its name, as the experiment declares it.
    pub name: String,
    /// Its SHA-256.
    pub digest: Digest,
    /// Where it is.
    pub file: PathBuf,
}

/// The artefacts of these runs, in order. Runs without a record, and networks, have none.
///
/// # Errors
/// If a record cannot be read, or a file is missing.
pub fn artifacts<'r>(
    project: &Project,
    runs: impl IntoIterator<Item = &'r Run>,
) -> Result<Vec<Artifact>, Error> {
    let cache = Cache::new(&project.root);
    let leaves_some = |run: &&Run| match &*run.config {
        RunConfig::Program(config) => !config.program.artifacts.is_empty(),
        RunConfig::Network(_) => false,
    };
    let mut all = Vec::new();
    for run in runs.into_iter().filter(leaves_some) {
        // The names are those that the experiment declares: the record is checked for that.
        let artifacts = record(project, run)?.map(|record| record.result.artifacts);
        for (name, digest) in artifacts.unwrap_or_default() {
            let file = cache.artifact(digest);
            if !fs::is_file(&file) {
                let record = cache.path(run.digest);
                return Err(Error::Request {
                    message: format!(
                        "the artefact `{name}` of the run {} is not on this machine",
                        run.digest.short()
                    ),
                    hint: format!(
                        "copy it from where the run was computed to `{}`, or remove `{}`: then `report build` \
                         computes the run again",
                        file.display(),
                        record.display()
                    ),
                });
            }
            all.push(Artifact { run: run.digest, name, digest, file });
        }
    }
    Ok(all)
}

impl Artifact {
    /// Copies the file to `to`, after a check.
    ///
    /// # Errors
    /// If it is damaged, or cannot be written.
    pub fn copy(&self, to: &Path) -> Result<(), Error> {
        let bytes = fs::read(&self.file).map_err(Error::File)?;
        match Digest::of_bytes(&bytes) == self.digest {
            true => fs::write_atomic(to, &bytes).map_err(Error::File),
            false => Err(Error::Request {
                message: format!("`{}` is damaged: it has another digest than its name", self.file.display()),
                hint: "remove it, and the record of its run; then `report build` computes the run again"
                    .to_owned(),
            }),
        }
    }
}
