//! Builds on a cluster: with commands that behave like Slurm's in odd cases, and with a real Slurm on this machine.

mod endings;
mod fake;
mod real;
mod several;
mod submissions;
mod workers;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::project::{Project, with_checksum};

const BUILD: [&str; 3] = ["build", "--executor", "slurm"];

/// A project of 24 runs that take about a tenth of a second each, with these lines in its profile.
fn project(profile: &str) -> Project {
    let project = Project::new();
    project.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = 6");
    project.edit("experiments/base/protocol.toml", "epochs = 2", "epochs = 60");
    project.edit("experiments/base/protocol.toml", "train_pairs = 20", "train_pairs = 200");
    project.write("experiments/slurm.toml", format!("[default]\npoll_seconds = 1\n{profile}\n"));
    project
}

/// [`project`] with commands that behave like Slurm's.
fn odd(profile: &str) -> Project {
    let project = project(profile);
    fake::install(&project);
    project
}

/// Puts commands that behave like Slurm's into a project.
pub(crate) fn on_a_cluster(project: &Project) {
    project.write("experiments/slurm.toml", "[default]\n");
    fake::install(project);
}

/// Makes each run take about three times as long.
fn slow_down(project: &Project) {
    project.edit("experiments/base/protocol.toml", "epochs = 60", "epochs = 180");
}

/// Makes each run of a slow project take about five times as long.
fn slow_down_more(project: &Project) {
    project.edit("experiments/base/protocol.toml", "train_pairs = 200", "train_pairs = 1000");
}

/// Records and report of one machine.
type OfOneMachine = (BTreeMap<String, serde_json::Value>, [String; 2]);

/// Those of the same project. Several tests have the same project, so each is built once.
fn alone(of: &Project) -> OfOneMachine {
    static KNOWN: Mutex<BTreeMap<String, OfOneMachine>> = Mutex::new(BTreeMap::new());
    let protocol = of.read("experiments/base/protocol.toml");
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let build = || {
        let alone = Project::new();
        alone.write("experiments/base/protocol.toml", &protocol);
        alone.build(&[]);
        (alone.records(), alone.report())
    };
    known.entry(protocol.clone()).or_insert_with(build).clone()
}

#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_mins(2), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The logs of all tasks, by plan and name.
fn logs(project: &Project) -> BTreeMap<String, String> {
    let plans = std::fs::read_dir(project.path(".report/jobs")).into_iter().flatten().flatten();
    let mut logs = BTreeMap::new();
    for plan in plans {
        let plan = plan.file_name().into_string().unwrap();
        for (name, text) in project.file_texts(&format!(".report/jobs/{plan}/log")) {
            logs.insert(format!("{plan}/{name}"), text);
        }
    }
    logs
}

/// How many times workers have trained a run and recorded it.
fn trained(project: &Project) -> usize {
    logs(project).values().flat_map(|log| log.lines()).filter(|line| line.ends_with(" s")).count()
}

#[track_caller]
fn assert_same_as_alone(project: &Project) {
    let (records, report) = alone(project);
    assert_eq!(project.records(), records);
    assert_eq!(project.report(), report);
    assert!(project.file_texts(".report/leases").is_empty());
}

/// Trains one run of each experiment here, and lets its record say that it took twelve seconds. So the others are expected
/// to take as long, and make several tasks.
fn for_several_tasks(project: &Project) {
    for experiment in ["deep", "fully-connected"] {
        project.run(&["build", experiment, "weight_sharing=true", "seed=0"]);
    }
    for file in project.record_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let (before, after) = text.split_once("\"seconds\":").unwrap();
        let after = &after[after.find(',').unwrap()..];
        std::fs::write(&file, with_checksum(&format!("{before}\"seconds\":12.0{after}"))).unwrap();
    }
    fake::command(project, "sinfo", "#!/bin/bash\necho 'test*|0/9/0/9|infinite'\n");
}

/// The numbers of tasks of all arrays that were submitted.
fn arrays(project: &Project) -> Vec<usize> {
    let calls = project.read("slurm/calls");
    let last =
        |call: &str| call.split_once("--array=0-")?.1.split_once('%')?.0.parse::<usize>().ok();
    calls.lines().map(|call| last(call).unwrap() + 1).collect()
}

/// Starts each worker through a command that kills it after some seconds.
fn kill_after(project: &Project, seconds: &str) {
    project.write("slurm/hook", "launch=\"$here/killed\"\n");
    let text = format!(
        "#!/bin/bash\nbash \"$@\" &\nworker=$!\nsleep {seconds}\nkill -9 $worker\nwait $worker\n"
    );
    fake::command(project, "killed", &text);
}

/// The names of all plans.
fn plans(project: &Project) -> Vec<String> {
    let names = std::fs::read_dir(project.path(".report/jobs")).into_iter().flatten().flatten();
    let names = names.filter(|entry| entry.path().join("plan.json").exists());
    names.map(|entry| entry.file_name().into_string().unwrap()).collect()
}
