//! The same bits, whatever the order and the number of workers.

use crate::project::Project;

#[test]
fn one_worker_and_four_leave_the_same_records_and_reports() {
    let (one, four) = (Project::with_every_layer(), Project::with_every_layer());
    one.build(&["-j", "1"]);
    four.build(&["-j", "4"]);
    assert_eq!(one.records(), four.records());
    assert_eq!(one.report(), four.report());
}

#[test]
fn the_order_of_training_changes_no_record() {
    let (forward, backward) = (Project::with_every_layer(), Project::with_every_layer());
    forward.build(&[]);
    backward.build(&["--only", "fully-connected", "--seeds", "1"]);
    backward.build(&["--only", "fully-connected"]);
    backward.build(&[]);
    assert_eq!(forward.records(), backward.records());
    assert_eq!(forward.report(), backward.report());
}

#[test]
fn a_run_depends_on_its_seed_and_on_the_data_seed() {
    let project = Project::new();
    project.build(&[]);
    let before = project.records();
    let curves: Vec<_> = before.values().map(|record| record["curves"].to_string()).collect();
    for (index, curve) in curves.iter().enumerate() {
        assert!(!curves[..index].contains(curve), "two runs with the same curve");
    }
    project.edit("experiments/base/protocol.toml", "[data]\nseed = 0", "[data]\nseed = 1");
    assert_eq!(project.build(&[]), 8);
    let after = project.records();
    let new = after.iter().filter(|(name, _)| !before.contains_key(*name));
    for (_, record) in new {
        assert!(!curves.contains(&record["curves"].to_string()));
    }
}
