//! The tables `[program]` and `[params]`: a program of the user that computes the runs.

mod agreement;
mod command;
mod limits;
mod metrics;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use super::find::{Find, FoundFiles, NamedFiles};
use crate::document::{Node, Reader, Value};
use crate::run::{CONTRACT, Curve, DeviceKind, Program, ProgramConfig, ProgramTask};

pub use agreement::{Agreement, Deviation, deviations};
pub use command::{Placeholders, filled, plain_path};
pub use limits::{Limits, Tolerance};

/// The tables of a program.
pub(super) const PARTS: [&str; 2] = ["params", "program"];

/// A program without the seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProgramDesign {
    /// How it is started, and what it reads.
    pub program: ProgramTable,
    /// What it is asked to compute.
    pub params: BTreeMap<String, Json>,
}

/// How a program is started, what it reads and what it writes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProgramTable {
    /// The program and its arguments, with their placeholders.
    pub command: Vec<String>,
    /// Its files. Conditions share them.
    #[serde(skip)]
    pub files: Arc<FoundFiles>,
    /// Paths and patterns of its inputs, as the file has them.
    pub inputs: Vec<String>,
    /// Variables of its environment.
    pub environment: BTreeMap<String, String>,
    /// The program that says the versions, with its arguments. Empty without one.
    pub probe: Vec<String>,
    /// The numbers that it writes.
    #[serde(skip)]
    pub metrics: Vec<&'static Curve>,
    /// The names of the files that it leaves, in ascending order.
    pub artifacts: Vec<String>,
    /// Whether it sees only its inputs.
    pub isolate: bool,
    /// What does not change a result.
    #[serde(skip)]
    pub limits: Limits,
    /// What all runs have in common.
    #[serde(skip)]
    resolved: Arc<Program>,
}

impl ProgramDesign {
    /// The full configuration of one run.
    pub(super) fn resolve(&self, seed: u64, device: DeviceKind) -> ProgramConfig {
        ProgramConfig {
            task: ProgramTask::Program,
            program: Arc::clone(&self.program.resolved),
            params: self.params.clone(),
            seed,
            device,
            contract: CONTRACT,
        }
    }

    /// Reads both tables of an experiment.
    pub(super) fn read(all: &Reader<'_>, find: Find<'_>) -> Option<Self> {
        let params = match all.node("params") {
            Some(node) => read_params(node),
            None => Some(BTreeMap::new()),
        };
        let reader = all.table("program")?;
        let program = read_program(&reader, params.as_ref(), find);
        Some(Self { program: program?, params: params? })
    }
}

fn read_program(
    reader: &Reader<'_>,
    params: Option<&BTreeMap<String, Json>>,
    find: Find<'_>,
) -> Option<ProgramTable> {
    let command = reader.required::<Vec<String>>("command").filter(|command| {
        let fault = match () {
            () if command.first().is_none_or(String::is_empty) => Some("lists no program"),
            () if command.iter().any(|word| word.contains('\0')) => Some("has a NUL character"),
            () if command[0].contains(['{', '}']) => {
                Some("has a placeholder in its first word: the program must be known before a run")
            }
            () => None,
        };
        if let Some(fault) = fault {
            reader.refuse("command", fault);
        }
        fault.is_none()
    });
    if let (Some(command), Some(params)) = (&command, params) {
        for fault in command::faults(command, params) {
            reader.refuse("command", fault);
        }
    }
    let inputs = reader.required::<Vec<String>>("inputs");
    let environment = read_environment(reader);
    let probe = reader.optional::<Vec<String>>("probe").unwrap_or_default();
    let metrics = metrics::read(reader);
    let artifacts = read_artifacts(reader);
    let isolate = reader.optional::<bool>("isolate").unwrap_or(true);
    let limits = limits::read(reader, metrics.as_deref().unwrap_or_default());
    let (command, inputs) = (command?, inputs?);
    let (environment, limits) = (environment?, limits?);
    let named = NamedFiles {
        executable: &command[0],
        inputs: &inputs,
        probe: &probe,
        environment: &environment,
        pass_environment: &limits.pass_environment,
    };
    let files = (find.program)(&named).map_err(|faults| {
        for (key, fault) in faults {
            reader.refuse(key, fault);
        }
    });
    let (files, metrics, artifacts) = (files.ok()?, metrics?, artifacts?);
    let mut of_metrics: Vec<String> = metrics.iter().map(|curve| curve.name.to_owned()).collect();
    of_metrics.sort_unstable();
    let resolved = Arc::new(Program {
        command: command.clone(),
        inputs: files.inputs.clone(),
        environment: environment.clone(),
        probe: files.probe.clone(),
        metrics: of_metrics,
        artifacts: artifacts.clone(),
        isolate,
    });
    Some(ProgramTable {
        command,
        files,
        inputs,
        environment,
        probe,
        metrics,
        artifacts,
        isolate,
        limits,
        resolved,
    })
}

/// The names at `artifacts`: paths that stay in the directory of the artefacts.
fn read_artifacts(reader: &Reader<'_>) -> Option<Vec<String>> {
    let mut names = reader.optional::<Vec<String>>("artifacts").unwrap_or_default();
    names.sort();
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.');
    let is_name = |name: &str| !name.contains(['\\', '\0']) && name.split('/').all(is_plain);
    if let Some(name) = names.iter().find(|name| !is_name(name)) {
        let message = format!(
            "has `{name}`, which is no name of a file; write a name such as `predictions.npy`"
        );
        reader.refuse("artifacts", message);
        return None;
    }
    let n = names.len();
    names.dedup();
    if names.len() < n {
        reader.refuse("artifacts", "has a name twice");
        return None;
    }
    Some(names)
}

/// The variables at `environment`.
fn read_environment(reader: &Reader<'_>) -> Option<BTreeMap<String, String>> {
    let entries = reader.entries("environment").into_iter();
    let entry = |(name, node): (&str, &Node)| {
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        if !is_name || name.starts_with("REPORT_") {
            let message = match is_name {
                true => format!(
                    "sets `{name}`: names that begin with `REPORT_` are those of this program"
                ),
                false => format!("has the name `{name}`: a name is not empty, and has no `=`"),
            };
            reader.refuse("environment", message);
            return None;
        }
        match &node.value {
            Value::String(value) if is_name && !value.contains('\0') => {
                Some((name.to_owned(), value.clone()))
            }
            other => {
                let message =
                    format!("has `{name}`, which must be a text, but is {}", other.type_name());
                reader.refuse("environment", message);
                None
            }
        }
    };
    entries.map(entry).collect()
}

/// The table at `params` as JSON.
fn read_params(node: &Node) -> Option<BTreeMap<String, Json>> {
    match json(&node.value) {
        Json::Object(entries) => Some(entries.into_iter().collect()),
        _ => None,
    }
}

/// A value as JSON. A number with a point stays one: programs tell `1.0` from `1`.
fn json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => value.as_str().into(),
        Value::Array(items) => items.iter().map(|item| json(&item.value)).collect(),
        Value::Table(table) => {
            table.iter().map(|(key, node)| (key.clone(), json(&node.value))).collect()
        }
    }
}
