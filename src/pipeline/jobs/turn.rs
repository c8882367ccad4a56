//! One build at a time submits tasks of a project. So no two builds submit the same run.

use std::time::Duration;

use super::build::SlurmBuild;
use super::event::JobEvent;
use crate::cache::Lease;
use crate::digest::Digest;
use crate::provenance;

/// How often a build asks whether it is its turn.
const PAUSE: Duration = Duration::from_millis(200);

impl SlurmBuild<'_> {
    /// Waits until no other build submits. The turn ends when the lease is dropped, or some minutes after this process
    /// was killed.
    pub(super) fn turn(&self) -> Lease<'_> {
        let turn = Digest::of_bytes(b"submission");
        let mut is_told = false;
        loop {
            if let Some(lease) = self.leases.take(turn) {
                return lease;
            }
            if !is_told {
                is_told = true;
                let text = "another build submits tasks of this project now; this one waits for it";
                (self.observer)(JobEvent::Warning(text.to_owned()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Shows other builds that this one still submits.
    pub(super) fn keep_turn(&self) {
        self.leases.heartbeat(provenance::now());
    }
}
