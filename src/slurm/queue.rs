//! What `squeue` and `sbatch` print. Pure.

use std::collections::BTreeMap;

use crate::job::Stage;

/// A task in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its state in a word, such as `RUNNING`.
    pub state: String,
    /// Why it has this state.
    pub reason: String,
}

impl Queued {
    /// What its state means. A state that is not known counts as running: it is in the queue.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.state.as_str() {
            "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SPECIAL_EXIT"
            | "RESV_DEL_HOLD" => Stage::Pending,
            "COMPLETED" | "CANCELLED" | "FAILED" | "TIMEOUT" | "NODE_FAIL" | "PREEMPTED"
            | "BOOT_FAIL" | "DEADLINE" | "OUT_OF_MEMORY" | "REVOKED" => Stage::Ended,
            _ => Stage::Running,
        }
    }
}

/// The format of [`tasks`] for `squeue`: job, task, state and reason.
pub(super) const FORMAT: &str = "%F|%K|%T|%r";

/// A task by the number of its job and its index in the job.
pub type TaskId = (u64, u64);

/// The tasks in the output of `squeue`. Lines of another form are skipped.
#[must_use]
pub fn tasks(output: &str) -> BTreeMap<TaskId, Queued> {
    let task = |line: &str| {
        let mut fields = line.trim().split('|');
        let job = fields.next()?.trim().parse().ok()?;
        let index = fields.next()?.trim().parse().ok()?;
        let mut text = || fields.next().unwrap_or_default().trim().to_owned();
        Some(((job, index), Queued { state: text(), reason: text() }))
    };
    output.lines().filter_map(task).collect()
}

/// A job, as `sbatch` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its number.
    pub job: u64,
    /// Its cluster, if `sbatch` names one.
    pub cluster: Option<String>,
}

/// The job in the output of `sbatch --parsable`: `8123`, or `8123;cluster`. Sites print further lines around
/// it, and wrappers print `Submitted batch job 8123`. Returns `None` if there is no such line.
pub(super) fn submitted(output: &str) -> Option<Submitted> {
    output.lines().rev().find_map(|line| {
        let line = line.trim();
        let (job, cluster) = match line.strip_prefix("Submitted batch job ") {
            Some(named) => {
                named.split_once(" on cluster ").map_or((named, None), |(a, b)| (a, Some(b)))
            }
            None => line.split_once(';').map_or((line, None), |(a, b)| (a, Some(b))),
        };
        let cluster = cluster.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        Some(Submitted { job: job.trim().parse().ok()?, cluster })
    })
}

/// The format of [`partition`] for `sinfo`: name, CPUs and time limit.
pub(super) const PARTITION_FORMAT: &str = "%P|%C|%l";

/// CPUs of a partition that are not down, and its longest time limit in minutes, if it has one. Of several partitions,
/// the default one counts, which has a star. If there is none, or if the partitions are those that the profile names, the
/// one with the most CPUs counts.
pub(super) fn partition(output: &str, is_named: bool) -> Option<(usize, Option<u64>)> {
    let name = |line: &str| line.split('|').next().unwrap_or_default().trim().to_owned();
    let has_default = !is_named && output.lines().any(|line| name(line).ends_with('*'));
    let counts = |line: &&str| !has_default || name(line).ends_with('*');
    let one = |line: &str| {
        let (_, rest) = line.trim().split_once('|')?;
        let (cpus, limit) = rest.split_once('|')?;
        // Allocated, idle, other, total.
        let mut numbers = cpus.split('/').map(|number| number.trim().parse::<usize>());
        let (allocated, idle) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some((allocated + idle, minutes(limit)))
    };
    output.lines().filter(counts).filter_map(one).max_by_key(|(cpus, _)| *cpus)
}

/// `minutes`, `hours:minutes:seconds` or `days-hours:minutes:seconds` in whole minutes.
fn minutes(limit: &str) -> Option<u64> {
    let (days, time) = match limit.trim().split_once('-') {
        Some((days, time)) => (days.parse::<u64>().ok()?, time),
        None => (0, limit.trim()),
    };
    let parts: Vec<u64> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let minutes = match parts[..] {
        [minutes] | [minutes, _] => minutes,
        [hours, minutes, _] => 60 * hours + minutes,
        _ => return None,
    };
    Some(1440 * days + minutes)
}

/// Exit status and signal, as `0:9`, of each ended task in the output of `scontrol -o show job`, by its index.
pub(super) fn exit_codes(output: &str) -> BTreeMap<u64, String> {
    let one = |line| {
        Some((setting(line, "ArrayTaskId")?.parse().ok()?, setting(line, "ExitCode")?.to_owned()))
    };
    output.lines().filter_map(one).collect()
}

/// The value of `key` in the output of `scontrol`: `key = value` or `key=value`.
pub(super) fn setting<'o>(output: &'o str, key: &str) -> Option<&'o str> {
    output
        .lines()
        .flat_map(|line| match line.contains(" = ") {
            true => vec![line],
            false => line.split_whitespace().collect(),
        })
        .find_map(|part| {
            let (name, value) = part.split_once('=')?;
            (name.trim() == key).then_some(value.trim())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_read_and_other_lines_skipped() {
        let output =
            "slurm_load_jobs: a banner\n812|0|RUNNING|None\n812|11|PENDING|Priority\n813|N/A|x|y\n";
        let tasks = tasks(output);
        assert_eq!(tasks.keys().collect::<Vec<_>>(), [&(812, 0), &(812, 11)]);
        assert_eq!(tasks[&(812, 0)].stage(), Stage::Running);
        assert_eq!(tasks[&(812, 11)].stage(), Stage::Pending);
        assert_eq!(tasks[&(812, 11)].reason, "Priority");
    }

    #[test]
    fn only_a_final_state_ends_a_task() {
        let stage = |state: &str| Queued { state: state.to_owned(), reason: String::new() }.stage();
        for state in [
            "FAILED",
            "TIMEOUT",
            "NODE_FAIL",
            "CANCELLED",
            "OUT_OF_MEMORY",
            "PREEMPTED",
            "COMPLETED",
        ] {
            assert_eq!(stage(state), Stage::Ended, "{state}");
        }
        for state in
            ["RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STAGE_OUT", "A_NEW_STATE"]
        {
            assert_eq!(stage(state), Stage::Running, "{state}");
        }
        assert_eq!(stage("REQUEUED"), Stage::Pending);
    }

    #[test]
    fn a_job_is_found_in_every_form_of_output() {
        let found = |output: &str| submitted(output).map(|found| (found.job, found.cluster));
        let c2 = Some("c2".to_owned());
        assert_eq!(found("8123\n"), Some((8123, None)));
        assert_eq!(found("8123;c2\n"), Some((8123, c2.clone())));
        assert_eq!(found("Submitted batch job 8123\n"), Some((8123, None)));
        assert_eq!(found("Submitted batch job 8123 on cluster c2\n"), Some((8123, c2)));
        let banner = "Welcome to the cluster of 2024\n2 notes\n\n8123\n3 notes\nHave a nice day\n";
        assert_eq!(found(banner), Some((8123, None)));
        for output in ["", "sbatch: error\n", "12 nodes are down\n", "8123x\n"] {
            assert_eq!(found(output), None, "{output}");
        }
    }

    #[test]
    fn the_size_and_the_limit_of_a_partition_are_read() {
        assert_eq!(partition("debug*|0/4/0/4|1:00:00\n", false), Some((4, Some(60))));
        assert_eq!(partition("a|1/1/0/2|2-01:30:00", false), Some((2, Some(2970))));
        assert_eq!(partition("error", false), None);
    }

    #[test]
    fn the_default_partition_counts_unless_the_profile_names_others() {
        let all = "big|8/2/90/100|infinite\nshort*|3/1/0/4|30:00\nlong|3/4/0/7|1-0:0:0\n";
        assert_eq!(partition(all, false), Some((4, Some(30))));
        assert_eq!(partition(all, true), Some((10, None)));
        assert_eq!(partition(&all.replace('*', ""), false), Some((10, None)));
    }

    #[test]
    fn settings_are_read_from_lists_and_from_lines() {
        let config = "MaxArraySize            = 1001\nMaxJobCount = 10000\n";
        assert_eq!(setting(config, "MaxArraySize"), Some("1001"));
        assert_eq!(setting("JobId=2 ExitCode=0:9 RunTime=00:00:01", "ExitCode"), Some("0:9"));
        assert_eq!(setting(config, "MaxSubmit"), None);
        let jobs = "JobId=13 ArrayJobId=12 ArrayTaskId=0 ExitCode=0:9\nJobId=12 ArrayJobId=12 \
                    ArrayTaskId=3-5%64 ExitCode=0:0\nJobId=14 ArrayJobId=12 ArrayTaskId=1 ExitCode=7:0\n";
        let expected = [(0, "0:9".to_owned()), (1, "7:0".to_owned())];
        assert_eq!(exit_codes(jobs), BTreeMap::from(expected));
    }
}
