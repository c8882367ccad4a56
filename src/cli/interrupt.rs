//! Ctrl-C. Other signals end the process at once, which loses no more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::progress::Counter;
use super::terminal::message;
use crate::cache::Leases;
use crate::format::{runs, shell_quoted};
use crate::fs;

/// What a shell gives a command that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// Prepares for an interrupt: the record that is being written is finished, the leases of this process
/// are given back, and the process ends. The runs in flight are lost.
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
    // A process that cannot listen to signals ends at them all the same.
    let _ = ctrlc::set_handler(end);
}

/// The command that this process was called with, as a shell reads it.
fn command() -> String {
    let quoted = |argument: std::ffi::OsString| shell_quoted(&argument.to_string_lossy());
    std::env::args_os().map(quoted).collect::<Vec<_>>().join(" ")
}
