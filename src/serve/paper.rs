//! A paper as connections see it: its page, its state, and what its readers wish. One thread keeps it up to date.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::state::State;
use crate::pipeline::Report;

/// A paper.
#[derive(Debug)]
pub(super) struct Paper {
    /// Its folder in a gallery. Empty for a paper alone.
    pub(super) name: String,
    /// The directory of the project.
    pub(super) root: PathBuf,
    shared: Mutex<Shared>,
    changed: Condvar,
}

/// The last page of a paper that has no mistake.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) report: Report,
}

/// What a reader wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To train the missing runs.
    Train,
    /// To stop the training of this server.
    Stop,
}

#[derive(Debug, Default)]
struct Shared {
    /// It counts the changes of the state.
    version: u64,
    state: State,
    page: Option<Arc<Page>>,
    wish: Option<Wish>,
    /// The number of browsers that listen.
    listeners: usize,
}

impl Paper {
    pub(super) fn new(name: String, root: PathBuf) -> Self {
        Self { name, root, shared: Mutex::default(), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // What it holds stays valid if another thread panics with the lock.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state and its version.
    pub(super) fn state(&self) -> (u64, State) {
        let shared = self.lock();
        (shared.version, shared.state.clone())
    }

    /// The page, if there is one, and the state of this moment.
    pub(super) fn page(&self) -> (Option<Arc<Page>>, State) {
        let shared = self.lock();
        (shared.page.clone(), shared.state.clone())
    }

    /// Changes the state. Readers hear of it only if it is another one then.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut shared = self.lock();
        let before = shared.state.clone();
        change(&mut shared.state);
        if shared.state != before {
            shared.version += 1;
            self.changed.notify_all();
        }
    }

    /// Shows another page, or an error over the last one. The number of the page changes if the reader sees another page
    /// after a reload.
    pub(super) fn publish(&self, result: Result<Report, String>) {
        let mut shared = self.lock();
        let is_other = match (&result, &shared.page) {
            (Ok(report), Some(page)) => report.page() != page.report.page(),
            (Ok(_), None) => true,
            (Err(error), None) => shared.state.error.as_ref() != Some(error),
            (Err(_), Some(_)) => false,
        };
        shared.state.page += u64::from(is_other);
        shared.state.error = None;
        match result {
            Ok(report) => shared.page = Some(Arc::new(Page { report })),
            Err(error) => shared.state.error = Some(error),
        }
        shared.version += 1;
        self.changed.notify_all();
    }

    /// Waits until the state has another version than `seen`, at most this long. Returns it, if it has.
    pub(super) fn wait(&self, seen: u64, patience: Duration) -> Option<(u64, State)> {
        let shared = self.lock();
        let waited = self.changed.wait_timeout_while(shared, patience, |own| own.version == seen);
        let (shared, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (shared.version != seen).then(|| (shared.version, shared.state.clone()))
    }

    pub(super) fn wish(&self, wish: Wish) {
        self.lock().wish = Some(wish);
    }

    pub(super) fn take_wish(&self) -> Option<Wish> {
        self.lock().wish.take()
    }

    /// Counts a browser that listens, until the returned value is dropped.
    pub(super) fn listen(&self) -> Listener<'_> {
        self.lock().listeners += 1;
        Listener(self)
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.lock().listeners > 0
    }
}

/// A browser that listens.
pub(super) struct Listener<'p>(&'p Paper);

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        self.0.lock().listeners -= 1;
    }
}
