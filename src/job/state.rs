//! What a worker says about itself while it works, for those who watch it from another machine.

use serde::{Deserialize, Serialize};

/// The state of a task: what its worker last wrote. Only records are the truth about runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskState {
    /// The job of the scheduler. Empty if none has started the worker.
    pub job: String,
    /// How many times the scheduler has started the task before.
    pub restart: u64,
    /// The machine.
    pub host: String,
    /// The processor.
    pub machine: String,
    /// The process of the worker.
    pub process: u32,
    /// Changes with each heartbeat.
    pub heartbeat: u64,
    /// Number of runs of the task that have a record.
    pub recorded: usize,
    /// How the worker ended. `None` while it works, and if it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// Each run was tried.
    Done,
    /// The next run would not end before the time limit.
    Deadline,
    /// A signal asked it to end.
    Signal {
        /// The number of the signal.
        number: i32,
    },
    /// It must not train these runs. Another start would end in the same way.
    Refused {
        /// Why.
        why: String,
    },
    /// It could not go on.
    Failed {
        /// Why.
        why: String,
    },
}
