//! Leases: which runs other builds are training now, so that two builds at once share the work.
//!
//! A lease is a file that names its holder. The holder rewrites it every few seconds. Leases only avoid
//! double work: a run has one result, so a build that ignores a lease gets the same result. The
//! lease of a killed process expires if its process does not exist any more. On another machine, it
//! expires if its text does not change any more, or if the task of its process starts again. Clocks are not
//! compared, and no file is locked, so leases also work on network file systems.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fs;
use crate::provenance::{self, Stopwatch};

/// A lease expires if its text does not change for this time. Network file systems may show a change a
/// minute later.
const ABANDONED_AFTER: Duration = Duration::from_mins(3);

/// An empty lease expires after this time.
const UNWRITTEN_AFTER: Duration = Duration::from_secs(5);

/// How often [`Leases::heartbeat`] must be called.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// The leases of this process.
#[derive(Debug)]
pub struct Leases {
    directory: PathBuf,
    /// The task that this process is, if a scheduler has started it.
    task: Option<TaskStart>,
    abandoned_after: Duration,
    /// `None` after [`Leases::release`].
    held: Mutex<Option<Vec<Digest>>>,
    /// The leases of other processes: their texts, and since when each text has not changed.
    seen: Mutex<BTreeMap<Digest, (String, Stopwatch)>>,
}

/// The right to train a run. Dropping it releases the lease.
#[derive(Debug)]
pub struct Lease<'l> {
    leases: &'l Leases,
    digest: Digest,
}

#[derive(Deserialize, Serialize)]
struct Holder {
    host: String,
    process: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<TaskStart>,
    heartbeat: u64,
}

/// A start of a task of a scheduler. The scheduler starts a task again after it has stopped it or lost its
/// machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TaskStart {
    /// The job of the scheduler.
    pub job: String,
    /// The number of the task in the job.
    pub index: u64,
    /// How many times the task has been started before.
    pub restart: u64,
}

impl TaskStart {
    /// Whether `other` is an earlier start of the same task. Then it does not run any more.
    fn replaces(&self, other: &Self) -> bool {
        self.job == other.job && self.index == other.index && self.restart > other.restart
    }
}

impl Leases {
    pub(super) fn new(directory: PathBuf, task: Option<TaskStart>) -> Self {
        let abandoned_after = ABANDONED_AFTER;
        let held = Mutex::new(Some(Vec::new()));
        Self { directory, task, abandoned_after, held, seen: Mutex::default() }
    }

    /// Takes the lease of a run. Returns `None` if another process holds it, and after
    /// [`Leases::release`]. Otherwise always succeeds if leases cannot be written.
    #[must_use]
    pub fn take(&self, digest: Digest) -> Option<Lease<'_>> {
        // Locked until the lease is listed, so that a release in between does not miss it.
        let mut held = lock(&self.held);
        let held = held.as_mut()?;
        let path = self.path(digest);
        let mut created = fs::create_new(&path, &self.text(0));
        if created.as_ref().is_err_and(fs::FileError::is_already_there) && self.is_abandoned(digest)
        {
            // If another process does the same now, both processes train the run.
            let removed = fs::remove(&path);
            created = removed.and_then(|()| fs::create_new(&path, &self.text(0)));
        }
        if created.is_err_and(|error| error.is_already_there()) {
            return None;
        }
        held.push(digest);
        Some(Lease { leases: self, digest })
    }

    /// Writes a heartbeat into each lease. `count` must change with each call.
    pub fn heartbeat(&self, count: u64) {
        let held = lock(&self.held);
        for digest in held.iter().flatten() {
            // A lease only avoids double work, so an error is ignored.
            let _ = fs::overwrite(&self.path(*digest), &self.text(count));
        }
    }

    /// Releases all leases, and grants none from then on. Call it before the process ends.
    pub fn release(&self) {
        for digest in lock(&self.held).take().into_iter().flatten() {
            let _ = fs::remove(&self.path(digest));
        }
    }

    /// The runs that processes train now, in order: this process or others.
    #[must_use]
    pub fn held_by_any(&self) -> Vec<Digest> {
        let names = fs::names(&self.directory).unwrap_or_default().into_iter();
        let digests = names.filter_map(|name| Digest::try_from(name).ok());
        digests.filter(|digest| !self.is_abandoned(*digest)).collect()
    }

    /// Removes the lease on `digest` if a task that has ended holds it.
    pub fn free(&self, digest: Digest, job: u64, index: u64) {
        let path = self.path(digest);
        let holder =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Holder>(&text).ok());
        let task = holder.and_then(|holder| holder.task);
        if task.is_some_and(|task| task.job == job.to_string() && task.index == index) {
            // If it cannot be removed, it expires later.
            let _ = fs::remove(&path);
        }
    }

    /// Whether the lease on `digest` has expired.
    fn is_abandoned(&self, digest: Digest) -> bool {
        let (text, patience) = match fs::read_to_string(&self.path(digest)) {
            // It is being written, or its process was killed while it wrote.
            Ok(text) if text.is_empty() => (text, UNWRITTEN_AFTER.min(self.abandoned_after)),
            Ok(text) => (text, self.abandoned_after),
            // The lease of another user cannot be read, but it may still be valid.
            Err(error) if error.is_forbidden() => (String::new(), self.abandoned_after),
            Err(_) => return true,
        };
        if let Ok(holder) = serde_json::from_str::<Holder>(&text) {
            let is_gone =
                holder.host == provenance::host() && !provenance::is_alive(holder.process);
            let task = self.task.as_ref().zip(holder.task.as_ref());
            if is_gone || task.is_some_and(|(own, other)| own.replaces(other)) {
                return true;
            }
        }
        let mut seen = lock(&self.seen);
        match seen.get(&digest) {
            Some((before, since)) if *before == text => since.elapsed() > patience,
            _ => {
                seen.insert(digest, (text, Stopwatch::start()));
                false
            }
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.directory.join(digest.to_string())
    }

    fn text(&self, heartbeat: u64) -> Vec<u8> {
        let (host, process) = (provenance::host().to_owned(), provenance::process());
        let holder = Holder { host, process, task: self.task.clone(), heartbeat };
        serde_json::to_vec(&holder).expect("a holder has plain values")
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut held = lock(&self.leases.held);
        let Some(held) = held.as_mut() else { return };
        if let Some(position) = held.iter().position(|digest| *digest == self.digest) {
            held.swap_remove(position);
            let _ = fs::remove(&self.leases.path(self.digest));
        }
    }
}

/// Locks a list. The lists stay valid if another thread panics with the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leases of this process and of another one, in one directory.
    fn two() -> (tempfile::TempDir, Leases, Leases) {
        let directory = tempfile::tempdir().unwrap();
        let leases = || Leases::new(directory.path().join("leases"), None);
        let (one, other) = (leases(), leases());
        (directory, one, other)
    }

    fn digest() -> Digest {
        Digest::of_bytes(b"a run")
    }

    #[test]
    fn a_lease_is_held_by_one_until_it_is_dropped() {
        let (_directory, one, other) = two();
        let lease = one.take(digest());
        assert!(lease.is_some());
        assert!(other.take(digest()).is_none());
        assert!(other.take(Digest::of_bytes(b"another run")).is_some());
        drop(lease);
        assert!(other.take(digest()).is_some());
    }

    #[test]
    fn a_release_gives_all_leases_back_and_a_later_drop_takes_none_from_others() {
        let (_directory, one, other) = two();
        let lease = one.take(digest());
        one.release();
        assert!(one.take(Digest::of_bytes(b"another run")).is_none(), "nothing is left behind");
        let taken = other.take(digest());
        assert!(taken.is_some());
        drop(lease);
        assert!(one.take(digest()).is_none(), "the lease of the other is still there");
    }

    #[test]
    fn the_lease_of_a_process_that_is_gone_is_taken_over() {
        let (directory, one, _) = two();
        let path = directory.path().join("leases").join(digest().to_string());
        // No process has this number: Linux stops at 2²².
        let holder = Holder { process: (1 << 30) + 1, ..holder(provenance::host(), 3) };
        fs::create_new(&path, &serde_json::to_vec(&holder).unwrap()).unwrap();
        assert!(one.take(digest()).is_some());
    }

    #[test]
    fn the_runs_in_training_are_those_whose_process_lives() {
        let (directory, one, other) = two();
        let _lease = one.take(digest());
        let gone = Holder { process: (1 << 30) + 1, ..holder(provenance::host(), 3) };
        let path = directory.path().join("leases").join(Digest::of_bytes(b"gone").to_string());
        fs::create_new(&path, &serde_json::to_vec(&gone).unwrap()).unwrap();
        assert_eq!(other.held_by_any(), [digest()]);
    }

    fn holder(host: &str, heartbeat: u64) -> Holder {
        Holder { host: host.to_owned(), process: 1, task: None, heartbeat }
    }

    #[test]
    fn the_lease_of_another_machine_is_respected_until_it_stands_still() {
        let (directory, mut one, _) = two();
        one.abandoned_after = Duration::from_millis(200);
        let path = directory.path().join("leases").join(digest().to_string());
        let text = |heartbeat| serde_json::to_vec(&holder("elsewhere", heartbeat)).unwrap();
        fs::create_new(&path, &text(0)).unwrap();
        for heartbeat in 1..6 {
            assert!(one.take(digest()).is_none());
            std::thread::sleep(Duration::from_millis(100));
            fs::overwrite(&path, &text(heartbeat)).unwrap();
        }
        assert!(one.take(digest()).is_none());
        std::thread::sleep(Duration::from_millis(250));
        assert!(one.take(digest()).is_some());
    }

    #[test]
    fn a_task_that_starts_again_takes_the_leases_of_its_earlier_start_and_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let start = |index, restart| TaskStart { job: "812".to_owned(), index, restart };
        let path = directory.path().join("leases").join(digest().to_string());
        let task = Some(start(3, 1));
        let earlier = Holder { task: Some(start(3, 0)), ..holder("elsewhere", 9) };
        fs::create_new(&path, &serde_json::to_vec(&earlier).unwrap()).unwrap();
        let take =
            |task| Leases::new(directory.path().join("leases"), task).take(digest()).is_some();
        assert!(!take(None), "a build");
        assert!(!take(Some(start(2, 1))), "another task");
        assert!(!take(Some(start(3, 0))), "the same start");
        assert!(!take(Some(TaskStart { job: "813".to_owned(), ..start(3, 1) })), "another job");
        assert!(take(task));
    }

    #[test]
    fn the_lease_of_a_task_that_has_ended_is_freed_and_no_other() {
        let (directory, one, _) = two();
        let path = directory.path().join("leases").join(digest().to_string());
        let task = TaskStart { job: "812".to_owned(), index: 3, restart: 0 };
        let of_task = Holder { task: Some(task), ..holder("elsewhere", 9) };
        fs::create_new(&path, &serde_json::to_vec(&of_task).unwrap()).unwrap();
        one.free(digest(), 812, 4);
        one.free(digest(), 813, 3);
        assert!(one.take(digest()).is_none());
        one.free(digest(), 812, 3);
        assert!(one.take(digest()).is_some());
    }

    #[test]
    fn leases_that_cannot_be_written_are_all_granted() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leases");
        fs::create_new(&file, b"a file where a directory is needed").unwrap();
        let leases = Leases::new(file, None);
        assert!(leases.take(digest()).is_some());
        assert!(leases.take(digest()).is_some());
    }
}
