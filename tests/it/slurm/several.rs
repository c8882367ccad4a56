//! Builds that are killed, that detach, or that run at the same time.

use std::process::Command;
use std::time::Duration;

use super::{BUILD, assert_same_as_alone, fake, odd, plans, slow_down, trained, wait_until};
use crate::project::{Outcome, Project, ended, spawn, trained as trained_here};

const DETACH: [&str; 4] = ["build", "--executor", "slurm", "--detach"];

#[test]
fn a_build_that_is_killed_loses_nothing_and_the_next_one_attaches() {
    let project = odd("");
    slow_down(&project);
    let mut child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("in the queue or in training"), "{outcome:#?}");
    assert_eq!((fake::submissions(&project), trained(&project)), (1, 24), "{outcome:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_build_that_is_killed_at_any_of_20_points_costs_no_run() {
    let project = odd("");
    slow_down(&project);
    for point in 0..20 {
        let mut child = spawn(project.command(&BUILD));
        std::thread::sleep(std::time::Duration::from_millis(15 * point));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!(trained(&project), 24, "{outcome:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_build_on_a_cluster_and_one_on_this_machine_train_each_run_once() {
    let project = odd("");
    slow_down(&project);
    let children = [&BUILD[..], &["build", "-j", "1", "--out", "elsewhere"]]
        .map(|arguments| spawn(project.command(arguments)));
    let [on_cluster, here] = children.map(ended);
    assert_eq!((on_cluster.code, here.code), (0, 0), "{on_cluster:#?} {here:#?}");
    assert_eq!(trained(&project) + trained_here(&here), 24, "{on_cluster:#?} {here:#?}");
    assert_same_as_alone(&project);
}

/// Builds twice at the same time, as two users on two machines that share a directory. The second machine is this one with
/// another name, where that is allowed.
fn two_builds(project: &Project, between: impl FnOnce()) -> [Outcome; 2] {
    let one = spawn(project.command(&BUILD));
    between();
    let renamed = || {
        let mut command = Command::new("unshare");
        command.args(["--uts", "sh", "-c", "hostname elsewhere && exec \"$0\" \"$@\""]);
        command
    };
    let is_allowed = renamed().arg("true").status().is_ok_and(|status| status.success());
    let mut other = project.command(&BUILD);
    if is_allowed {
        other = renamed();
        other.arg(env!("CARGO_BIN_EXE_report")).args(BUILD).current_dir(project.path(""));
    }
    other.envs([("USER", "another"), ("HOME", "/nowhere")]).args(["--out", "elsewhere"]);
    let other = spawn(other);
    [ended(one), ended(other)]
}

#[test]
fn two_users_who_build_at_the_same_time_submit_no_run_twice() {
    let project = odd("");
    // The first submission takes a while.
    project.write("slurm/hook", "sleep 1\n");
    let outcomes = two_builds(&project, || ());
    for outcome in &outcomes {
        assert_eq!(outcome.code, 0, "{outcomes:#?}");
        assert!(outcome.stderr.contains("24/24 runs recorded"), "{outcomes:#?}");
    }
    let waits = outcomes.iter().filter(|outcome| outcome.stderr.contains("another build submits"));
    assert_eq!(waits.count(), 1, "{outcomes:#?}");
    assert_eq!((fake::submissions(&project), trained(&project)), (1, 24), "{outcomes:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn two_builds_that_watch_a_task_submit_it_once_when_it_dies() {
    let project = odd("grace_seconds = 1");
    slow_down(&project);
    let outcomes = two_builds(&project, || {
        wait_until("a record", || project.count_records() > 1);
        let project = project.path("slurm");
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(1500));
            let script = format!("kill -9 $(cat {}/task-101-*)", project.display());
            assert!(Command::new("bash").args(["-c", &script]).status().unwrap().success());
        });
    });
    for outcome in &outcomes {
        assert_eq!(outcome.code, 0, "{outcomes:#?}");
    }
    // Either of them may see it first.
    assert!(outcomes.iter().any(|outcome| outcome.stderr.contains("Killed")), "{outcomes:#?}");
    // The run that was in training gets a task of its own.
    assert_eq!((fake::accepted(&project), trained(&project)), (3, 24), "{outcomes:#?}");
    assert_same_as_alone(&project);
}

/// A project of eight runs of milliseconds.
fn small() -> Project {
    let project = Project::new();
    project.write("experiments/slurm.toml", "[default]\npoll_seconds = 1\ngrace_seconds = 1\n");
    fake::install(&project);
    project
}

/// Kills the build at the call of one of Slurm's commands with this number, from 1.
fn kill_at(project: &Project, call: usize) {
    project.write(
        "slurm/point",
        format!(
            "echo >> \"$here/points\"\nif [ \"$(wc -l < \"$here/points\")\" = {call} ]; then kill -9 $PPID; exit 1; fi\n"
        ),
    );
    let _ = std::fs::remove_file(project.path("slurm/points"));
}

#[test]
fn a_build_that_is_killed_twice_at_any_of_20_calls_submits_one_job() {
    let killed = |first: usize, second: usize| {
        let project = small();
        let mut killed = 0;
        for call in [first, second] {
            kill_at(&project, call);
            killed += usize::from(ended(spawn(project.command(&BUILD))).code == -1);
        }
        std::fs::remove_file(project.path("slurm/point")).unwrap();
        let outcome = project.run(&BUILD);
        assert_eq!(outcome.code, 0, "{first} {second}: {outcome:#?}");
        assert_eq!(fake::accepted(&project), 1, "{first} {second}: {outcome:#?}");
        assert_eq!(project.count_records(), 8);
        killed
    };
    let killed: usize = std::thread::scope(|scope| {
        let of_call = |first| move || (1..=4).map(|second| killed(first, second)).sum::<usize>();
        let threads: Vec<_> = (1..=5).map(|first| scope.spawn(of_call(first))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(killed > 20, "{killed}");
}

#[test]
fn a_build_that_detaches_submits_again_what_died_while_nobody_watched() {
    let project = small();
    let squeue = project.read("slurm/squeue");
    // The queue forgets at once, and no worker starts.
    fake::command(&project, "squeue", "#!/bin/bash\nexit 0\n");
    project.write("slurm/hook", "launch=true\n");
    for attempt in 0..3 {
        let outcome = project.run(&DETACH);
        assert_eq!((outcome.code, fake::accepted(&project)), (0, attempt + 1), "{outcome:#?}");
        let waits = outcome.stderr.contains("this build waits for a sign of life");
        assert_eq!(waits, attempt > 0, "{outcome:#?}");
    }
    let outcome = project.run(&DETACH);
    assert_eq!((outcome.code, fake::accepted(&project)), (5, 3), "too often: {outcome:#?}");
    // A task that works is left alone.
    fake::command(&project, "squeue", &squeue);
    project.write("slurm/hook", "launch=\"$here/waits\"\n");
    fake::command(
        &project,
        "waits",
        "#!/bin/bash\nhere=$(dirname \"$0\")\nwhile [ ! -f \"$here/go\" ]; do sleep 0.05; done\nexec bash \"$@\"\n",
    );
    for plan in plans(&project) {
        std::fs::remove_dir_all(project.path(&format!(".report/jobs/{plan}"))).unwrap();
    }
    for _ in 0..2 {
        let outcome = project.run(&DETACH);
        assert_eq!((outcome.code, fake::accepted(&project)), (0, 4), "{outcome:#?}");
    }
    project.write("slurm/go", "");
    wait_until("all records", || project.count_records() == 8);
}

#[test]
fn a_build_that_detaches_submits_again_what_the_queue_says_has_ended_without_a_word() {
    let project = small();
    project.write("slurm/hook", "launch=true\n");
    // All tasks have failed, whether their process is still there or not.
    let failed = project.read("slurm/squeue").replace("RUNNING|None", "FAILED|NonZeroExitCode");
    fake::command(&project, "squeue", &failed);
    for accepted in 1..3 {
        let outcome = project.run(&DETACH);
        assert_eq!((outcome.code, fake::accepted(&project)), (0, accepted), "{outcome:#?}");
    }
}

#[test]
fn a_build_that_detaches_knows_a_forgotten_task_by_its_heartbeat() {
    let project = odd("grace_seconds = 1");
    slow_down(&project);
    fake::command(&project, "squeue", "#!/bin/bash\nexit 0\n");
    assert_eq!(project.run(&DETACH).code, 0);
    wait_until("a record", || project.count_records() > 1);
    let outcome = project.run(&DETACH);
    assert_eq!((outcome.code, fake::accepted(&project)), (0, 1), "{outcome:#?}");
    assert!(outcome.stderr.contains("this build waits for a sign of life"), "{outcome:#?}");
    wait_until("all records", || project.count_records() == 24);
}

#[test]
fn a_scheduler_that_does_not_answer_at_the_second_submission_is_asked_again() {
    let project = odd("grace_seconds = 1");
    slow_down(&project);
    let squeue = project.read("slurm/squeue");
    let down = "if [ -f \"$here/down\" ]; then\necho 'error: Unable to contact slurm controller' >&2; exit 1\nfi\n";
    project.write("slurm/hook", down);
    fake::command(&project, "squeue", &squeue.replacen("names=,", &format!("{down}names=,"), 1));
    let child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 1);
    // The queue reports the death. After that, it does not answer for a while.
    project.write(
        "slurm/hook",
        format!("touch \"$here/down\"; ( sleep 4; rm \"$here/down\" ) > /dev/null 2>&1 &\nrm \"$here/hook\"\n{down}"),
    );
    let script = format!("kill -9 $(cat {}/task-101-*)", project.path("slurm").display());
    assert!(Command::new("bash").args(["-c", &script]).status().unwrap().success());
    let outcome = ended(child);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("Unable to contact slurm controller"), "{outcome:#?}");
    // The run that was in training gets a task of its own.
    assert_eq!((fake::accepted(&project), trained(&project)), (3, 24), "{outcome:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_job_of_someone_else_with_the_same_number_is_neither_waited_for_nor_cancelled() {
    let project = odd("grace_seconds = 1");
    project.write("slurm/hook", "launch=true\n");
    assert_eq!(project.run(&DETACH).code, 0);
    // The scheduler has forgotten the job, and uses its number again.
    for (name, _) in project.file_texts("slurm") {
        if name.starts_with("task-101-") {
            std::fs::remove_file(project.path(&format!("slurm/{name}"))).unwrap();
        }
    }
    let mut foreign = Command::new("sleep").arg("60").spawn().unwrap();
    project.write("slurm/task-101-0-foreign", foreign.id().to_string());
    let cancelled = project.run(&["jobs", "cancel", &plans(&project)[0]]);
    assert!(cancelled.stderr.contains("no job of this plan is in the queue"), "{cancelled:#?}");
    assert!(foreign.try_wait().unwrap().is_none(), "it still runs");
    project.write("slurm/hook", "");
    let outcome = project.run(&BUILD);
    assert_eq!((outcome.code, fake::accepted(&project)), (0, 2), "{outcome:#?}");
    assert!(foreign.try_wait().unwrap().is_none(), "it still runs");
    foreign.kill().unwrap();
    foreign.wait().unwrap();
    assert_same_as_alone(&project);
}

#[test]
fn a_plan_of_another_version_is_left_out_with_a_message_and_not_removed() {
    let project = odd("grace_seconds = 1");
    project.write("slurm/hook", "launch=true\n");
    assert_eq!(project.run(&DETACH).code, 0);
    let plan = plans(&project).remove(0);
    let file = format!(".report/jobs/{plan}/plan.json");
    project.write("slurm/hook", "");
    for (from, to, why) in [
        ("\"format\":1", "\"format\":2", "has the format 2, and this program reads 1"),
        ("\"attempt\":0", "\"attempts\":0", "is not a plan: unknown field `attempts`"),
    ] {
        let whole = project.read(&file);
        project.edit(&file, from, to);
        let outcome = project.run(&BUILD);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        assert_eq!(project.count_records(), 24);
        if fake::accepted(&project) == 2 {
            assert!(outcome.stderr.contains(&format!("the plan {plan} {why}")), "{outcome:#?}");
        }
        assert!(project.path(&file).exists(), "nothing is lost");
        project.write(&file, whole);
        std::fs::remove_dir_all(project.path(".report/records")).unwrap();
    }
}

#[test]
fn plans_are_removed_when_all_runs_have_records_and_no_task_waits() {
    let project = small();
    project.write("slurm/hook", "launch=\"$here/waits\"\n");
    fake::command(
        &project,
        "waits",
        "#!/bin/bash\nhere=$(dirname \"$0\")\nwhile [ ! -f \"$here/go\" ]; do sleep 0.05; done\nexec bash \"$@\"\n",
    );
    assert_eq!(project.run(&DETACH).code, 0);
    project.build(&[]);
    // The task still waits, and needs its files.
    assert_eq!(project.run(&BUILD).code, 0);
    assert_eq!(plans(&project).len(), 1);
    project.write("slurm/go", "");
    wait_until("the removal of the plan", || {
        assert_eq!(project.run(&BUILD).code, 0);
        plans(&project).is_empty()
    });
}
