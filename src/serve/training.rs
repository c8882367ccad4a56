//! A training that the server starts: `report build` in a process of its own. It shares runs with other builds by leases,
//! and ends with the server.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::terminal::Terminal;
use crate::digest::Digest;
use crate::process;

/// How many of the last lines of a failed training are shown.
const SHOWN_LINES: usize = 12;

/// The status of a build that has written the report, although runs are missing or were accepted.
const INCOMPLETE: i32 = 4;

/// A running build.
pub(super) struct Training {
    child: Child,
    lines: Arc<Mutex<VecDeque<String>>>,
    /// The runs that it was started for.
    pub(super) runs: BTreeSet<Digest>,
    pub(super) is_stopping: bool,
}

impl Training {
    /// Starts a build of these runs with these arguments. The calling thread must live as long as the build: the system
    /// ends the build with it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(super) fn start(
        arguments: Vec<OsString>,
        runs: BTreeSet<Digest>,
        terminal: &Arc<dyn Terminal>,
    ) -> std::io::Result<Self> {
        let mut command = process::own_program()?;
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = process::ended_with_this(&mut command).spawn()?;
        let lines = Arc::default();
        if let Some(output) = child.stderr.take() {
            let (lines, terminal) = (Arc::clone(&lines), Arc::clone(terminal));
            std::thread::spawn(move || copy(output, &lines, &*terminal));
        }
        Ok(Self { child, lines, runs, is_stopping: false })
    }

    /// The last line of its progress: `[3/40] deep seed 2: 4.1 s, about 1 min left`. Empty before the first run has ended.
    pub(super) fn line(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().rev().find(|line| line.starts_with('[')).cloned().unwrap_or_default()
    }

    /// Asks it to end. Runs in training are lost, as by Ctrl-C.
    pub(super) fn stop(&mut self) {
        self.is_stopping = true;
        process::interrupt(self.child.id());
        #[cfg(not(unix))]
        let _ = self.child.kill();
    }

    /// Whether it has ended, and why it has failed.
    pub(super) fn ended(&mut self) -> Option<Result<(), String>> {
        let status = match self.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => status,
            Err(error) => return Some(Err(error.to_string())),
        };
        let is_fine = |status: ExitStatus| status.success() || status.code() == Some(INCOMPLETE);
        if is_fine(status) || self.is_stopping {
            return Some(Ok(()));
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let last: Vec<_> = lines.iter().cloned().collect();
        Some(Err(match last.is_empty() {
            true => format!("report build: {status}"),
            false => last.join("\n"),
        }))
    }
}

/// Copies the messages of a build to the terminal, and keeps the last ones.
fn copy(output: impl Read, lines: &Mutex<VecDeque<String>>, terminal: &dyn Terminal) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        terminal.say(&line);
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line);
        if lines.len() > SHOWN_LINES {
            lines.pop_front();
        }
    }
}
