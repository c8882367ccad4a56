//! How files become conditions and runs.

use super::*;
use crate::digest::{Digest, canonical_json};
use crate::run::DeviceKind;

/// An experiment that lays `text` over the base.
fn read(name: &str, text: &str) -> Result<Experiment, Vec<String>> {
    let read = samples::read(name, text);
    read.map_err(|violations| violations.iter().map(ToString::to_string).collect())
}

fn runs(experiments: &[Experiment]) -> Vec<(Run, String)> {
    let expand = Conditions::of(experiments);
    expand.expand(DeviceKind::Cpu, |run, text| (run, text.to_owned())).unwrap()
}

const TWO_FACTORS: &str = r#"
[factors]
"train.optimizer.lr" = [0.2, 0.1]
"model.weight_sharing" = [true, false]
"#;

#[test]
fn runs_come_in_order_of_experiment_condition_and_seed() {
    let experiments = [read("b", TWO_FACTORS).unwrap(), read("a", "").unwrap()];
    let conditions = Conditions::of(&experiments);
    let runs = runs(&experiments);
    assert_eq!((conditions.ids().len(), runs.len()), (5, 15));
    let names: Vec<_> = runs.iter().map(|(run, _)| conditions.run_name(run)).collect();
    // Factors in order of their paths, the last varying fastest, levels as the file lists them.
    assert_eq!(names[0], "b (weight_sharing true, lr 0.2) seed 0");
    assert_eq!(names[1], "b (weight_sharing true, lr 0.2) seed 1");
    assert_eq!(names[3], "b (weight_sharing true, lr 0.1) seed 0");
    assert_eq!(names[6], "b (weight_sharing false, lr 0.2) seed 0");
    assert_eq!(names[12..], ["a seed 0", "a seed 1", "a seed 2"]);
    let ids: Vec<_> = runs.iter().map(|(run, _)| run.condition.index()).collect();
    assert_eq!(ids, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
}

#[test]
fn a_condition_id_leads_to_its_experiment_levels_and_design() {
    let experiments = [read("a", "").unwrap(), read("b", TWO_FACTORS).unwrap()];
    let conditions = Conditions::of(&experiments);
    let last = conditions.ids().last().unwrap();
    assert_eq!((conditions.experiment(last).name.as_str(), last.index()), ("b", 4));
    assert!(!conditions.design(last).network().unwrap().model.pair().unwrap().weight_sharing);
    let levels = conditions.levels(last);
    let levels: Vec<_> = levels.iter().map(|(k, v)| (k.as_str(), v.spelled())).collect();
    assert_eq!(levels, [("experiment", "b"), ("lr", "0.1"), ("weight_sharing", "false")]);
}

#[test]
fn the_canonical_json_and_the_digest_of_each_run_are_those_of_its_configuration() {
    // Seeds share the text of their key; with a draw of data for each seed they cannot.
    let draws = "seeds = [5, 2, 9223372036854775807]\n[data]\nseed = \"run\"";
    let experiments = [read("shared", TWO_FACTORS).unwrap(), read("own", draws).unwrap()];
    let mut digests = Vec::new();
    for (run, text) in runs(&experiments) {
        assert_eq!(text, canonical_json(&*run.config).unwrap());
        assert_eq!(run.digest, Digest::of(&*run.config).unwrap());
        digests.push(run.digest);
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 12 + 3, "no two runs share a key");
    let own: Vec<_> = runs(&experiments[1..]).into_iter().map(|(run, _)| run.config).collect();
    let seeds: Vec<_> =
        own.iter().map(|config| (config.seed(), config.network().unwrap().data.seed())).collect();
    let last = i64::MAX.unsigned_abs();
    assert_eq!(seeds, [(2, 2), (5, 5), (last, last)], "in order, whatever the file's order");
}

#[test]
fn seeds_are_a_count_or_a_list_without_repeats() {
    assert_eq!(read("a", "seeds = 4").unwrap().seeds, [0, 1, 2, 3]);
    assert_eq!(read("a", "seeds = [7, 3]").unwrap().seeds, [3, 7]);
    for (seeds, message) in [
        ("0", "must be from 1 to 1000000, but is 0"),
        ("-1", "must be from 1 to 1000000, but is -1"),
        ("[]", "lists no seed"),
        ("[1, 2, 1]", "lists 1 more than once"),
        ("[1, -2]", "has an item 1 that must be at least 0, but is -2"),
        ("\"all\"", "must be a count or a list of seeds, but is a string"),
    ] {
        let violations = read("a", &format!("seeds = {seeds}")).unwrap_err();
        assert!(violations.len() == 1 && violations[0].contains(message), "{violations:?}");
    }
}

#[test]
fn conditions_that_are_the_same_in_other_words_are_refused() {
    let text = "[factors]\n\"train.optimizer.lr\" = [1, 1.0]";
    let violations = read("a", text).unwrap_err();
    assert!(violations[0].contains("repeat a condition: (1) and (1.0) are the same"));
}

#[test]
fn a_factor_is_named_by_as_few_keys_as_tell_it_apart() {
    let text = r#"
        [factors]
        "data.seed" = [1, 2]
        "train.optimizer.lr" = [0.1, 0.2]
    "#;
    let experiment = read("a", text).unwrap();
    let names: Vec<_> = experiment.factors.iter().map(|factor| factor.name.as_str()).collect();
    assert_eq!(names, ["data.seed", "lr"], "`seed` is that of the run");
}

#[test]
fn a_factor_within_another_factor_varies_each_of_its_levels() {
    let text = r#"
        [factors]
        "train.optimizer.lr" = [0.5, 0.25]
        "train.optimizer" = [{ kind = "adam", lr = 1.0 }, { kind = "sgd", lr = 1.0 }]
        "#;
    let runs = runs(&[read("nested", text).unwrap()]);
    let found = runs.iter().step_by(3).map(|(_, text)| {
        let optimizer = text.split_once(r#""optimizer":"#).unwrap().1;
        optimizer.split_once('}').unwrap().0.to_owned()
    });
    let expected = [("adam", 0.5), ("adam", 0.25), ("sgd", 0.5), ("sgd", 0.25)];
    let expected = expected.map(|(kind, lr)| format!(r#"{{"kind":"{kind}","lr":{lr}"#));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn the_mistakes_of_all_levels_are_listed_whatever_thread_reads_them_first() {
    let text = r#"
        [factors]
        "train.optimizer" = [{ kind = "adam", lrr = 0.01 }, { kind = "adam" }]
        "#;
    let mistakes = || read("wrong", text).unwrap_err();
    let first = mistakes();
    assert!(first.iter().any(|mistake| mistake.contains("`train.optimizer.lr` is missing")));
    assert!(first.iter().any(|mistake| mistake.contains("lrr")));
    (0..200).for_each(|_| assert_eq!(mistakes(), first));
}
