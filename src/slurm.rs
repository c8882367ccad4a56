//! Slurm, the scheduler of many clusters: submits arrays of tasks, asks for their state, and cancels them.
//!
//! Only the state of tasks in the queue is asked for, so no accounting database is needed. What has been computed
//! is known from records alone.

mod profile;
mod queue;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::format::shell_quoted;
use crate::process::{self, Output};
use crate::provenance;

pub use profile::{DEFAULT, Profile, read};
pub use queue::{Queued, Submitted, TaskId, tasks};

/// How long `sbatch` may take. A busy controller answers late.
const PATIENCE_TO_SUBMIT: Duration = Duration::from_mins(2);

/// How long the other commands may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// `MaxArraySize` of a cluster that does not say it: Slurm's default.
const DEFAULT_ARRAY_SIZE: u64 = 1001;

/// Variables that say which cluster is meant, and who asks. The others that begin with `SLURM_` describe the job that
/// this process is in, and `sbatch` would take options from them.
const KEPT: [&str; 3] = ["SLURM_CONF", "SLURM_CLUSTERS", "SLURM_JWT"];

/// Beginnings of the names of variables that change what the commands do or list.
const PREFIXES: [&str; 6] =
    ["SLURM_", "SQUEUE_", "SINFO_", "SCANCEL_", "SBATCH_WAIT", "SBATCH_ERROR"];

/// Words of `sbatch` about a limit on the number of jobs. A smaller array, or a later one, may be accepted.
const LIMIT: [&str; 2] = ["job submit limit", "submitjob"];

/// Words of `sbatch` by which it surely has submitted nothing.
const REFUSAL: [&str; 3] = ["batch job submission failed", "invalid", "unrecognized option"];

/// Words of commands that do not reach the controller.
const OUT_OF_REACH: [&str; 6] = [
    "unable to contact slurm controller",
    "unable to connect",
    "connection refused",
    "connection timed out",
    "socket timed out",
    "communication",
];

/// Why a command of Slurm failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlurmError {
    /// The program does not start.
    #[error("`{program}` does not start: {why}")]
    Missing {
        /// The program.
        program: String,
        /// Why.
        why: String,
    },
    /// The scheduler does not accept the job, for this reason in its own words.
    #[error("`sbatch` refused the job: {0}")]
    Refused(String),
    /// The scheduler does not accept more jobs now, for this reason in its own words.
    #[error("`sbatch` refused the job: {0}")]
    Limit(String),
    /// The scheduler does not answer.
    #[error("the scheduler does not answer: {0}")]
    OutOfReach(String),
}

impl SlurmError {
    /// Whether the scheduler has surely not accepted the job. If the words are not known, a wrapper may have failed
    /// after it.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        match self {
            Self::Missing { .. } | Self::Limit(_) => true,
            Self::Refused(words) => says(words, &REFUSAL),
            Self::OutOfReach(_) => false,
        }
    }
}

/// An array of tasks to submit.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    /// Its name, which no other job has.
    pub name: &'a str,
    /// The script of its tasks.
    pub script: &'a Path,
    /// Number of tasks.
    pub tasks: u64,
    /// Time limit of each task.
    pub minutes: u64,
    /// Directory of the logs.
    pub logs: &'a Path,
    /// The first task of the plan in this array.
    pub offset: u64,
    /// The directory in which the tasks run.
    pub directory: &'a Path,
}

/// The log of the task at `index` of the array at `offset`.
#[must_use]
pub fn log(logs: &Path, offset: u64, index: u64) -> PathBuf {
    logs.join(format!("{offset}-{index}.log"))
}

/// The script of the tasks of an array, which ends by becoming the worker: so signals reach it.
#[must_use]
pub fn script(profile: &Profile, worker: &[String], offset: usize) -> String {
    let worker: Vec<_> = worker.iter().map(|word| shell_quoted(word)).collect();
    let mut lines = vec!["#!/bin/bash".to_owned()];
    lines.extend(profile.setup.iter().cloned());
    lines
        .push(format!("exec {} --index \"$((SLURM_ARRAY_TASK_ID + {offset}))\"", worker.join(" ")));
    lines.join("\n") + "\n"
}

/// The options of `sbatch`, without the program.
#[must_use]
pub fn options(profile: &Profile, array: Array<'_>) -> Vec<OsString> {
    let last = array.tasks.saturating_sub(1);
    // `%` begins a pattern.
    let logs = array.logs.display().to_string().replace('%', "%%");
    let mut options = vec![
        "--parsable".to_owned(),
        format!("--job-name={}", array.name),
        format!("--array=0-{last}%{}", profile.max_running),
        format!("--output={logs}/{}-%a.log", array.offset),
        // A task that is started again writes into the same log.
        "--open-mode=append".to_owned(),
        format!("--time={}", array.minutes),
        "--ntasks=1".to_owned(),
        format!("--cpus-per-task={}", profile.cpus_per_task),
        format!("--export={}", profile.export),
    ];
    options.extend(profile.options.iter().map(|(name, value)| format!("{name}={value}")));
    options.extend(profile.extra.iter().cloned());
    let mut options: Vec<OsString> = options.into_iter().map(OsString::from).collect();
    let mut directory = OsString::from("--chdir=");
    directory.push(array.directory);
    options.push(directory);
    options.push(array.script.into());
    options
}

/// The commands of a cluster.
#[derive(Clone, Debug)]
pub struct Cluster<'p> {
    profile: &'p Profile,
}

impl<'p> Cluster<'p> {
    /// The cluster of a profile.
    #[must_use]
    pub fn new(profile: &'p Profile) -> Self {
        Self { profile }
    }

    /// Submits an array.
    ///
    /// # Errors
    /// If it is not accepted, or if this is not known. Then it may have been submitted all the same.
    pub fn submit(&self, array: Array<'_>) -> Result<Submitted, SlurmError> {
        let mut command = self.command("sbatch");
        command.args(options(self.profile, array));
        let output = output(&mut command, PATIENCE_TO_SUBMIT)?;
        let words = output.words();
        if output.is_success() {
            let found = queue::submitted(&output.stdout);
            return found.ok_or_else(|| {
                SlurmError::OutOfReach(format!("`sbatch` printed no number of a job: {words}"))
            });
        }
        Err(match output.status {
            None => SlurmError::OutOfReach(took_too_long("sbatch", PATIENCE_TO_SUBMIT)),
            Some(_) if says(&words, &LIMIT) => SlurmError::Limit(words),
            Some(_) if says(&words, &OUT_OF_REACH) => SlurmError::OutOfReach(words),
            Some(_) => SlurmError::Refused(words),
        })
    }

    /// The tasks of the jobs with these names in the queue of a cluster, ended ones included while the scheduler
    /// remembers them. `None` is the cluster of this machine.
    ///
    /// # Errors
    /// If the scheduler does not answer.
    pub fn queue(
        &self,
        names: &[String],
        cluster: Option<&str>,
    ) -> Result<BTreeMap<TaskId, Queued>, SlurmError> {
        let mut command = self.command("squeue");
        // Of all users and all partitions: the names are those of our jobs alone.
        command.args(["-h", "-r", "-a", "-t", "all"]);
        command.args(["-n", &names.join(","), "-o", queue::FORMAT]);
        add_cluster(&mut command, cluster);
        Ok(tasks(&answer(&mut command)?))
    }

    /// Cancels jobs of a cluster.
    ///
    /// # Errors
    /// If the scheduler does not answer.
    pub fn cancel(&self, jobs: &[u64], cluster: Option<&str>) -> Result<(), SlurmError> {
        let mut command = self.command("scancel");
        add_cluster(&mut command, cluster);
        command.args(jobs.iter().map(ToString::to_string));
        answer(&mut command).map(drop)
    }

    /// The largest number of tasks of an array.
    #[must_use]
    pub fn array_size(&self) -> u64 {
        let mut command = self.command("scontrol");
        add_cluster(&mut command, self.profile.clusters.as_deref());
        let output = answer(command.args(["show", "config"])).unwrap_or_default();
        let size = queue::setting(&output, "MaxArraySize").and_then(|size| size.parse().ok());
        size.filter(|size| *size > 0).unwrap_or(DEFAULT_ARRAY_SIZE)
    }

    /// CPUs of the partition that the tasks go to, and its longest time limit in minutes. `None` where it is not known.
    #[must_use]
    pub fn partition(&self) -> (Option<usize>, Option<u64>) {
        let mut command = self.command("sinfo");
        command.args(["-h", "-o", queue::PARTITION_FORMAT]);
        let of_environment = || provenance::variable("SBATCH_PARTITION");
        let named = self.profile.partition.clone().or_else(of_environment);
        if let Some(partition) = &named {
            command.args(["-p", partition]);
        }
        add_cluster(&mut command, self.profile.clusters.as_deref());
        let output = answer(&mut command).unwrap_or_default();
        let found = queue::partition(&output, named.is_some());
        found.map_or((None, None), |(cpus, minutes)| (Some(cpus), minutes))
    }

    /// Exit status and signal, as `0:9`, of the ended tasks of a job that the scheduler remembers, by their index.
    #[must_use]
    pub fn exit_codes(&self, job: u64, cluster: Option<&str>) -> BTreeMap<u64, String> {
        let mut command = self.command("scontrol");
        add_cluster(&mut command, cluster);
        let output = answer(command.args(["-o", "show", "job", &job.to_string()]));
        queue::exit_codes(&output.unwrap_or_default())
    }

    /// A command beside `sbatch`, without the variables of the job that this process may be in.
    fn command(&self, program: &str) -> Command {
        let sbatch = Path::new(&self.profile.sbatch);
        let mut command = match (program, sbatch.parent()) {
            ("sbatch", _) => Command::new(sbatch),
            (_, Some(directory)) if directory.join(program).is_file() => {
                Command::new(directory.join(program))
            }
            _ => Command::new(program),
        };
        for name in PREFIXES.into_iter().flat_map(provenance::variables) {
            if !KEPT.iter().any(|kept| name == *kept) {
                command.env_remove(name);
            }
        }
        command
    }
}

fn add_cluster(command: &mut Command, cluster: Option<&str>) {
    if let Some(cluster) = cluster {
        command.args(["-M", cluster]);
    }
}

fn output(command: &mut Command, patience: Duration) -> Result<Output, SlurmError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = process::output(command, patience, &provenance::temporary_directory());
    output.map_err(|error| SlurmError::Missing { program, why: error.to_string() })
}

/// The standard output of a command that asks.
fn answer(command: &mut Command) -> Result<String, SlurmError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = output(command, PATIENCE)?;
    match output.status {
        None => Err(SlurmError::OutOfReach(took_too_long(&program, PATIENCE))),
        Some(_) if output.is_success() => Ok(output.stdout),
        Some(_) => Err(SlurmError::OutOfReach(output.words())),
    }
}

fn took_too_long(program: &str, patience: Duration) -> String {
    format!("`{program}` did not end within {} seconds", patience.as_secs())
}

fn says(words: &str, any: &[&str]) -> bool {
    let words = words.to_lowercase();
    any.iter().any(|one| words.contains(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile { setup: vec!["module load cuda".to_owned()], ..Profile::default() }
    }

    #[test]
    fn the_script_ends_as_the_worker_and_counts_from_the_offset() {
        let worker = ["/a b/report", "worker", "--plan", "/a b/it's.json"].map(str::to_owned);
        assert_eq!(
            script(&profile(), &worker, 1000),
            "#!/bin/bash\nmodule load cuda\nexec '/a b/report' worker --plan \"/a b/it's.json\" --index \
             \"$((SLURM_ARRAY_TASK_ID + 1000))\"\n"
        );
    }

    #[test]
    fn the_options_name_the_array_and_ask_for_no_memory() {
        let array = Array {
            name: "report-3fa9c1",
            script: Path::new("/p/script.sh"),
            tasks: 8,
            minutes: 33,
            logs: Path::new("/p/100%/log"),
            offset: 4,
            directory: Path::new("/p"),
        };
        let options: Vec<_> = options(&profile(), array)
            .into_iter()
            .map(|option| option.into_string().unwrap())
            .collect();
        assert_eq!(
            options,
            [
                "--parsable",
                "--job-name=report-3fa9c1",
                "--array=0-7%64",
                "--output=/p/100%%/log/4-%a.log",
                "--open-mode=append",
                "--time=33",
                "--ntasks=1",
                "--cpus-per-task=1",
                "--export=NONE",
                "--chdir=/p",
                "/p/script.sh"
            ]
        );
    }

    #[test]
    fn a_limit_is_told_from_a_refusal() {
        let limit = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit \
                     limit, user's size and/or time limits)";
        assert!(says(limit, &LIMIT));
        assert!(says("error: QOSMaxSubmitJobPerUserLimit", &LIMIT));
        let refused = |words: &str| SlurmError::Refused(words.to_owned());
        let partition = "sbatch: error: invalid partition specified: x";
        assert!(!says(partition, &LIMIT) && refused(partition).is_sure());
        assert!(!refused("wrapper: cannot write its log").is_sure());
        assert!(says(
            "Batch job submission failed: Unable to contact slurm controller",
            &OUT_OF_REACH
        ));
    }
}
