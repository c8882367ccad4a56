//! A real Slurm on this machine, started by `tests/slurm/cluster.sh`.

use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::{BUILD, assert_same_as_alone, logs, plans, project, slow_down, trained, wait_until};
use crate::project::{Project, ended, spawn};

/// Tests share the cluster, but for those that stop parts of it.
static CLUSTER: RwLock<()> = RwLock::new(());

/// Whether there is a cluster. Says so if there is none.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn has_cluster() -> bool {
    let is_there = std::env::var_os("REPORT_TEST_CLUSTER").is_some();
    if !is_there {
        eprintln!(
            "skipped: there is no Slurm cluster; `tests/slurm/cluster.sh cargo test --release` starts one"
        );
    }
    is_there
}

/// A share of the cluster, if there is one.
fn cluster() -> Option<RwLockReadGuard<'static, ()>> {
    has_cluster().then(|| CLUSTER.read().unwrap_or_else(PoisonError::into_inner))
}

/// The whole cluster, if there is one.
fn whole_cluster() -> Option<RwLockWriteGuard<'static, ()>> {
    has_cluster().then(|| CLUSTER.write().unwrap_or_else(PoisonError::into_inner))
}

fn shell(script: &str) -> String {
    let output = Command::new("bash").args(["-c", script]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The process ids of the workers of a project.
fn workers(project: &Project) -> Vec<String> {
    let plan = project.path(".report/jobs");
    let found = shell(&format!("pgrep -f '^{}/program-.* worker '", plan.display()));
    found.lines().map(str::to_owned).collect()
}

#[test]
fn slurm_trains_what_one_machine_trains() {
    let Some(_cluster) = cluster() else { return };
    let project = project("");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}\n{:#?}", logs(&project));
    assert_eq!(trained(&project), 24);
    assert_same_as_alone(&project);
}

#[test]
fn a_submission_from_within_a_task_gets_its_own_index_and_cores() {
    let Some(_cluster) = cluster() else { return };
    let project = project("cpus_per_task = 2");
    let mut command = project.command(&BUILD);
    command.envs([
        ("SLURM_ARRAY_TASK_ID", "7"),
        ("SLURM_ARRAY_JOB_ID", "9"),
        ("SLURM_JOB_ID", "16"),
        ("SLURM_CPUS_PER_TASK", "1"),
        ("SLURM_NTASKS", "3"),
        ("SLURM_MEM_PER_CPU", "999999"),
    ]);
    let outcome = ended(spawn(command));
    assert_eq!(outcome.code, 0, "{outcome:#?}\n{:#?}", logs(&project));
    assert_eq!(trained(&project), 24);
}

#[test]
fn an_unknown_partition_is_refused_in_the_words_of_slurm() {
    let Some(_cluster) = cluster() else { return };
    let project = project("partition = \"nowhere\"");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    assert!(outcome.stderr.contains("invalid partition specified: nowhere"), "{outcome:#?}");
    assert!(outcome.stderr.contains("Invalid partition name specified"), "{outcome:#?}");
}

#[test]
fn a_killed_build_and_a_killed_worker_cost_no_run() {
    let Some(_cluster) = cluster() else { return };
    let project = project("grace_seconds = 2");
    slow_down(&project);
    let mut child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let child = spawn(project.command(&BUILD));
    std::thread::sleep(Duration::from_secs(1));
    let worker = workers(&project).remove(0);
    shell(&format!("kill -9 {worker}"));
    let outcome = ended(child);
    assert_eq!(outcome.code, 0, "{outcome:#?}\n{:#?}", logs(&project));
    assert!(outcome.stderr.contains("in the queue or in training"), "{outcome:#?}");
    assert!(outcome.stderr.contains("was killed (signal 9; memory?)"), "{outcome:#?}");
    assert_eq!(trained(&project), 24, "a run was trained twice");
    assert_same_as_alone(&project);
}

#[test]
fn a_cancelled_job_is_not_submitted_again() {
    let Some(_cluster) = cluster() else { return };
    let project = project("grace_seconds = 2");
    slow_down(&project);
    let child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 1);
    let plans: serde_json::Value =
        serde_json::from_str(&project.run(&["jobs", "--json"]).stdout).unwrap();
    let plan = plans["plans"][0]["plan"].as_str().unwrap().to_owned();
    let cancelled = project.run(&["jobs", "cancel", &plan]);
    assert_eq!(cancelled.code, 0, "{cancelled:#?}");
    let outcome = ended(child);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    assert!(outcome.stderr.contains("was cancelled"), "{outcome:#?}");
    assert!(outcome.stderr.contains("the same command submits these runs again"), "{outcome:#?}");
    let log = project.run(&["jobs", "log", &plan[..6]]);
    assert_eq!(log.code, 0, "{log:#?}");
    assert!(log.stdout.contains("experiment deep"), "{log:#?}");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_task_that_cannot_write_its_log_is_explained() {
    let Some(_cluster) = cluster() else { return };
    let project = project("grace_seconds = 1");
    let child = spawn(project.command(&BUILD));
    let plan = || {
        let plans = std::fs::read_dir(project.path(".report/jobs")).into_iter().flatten().flatten();
        plans.map(|entry| entry.path()).find(|path| path.join("array-0.json").exists())
    };
    wait_until("a plan", || plan().is_some());
    // Slurm starts the tasks a second later.
    std::fs::remove_dir(plan().unwrap().join("log")).unwrap();
    let outcome = ended(child);
    assert!(outcome.stderr.contains("did not start: can the node write"), "{outcome:#?}");
    assert_eq!(outcome.code, 0, "the next submission has its log: {outcome:#?}");
}

#[test]
fn a_task_of_a_lost_node_that_slurm_starts_again_goes_on_where_it_was() {
    let Some(_cluster) = cluster() else { return };
    let project = project("grace_seconds = 2\npartition = \"fragile\"");
    slow_down(&project);
    let child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 1);
    let worker = workers(&project).remove(0);
    shell(&format!(
        "kill -9 $(cat $(dirname $SLURM_CONF)/n3.pid) $(ps -o ppid= -p {worker}) {worker}
         scontrol update nodename=n3 state=down reason=test
         slurmd -N n3; scontrol update nodename=n3 state=resume"
    ));
    let waiting = || shell("squeue -h -p fragile -t pending -o %A");
    wait_until("the task in the queue", || !waiting().is_empty());
    // The build sees it there, longer than its grace.
    std::thread::sleep(Duration::from_secs(4));
    // By itself, Slurm lets it wait for two minutes.
    shell(&format!("scontrol update jobid={} starttime=now", waiting().trim()));
    let outcome = ended(child);
    assert_eq!(outcome.code, 0, "{outcome:#?}\n{:#?}", logs(&project));
    assert!(outcome.stderr.contains("1 pending"), "{outcome:#?}");
    assert!(!outcome.stderr.contains("submitted again"), "{outcome:#?}");
    assert_eq!((plans(&project).len(), trained(&project)), (1, 24), "{outcome:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_controller_that_restarts_and_a_node_that_dies_cost_no_run() {
    let Some(_cluster) = whole_cluster() else { return };
    let directory = shell("dirname \"$SLURM_CONF\"").trim().to_owned();
    // Otherwise, Slurm itself starts the tasks of the node again, but only after two minutes.
    let project = project("grace_seconds = 2\nextra = [\"--no-requeue\"]");
    slow_down(&project);
    let child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 1);
    shell(&format!("kill -9 $(cat {directory}/controller.pid)"));
    std::thread::sleep(Duration::from_secs(3));
    shell("slurmctld; for i in $(seq 50); do sinfo >/dev/null && break; sleep 0.2; done");
    // The node and all that runs on it.
    shell(&format!("kill -9 $(cat {directory}/n1.pid); pkill -9 -f 'slurmstepd.*' ; true"));
    for worker in workers(&project).into_iter().take(1) {
        shell(&format!("kill -9 {worker}"));
    }
    shell("scontrol update nodename=n1 state=down reason=test");
    std::thread::sleep(Duration::from_secs(1));
    shell("slurmd -N n1; scontrol update nodename=n1 state=resume");
    let outcome = ended(child);
    assert_eq!(outcome.code, 0, "{outcome:#?}\n{:#?}", logs(&project));
    assert_same_as_alone(&project);
}

#[test]
fn a_cancelled_program_leaves_no_process_and_no_record() {
    let Some(_cluster) = cluster() else { return };
    let project =
        crate::programs::one_run("setsid sleep 300 & (trap '' TERM; sleep 300) & sleep 300\n");
    project
        .edit("experiments/program.toml", "[program]", "[program]\ntimeout = \"10 min\"")
        .write("experiments/slurm.toml", "[default]\npoll_seconds = 1\ngrace_seconds = 2\n");
    let child = spawn(project.command(&BUILD));
    wait_until("a program", || crate::programs::processes(&project) >= 5);
    let plans: serde_json::Value =
        serde_json::from_str(&project.run(&["jobs", "--json"]).stdout).unwrap();
    let plan = plans["plans"][0]["plan"].as_str().unwrap().to_owned();
    assert_eq!(project.run(&["jobs", "cancel", &plan]).code, 0);
    let outcome = ended(child);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    wait_until("the end of all processes", || crate::programs::processes(&project) == 0);
    assert_eq!(project.count_records(), 0);
}
