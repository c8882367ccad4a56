//! What is submitted, in the odd cases that users of other tools have reported.

use super::{
    BUILD, arrays, assert_same_as_alone, fake, for_several_tasks, logs, odd, plans, project,
    slow_down, trained, wait_until,
};
use crate::project::{Project, ended, spawn, trained as trained_here};

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

const LIMIT: &str = "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit)";

/// A scheduler that accepts one task at a time. What it refuses is in `refused`, and not in `calls`.
fn accept_one_task_at_a_time(project: &Project) {
    project.write(
        "slurm/hook",
        format!(
            "sleep 0.3\n\
             live=$(bash \"$here/squeue\" -n \"$(cat \"$here/names\" 2>/dev/null)\" | grep -c RUNNING)\n\
             if [ \"$last\" -gt 0 ] || [ \"$live\" -gt 0 ]; then\n\
             tail -n 1 \"$here/calls\" >> \"$here/refused\"; sed -i '$d' \"$here/calls\"\n\
             echo '{LIMIT}' >&2; exit 1\nfi\n\
             echo -n \",$name\" >> \"$here/names\"\n"
        ),
    );
}

#[test]
fn a_limit_on_jobs_makes_waves_and_a_message() {
    let project = odd("target_minutes = 1");
    for_several_tasks(&project);
    accept_one_task_at_a_time(&project);
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let arrays = arrays(&project);
    assert!(arrays.len() > 1 && arrays.iter().all(|tasks| *tasks == 1), "{arrays:?}");
    assert!(outcome.stderr.contains("the scheduler accepts no more jobs now"), "{outcome:#?}");
    assert!(outcome.stderr.contains(LIMIT), "{outcome:#?}");
    assert_eq!(trained(&project), 22);
    // Each wave halves what is left until a task is accepted, and asks once more.
    let refused = fake::lines(&project, "refused");
    assert!((2..=6 * arrays.len()).contains(&refused), "{refused} {outcome:#?}");
}

#[test]
fn a_limit_is_understood_also_when_a_build_was_killed_in_its_submission() {
    let project = odd("target_minutes = 1");
    for_several_tasks(&project);
    project.write("slurm/hook", "kill -9 $PPID; exit 1\n");
    assert_eq!(ended(spawn(project.command(&BUILD))).code, -1);
    accept_one_task_at_a_time(&project);
    std::fs::remove_file(project.path("slurm/calls")).unwrap();
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("the scheduler accepts no more jobs now"), "{outcome:#?}");
    assert!(arrays(&project).iter().all(|tasks| *tasks == 1));
    assert_eq!(trained(&project), 22);
    assert_same_as_alone(&project);
}

#[test]
fn a_plan_that_is_cancelled_submits_no_further_wave() {
    let project = odd("target_minutes = 1");
    slow_down(&project);
    for_several_tasks(&project);
    accept_one_task_at_a_time(&project);
    let child = spawn(project.command(&BUILD));
    wait_until("a job", || fake::accepted(&project) > 0 && project.path("slurm/refused").exists());
    let cancelled = project.run(&["jobs", "cancel", &plans(&project)[0]]);
    assert_eq!(cancelled.code, 0, "{cancelled:#?}");
    let accepted = fake::accepted(&project);
    let outcome = ended(child);
    assert_eq!(outcome.code, 5, "{outcome:#?}");
    assert!(outcome.stderr.contains(" was cancelled: "), "{outcome:#?}");
    assert!(outcome.stderr.contains(" of it are not submitted"), "{outcome:#?}");
    assert_eq!(fake::accepted(&project), accepted);
    project.write("slurm/hook", "");
    let again = project.run(&BUILD);
    assert_eq!(again.code, 0, "the same command submits these runs again: {again:#?}");
    assert_same_as_alone(&project);
}

#[test]
fn a_job_whose_answer_was_lost_in_unknown_words_is_found_by_its_name() {
    let project = odd("");
    slow_down(&project);
    // The queue lists the job a moment later.
    let squeue = project.read("slurm/squeue");
    let late =
        "[ -f \"$here/asked-before\" ] || { touch \"$here/asked-before\"; exit 0; }\nnames=,";
    fake::command(&project, "squeue", &squeue.replacen("names=,", late, 1));
    project.write("slurm/after", "echo 'wrapper: the disk of my log is full' >&2; exit 1");
    let outcome = project.run(&BUILD);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!((fake::submissions(&project), trained(&project)), (1, 24));
}

#[test]
fn the_cluster_of_a_job_is_asked_whatever_the_profile_names_later() {
    let project = odd("");
    let profile = project.read("experiments/slurm.toml");
    let other = profile.replace("[default]", "[other]\nclusters = \"c2\"");
    project.write("experiments/slurm.toml", format!("{profile}\n{other}"));
    project.write("slurm/hook", "launch=\"$here/waits\"\n");
    fake::command(&project, "waits", "#!/bin/bash\nexec sleep 60\n");
    let squeue = project.read("slurm/squeue");
    let noting = "echo \"$*\" >> \"$here/listed\"\nnames=,";
    fake::command(&project, "squeue", &squeue.replacen("names=,", noting, 1));
    let outcome = project.run(&[&BUILD[..], &["--profile", "other", "--detach"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let outcome = project.run(&[&BUILD[..], &["--detach"]].concat());
    assert_eq!((outcome.code, fake::accepted(&project)), (0, 1), "{outcome:#?}");
    let cancelled = project.run(&["jobs", "cancel", &plans(&project)[0]]);
    assert_eq!(cancelled.code, 0, "{cancelled:#?}");
    assert_eq!(project.read("slurm/cancelled"), "-M c2 101\n");
    let listed = project.read("slurm/listed");
    assert!(listed.lines().all(|call| call.ends_with(" -M c2")), "{listed}");
}

#[test]
fn a_project_whose_path_is_not_text_is_refused_and_not_damaged() {
    use std::os::unix::ffi::OsStrExt as _;
    let project = odd("");
    let odd = project.path("").join(std::ffi::OsStr::from_bytes(b"p\xff"));
    std::fs::create_dir(&odd).unwrap();
    for name in ["experiments", "templates"] {
        std::fs::rename(project.path(name), odd.join(name)).unwrap();
    }
    for option in ["--detach", "--dry-run"] {
        let mut command = project.command(&[&BUILD[..], &[option]].concat());
        command.current_dir(&odd);
        let outcome = ended(spawn(command));
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains("is not UTF-8 text"), "{outcome:#?}");
    }
    assert_eq!(fake::submissions(&project), 0);
    let mut command = project.command(&["build"]);
    command.current_dir(&odd);
    assert_eq!(ended(spawn(command)).code, 0, "a build on this machine works");
}
