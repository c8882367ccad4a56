//! The state of a run: whether it has a record, and why not.

use serde::Serialize;

use super::difference::Difference;
use crate::digest::Digest;
use crate::run::{FailureRecord, RecordExtract};

/// Whether a run has a record.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It has a record.
    Fresh(Fresh),
    /// It has no record that can be used.
    Absent(Box<Absent>),
}

/// A record that a run has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fresh {
    /// Whether the user has accepted an older result in place of a training.
    pub accepted: bool,
    /// When the training started, in seconds since 1970.
    pub started_at: u64,
    /// How long the training took.
    pub seconds: f64,
}

/// Why a run has no record.
#[derive(Clone, Debug, PartialEq)]
pub struct Absent {
    /// What the cache contains instead of a record.
    pub cause: Cause,
    /// The record that the run is compared with. `None` if there are no records.
    pub compared: Option<Compared>,
    /// How long the training will take, in seconds. `None` if no record gives a speed.
    pub seconds: Option<f64>,
}

/// What the cache contains instead of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Nothing.
    Missing,
    /// The error of a training.
    Failed(FailureRecord),
    /// A damaged record. The text says how, as a phrase that follows the name of the file.
    Damaged(String),
    /// A damaged record in quarantine.
    Quarantined,
}

/// The record that a run without a record is compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Its digest.
    pub digest: Digest,
    /// Its seed.
    pub seed: u64,
    /// When its training started, in seconds since 1970.
    pub started_at: u64,
    /// Whether it is an older record of the same condition and seed.
    pub own: bool,
    /// The keys that differ, without the seed.
    #[serde(skip)]
    pub differences: Vec<Difference>,
}

/// The state of a run in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has a record.
    Fresh,
    /// It has a record that the user accepted.
    Accepted,
    /// Its training failed.
    Failed,
    /// Its record is damaged.
    Damaged,
    /// Its damaged record is in quarantine.
    Quarantined,
    /// It has no record, but its condition and seed had one before the configuration changed.
    Stale,
    /// It has no record.
    Missing,
}

impl Fresh {
    /// The state of a run that has this record.
    #[must_use]
    pub fn of(record: &RecordExtract) -> Self {
        let RecordExtract { started_at, seconds, .. } = *record;
        Self { accepted: record.accepted.is_some(), started_at, seconds }
    }
}

impl State {
    /// The record, if there is one.
    #[must_use]
    pub fn fresh(&self) -> Option<&Fresh> {
        match self {
            Self::Fresh(fresh) => Some(fresh),
            Self::Absent(_) => None,
        }
    }

    /// Why there is no record, if there is none.
    #[must_use]
    pub fn absent(&self) -> Option<&Absent> {
        match self {
            Self::Fresh(_) => None,
            Self::Absent(absent) => Some(absent),
        }
    }

    /// The state in one word.
    #[must_use]
    pub fn status(&self) -> Status {
        let absent = match self {
            Self::Fresh(Fresh { accepted: true, .. }) => return Status::Accepted,
            Self::Fresh(_) => return Status::Fresh,
            Self::Absent(absent) => absent,
        };
        match absent.cause {
            Cause::Failed(_) => Status::Failed,
            Cause::Damaged(_) => Status::Damaged,
            Cause::Quarantined => Status::Quarantined,
            Cause::Missing if absent.compared.as_ref().is_some_and(|old| old.own) => Status::Stale,
            Cause::Missing => Status::Missing,
        }
    }
}

impl Status {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Damaged => "damaged",
            Self::Quarantined => "quarantined",
            Self::Stale => "stale",
            Self::Missing => "missing",
        }
    }
}
