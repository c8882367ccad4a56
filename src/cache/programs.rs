//! The places of what programs of the user read and write.

use std::path::{Path, PathBuf};

use super::Cache;
use crate::digest::Digest;

impl Cache {
    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The folder for files that are needed during one run of a program.
    #[must_use]
    pub fn scratch(&self) -> PathBuf {
        self.directory.join("scratch")
    }

    /// The folder of the logs of programs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.directory.join("logs")
    }

    /// The log of the last run of a program.
    #[must_use]
    pub fn log(&self, digest: Digest) -> PathBuf {
        self.logs().join(format!("{digest}.log"))
    }

    /// The digests of large inputs of programs.
    #[must_use]
    pub fn digests_file(&self) -> PathBuf {
        self.directory.join("digests.json")
    }

    /// The folder of the inputs of programs that were kept, each under its digest.
    #[must_use]
    pub fn inputs(&self) -> PathBuf {
        self.directory.join("inputs")
    }

    /// The folder of the artefacts of programs, each under its digest.
    #[must_use]
    pub fn artifacts(&self) -> PathBuf {
        self.directory.join("artifacts")
    }

    /// The artefact with this digest.
    #[must_use]
    pub fn artifact(&self, digest: Digest) -> PathBuf {
        self.artifacts().join(digest.to_string())
    }

    /// The file that marks a project from a bundle whose programs nobody has agreed to run yet.
    #[must_use]
    pub fn foreign_mark(&self) -> PathBuf {
        self.directory.join("from-bundle")
    }

    /// What the probe with this command said the last time.
    #[must_use]
    pub fn probe(&self, command: &[String]) -> PathBuf {
        let digest = Digest::of_bytes(command.join("\0").as_bytes());
        self.directory.join("probes").join(format!("{digest}.txt"))
    }
}
