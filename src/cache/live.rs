//! The curves of runs that are trained now, for people who watch. Nothing here is a result: no key, no record and no
//! report reads it.
//!
//! A file has one JSON object on each line, as programs write their results: a `step` from 1 on, and numbers by name. The
//! file of a program is a second name of its results. A file counts only while its run has a lease.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::Cache;
use crate::digest::Digest;
use crate::fs;
use crate::provenance::Stopwatch;
use crate::run::Curves;

/// How long a run takes before its curves are written for the first time. Short runs write nothing.
const FIRST_AFTER: Duration = Duration::from_millis(500);

/// The time between two writes.
const PAUSE: Duration = Duration::from_secs(1);

/// How many of the last bytes of a file are read.
const MOST_BYTES: u64 = 1 << 20;

/// The most curves that are read. A program may write into its file what it likes.
const MOST_CURVES: usize = 100;

/// The folder of these files in the cache.
const FOLDER: &str = "live";

/// Writes the curves of a network in training. Dropping it removes the file.
#[derive(Debug)]
pub struct LiveRun {
    path: PathBuf,
    n_folds: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    since: Stopwatch,
    pause: Duration,
    fold: usize,
    /// How many epochs of the fold are written.
    written: usize,
}

/// What a run in training has measured so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveCurves {
    /// The last step. 0 before the first.
    pub step: u64,
    /// The share of its work that a program says is done, from 0 to 1.
    pub share: Option<f64>,
    /// The points of each curve by its name in records: steps and values.
    pub curves: BTreeMap<String, Vec<(u64, f64)>>,
}

impl LiveRun {
    /// Notes the curves of a fold, counted from 0, at the end of an epoch. Writes about once a second. An error is ignored:
    /// the training does not need the file.
    pub fn tell(&self, fold: usize, curves: &Curves) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.since.elapsed() < state.pause {
            return;
        }
        if fold != state.fold {
            (state.fold, state.written) = (fold, 0);
        }
        let epochs = curves.epochs();
        let lines = (state.written..epochs).map(|epoch| {
            let mut line = Map::new();
            line.insert("step".to_owned(), (epoch + 1).into());
            for (name, values) in curves.iter() {
                if let Some(value) = values.get(epoch) {
                    line.insert(Curves::spelled(self.n_folds, fold, name), (*value).into());
                }
            }
            format!("{}\n", Value::Object(line))
        });
        let _ = fs::append(&self.path, lines.collect::<String>().as_bytes());
        *state = State { since: Stopwatch::start(), pause: PAUSE, fold, written: epochs };
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        let _ = fs::remove(&self.path);
    }
}

impl LiveCurves {
    /// What the lines of a file say. Lines that are damaged or not complete are left out.
    fn read(text: &str) -> Self {
        let mut own = Self::default();
        for line in text.lines() {
            let Ok(Value::Object(line)) = serde_json::from_str(line) else { continue };
            if let Some(share) = line.get("progress").and_then(Value::as_f64) {
                own.share = Some(share.clamp(0.0, 1.0));
            }
            let Some(step) = line.get("step").and_then(Value::as_u64) else { continue };
            own.step = step;
            for (name, value) in &line {
                let has_room = own.curves.len() < MOST_CURVES || own.curves.contains_key(name);
                if let Some(value) = value.as_f64()
                    && !["step", "progress"].contains(&name.as_str())
                    && has_room
                {
                    own.curves.entry(name.clone()).or_default().push((step, value));
                }
            }
        }
        own
    }
}

impl Cache {
    /// The file of the curves of a run in training.
    #[must_use]
    pub fn live(&self, digest: Digest) -> PathBuf {
        self.directory().join(FOLDER).join(digest.to_string())
    }

    /// A writer of the curves of a run that begins now.
    #[must_use]
    pub fn live_run(&self, digest: Digest, n_folds: usize) -> LiveRun {
        let path = self.live(digest);
        // A killed process may have left one.
        let _ = fs::remove(&path);
        let (since, pause) = (Stopwatch::start(), FIRST_AFTER);
        let state = Mutex::new(State { since, pause, fold: 0, written: 0 });
        LiveRun { path, n_folds, state }
    }

    /// What a run in training has measured so far, if it has written that.
    #[must_use]
    pub fn live_curves(&self, digest: Digest) -> Option<LiveCurves> {
        let bytes = fs::end_of(&self.live(digest), MOST_BYTES).ok()?;
        Some(LiveCurves::read(&String::from_utf8_lossy(&bytes)))
    }

    /// Removes the files of runs without a lease: killed processes have left them.
    pub(super) fn sweep_live(&self) {
        let names = fs::names(&self.directory().join(FOLDER)).unwrap_or_default();
        for digest in names.into_iter().filter_map(|name| Digest::try_from(name).ok()) {
            if !fs::is_there(&self.directory().join("leases").join(digest.to_string())) {
                let _ = fs::remove(&self.live(digest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(n: usize) -> Curves {
        let mut curves = Curves::default();
        curves.set_named("loss", (1..=n).map(|step| 1.0 / step as f64).collect());
        curves
    }

    fn run(cache: &Cache, n_folds: usize) -> LiveRun {
        let run = cache.live_run(Digest::of_bytes(b"a run"), n_folds);
        run.state.lock().unwrap().pause = Duration::ZERO;
        run
    }

    #[test]
    fn epochs_are_written_once_and_the_file_ends_with_the_run() {
        let directory = tempfile::tempdir().unwrap();
        let (cache, digest) = (Cache::at(directory.path()), Digest::of_bytes(b"a run"));
        let own = run(&cache, 1);
        own.tell(0, &curves(2));
        // The pause has begun.
        own.tell(0, &curves(3));
        own.state.lock().unwrap().pause = Duration::ZERO;
        own.tell(0, &curves(4));
        let live = cache.live_curves(digest).unwrap();
        assert_eq!(live.step, 4);
        assert_eq!(live.curves["loss"], [(1, 1.0), (2, 0.5), (3, 1.0 / 3.0), (4, 0.25)]);
        drop(own);
        assert_eq!(cache.live_curves(digest), None);
    }

    #[test]
    fn a_short_run_writes_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let (cache, digest) = (Cache::at(directory.path()), Digest::of_bytes(b"a run"));
        let own = cache.live_run(digest, 1);
        own.tell(0, &curves(1));
        assert_eq!(cache.live_curves(digest), None);
    }

    #[test]
    fn each_fold_has_curves_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path());
        let own = run(&cache, 2);
        own.tell(0, &curves(2));
        own.state.lock().unwrap().pause = Duration::ZERO;
        own.tell(1, &curves(1));
        let live = cache.live_curves(Digest::of_bytes(b"a run")).unwrap();
        assert_eq!(live.step, 1);
        assert_eq!(live.curves["1/loss"], [(1, 1.0), (2, 0.5)]);
        assert_eq!(live.curves["2/loss"], [(1, 1.0)]);
    }

    #[test]
    fn what_a_program_writes_beside_numbers_is_left_out() {
        let text = "{\"step\": 1, \"loss\": 2, \"note\": \"x\"}\nnot JSON\n{\"progress\": 0.5}\n{\"acc\": 1}\n{\"step\": 2, \"lo";
        let live = LiveCurves::read(text);
        assert_eq!((live.step, live.share), (1, Some(0.5)));
        assert_eq!(live.curves, BTreeMap::from([("loss".to_owned(), vec![(1, 2.0)])]));
    }

    #[test]
    fn a_sweep_keeps_the_files_of_runs_with_a_lease() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::at(directory.path());
        let [held, left] = [b"held", b"left"].map(|name| Digest::of_bytes(name));
        let leases = cache.leases();
        let _lease = leases.take(held);
        for digest in [held, left] {
            fs::append(&cache.live(digest), b"{}\n").unwrap();
        }
        cache.sweep_live();
        assert!(cache.live_curves(held).is_some() && cache.live_curves(left).is_none());
    }
}
