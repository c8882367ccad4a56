//! Why runs fail.

use crate::dataset::DrawError;
use crate::digest::Digest;
use crate::format::chain;
use crate::fs::FileError;
use crate::program::ProgramError;
use crate::train::TrainError;

/// Why a run has no record.
#[derive(Debug, thiserror::Error)]
pub enum RunFailure {
    /// Its examples could not be drawn.
    #[error(transparent)]
    Draw(DrawError),
    /// It could not be trained.
    #[error(transparent)]
    Train(TrainError),
    /// Its program has no result.
    #[error(transparent)]
    Program(ProgramError),
    /// The trainer panicked, which is a bug of this program.
    #[error("the trainer panicked: {0}")]
    Panic(String),
    /// Its record could not be read or written.
    #[error(transparent)]
    Store(FileError),
    /// Another process has recorded another result for the same configuration.
    #[error(
        "its result differs from the record that another process wrote meanwhile; that record stays, and \
         `report verify` says whether this machine computes the same"
    )]
    Different,
    /// A recorded run was trained again for its model, with another result.
    #[error(
        "it was trained again for its model, and its result differs from its record; the record stays, and there is \
         no model; `report verify` says whether this machine computes the same"
    )]
    OtherNetwork,
}

impl RunFailure {
    /// Whether the next run would fail too, because the cause is the disk or the device.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Store(_)
                | Self::Train(TrainError::DeviceLost { .. })
                | Self::Program(ProgramError::File(_))
        )
    }

    /// Whether the next build tries the run again without being asked.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.is_lasting() || matches!(self, Self::Program(error) if error.is_temporary())
    }
}

impl RunFailure {
    /// The failure on one line.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Program(error) => error.short(),
            other => chain(other),
        }
    }
}

/// A failed run.
#[derive(Debug, thiserror::Error)]
#[error("run {} (seed {seed}) failed", digest.short())]
pub struct FailedRun {
    /// Its digest.
    pub digest: Digest,
    /// Its seed.
    pub seed: u64,
    /// Why.
    pub source: RunFailure,
}
