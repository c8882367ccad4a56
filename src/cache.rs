//! One immutable record file a run, named by its digest. There is no index and no lock: a record
//! is there, whole, or it is not.

use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::fs::{self, FileError};
use crate::run::{RECORD_FORMAT, RunConfig, RunRecord};

/// The records of a project.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

/// What is known of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// Its record.
    Hit(Box<RunRecord>),
    /// Nothing.
    Miss,
    /// A file that is no record of this run, and why not. The run counts as missing.
    Unreadable(String),
}

impl Cache {
    /// The cache of the project at `root`; nothing is created before the first record.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { directory: root.join(".report").join("records") }
    }

    /// The record of the run with this configuration and digest.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub fn lookup(&self, digest: Digest, config: &RunConfig) -> Result<Lookup, FileError> {
        match fs::read(&self.path(digest)) {
            Ok(bytes) => Ok(match parse(&bytes, digest, config) {
                Ok(record) => Lookup::Hit(Box::new(record)),
                Err(reason) => Lookup::Unreadable(reason),
            }),
            Err(error) if error.is_not_found() => Ok(Lookup::Miss),
            Err(error) => Err(error),
        }
    }

    /// Writes `record`, replacing an unreadable one.
    ///
    /// # Errors
    /// If it cannot be written whole.
    pub fn store(&self, record: &RunRecord) -> Result<(), FileError> {
        fs::write_atomic(&self.path(record.digest), &to_bytes(record))
    }

    /// Where the record of `digest` stands.
    #[must_use]
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.directory.join(format!("{digest}.json"))
    }
}

fn to_bytes(record: &RunRecord) -> Vec<u8> {
    let mut bytes =
        serde_json::to_vec_pretty(record).expect("a record has string keys and plain values");
    bytes.push(b'\n');
    bytes
}

/// A record must be of this format and answer for exactly this configuration.
fn parse(bytes: &[u8], digest: Digest, config: &RunConfig) -> Result<RunRecord, String> {
    let record: RunRecord =
        serde_json::from_slice(bytes).map_err(|error| format!("is no record: {error}"))?;
    if record.format != RECORD_FORMAT {
        return Err(format!("has format {}; this version reads {RECORD_FORMAT}", record.format));
    }
    if record.digest != digest || record.config != *config {
        return Err("holds the record of another run".to_owned());
    }
    let curve = &record.curve;
    let lengths = [
        curve.train_main_loss.len(),
        curve.train_auxiliary_loss.len(),
        curve.published_test_accuracy.len(),
        curve.corrected_test_accuracy.len(),
        curve.first_digit_accuracy.len(),
        curve.second_digit_accuracy.len(),
        curve.comparison_accuracy.len(),
    ];
    if lengths.iter().any(|length| *length != config.train.epochs) {
        return Err(format!("does not have {} values in each curve", config.train.epochs));
    }
    let accuracies = [
        &curve.published_test_accuracy,
        &curve.corrected_test_accuracy,
        &curve.first_digit_accuracy,
        &curve.second_digit_accuracy,
        &curve.comparison_accuracy,
    ];
    if accuracies.into_iter().flatten().any(|accuracy| !(0.0..=1.0).contains(accuracy)) {
        return Err("has an accuracy that is no fraction".to_owned());
    }
    Ok(record)
}
