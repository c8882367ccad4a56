//! Choosing where runs are computed.

use crate::project::Project;

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_was_not_built_in_is_one_clear_error_and_trains_nothing() {
    let project = Project::new();
    let outcome = project.run(&["build", "--device", "cuda:1"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("without CUDA, so it cannot compute on `cuda:1`"));
    assert!(outcome.stderr.contains("--features cuda"), "{}", outcome.stderr);
    assert!(!project.path(".report").exists() && !project.path("reports").exists());
}

#[test]
fn a_name_that_is_no_device_is_refused_with_those_that_are() {
    let outcome = Project::new().run(&["build", "--device", "gpu"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("`cpu`, `cuda` or `cuda:N`"), "{}", outcome.stderr);
}

#[test]
fn each_kind_of_device_has_records_of_its_own() {
    let project = Project::new();
    assert_eq!(project.build(&["--device", "cpu"]), 8);
    assert!(project.run(&["status"]).stderr.contains("8 runs; nothing to train"));
    let status = project.run(&["status", "--device", "cuda"]);
    assert!(status.stderr.contains("8 runs; 8 runs to train"), "{}", status.stderr);
    // Neither this machine nor a binary without CUDA has a device with this number.
    let status = project.run(&["status", "--device", "cuda:99"]);
    assert!(status.stderr.contains("warning: a build cannot train them here"), "{}", status.stderr);
}

#[test]
fn a_build_says_how_fast_its_runs_were_and_the_report_too() {
    let project = Project::new();
    let outcome = project.run(&["build"]);
    let line = outcome.stderr.lines().find(|line| line.contains("s per run, ")).unwrap();
    assert!(line.ends_with(" examples/s per worker"), "{line}");
    let markdown = project.read("reports/report.md");
    let (_, block) = markdown.rsplit_once("<!-- provenance -->").unwrap();
    for part in ["median time of a run | deep 0.", "training examples per second"] {
        assert!(block.contains(part), "{part}: {block}");
    }
}
