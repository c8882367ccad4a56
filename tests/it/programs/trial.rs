//! `report check --run`: what two executions of a program show.

use super::{SCRIPT, one_run, project};

#[test]
fn a_check_looks_at_all_files_and_runs_nothing() {
    let project = project();
    project.write("train.sh", "touch \"$OLDPWD/ran\"\n");
    let outcome = project.run(&["check"]);
    assert_eq!(
        (outcome.code, outcome.stdout.as_str()),
        (0, "no mistake in 1 experiment with 4 runs\n"),
        "{outcome:#?}"
    );
    assert!(!project.path(".report").exists());
    project.edit("templates/paper.md.jinja", "table(\"scores\")", "table(\"score\")");
    let outcome = project.run(&["check"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("did you mean `scores`?"), "{outcome:#?}");
}

#[test]
fn a_program_that_gives_the_same_numbers_twice_is_sound() {
    let project = project();
    let outcome = project.run(&["check", "--run"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("executions: identical"), "{outcome:#?}");
    assert_eq!(project.count_records(), 0);
    let outcome = project.run(&["check", "--run", "program", "lr=0.25", "seed=1"]);
    assert!(outcome.stdout.contains("(lr 0.25) seed 1: "), "{outcome:#?}");
}

#[test]
fn an_input_that_is_missing_is_named() {
    let project = one_run(&format!(
        ". ./lib/settings.sh\n{}",
        SCRIPT.replace("$1 $2", "1 1").replace("$1", "1")
    ));
    project.write("lib/settings.sh", "lr=1\n").write("notes.txt", "unread");
    let outcome = project.run(&["check", "--run"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    for expected in ["so `inputs` lacks a file", "files that are no inputs: `lib/settings.sh`"] {
        assert!(outcome.stdout.contains(expected), "{expected}: {outcome:#?}");
    }
    project.edit(
        "experiments/program.toml",
        "\"train.sh\"]\nmetrics",
        "\"train.sh\", \"lib/*\"]\nmetrics",
    );
    let outcome = project.run(&["check", "--run"]);
    assert!(outcome.code == 0 && !outcome.stdout.contains("no inputs:"), "{outcome:#?}");
}

#[test]
fn a_file_that_changes_the_numbers_in_silence_is_named() {
    let project = one_run(
        "lr=1; test -e best.txt && lr=$(cat best.txt)\n\
         printf '{\"loss\": %s, \"score\": 1}\\n' \"$lr\" >> \"$REPORT_RESULT\"\n",
    );
    project.write("best.txt", "3");
    let outcome = project.run(&["check", "--run"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    for expected in
        ["it gives other numbers if it sees all files", "files that are no inputs: `best.txt`"]
    {
        assert!(outcome.stdout.contains(expected), "{expected}: {outcome:#?}");
    }
}

#[test]
fn a_program_that_draws_without_a_seed_is_told_its_tolerance() {
    let project = one_run(
        "printf '{\"loss\": 1.%s, \"score\": 1}\\n' \"$(date +%N)\" >> \"$REPORT_RESULT\"\n",
    );
    let outcome = project.run(&["check", "--run"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    for expected in
        ["executions: DIFFERENT (`loss` by up to ", "`tolerance = { \"loss\" = { absolute = "]
    {
        assert!(outcome.stdout.contains(expected), "{expected}: {outcome:#?}");
    }
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\ntolerance = { loss = { absolute = 1 } }",
    );
    let outcome = project.run(&["check", "--run"]);
    assert!(outcome.code == 0 && outcome.stdout.contains("within tolerance"), "{outcome:#?}");
    project.build(&[]);
    let report = project.read("reports/report.md");
    assert!(report.contains("may give other numbers"), "{report}");
    assert!(report.contains("`loss` by 1."), "{report}");
}

#[test]
fn a_program_that_fails_says_so() {
    let project = one_run("echo broken; exit 4\n");
    let outcome = project.run(&["check", "--run"]);
    assert!(outcome.code == 3 && outcome.stdout.contains("ended with status 4"), "{outcome:#?}");
}
