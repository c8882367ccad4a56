//! Problems with schedulers that users of other tools have reported. Each is a test.

use super::{
    BUILD, assert_same_as_alone, fake, logs, project, slow_down, slow_down_more, trained,
    wait_until,
};
use crate::project::{Project, ended, spawn, trained as trained_here, with_checksum};

fn odd(profile: &str) -> Project {
    let project = project(profile);
    fake::install(&project);
    project
}

#[test]
fn a_build_on_a_cluster_has_the_records_and_the_report_of_one_machine() {
    let project = odd("");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}\n{:#?}", logs(&project));
    assert!(outcome.stderr.contains("24/24 runs recorded"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 1);
    assert_eq!(trained(&project), 24);
    assert_same_as_alone(&project);
    let again = project.run(&BUILD);
    assert_eq!(
        (again.code, trained_here(&again), fake::submissions(&project)),
        (0, 0, 1),
        "{again:#?}"
    );
}

#[test]
fn a_project_may_be_named_by_a_relative_path() {
    let project = odd("");
    let place = project.path("");
    let mut command = project.command(&[&BUILD[..], &["--project", "./here"]].concat());
    std::os::unix::fs::symlink(&place, place.join("here")).unwrap();
    command.current_dir(&place);
    let outcome = ended(spawn(command));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!(trained(&project), 24);
}

#[test]
fn a_damaged_record_is_moved_and_its_run_trained_again() {
    let project = odd("");
    assert_eq!(project.run(&BUILD).code, 0);
    std::fs::write(&project.record_files()[5], "damaged").unwrap();
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("and its run is trained again"), "{outcome:#?}");
    assert_eq!(project.file_texts(".report/quarantine").len(), 1);
    assert_same_as_alone(&project);
}

#[test]
fn every_form_in_which_sbatch_and_wrappers_name_the_job_is_understood() {
    for form in [
        "$job;here",
        "Submitted batch job $job",
        "Welcome to 3 nodes\n$job\nHave a nice day",
        "$job",
    ] {
        let project = odd("");
        project.write("slurm/after", format!("form=\"{form}\""));
        let outcome = project.run(&BUILD);
        assert_eq!(outcome.code, 0, "{form}: {outcome:#?}");
        assert_eq!(fake::submissions(&project), 1);
    }
}

#[test]
fn a_cluster_that_is_named_is_asked_with_each_command() {
    let project = odd("clusters = \"c2\"");
    let squeue = project.read("slurm/squeue");
    fake::command(
        &project,
        "squeue",
        &squeue.replace(
            "names=,",
            "case \" $* \" in *' -M c2 '*) ;; *) echo 'no -M' >&2; exit 1 ;; esac\nnames=,",
        ),
    );
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(!outcome.stderr.contains("no -M"), "{outcome:#?}");
    assert!(project.read("slurm/calls").contains("--clusters=c2"));
}

#[test]
fn a_submission_that_fails_after_the_job_was_accepted_is_found_by_its_name() {
    let project = odd("");
    project.write("slurm/after", "echo 'sbatch: error: Socket timed out' >&2; exit 1");
    slow_down(&project);
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!((fake::submissions(&project), trained(&project)), (1, 24));
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_scheduler_and_leaves_nothing() {
    let project = odd("partition = \"gpuu\"");
    let words = "sbatch: error: invalid partition specified: gpuu";
    project.write("slurm/hook", format!("echo '{words}' >&2; exit 1"));
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    assert!(outcome.stderr.contains(words), "{outcome:#?}");
    assert!(outcome.stderr.contains("hint: "), "{outcome:#?}");
    assert_eq!(project.run(&["jobs", "--json"]).stdout.trim(), r#"{"plans":[],"schema":1}"#);
}

#[test]
fn a_missing_sbatch_and_a_silent_scheduler_have_their_own_status() {
    let project = project("sbatch = \"/no/such/sbatch\"");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("`/no/such/sbatch` does not start"), "{outcome:#?}");
    let project = odd("");
    let down = "#!/bin/bash\necho 'error: Unable to contact slurm controller (connect failure)' >&2\nexit 1\n";
    for name in ["sbatch", "squeue", "sinfo", "scontrol"] {
        fake::command(&project, name, down);
    }
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 4, "{outcome:#?}");
    assert!(outcome.stderr.contains("Unable to contact slurm controller"), "{outcome:#?}");
}

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
    fake::command(project, "sinfo", "#!/bin/bash\necho '0/9/0/9|infinite'\n");
}

/// The numbers of tasks of all arrays that were submitted.
fn arrays(project: &Project) -> Vec<usize> {
    let calls = project.read("slurm/calls");
    let last =
        |call: &str| call.split_once("--array=0-")?.1.split_once('%')?.0.parse::<usize>().ok();
    calls.lines().map(|call| last(call).unwrap() + 1).collect()
}

#[test]
fn an_array_larger_than_the_scheduler_allows_becomes_several() {
    let project = odd("target_minutes = 1");
    for_several_tasks(&project);
    // Nine tasks run at the same time, and 22 runs of twelve seconds are five minutes.
    let preview = project.run(&[&BUILD[..], &["--dry-run"]].concat());
    assert!(preview.stdout.contains("22 runs → 5 tasks of at most about 1 min"), "{preview:#?}");
    assert!(!project.path(".report/jobs").exists(), "a dry run changes nothing");
    fake::command(&project, "scontrol", "#!/bin/bash\necho 'MaxArraySize = 2'\n");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let arrays = arrays(&project);
    assert!(arrays.len() > 1 && arrays.iter().all(|tasks| *tasks <= 2), "{arrays:?} {outcome:#?}");
    assert_eq!(trained(&project), 22);
    assert_same_as_alone(&project);
}

#[test]
fn a_limit_on_jobs_makes_waves_and_a_message() {
    let project = odd("target_minutes = 1");
    for_several_tasks(&project);
    // Accepts one task at a time.
    let words = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit)";
    project.write(
        "slurm/hook",
        format!(
            "live=$(bash \"$here/squeue\" -n \"$(cat \"$here/names\" 2>/dev/null)\" | grep -c RUNNING)\n\
             if [ \"$last\" -gt 0 ] || [ \"$live\" -gt 0 ]; then\n\
             sed -i '$d' \"$here/calls\"; echo '{words}' >&2; exit 1\nfi\n\
             echo -n \",$name\" >> \"$here/names\"\n"
        ),
    );
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let arrays = arrays(&project);
    assert!(arrays.len() > 1 && arrays.iter().all(|tasks| *tasks == 1), "{arrays:?}");
    assert!(outcome.stderr.contains("the scheduler accepts no more jobs now"), "{outcome:#?}");
    assert!(outcome.stderr.contains(words), "{outcome:#?}");
    assert_eq!(trained(&project), 22);
}

#[test]
fn records_that_a_network_file_system_shows_late_are_waited_for() {
    let project = odd("");
    project.write("slurm/hook", "launch=\"$here/late\"\n");
    let records = project.path(".report/records").display().to_string();
    let text = format!(
        "#!/bin/bash\nbash \"$@\"\nmv {records} {records}.late\nsleep 8\nmv {records}.late {records}\n"
    );
    fake::command(&project, "late", &text);
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!((fake::submissions(&project), trained(&project)), (1, 24), "{outcome:#?}");
}

#[test]
fn a_processor_that_cannot_run_the_program_is_explained_and_not_tried_again() {
    let project = odd("grace_seconds = 1");
    kill_after(&project, "0.2");
    slow_down(&project);
    fake::command(&project, "scontrol", "#!/bin/bash\necho 'JobId=1 ExitCode=0:4 Restarts=0'\n");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    assert!(outcome.stderr.contains("name other nodes with `constraint`"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 1);
}

#[test]
fn a_worker_whose_disk_is_full_says_so_and_leaves_no_partial_record() {
    let project = odd("grace_seconds = 1");
    project.write("slurm/hook", "launch=\"$here/full\"\n");
    // The scripts and states are smaller than a block, and the records larger.
    fake::command(&project, "full", "#!/bin/bash\ntrap '' XFSZ\nulimit -f 1\nexec bash \"$@\"\n");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    assert!(outcome.stderr.contains("could not go on: cannot write `"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 3);
    assert_eq!(project.count_records(), 0);
    project.write("slurm/hook", "");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_run_that_fails_on_a_worker_is_not_submitted_again() {
    let project = odd("grace_seconds = 1");
    project.write("slurm/hook", "launch=\"$here/fails\"\n");
    // Notes a failure of each run, as a worker does.
    fake::command(
        &project,
        "fails",
        "#!/bin/bash\nplan=$(dirname \"$1\")\nmkdir -p \"$plan/../../failures\"\n\
         for run in $(grep -o '\"digest\":\"[0-9a-f]*\"' \"$plan\"/tasks/*.json | cut -d'\"' -f4); do\n\
         echo \"{\\\"digest\\\":\\\"$run\\\",\\\"error\\\":\\\"no memory\\\",\\\"failed_at\\\":9999999999}\" \
         > \"$plan/../../failures/$run.json\"\ndone\n",
    );
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("24 runs failed"), "{outcome:#?}");
    assert!(outcome.stderr.contains("no memory"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 1);
    project.write("slurm/hook", "");
    assert_eq!(project.run(&BUILD).code, 1);
    let again = project.run(&[&BUILD[..], &["--retry-failed"]].concat());
    assert_eq!((again.code, fake::submissions(&project)), (0, 2), "{again:#?}");
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

/// Starts each worker through a command that kills it after some seconds.
fn kill_after(project: &Project, seconds: &str) {
    project.write("slurm/hook", "launch=\"$here/killed\"\n");
    let text = format!(
        "#!/bin/bash\nbash \"$@\" &\nworker=$!\nsleep {seconds}\nkill -9 $worker\nwait $worker\n"
    );
    fake::command(project, "killed", &text);
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
fn edits_while_tasks_wait_change_nothing_for_them() {
    let project = odd("");
    // The tasks wait for a file.
    project.write("slurm/hook", "launch=\"$here/waits\"\n");
    fake::command(
        &project,
        "waits",
        "#!/bin/bash\nhere=$(dirname \"$0\")\nwhile [ ! -f \"$here/go\" ]; do sleep 0.05; done\nexec bash \"$@\"\n",
    );
    let outcome = project.run(&[&BUILD[..], &["--detach"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let protocol = project.read("experiments/base/protocol.toml");
    project.edit("experiments/base/protocol.toml", "epochs = 60", "epochs = 61");
    project.write("slurm/go", "");
    wait_until("all records", || project.count_records() == 24);
    project.write("experiments/base/protocol.toml", protocol);
    assert_eq!(project.build(&["--frozen"]), 0);
    assert_same_as_alone(&project);
}

#[test]
fn a_worker_refuses_another_plan_another_task_and_another_program() {
    let project = odd("");
    project.write("slurm/hook", "launch=true\n");
    let outcome = project.run(&[&BUILD[..], &["--detach"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let plan = std::fs::read_dir(project.path(".report/jobs")).unwrap().flatten();
    let plan = plan.map(|entry| entry.path()).find(|path| path.join("plan.json").exists()).unwrap();
    let place =
        |name: &str| plan.join(name).strip_prefix(project.path("")).unwrap().display().to_string();
    let (file, task) = (place("plan.json"), place("tasks/0.json"));
    let work = |arguments: &[&str]| {
        let outcome = project.run(&[&["worker", "--plan", &file][..], arguments].concat());
        assert_eq!(project.count_records(), 0, "{outcome:#?}");
        assert_eq!(outcome.code, 78, "{outcome:#?}");
        outcome.stderr
    };
    let digest = "0".repeat(64);
    assert!(work(&["--index", "0", "--digest", &digest]).contains("is asked for"));
    assert!(work(&["--index", "99"]).contains("none has the index 99"));
    let text = project.read(&task);
    project.write(&task, text.replacen("\"epochs\":60", "\"epochs\":61", 1));
    assert!(work(&["--index", "0"]).contains("has changed since the plan was made"));
    project.write(&task, &text);
    let whole = project.read(&file);
    project.write(&file, whole.replacen("\"attempt\":0", "\"attempt\":1", 1));
    assert!(work(&["--index", "0"]).contains("has the digest"));
    project.write(&file, &whole);
    // A copy of the program with one more byte still runs, but is another one.
    let other = project.path("other");
    let mut bytes = std::fs::read(env!("CARGO_BIN_EXE_report")).unwrap();
    bytes.push(0);
    std::fs::write(&other, bytes).unwrap();
    fake::command(&project, "copy", "#!/bin/sh\n");
    std::fs::set_permissions(
        &other,
        std::fs::metadata(project.path("slurm/copy")).unwrap().permissions(),
    )
    .unwrap();
    let mut command = std::process::Command::new(&other);
    command.args(["worker", "--plan", &file, "--index", "0"]).current_dir(project.path(""));
    let outcome = ended(spawn(command));
    assert_eq!(outcome.code, 78, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("this program is not the one that the plan was made for"),
        "{outcome:#?}"
    );
    // Records that are somewhere else on this machine.
    std::fs::rename(project.path(".report/records"), project.path("elsewhere")).unwrap();
    std::fs::create_dir(project.path(".report/records")).unwrap();
    assert!(work(&["--index", "0"]).contains("not in a directory that this machine shares"));
}
