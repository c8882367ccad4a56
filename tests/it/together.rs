//! Builds that are interrupted, that run at the same time, or whose runs fail.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::process::Command;
use std::time::{Duration, Instant};

use report::dataset::Split;
use report::digest::Digest;
use report::run::{Curves, NetworkConfig, Outcome};
use report::task::pair_curves as pairs;
use report::train::{TrainError, Trainer, Training};

use crate::project::{Outcome as Ended, Project, ended, spawn, trained};

/// A project whose runs take about a tenth of a second.
fn slow() -> Project {
    let project = Project::new();
    project.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = 6");
    project.edit("experiments/base/protocol.toml", "epochs = 2", "epochs = 60");
    project.edit("experiments/base/protocol.toml", "train_pairs = 20", "train_pairs = 200");
    project
}

fn wait_for_records(project: &Project, n: usize) {
    let started = Instant::now();
    while project.count_records() < n {
        assert!(started.elapsed() < Duration::from_mins(5), "nothing is recorded");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_builds_at_once_both_finish_and_compute_each_run_once() {
    let (alone, project) = (slow(), slow());
    let total = alone.build(&[]);
    let builds = [
        spawn(project.command(&["build", "-j", "2"])),
        spawn(project.command(&["build", "-j", "2", "--out", "elsewhere"])),
        // Another choice of experiments, which shares some runs with both.
        spawn(project.command(&[
            "build",
            "-j",
            "1",
            "--only",
            "fully-connected",
            "--out",
            "third",
        ])),
    ];
    let mut sum = 0;
    for build in builds {
        let outcome = ended(build);
        // The third one's report may lack runs of the experiment that it left out.
        let may_be_partial = outcome.stdout.starts_with("third");
        assert!(outcome.code == 0 || (outcome.code == 4 && may_be_partial), "{outcome:#?}");
        sum += trained(&outcome);
    }
    assert_eq!(sum, total, "a run was computed twice or not at all");
    assert_eq!(project.records(), alone.records());
    assert_eq!(project.report(), alone.report());
    assert!(project.file_texts(".report/leases").is_empty());
}

#[test]
fn two_builds_over_one_damaged_record_both_finish() {
    let (alone, project) = (slow(), slow());
    alone.build(&[]);
    project.build(&[]);
    for damaged in project.record_files().iter().take(6) {
        std::fs::write(damaged, "damaged").unwrap();
    }
    let builds = [(); 2].map(|()| spawn(project.command(&["build", "-j", "2"])));
    for build in builds {
        let outcome = ended(build);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
    }
    assert_eq!(project.records(), alone.records());
    let kept = project.file_texts(".report/quarantine");
    assert_eq!(kept.len(), 6, "{kept:#?}");
    assert!(kept.values().all(|text| text == "damaged"), "{kept:#?}");
}

#[test]
fn gc_leaves_alone_what_a_build_under_way_has_recorded() {
    let project = slow();
    let child = spawn(project.command(&["build", "-j", "2"]));
    wait_for_records(&project, 2);
    // By now the experiments ask for fewer runs.
    project.edit("experiments/base/protocol.toml", "seeds = 6", "seeds = 1");
    let collected = project.run(&["cache", "gc", "--yes"]);
    assert_eq!(collected.code, 0, "{collected:#?}");
    project.edit("experiments/base/protocol.toml", "seeds = 1", "seeds = 6");
    let outcome = ended(child);
    assert_eq!((outcome.code, trained(&outcome)), (0, 24), "{outcome:#?}");
    assert_eq!(project.build(&["--frozen"]), 0);
}

#[test]
fn a_lease_that_a_killed_build_left_behind_stops_nobody() {
    let project = slow();
    let mut child = spawn(project.command(&["build", "-j", "2"]));
    wait_for_records(&project, 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!project.file_texts(".report/leases").is_empty(), "the build was killed too late");
    // Each is granted at once, and not only when its text has not changed for a while.
    let leases = report::cache::Cache::new(&project.path("")).leases();
    for (name, text) in project.file_texts(".report/leases") {
        // A lease that was being written names no holder: it is granted when it has stood still.
        if !text.is_empty() {
            assert!(leases.take(Digest::try_from(name).unwrap()).is_some(), "{text}");
        }
    }
    project.build(&[]);
    assert!(project.file_texts(".report/leases").is_empty());
}

#[test]
fn leases_that_cannot_be_written_stop_nobody() {
    let (alone, project) = (Project::new(), Project::new());
    alone.build(&[]);
    project.write(".report/leases", "a file where a directory is needed");
    let builds = [(); 2].map(|()| spawn(project.command(&["build", "-j", "2"])));
    for build in builds {
        let outcome = ended(build);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
    }
    assert_eq!(project.records(), alone.records());
}

/// A project whose last experiment takes longer than a test waits, and a build of it that says
/// something about the page so far. Returns what it says. The build is killed.
fn early(project: &Project) -> String {
    let endless = "title = \"fully connected\"\ntrain.epochs = 1000000";
    project.edit("experiments/fully-connected.toml", "title = \"fully connected\"", endless);
    let mut child = spawn(project.command(&["build", "-j", "2"]));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find(|line| line.contains("early")).expect("nothing about an early page");
    child.kill().unwrap();
    child.wait().unwrap();
    project.edit("experiments/fully-connected.toml", "\ntrain.epochs = 1000000", "");
    told
}

#[test]
fn the_page_so_far_is_written_when_an_experiment_has_ended_and_goes_when_all_have() {
    let project = slow();
    let told = early(&project);
    assert!(told.ends_with("early.html: the page so far, with 12 of 24 runs"), "{told}");
    let page = project.read("reports/early.html");
    assert!(page.contains("12 of 24 runs are missing"), "{page}");
    assert!(!project.path("reports/report.html").exists());
    project.build(&[]);
    assert!(!project.path("reports/early.html").exists());
    assert!(!project.read("reports/report.md").contains("This report is partial"));
}

#[test]
fn a_file_of_the_user_with_the_name_of_the_early_page_stays_as_it_is() {
    let project = slow();
    project.write("reports/early.html", "my own");
    let told = early(&project);
    assert!(told.contains("no early page is written"), "{told}");
    assert!(told.contains("reports/early.html` is not from a build"), "{told}");
    project.build(&[]);
    assert_eq!(project.read("reports/early.html"), "my own");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_before_the_runs_do_and_says_how_to_go_on() {
    let (alone, project) = (slow(), slow());
    alone.build(&[]);
    let child = spawn(project.command(&["build", "-j", "2"]));
    wait_for_records(&project, 2);
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let outcome = ended(child);
    assert_eq!(outcome.code, 130, "{outcome:#?}");
    let records = project.count_records();
    assert!(records < 24, "it has waited for all runs");
    // A worker may have written its record and not yet counted it.
    let says = |n: usize| outcome.stderr.contains(&format!("interrupted: {n} of 24 runs recorded"));
    assert!((records - 2..=records).any(says), "{records}: {}", outcome.stderr);
    assert!(outcome.stderr.contains("report build -j 2` continues"), "{}", outcome.stderr);
    assert!(project.file_texts(".report/leases").is_empty());
    assert_eq!(project.build(&[]), 24 - records);
    assert_eq!(project.records(), alone.records());
    assert_eq!(project.report(), alone.report());
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_takes_no_more_fails_the_build_and_leaves_the_old_report_whole() {
    let project = Project::new();
    project.build(&["--only", "deep"]);
    let before = (project.file_texts("reports"), project.file_texts("reports/figures"));
    // Files of at most one block, and the signal for more ignored: writing fails as on a full disk.
    let limited = |args: &str| {
        let script =
            format!("trap '' XFSZ; ulimit -f 1; exec {} {args}", env!("CARGO_BIN_EXE_report"));
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(project.path(""));
        ended(spawn(command))
    };
    let outcome = limited("build");
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("error: "), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("hint: check free space and permissions"),
        "{}",
        outcome.stderr
    );
    let after = (project.file_texts("reports"), project.file_texts("reports/figures"));
    assert_eq!(before, after);
    assert_eq!(project.count_records(), 4, "a record that is not whole");
    assert_eq!(project.build(&[]), 4);
}

/// Fails for some seeds, and otherwise makes up a result in no time.
struct Faulty {
    fails: String,
}

impl Trainer for Faulty {
    fn train(&self, config: &NetworkConfig, _: &Split) -> Result<Training, TrainError> {
        match self.fails.as_str() {
            "all alike" => return Err(TrainError::Device("the device is on fire".to_owned())),
            "seed 1" if config.seed == 1 => {
                return Err(TrainError::Device(format!("no memory for seed {}", config.seed)));
            }
            "seed 1 by panic" if config.seed == 1 => panic!("index out of bounds"),
            _ => {}
        }
        let mut curves = Curves::default();
        for curve in pairs::CURVES {
            if config.data.has_validation() || !curve.needs_held_out {
                curves.set(curve, vec![0.5; config.train.epochs]);
            }
        }
        Ok(Training { outcome: Outcome::Completed, curves, confusion: None })
    }
}

/// Not a test: `report` with a faulty trainer, run by [`faulty`] as a process of its own.
#[test]
#[ignore = "the program that other tests run"]
fn faulty_report() {
    let Ok(arguments) = std::env::var("FAULTY_ARGUMENTS") else { return };
    let arguments = arguments.split(' ').map(OsString::from);
    let trainer = |_| {
        let fails = std::env::var("FAULTY_FAILS").unwrap();
        Box::new(Faulty { fails }) as Box<dyn Trainer>
    };
    let code = report::cli::run_with(arguments, &trainer);
    let number = (0..=255u8).find(|n| std::process::ExitCode::from(*n) == code);
    std::process::exit(i32::from(number.unwrap()));
}

fn faulty(project: &Project, fails: &str, arguments: &str) -> Ended {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "together::faulty_report", "--ignored", "--nocapture"])
        .env("FAULTY_ARGUMENTS", format!("report {arguments}"))
        .env("FAULTY_FAILS", fails)
        .current_dir(project.path(""));
    ended(spawn(command))
}

#[test]
fn a_failed_run_is_a_marked_hole_and_is_tried_again_only_when_asked() {
    for fails in ["seed 1", "seed 1 by panic"] {
        let project = Project::new();
        let outcome = faulty(&project, fails, "build -j 1");
        assert_eq!(outcome.code, 1, "{outcome:#?}");
        assert!(outcome.stderr.contains("4 of 8 runs failed and 0 not tried"), "{outcome:#?}");
        assert!(outcome.stderr.contains("--retry-failed"), "{outcome:#?}");
        assert_eq!(project.count_records(), 4);
        let [markdown, _] = project.report();
        assert!(markdown.contains("4 of 8 runs are missing: 4 failed."), "{markdown}");
        assert!(markdown.contains("| 1/2 (1 failed) |"), "{markdown}");

        // The same command does not try them again, and still is no success.
        let outcome = faulty(&project, fails, "build");
        assert_eq!(outcome.code, 1, "{outcome:#?}");
        assert!(outcome.stderr.contains("nothing to train"), "{outcome:#?}");
        assert!(outcome.stderr.contains("4 runs failed in an earlier build"));
        let status = project.run(&["status"]);
        let why = if fails == "seed 1" { "no memory for seed 1" } else { "index out of bounds" };
        assert!(status.stdout.contains("failed: ") && status.stdout.contains(why), "{status:#?}");
        assert_eq!(faulty(&project, "none", "build --frozen").code, 3);
        let outcome = faulty(&project, "none", "build --retry-failed");
        assert_eq!((outcome.code, trained(&outcome)), (0, 4), "{outcome:#?}");
        assert!(!project.report()[0].contains("failed"));
        assert!(project.file_texts(".report/failures").is_empty());
    }
}

#[test]
fn first_runs_that_all_fail_alike_end_the_build_early() {
    let project = Project::new();
    let outcome = faulty(&project, "all alike", "build -j 1");
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("3 of 8 runs failed and 5 not tried"), "{outcome:#?}");
    assert!(outcome.stderr.contains("the device is on fire"), "{outcome:#?}");
    assert!(outcome.stderr.contains("the first runs failed with the same error"), "{outcome:#?}");
    // The report is there all the same.
    assert!(project.report()[0].contains("8 of 8 runs are missing: 3 failed."));
}

#[test]
fn fail_fast_begins_no_run_after_a_failed_one() {
    let project = Project::new();
    let outcome = faulty(&project, "seed 1", "build -j 1 --fail-fast");
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("1 of 8 runs failed and 6 not tried"), "{outcome:#?}");
    assert_eq!(project.count_records(), 1);
}
