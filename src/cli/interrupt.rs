//! Handles Ctrl-C. Other signals end the process at once. They lose no recorded run either.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::progress::Counter;
use super::terminal::message;
use crate::cache::Leases;
use crate::format::{runs, shell_quoted};
use crate::fs;

/// The exit status of a command that Ctrl-C has ended, as shells report it.
const INTERRUPTED: i32 = 130;

/// Installs the handler of interrupts. The handler waits for the current write, releases the leases
/// of this process, says how to continue, and ends the process. Runs in training are lost.
pub(super) fn prepare(leases: &Arc<Leases>, counter: &Arc<Counter>) {
    let (leases, counter) = (Arc::clone(leases), Arc::clone(counter));
    let end = move || {
        fs::stop_writing(Duration::from_millis(500));
        leases.release();
        counter.clear();
        let done = counter.done.load(Ordering::Relaxed);
        message(&format!("interrupted: {} of {} recorded", done, runs(counter.total)));
        message(&format!("`{}` continues", command()));
        #[expect(clippy::exit, reason = "workers cannot be stopped in the middle of a run")]
        std::process::exit(INTERRUPTED);
    };
    // Without the handler, an interrupt ends the process at once.
    let _ = ctrlc::set_handler(end);
}

/// The command line of this process, quoted for a shell.
fn command() -> String {
    let quoted = |argument: std::ffi::OsString| shell_quoted(&argument.to_string_lossy());
    std::env::args_os().map(quoted).collect::<Vec<_>>().join(" ")
}
