//! What a build on a cluster tidies up before it submits.

use std::collections::BTreeSet;

use super::build::SlurmBuild;
use super::event::JobEvent;
use super::watch::WatchedPlan;
use crate::cache::Lookup;
use crate::digest::Digest;
use crate::fs;
use crate::pipeline::Error;

impl SlurmBuild<'_> {
    /// Forgets that `wanted` runs have failed. From then on, a note on a failure comes from a task that is watched: the
    /// clocks of two machines differ, so dates do not tell.
    pub(super) fn forget_failures(&self, wanted: &BTreeSet<Digest>) -> Result<(), Error> {
        for run in self.cache.failed().map_err(Error::File)? {
            if wanted.contains(&run) {
                self.cache.forget_failure(run).map_err(Error::File)?;
            }
        }
        Ok(())
    }

    /// Moves damaged records of the `wanted` runs to the quarantine, so that the runs are trained again.
    pub(super) fn move_damaged(&self, wanted: &BTreeSet<Digest>) -> Result<(), Error> {
        for run in wanted {
            let path = self.cache.path(*run);
            if fs::is_there(&path)
                && let Lookup::Damaged(damage) = self.cache.past(*run).map_err(Error::Unreadable)?
            {
                let to = self.cache.quarantine(*run).map_err(Error::File)?;
                (self.observer)(JobEvent::Warning(format!(
                    "`{}` {damage}; moved to `{}`, and its run is trained again",
                    path.display(),
                    to.display()
                )));
            }
        }
        Ok(())
    }

    /// Removes the plans whose runs all have records, and the programs that no plan needs.
    pub(super) fn forget_finished(&self, watched: &[WatchedPlan]) -> Result<(), Error> {
        let live: BTreeSet<_> = watched.iter().map(|plan| plan.files.name()).collect();
        for files in self.cache.plans().map_err(Error::File)? {
            if live.contains(&files.name()) {
                continue;
            }
            let is_recorded = |run: &Digest| fs::is_file(&self.cache.path(*run));
            let is_finished = WatchedPlan::open(files.clone())
                .is_ok_and(|plan| plan.tasks.iter().all(|task| task.left.iter().all(is_recorded)));
            if is_finished {
                files.remove().map_err(Error::File)?;
            }
        }
        self.cache.forget_programs().map_err(Error::File)
    }
}
