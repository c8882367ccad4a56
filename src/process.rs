//! Runs other programs, each for a limited time.

use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::fs;
use crate::provenance::{self, Stopwatch};

/// What a program wrote, and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended. `None` if it took too long and was ended.
    pub status: Option<ExitStatus>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended without an error.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// What it wrote about its failure, on one line: its standard error, else its standard output.
    #[must_use]
    pub fn words(&self) -> String {
        let said = [&self.stderr, &self.stdout].map(|text| joined(text));
        said.into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_else(|| "it gave no reason".to_owned())
    }
}

fn joined(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Runs a program without input. Its output goes through files without a name in `place`: with pipes, a program
/// that it leaves behind would keep this one waiting.
///
/// # Errors
/// If it cannot be started.
pub fn output(command: &mut Command, patience: Duration, place: &Path) -> std::io::Result<Output> {
    let file = || fs::temporary_file(place).map_err(|error| error.source);
    let [mut stdout, mut stderr] = [file()?, file()?];
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let status = wait(in_group(command).spawn()?, patience)?;
    let read = |file: &mut std::fs::File| {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes))?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Output { status, stdout: read(&mut stdout)?, stderr: read(&mut stderr)? })
}

/// A command that starts this program again, also if its file was replaced since.
///
/// # Errors
/// If the system does not say which file it is.
pub fn own_program() -> std::io::Result<Command> {
    Ok(Command::new(match cfg!(target_os = "linux") {
        true => Path::new("/proc/self/exe").to_owned(),
        false => provenance::program()?,
    }))
}

/// The command in a process group of its own, so that all its processes can be ended, and an interrupt at the
/// terminal does not reach it.
pub fn in_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// Makes this process the only one of a session of its own: it then has no terminal, and neither have those that it
/// starts.
pub fn leave_terminal() {
    #[cfg(unix)]
    let _ = rustix::process::setsid();
}

/// Lets no signal but `SIGKILL` end this process.
pub fn outlive_signals() {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let flag = std::sync::Arc::default();
            let _ = signal_hook::flag::register(signal, flag);
        }
    }
}

/// The command as a process that the system ends when this process ends in any way, where the system can do it.
pub fn ended_with_this(command: &mut Command) -> &mut Command {
    #[cfg(target_os = "linux")]
    #[expect(
        unsafe_code,
        reason = "between `fork` and `exec`, only one call to the system happens"
    )]
    // SAFETY: the call neither allocates nor takes a lock.
    unsafe {
        std::os::unix::process::CommandExt::pre_exec(command, || {
            let signal = Some(rustix::process::Signal::KILL);
            rustix::process::set_parent_process_death_signal(signal).map_err(Into::into)
        });
    }
    command
}

/// Waits until a program ends. Returns `None`, and ends its group, if that takes too long.
///
/// # Errors
/// If the system cannot tell.
pub fn wait(mut child: Child, patience: Duration) -> std::io::Result<Option<ExitStatus>> {
    let stopwatch = Stopwatch::start();
    while stopwatch.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // A script that starts the program would leave it running.
    end_group(child.id());
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// Ends all processes of a group.
pub fn end_group(group: u32) {
    #[cfg(unix)]
    signal(group, rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = group;
}

/// Asks all processes of a group to end.
pub fn ask_group_to_end(group: u32) {
    #[cfg(unix)]
    signal(group, rustix::process::Signal::TERM);
    #[cfg(not(unix))]
    let _ = group;
}

/// Asks a process to end as Ctrl-C does, where the system can do it.
pub fn interrupt(process: u32) {
    #[cfg(unix)]
    if let Some(process) = pid(process) {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::INT);
    }
    #[cfg(not(unix))]
    let _ = process;
}

/// Whether a group has a process.
#[must_use]
pub fn has_group(group: u32) -> bool {
    #[cfg(unix)]
    return pid(group).is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok());
    #[cfg(not(unix))]
    {
        let _ = group;
        false
    }
}

/// Whether this process has the rights of root.
#[must_use]
pub fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    return false;
}

/// Makes the processes that others leave behind children of this process, where the system can do it.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Forgets the children of this process that have ended.
pub fn reap() {
    #[cfg(target_os = "linux")]
    while let Ok(Some(_)) = rustix::process::waitpid(None, rustix::process::WaitOptions::NOHANG) {}
}

/// Ends all children of this process, and theirs, which it gets in turn.
pub fn end_adopted() {
    #[cfg(target_os = "linux")]
    for _ in 0..MOST_GENERATIONS {
        let children = children();
        if children.is_empty() {
            break;
        }
        for child in children.iter().filter_map(|child| pid(*child)) {
            if rustix::process::kill_process(child, rustix::process::Signal::KILL).is_err() {
                continue;
            }
            let _ = rustix::process::waitpid(Some(child), rustix::process::WaitOptions::empty());
        }
    }
}

/// How many generations of processes are ended. Each leaves its children to this process when it ends.
#[cfg(target_os = "linux")]
const MOST_GENERATIONS: usize = 100;

/// The children of all threads of this process.
#[cfg(target_os = "linux")]
fn children() -> Vec<u32> {
    let threads = Path::new("/proc/self/task");
    let threads = fs::all_entries(threads).unwrap_or_default().into_iter();
    let texts = threads.filter_map(|thread| fs::read_to_string(&thread.join("children")).ok());
    texts
        .flat_map(|text| {
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(unix)]
fn pid(process: u32) -> Option<rustix::process::Pid> {
    i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(unix)]
fn signal(group: u32, signal: rustix::process::Signal) {
    if let Some(group) = pid(group) {
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Output {
        let place = tempfile::tempdir().unwrap();
        output(Command::new("sh").args(["-c", script]), patience, place.path()).unwrap()
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let ended = shell("echo begun; sleep 60; true", Duration::from_millis(200));
        assert!(ended.status.is_none() && !ended.is_success());
        assert_eq!(ended.stdout, "begun\n");
    }

    #[test]
    fn a_program_may_leave_another_behind() {
        let ended = shell("(sleep 3; echo late) & echo done", Duration::from_secs(20));
        assert_eq!((ended.is_success(), ended.stdout.as_str()), (true, "done\n"));
    }

    #[test]
    fn the_words_of_a_failure_are_on_one_line() {
        let ended =
            shell("echo out; printf 'one\\n\\n  two\\n' >&2; exit 3", Duration::from_secs(20));
        assert_eq!((ended.is_success(), ended.words().as_str()), (false, "one; two"));
        assert_eq!(shell("exit 3", Duration::from_secs(20)).words(), "it gave no reason");
    }
}
