//! `ProgramConfig`: everything that can change the result of a program of the user, resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DeviceKind;
use crate::digest::Digest;

/// All that can change the result of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramConfig {
    /// Tells programs from networks in JSON.
    pub task: ProgramTask,
    /// How the program is started, and what it reads.
    pub program: Arc<Program>,
    /// What it is asked to compute.
    pub params: BTreeMap<String, Value>,
    /// The seed that it gets.
    pub seed: u64,
    /// What kind of device computes.
    pub device: DeviceKind,
    /// Version of the contract with programs.
    pub contract: u32,
}

/// The version of the contract. It is raised by hand when a program gets something else, or when its results are
/// read in another way.
pub const CONTRACT: u32 = 1;

/// The only task of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProgramTask {
    /// `task = "program"`.
    #[serde(rename = "program")]
    Program,
}

/// How a program is started, and what it reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The program and its arguments, with their placeholders.
    pub command: Vec<String>,
    /// The SHA-256 of each file that it sees, by its path from the project.
    pub inputs: BTreeMap<String, Digest>,
    /// Variables of its environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// What the probe wrote: the versions of what the program uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
    /// The names of the numbers that it must write, in ascending order. A run without one of them is no result.
    pub metrics: Vec<String>,
    /// The names of the files that it must leave, in ascending order. A run without one of them is no result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    /// Whether it sees only its inputs.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub isolate: bool,
}

fn yes() -> bool {
    true
}
