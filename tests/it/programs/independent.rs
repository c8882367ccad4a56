//! Pairs of conditions whose seeds mean other draws: Welch's test of the chosen pairs.

use super::with_script;
use crate::project::Project;

/// Three conditions with four given scores each.
fn project() -> Project {
    let project = with_script(
        "case $1 in a) set -- $2 1 2 4 7;; b) set -- $2 2 2.5 3 9;; c) set -- $2 10 11 12 14;; esac\n\
         shift $(($1 + 1)); printf '{\"loss\": 1, \"score\": %s}\\n' \"$1\" >> \"$REPORT_RESULT\"\n",
    );
    project
        .edit("experiments/program.toml", "\"params.lr\" = [0.5, 0.25]", "\"params.lr\" = [\"a\", \"b\", \"c\"]")
        .edit("experiments/program.toml", "seeds = 2", "seeds = 4")
        .edit(
            "experiments/paper.toml",
            "by = [\"lr\"]",
            "kind = \"pairwise\"\nfactor = \"lr\"\npaired = false\npairs = [[\"b\", \"a\"], [\"c\", \"a\"]]",
        );
    project
}

#[test]
fn chosen_pairs_have_the_interval_and_p_of_welch_and_holm_counts_them_alone() {
    let project = project();
    assert_eq!(project.build(&[]), 12);
    let table = project.read("reports/data/scores.csv");
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 2, "{table}");
    let head: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let value = |row: usize, key: &str| -> f64 {
        let place = head.iter().position(|name| *name == key).unwrap();
        rows[row][place].parse().unwrap()
    };
    // scipy.stats.ttest_ind(b, a, equal_var=False), and its confidence_interval(0.95)
    let expected = [
        [
            0.777_003_766_354_590_7,
            -4.582_241_306_455_794,
            5.832_241_306_455_794,
            0.777_003_766_354_590_7,
        ],
        [
            0.003_109_793_600_456_428_5,
            4.233_220_719_019_448,
            12.266_779_280_980_552,
            0.006_219_587_200_912_857,
        ],
    ];
    for (row, [p, lower, upper, holm]) in expected.into_iter().enumerate() {
        for (key, expected) in [("p", p), ("lower", lower), ("upper", upper), ("p_holm", holm)] {
            let found = value(row, key);
            assert!((found - expected).abs() < 1e-9, "{key} of row {row}: {found} {expected}");
        }
    }
    let report = project.read("reports/report.md");
    assert!(report.contains("two-sided Welch's t test. p, Holm: adjusted for 2 pairs"), "{report}");
}

#[test]
fn pairs_that_cannot_be_are_refused() {
    for (pairs, expected) in [
        ("[[\"b\", \"d\"]]", "has the level `d`, which is not selected"),
        ("[[\"b\", \"a\"], [\"a\", \"b\"]]", "compares `a` with `b`: twice, or with itself"),
        ("[[\"b\", \"b\"]]", "twice, or with itself"),
        ("[[\"b\"]]", "must list pairs such as"),
        ("[]", "lists no pair"),
        ("\"b\"", "must list pairs of levels"),
    ] {
        let project = project();
        project.edit("experiments/paper.toml", "[[\"b\", \"a\"], [\"c\", \"a\"]]", pairs);
        let outcome = project.run(&["check"]);
        assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{pairs}: {outcome:#?}");
    }
}
