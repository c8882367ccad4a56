//! Why something is trained: told before any time is spent, and true.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::{Outcome, Project, trained};

const BASE: &str = "experiments/base/protocol.toml";

fn json(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let value: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(value["schema"], 1);
    value
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The one group of runs that `status` tells.
#[track_caller]
fn only_group(project: &Project) -> Value {
    let status = json(&project.run(&["status", "--json"]));
    let groups = status["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    groups[0].clone()
}

#[test]
fn an_edit_is_told_as_key_old_and_new_with_the_record_compared_count_and_cost() {
    let project = Project::new();
    project.build(&[]);
    let deep = project.read("experiments/deep.toml");
    project.write("experiments/deep.toml", format!("{deep}\n[train.optimizer]\nlr = 0.02\n"));
    let outcome = project.run(&["status"]);
    let line = outcome.stdout.lines().find(|line| line.starts_with("deep: ")).unwrap();
    assert!(line.starts_with("deep: 4 runs, "), "{line}");
    assert!(line.contains(": train.optimizer.lr: 0.01 → 0.02 (compared with "), "{line}");
    assert!(line.contains(", seed 0, of 20"), "{line}");
    assert!(outcome.stderr.contains("8 runs; 4 runs to train, "), "{}", outcome.stderr);

    let group = only_group(&project);
    assert_eq!(group["reason"]["differences"][0]["key"], "train.optimizer.lr");
    assert_eq!(group["compared"]["own"], true);
    let compared = group["compared"]["digest"].as_str().unwrap();
    let record = project.read(&format!(".report/records/{compared}.json"));
    assert!(record.contains(r#""lr":0.01"#) && record.contains(r#""experiment":"deep""#));
    assert!(group["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_the_dry_run_says_is_what_build_then_does() {
    let project = Project::new();
    let steps: [(&str, &dyn Fn()); 7] = [
        ("nothing recorded", &|| {}),
        ("nothing changed", &|| {}),
        ("a rate", &|| {
            project.edit(BASE, "lr = 0.01", "lr = 0.03");
        }),
        ("a damaged record", &|| std::fs::write(&project.record_files()[0], "").unwrap()),
        ("more seeds", &|| {
            project.edit(BASE, "seeds = 2", "seeds = 4");
        }),
        ("a layer", &|| {
            project.edit("experiments/deep.toml", "\"relu\",", "\"tanh\",");
        }),
        ("an edit undone", &|| {
            project.edit(BASE, "lr = 0.03", "lr = 0.01");
        }),
    ];
    for (step, change) in steps {
        change();
        let before = project.file_texts(".report/records");
        let said = texts(&json(&project.run(&["build", "--dry-run", "--json"]))["to_train"]);
        assert_eq!(
            project.file_texts(".report/records"),
            before,
            "{step}: a dry run changes nothing"
        );
        let outcome = project.run(&["build"]);
        assert_eq!(trained(&outcome), said.len(), "{step}: {outcome:#?}");
        let after = project.file_texts(".report/records");
        let done: BTreeSet<_> = after
            .iter()
            .filter(|(name, text)| before.get(*name) != Some(*text))
            .map(|(name, _)| name.strip_suffix(".json").unwrap().to_owned())
            .collect();
        assert_eq!(done, said, "{step}");
    }
}

#[test]
fn new_seeds_and_runs_like_no_other_are_told_as_such() {
    let project = Project::new();
    assert_eq!(json(&project.run(&["status", "--json"]))["groups"][0]["reason"]["kind"], "new");
    project.build(&[]);
    project.edit(BASE, "seeds = 2", "seeds = 5");
    let outcome = project.run(&["status"]);
    let line = outcome.stdout.lines().find(|line| line.starts_with("deep: 6 runs, ")).unwrap();
    assert!(line.ends_with(": no record with seeds 2 to 4"), "{line}");
    project.edit(BASE, "seeds = 5", "seeds = 2");

    // A condition that is new is compared with the nearest.
    project.edit("experiments/deep.toml", "kernel = 3, padding = 1", "kernel = 5, padding = 2");
    let text = project.read("experiments/deep.toml").replace("\"deep\"", "\"deeper\"");
    project.write("experiments/deeper.toml", text);
    project.edit("experiments/deep.toml", "kernel = 5, padding = 2", "kernel = 3, padding = 1");
    let group = only_group(&project);
    assert_eq!(group["experiment"], "deeper");
    assert_eq!(group["compared"]["own"], false);
    let keys: Vec<_> = group["reason"]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|difference| difference["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["model.branch.0.kernel", "model.branch.0.padding"]);
}

#[test]
fn frozen_ends_with_status_3_if_anything_is_stale_and_trains_nothing() {
    let project = Project::new();
    project.build(&[]);
    assert_eq!(project.build(&["--frozen"]), 0);
    project.edit(BASE, "lr = 0.01", "lr = 0.03");
    let report = project.report();
    let outcome = project.run(&["build", "--frozen"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    assert!(outcome.stderr.contains("train.optimizer.lr: 0.01 → 0.03"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("error: 8 runs stale or failed"), "{}", outcome.stderr);
    assert_eq!(project.count_records(), 8);
    assert_eq!(project.report(), report);
}

#[test]
fn a_new_version_of_a_part_trains_nothing_unless_it_is_confirmed() {
    let project = Project::new();
    project.build(&[]);
    project.age_records();
    let status = project.run(&["status"]);
    assert!(
        status.stderr.contains("8 runs would be trained only because `report` has changed"),
        "{status:#?}"
    );
    assert_eq!(json(&project.run(&["status", "--json"]))["needs_confirmation"], true);
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    let expected = "error: this version of `report` computes differently from the version that recorded 8 \
                    runs: versions.train: 1 → ";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--yes") && outcome.stderr.contains("report accept"));
    assert_eq!(project.count_records(), 8);
    assert_eq!(project.build(&["--yes"]), 8);
    assert_eq!(project.count_records(), 16);
}

#[test]
fn accepted_results_stand_for_the_new_key_with_their_reason_in_the_report() {
    let project = Project::new();
    project.build(&[]);
    let cells = |project: &Project| {
        let [markdown, _] = project.report();
        markdown.lines().filter(|line| line.starts_with("| deep |")).map(str::to_owned).collect()
    };
    let before: Vec<String> = cells(&project);
    let deep = project.read("experiments/deep.toml");
    project.write("experiments/deep.toml", format!("{deep}\n[train.optimizer]\nlr = 0.02\n"));
    let refused = project.run(&["accept", "deep", "--why", " "]);
    assert_eq!(refused.code, 2, "{refused:#?}");
    let outcome = project.run(&["accept", "deep", "--why", "the <rate> is *not* used"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert_eq!(outcome.stdout.lines().count(), 4, "{outcome:#?}");
    let outcome = project.run(&["build"]);
    assert_eq!((outcome.code, trained(&outcome)), (4, 0), "{outcome:#?}");
    assert!(outcome.stderr.contains("but 4 of its 8 runs were accepted by hand"), "{outcome:#?}");
    let [markdown, html] = project.report();
    assert!(markdown.contains("**4 of 8 runs were accepted by hand**"));
    assert!(markdown.contains("train.optimizer.lr: 0.01 → 0.02"), "{markdown}");
    assert!(html.contains("the &lt;rate&gt; is *not* used"), "{html}");
    let after: Vec<String> = cells(&project);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.replace("| 2 |", "| 2 (2 accepted) |"), *after);
    }
    let explained = project.run(&["explain", "deep", "seed=1", "weight_sharing=true"]);
    assert!(explained.stdout.contains("state    accepted by hand"), "{explained:#?}");
    assert!(explained.stdout.contains("the <rate> is *not* used"), "{explained:#?}");
    let counts = &json(&project.run(&["status", "--json"]))["experiments"][0];
    assert_eq!((&counts["fresh"], &counts["accepted"]), (&4.into(), &4.into()));

    // Accepted no longer, they are to be trained.
    assert_eq!(project.run(&["accept", "deep", "--undo"]).code, 0);
    assert!(project.run(&["status"]).stdout.contains("deep: 4 runs"));

    // Undoing the edit finds what was trained; nothing was accepted of it.
    project.write("experiments/deep.toml", deep);
    assert_eq!(project.build(&[]), 0);
    assert!(!project.report()[0].contains("accepted"));
}

#[test]
fn a_result_of_another_run_or_with_other_epochs_is_not_accepted() {
    let project = Project::new();
    project.build(&[]);
    project.edit(BASE, "epochs = 2", "epochs = 3");
    let outcome = project.run(&["accept", "--why", "close enough"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("asks for 3 epochs, but its older record has 2"));
    project.edit(BASE, "epochs = 3", "epochs = 2").edit(BASE, "seeds = 2", "seeds = 3");
    let outcome = project.run(&["accept", "--why", "seeds are all alike"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("has no older record of its own"), "{outcome:#?}");
    assert_eq!(project.count_records(), 8);

    // A level that was not there before has no results, whatever others were abandoned.
    project.edit(BASE, "seeds = 3", "seeds = 2").edit(BASE, "lr = 0.01", "lr = 0.02");
    let levels = "\"data.pooling\" = [2, 4]";
    project.edit(BASE, "= [true, false]", &format!("= [true, false]\n{levels}"));
    let outcome = project.run(&["accept", "--why", "pooling changes nothing"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert_eq!(project.count_records(), 8);
}

#[test]
fn results_that_are_accepted_twice_all_come_from_what_was_trained() {
    let project = Project::new();
    project.build(&[]);
    let trained: BTreeSet<_> = project.records().into_keys().collect();
    for (from, to) in [("lr = 0.01", "lr = 0.02"), ("lr = 0.02", "lr = 0.03")] {
        project.edit(BASE, from, to);
        let accepted = json(&project.run(&["accept", "--why", "no matter", "--json"]));
        let accepted = accepted["accepted"].as_array().unwrap().clone();
        assert_eq!(accepted.len(), 8);
        for one in accepted {
            assert!(trained.contains(&format!("{}.json", one["from"].as_str().unwrap())), "{one}");
        }
    }
    let nothing = project.run(&["accept", "--why", "no matter"]);
    assert_eq!(nothing.code, 0, "{nothing:#?}");
    assert!(nothing.stderr.contains("there is nothing to accept"), "{nothing:#?}");
}

#[test]
fn explain_tells_configuration_provenance_and_history() {
    let project = Project::new();
    project.build(&[]);
    project.edit(BASE, "lr = 0.01", "lr = 0.02");
    project.build(&[]);
    let of_condition = ["explain", "deep", "weight_sharing=true", "seed=1"];
    let text = project.run(&of_condition).stdout;
    for part in [
        "deep (weight_sharing true) seed 1",
        "state    fresh",
        " s by report 0.1.0 on ",
        "train.optimizer.lr = 0.02",
        "train.optimizer.lr: 0.01 → 0.02",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let facts = json(&project.run(&[&of_condition[..], &["--json"]].concat()));
    let run = &facts["runs"][0];
    assert_eq!(run["history"].as_array().unwrap().len(), 1);
    assert_eq!(run["config"]["train"]["optimizer"]["lr"], 0.02);
    let digest = run["digest"].as_str().unwrap();
    let by_digest = json(&project.run(&["explain", &digest[..8], "--json"]));
    assert_eq!(by_digest["runs"], facts["runs"]);
    // The older record, which belongs to no experiment now.
    let old = run["history"][0]["record"].as_str().unwrap();
    let text = project.run(&["explain", &old[..12]]).stdout;
    assert!(text.contains("belongs to no experiment") && text.contains("lr = 0.01"), "{text}");
    // The runs behind a row of a table, of both experiments.
    let row = json(&project.run(&["explain", "sharing", "weight_sharing=false", "--json"]));
    assert_eq!(row["runs"].as_array().unwrap().len(), 4);
    for (args, message) in [
        (["explain", "depe"], "did you mean `deep`?"),
        (["explain", "0123456789ab"], "no run of an experiment has a digest that begins with"),
    ] {
        let outcome = project.run(&args);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    }
    let outcome = project.run(&["explain", "deep", "weight_sharing"]);
    assert!(
        outcome.stderr.contains("`weight_sharing` is not of the form `factor=level`"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn gc_removes_what_neither_the_experiments_nor_the_last_report_need() {
    let project = Project::new();
    project.build(&[]);
    project.build(&["--seeds", "3", "--out", "taste"]);
    project.edit(BASE, "lr = 0.01", "lr = 0.02");
    project.build(&[]);
    assert_eq!(project.count_records(), 8 + 4 + 8);
    // The first eight are still shown by the report in `taste`.
    let outcome = project.run(&["cache", "gc", "--dry-run"]);
    assert!(outcome.stderr.contains("every record is needed"), "{outcome:#?}");
    project.build(&["--seeds", "3", "--out", "taste"]);
    let outcome = project.run(&["cache", "gc", "--dry-run"]);
    assert_eq!(outcome.stdout.lines().count(), 12, "{outcome:#?}");
    let outcome = project.run(&["cache", "gc"]);
    assert_eq!(outcome.code, 2, "nobody was there to ask: {outcome:#?}");
    assert_eq!(project.count_records(), 24);
    let listed = json(&project.run(&["cache", "ls", "--json"]));
    let needed = listed["records"].as_array().unwrap().iter().filter(|one| one["needed"] == true);
    assert_eq!(needed.count(), 12);
    assert_eq!(project.run(&["cache", "gc", "--yes"]).code, 0);
    assert_eq!(project.count_records(), 12);
    assert_eq!(project.build(&["--seeds", "3", "--out", "taste"]), 0);
    assert_eq!(project.build(&[]), 0);
}

#[test]
fn verify_finds_damage_and_a_record_that_a_rerun_does_not_give() {
    let project = Project::new();
    for reruns in [&["--all"][..], &["--sample", "2"]] {
        let outcome = project.run(&[&["verify"], reruns].concat());
        assert_eq!(outcome.code, 3, "nothing was compared: {outcome:#?}");
        assert!(outcome.stdout.contains("0 of 8 runs have a record"), "{outcome:#?}");
    }
    project.build(&[]);
    let outcome = project.run(&["verify", "--all"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("8 of 8 records sound\n8 of 8 reruns identical"));
    let verified = json(&project.run(&["verify", "--sample", "3", "--json"]));
    assert_eq!(verified["reruns"].as_array().unwrap().len(), 3);

    // A record with another result and a right checksum.
    let file = &project.record_files()[0];
    let text = std::fs::read_to_string(file).unwrap();
    let (body, _) = text.split_once(",\"checksum\"").unwrap();
    let (head, curve) = body.split_once("\"corrected_test_accuracy\":[").unwrap();
    let (_, rest) = curve.split_once(',').unwrap();
    let body = format!("{head}\"corrected_test_accuracy\":[0.123,{rest}");
    let checksum = report::digest::Digest::of_bytes(body.as_bytes());
    std::fs::write(file, format!("{body},\"checksum\":\"{checksum}\"}}\n")).unwrap();
    assert_eq!(project.run(&["verify"]).code, 0);
    let outcome = project.run(&["verify", "--all"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    assert!(outcome.stdout.contains("7 of 8 reruns identical"), "{outcome:#?}");
    assert!(outcome.stderr.contains(": DIFFERENT"), "{outcome:#?}");

    std::fs::write(file, "").unwrap();
    let outcome = project.run(&["verify"]);
    assert_eq!(outcome.code, 3, "{outcome:#?}");
    assert!(outcome.stdout.contains("7 of 8 records sound"), "{outcome:#?}");
    assert!(outcome.stderr.contains("is empty; moved to "), "{outcome:#?}");
    assert_eq!(project.run(&["verify"]).code, 0);
    assert!(project.run(&["status"]).stdout.contains("its damaged record is in quarantine"));
    assert_eq!(project.build(&[]), 1);
}
