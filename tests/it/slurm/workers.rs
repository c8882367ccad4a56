//! What workers do, refuse and leave.

use super::{BUILD, assert_same_as_alone, fake, odd, trained, wait_until};
use crate::project::{ended, spawn};

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
    assert!(outcome.stderr.contains("24 runs failed; the first: "), "{outcome:#?}");
    assert!(outcome.stderr.contains("no memory"), "{outcome:#?}");
    assert_eq!(fake::submissions(&project), 1);
    project.write("slurm/hook", "");
    let later = project.run(&BUILD);
    assert_eq!(later.code, 1, "{later:#?}");
    assert!(later.stderr.contains("24 runs failed in an earlier build"), "{later:#?}");
    let again = project.run(&[&BUILD[..], &["--retry-failed"]].concat());
    assert_eq!((again.code, fake::submissions(&project)), (0, 2), "{again:#?}");
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
