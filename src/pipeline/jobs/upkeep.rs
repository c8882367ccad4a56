//! What a build on a cluster tidies up before it submits.

use std::collections::BTreeSet;

use super::build::SlurmBuild;
use super::event::JobEvent;
use super::queue::queue_of;
use super::watch::WatchedPlan;
use crate::cache::Lookup;
use crate::digest::Digest;
use crate::fs;
use crate::job::Stage;
use crate::pipeline::Error;

impl SlurmBuild<'_> {
    /// Checks that the paths which the tasks need are text.
    pub(super) fn check_paths(&self) -> Result<(), Error> {
        let own = [fs::physical(&self.project.root), fs::physical(&self.cache.jobs())];
        let sources = self.project.datasets.places().into_values();
        let all = own.into_iter().chain(sources.flat_map(|source| source.paths()));
        match all.into_iter().find(|path| path.to_str().is_none()) {
            None => Ok(()),
            Some(path) => Err(Error::Request {
                message: format!(
                    "the path `{}` is not UTF-8 text, and Slurm cannot be given it safely",
                    path.display()
                ),
                hint: "rename the directory; builds on this machine work with any path".to_owned(),
            }),
        }
    }

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

    /// Tidies up when there is nothing to submit.
    pub fn tidy(&self) {
        if fs::is_there(&self.cache.jobs()) {
            let _turn = self.turn();
            self.forget_finished();
        }
    }

    /// Removes the plans whose runs all have records and whose tasks have all left the queue, and the programs that no
    /// plan needs. What cannot be removed does no harm: another user may own it.
    pub(super) fn forget_finished(&self) {
        let is_recorded = |run: &Digest| fs::is_file(&self.cache.path(*run));
        let is_finished =
            |plan: &WatchedPlan| plan.tasks.iter().all(|task| task.left.iter().all(is_recorded));
        let plans = self.cache.plans().unwrap_or_default();
        let plans = plans.into_iter().filter_map(|files| WatchedPlan::open(files).ok());
        let finished: Vec<_> = plans.filter(is_finished).collect();
        if finished.is_empty() {
            return;
        }
        // A task that still waits needs the files of its plan to end as it should.
        let arrays = finished.iter().flat_map(|plan| &plan.arrays);
        let Ok(queue) = queue_of(&self.cluster, arrays) else { return };
        let is_live = |id| queue.get(&id).is_some_and(|task| task.stage() != Stage::Ended);
        for plan in finished {
            if !(0..plan.tasks.len()).filter_map(|task| plan.id(task)).any(is_live) {
                let _ = plan.files.remove();
            }
        }
        let _ = self.cache.forget_programs();
    }
}
