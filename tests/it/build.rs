//! What a build trains, and what it does not.

use crate::project::{Project, trained};

#[test]
fn a_second_build_trains_nothing_and_touches_no_file() {
    let project = Project::new();
    assert_eq!(project.build(&[]), 8);
    let report = project.report();
    let written = |name: &str| std::fs::metadata(project.path(name)).unwrap().modified().unwrap();
    let before = ["reports/report.md", "reports/report.html"].map(written);
    assert_eq!(project.build(&[]), 0);
    assert_eq!(project.report(), report);
    assert_eq!(["reports/report.md", "reports/report.html"].map(written), before);
}

#[test]
fn a_build_ends_with_its_results_and_what_moved_and_says_as_much_as_asked() {
    let project = Project::new();
    let build = |args: &[&str]| {
        let outcome = project.run(&[&["build"], args].concat());
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        outcome
    };
    let first = build(&["-q"]);
    assert_eq!((first.stdout.lines().count(), &*first.stderr), (2, ""), "{first:#?}");
    let second = build(&[]).stderr;
    let table = second.lines().position(|line| line.starts_with("Table 1")).unwrap();
    let mean = project.read("reports/data/all.csv");
    let [head, row] = [0, 1].map(|line| mean.lines().nth(line).unwrap());
    let place = head.split(',').position(|key| key == "mean").unwrap();
    let mean: f64 = row.split(',').nth(place).unwrap().parse().unwrap();
    assert!(second.lines().nth(table + 1).unwrap().contains(&format!("{mean:.2}")), "{second}");
    assert!(!second.contains("since the last report") && !second.contains("took "), "{second}");

    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.02");
    let third = build(&["--verbose"]).stderr;
    assert!(third.contains("since the last report: ") && third.contains("was "), "{third}");
    assert!(third.lines().last().unwrap().starts_with("took "), "{third}");
    project.edit("experiments/base/protocol.toml", "lr = 0.02", "lr = 1e-2 x");
    let refused = project.run(&["build", "--quiet"]);
    assert!(refused.code == 2 && refused.stderr.starts_with("error: "), "{refused:#?}");
    let both = project.run(&["build", "-q", "-v"]);
    assert!(both.stderr.contains("cannot be used with"), "{both:#?}");
}

#[test]
fn editing_prose_titles_captions_or_comments_trains_nothing() {
    let project = Project::new();
    project.build(&[]);
    project
        .edit("templates/paper.md.jinja", "The mean is", "The new mean is")
        .edit("experiments/paper.toml", "The curves.", "All curves.")
        .edit("experiments/deep.toml", "title = \"deep\"", "title = \"DEEP\" # was deep")
        .edit("experiments/deep.toml", "Does a convolution help?", "Does it?")
        .edit("experiments/base/protocol.toml", "lr = 0.01", "\n\n  lr=1.0e-2");
    assert_eq!(project.build(&[]), 0);
    let [markdown, html] = project.report();
    assert!(markdown.contains("The new mean is") && markdown.contains("All curves."));
    assert!(html.contains("DEEP"));
}

#[test]
fn spelling_out_a_default_trains_nothing() {
    let project = Project::new();
    project.build(&[]);
    project
        .edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.01\nbeta1 = 0.9")
        .edit("experiments/deep.toml", "padding = 1", "padding = 1, stride = 1")
        .edit("experiments/deep.toml", "\"relu\"", "{ layer = \"relu\" }");
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn a_learning_rate_trains_its_own_experiment_and_undoing_it_trains_nothing() {
    let project = Project::new();
    project.build(&[]);
    let original = project.report();
    let added = "\n[train.optimizer]\nlr = 0.02\n";
    let deep = project.read("experiments/deep.toml");
    project.write("experiments/deep.toml", format!("{deep}{added}"));
    assert_eq!(project.build(&[]), 4);
    project.write("experiments/deep.toml", deep);
    assert_eq!(project.build(&[]), 0);
    assert_eq!(project.report(), original);
}

#[test]
fn adding_a_seed_trains_one_run_of_each_condition() {
    let project = Project::new();
    project.build(&[]);
    assert_eq!(project.build(&["--seeds", "3", "--out", "reports"]), 4);
    let [markdown, html] = project.report();
    assert!(html.contains("--seeds 3 uses the first 3 seeds of each experiment"), "{html}");
    assert!(markdown.contains("uses the first 3 seeds"), "{markdown}");
    project.edit("experiments/base/protocol.toml", "seeds = 2", "seeds = [2, 0, 1]");
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn renaming_an_experiment_trains_nothing() {
    let project = Project::new();
    project.build(&[]);
    std::fs::rename(project.path("experiments/deep.toml"), project.path("experiments/cnn.toml"))
        .unwrap();
    for file in ["experiments/paper.toml", "templates/paper.md.jinja"] {
        project.edit(file, "\"deep\"", "\"cnn\"");
    }
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn only_trains_what_it_names_and_the_report_marks_what_is_missing() {
    let project = Project::new();
    let outcome = project.run(&["build", "--only", "deep", "--out", "reports"]);
    assert_eq!((outcome.code, trained(&outcome)), (4, 4), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("note: the report is written, but 4 of its 8 runs are missing")
    );
    let [markdown, _] = project.report();
    assert!(markdown.contains("4 of 8 runs are missing"), "{markdown}");
    assert!(markdown.contains("| fully connected | yes | 0/2 | – |"), "{markdown}");
    assert!(markdown.contains("| yes | 2/4 | – |"), "a mean of half the conditions: {markdown}");
    assert_eq!(project.build(&[]), 4);
    assert!(!project.report()[0].contains("missing"));
}

#[test]
fn status_counts_runs_by_state() {
    let project = Project::new();
    project.build(&["--only", "deep"]);
    let outcome = project.run(&["status"]);
    let columns: Vec<Vec<_>> =
        outcome.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(columns[0][2..], ["conditions", "seeds", "fresh", "accepted", "failed", "stale"]);
    assert_eq!(columns[1][0..1], ["deep"]);
    assert_eq!(columns[1][2..], ["2", "2", "4", "0", "0", "0"]);
    assert_eq!(columns[2][2..], ["2", "2", "0", "0", "0", "4"]);
    assert!(outcome.stderr.contains("8 runs; 4 runs to train, "), "{}", outcome.stderr);
}

#[test]
fn a_diverged_run_is_recorded_shown_and_counted_and_not_tried_again() {
    let project = Project::new();
    // SGD at a rate of a million leaves the finite numbers within the first steps.
    project.edit(
        "experiments/base/protocol.toml",
        "kind = \"adam\"\nlr = 0.01",
        "kind = \"sgd\"\nlr = 1e6",
    );
    // Four linear layers multiply what it does to each of them.
    let layer = "{ layer = \"linear\", outputs = 10 }";
    for file in ["experiments/deep.toml", "experiments/fully-connected.toml"] {
        project.edit(file, layer, &[layer; 4].join(", "));
    }
    project.edit("experiments/deep.toml", "  \"batch_norm\",\n", "");
    let outcome = project.run(&["build", "-j", "1"]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 8), "{outcome:#?}");
    assert!(outcome.stderr.contains("diverged in epoch"), "{}", outcome.stderr);
    let [markdown, _] = project.report();
    assert!(
        markdown.contains("**8 of 8 runs diverged:** deep + weight sharing (2); "),
        "{markdown}"
    );
    assert!(markdown.contains("(2 diverged)"), "{markdown}");
    for record in project.records().values() {
        assert_eq!(record["outcome"]["kind"], "diverged");
        assert_eq!(record["curves"]["corrected_test_accuracy"].as_array().unwrap().len(), 2);
    }
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn an_unknown_experiment_is_named_with_the_nearest_one() {
    let project = Project::new();
    let outcome = project.run(&["build", "--only", "depe"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("there is no experiment `depe`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: did you mean `deep`?"), "{}", outcome.stderr);
}

#[test]
fn outside_a_project_the_error_says_where_to_run() {
    let empty = tempfile::tempdir().unwrap();
    let project = Project::new();
    let outcome = project.run(&["build", "--project", empty.path().to_str().unwrap()]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("experiments"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--project"), "{}", outcome.stderr);
}

#[test]
fn progress_without_a_terminal_is_one_plain_line_a_run() {
    let project = Project::new();
    let outcome = project.run(&["build", "-j", "1"]);
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(lines.len(), 8, "{}", outcome.stderr);
    assert!(lines[0].starts_with("[1/8] deep (weight_sharing true) seed 0: "), "{}", lines[0]);
    assert!(lines[7].contains("about 0 s left"), "{}", lines[7]);
    assert!(!outcome.stderr.contains('\u{1b}'));
}
