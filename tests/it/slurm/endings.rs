//! How tasks end, and what a build says and does then.

use super::{
    BUILD, assert_same_as_alone, fake, for_several_tasks, kill_after, odd, plans, slow_down,
    slow_down_more, trained, wait_until,
};
use crate::project::{ended, spawn};

#[test]
fn a_queue_that_does_not_answer_for_a_while_fails_nothing() {
    let project = odd("");
    slow_down(&project);
    let squeue = project.read("slurm/squeue");
    let child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 0);
    fake::command(
        &project,
        "squeue",
        "#!/bin/bash\necho 'slurm_load_jobs error: down' >&2\nexit 1\n",
    );
    std::thread::sleep(std::time::Duration::from_secs(4));
    fake::command(&project, "squeue", &squeue);
    let outcome = ended(child);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("warning: the scheduler does not answer"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 1);
}

#[test]
fn tasks_that_the_queue_has_forgotten_go_on_while_their_hearts_beat() {
    let project = odd("grace_seconds = 3");
    slow_down(&project);
    fake::command(&project, "squeue", "#!/bin/bash\nexit 0\n");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!((fake::submissions(&project), trained(&project)), (1, 24), "{outcome:#?}");
}

#[test]
fn a_processor_that_cannot_run_the_program_is_explained_and_not_tried_again() {
    let project = odd("grace_seconds = 1");
    kill_after(&project, "0.2");
    slow_down(&project);
    project.write("slurm/exit", "0:4");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    assert!(outcome.stderr.contains("name other nodes with `constraint`"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 1);
}

#[test]
fn workers_that_are_killed_again_and_again_end_the_build_with_the_reason() {
    let project = odd("grace_seconds = 1");
    slow_down(&project);
    slow_down_more(&project);
    kill_after(&project, "0.3");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    for words in [
        "ended (FAILED, RaisedSignal:9(Killed)): ",
        "submitted again (1 of 2)",
        "submitted again (2 of 2)",
        "not submitted again; log: `",
        "24 of 24 runs have no record, and no task works on them any more",
    ] {
        assert!(outcome.stderr.contains(words), "{words}: {outcome:#?}");
    }
    assert_eq!(fake::submissions(&project), 3);
    assert!(project.read("reports/report.md").contains("are missing"));
}

#[test]
fn a_run_that_kills_its_task_does_not_take_the_others_along() {
    let project = odd("grace_seconds = 1");
    project.write(
        "experiments/endless.toml",
        "extends = \"base/protocol.toml\"\ntitle = \"endless\"\nseeds = 1\ntrain.epochs = 1000000\n\
         model.branch = [\"flatten\", { layer = \"linear\", outputs = 10 }]\n",
    );
    kill_after(&project, "6");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    assert!(outcome.stderr.contains("2 of 26 runs have no record"), "{outcome:#?}");
    assert_eq!(project.count_records(), 24);
    // No record is partial.
    assert_eq!(project.run(&["verify"]).code, 0);
}

/// Sends a signal to each worker in the middle of its runs.
fn signal(signal: &str, words: &str) {
    let project = odd("grace_seconds = 1");
    slow_down(&project);
    let child = spawn(project.command(&BUILD));
    wait_until("a record", || project.count_records() > 1);
    for (name, process) in project.file_texts("slurm") {
        if name.starts_with("task-") {
            let arguments = [&format!("-{signal}"), process.trim()];
            let _ = std::process::Command::new("kill").args(arguments).status();
        }
    }
    let outcome = ended(child);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains(words), "{outcome:#?}");
    assert!(outcome.stderr.contains("submitted again"), "{outcome:#?}");
    // No record is partial.
    assert_eq!(project.run(&["verify"]).code, 0);
    assert_same_as_alone(&project);
}

#[test]
fn a_worker_that_is_terminated_loses_only_what_it_trains() {
    signal("TERM", "was ended by signal 15");
}

#[test]
fn a_worker_that_is_warned_by_a_user_signal_loses_only_what_it_trains() {
    signal("USR1", "was ended by signal 10");
}

#[test]
fn a_worker_that_is_killed_loses_only_what_it_trains() {
    signal("KILL", "Killed");
}

#[test]
fn the_scheduler_is_asked_once_how_the_tasks_of_a_job_ended() {
    let project = odd("grace_seconds = 1\ntarget_minutes = 1");
    slow_down(&project);
    for_several_tasks(&project);
    kill_after(&project, "0.1");
    project.write("slurm/exit", "0:9");
    let outcome = project.run(&BUILD);
    let told = outcome.stderr.matches("was killed (signal 9; memory?)").count();
    let asked = project.read("slurm/asked");
    let questions = asked.lines().filter(|call| call.contains("show job")).count();
    assert!(told > 4, "{outcome:#?}");
    // Tasks of a job may end in the time between two looks, or in two.
    assert!(questions <= 2 * fake::accepted(&project) && questions < told, "{asked} {outcome:#?}");
}

#[test]
fn the_list_of_jobs_does_not_call_a_task_running_that_has_been_silent_for_long() {
    let project = odd("");
    slow_down(&project);
    kill_after(&project, "1");
    assert_eq!(project.run(&[&BUILD[..], &["--detach"]].concat()).code, 0);
    let plan = plans(&project).remove(0);
    let state = format!(".report/jobs/{plan}/state/0.json");
    wait_until("the state of the task", || project.path(&state).exists());
    std::thread::sleep(std::time::Duration::from_secs(2));
    fake::command(&project, "squeue", "#!/bin/bash\nexit 0\n");
    // As if it had worked on another machine, whose processes cannot be asked for.
    let mut said: serde_json::Value = serde_json::from_str(&project.read(&state)).unwrap();
    said["host"] = "elsewhere".into();
    project.write(&state, said.to_string());
    let running = || {
        let listed = project.run(&["jobs", "--json"]);
        let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
        listed["plans"][0]["running"].clone()
    };
    assert_eq!(running(), 1, "it may work");
    let old = ["-d", "10 minutes ago", &state];
    let mut touch = std::process::Command::new("touch");
    assert!(touch.args(old).current_dir(project.path("")).status().unwrap().success());
    assert_eq!(running(), 0);
}

#[test]
fn logs_are_shown_whatever_is_in_them_and_whatever_the_settings_say() {
    let project = odd("");
    project.write("slurm/hook", "launch=true\n");
    assert_eq!(project.run(&[&BUILD[..], &["--detach"]].concat()).code, 0);
    let plan = plans(&project).remove(0);
    project.write(&format!(".report/jobs/{plan}/log/0-0.log"), b"before \xff after\n");
    project.write("experiments/slurm.toml", "this is no TOML");
    let log = project.run(&["jobs", "log", &format!("{plan}.0")]);
    assert_eq!((log.code, log.stdout.as_str()), (0, "before \u{fffd} after\n"), "{log:#?}");
}
