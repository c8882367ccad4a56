//! One immutable record file a run, named by its digest, each with its checksum. There is no index
//! and no lock: a record is there, whole, or it is not.
//!
//! Beside the records stand those that were found damaged (moved, never deleted), the errors of runs
//! that failed, and the claims of builds that are under way.

mod claim;
mod entry;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fs::{self, FileError};
use crate::run::{FailureRecord, RunConfig, RunRecord};

pub use claim::{BEAT, Claim, Claiming, Claims};
pub use entry::{Glance, PastRecord, read_past};

/// The records of a project.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// What is known of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T = Box<RunRecord>> {
    /// Its record.
    Hit(T),
    /// Nothing.
    Miss,
    /// A file that is no sound record of this run, and why not. The run counts as missing.
    Damaged(String),
}

impl<T> Lookup<T> {
    fn of(read: Option<Result<T, String>>) -> Self {
        match read {
            None => Self::Miss,
            Some(Ok(found)) => Self::Hit(found),
            Some(Err(damage)) => Self::Damaged(damage),
        }
    }
}

/// Which runs a report shows.
#[derive(Deserialize, Serialize)]
struct Reported {
    out: String,
    runs: Vec<Digest>,
}

impl Cache {
    /// The cache of the project at `root`; nothing is created before the first record.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { directory: root.join(".report") }
    }

    /// The record of the run with this configuration, given its digest and canonical JSON.
    #[must_use]
    pub fn lookup(&self, digest: Digest, canonical: &str, config: &Arc<RunConfig>) -> Lookup {
        let read = |bytes: Vec<u8>| entry::read(&bytes, digest, canonical, config);
        let record = |result| Box::new(RunRecord { digest, config: Arc::clone(config), result });
        Lookup::of(self.bytes(digest).map(|bytes| bytes.and_then(read).map(record)))
    }

    /// [`Self::lookup`] without the curves, which is several times faster.
    #[must_use]
    pub fn glance(&self, digest: Digest, canonical: &str, config: &RunConfig) -> Lookup<Glance> {
        let read = |bytes: Vec<u8>| entry::glance(&bytes, digest, canonical, config);
        Lookup::of(self.bytes(digest).map(|bytes| bytes.and_then(read)))
    }

    /// The digests that there are records of, damaged ones too, in order.
    ///
    /// # Errors
    /// If the directory is there but cannot be listed.
    pub fn digests(&self) -> Result<Vec<Digest>, FileError> {
        self.named_in("records")
    }

    /// The digests that files in a part of the cache are named by, in order.
    fn named_in(&self, part: &str) -> Result<Vec<Digest>, FileError> {
        let names = fs::names(&self.directory.join(part))?;
        // In quarantine, a number may follow.
        let digest = |name: &String| Digest::try_from(name.split_once(".json")?.0.to_owned()).ok();
        let mut digests: Vec<_> = names.iter().filter_map(digest).collect();
        digests.dedup();
        Ok(digests)
    }

    /// Makes sure that records can be written.
    ///
    /// # Errors
    /// If they cannot.
    pub fn check_writable(&self) -> Result<(), FileError> {
        fs::check_writable(&self.directory.join("records"))
    }

    /// The record of `digest`, of whatever configuration, or why it is none; nothing if it is not
    /// there.
    #[must_use]
    pub fn past(&self, digest: Digest) -> Option<Result<PastRecord, String>> {
        self.bytes(digest).map(|bytes| entry::read_past(&bytes?, digest))
    }

    /// The bytes of a record, or why there are none although something is there.
    fn bytes(&self, digest: Digest) -> Option<Result<Vec<u8>, String>> {
        match fs::read_if_there(&self.path(digest)) {
            Ok(bytes) => bytes.map(Ok),
            Err(error) => Some(Err(format!("cannot be read: {}", error.source))),
        }
    }

    /// Writes `record`, over what is there.
    ///
    /// # Errors
    /// If it cannot be written whole.
    ///
    /// # Panics
    /// If its configuration has no canonical form, and so no digest.
    pub fn store(&self, record: &RunRecord) -> Result<(), FileError> {
        let bytes = entry::write(record).expect("what has a digest has a canonical form");
        fs::write_atomic(&self.path(record.digest), &bytes)
    }

    /// Moves a damaged record out of the way; returns where it is now.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub fn quarantine(&self, digest: Digest) -> Result<PathBuf, FileError> {
        let directory = self.directory.join("quarantine");
        fs::move_aside(&self.path(digest), &directory)
    }

    /// The digests that have a record in quarantine, in order.
    ///
    /// # Errors
    /// If the directory is there but cannot be listed.
    pub fn quarantined(&self) -> Result<Vec<Digest>, FileError> {
        self.named_in("quarantine")
    }

    /// Removes the record of `digest`, if it is there.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, digest: Digest) -> Result<(), FileError> {
        fs::remove(&self.path(digest))
    }

    /// How the run failed when it was last tried, if it did. What cannot be read counts as not
    /// tried.
    #[must_use]
    pub fn failure(&self, digest: Digest) -> Option<FailureRecord> {
        let bytes = fs::read(&self.failure_path(digest)).ok()?;
        let failure: FailureRecord = serde_json::from_slice(&bytes).ok()?;
        (failure.digest == digest).then_some(failure)
    }

    /// The digests of the runs that failed, in order.
    ///
    /// # Errors
    /// If the directory is there but cannot be listed.
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

    /// Notes which runs the report in `out` shows, so that their records are kept.
    ///
    /// # Errors
    /// If the note cannot be written.
    pub fn store_reported(&self, out: &Path, digests: &[Digest]) -> Result<(), FileError> {
        let path = self.reported_path(out);
        let out = fs::absolute(out).to_string_lossy().into_owned();
        let reported = Reported { out, runs: digests.to_vec() };
        let text = serde_json::to_string(&reported).expect("plain values");
        fs::write_atomic(&path, format!("{text}\n").as_bytes())
    }

    /// The runs that the report in `out` shows, as far as is known.
    #[must_use]
    pub fn reported_in(&self, out: &Path) -> BTreeSet<Digest> {
        let reported = fs::read(&self.reported_path(out)).ok();
        let reported = reported.and_then(|bytes| serde_json::from_slice::<Reported>(&bytes).ok());
        reported.map_or_else(BTreeSet::new, |reported| reported.runs.into_iter().collect())
    }

    fn reported_path(&self, out: &Path) -> PathBuf {
        let place = Digest::of_bytes(fs::absolute(out).to_string_lossy().as_bytes());
        self.file("reports", place)
    }

    /// The runs that the last report in each place shows, or the note that cannot be understood.
    ///
    /// # Errors
    /// If a note is there but cannot be read.
    pub fn reported(&self) -> Result<Result<BTreeSet<Digest>, PathBuf>, FileError> {
        let mut digests = BTreeSet::new();
        for place in self.named_in("reports")? {
            let path = self.file("reports", place);
            let bytes = fs::read_if_there(&path)?.unwrap_or_default();
            match serde_json::from_slice(&bytes) {
                Ok(Reported { runs, .. }) => digests.extend(runs),
                Err(_) => return Ok(Err(path)),
            }
        }
        Ok(Ok(digests))
    }

    /// Removes what killed processes have left half written.
    pub fn sweep(&self) {
        for part in ["records", "failures", "reports"] {
            fs::sweep(&self.directory.join(part));
        }
    }

    /// Claims on runs, for this process.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims::new(self.directory.join("claims"))
    }

    /// Where the record of `digest` stands.
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
