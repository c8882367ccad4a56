//! What becomes of the runs of tasks that have ended.

use std::collections::BTreeMap;

use super::build::SlurmBuild;
use super::ending::{Reason, reason};
use super::event::JobEvent;
use super::watch::WatchedPlan;
use crate::digest::Digest;
use crate::format::runs;
use crate::job::Phase;
use crate::slurm;

/// How many times a run is submitted again.
pub const MOST_ATTEMPTS: u32 = 2;

/// The next submission of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) number: u32,
    /// Whether the run gets a task of its own.
    pub(super) is_alone: bool,
}

impl SlurmBuild<'_> {
    /// Tells why tasks have ended with runs left. Returns these runs, each with its next attempt if there is one.
    pub(super) fn collect(&self, watched: &mut WatchedPlan) -> Vec<(Digest, Option<Attempt>)> {
        let mut all = Vec::new();
        let mut never_submitted = 0;
        let mut exits: BTreeMap<u64, BTreeMap<u64, String>> = BTreeMap::new();
        let (attempt, workers) = (watched.plan.attempt, watched.plan.workers);
        for index in 0..watched.tasks.len() {
            let id = watched.id(index);
            let array = watched.array_of(index).cloned();
            let task = &mut watched.tasks[index];
            if task.phase != Phase::Ended || task.is_told {
                continue;
            }
            task.is_told = true;
            let has_progress = task.recorded() > 0;
            // A run that failed has been tried. It is trained again only if the user asks for it.
            let has_failed = |run: &Digest| self.cache.failure(*run).is_some();
            let (failed, left) = std::mem::take(&mut task.left).into_iter().partition(has_failed);
            task.left = left;
            let failed: Vec<Digest> = failed;
            all.extend(failed.into_iter().map(|run| (run, None)));
            let Some((id, array)) = id.zip(array) else {
                // Only the tasks of a cancelled plan end so.
                never_submitted += task.left.len();
                all.extend(task.left.iter().map(|run| (*run, None)));
                continue;
            };
            if task.left.is_empty() {
                continue;
            }
            // One question for all tasks of a job.
            let exit = || {
                let ask = || self.cluster.exit_codes(id.0, array.cluster.as_deref());
                exits.entry(id.0).or_insert_with(ask).get(&id.1).cloned()
            };
            let Reason { text, may_help, is_sudden } = match watched.is_cancelled {
                true => Reason::cancelled(),
                false => reason(task.queued.as_ref(), task.state.as_ref(), exit),
            };
            for run in &task.left {
                // Otherwise, the next task waits until the lease expires.
                self.leases.free(*run, id.0, id.1);
            }
            let next = |position: usize| {
                let is_suspect = is_sudden && position < workers;
                // A task that has recorded runs has used its attempt for them. The others start anew, so that a run that
                // kills its task does not take them along.
                let number = if has_progress && !is_suspect { attempt } else { attempt + 1 };
                let attempt = Attempt { number, is_alone: is_suspect };
                (may_help && number <= MOST_ATTEMPTS).then_some(attempt)
            };
            let again: Vec<_> = task
                .left
                .iter()
                .enumerate()
                .map(|(position, run)| (*run, next(position)))
                .collect();
            let numbers = again.iter().filter_map(|(_, attempt)| Some((*attempt)?.number));
            (self.observer)(JobEvent::Ended {
                task: format!("{index} of plan {}", watched.files.name()),
                why: text,
                left: again.len(),
                attempt: numbers.max(),
                log: slurm::log(&watched.files.logs(), array.offset as u64, id.1),
            });
            all.extend(again);
        }
        if never_submitted > 0 {
            (self.observer)(JobEvent::Warning(format!(
                "plan {} was cancelled: {} of it are not submitted",
                watched.files.name(),
                runs(never_submitted)
            )));
        }
        all
    }
}
