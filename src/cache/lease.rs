//! Leases: which runs other builds are training now, so that two builds at once share the work.
//!
//! A lease is a file that names its holder. The holder rewrites it every second. Leases only avoid
//! double work: a run has one result, so a build that ignores a lease gets the same result. The
//! lease of a killed process expires if its process does not exist any more. On another machine, it
//! expires if its text does not change any more. Clocks are not compared.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fs;
use crate::provenance::{self, Stopwatch};

/// A lease expires if its text does not change for this time.
const ABANDONED_AFTER: Duration = Duration::from_secs(10);

/// How often [`Leases::heartbeat`] must be called.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// The leases of this process.
#[derive(Debug)]
pub struct Leases {
    directory: PathBuf,
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
    heartbeat: u64,
}

impl Leases {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, held: Mutex::new(Some(Vec::new())), seen: Mutex::default() }
    }

    /// Takes the lease of a run. Returns `None` if another process holds it, and after
    /// [`Leases::release`]. Otherwise always succeeds if leases cannot be written.
    #[must_use]
    pub fn take(&self, digest: Digest) -> Option<Lease<'_>> {
        // Locked until the lease is listed, so that a release in between does not miss it.
        let mut held = lock(&self.held);
        let held = held.as_mut()?;
        let path = self.path(digest);
        let mut created = fs::create_new(&path, &text(0));
        if created.as_ref().is_err_and(fs::FileError::is_already_there) && self.is_abandoned(digest)
        {
            // If another process does the same now, both processes train the run.
            let removed = fs::remove(&path);
            created = removed.and_then(|()| fs::create_new(&path, &text(0)));
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
            let _ = fs::overwrite(&self.path(*digest), &text(count));
        }
    }

    /// Releases all leases, and grants none from then on. Call it before the process ends.
    pub fn release(&self) {
        for digest in lock(&self.held).take().into_iter().flatten() {
            let _ = fs::remove(&self.path(digest));
        }
    }

    /// Whether the lease on `digest` has expired.
    fn is_abandoned(&self, digest: Digest) -> bool {
        let text = match fs::read_to_string(&self.path(digest)) {
            Ok(text) => text,
            // The lease of another user cannot be read, but it may still be valid.
            Err(error) if error.is_forbidden() => String::new(),
            Err(_) => return true,
        };
        if let Ok(holder) = serde_json::from_str::<Holder>(&text)
            && holder.host == provenance::host()
            && !provenance::is_alive(holder.process)
        {
            return true;
        }
        let mut seen = lock(&self.seen);
        match seen.get(&digest) {
            Some((before, since)) if *before == text => since.elapsed() > ABANDONED_AFTER,
            _ => {
                seen.insert(digest, (text, Stopwatch::start()));
                false
            }
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.directory.join(digest.to_string())
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

fn text(heartbeat: u64) -> Vec<u8> {
    let holder =
        Holder { host: provenance::host().to_owned(), process: provenance::process(), heartbeat };
    serde_json::to_vec(&holder).expect("a holder has plain values")
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
        let leases = || Leases::new(directory.path().join("leases"));
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
        let holder =
            Holder { host: provenance::host().to_owned(), process: (1 << 30) + 1, heartbeat: 3 };
        fs::create_new(&path, &serde_json::to_vec(&holder).unwrap()).unwrap();
        assert!(one.take(digest()).is_some());
    }

    #[test]
    fn the_lease_of_another_machine_is_respected_while_it_changes() {
        let (directory, one, _) = two();
        let path = directory.path().join("leases").join(digest().to_string());
        let text = |heartbeat| {
            let holder = Holder { host: "elsewhere".to_owned(), process: 1, heartbeat };
            serde_json::to_vec(&holder).unwrap()
        };
        fs::create_new(&path, &text(1)).unwrap();
        assert!(one.take(digest()).is_none());
        fs::overwrite(&path, &text(2)).unwrap();
        assert!(one.take(digest()).is_none());
        assert!(one.take(digest()).is_none());
    }

    #[test]
    fn leases_that_cannot_be_written_are_all_granted() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("leases");
        fs::create_new(&file, b"a file where a directory is needed").unwrap();
        let leases = Leases::new(file);
        assert!(leases.take(digest()).is_some());
        assert!(leases.take(digest()).is_some());
    }
}
