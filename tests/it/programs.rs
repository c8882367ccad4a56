//! Programs of the user as trainers: what they get, what they write, and every way in which they go wrong.

mod burns;
mod independent;
mod travel;
mod trial;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::project::{Outcome, Project, spawn};

const EXPERIMENT: &str = r#"
title = "program"
task = "program"
seeds = 2

[factors]
"params.lr" = [0.5, 0.25]

[params]
lr = 0.1
name = "a b"

[program]
command = ["sh", "train.sh", "{params.lr}", "{seed}"]
inputs = ["train.sh"]
metrics = { loss = "lower", score = "higher" }
"#;

const PAPER: &str = r#"
title = "Programs"

[[metric]]
name = "score"
label = "score"
curve = "score"
reduction = "last"

[[table]]
name = "scores"
caption = "Scores."
metric = "score"
by = ["lr"]

[[figure]]
name = "losses"
kind = "learning-curves"
caption = "Losses."
curve = "loss"
"#;

/// Two steps of a loss, and a score of lr + seed.
const SCRIPT: &str = r#"
printf '{"step": 1, "loss": 2}\n{"progress": 0.5}\n' >> "$REPORT_RESULT"
printf '{"step": 2, "loss": %s}\n' "$1" >> "$REPORT_RESULT"
printf '{"score": %s}\n' "$(echo "$1 $2" | awk '{ print $1 + $2 }')" >> "$REPORT_RESULT"
"#;

fn project() -> Project {
    with_script(SCRIPT)
}

fn with_script(script: &str) -> Project {
    let project = Project::empty();
    project
        .write("train.sh", script)
        .write("experiments/program.toml", EXPERIMENT)
        .write("experiments/paper.toml", PAPER)
        .write(
            "templates/paper.md.jinja",
            "# {{ title }}\n\n{{ table(\"scores\") }}\n\n{{ figure(\"losses\") }}\n",
        );
    project
}

/// One seed and one condition, with this script.
pub(crate) fn one_run(script: &str) -> Project {
    let project = with_script(script);
    project
        .edit("experiments/program.toml", "seeds = 2", "seeds = 1")
        .edit("experiments/program.toml", "[factors]\n\"params.lr\" = [0.5, 0.25]\n", "")
        .edit("experiments/paper.toml", "by = [\"lr\"]", "by = [\"experiment\"]");
    project
}

/// The messages of a build in which the only run fails.
#[track_caller]
fn failed(project: &Project) -> Outcome {
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, project.count_records()), (1, 0), "{outcome:#?}");
    outcome
}

#[test]
fn a_program_gets_its_parameters_and_its_numbers_are_shown() {
    let project = project();
    assert_eq!(project.build(&[]), 4);
    let table = project.read("reports/data/scores.csv");
    let means: Vec<_> =
        table.lines().skip(1).map(|line| line.split(',').nth(3).unwrap().to_owned()).collect();
    assert_eq!(means, ["1", "0.75"], "{table}");
    let report = project.read("reports/report.md");
    assert!(report.contains("goes from 2 to 0.5000"), "{report}");
    assert!(report.contains("differ in all that the program draws from its seed"), "{report}");
    assert_eq!(project.build(&[]), 0);
    assert_eq!(project.run(&["verify", "--all"]).code, 0);
}

#[test]
fn a_changed_input_trains_again_and_is_named_but_a_new_place_of_the_project_is_not() {
    let project = project();
    project.build(&[]);
    project.write("unused.sh", "true");
    assert_eq!(project.build(&[]), 0);
    project.write("train.sh", format!("{SCRIPT}\n# a comment\n"));
    let outcome = project.run(&["status"]);
    let expected = "input train.sh: 2 lines changed";
    assert!(outcome.stdout.contains(expected), "{outcome:#?}");
    assert!(project.run(&["explain", "program"]).stdout.contains(expected));
    assert_eq!(project.build(&[]), 4);
}

#[test]
fn a_program_sees_its_inputs_alone() {
    let project = one_run(
        "test ! -e secret.txt && test \"$(ls -A)\" = train.sh && printf '{\"loss\": 1, \"score\": 1}\\n' >> \"$REPORT_RESULT\"\n",
    );
    project.write("secret.txt", "x");
    assert_eq!(project.build(&[]), 1);
    let project = one_run(
        "cat secret.txt && printf '{\"loss\": 1, \"score\": 1}\\n' >> \"$REPORT_RESULT\"\n",
    );
    project.write("secret.txt", "x");
    failed(&project);
    project.edit("experiments/program.toml", "[program]", "[program]\nisolate = false");
    assert_eq!(project.build(&["--retry-failed"]), 1);
}

#[test]
fn the_environment_is_what_the_file_declares() {
    let script = "test -z \"$UNKNOWN\" && test \"$KNOWN\" = 1 && test \"$OMP_NUM_THREADS\" = 2 && test \"$PASSED\" = yes \\\n\
                  && grep -q '\"seed\":0' \"$REPORT_CONFIG\" && grep -q '\"name\":\"a b\"' \"$REPORT_CONFIG\" \\\n\
                  && ! read line && printf '{\"loss\": 1, \"score\": 1}\\n' >> \"$REPORT_RESULT\"\n";
    let project = one_run(script);
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\nthreads = 2\nenvironment = { KNOWN = \"1\" }\npass_environment = [\"PASSED\"]",
    );
    let outcome = Outcome::of(project.command(&["build"]).env("UNKNOWN", "1").env("PASSED", "yes"));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
}

#[test]
fn what_is_no_result_is_no_record_and_says_why() {
    for (script, expected) in [
        (
            "echo begun; echo broken >&2; exit 3\n",
            &["ended with status 3", "no line in the result file", "begun\n", "broken"][..],
        ),
        ("kill -9 $$\n", &["was ended by signal 9"]),
        ("true\n", &["it ended with status 0, but it did not write `loss`"]),
        (
            "printf '{\"loss\": 1, \"scoer\": 1}\\n' >> \"$REPORT_RESULT\"\n",
            &["has `scoer`, which `metrics` does not declare; did you mean `score`?"],
        ),
        (
            "printf '{\"loss\": 1' >> \"$REPORT_RESULT\"\n",
            &["line 1 of its results is no JSON object"],
        ),
        (
            "printf '{\"loss\": 1}\\n' >> \"$REPORT_RESULT\"; exit 1\n",
            &["ended with status 1; 1 line in the result file, the last `{\"loss\": 1}`"],
        ),
    ] {
        let outcome = failed(&one_run(script));
        for words in expected {
            assert!(outcome.stderr.contains(words), "{words}: {outcome:#?}");
        }
    }
}

#[test]
fn a_program_that_asks_for_a_later_time_is_tried_again_without_being_asked() {
    let project = one_run("exit 75\n");
    failed(&project);
    project.write("train.sh", SCRIPT.replace("\"$1 $2\"", "\"1 1\"").replace("\"$1\"", "1"));
    assert_eq!(project.build(&[]), 1);
}

#[test]
fn a_number_that_is_not_finite_is_a_diverged_run() {
    let project = one_run(
        "printf '{\"step\": 1, \"loss\": 1}\\n{\"step\": 2, \"loss\": NaN}\\n{\"score\": 0.5}\\n' >> \"$REPORT_RESULT\"\n",
    );
    assert_eq!(project.build(&[]), 1);
    let records = project.records();
    let record: &Value = records.values().next().unwrap();
    assert_eq!(record["outcome"]["kind"], "diverged");
    assert_eq!(record["curves"]["loss"], serde_json::json!([1.0]));
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_that_it_started() {
    let project = one_run("sleep 300 & (trap '' TERM; sleep 300) & sleep 300\n");
    project.edit("experiments/program.toml", "[program]", "[program]\ntimeout = \"1 s\"");
    let begun = Instant::now();
    let outcome = failed(&project);
    assert!(outcome.stderr.contains("did not end within its `timeout` of 1 s"), "{outcome:#?}");
    assert!(begun.elapsed() < Duration::from_mins(1));
    assert_eq!(processes(&project), 0);
}

#[test]
fn a_child_that_outlives_its_program_is_ended_and_told() {
    // Without this file, the system does not say which processes in other groups are left.
    let setsid = match Path::new("/proc/thread-self/children").exists() {
        true => "setsid sleep 300 &",
        false => "",
    };
    let project = one_run(&format!(
        "{setsid}\nsleep 300 &\nprintf '{{\"loss\": 1, \"score\": 1}}\\n' >> \"$REPORT_RESULT\"\n"
    ));
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, project.count_records()), (0, 1), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("a process of the program still ran after the program ended"),
        "{outcome:#?}"
    );
    assert_eq!(processes(&project), 0);
}

/// The number of processes whose working directory is in the project.
pub(crate) fn processes(project: &Project) -> usize {
    let root = project.path("").canonicalize().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    all.filter(|entry| {
        std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&root))
    })
    .count()
}

#[test]
fn no_kill_leaves_a_process_or_half_a_record() {
    let script = format!("sleep 0.05\n{SCRIPT}sleep 0.05\n");
    let alone = with_script(&script);
    alone.build(&[]);
    let project = with_script(&script);
    for round in 0..100 {
        let mut build = spawn(project.command(&["build"]));
        std::thread::sleep(Duration::from_millis(20 + round * 37 % 300));
        let _ = build.kill();
        let _ = build.wait();
    }
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let end = Instant::now() + Duration::from_secs(15);
    while processes(&project) > 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(processes(&project), 0);
    assert_eq!(project.records(), alone.records());
}

const MISTAKES: &[(&str, &str, &str)] = &[
    ("\"sh\"", "\"./run\"", "names `./run`, but there is no such file in the project"),
    ("{params.lr}", "{params.lrr}", "which stands for nothing; did you mean `params.lr`?"),
    ("inputs = [\"train.sh\"]", "inputs = [\"*.py\"]", "has `*.py`, which no file matches"),
    (
        "inputs = [\"train.sh\"]",
        "inputs = [\"../x\"]",
        "write the path from the project, without `..`",
    ),
    ("inputs = [\"train.sh\"]\n", "", "`program.inputs` is missing"),
    ("loss = \"lower\"", "loss = \"smaller\"", "must say which values are better"),
    ("metrics = {", "metrics = { step = \"lower\",", "must have a name of letters"),
    ("loss = \"lower\", ", "", "`figure.0.curve` is unknown, `loss`"),
    (
        "[program]",
        "[program]\ntimeout = \"1 day\"",
        "`program.timeout` must be a number with `s`, `min` or `h`",
    ),
    ("[program]", "[program]\ntolerance = { los = { absolute = 1 } }", "did you mean `loss`?"),
    ("[program]", "[train]\nepochs = 1\n[program]", "`train` has no use with `task = \"program\"`"),
    ("task = \"program\"\n", "", "`program` has no use with `task = \"pairs\"`"),
    ("\"params.lr\" =", "\"param.lr\" =", "must start with"),
];

#[test]
fn each_mistake_is_told_before_anything_runs() {
    for (from, to, expected) in MISTAKES {
        let project = project();
        project.edit("experiments/program.toml", from, to);
        let outcome = project.run(&["status"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{expected}: {outcome:#?}");
    }
}

#[test]
fn a_program_that_is_not_here_stops_a_build_only_if_it_would_run() {
    let project = project();
    project.edit("experiments/program.toml", "\"sh\"", "\"shh\"");
    let expected = "`program.command` of `program` names `shh`, but no folder of `PATH` has a program of this name";
    let outcome = project.run(&["build"]);
    assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{outcome:#?}");
    let outcome = project.run(&["status"]);
    assert!(outcome.code == 0 && outcome.stderr.contains(expected), "{outcome:#?}");
    // With all records, the report is built without the program.
    project.edit("experiments/program.toml", "\"shh\"", "\"sh\"");
    project.build(&[]);
    let outcome = Outcome::of(project.command(&["build"]).env("PATH", ""));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    project.edit("experiments/program.toml", "\"sh\"", "\"./train.sh\"");
    project.edit("experiments/program.toml", "[\"train.sh\"]", "[\"templates/*\"]");
    let outcome = project.run(&["status"]);
    let expected = "names `./train.sh`, a file of the project that is no input; add it to `inputs`";
    assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{outcome:#?}");
}

#[cfg(unix)]
#[test]
fn a_program_can_be_an_input_or_belong_to_an_environment_of_the_project() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let project = one_run(&format!("#!/bin/sh\n{}", SCRIPT.replace("$1", "1").replace("$2", "1")));
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("train.sh"), executable).unwrap();
    let command = "[\"sh\", \"train.sh\", \"{params.lr}\", \"{seed}\"]";
    project.edit("experiments/program.toml", command, "[\"./train.sh\"]");
    assert_eq!(project.build(&[]), 1);
    std::fs::create_dir_all(project.path(".venv/bin")).unwrap();
    symlink("/bin/sh", project.path(".venv/bin/sh")).unwrap();
    project.edit(
        "experiments/program.toml",
        "[\"./train.sh\"]",
        "[\".venv/bin/sh\", \"train.sh\"]",
    );
    assert_eq!(project.build(&[]), 1);
}

#[test]
fn artefacts_are_kept_with_the_record_and_a_run_without_one_is_no_result() {
    let write = "printf '{\"loss\": 1, \"score\": 1}\\n' >> \"$REPORT_RESULT\"\nmkdir \"$REPORT_ARTIFACTS/deep\"\n\
                 echo one > \"$REPORT_ARTIFACTS/one.txt\"; echo two > \"$REPORT_ARTIFACTS/deep/two.txt\"\n";
    let project = one_run(write);
    let declare = |names: &str| {
        project.edit(
            "experiments/program.toml",
            "[program]",
            &format!("[program]\nartifacts = [{names}]"),
        );
    };
    declare("\"one.txt\", \"deep/two.txt\"");
    assert_eq!(project.build(&[]), 1);
    let record = project.records().into_values().next().unwrap();
    let digest = record["artifacts"]["deep/two.txt"].as_str().unwrap();
    assert_eq!(project.read(&format!(".report/artifacts/{digest}")), "two\n");
    assert_eq!(project.run(&["verify", "--all"]).code, 0);
    project.edit("experiments/program.toml", "artifacts = [\"one.txt\", \"deep/two.txt\"]\n", "");
    declare("\"one.txt\"");
    let outcome = project.run(&["build"]);
    let expected = "that `artifacts` does not declare, and that are not kept: `deep/two.txt`";
    assert!(outcome.code == 0 && outcome.stderr.contains(expected), "{outcome:#?}");
    project.edit("experiments/program.toml", "artifacts = [\"one.txt\"]\n", "");
    declare("\"three.txt\"");
    let outcome = project.run(&["build"]);
    let expected = "its artefact `three.txt` is not there";
    assert!(outcome.code == 1 && outcome.stderr.contains(expected), "{outcome:#?}");
}

#[test]
fn verify_says_whether_numbers_are_equal_or_within_their_tolerance() {
    // Each execution writes another number.
    let script = "n=$(cat \"$COUNTER\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$COUNTER\"\n\
                  printf '{\"loss\": 1.0%s, \"score\": 1}\\n' \"$n\" >> \"$REPORT_RESULT\"\n";
    let project = one_run(script);
    let counter = project.path("counter");
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\npass_environment = [\"COUNTER\"]",
    );
    let run = |args: &[&str]| Outcome::of(project.command(args).env("COUNTER", &counter));
    assert_eq!(run(&["build"]).code, 0);
    let outcome = run(&["verify", "--all"]);
    assert!(
        outcome.code == 3 && outcome.stderr.contains("DIFFERENT (`loss` by up to 0.010)"),
        "{outcome:#?}"
    );
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\ntolerance = { loss = { absolute = 0.1 } }",
    );
    let outcome = run(&["verify", "--all"]);
    let expected = "within tolerance (`loss` by up to 0.020)";
    assert!(outcome.code == 0 && outcome.stderr.contains(expected), "{outcome:#?}");
    assert!(
        outcome.stdout.contains("0 of 1 reruns identical\n1 of 1 within tolerance"),
        "{outcome:#?}"
    );
}

#[test]
fn nothing_of_a_project_runs_before_a_build() {
    let project = project();
    project.write("probe.sh", "touch probed; echo version 1\n");
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\nprobe = [\"sh\", \"probe.sh\"]",
    );
    for args in [&["status"][..], &["build", "--dry-run"], &["explain", "program"]] {
        project.run(args);
        assert!(!project.path("probed").exists(), "{args:?}");
    }
    assert_eq!(project.build(&[]), 4);
    assert!(project.path("probed").exists());
    let outcome = project.run(&["status"]);
    assert!(outcome.stderr.contains("nothing to train"), "{outcome:#?}");
    project.write("probe.sh", "echo version 2\n");
    assert_eq!(project.build(&[]), 4);
}

#[test]
fn the_helper_for_python_reads_and_writes_what_the_contract_says() {
    let python = "python3";
    if Command::new(python).arg("--version").output().is_err() {
        return;
    }
    let project = one_run("");
    let helper =
        std::fs::read_to_string(crate::project::repository().join("docs/report_log.py")).unwrap();
    project.write("report_log.py", helper);
    project.write(
        "train.py",
        "from report_log import params, seed, log, progress\nprogress(0.5)\nlog(1, loss=params[\"lr\"])\n\
         log(2, loss=float(\"nan\"))\nlog(score=seed + 0.25)\n",
    );
    project
        .edit(
            "experiments/program.toml",
            "[\"sh\", \"train.sh\", \"{params.lr}\", \"{seed}\"]",
            "[\"python3\", \"train.py\"]",
        )
        .edit("experiments/program.toml", "[\"train.sh\"]", "[\"*.py\"]");
    assert_eq!(project.build(&[]), 1);
    let records = project.records();
    let record = records.values().next().unwrap();
    assert_eq!(record["curves"], serde_json::json!({ "loss": [0.1], "score": [0.25] }));
    assert_eq!(record["outcome"]["kind"], "diverged");
}
