//! Runs that stop early: figures and tables count what was computed.

use std::collections::BTreeMap;

use crate::project::Project;
use crate::tasks::{curve, regression};

const PAPER: &str = r#"
[[table]]
name = "cost"
kind = "cost"
caption = "What a run costs."
by = ["experiment"]

[[figure]]
name = "curves"
kind = "learning-curves"
caption = "The loss."
curve = "validation_loss"
"#;

/// The regression with early stopping, on `folds` folds or one split.
fn project(folds: usize) -> Project {
    let project = regression();
    let text = project.read("experiments/paper.toml");
    project.write("experiments/paper.toml", text + PAPER);
    project.write(
        "templates/paper.md.jinja",
        "# A\n\n{{ table(\"cost\") }}\n\n{{ figure(\"curves\") }}\n",
    );
    project
        .edit("experiments/network.toml", "epochs = 6", "epochs = 60")
        .edit("experiments/network.toml", "seeds = 2", "seeds = 6")
        .edit("experiments/network.toml", "lr = 0.05", "lr = 0.3")
        .edit(
            "experiments/network.toml",
            "[train]",
            "[train]\nearly_stopping = { monitor = \"validation_loss\", patience = 2 }",
        );
    if folds > 1 {
        let kind = format!("kind = \"folds\"\nfolds = {folds}");
        project.edit("experiments/network.toml", "kind = \"random\"\ntest = 0.25", &kind);
    }
    project
}

/// The validation losses of each run and fold.
fn losses(project: &Project, folds: usize) -> Vec<Vec<f64>> {
    let records = project.records();
    let name = |fold: usize| match folds {
        1 => "validation_loss".to_owned(),
        _ => format!("{}/validation_loss", fold + 1),
    };
    let of_run = |record| (0..folds).map(|fold| curve(record, &name(fold))).collect::<Vec<_>>();
    records.values().flat_map(of_run).collect()
}

#[test]
fn a_line_ends_with_the_first_run_or_fold_that_stopped_so_that_it_is_one_mean() {
    for folds in [1, 3] {
        let project = project(folds);
        assert_eq!(project.build(&[]), 6);
        let all = losses(&project, folds);
        let lengths = || all.iter().map(Vec::len);
        let shortest = lengths().min().unwrap();
        assert!(
            lengths().max() > Some(shortest),
            "some stop before others: {:?}",
            lengths().collect::<Vec<_>>()
        );
        let mean =
            |epoch: usize| all.iter().map(|values| values[epoch]).sum::<f64>() / all.len() as f64;
        let report = project.read("reports/report.md");
        let sentence = report.split("goes from ").nth(1).unwrap();
        let ends: Vec<f64> = sentence
            .split_whitespace()
            .filter_map(|word| word.trim_end_matches(['.', ')', ']', ',']).parse().ok())
            .take(2)
            .collect();
        let expected = [mean(0), mean(shortest - 1)];
        for (end, expected) in ends.iter().zip(expected) {
            assert!((end / expected - 1.0).abs() < 1e-3, "{ends:?} {expected:?}");
        }
        let what = if folds > 1 { "fold" } else { "run" };
        assert!(
            report.contains(&format!("A line ends with the first {what} that stopped early")),
            "{report}"
        );
    }
}

#[test]
fn operations_count_the_epochs_until_a_run_stopped() {
    let project = project(1);
    assert_eq!(project.build(&[]), 6);
    let table = project.read("reports/data/cost.csv");
    let (head, row) = table.split_once('\n').unwrap();
    let row: BTreeMap<_, _> = head.split(',').zip(row.trim_end().split(',')).collect();
    // 4 inputs, 8 hidden units, 1 output: 80 operations forward, and 2·64 + 3·16 with the gradients. Of 60 examples, 35
    // are for training, 10 for validation and 15 for the test.
    let epoch = 35.0 * (2.0 * 64.0 + 3.0 * 16.0) + 25.0 * 80.0;
    let all = losses(&project, 1);
    let epochs = all.iter().map(|values| values.len() as f64).sum::<f64>() / 6.0;
    let operations: f64 = row["operations"].parse().unwrap();
    assert!((operations - epochs * epoch).abs() < 1e-6 * operations, "{operations} {epochs}");
}
