//! Runs that several machines share: shards and their merge.

use crate::project::{Project, forged, trained};

/// Trains each of `count` shards in a project of its own.
fn shards(count: usize) -> Vec<Project> {
    let train = |index: usize| {
        let project = Project::new();
        let outcome = project.run(&["build", "--shard", &format!("{index}/{count}")]);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        assert_eq!(outcome.stdout, "", "a shard writes no report");
        project
    };
    (1..=count).map(train).collect()
}

#[test]
fn shards_train_each_run_once_and_merge_into_the_report_of_one_machine() {
    let (alone, merged) = (Project::new(), Project::new());
    alone.build(&[]);
    let shards = shards(3);
    let sizes: Vec<_> = shards.iter().map(Project::count_records).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 8, "{sizes:?}");
    assert!(shards.iter().all(|shard| !shard.path("reports").exists()));
    let paths: Vec<_> = shards.iter().map(|shard| shard.path("").display().to_string()).collect();
    let mut arguments = vec!["merge"];
    arguments.extend(paths.iter().map(String::as_str));
    let outcome = merged.run(&arguments);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stderr.contains("copied 8 records; 0 were here already"), "{outcome:#?}");
    assert!(outcome.stderr.contains("none of 8 runs is missing"), "{outcome:#?}");
    assert_eq!(merged.build(&["--frozen"]), 0);
    assert_eq!(merged.records(), alone.records());
    assert_eq!(merged.report(), alone.report());
    let again = merged.run(&["merge", &paths[0], &format!("{}/.report", paths[1]), "--json"]);
    assert_eq!(again.code, 0, "{again:#?}");
    let again: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["same"], sizes[0] + sizes[1]);
    assert_eq!((again["new"].as_array().unwrap().len(), &again["missing"]), (0, &0.into()));
}

#[test]
fn a_shard_can_be_a_part_of_a_selection() {
    let project = Project::new();
    let sizes = ["1/2", "2/2"].map(|shard| {
        let outcome = project.run(&["build", "deep", "seed=1", "--shard", shard]);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        trained(&outcome)
    });
    assert_eq!((sizes[0] + sizes[1], project.count_records()), (2, 2));
}

#[test]
fn a_shard_of_a_wrong_form_is_refused() {
    for shard in ["0/3", "4/3", "1", "1/0", "x/y"] {
        let outcome = Project::new().run(&["build", "--shard", shard]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains("a shard is `I/N`"), "{outcome:#?}");
    }
}

#[test]
fn merge_copies_no_record_that_is_damaged_and_replaces_none() {
    let (one, other) = (Project::new(), Project::new());
    one.build(&["--only", "deep"]);
    other.build(&[]);
    let names: Vec<_> = one.record_files();
    let name =
        |n: usize| format!(".report/records/{}", names[n].file_name().unwrap().to_str().unwrap());
    // One record that is damaged there, and one that is sound there but has another result.
    other.write(&name(0), other.read(&name(0)).replacen("0.", "1.", 1));
    std::fs::remove_file(one.path(&name(0))).unwrap();
    let changed = forged(&other.read(&name(1)));
    other.write(&name(1), &changed);
    let before = one.read(&name(1));
    let outcome = one.run(&["merge", other.path("").to_str().unwrap()]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    assert!(outcome.stderr.contains("is damaged"), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("has another result than the record of this project"),
        "{outcome:#?}"
    );
    assert!(outcome.stderr.contains("2 records were not copied"), "{outcome:#?}");
    assert!(!one.path(&name(0)).exists());
    assert_eq!(one.read(&name(1)), before);
    assert_eq!(one.count_records(), 7, "the sound records are copied");
}

#[test]
fn merge_names_what_is_no_project_and_the_project_itself() {
    let project = Project::new();
    project.build(&["--only", "deep"]);
    std::fs::create_dir(project.path("empty")).unwrap();
    for (directory, message) in [
        ("empty", "`empty` has no records"),
        ("missing", "`missing` has no records"),
        (".", "`.` is the project that the records go to"),
        (".report", "`.report` is the project that the records go to"),
    ] {
        let outcome = project.run(&["merge", directory]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains(message), "{outcome:#?}");
    }
}
