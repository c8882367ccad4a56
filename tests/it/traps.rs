//! What comparable tools have stumbled over, each a test named after it. Others stand with the
//! feature that they are about: kills, damaged records and formats in `cache.rs`, builds at once
//! and failing runs in `together.rs`, dry runs in `explain.rs`, edits of prose and names in
//! `build.rs`.

use std::process::Command;

use crate::project::{Project, trained};

const BASE: &str = "experiments/base/protocol.toml";

#[test]
fn reordering_levels_seeds_keys_and_arguments_reruns_nothing() {
    let project = Project::new();
    project.build(&["--only", "deep", "fully-connected"]);
    project
        .edit(BASE, "= [true, false]", "= [false, true]")
        .edit(BASE, "seeds = 2", "seeds = [1, 0]")
        .edit(BASE, "train_pairs = 20\ntest_pairs = 20", "test_pairs = 20\ntrain_pairs = 20")
        .edit(BASE, "kind = \"adam\"\nlr = 0.01", "lr = 0.01\nkind = \"adam\"");
    assert_eq!(project.build(&["--only", "fully-connected", "deep"]), 0);
    assert_eq!(project.build(&["-j", "1"]), 0);
}

#[test]
fn a_value_that_depends_on_time_or_chance_is_refused() {
    for value in ["1979-05-27", "1979-05-27T07:32:00Z", "nan", "\"{{ now() }}\"", "\"$RANDOM\""] {
        let project = Project::new();
        project.edit(BASE, "lr = 0.01", &format!("lr = {value}"));
        let outcome = project.run(&["build"]);
        assert_eq!(outcome.code, 2, "{value}: {outcome:#?}");
        assert!(outcome.stderr.contains("train.optimizer.lr"), "{value}: {outcome:#?}");
    }
}

#[test]
fn times_of_files_have_no_effect() {
    let project = Project::new();
    project.build(&[]);
    for date in ["1999-01-01", "2037-01-01"] {
        for directory in ["experiments", "templates", "reports", ".report"] {
            let script = format!("find {directory} -exec touch -d {date} {{}} +");
            let mut touch = Command::new("sh");
            touch.args(["-c", &script]).current_dir(project.path(""));
            assert!(touch.status().unwrap().success());
        }
        assert_eq!(project.build(&[]), 0);
    }
}

#[test]
fn leftover_files_never_block_a_build() {
    let project = Project::new();
    for (file, text) in [
        ("reports/report.md", "of another tool"),
        ("reports/figures/seeds.svg", "<svg"),
        ("reports/unrelated.txt", "kept"),
        (".report/records/.writing-a1b2c3", "{\"format\":2,\"dig"),
        (".report/records/notes.txt", "hello"),
        (".report/records/0123.json", "{}"),
        (".report/leases/junk", "?"),
        (".report/failures/junk.json", "?"),
        (".report/reports/junk.json", "?"),
        (".report/quarantine/junk", "?"),
    ] {
        project.write(file, text);
    }
    assert_eq!(project.build(&[]), 8);
    assert_eq!(project.build(&[]), 0);
    assert_eq!(project.read("reports/unrelated.txt"), "kept");
    assert!(project.read("reports/report.md").contains("A small paper"));
    for command in [&["status"][..], &["verify"], &["cache", "ls"], &["cache", "gc", "--dry-run"]] {
        assert_eq!(project.run(command).code, 0, "{command:?}");
    }
}

#[test]
fn a_report_of_cached_runs_is_that_of_fresh_ones() {
    let (fresh, cached) = (Project::new(), Project::new());
    fresh.build(&[]);
    cached.build(&["--only", "deep", "--out", "elsewhere"]);
    cached.build(&["--only", "fully-connected", "--out", "elsewhere"]);
    assert_eq!(cached.build(&[]), 0);
    assert_eq!(cached.report(), fresh.report());
}

#[test]
fn a_changed_dataset_reruns_only_the_runs_on_it() {
    let project = Project::new();
    project.build(&[]);
    project.write_digits("digits");
    let deep = project.read("experiments/deep.toml");
    project.write("experiments/deep.toml", format!("{deep}\n[data]\ndirectory = \"digits\"\n"));
    project.declare_difference("data.directory");
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, trained(&outcome)), (0, 4), "{outcome:#?}");
    let mut images = std::fs::read(project.path("digits/train-images-idx3-ubyte")).unwrap();
    images[100] ^= 1;
    project.write("digits/train-images-idx3-ubyte", images);
    let said = project.run(&["status"]).stdout;
    // The records of both datasets are of the same second, so a run may be compared with either.
    let reasons = said.lines().filter(|line| line.contains(": ") && line.contains(" run"));
    let is_said = |line: &str| line.starts_with("deep: ") && line.contains("data.dataset: ");
    assert!(reasons.clone().count() > 0 && reasons.into_iter().all(is_said), "{said}");
    assert_eq!(project.build(&[]), 4);
}
