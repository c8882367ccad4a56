//! Packs runs into few tasks of about equal duration.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How long a run is expected to take, and whether it gets a task of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// Its expected seconds.
    pub seconds: f64,
    /// Whether it may have stopped the task that it was in before.
    pub is_alone: bool,
}

/// How tasks are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Number of tasks that run at the same time.
    pub slots: usize,
    /// Number of runs that a task trains at the same time.
    pub workers: usize,
    /// The duration of a task, if there is enough work.
    pub target_minutes: u64,
    /// The longest time limit that the scheduler allows, if it has one.
    pub most_minutes: Option<u64>,
}

/// The runs of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    /// Their indices, the longest first.
    pub runs: Vec<usize>,
    /// How long the task is expected to take, in seconds.
    pub seconds: f64,
    /// Its time limit: one and a half times the expected duration, the longest run, and two minutes.
    pub minutes: u64,
}

/// A task is not shorter than this, if there is a choice: a scheduler takes seconds to start it.
const SHORTEST_SECONDS: f64 = 60.0;

/// The part of a time limit that is expected to be used.
const MARGIN: f64 = 1.5;

/// Packs runs into tasks: the longest first, each into the task with the least work.
///
/// The number of tasks follows from `pace`: enough for all slots, if each then has a minute of work, and enough
/// that none takes longer than the target. If there are more tasks than slots, all slots get equally many.
#[must_use]
pub fn pack(runs: &[Share], pace: Pace) -> Vec<Packed> {
    let workers = pace.workers.max(1) as f64;
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by(|a, b| runs[*b].seconds.total_cmp(&runs[*a].seconds).then(a.cmp(b)));
    let (alone, shared): (Vec<_>, Vec<_>) = order.into_iter().partition(|run| runs[*run].is_alone);
    let sum: f64 = shared.iter().map(|run| runs[*run].seconds).sum::<f64>() / workers;
    let longest = shared.first().map_or(0.0, |run| runs[*run].seconds);
    let mut target = 60.0 * pace.target_minutes as f64;
    if let Some(most) = pace.most_minutes {
        // The time limit of a task of this duration is then within the limit of the scheduler.
        target = target.min((60.0 * (most as f64 - 2.0) - longest) / MARGIN).max(SHORTEST_SECONDS);
    }
    let slots = pace.slots.max(1) as f64;
    let for_target = (sum / target).ceil();
    let for_target =
        if for_target > slots { slots * (for_target / slots).ceil() } else { for_target };
    let for_slots = (sum / SHORTEST_SECONDS).ceil().min(slots);
    let tasks = for_target.max(for_slots).max(1.0).min(shared.len() as f64) as usize;
    let mut loads: Vec<(f64, Vec<usize>)> = vec![(0.0, Vec::new()); tasks];
    // In milliseconds, which have an order.
    let mut least: BinaryHeap<Reverse<(u64, usize)>> =
        (0..tasks).map(|task| Reverse((0, task))).collect();
    for run in shared {
        let Some(Reverse((_, task))) = least.pop() else { break };
        let (load, of_task) = &mut loads[task];
        *load += runs[run].seconds;
        of_task.push(run);
        least.push(Reverse(((1000.0 * *load) as u64, task)));
    }
    let own = alone.into_iter().map(|run| (runs[run].seconds, vec![run]));
    let all = loads.into_iter().chain(own).filter(|(_, of_task)| !of_task.is_empty());
    let packed = all.map(|(load, of_task)| {
        let longest = of_task.first().map_or(0.0, |run| runs[*run].seconds);
        let seconds = longest.max(load / workers);
        let minutes = ((MARGIN * seconds + longest) / 60.0).ceil() as u64 + 2;
        let minutes = pace.most_minutes.map_or(minutes, |most| minutes.min(most));
        Packed { runs: of_task, seconds, minutes }
    });
    packed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(seconds: &[f64]) -> Vec<Share> {
        seconds.iter().map(|seconds| Share { seconds: *seconds, is_alone: false }).collect()
    }

    const PACE: Pace = Pace { slots: 4, workers: 1, target_minutes: 20, most_minutes: None };

    fn lengths(packed: &[Packed]) -> Vec<usize> {
        packed.iter().map(|task| task.runs.len()).collect()
    }

    #[test]
    fn a_thousand_short_runs_make_one_task_for_each_slot() {
        let packed = pack(&shares(&[0.4; 1000]), PACE);
        assert_eq!(lengths(&packed), [250; 4]);
        assert!(packed.iter().all(|task| (task.seconds - 100.0).abs() < 1e-6 && task.minutes == 5));
        let of_many_slots = pack(&shares(&[0.4; 1000]), Pace { slots: 1000, ..PACE });
        assert_eq!(of_many_slots.len(), 7, "each has a minute of work");
        let of_two_workers = pack(&shares(&[0.4; 1000]), Pace { slots: 1, workers: 2, ..PACE });
        assert_eq!(
            (lengths(&of_two_workers), of_two_workers[0].seconds.round()),
            (vec![1000], 200.0)
        );
    }

    #[test]
    fn a_task_takes_about_the_target_and_keeps_the_limit_of_the_scheduler() {
        let packed = pack(&shares(&[60.0; 100]), Pace { slots: 1, ..PACE });
        assert_eq!(lengths(&packed), [20; 5]);
        assert_eq!(packed[0].minutes, 33, "30 + 1 + 2");
        let packed = pack(&shares(&[60.0; 100]), Pace { slots: 1, most_minutes: Some(12), ..PACE });
        assert!(
            packed.iter().all(|task| task.minutes <= 12 && task.seconds <= 360.0),
            "{packed:?}"
        );
    }

    #[test]
    fn every_run_is_in_one_task_and_long_runs_start_first() {
        let seconds: Vec<_> = (0..97).map(|n| f64::from((n * 37) % 89)).collect();
        let packed = pack(&shares(&seconds), PACE);
        let mut all: Vec<_> = packed.iter().flat_map(|task| task.runs.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..97).collect::<Vec<_>>());
        for task in &packed {
            assert!(task.runs.windows(2).all(|pair| seconds[pair[0]] >= seconds[pair[1]]));
        }
        let [least, most] = [f64::min, f64::max]
            .map(|choose| packed.iter().map(|task| task.seconds).reduce(choose).unwrap());
        assert!(most - least < 89.0 && most < 1.1 * least, "{least} {most}");
    }

    #[test]
    fn a_suspect_gets_a_task_of_its_own() {
        let mut runs = shares(&[1.0; 10]);
        runs[4].is_alone = true;
        let packed = pack(&runs, PACE);
        assert_eq!(lengths(&packed), [9, 1]);
        assert_eq!(packed[1].runs, [4]);
    }

    #[test]
    fn runs_without_duration_and_no_runs_are_packed_too() {
        assert_eq!(pack(&[], PACE), []);
        assert_eq!(lengths(&pack(&shares(&[0.0; 3]), PACE)), [3]);
        assert_eq!(pack(&shares(&[1e9]), PACE).len(), 1);
    }

    #[test]
    fn a_million_runs_are_packed_in_seconds() {
        let seconds: Vec<_> = (0..1_000_000).map(|n| 0.1 + f64::from(n % 7)).collect();
        let packed = pack(&shares(&seconds), Pace { slots: 64, ..PACE });
        let seconds: f64 = seconds.iter().sum();
        let rounds = (seconds / 1200.0 / 64.0).ceil();
        assert_eq!(packed.len(), 64 * rounds as usize);
    }
}
