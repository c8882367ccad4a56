//! What a summary says of scores that the test writes by hand.

use std::collections::BTreeMap;

use super::*;
use crate::digest::Digest;
use crate::experiment::samples::experiment;
use crate::experiment::{Conditions, Level};

/// Two switches: the conditions in order are (sharing, loss) = (true, true), (true, false), (false,
/// true), (false, false).
fn experiments() -> Vec<Experiment> {
    let factors = "[factors]\n\"model.weight_sharing\" = [true, false]\n\
                   \"train.auxiliary_loss\" = [true, false]\n";
    vec![experiment("small", factors)]
}

/// A summary with these scores of the seeds 0, 1 and 2 in each condition; `None` is a missing run.
fn summary(scores: [[Option<f64>; 3]; 4]) -> Summary {
    let experiments = experiments();
    let all = Conditions::of(&experiments);
    let run = |(seed, score): (u64, Option<f64>)| {
        Some(RunScores {
            seed,
            digest: Digest::of_bytes(&seed.to_le_bytes()),
            operations: None,
            seconds: 1.0,
            confusion: None,
            epochs: None,
            best_epoch: None,
            scores: Scores(vec![("accuracy".into(), score?)]),
        })
    };
    let conditions = all.ids().zip(scores).map(|(id, scores)| ConditionSummary {
        id,
        levels: all.levels(id),
        runs: (0..).zip(scores).filter_map(run).collect(),
        expected: 3,
        exceptions: Exceptions::default(),
        varies: SeedVariation::Initialisation,
        training: Training::of(all.design(id)),
        aggregates: BTreeMap::new(),
    });
    Summary { conditions: conditions.collect() }
}

fn some(scores: [f64; 3]) -> [Option<f64>; 3] {
    scores.map(Some)
}

fn selection(factor: &str, level: &str) -> Selection {
    Selection::from([(factor.to_owned(), vec![Level::parse(level)])])
}

#[test]
fn an_effect_pairs_conditions_that_differ_in_the_factor_alone() {
    let whole = summary([
        some([80.0, 82.0, 84.0]),
        some([70.0, 71.0, 72.0]),
        some([78.0, 79.0, 83.0]),
        some([70.0, 69.0, 71.0]),
    ]);
    let levels = [Level::parse("true"), Level::parse("false")];
    let of = |selection: &Selection| {
        effect(&whole, selection, "weight_sharing", &levels, "accuracy").differences
    };
    // Of each seed: the mean of the two differences, with loss and without.
    assert_eq!(of(&Selection::new()), [(0, 1.0), (1, 2.5), (2, 1.0)]);
    assert_eq!(of(&selection("auxiliary_loss", "true")), [(0, 2.0), (1, 3.0), (2, 1.0)]);

    // A condition without a partner is listed and does not count.
    let mut alone = whole.clone();
    let gone = alone.conditions[3].levels.insert("weight_sharing".to_owned(), Level::parse("1"));
    assert_eq!(gone, Some(Level::parse("false")));
    let contrast = effect(&alone, &Selection::new(), "weight_sharing", &levels, "accuracy");
    assert_eq!(contrast.unmatched, [alone.conditions[1].id]);
    assert_eq!(contrast.differences, [(0, 2.0), (1, 3.0), (2, 1.0)]);
}

#[test]
fn a_seed_counts_only_if_every_condition_has_it() {
    let holes = summary([
        some([80.0, 82.0, 84.0]),
        [Some(70.0), None, Some(72.0)],
        some([1.0; 3]),
        [None; 3],
    ]);
    let ids: Vec<_> = holes.conditions().iter().map(|one| one.id).collect();
    let by_seed = holes.by_seed(&ids[..2], "accuracy");
    assert_eq!(by_seed.into_iter().collect::<Vec<_>>(), [(0, 75.0), (2, 78.0)]);
    assert_eq!(holes.estimate(&ids[..2], "accuracy").unwrap().n, 2);
    assert_eq!(holes.whole_estimate(&ids[..2], "accuracy"), None, "a run is missing");
    assert_eq!(holes.whole_estimate(&ids[..1], "accuracy").unwrap().mean, 82.0);
    assert!(holes.by_seed(&ids, "accuracy").is_empty());
    assert!(holes.by_seed(&ids[..1], "other").is_empty());
    let contrast = Contrast::of(&holes, [vec![ids[0]], vec![ids[1]]], "accuracy");
    assert_eq!(contrast.differences, [(0, 10.0), (2, 12.0)]);
    assert_eq!(contrast.if_whole(&holes).comparison, None);
}

#[test]
fn a_selection_compares_levels_by_value_and_two_levels_keep_their_direction() {
    let all = summary([some([1.0; 3]); 4]);
    assert_eq!(all.select(&Selection::new()).len(), 4);
    assert_eq!(all.select(&selection("weight_sharing", "true")).len(), 2);
    assert!(
        all.select(&selection("weight_sharing", "\"true\"")).is_empty(),
        "a string is no boolean"
    );
    assert!(all.select(&selection("lr", "0.1")).is_empty());
    let [yes, no, one, two] = ["true", "false", "1", "2"].map(Level::parse);
    assert_eq!(two_levels([&no, &yes, &no].into_iter()), Some([yes.clone(), no.clone()]));
    assert_eq!(two_levels([&two, &one].into_iter()), Some([two.clone(), one.clone()]));
    assert_eq!(two_levels([&one, &one].into_iter()), None);
    assert_eq!(two_levels([&one, &two, &yes].into_iter()), None);
}

#[test]
fn aggregates_are_those_of_their_group() {
    // NumPy: np.mean, np.std of [1, 2, 4]: 2.333…, 1.247 219 128 924 647 1.
    let aggregates = aggregate(&[vec![1.0, 2.0, 4.0], Vec::new(), vec![5.0]]);
    let [some, none, one] = aggregates[..] else { panic!("{aggregates:?}") };
    assert_eq!((some.n, some.minimum, some.maximum), (3, Some(1.0), Some(4.0)));
    assert!((some.mean.unwrap() - 7.0 / 3.0).abs() < 1e-12);
    assert!((some.std_dev.unwrap() - 1.247_219_128_924_647).abs() < 1e-12);
    assert_eq!(none, Aggregate::default());
    assert_eq!((one.mean, one.std_dev), (Some(5.0), None), "one value has no spread");
}
