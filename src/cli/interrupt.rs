//! Handles Ctrl-C, and the signals to workers. Other signals end the process at once. They lose no recorded run
//! either.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::progress::Counter;
use super::terminal::alert;
use crate::cache::Leases;
use crate::format::{runs, shell_quoted};
use crate::fs;
use crate::pipeline::StateReport;

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
        alert(&format!("interrupted: {} of {} recorded", done, runs(counter.total)));
        alert(&format!("`{}` continues", command()));
        #[expect(clippy::exit, reason = "workers cannot be stopped in the middle of a run")]
        std::process::exit(INTERRUPTED);
    };
    // Without the handler, an interrupt ends the process at once.
    let _ = ctrlc::set_handler(end);
}

/// Installs the handler of interrupts of a build on a cluster, whose tasks go on.
pub(super) fn prepare_submitter(leases: Arc<Leases>) {
    let end = move || {
        fs::stop_writing(Duration::from_millis(500));
        leases.release();
        alert("interrupted: submitted tasks go on");
        alert(&format!("`{}` waits for them again; `report jobs` lists them", command()));
        #[expect(clippy::exit, reason = "the build waits in many places")]
        std::process::exit(INTERRUPTED);
    };
    // Without the handler, an interrupt ends the process at once.
    let _ = ctrlc::set_handler(end);
}

/// Installs the handler of the signals by which a scheduler ends a worker: before the time limit, and before it gives
/// the machine to another job. The worker notes that, and ends. Runs in training are lost.
pub(super) fn prepare_worker(leases: Arc<Leases>, state: Arc<StateReport>) {
    #[cfg(unix)]
    if let Ok(mut signals) = signal_hook::iterator::Signals::new(ENDING_SIGNALS) {
        std::thread::spawn(move || {
            let Some(signal) = signals.forever().next() else { return };
            state.end(crate::job::Ending::Signal { number: signal });
            fs::stop_writing(Duration::from_millis(500));
            leases.release();
            alert(&format!("signal {signal} has ended this worker; finished runs are recorded"));
            #[expect(clippy::exit, reason = "workers cannot be stopped in the middle of a run")]
            std::process::exit(128 + signal);
        });
    }
    #[cfg(not(unix))]
    drop((leases, state));
}

/// The signals that ask a worker to end. Some clusters send one of them first, and others another.
#[cfg(unix)]
const ENDING_SIGNALS: [i32; 4] = {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    [SIGINT, SIGTERM, SIGUSR1, SIGUSR2]
};

/// The command line of this process, quoted for a shell.
fn command() -> String {
    let quoted = |argument: std::ffi::OsString| shell_quoted(&argument.to_string_lossy());
    std::env::args_os().map(quoted).collect::<Vec<_>>().join(" ")
}
