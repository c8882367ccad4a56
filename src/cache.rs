//! The records: one immutable file per run, named by its digest, with a checksum. There is no index
//! and no lock. A record exists completely or not at all.
//!
//! Other folders contain damaged records (moved, never deleted), the errors of failed runs, the leases of
//! running builds, the curves of runs in training, and plans for workers.

mod entry;
mod jobs;
mod lease;
mod live;
mod models;
mod parts;
mod programs;
mod reports;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::digest::Digest;
use crate::fs::{self, FileError};
use crate::plan::Fresh;
use crate::provenance;
use crate::run::{FailureRecord, RecordExtract, RunConfig, RunRecord, Wanted};

pub use entry::{PastRecord, read_past};
pub use jobs::{ArrayReceipt, JobDraft, JobFiles};
pub use lease::{HEARTBEAT, Lease, Leases, TaskStart};
pub use live::{LiveCurves, LiveRun};
pub use models::Models;
pub use reports::Reports;

/// The records of a project.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// What the cache contains for a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T = Box<RunRecord>> {
    /// Its record.
    Hit(T),
    /// Nothing.
    Miss,
    /// A file that is not a sound record of this run. The text says why, as a phrase that follows
    /// the name of the file.
    Damaged(String),
}

impl<T> Lookup<T> {
    /// The record, if there is one.
    #[must_use]
    pub fn hit(self) -> Option<T> {
        match self {
            Self::Hit(found) => Some(found),
            Self::Miss | Self::Damaged(_) => None,
        }
    }

    /// Applies `make` to the record.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Hit(found) => Lookup::Hit(make(found)),
            Self::Miss => Lookup::Miss,
            Self::Damaged(damage) => Lookup::Damaged(damage),
        }
    }
}

/// What happened to a record that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is new.
    New,
    /// There was a record already, with the same result.
    Same,
    /// There was a sound record already, with another result. It stays.
    Different,
    /// There was a file already that is not a sound record. The text says why, as a phrase that follows
    /// the name of the file.
    Damaged(String),
}

/// Compares a sound record with the bytes `present` at its path.
fn compared(present: Option<&[u8]>, bytes: &[u8], digest: Digest) -> Stored {
    match present.map(|present| entry::is_same_result(present, bytes, digest)) {
        None => Stored::New,
        Some(Ok(true)) => Stored::Same,
        Some(Ok(false)) => Stored::Different,
        Some(Err(damage)) => Stored::Damaged(damage),
    }
}

impl Cache {
    /// Its directory in a project.
    pub const DIRECTORY: &str = ".report";

    /// The cache of the project at `root`. Creates nothing before the first record.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self::at(&root.join(Self::DIRECTORY))
    }

    /// The cache in this directory itself.
    #[must_use]
    pub fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Whether both have the same records, possibly through a link.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        let records = |cache: &Self| fs::physical(&cache.directory.join("records"));
        records(self) == records(other)
    }

    /// The record of the run with this configuration, given its digest and canonical JSON.
    ///
    /// # Errors
    /// If a record exists but cannot be read, as without permission. Such a record is not damaged.
    pub fn lookup(
        &self,
        digest: Digest,
        canonical: &str,
        config: &Arc<RunConfig>,
    ) -> Result<Lookup, FileError> {
        let found = self.read(digest, |bytes| entry::read(bytes, digest, canonical, config))?;
        Ok(found.map(|result| Box::new(RunRecord { digest, config: Arc::clone(config), result })))
    }

    /// What a report needs of the record, with what is wanted of it.
    ///
    /// # Errors
    /// As [`Self::lookup`].
    pub fn lookup_extract(
        &self,
        digest: Digest,
        canonical: &str,
        config: &Arc<RunConfig>,
        wanted: &Wanted,
    ) -> Result<Lookup<RecordExtract>, FileError> {
        self.read(digest, |bytes| entry::read_extract(bytes, digest, canonical, config, wanted))
    }

    /// The state of the run, without the record, which is several times faster.
    ///
    /// # Errors
    /// As [`Self::lookup`].
    pub fn lookup_state(
        &self,
        digest: Digest,
        canonical: &str,
    ) -> Result<Lookup<Fresh>, FileError> {
        self.read(digest, |bytes| entry::read_state(bytes, digest, canonical))
    }

    /// The digests of all records, including damaged ones, in order.
    ///
    /// # Errors
    /// If the directory exists but cannot be listed.
    pub fn digests(&self) -> Result<Vec<Digest>, FileError> {
        self.named_in("records")
    }

    /// The digests in the names of the files in a folder of the cache, in order.
    fn named_in(&self, part: &str) -> Result<Vec<Digest>, FileError> {
        let names = fs::names(&self.directory.join(part))?;
        // In quarantine, a number may follow the name.
        let digest = |name: &String| Digest::try_from(name.split_once(".json")?.0.to_owned()).ok();
        let mut digests: Vec<_> = names.iter().filter_map(digest).collect();
        digests.dedup();
        Ok(digests)
    }

    /// Checks that records can be written.
    ///
    /// # Errors
    /// If they cannot.
    pub fn check_writable(&self) -> Result<(), FileError> {
        fs::check_writable(&self.directory.join("records"))
    }

    /// The record of `digest`, of any configuration.
    ///
    /// # Errors
    /// As [`Self::lookup`].
    pub fn past(&self, digest: Digest) -> Result<Lookup<PastRecord>, FileError> {
        self.read(digest, |bytes| entry::read_past(bytes, digest))
    }

    fn read<T>(
        &self,
        digest: Digest,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<Lookup<T>, FileError> {
        match fs::read_if_there(&self.path(digest)) {
            Ok(None) => Ok(Lookup::Miss),
            Ok(Some(bytes)) => Ok(read(&bytes).map_or_else(Lookup::Damaged, Lookup::Hit)),
            Err(error) if error.is_no_file() => {
                Ok(Lookup::Damaged(format!("cannot be read: {}", error.source)))
            }
            Err(error) => Err(error),
        }
    }

    /// Writes `record`, and never replaces an existing one.
    ///
    /// # Errors
    /// If it cannot be written completely.
    ///
    /// # Panics
    /// If its configuration has no canonical form. Then it has no digest either.
    pub fn store(&self, record: &RunRecord) -> Result<Stored, FileError> {
        let bytes = entry::write(record).expect("what has a digest has a canonical form");
        self.publish(record.digest, &bytes)
    }

    /// Writes the bytes of a sound record like [`Self::store`].
    ///
    /// # Errors
    /// As [`Self::store`].
    pub fn publish(&self, digest: Digest, bytes: &[u8]) -> Result<Stored, FileError> {
        let present = fs::publish(&self.path(digest), bytes)?;
        Ok(compared(present.as_deref(), bytes, digest))
    }

    /// What [`Self::publish`] would return. Writes nothing.
    ///
    /// # Errors
    /// If a record exists but cannot be read.
    pub fn compare(&self, digest: Digest, bytes: &[u8]) -> Result<Stored, FileError> {
        let present = fs::read_if_there(&self.path(digest))?;
        Ok(compared(present.as_deref(), bytes, digest))
    }

    /// The bytes of the record of `digest`, and the record itself, of any configuration.
    ///
    /// # Errors
    /// As [`Self::lookup`].
    pub fn past_bytes(&self, digest: Digest) -> Result<Lookup<(Vec<u8>, PastRecord)>, FileError> {
        self.read(digest, |bytes| Ok((bytes.to_vec(), entry::read_past(bytes, digest)?)))
    }

    /// Moves a damaged record to the quarantine. Returns its new path.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub fn quarantine(&self, digest: Digest) -> Result<PathBuf, FileError> {
        let directory = self.directory.join("quarantine");
        fs::move_aside(&self.path(digest), &directory)
    }

    /// Puts the bytes of a damaged record from elsewhere into the quarantine. Returns the path.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn quarantine_bytes(&self, digest: Digest, bytes: &[u8]) -> Result<PathBuf, FileError> {
        // Apart from the records that were damaged here.
        let directory = self.directory.join("quarantine").join("from-store");
        fs::keep_aside(&directory, &format!("{digest}.json"), bytes)
    }

    /// The digests that have a record in quarantine, in order.
    ///
    /// # Errors
    /// If the directory exists but cannot be listed.
    pub fn quarantined(&self) -> Result<Vec<Digest>, FileError> {
        self.named_in("quarantine")
    }

    /// Removes the record of `digest`, if it exists.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, digest: Digest) -> Result<(), FileError> {
        fs::remove(&self.path(digest))
    }

    /// The error of the last training of the run, if it failed. A file that cannot be read counts
    /// as no failure.
    #[must_use]
    pub fn failure(&self, digest: Digest) -> Option<FailureRecord> {
        let bytes = fs::read(&self.failure_path(digest)).ok()?;
        let failure: FailureRecord = serde_json::from_slice(&bytes).ok()?;
        (failure.digest == digest).then_some(failure)
    }

    /// The digests of the runs that failed, in order.
    ///
    /// # Errors
    /// If the directory exists but cannot be listed.
    pub fn failed(&self) -> Result<Vec<Digest>, FileError> {
        self.named_in("failures")
    }

    /// Notes that a run failed.
    ///
    /// # Errors
    /// If the note cannot be written.
    pub fn store_failure(&self, failure: &FailureRecord) -> Result<(), FileError> {
        let text = serde_json::to_string(failure).expect("a failure has plain values");
        fs::write_atomic(&self.failure_path(failure.digest), format!("{text}\n").as_bytes())
    }

    /// Removes the note that a run failed, if there is one.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn forget_failure(&self, digest: Digest) -> Result<(), FileError> {
        fs::remove(&self.failure_path(digest))
    }

    /// Removes the unfinished files of killed processes.
    pub fn sweep(&self) {
        for part in ["records", "failures", "reports", "models", "probes", "inputs", "artifacts"] {
            fs::sweep(&self.directory.join(part));
        }
        fs::sweep_owned(&self.scratch(), provenance::host());
        self.sweep_live();
        // Without locks, a program may still run for as long as this.
        fs::sweep_older(&self.scratch(), Duration::from_hours(30 * 24));
    }

    /// The trained networks.
    #[must_use]
    pub fn models(&self) -> Models {
        Models::new(self.directory.join("models"))
    }

    /// Leases on runs, for this process.
    #[must_use]
    pub fn leases(&self) -> Leases {
        self.task_leases(None)
    }

    /// Leases on runs, for this process, which a scheduler has started as this task.
    #[must_use]
    pub fn task_leases(&self, task: Option<TaskStart>) -> Leases {
        Leases::new(self.directory.join("leases"), task)
    }

    /// The path of the record of `digest`.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.file("records", digest)
    }

    fn failure_path(&self, digest: Digest) -> PathBuf {
        self.file("failures", digest)
    }

    fn file(&self, part: &str, digest: Digest) -> PathBuf {
        self.directory.join(part).join(format!("{digest}.json"))
    }
}
