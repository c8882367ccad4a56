//! What a paper file may refer to.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::document::{self, Reader, Violations};
use crate::experiment::samples::experiment;

fn named(name: &str) -> Selection {
    Selection::from([(EXPERIMENT.to_owned(), vec![Level::text(name)])])
}

#[test]
fn differences_of_the_data_are_found_unless_they_are_a_factor() {
    let experiments = [
        experiment("a", ""),
        experiment("b", "[data]\ntest_pairs = 30\n"),
        experiment("c", "[factors]\n\"data.train_pairs\" = [10, 20]\n"),
        experiment("d", "[factors]\n\"data.train_pairs\" = [10, 40]\n"),
    ];
    let words = Vocabulary::of(&experiments);
    let shown = ["train_pairs".to_owned()];
    let differing_if = |names: &[&str], shown: &[String]| {
        let names = names.iter().map(|name| Level::text(name)).collect();
        let selection = Selection::from([(EXPERIMENT.to_owned(), names)]);
        words.data_differences(&selection, shown).into_keys().collect::<Vec<_>>()
    };
    let differing = |names: &[&str]| differing_if(names, &shown);
    assert_eq!(
        differing_if(&["c"], &[]),
        ["data.train_pairs"],
        "a factor that no row is labelled with"
    );
    assert!(differing(&["a"]).is_empty());
    assert_eq!(differing(&["a", "b"]), ["data.test_pairs"]);
    assert!(differing(&["c", "d"]).is_empty(), "both vary it");
    assert_eq!(differing(&["a", "c"]), ["data.train_pairs"], "one of them has it fixed");
}

#[test]
fn two_sides_differ_in_what_is_named_alone() {
    let experiments = [
        experiment("a", ""),
        experiment(
            "wide",
            "[model]\nbranch = [\"flatten\", { layer = \"linear\", outputs = 20 }, { layer = \"linear\", outputs = 10 }]\n",
        ),
        experiment("other", "[data]\nseed = 7\n"),
        experiment("rates", "[factors]\n\"train.optimizer.lr\" = [0.1, 0.2]\n"),
    ];
    let words = Vocabulary::of(&experiments);
    let differing = |sides: [&Selection; 2], varied: &[&str]| {
        let varied: BTreeSet<String> = varied.iter().map(|name| (*name).to_owned()).collect();
        words.differences(sides, &varied)
    };
    assert!(
        differing([&named("a"), &named("wide")], &[EXPERIMENT]).is_empty(),
        "the models differ"
    );
    let seeds = BTreeMap::from([("data.seed".to_owned(), ["0", "7"].map(str::to_owned).into())]);
    assert_eq!(differing([&named("a"), &named("other")], &[EXPERIMENT]), seeds);
    let rate = |rate: &str| {
        let mut selection = named("rates");
        selection.insert("lr".to_owned(), vec![Level::parse(rate)]);
        selection
    };
    assert!(differing([&rate("0.10"), &rate("0.2")], &["lr"]).is_empty());
    let found = differing([&rate("0.1"), &rate("0.2")], &["weight_sharing"]);
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["train.optimizer.lr"]);
}

#[test]
fn names_are_labels_titles_or_spellings() {
    let experiments = [experiment(
        "a",
        "[factors]\n\"train.optimizer.lr\" = [1e-1, 2.0]\n\"model.weight_sharing\" = [true, false]\n",
    )];
    let text = r#"
        title = "t"
        [labels.lr]
        label = "rate"
        levels = { 2 = "two" }
    "#;
    let root = document::parse("paper.toml", text).unwrap();
    let violations = Violations::default();
    let reader = Reader::new(&root, "", &crate::keys::PAPER, &violations).unwrap();
    let paper = Paper::read(&reader, &Vocabulary::of(&experiments));
    assert_eq!(violations.into_sorted(), []);
    let names = Names { paper: &paper, experiments: &experiments };
    assert_eq!(names.level("lr", &Level::parse("2")), "two");
    assert_eq!(names.level("lr", &Level::parse("0.1")), "0.1");
    assert_eq!(names.level(EXPERIMENT, &Level::text("a")), "the a");
    let levels = |sharing: &str| {
        [
            ("experiment", Level::text("a")),
            ("lr", Level::parse("2.0")),
            ("weight_sharing", Level::parse(sharing)),
        ]
        .map(|(factor, level)| (factor.to_owned(), level))
        .into_iter()
        .collect::<crate::experiment::Levels>()
    };
    assert_eq!(names.describe(&levels("true")), "the a + rate two + weight_sharing");
    assert_eq!(names.describe(&levels("false")), "the a + rate two");
}

#[test]
fn two_levels_never_have_one_label() {
    let experiments = [experiment("a", "[factors]\n\"train.optimizer.lr\" = [0.1, 0.2]\n")];
    let read = |labels: &str| {
        let text = format!("title = \"t\"\n[labels.lr]\n{labels}\n");
        let root = document::parse("paper.toml", &text).unwrap();
        let violations = Violations::default();
        let reader = Reader::new(&root, "", &crate::keys::PAPER, &violations).unwrap();
        let paper = Paper::read(&reader, &Vocabulary::of(&experiments));
        let names = Names { paper: &paper, experiments: &experiments };
        let name = names.factor("lr").to_owned();
        (name, violations.into_sorted().into_iter().map(|one| one.message).collect::<Vec<_>>())
    };
    assert_eq!(read("levels = { \"0.1\" = \"small\" }"), ("lr".to_owned(), Vec::new()));
    for (levels, expected) in [
        ("\"0.1\" = \"x\", \"0.2\" = \"x\"", "gives `0.1` and `0.2` one label"),
        ("\"0.1\" = \"0.2\", \"0.2\" = \"0.1\"", "gives `0.1` the label `0.2`, which is another"),
        ("\"0.1\" = \"a\", \"0.10\" = \"b\"", "names the level `0.1` twice"),
        ("\"0.1\" = \"a  b\", \"0.2\" = \" a b\"", "gives `0.1` and `0.2` one label"),
        ("\"0.1\" = \"all together\"", "has `0.1`, which is `all together`"),
        ("\"0.1\" = \" \"", "has `0.1`, which must be a string, but is empty"),
    ] {
        let (_, messages) = read(&format!("levels = {{ {levels} }}"));
        assert!(messages.iter().any(|one| one.starts_with(expected)), "{messages:?}");
    }
}
