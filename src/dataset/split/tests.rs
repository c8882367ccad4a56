//! Every kind of split.

use super::*;
use crate::dataset::examples::{TableRows, Values};
use crate::digest::Digest;
use crate::run::Shape;

/// 60 examples of the classes 0 (half of them), 1 (a third) and 2, in groups of four.
fn examples() -> Examples {
    let class = |index: u32| [0, 0, 0, 1, 1, 2][index as usize % 6];
    Examples {
        digest: Digest::of_bytes(b""),
        shape: Shape::Vector(1),
        values: Values::Floats(vec![0.0; 60]),
        targets: Targets::Classes((0..60).map(class).collect()),
        classes: ["a", "b", "c"].map(str::to_owned).into(),
        columns: Vec::new(),
        groups: (0..60).map(|index| index / 4).collect(),
        parts: Vec::new(),
        rows: TableRows::default(),
    }
}

fn config(kind: SplitKind) -> SplitConfig {
    SplitConfig {
        kind,
        train: None,
        validation: Some(Size::Count(6)),
        test: Some(Size::Share(0.2)),
        folds: 0,
        stratified: false,
        grouped: false,
        together: false,
        seed: 3,
    }
}

fn sorted(parts: &Parts) -> Vec<u32> {
    let mut all = parts.concat();
    all.sort_unstable();
    all
}

fn counts(part: &[u32]) -> [usize; 3] {
    let Targets::Classes(classes) = examples().targets else { return [0; 3] };
    [0, 1, 2].map(|class| part.iter().filter(|index| classes[**index as usize] == class).count())
}

#[test]
fn each_example_is_in_one_part_and_the_order_depends_on_the_seed() {
    let own = config(SplitKind::Random);
    let parts = split(&own, &examples()).unwrap().remove(0);
    assert_eq!(parts.each_ref().map(Vec::len), [42, 6, 12]);
    assert_eq!(sorted(&parts), (0..60).collect::<Vec<_>>());
    let other = split(&SplitConfig { seed: 4, ..own.clone() }, &examples()).unwrap().remove(0);
    assert_ne!(parts, other);
    assert_eq!(parts, split(&own, &examples()).unwrap().remove(0));
}

#[test]
fn another_size_of_the_training_part_leaves_the_others_as_they_are() {
    let own = config(SplitKind::Random);
    let [train, validation, test] = split(&own, &examples()).unwrap().remove(0);
    let smaller = SplitConfig { train: Some(Size::Count(10)), ..own };
    let parts = split(&smaller, &examples()).unwrap().remove(0);
    assert_eq!(parts, [train[..10].to_vec(), validation, test]);
}

#[test]
fn stratified_parts_have_the_shares_of_the_classes_and_mix_them() {
    let own = SplitConfig { stratified: true, ..config(SplitKind::Random) };
    let [train, validation, test] = split(&own, &examples()).unwrap().remove(0);
    assert_eq!(
        [&train, &validation, &test].map(|part| counts(part)),
        [[21, 14, 7], [3, 2, 1], [6, 4, 2]]
    );
    assert_eq!(counts(&train[..6]), [3, 2, 1], "a batch has all classes");
}

#[test]
fn a_group_is_in_one_part() {
    for stratified in [false, true] {
        for (kind, folds) in [(SplitKind::Random, 0), (SplitKind::Folds, 5)] {
            let own = SplitConfig { grouped: true, stratified, folds, ..config(kind) };
            for parts in split(&own, &examples()).unwrap() {
                assert_eq!(sorted(&parts), (0..60).collect::<Vec<_>>());
                let groups = parts.each_ref().map(|part| {
                    part.iter().map(|index| index / 4).collect::<std::collections::BTreeSet<_>>()
                });
                assert_eq!(groups.iter().map(std::collections::BTreeSet::len).sum::<usize>(), 15);
            }
        }
    }
}

#[test]
fn groups_of_any_size_make_parts_near_their_sizes_or_are_refused() {
    let mut examples = examples();
    let own = |test| {
        let test = Some(Size::Count(test));
        SplitConfig { grouped: true, validation: None, test, ..config(SplitKind::Random) }
    };
    // One group of 40, two of 10.
    examples.groups = (0..60).map(|index: u32| index.saturating_sub(30) / 10).collect();
    for seed in 0..20 {
        let parts = split(&SplitConfig { seed, ..own(10) }, &examples).unwrap().remove(0);
        assert_eq!(parts.each_ref().map(Vec::len), [50, 0, 10]);
    }
    for seed in 0..20 {
        let parts = split(&SplitConfig { seed, ..own(25) }, &examples).unwrap().remove(0);
        assert_eq!(parts[2].len(), 20, "the large group would miss 25 by more");
    }
    let error = split(&own(4), &examples).unwrap_err().to_string();
    assert!(
        error.starts_with("the test part gets 0 examples instead of 4, because groups stay whole")
    );
    // Twenty single examples beside the large group.
    examples.groups = (0..60).map(|index: u32| index.saturating_sub(39)).collect();
    for seed in 0..20 {
        let parts = split(&SplitConfig { seed, ..own(15) }, &examples).unwrap().remove(0);
        assert_eq!(parts.each_ref().map(Vec::len), [45, 0, 15]);
    }
}

#[test]
fn each_example_is_tested_in_one_fold() {
    let own = SplitConfig { folds: 7, stratified: true, test: None, ..config(SplitKind::Folds) };
    let folds = split(&own, &examples()).unwrap();
    let mut tested: Vec<_> = folds.iter().flat_map(|parts| parts[2].clone()).collect();
    tested.sort_unstable();
    assert_eq!(tested, (0..60).collect::<Vec<_>>());
    for parts in &folds {
        assert!((8..=9).contains(&parts[2].len()), "{}", parts[2].len());
        assert_eq!(sorted(parts), (0..60).collect::<Vec<_>>());
    }
    let most = SplitConfig { folds: 16, grouped: true, ..own };
    let error = split(&most, &examples()).unwrap_err().to_string();
    assert_eq!(error, "16 folds need at least 16 groups, but there are 15");
}

#[test]
fn ordered_parts_end_with_the_test_part() {
    let own = SplitConfig { train: Some(Size::Count(5)), ..config(SplitKind::Ordered) };
    let parts = split(&own, &examples()).unwrap().remove(0);
    assert_eq!(parts, [(37..42).collect::<Vec<_>>(), (42..48).collect(), (48..60).collect()]);
}

#[test]
fn a_part_that_the_data_are_too_small_for_is_named() {
    for (train, validation, test, message) in [
        (None, Some(20), 41, "the validation part needs 20 examples, but 19 are left for it"),
        (None, None, 61, "the test part needs 61 examples, but 60 are left for it"),
        (Some(20), None, 50, "the train part needs 20 examples, but 10 are left for it"),
        (None, None, 60, "the train part is empty"),
        (None, None, 0, "the test part is empty"),
    ] {
        for kind in [SplitKind::Random, SplitKind::Ordered] {
            let own = SplitConfig {
                train: train.map(Size::Count),
                validation: validation.map(Size::Count),
                test: Some(Size::Count(test)),
                ..config(kind)
            };
            assert_eq!(split(&own, &examples()).unwrap_err().to_string(), message);
        }
    }
}

#[test]
fn given_parts_are_kept_and_a_size_chooses_within_them() {
    let mut examples = examples();
    let part = |index| match index % 3 {
        0 => PartName::Test,
        _ => PartName::Train,
    };
    examples.parts = (0..60).map(part).collect();
    let all = SplitConfig { validation: None, test: None, ..config(SplitKind::Files) };
    let [train, validation, test] = split(&all, &examples).unwrap().remove(0);
    assert_eq!(test, (0..60).filter(|index| index % 3 == 0).collect::<Vec<_>>());
    assert_eq!((train.len(), validation.len()), (40, 0));
    let some =
        SplitConfig { train: Some(Size::Count(12)), stratified: true, ..config(SplitKind::Files) };
    let parts = split(&some, &examples).unwrap().remove(0);
    assert_eq!(parts.each_ref().map(Vec::len), [12, 6, 4]);
    assert!(parts[2].iter().all(|index| index % 3 == 0));
    assert!(parts[..2].concat().iter().all(|index| index % 3 != 0));
}
