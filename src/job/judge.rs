//! Whether a task still works, from what the scheduler, the worker and the records say. Pure.
//!
//! The queue alone does not decide: it forgets ended jobs, and it may not answer. A network file system may show
//! a record a minute late.

use std::time::Duration;

/// What the state of a task in the queue means for its runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for a machine.
    Pending,
    /// It runs, or the scheduler has stopped it and lets it go on later.
    Running,
    /// It has ended, and is not started again.
    Ended,
}

/// What the scheduler says of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InQueue {
    /// The scheduler does not answer.
    Unknown,
    /// The scheduler does not list it.
    Absent,
    /// The scheduler lists it.
    Listed(Stage),
}

/// What a worker last said about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// That it works, or nothing.
    Works,
    /// That a signal has ended it. The scheduler may start the task again.
    Signal,
    /// That it has ended.
    Ended,
}

/// All that is known of a task whose runs do not all have a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What the scheduler says.
    pub queue: InQueue,
    /// What its worker last said.
    pub said: Said,
    /// Whether the heartbeat of its worker has changed not long ago.
    pub is_beating: bool,
    /// Whether all records can be seen that its worker says it has written.
    pub is_visible: bool,
    /// Since when nothing shows that it works.
    pub silent: Duration,
    /// How long that may last.
    pub grace: Duration,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits for a machine.
    Pending,
    /// It works.
    Running,
    /// It seems to have ended, but that is not sure yet.
    Unclear,
    /// It has ended.
    Ended,
}

/// What a task does.
#[must_use]
pub fn judge(evidence: Evidence) -> Phase {
    let Evidence { queue, said, is_beating, is_visible, silent, grace } = evidence;
    let has_ended = said != Said::Works;
    match queue {
        InQueue::Listed(Stage::Pending) => Phase::Pending,
        // If the worker says that it has ended, an earlier start said so, or the queue shows it at the next look.
        InQueue::Listed(Stage::Running) => Phase::Running,
        InQueue::Unknown if said != Said::Ended => Phase::Running,
        _ if has_ended && is_visible => Phase::Ended,
        InQueue::Absent if is_beating && !has_ended => Phase::Running,
        _ if silent < grace => Phase::Unclear,
        _ => Phase::Ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: Evidence = Evidence {
        queue: InQueue::Absent,
        said: Said::Works,
        is_beating: false,
        is_visible: true,
        silent: Duration::ZERO,
        grace: Duration::from_mins(2),
    };
    const LATE: Duration = Duration::from_secs(121);

    #[test]
    fn a_task_that_the_queue_does_not_list_has_ended_only_after_a_while_without_heartbeat() {
        assert_eq!(judge(GONE), Phase::Unclear);
        assert_eq!(judge(Evidence { silent: LATE, ..GONE }), Phase::Ended);
        let beating = Evidence { is_beating: true, silent: LATE, ..GONE };
        assert_eq!(judge(beating), Phase::Running);
        assert_eq!(judge(Evidence { said: Said::Ended, ..beating }), Phase::Ended);
    }

    #[test]
    fn a_scheduler_that_does_not_answer_ends_nothing() {
        let unknown = Evidence { queue: InQueue::Unknown, silent: LATE, ..GONE };
        assert_eq!(judge(unknown), Phase::Running);
        let ended = Evidence { said: Said::Ended, ..unknown };
        assert_eq!(judge(ended), Phase::Ended);
        // The scheduler may have put it into the queue again.
        assert_eq!(judge(Evidence { said: Said::Signal, ..ended }), Phase::Running);
    }

    #[test]
    fn a_task_in_the_queue_is_live_whatever_its_earlier_start_wrote() {
        for (stage, phase) in [(Stage::Pending, Phase::Pending), (Stage::Running, Phase::Running)] {
            let listed =
                Evidence { queue: InQueue::Listed(stage), said: Said::Ended, silent: LATE, ..GONE };
            assert_eq!(judge(listed), phase);
        }
    }

    #[test]
    fn records_that_cannot_be_seen_yet_are_waited_for() {
        let ended = Evidence { queue: InQueue::Listed(Stage::Ended), ..GONE };
        // The worker may have ended as it should, and what it wrote cannot be seen yet.
        assert_eq!(judge(ended), Phase::Unclear);
        assert_eq!(judge(Evidence { said: Said::Ended, ..ended }), Phase::Ended);
        let lagging = Evidence { is_visible: false, said: Said::Ended, ..ended };
        assert_eq!(judge(lagging), Phase::Unclear);
        assert_eq!(judge(Evidence { silent: LATE, ..lagging }), Phase::Ended);
    }
}
