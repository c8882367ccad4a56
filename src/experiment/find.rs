//! What experiments ask of the files that they name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::data::FindData;
use crate::digest::Digest;

/// Finds data and programs.
#[derive(Clone, Copy)]
pub struct Find<'f> {
    /// Finds data.
    pub data: FindData<'f>,
    /// Finds the files of a program.
    pub program: FindProgram<'f>,
}

/// What a program names.
#[derive(Clone, Copy, Debug)]
pub struct NamedFiles<'n> {
    /// What is started.
    pub executable: &'n str,
    /// Paths and patterns of its inputs.
    pub inputs: &'n [String],
    /// The program that says the versions, with its arguments. Empty without one.
    pub probe: &'n [String],
    /// Variables of its environment, and of that of the probe.
    pub environment: &'n BTreeMap<String, String>,
    /// Variables that both get from the environment of the build.
    pub pass_environment: &'n [String],
}

/// The files of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundFiles {
    /// The SHA-256 of each input, by its path from the project.
    pub inputs: BTreeMap<String, Digest>,
    /// What the probe wrote. `None` without a probe, or before its first run.
    pub probe: Option<String>,
    /// Why the program cannot be started on this machine, as a phrase that follows `command`. It can be elsewhere.
    pub absent: Option<String>,
}

/// Finds the files of a program, or all that is wrong with them.
pub type FindProgram<'f> =
    &'f (dyn Fn(&NamedFiles<'_>) -> Result<Arc<FoundFiles>, FileFaults> + Sync);

/// What is wrong with the files of a program: the key, and a phrase that follows it.
pub type FileFaults = Vec<(&'static str, String)>;

/// What tells the answers of probes apart: the command, and the variables, with which it can find other versions.
#[must_use]
pub fn probe_words(probe: &[String], environment: &BTreeMap<String, String>) -> Vec<String> {
    let declared = environment.iter().map(|(name, value)| format!("{name}={value}"));
    probe.iter().cloned().chain(declared).collect()
}
