//! Where and when: the only reader of the clock and of the platform.

#![expect(clippy::disallowed_methods, reason = "this is the module that they are reserved for")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::digest::Digest;
use crate::run::{Origin, RunProvenance};

/// A running measurement of one run.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    started_at: SystemTime,
    started: Instant,
}

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { started_at: SystemTime::now(), started: Instant::now() }
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The provenance of a run of that origin for `condition` that began at the start and ends now.
    #[must_use]
    pub fn finish(self, condition: BTreeMap<String, String>, origin: Origin) -> RunProvenance {
        RunProvenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            started_at: since_1970(self.started_at),
            seconds: (self.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
            origin,
            condition,
        }
    }
}

/// This machine, and the sources of the project at `root`.
#[must_use]
pub fn origin(root: &Path) -> Origin {
    origin_of(revision(root))
}

/// This machine, and sources of this revision.
#[must_use]
pub fn origin_of(revision: Option<String>) -> Origin {
    let lockfile = Digest::of_bytes(include_bytes!("../Cargo.lock")).to_string();
    Origin { machine: Some(machine()), revision, lockfile: Some(lockfile[..12].to_owned()) }
}

/// Processor and cores.
fn machine() -> String {
    // Where there is no such file, the family of the processor is all that is known.
    let known = crate::fs::read_to_string(Path::new("/proc/cpuinfo")).unwrap_or_default();
    let model = known.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model.trim());
    match cores() {
        1 => format!("{model}, 1 core"),
        n => format!("{model}, {n} cores"),
    }
}

/// What git says of the sources at `root`, if there is git and it knows them.
fn revision(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let output = command
            .arg("--no-optional-locks")
            .arg("-C")
            .arg(root)
            .args(arguments)
            .stdin(Stdio::null())
            .output();
        let output = output.ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    // What a build writes is no source; what it reads is one, whether git knows it or not.
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":!reports"])?;
    let unknown = git(&["status", "--porcelain", "--", "experiments", "templates"])?;
    let is_clean = changed.trim().is_empty() && unknown.trim().is_empty();
    let mark = if is_clean { "" } else { "+" };
    Some(format!("{}{mark}", revision.trim()))
}

/// Seconds since 1970 (UTC).
#[must_use]
pub fn now() -> u64 {
    since_1970(SystemTime::now())
}

/// In seconds. A clock before 1970 is wrong; it must not stop anything.
fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The name of this machine; empty where there is none.
#[must_use]
pub fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        #[cfg(unix)]
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        #[cfg(not(unix))]
        let name = std::env::var("COMPUTERNAME").unwrap_or_default();
        name
    })
}

/// The number of this process.
#[must_use]
pub fn process() -> u32 {
    std::process::id()
}

/// Whether a process of this machine may still run; where that cannot be asked, it may.
#[must_use]
pub fn is_alive(process: u32) -> bool {
    #[cfg(unix)]
    if let Some(process) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) {
        let asked = rustix::process::test_kill_process(process);
        return asked != Err(rustix::io::Errno::SRCH);
    }
    let _ = process;
    true
}

/// A word that nobody can guess: 32 hexadecimal digits from the system's generator.
///
/// # Errors
/// If the system has none.
pub fn random_word() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::from)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The home directory of the user, if it is known.
#[must_use]
pub fn home() -> Option<std::path::PathBuf> {
    std::env::home_dir()
}

/// The value of a variable of the environment, if it is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The names of the variables of the environment that begin with `prefix`.
#[must_use]
pub fn variables(prefix: &str) -> Vec<std::ffi::OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.as_encoded_bytes().starts_with(prefix.as_bytes())).collect()
}

/// The directory of the system for temporary files.
#[must_use]
pub fn temporary_directory() -> std::path::PathBuf {
    std::env::temp_dir()
}

/// The file of this program.
///
/// # Errors
/// If the system does not say.
pub fn program() -> std::io::Result<std::path::PathBuf> {
    std::env::current_exe()
}

/// Cores that this process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
