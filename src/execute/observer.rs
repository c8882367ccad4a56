//! Who sees the progress of an execution.

use std::path::Path;

use super::failure::FailedRun;
use crate::experiment::Run;
use crate::program::Progress;
use crate::run::RunRecord;

/// Receives the progress of an execution. Its methods are called from the threads of the workers.
pub trait Observer: Sync {
    /// A run was recorded.
    fn run_done(&self, _run: &Run, _record: &RunRecord) {}
    /// Another build has recorded the run in the meantime.
    fn run_taken(&self, _run: &Run, _record: &RunRecord) {}
    /// The damaged record of a run was moved to the quarantine. The run is trained again.
    fn record_moved(&self, _from: &Path, _to: &Path, _damage: &str) {}
    /// A program has a result, but something is odd.
    fn program_warned(&self, _run: &Run, _warning: &str) {}
    /// Whether it wants to know how far programs are.
    fn watches_programs(&self) -> bool {
        false
    }
    /// A program runs, and is this far.
    fn program_at(&self, _run: &Run, _progress: Progress) {}
    /// A run failed.
    fn run_failed(&self, _run: &Run, _failure: &FailedRun) {}
    /// The workers still work. Called every few seconds, with a number that changes each time.
    fn beat(&self, _count: u64) {}
}
