//! The process between a build and a program. It ends with the build, and the program with it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::ProgramError;
use super::log;
use crate::fs;
use crate::process;

/// The word on the command line that makes this binary a supervisor.
pub const SUPERVISE: &str = "__supervise";

/// How long a program may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the standard output of a program may stay open after its end.
const GRACE: Duration = Duration::from_millis(100);

/// How often a program is started again whose file is still open for writing, and the pause between.
const BUSY_TRIES: usize = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// A program to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    /// The program and its arguments.
    pub(super) command: Vec<String>,
    /// Its whole environment.
    pub(super) environment: BTreeMap<String, String>,
    /// Its working directory.
    pub(super) directory: PathBuf,
    /// The file of its log.
    pub(super) log: PathBuf,
    /// The file for its standard output, if that does not go into the log.
    pub(super) output: Option<PathBuf>,
    /// How many seconds it may take.
    pub(super) timeout: Option<f64>,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ending {
    /// By itself.
    Exited {
        /// Its exit status.
        status: i32,
        /// Whether processes that it had started were still there.
        survivors: bool,
    },
    /// By a signal.
    Signal {
        /// Its number.
        number: i32,
    },
    /// Its time was over.
    TimedOut {
        /// How many seconds it had.
        seconds: f64,
    },
    /// It could not be started.
    NotStarted {
        /// What the system says.
        reason: String,
    },
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { status, .. } => write!(f, "ended with status {status}"),
            Self::Signal { number } => write!(f, "was ended by signal {number}"),
            Self::TimedOut { seconds } => {
                write!(f, "did not end within its `timeout` of {seconds} s, and was ended")
            }
            Self::NotStarted { reason } => write!(f, "could not be started: {reason}"),
        }
    }
}

/// How often a build looks at a program that runs.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Starts a program under a supervisor, and waits for its end. Calls `look` from time to time.
///
/// # Errors
/// If the supervisor fails.
pub(super) fn start(job: &Job, look: Option<&dyn Fn()>) -> Result<Ending, ProgramError> {
    let failed = |reason: String| ProgramError::Start { program: job.command[0].clone(), reason };
    let mut command = process::own_program().map_err(|error| failed(error.to_string()))?;
    command.arg(SUPERVISE).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut supervisor = command.spawn().map_err(|error| failed(error.to_string()))?;
    // The supervisor ends the program when this end of the pipe is closed.
    let mut line = serde_json::to_string(job).map_err(|error| failed(error.to_string()))?;
    line.push('\n');
    let mut input = supervisor.stdin.take();
    let sent = input.as_mut().map(|input| input.write_all(line.as_bytes()));
    let answer = answer(supervisor.stdout.take(), look);
    drop(input);
    let status = supervisor.wait().map_err(|error| failed(error.to_string()))?;
    let lines: Vec<&str> = answer.lines().collect();
    let ending = lines.last().and_then(|line| serde_json::from_str::<Ending>(line).ok());
    if let Some(ending) = ending {
        return Ok(ending);
    }
    if let Some(group) = lines.first().and_then(|line| line.parse().ok()) {
        process::end_group(group);
    }
    if let Some(Err(error)) = sent {
        return Err(failed(error.to_string()));
    }
    Err(ProgramError::Supervisor(status.to_string()))
}

/// What a supervisor writes until it ends.
fn answer(output: Option<ChildStdout>, look: Option<&dyn Fn()>) -> String {
    let read = |mut output: ChildStdout| {
        let mut answer = String::new();
        let _ = output.read_to_string(&mut answer);
        answer
    };
    match (output, look) {
        (None, _) => String::new(),
        (Some(output), None) => read(output),
        (Some(output), Some(look)) => {
            let (tell, answers) = mpsc::channel();
            std::thread::spawn(move || tell.send(read(output)));
            loop {
                match answers.recv_timeout(LOOK_INTERVAL) {
                    Err(RecvTimeoutError::Timeout) => look(),
                    Ok(answer) => return answer,
                    Err(RecvTimeoutError::Disconnected) => return String::new(),
                }
            }
        }
    }
}

/// The supervisor: reads a job from the standard input, runs it, and writes how it ended. Ends the program and itself
/// if the standard input ends.
///
/// # Errors
/// If the job cannot be read, or its ending cannot be written.
pub fn supervise() -> std::io::Result<()> {
    // Without a terminal, a program that asks for a password fails, and does not wait.
    process::leave_terminal();
    process::outlive_signals();
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    input.read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)?;
    drop(input);
    let ending = run(&job).unwrap_or_else(|error| Ending::NotStarted { reason: error.to_string() });
    let text = serde_json::to_string(&ending)?;
    std::io::stdout().write_all(text.as_bytes())
}

/// What ends a program.
enum Event {
    /// The build has ended.
    BuildEnded,
    /// The program has ended.
    ProgramEnded(std::io::Result<ExitStatus>),
}

fn run(job: &Job) -> std::io::Result<Ending> {
    process::adopt_orphans();
    // The log of an earlier execution goes.
    let _ = fs::remove(&job.log);
    let log = fs::create(&job.log).map_err(|error| error.source)?;
    let (from, to) = std::io::pipe()?;
    let child = spawn(job, to)?;
    let child = match child {
        Ok(child) => child,
        Err(error) => return Ok(Ending::NotStarted { reason: error.to_string() }),
    };
    // If this process is killed, the build can still end the group.
    // It may have ended already, which `watch_input` notices.
    let mut output = std::io::stdout();
    let _ = writeln!(output, "{}", child.id()).and_then(|()| output.flush());
    let (copied, is_copied) = mpsc::channel();
    let recent = log::recent(&job.log);
    std::thread::spawn(move || {
        let keep = |bytes: &[u8]| {
            // Only the progress is shown from it.
            let _ = fs::write_atomic(&recent, bytes);
        };
        let result = log::copy(from, log, keep);
        let _ = fs::remove(&recent);
        copied.send(result)
    });
    let group = child.id();
    let (tell, events) = mpsc::channel();
    watch_input(tell.clone());
    watch_program(child, tell);
    let timeout = job.timeout.map_or(Duration::MAX, Duration::from_secs_f64);
    let ending = match receive(&events, timeout) {
        Some(Event::ProgramEnded(status)) => {
            // A child that ended long ago is no survivor.
            process::reap();
            let is_open = matches!(is_copied.recv_timeout(GRACE), Err(RecvTimeoutError::Timeout));
            let survivors = is_open || process::has_group(group);
            status.map(|status| Some(ending_of(status, survivors)))
        }
        Some(Event::BuildEnded) => {
            ask_to_end(group, &events);
            Ok(None)
        }
        None => {
            ask_to_end(group, &events);
            Ok(Some(Ending::TimedOut { seconds: timeout.as_secs_f64() }))
        }
    };
    process::end_group(group);
    process::end_adopted();
    let Some(ending) = ending? else {
        #[expect(clippy::exit, reason = "nobody waits for an answer")]
        std::process::exit(1);
    };
    let _ = is_copied.recv_timeout(PATIENCE);
    Ok(ending)
}

/// Starts the program of a job. The inner error says why it cannot be started.
fn spawn(job: &Job, to: std::io::PipeWriter) -> std::io::Result<std::io::Result<Child>> {
    let mut command = Command::new(&job.command[0]);
    command.args(&job.command[1..]).current_dir(&job.directory).env_clear();
    command.envs(&job.environment).stdin(Stdio::null());
    match &job.output {
        Some(file) => command.stdout(fs::to_write(file).map_err(|error| error.source)?),
        None => command.stdout(to.try_clone()?),
    };
    process::ended_with_this(process::in_group(command.stderr(to)));
    let mut child = command.spawn();
    // Another thread may have started a process while the file of the program was written: that one holds it open for a
    // moment.
    for _ in 0..BUSY_TRIES {
        match &child {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(BUSY_PAUSE);
                child = command.spawn();
            }
            _ => break,
        }
    }
    // The command is dropped here: it holds the ends of the pipe for writing.
    Ok(child)
}

/// Asks a program to end, and gives it time for that.
fn ask_to_end(group: u32, events: &mpsc::Receiver<Event>) {
    process::ask_group_to_end(group);
    let stopwatch = crate::provenance::Stopwatch::start();
    while let Some(left) = PATIENCE.checked_sub(stopwatch.elapsed()) {
        match receive(events, left) {
            Some(Event::ProgramEnded(_)) | None => break,
            Some(Event::BuildEnded) => {}
        }
    }
}

fn receive(events: &mpsc::Receiver<Event>, patience: Duration) -> Option<Event> {
    match patience == Duration::MAX {
        true => events.recv().ok(),
        false => events.recv_timeout(patience).ok(),
    }
}

/// Tells when the standard input ends: the build holds its other end.
fn watch_input(tell: mpsc::Sender<Event>) {
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = std::io::stdin().lock().read_to_end(&mut rest);
        let _ = tell.send(Event::BuildEnded);
    });
}

fn watch_program(mut child: Child, tell: mpsc::Sender<Event>) {
    std::thread::spawn(move || {
        let _ = tell.send(Event::ProgramEnded(child.wait()));
    });
}

fn ending_of(status: ExitStatus, survivors: bool) -> Ending {
    #[cfg(unix)]
    if let Some(number) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Ending::Signal { number };
    }
    Ending::Exited { status: status.code().unwrap_or(-1), survivors }
}
