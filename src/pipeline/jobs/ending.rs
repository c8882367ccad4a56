//! Why a task ended, in words, and whether its runs may be submitted again. Pure.

use crate::job::{Ending, TaskState};
use crate::slurm::Queued;

/// Why a task ended before all its runs had a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// A phrase that follows "task 3".
    pub(super) text: String,
    /// Whether another submission can help.
    pub(super) may_help: bool,
    /// Whether a run that was in training may be the cause.
    pub(super) is_sudden: bool,
}

impl Reason {
    /// The reason of a task whose plan was cancelled.
    pub(super) fn cancelled() -> Self {
        Self { text: "was cancelled".to_owned(), may_help: false, is_sudden: false }
    }
}

/// The reason, from what the queue and the worker say. If that does not suffice, `exit` is asked for the exit status and
/// the signal, as `0:9`.
pub(super) fn reason(
    queued: Option<&Queued>,
    state: Option<&TaskState>,
    exit: impl FnOnce() -> Option<String>,
) -> Reason {
    let again = |text: &str, is_sudden| Reason { text: text.to_owned(), may_help: true, is_sudden };
    let never = |text: String| Reason { text, may_help: false, is_sudden: false };
    let of_queue = queued.map(|queued| (queued.state.as_str(), queued.reason.as_str()));
    match (of_queue, state.and_then(|state| state.ending.as_ref())) {
        (_, Some(Ending::Refused { why })) => never(format!("trains nothing: {why}")),
        (Some(("CANCELLED", _)), _) => Reason::cancelled(),
        (_, Some(Ending::Failed { why })) => again(&format!("could not go on: {why}"), false),
        (_, Some(Ending::Deadline)) => again("stopped before its time limit", false),
        (_, Some(Ending::Done)) | (Some(("COMPLETED", _)), _) => {
            again("ended, but its records cannot be seen", false)
        }
        (Some(("TIMEOUT", _)), _) => again("reached its time limit", false),
        (Some(("PREEMPTED", _)), _) => again("was preempted", false),
        (Some(("NODE_FAIL", _)), _) => again("lost its node", false),
        (Some(("OUT_OF_MEMORY", _)), _) => again("ran out of memory (OUT_OF_MEMORY)", true),
        (_, Some(Ending::Signal { number })) => {
            again(&format!("was ended by signal {number}"), false)
        }
        (Some((word, why)), None) => match exit().as_deref() {
            None | Some("0:53") if state.is_none() => again(
                "did not start: can the node write into the directory of its log, and does it share the project?",
                false,
            ),
            // SIGILL, also as the status of a shell.
            Some("0:4" | "132:0") => {
                let on = state.map_or_else(String::new, |state| format!(" ({})", state.machine));
                never(format!(
                    "was killed by an illegal instruction: the program does not run on this processor{on}; name \
                     other nodes with `constraint` in the profile"
                ))
            }
            Some("0:9" | "137:0") => again("was killed (signal 9; memory?)", true),
            Some(exit) if exit.starts_with("0:") => {
                again(&format!("was killed (signal {})", exit.trim_start_matches("0:")), true)
            }
            Some(exit) => again(
                &format!("ended with status {} ({word}, {why})", exit.trim_end_matches(":0")),
                true,
            ),
            None => again(&format!("ended ({word}, {why})"), true),
        },
        (None, None) if state.is_some() => again("was killed, or its node was lost", true),
        (None, None) => again("left the queue and did not start", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(state: &str, reason: &str) -> Queued {
        Queued { state: state.to_owned(), reason: reason.to_owned() }
    }

    fn state(ending: Option<Ending>) -> TaskState {
        TaskState {
            job: "812".to_owned(),
            restart: 0,
            host: "n1".to_owned(),
            machine: "AMD EPYC, 2 cores".to_owned(),
            process: 1,
            heartbeat: 3,
            recorded: 2,
            ending,
        }
    }

    #[test]
    fn each_end_has_its_words_and_only_some_are_submitted_again() {
        let failed = queued("FAILED", "NonZeroExitCode");
        for (queued, state, exit, words, may_help, is_sudden) in [
            (
                Some(&failed),
                Some(state(None)),
                Some("0:9"),
                "killed (signal 9; memory?)",
                true,
                true,
            ),
            (
                Some(&failed),
                Some(state(None)),
                Some("0:4"),
                "processor (AMD EPYC, 2 cores)",
                false,
                false,
            ),
            (Some(&failed), None, Some("0:53"), "did not start", true, false),
            (Some(&failed), Some(state(None)), Some("7:0"), "status 7 (FAILED", true, true),
            (
                Some(&queued("CANCELLED", "None")),
                Some(state(None)),
                None,
                "was cancelled",
                false,
                false,
            ),
            (
                Some(&queued("TIMEOUT", "TimeLimit")),
                Some(state(None)),
                None,
                "time limit",
                true,
                false,
            ),
            (None, Some(state(Some(Ending::Deadline))), None, "before its time limit", true, false),
            (
                None,
                Some(state(Some(Ending::Signal { number: 15 }))),
                None,
                "signal 15",
                true,
                false,
            ),
            (None, Some(state(None)), None, "killed, or its node was lost", true, true),
            (None, None, None, "did not start", true, false),
        ] {
            let found = reason(queued, state.as_ref(), || exit.map(str::to_owned));
            assert!(found.text.contains(words), "{found:?}");
            assert_eq!((found.may_help, found.is_sudden), (may_help, is_sudden), "{found:?}");
        }
    }
}
