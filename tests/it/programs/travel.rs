//! Programs on other machines: bundles, stores, shards and clusters.

use super::{project, with_script};
use crate::project::{Outcome, Project};
use crate::slurm::on_a_cluster;

/// [`project`] with a probe that leaves a trace, and an artefact that names the run.
fn complete() -> Project {
    let project = with_script(&format!(
        "{}\necho \"$1 $2\" > \"$REPORT_ARTIFACTS/run.txt\"\n",
        super::SCRIPT
    ));
    project.write("probe.sh", "touch probed; echo version 1\n").edit(
        "experiments/program.toml",
        "[program]",
        "[program]\nprobe = [\"sh\", \"probe.sh\"]\nartifacts = [\"run.txt\"]",
    );
    project
}

/// The texts of all artefacts of a project, in order.
fn artifacts(project: &Project) -> Vec<String> {
    let texts = project.file_texts(".report/artifacts");
    let mut texts: Vec<_> = texts.into_values().collect();
    texts.sort();
    texts
}

const ALL: [&str; 4] = ["0.25 0\n", "0.25 1\n", "0.5 0\n", "0.5 1\n"];

#[test]
fn artefacts_are_listed_and_copied_with_their_names() {
    let project = complete();
    project.build(&[]);
    assert_eq!(artifacts(&project), ALL);
    let outcome = project.run(&["artifacts", "program", "lr=0.5", "--to", "files"]);
    assert!(outcome.code == 0 && outcome.stdout.lines().count() == 3, "{outcome:#?}");
    let folder = std::fs::read_dir(project.path("files")).unwrap().next().unwrap().unwrap();
    let text = std::fs::read_to_string(folder.path().join("run.txt")).unwrap();
    assert!(text.starts_with("0.5 "), "{text}");
    let file = project.path(".report/artifacts");
    let file = std::fs::read_dir(file).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(file).unwrap();
    let outcome = project.run(&["verify"]);
    assert!(
        outcome.code == 3 && outcome.stderr.contains("is without its artefact `run.txt`"),
        "{outcome:#?}"
    );
    for args in [&["artifacts", "program"][..], &["bundle", "export", "x.tar.zst"]] {
        let outcome = project.run(args);
        assert!(
            outcome.code == 2 && outcome.stderr.contains("is not on this machine"),
            "{outcome:#?}"
        );
    }
}

#[test]
fn the_programs_of_a_bundle_run_only_if_its_reader_agrees() {
    let author = complete();
    author.build(&[]);
    std::fs::remove_file(author.path("probed")).unwrap();
    assert_eq!(author.run(&["bundle", "export", "paper.tar.zst"]).code, 0);
    let bundle = std::fs::read(author.path("paper.tar.zst")).unwrap();
    let reader = Project::empty();
    std::fs::remove_dir_all(reader.path("templates")).ok();
    std::fs::remove_dir_all(reader.path("experiments")).ok();
    reader.write("paper.tar.zst", bundle);
    let outcome = reader.run(&["bundle", "import", "paper.tar.zst"]);
    assert!(outcome.code == 0 && outcome.stderr.contains("names them and asks"), "{outcome:#?}");
    assert_eq!(artifacts(&reader), ALL);
    // Nothing is missing, so nothing runs: not even the probe.
    assert_eq!(reader.build(&[]), 0);
    assert_eq!(reader.read("reports/report.md"), author.read("reports/report.md"));
    reader.edit("experiments/program.toml", "seeds = 2", "seeds = 3");
    for args in [&["build"][..], &["verify", "--all"], &["check", "--run"]] {
        let outcome = reader.run(args);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        for expected in ["2 commands", "sh train.sh", "sh probe.sh", "`--yes` agrees"] {
            assert!(outcome.stderr.contains(expected), "{expected}: {outcome:#?}");
        }
        assert!(!reader.path("probed").exists());
    }
    assert_eq!(reader.build(&["--yes"]), 2);
    assert!(reader.path("probed").exists());
    // It has agreed, but not to the programs of the next bundle.
    let outcome = reader.run(&["bundle", "import", "paper.tar.zst", "--project", "again"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(reader.path("again/.report/from-bundle").exists());
    reader.edit("experiments/program.toml", "seeds = 3", "seeds = 4");
    assert_eq!(reader.build(&[]), 2);
}

#[test]
fn a_store_and_a_merge_bring_artefacts_with_the_records() {
    let store = tempfile::tempdir().unwrap();
    let address = store.path().to_str().unwrap();
    let first = complete();
    first.build(&["--store", address]);
    let second = complete();
    let outcome = second.run(&["build", "--store", address]);
    assert!(outcome.stderr.contains("took 4 records from the store"), "{outcome:#?}");
    assert_eq!(artifacts(&second), ALL);
    let third = complete();
    assert_eq!(third.run(&["merge", first.path("").to_str().unwrap()]).code, 0);
    assert_eq!(artifacts(&third), ALL);
}

#[test]
fn what_no_run_needs_is_removed_with_the_records() {
    let project = complete();
    project.build(&[]);
    std::fs::remove_dir_all(project.path("reports")).unwrap();
    project.edit("experiments/program.toml", "seeds = 2", "seeds = 1");
    let outcome = project.run(&["cache", "gc", "--yes"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!((project.count_records(), artifacts(&project).len()), (2, 2));
    assert_eq!(project.file_texts(".report/logs").len(), 2);
    assert_eq!(project.file_texts(".report/inputs").len(), 1, "the script is still used");
}

#[test]
fn a_cluster_computes_programs_from_the_inputs_of_the_submission() {
    let project = complete();
    on_a_cluster(&project);
    let build = ["build", "--executor", "slurm"];
    let outcome = project.run(&build);
    let expected = "nothing says how long a run of `program` takes";
    assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{outcome:#?}");
    project.edit(
        "experiments/program.toml",
        "[program]",
        "[program]\ntimeout = \"1 min\"\nthreads = 2",
    );
    let outcome = project.run(&build);
    let expected = "a program uses 2 threads, but a task has 1 core";
    assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{outcome:#?}");
    project.edit("experiments/program.toml", "threads = 2\n", "");
    let outcome = project.run(&build);
    assert_eq!((outcome.code, project.count_records()), (0, 4), "{outcome:#?}");
    assert_eq!(artifacts(&project), ALL);
    let alone = complete();
    alone.build(&[]);
    assert_eq!(project.records(), alone.records());
}

#[test]
fn shards_share_the_runs_of_a_program() {
    let [first, second, both] = [complete(), complete(), complete()];
    first.run(&["build", "--shard", "1/2"]);
    second.run(&["build", "--shard", "2/2"]);
    assert_eq!(first.count_records() + second.count_records(), 4);
    let places = [&first, &second].map(|project| project.path(""));
    let mut merge = both.command(&["merge"]);
    assert_eq!(Outcome::of(merge.args(places)).code, 0);
    assert_eq!(both.build(&[]), 0);
    let alone = project();
    alone.build(&[]);
    assert_eq!(both.read("reports/data/scores.csv"), alone.read("reports/data/scores.csv"));
}

#[test]
fn a_cluster_needs_no_timeout_once_a_run_has_a_record() {
    let project = complete();
    on_a_cluster(&project);
    assert_eq!(project.run(&["build", "program", "lr=0.5", "seed=0"]).code, 4);
    let outcome = project.run(&["build", "--executor", "slurm"]);
    assert_eq!((outcome.code, project.count_records()), (0, 4), "{outcome:#?}");
}

#[test]
fn an_edit_after_the_submission_changes_nothing_for_the_tasks() {
    let project = complete();
    on_a_cluster(&project);
    project.run(&["build", "program", "lr=0.5", "seed=0"]);
    // An earlier copy that is not what its name says is replaced.
    let kept = std::fs::read_dir(project.path(".report/inputs")).unwrap().next().unwrap().unwrap();
    std::fs::write(kept.path(), "exit 9\n").unwrap();
    let outcome = project.run(&["build", "--executor", "slurm"]);
    assert_eq!((outcome.code, project.count_records()), (0, 4), "{outcome:#?}");
}

#[cfg(unix)]
#[test]
fn a_bundle_of_a_project_with_an_environment_of_its_own_can_be_read_without_it() {
    let author = complete();
    std::fs::create_dir_all(author.path(".venv/bin")).unwrap();
    std::os::unix::fs::symlink("/bin/sh", author.path(".venv/bin/sh")).unwrap();
    author.edit("experiments/program.toml", "command = [\"sh\"", "command = [\".venv/bin/sh\"");
    author.build(&[]);
    assert_eq!(author.run(&["bundle", "export", "paper.tar.zst"]).code, 0);
    let outcome = author.run(&["bundle", "import", "paper.tar.zst", "--project", "copy"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let outcome = author.run(&["build", "--project", "copy"]);
    assert!(outcome.code == 0 && outcome.stderr.contains("nothing to train"), "{outcome:#?}");
}

#[test]
fn a_record_whose_artefact_does_not_come_is_not_taken_from_a_store() {
    let store = tempfile::tempdir().unwrap();
    let address = store.path().to_str().unwrap();
    let first = complete();
    first.build(&["--store", address]);
    let file =
        std::fs::read_dir(store.path().join("artifacts")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(file).unwrap();
    let second = complete();
    let outcome = second.run(&["store", "pull", "--store", address]);
    assert!(
        outcome.code == 2 && outcome.stderr.contains("the probe of `program` has not run"),
        "{outcome:#?}"
    );
    let outcome = second.run(&["build", "--store", address]);
    assert!(
        outcome.stderr.contains("1 record not taken, because an artefact did not come"),
        "{outcome:#?}"
    );
    assert!(outcome.stderr.contains("trained 1 run"), "{outcome:#?}");
    assert_eq!((second.count_records(), artifacts(&second).len()), (4, 4));
}
