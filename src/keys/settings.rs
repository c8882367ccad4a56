//! The files of a cluster and of a store.

use super::section::{Key, Section, Tag, Takes};

static TEXT: Takes = Takes::Text;
static OF_PROFILES: Takes = Takes::Table(&PROFILE);

/// The file `slurm.toml`: a table for each profile.
pub(super) const PROFILES: Takes = Takes::Map(&OF_PROFILES);

/// A profile of a cluster.
pub static PROFILE: Section = Section {
    path: "PROFILE",
    about: "How tasks of a Slurm cluster are asked for.",
    example: r#"[default]
partition = "short"
mem = "4G"
target_minutes = 30"#,
    tag: Tag::None,
    keys: &[&[
        Key::optional("account", Takes::Text, "the option of `sbatch`"),
        Key::optional("partition", Takes::Text, "the option of `sbatch`"),
        Key::optional("qos", Takes::Text, "the option of `sbatch`"),
        Key::optional("clusters", Takes::Text, "the option of `sbatch`"),
        Key::optional("constraint", Takes::Text, "the option of `sbatch`"),
        Key::optional("gres", Takes::Text, "the option of `sbatch`"),
        Key::optional(
            "mem",
            Takes::Text,
            "memory, such as `\"4G\"`. Some sites refuse this option, so it is not given unless you set it.",
        ),
        Key::optional("mem_per_cpu", Takes::Text, "memory for each core, in place of `mem`"),
        Key::default(
            "cpus_per_task",
            Takes::Integer(1, 1024),
            "1",
            "cores of a task. A task trains as many runs at the same time.",
        ),
        Key::default(
            "target_minutes",
            Takes::Integer(1, 10_080),
            "20",
            "longest duration of a task, if no run takes longer",
        ),
        Key::default(
            "max_running",
            Takes::Integer(1, 100_000),
            "64",
            "largest number of tasks of a job array that run at the same time. A plan is one array, or several if it has \
             more tasks than `MaxArraySize` of the cluster.",
        ),
        Key::default(
            "export",
            Takes::Text,
            "`\"NONE\"`",
            "environment of the tasks: `--export` of `sbatch`",
        ),
        Key::default("setup", Takes::List(&TEXT), "`[]`", "lines of bash before the worker starts"),
        Key::default(
            "extra",
            Takes::List(&TEXT),
            "`[]`",
            "further options of `sbatch`, such as `\"--nice=100\"`; not those that another key or `report` itself sets",
        ),
        Key::default(
            "sbatch",
            Takes::Text,
            "`\"sbatch\"`",
            "path of `sbatch`. The other commands are taken from the same folder, if they are there.",
        ),
        Key::default(
            "poll_seconds",
            Takes::Integer(1, 3600),
            "5",
            "shortest time between two looks at the queue. It grows to one minute while nothing changes.",
        ),
        Key::default(
            "grace_seconds",
            Takes::Integer(0, 86_400),
            "120",
            "how long a task may be out of sight before it counts as ended",
        ),
    ]],
};

/// The file `store.toml`.
pub static STORE: Section = Section {
    path: "",
    about: "The store of the project.",
    example: r#"url = "s3://records/my-paper""#,
    tag: Tag::None,
    keys: &[&[Key::required("url", Takes::Text, "the address of the store")]],
};
