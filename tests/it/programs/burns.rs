//! What others got wrong, a test for each: stale results, mangled parameters, runs that are neither running nor
//! finished, and processes that nobody ends.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{SCRIPT, failed, one_run, processes, project, with_script};
use crate::project::{Outcome, spawn};

/// One run whose numbers are constant.
const CONSTANT: &str = "printf '{\"loss\": 1, \"score\": 1}\\n' >> \"$REPORT_RESULT\"\n";

#[test]
fn a_helper_that_is_not_declared_cannot_give_a_stale_result() {
    let project = one_run(&format!(". ./helper.sh\n{CONSTANT}"));
    project.write("helper.sh", "true\n");
    let outcome = failed(&project);
    assert!(outcome.stderr.contains("helper.sh"), "{outcome:#?}");
    project.edit("experiments/program.toml", "[\"train.sh\"]", "[\"*.sh\"]");
    assert_eq!(project.build(&[]), 1);
    project.write("helper.sh", "# another helper\n");
    assert_eq!(project.build(&[]), 1, "a changed helper computes again");
}

#[test]
fn after_the_edit_of_a_comment_old_results_can_be_kept() {
    let project = project();
    project.build(&[]);
    project.write("train.sh", format!("# a comment\n{SCRIPT}"));
    let outcome = project.run(&["accept", "--why", "only a comment changed"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let outcome = project.run(&["build"]);
    assert!(outcome.code == 4 && outcome.stderr.contains("nothing to train"), "{outcome:#?}");
    let report = project.read("reports/report.md");
    assert!(report.contains("input train.sh: 1 line changed"), "{report}");
}

#[test]
fn what_cannot_change_a_result_is_not_in_the_key() {
    let project = project();
    project.build(&[]);
    for line in [
        "threads = 2",
        "timeout = \"1 h\"",
        "tolerance = { loss = { absolute = 1 } }",
        "pass_environment = [\"CUDA_VISIBLE_DEVICES\"]",
    ] {
        project.edit("experiments/program.toml", "[program]", &format!("[program]\n{line}"));
        assert_eq!(project.build(&[]), 0, "{line}");
    }
    project.edit("experiments/program.toml", "loss = \"lower\"", "loss = \"higher\"");
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn parameters_arrive_as_the_file_has_them() {
    let project =
        one_run(&format!("cp \"$REPORT_CONFIG\" \"$REPORT_ARTIFACTS/config.json\"\n{CONSTANT}"));
    project.edit("experiments/program.toml", "[program]", "[program]\nartifacts = [\"config.json\"]").edit(
        "experiments/program.toml",
        "name = \"a b\"",
        "name = \"a b\"\nsmall = 1e-7\nwhole = 1.0\nbig = 9007199254740993\nyes = true\ntext = \"1e5\"\n\
         number_of_text = \"007\"\nlist = [1, 2.5, \"x\"]\nnested = { deep = [true, { x = -0.1 }] }",
    );
    assert_eq!(project.build(&[]), 1);
    let text = project.file_texts(".report/artifacts").into_values().next().unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "lr": 0.1, "name": "a b", "small": 1e-7, "whole": 1.0, "big": 9_007_199_254_740_993_i64, "yes": true,
        "text": "1e5", "number_of_text": "007", "list": [1, 2.5, "x"], "nested": { "deep": [true, { "x": -0.1 }] },
    });
    assert_eq!(config["params"], expected, "{text}");
    assert!(text.contains("\"whole\":1.0"), "a number with a point stays one: {text}");
}

#[test]
fn each_spelling_of_a_number_that_is_not_finite_is_a_diverged_run() {
    for spelling in
        ["NaN", "nan", "\"nan\"", "null", "Infinity", "-Infinity", "\"inf\"", "\"-inf\""]
    {
        let project = one_run(&CONSTANT.replace("\"loss\": 1", &format!("\"loss\": {spelling}")));
        assert_eq!(project.build(&[]), 1, "{spelling}");
        let record = project.records().into_values().next().unwrap();
        assert_eq!(record["outcome"]["kind"], "diverged", "{spelling}");
    }
}

#[test]
fn what_a_program_prints_is_no_result() {
    let noise =
        "echo '{\"loss\": 9, \"score\": 9}'; echo '{\"loss\": nan' >&2; printf 'half a line'\n";
    let project = one_run(&format!("{noise}{CONSTANT}{noise}"));
    assert_eq!(project.build(&[]), 1);
    let record = project.records().into_values().next().unwrap();
    assert_eq!(record["curves"], serde_json::json!({ "loss": [1.0], "score": [1.0] }));
}

#[test]
fn a_number_that_is_not_declared_and_a_declared_one_that_is_missing_are_failures() {
    for (script, expected) in [
        (
            CONSTANT.replace("score", "scores"),
            "which `metrics` does not declare; did you mean `score`?",
        ),
        (CONSTANT.replace(", \"score\": 1", ""), "it did not write `score`"),
    ] {
        let outcome = failed(&one_run(&script));
        assert!(outcome.stderr.contains(expected), "{outcome:#?}");
    }
}

#[test]
fn a_run_that_was_killed_or_crashed_is_neither_running_nor_finished() {
    let project = one_run(&format!("{CONSTANT}kill -9 $$\n"));
    failed(&project);
    let outcome = project.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(status["experiments"][0]["failed"], 1, "{outcome:#?}");
    // The build itself is killed.
    let project = one_run(&format!("{CONSTANT}sleep 60\n"));
    let mut build = spawn(project.command(&["build"]));
    wait_for(|| processes(&project) >= 2);
    build.kill().unwrap();
    build.wait().unwrap();
    let status: Value = serde_json::from_str(&project.run(&["status", "--json"]).stdout).unwrap();
    let counts = ["fresh", "failed", "stale"].map(|name| status["experiments"][0][name].clone());
    assert_eq!(counts, [0, 0, 1].map(Value::from), "{status}");
    wait_for(|| processes(&project) == 0);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_no_process() {
    for signal in ["INT", "TERM", "HUP"] {
        let project = one_run("(trap '' INT TERM HUP; sleep 300) & setsid sleep 300 & sleep 300\n");
        let mut build = spawn(project.command(&["build"]));
        wait_for(|| processes(&project) >= 4);
        let pid = build.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let _ = build.wait();
        wait_for(|| processes(&project) == 0);
        assert_eq!(project.count_records(), 0);
    }
}

/// The processes of the build in `/proc` whose command line has this word.
fn with_word(word: &str, project: &crate::project::Project) -> Vec<String> {
    let root = project.path("").canonicalize().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let is_meant = |path: &std::path::Path| {
        let line = std::fs::read_to_string(path.join("cmdline")).unwrap_or_default();
        line.contains(word)
            && std::fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&root))
    };
    let all = all.filter(|entry| is_meant(&entry.path()));
    all.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn the_end_of_the_watching_process_ends_the_program_and_the_run_is_tried_again() {
    let project = one_run("sleep 300 & sleep 300\n");
    let build = spawn(project.command(&["build"]));
    wait_for(|| processes(&project) >= 4);
    let supervisor = with_word("__supervise", &project);
    assert_eq!(supervisor.len(), 1);
    assert!(Command::new("kill").args(["-9", &supervisor[0]]).status().unwrap().success());
    let outcome = crate::project::ended(build);
    let expected = "the process of `report` that watches it was ended";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{outcome:#?}");
    wait_for(|| processes(&project) == 0);
    project.write("train.sh", CONSTANT);
    assert_eq!(project.build(&[]), 1);
}

/// Waits for at most half a minute.
#[track_caller]
fn wait_for(condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < end, "it does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_missing_pattern_is_told_before_anything_runs() {
    let project = with_script(SCRIPT);
    project.edit("experiments/program.toml", "[\"train.sh\"]", "[\"train.sh\", \"lib/**/*.sh\"]");
    let outcome = Outcome::of(&mut project.command(&["build"]));
    assert!(
        outcome.code == 2 && outcome.stderr.contains("has `lib/**/*.sh`, which no file matches"),
        "{outcome:#?}"
    );
    assert!(!project.path(".report/logs").exists());
}

#[test]
fn curves_begin_with_step_1_and_a_number_above_1_is_no_fraction() {
    for (script, expected) in [
        (
            "printf '{\"step\": 0, \"loss\": 1}\\n' >> \"$REPORT_RESULT\"\n",
            "the steps of a curve begin with 1",
        ),
        (
            "printf '{\"step\": 1, \"loss\": 1, \"score\": 1}\\n{\"step\": 2, \"loss\": 1}\\n' >> \"$REPORT_RESULT\"\n",
            "the curves of a run have the same steps",
        ),
        (
            "printf '{\"loss\": 1, \"score\": 93}\\n' >> \"$REPORT_RESULT\"\n",
            "its unit is a fraction",
        ),
    ] {
        let project = one_run(script);
        project.edit(
            "experiments/program.toml",
            "score = \"higher\"",
            "score = { better = \"higher\", unit = \"fraction\" }",
        );
        let outcome = failed(&project);
        assert!(outcome.stderr.contains(expected), "{expected}: {outcome:#?}");
    }
}

#[test]
fn a_run_that_diverged_has_no_score() {
    let project = one_run(
        "printf '{\"step\": 1, \"score\": 0.9}\\n{\"step\": 2, \"score\": NaN}\\n{\"loss\": 1}\\n' >> \"$REPORT_RESULT\"\n",
    );
    project.build(&[]);
    let report = project.read("reports/report.md");
    assert!(report.contains("| program | 0/1 (1 diverged) | – |"), "{report}");
}

#[cfg(unix)]
#[test]
fn an_artefact_never_takes_a_file_from_elsewhere() {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("data.csv");
    std::fs::write(&file, "mine").unwrap();
    let place = outside.path().display();
    for (artifact, script) in [
        ("out/data.csv", format!("ln -s {place} \"$REPORT_ARTIFACTS/out\"")),
        ("data.csv", format!("ln -s {place}/data.csv \"$REPORT_ARTIFACTS/data.csv\"")),
        ("data.csv", format!("rm -r \"$REPORT_ARTIFACTS\"; ln -s {place} \"$REPORT_ARTIFACTS\"")),
    ] {
        let project = one_run(&format!("{script}\n{CONSTANT}"));
        project.edit(
            "experiments/program.toml",
            "[program]",
            &format!("[program]\nartifacts = [\"{artifact}\"]"),
        );
        let outcome = failed(&project);
        assert!(outcome.stderr.contains("is a link, or in one"), "{outcome:#?}");
    }
    // A second name of the file is copied.
    let project =
        one_run(&format!("ln {place}/data.csv \"$REPORT_ARTIFACTS/data.csv\"\n{CONSTANT}"));
    project.edit("experiments/program.toml", "[program]", "[program]\nartifacts = [\"data.csv\"]");
    project.build(&[]);
    std::fs::write(&file, "changed").unwrap();
    assert_eq!(project.file_texts(".report/artifacts").into_values().collect::<Vec<_>>(), ["mine"]);
    // A damaged one is found.
    let kept = std::fs::read_dir(project.path(".report/artifacts"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    std::fs::write(kept, "damaged").unwrap();
    for args in [
        &["verify"][..],
        &["bundle", "export", "x.tar.zst"],
        &["artifacts", "program", "--to", "out"],
    ] {
        let outcome = project.run(args);
        assert!(outcome.code >= 2 && outcome.stderr.contains("damaged"), "{args:?}: {outcome:#?}");
    }
}

#[test]
fn a_large_input_that_changes_and_changes_back_is_noticed() {
    let project = one_run(&format!(
        "printf X | dd of=big.bin conv=notrunc 2>/dev/null; printf 0 | dd of=big.bin conv=notrunc 2>/dev/null\n{CONSTANT}"
    ));
    project.write("big.bin", vec![b'0'; 17 << 20]);
    project.edit("experiments/program.toml", "[\"train.sh\"]", "[\"train.sh\", \"big.bin\"]");
    let outcome = failed(&project);
    assert!(outcome.stderr.contains("its input `big.bin` changed during the run"), "{outcome:#?}");
}

#[test]
fn the_file_of_a_command_is_in_the_key_or_refused() {
    let command = "[\"sh\", \"train.sh\", \"{params.lr}\", \"{seed}\"]\ninputs = [\"train.sh\"]";
    for (own, inputs, expected) in [
        ("[\".tools/run.sh\"]", "[\"train.sh\"]", "a file of the project that is no input"),
        ("[\"run.sh\"]", "[\"run.sh\"]", "write `./run.sh` for the input"),
        ("[\"sh\\u0000\"]", "[\"run.sh\"]", "has a NUL character"),
    ] {
        let project = one_run("");
        project.write(".tools/run.sh", CONSTANT).write("run.sh", CONSTANT);
        project.edit("experiments/program.toml", command, &format!("{own}\ninputs = {inputs}"));
        let outcome = project.run(&["check"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{expected}: {outcome:#?}");
    }
    let project = one_run("");
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\nenvironment = { REPORT_SEED = \"7\" }",
    );
    let outcome = project.run(&["check"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("sets `REPORT_SEED`"), "{outcome:#?}");
}

#[test]
fn reports_are_no_inputs_and_linked_folders_are_followed() {
    let project = one_run(CONSTANT);
    project.edit(
        "experiments/program.toml",
        "[\"train.sh\"]",
        "[\"train.sh\", \"./train.sh\", \"**/*.csv\"]",
    );
    project.write("data/a.csv", "1\n").write("elsewhere/b.csv", "2\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../elsewhere", project.path("data/linked")).unwrap();
    assert_eq!(project.build(&[]), 1);
    assert_eq!(project.build(&[]), 0, "the tables of the report are no inputs");
    let record = project.records().into_values().next().unwrap();
    let inputs: Vec<_> =
        record["config"]["program"]["inputs"].as_object().unwrap().keys().cloned().collect();
    let expected = ["data/a.csv", "data/linked/b.csv", "elsewhere/b.csv", "train.sh"];
    assert_eq!(inputs, expected);
}

#[test]
fn a_parameter_of_another_type_is_another_parameter() {
    let project = one_run(CONSTANT);
    project.build(&[]);
    for (from, to, expected) in [
        ("name = \"a b\"", "name = 1", "params.name: a b → 1"),
        ("name = 1", "name = \"1\"", "params.name: 1 → \"1\""),
        ("name = \"1\"", "name = \"1\"\nextra = []", "params.extra: (default) → []"),
    ] {
        project.edit("experiments/program.toml", from, to);
        let outcome = project.run(&["status"]);
        assert!(outcome.stdout.contains(expected), "{expected}: {outcome:#?}");
        assert_eq!(project.build(&[]), 1);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn neither_a_probe_nor_a_directory_of_a_killed_build_stays() {
    let project = one_run("sleep 300\n");
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\nprobe = [\"sh\", \"-c\", \"sleep 300\"]",
    );
    let mut build = spawn(project.command(&["build"]));
    wait_for(|| with_word("__supervise", &project).len() == 1);
    build.kill().unwrap();
    build.wait().unwrap();
    wait_for(|| processes(&project) == 0);
    project.edit("experiments/program.toml", "\nprobe = [\"sh\", \"-c\", \"sleep 300\"]", "");
    let mut build = spawn(project.command(&["build"]));
    wait_for(|| processes(&project) >= 3);
    build.kill().unwrap();
    build.wait().unwrap();
    wait_for(|| processes(&project) == 0);
    project.write("train.sh", CONSTANT);
    // What is younger may belong to a build that has just begun.
    std::thread::sleep(Duration::from_millis(2100));
    project.build(&[]);
    let left = std::fs::read_dir(project.path(".report/scratch")).unwrap().count();
    assert_eq!(left, 0, "the directories of ended builds are removed");
}

#[test]
fn a_build_ends_when_the_first_programs_fail_alike_although_their_directories_differ() {
    let project = with_script("echo \"no file $PWD/data.csv\" >&2; exit 1\n");
    let outcome = project.run(&["build", "-j", "1"]);
    assert!(outcome.stderr.contains("3 of 4 runs failed and 1 not tried"), "{outcome:#?}");
    assert!(outcome.stderr.contains("its log ends with `no file "), "{outcome:#?}");
    let status = project.run(&["status"]);
    assert!(status.stdout.contains("3 runs") && status.stdout.contains("failed:"), "{status:#?}");
}

#[test]
fn seeds_without_an_effect_are_told_on_the_page_and_by_the_build() {
    let project = with_script(CONSTANT);
    let outcome = project.run(&["build"]);
    let expected = "all seeds of program (lr 0.5) gave the same numbers";
    assert!(outcome.stderr.contains(expected), "{outcome:#?}");
    let report = project.read("reports/report.md");
    assert!(report.contains("**All seeds gave the same numbers** in program (lr 0.5)"), "{report}");
}

#[test]
fn a_large_log_keeps_its_end_and_a_full_one_ends_no_program() {
    let project =
        one_run(&format!("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo the end\n{CONSTANT}"));
    assert_eq!(project.build(&[]), 1);
    let log = project.run(&["log", "program"]).stdout;
    assert!(log.ends_with("the end\n") && log.contains("bytes of this log are left out here"));
}
