//! Claims: which runs are being computed by builds that are under way, so that two builds at once
//! share the work.
//!
//! A claim is a file that names its holder and is rewritten every second. It is only advice: a run
//! has one result, so whoever ignores a claim, or never sees it, computes the same record again. What
//! a killed process leaves behind is recognised: its process is gone, or, from another machine, its
//! claim stands still. Clocks are not compared, only whether the text of a claim changes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fs;
use crate::provenance::{self, Stopwatch};

/// How long a claim stands still before its holder counts as gone.
const STILL: Duration = Duration::from_secs(10);

/// How often [`Claims::beat`] should be called.
pub const BEAT: Duration = Duration::from_secs(1);

/// The claims of this process.
#[derive(Debug)]
pub struct Claims {
    directory: PathBuf,
    held: Mutex<Vec<Digest>>,
    /// The claims of others, as they were when first seen so.
    seen: Mutex<BTreeMap<Digest, (String, Stopwatch)>>,
}

/// What became of a request for a run.
#[derive(Debug)]
pub enum Claiming<'c> {
    /// It is this process's to compute, until the claim is dropped.
    Held(Claim<'c>),
    /// Another process computes it.
    Busy,
}

/// The right to compute a run.
#[derive(Debug)]
pub struct Claim<'c> {
    claims: &'c Claims,
    digest: Digest,
}

#[derive(Deserialize, Serialize)]
struct Holder {
    host: String,
    process: u32,
    beat: u64,
}

impl Claims {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, held: Mutex::default(), seen: Mutex::default() }
    }

    /// Asks for the run named `digest`. Where claims cannot be written, every run is granted.
    #[must_use]
    pub fn claim(&self, digest: Digest) -> Claiming<'_> {
        let path = self.path(digest);
        let mut created = fs::create_new(&path, &text(0));
        if created.as_ref().is_err_and(fs::FileError::is_already_there) && self.is_left(digest) {
            // Should another process do the same at this very moment, both will compute the run.
            let removed = fs::remove(&path);
            created = removed.and_then(|()| fs::create_new(&path, &text(0)));
        }
        match created {
            Err(error) if error.is_already_there() => Claiming::Busy,
            _ => {
                lock(&self.held).push(digest);
                Claiming::Held(Claim { claims: self, digest })
            }
        }
    }

    /// Tells that the holder of the claims is alive.
    pub fn beat(&self, count: u64) {
        let held = lock(&self.held);
        for digest in held.iter() {
            // Advice that cannot be given is not given.
            let _ = fs::overwrite(&self.path(*digest), &text(count));
        }
    }

    /// Gives all claims back, as when the process is about to end.
    pub fn release(&self) {
        for digest in lock(&self.held).drain(..) {
            let _ = fs::remove(&self.path(digest));
        }
    }

    /// Whether the claim of another on `digest` was left behind.
    fn is_left(&self, digest: Digest) -> bool {
        let Ok(text) = fs::read_to_string(&self.path(digest)) else { return true };
        if let Ok(holder) = serde_json::from_str::<Holder>(&text)
            && holder.host == provenance::host()
            && !provenance::is_alive(holder.process)
        {
            return true;
        }
        let mut seen = lock(&self.seen);
        match seen.get(&digest) {
            Some((before, since)) if *before == text => since.elapsed() > STILL,
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

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut held = lock(&self.claims.held);
        if let Some(position) = held.iter().position(|digest| *digest == self.digest) {
            held.swap_remove(position);
            let _ = fs::remove(&self.claims.path(self.digest));
        }
    }
}

fn text(beat: u64) -> Vec<u8> {
    let holder =
        Holder { host: provenance::host().to_owned(), process: provenance::process(), beat };
    serde_json::to_vec(&holder).expect("a holder has plain values")
}

/// A panic elsewhere leaves these lists as they were.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
