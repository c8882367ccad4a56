//! Puts records into a store while other runs are in training.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::sharing::Sharing;
use crate::digest::Digest;
use crate::execute::{FailedRun, Observer};
use crate::experiment::Run;
use crate::pipeline::{self, Project};
use crate::program;
use crate::run::RunRecord;

/// Tells another observer everything, and a queue which runs have a record.
struct Uploads<'o> {
    inner: &'o dyn Observer,
    queue: Sender<Digest>,
}

/// Calls `train` with an observer that tells `inner` everything, and puts each record into the store. Stops
/// after the first upload that fails.
pub(super) fn with_uploads<T>(
    project: &Project,
    sharing: Option<&mut Sharing>,
    inner: &dyn Observer,
    train: impl FnOnce(&dyn Observer) -> T,
) -> T {
    let Some(sharing) = sharing.filter(|sharing| sharing.is_writable()) else {
        return train(inner);
    };
    let (queue, ended) = channel();
    let (store, is_over) = (&sharing.store, &AtomicBool::new(false));
    let (result, uploads) = std::thread::scope(|scope| {
        let uploaded = scope.spawn(move || {
            let mut put = BTreeMap::new();
            for digest in ended {
                // The end of the build sends the rest, several at a time.
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let one = std::iter::once(digest);
                let result = pipeline::push(project, store, one, |digest, is_new| {
                    put.insert(digest, is_new);
                });
                if let Err(error) = result {
                    return (put, Some(error));
                }
            }
            (put, None)
        });
        let result = train(&Uploads { inner, queue });
        is_over.store(true, Ordering::Relaxed);
        (result, uploaded.join().unwrap_or_default())
    });
    (sharing.put, sharing.failure) = uploads;
    result
}

impl Observer for Uploads<'_> {
    fn run_done(&self, run: &Run, record: &RunRecord) {
        self.inner.run_done(run, record);
        // Nobody listens if the store has stopped to answer.
        let _ = self.queue.send(run.digest);
    }

    fn run_taken(&self, run: &Run, record: &RunRecord) {
        self.inner.run_taken(run, record);
    }

    fn record_moved(&self, from: &Path, to: &Path, damage: &str) {
        self.inner.record_moved(from, to, damage);
    }

    fn program_warned(&self, run: &Run, warning: &str) {
        self.inner.program_warned(run, warning);
    }

    fn watches_programs(&self) -> bool {
        self.inner.watches_programs()
    }

    fn program_at(&self, run: &Run, progress: program::Progress) {
        self.inner.program_at(run, progress);
    }

    fn run_failed(&self, run: &Run, failure: &FailedRun) {
        self.inner.run_failed(run, failure);
    }

    fn beat(&self, count: u64) {
        self.inner.beat(count);
    }
}
