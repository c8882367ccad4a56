//! The settings of a cluster: `experiments/slurm.toml`. Each table is a profile. They are never part of the key
//! of a run.

use crate::document::{Node, Reader, Value, Violation, Violations};
use crate::keys;

/// What a submission asks the cluster for.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Options of `sbatch` with one value each, such as `account`: name and value.
    pub options: Vec<(&'static str, String)>,
    /// The partition, if the profile names one.
    pub partition: Option<String>,
    /// Cluster, if the profile names one.
    pub clusters: Option<String>,
    /// Number of cores of a task, and of runs that it trains at the same time.
    pub cpus_per_task: usize,
    /// The duration of a task, if there is enough work.
    pub target_minutes: u64,
    /// The largest number of tasks that run at the same time.
    pub max_running: usize,
    /// The environment of the tasks: the value of `sbatch --export`.
    pub export: String,
    /// Lines of shell before the worker starts.
    pub setup: Vec<String>,
    /// Further options of `sbatch`.
    pub extra: Vec<String>,
    /// The program that submits.
    pub sbatch: String,
    /// How long a task may be out of sight before it counts as ended.
    pub grace_seconds: u64,
    /// The shortest time between two looks at the queue.
    pub poll_seconds: u64,
}

/// The name of the profile that is used if none is named.
pub const DEFAULT: &str = "default";

/// Options of `sbatch` that a profile can have, as key and option.
const OPTIONS: [(&str, &str); 8] = [
    ("account", "--account"),
    ("partition", "--partition"),
    ("qos", "--qos"),
    ("clusters", "--clusters"),
    ("constraint", "--constraint"),
    ("gres", "--gres"),
    ("mem", "--mem"),
    ("mem_per_cpu", "--mem-per-cpu"),
];

/// Options of `sbatch` that `extra` must not have, as the program sets them: long and short name, and the key that sets
/// the option, if there is one. The tasks, their logs and their limits are known by the others.
const OWN_OPTIONS: [(&str, &str, &str); 22] = [
    ("--account", "-A", "account"),
    ("--partition", "-p", "partition"),
    ("--qos", "-q", "qos"),
    ("--clusters", "-M", "clusters"),
    ("--constraint", "-C", "constraint"),
    ("--gres", "", "gres"),
    ("--mem", "", "mem"),
    ("--mem-per-cpu", "", "mem_per_cpu"),
    ("--cpus-per-task", "-c", "cpus_per_task"),
    ("--export", "", "export"),
    ("--time", "-t", "target_minutes"),
    ("--array", "-a", ""),
    ("--job-name", "-J", ""),
    ("--parsable", "", ""),
    ("--wait", "-W", ""),
    ("--test-only", "", ""),
    ("--output", "-o", ""),
    ("--error", "-e", ""),
    ("--open-mode", "", ""),
    ("--ntasks", "-n", ""),
    ("--chdir", "-D", ""),
    ("--wrap", "", ""),
];

/// Why `extra` must not have this option, as a phrase that follows `extra`.
fn refusal(option: &str) -> Option<String> {
    if !option.starts_with('-') {
        return Some(format!("has `{option}`, which is no option; write `--name=value`"));
    }
    let name = option.split('=').next().unwrap_or_default();
    // `sbatch` takes the beginning of a long name for it.
    let is_own = |(long, short, _): &&(&str, &str, &str)| match option.starts_with("--") {
        true => name.len() > 2 && long.starts_with(name),
        false => !short.is_empty() && option.starts_with(short),
    };
    let (_, _, key) = OWN_OPTIONS.iter().find(is_own)?;
    Some(match *key {
        "" => format!("has `{option}`, which `report` sets itself"),
        key => format!("has `{option}`; set the key `{key}` instead"),
    })
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            options: Vec::new(),
            partition: None,
            clusters: None,
            cpus_per_task: 1,
            target_minutes: 20,
            max_running: 64,
            export: "NONE".to_owned(),
            setup: Vec::new(),
            extra: Vec::new(),
            sbatch: "sbatch".to_owned(),
            grace_seconds: 120,
            poll_seconds: 5,
        }
    }
}

impl Profile {
    /// Whether an option mentions a GPU.
    #[must_use]
    pub fn names_gpu(&self) -> bool {
        let values = self.options.iter().map(|(_, value)| value).chain(&self.extra);
        values.into_iter().any(|value| value.contains("gpu"))
    }
}

/// The profiles of a file, by name in alphabetical order.
///
/// # Errors
/// With every violation, in order of the lines.
pub fn read(root: &Node) -> Result<Vec<(String, Profile)>, Vec<Violation>> {
    let violations = Violations::default();
    let mut profiles = Vec::new();
    if let Value::Table(tables) = &root.value {
        for (name, node) in tables {
            let profile = Reader::new(node, name.as_str(), &keys::PROFILE, &violations)
                .map(|reader| read_profile(&reader));
            profiles.extend(profile.map(|profile| (name.clone(), profile)));
        }
    }
    match violations.is_empty() {
        true => Ok(profiles),
        false => Err(violations.into_sorted()),
    }
}

fn read_profile(reader: &Reader<'_>) -> Profile {
    let defaults = Profile::default();
    let value = |key| reader.optional::<String>(key);
    let options = OPTIONS.iter().filter_map(|(key, option)| Some((*option, value(key)?))).collect();
    if reader.node("mem").is_some() && reader.node("mem_per_cpu").is_some() {
        reader.refuse("mem_per_cpu", "excludes `mem`; give one of them, or none");
    }
    let lines = |key| reader.optional::<Vec<String>>(key).unwrap_or_default();
    let profile = Profile {
        options,
        partition: value("partition"),
        clusters: value("clusters"),
        cpus_per_task: reader.optional("cpus_per_task").unwrap_or(defaults.cpus_per_task),
        target_minutes: reader.optional("target_minutes").unwrap_or(defaults.target_minutes),
        max_running: reader.optional("max_running").unwrap_or(defaults.max_running),
        export: value("export").unwrap_or(defaults.export),
        setup: lines("setup"),
        extra: lines("extra"),
        sbatch: value("sbatch").unwrap_or(defaults.sbatch),
        grace_seconds: reader.optional("grace_seconds").unwrap_or(defaults.grace_seconds),
        poll_seconds: reader.optional("poll_seconds").unwrap_or(defaults.poll_seconds),
    };
    for why in profile.extra.iter().filter_map(|option| refusal(option)) {
        reader.refuse("extra", why);
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    fn read_text(text: &str) -> Result<Vec<(String, Profile)>, String> {
        let root = document::parse("slurm.toml", text).map_err(|found| found[0].to_string())?;
        read(&root)
            .map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn a_profile_gives_options_in_a_fixed_order_and_no_memory_unless_asked() {
        let text = "[gpu]\npartition = \"a100\"\naccount = \"x\"\ngres = \"gpu:1\"\ncpus_per_task = 4\n[default]\n";
        let profiles = read_text(text).unwrap();
        assert_eq!(profiles[0], ("default".to_owned(), Profile::default()));
        let gpu = &profiles[1].1;
        let options = gpu.options.iter().map(|(name, value)| format!("{name}={value}"));
        assert_eq!(
            options.collect::<Vec<_>>(),
            ["--account=x", "--partition=a100", "--gres=gpu:1"]
        );
        assert_eq!((gpu.cpus_per_task, gpu.target_minutes), (4, 20));
    }

    #[test]
    fn options_that_only_begin_like_one_of_the_program_are_accepted() {
        let text = "[a]\nextra = [\"--nice=100\", \"--no-requeue\", \"--mem-bind=local\", \"--gpus=1\", \"-H\"]";
        assert_eq!(read_text(text).unwrap()[0].1.extra.len(), 5);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, message) in [
            (
                "[a]\nmem = \"1G\"\nmem_per_cpu = \"1G\"",
                "slurm.toml:3: `a.mem_per_cpu` excludes `mem`",
            ),
            ("[a]\ncpus_per_task = 0", "slurm.toml:2: `a.cpus_per_task` must be from 1 to 1024"),
            ("[a]\npartitoin = \"x\"", "did you mean `partition`?"),
            ("account = \"x\"", "slurm.toml:1: `account` must be a table"),
            ("[a]\nextra = [\"--array=0-3\"]", "which `report` sets itself"),
            ("[a]\nextra = [\"nice\"]", "which is no option"),
            ("[a]\nextra = [\"-Mc2\"]", "`-Mc2`; set the key `clusters` instead"),
            ("[a]\nextra = [\"--part=x\"]", "set the key `partition` instead"),
            ("[a]\nextra = [\"--parsable\"]", "which `report` sets itself"),
        ] {
            let found = read_text(text).unwrap_err();
            assert!(found.contains(message), "{found}");
        }
    }
}
