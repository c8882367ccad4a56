//! Tables and figures of runs with several levels: pairs, trends, choices, confusion matrices and curves. Each number is
//! computed again from the records and from `data/runs.csv`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::project::Project;

/// Quantile 0.975 of Student's t with 5 degrees of freedom (scipy.stats.t.ppf).
const T5: f64 = 2.570_581_835_636_314;

const EXPERIMENT: &str = r#"
title = "classes"
task = "classification"
seeds = 6

[factors]
"train.optimizer.lr" = [0.001, 0.01, 0.1]

[data]
file = "data/points.csv"
target = "quality"
standardize = true

[data.split]
kind = "stratified"
test = 30
validation = 20
seed = 1
duplicates = "allow"

[model]
layers = [
  { layer = "linear", outputs = 6 },
  { layer = "residual", body = [{ layer = "linear", outputs = 6 }, "relu"] },
  { layer = "linear", outputs = "classes" },
]

[train]
epochs = 5
batch_size = 10
optimizer = { kind = "adam", lr = 0.01 }
"#;

const PAPER: &str = r#"
title = "Points"

[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "test_accuracy"
reduction = "last"

[[metric]]
name = "loss"
label = "validation loss"
curve = "validation_loss"
reduction = "last"

[[table]]
name = "pairs"
kind = "pairwise"
caption = "Each two rates."
metric = "accuracy"
factor = "lr"
scale = "log"

[[table]]
name = "choice"
kind = "selection"
caption = "The chosen rate."
metric = "accuracy"
select = "loss"
by = ["experiment"]

[[table]]
name = "recall"
kind = "confusion"
caption = "Classes."
where = { lr = 0.1 }

[[figure]]
name = "matrix"
kind = "confusion"
caption = "Classes."
where = { lr = 0.1 }

[[figure]]
name = "losses"
kind = "learning-curves"
caption = "Losses."
curves = ["train_loss", "validation_loss"]
scale = "log"
where = { lr = [0.01, 0.1] }

[[figure]]
name = "model"
kind = "diagram"
caption = "The network."
experiments = ["classes"]
"#;

const PROSE: &str = "# {{ title }}\n\n{{ table(\"pairs\") }}\n\n{{ table(\"choice\") }}\n\n{{ table(\"recall\") }}\n\n\
    {{ figure(\"matrix\") }}\n\n{{ figure(\"losses\") }}\n\n{{ figure(\"model\") }}\n";

/// 110 points in the plane in three classes that overlap.
fn points() -> String {
    let mut text = "x,y,quality\n".to_owned();
    for i in 0..110u32 {
        let (x, y) = (f64::from(i * 37 % 101) / 10.0, f64::from(i * 53 % 89) / 10.0);
        let noise = f64::from(i * i % 13) / 4.0;
        let quality = ["low", "middle", "high"][((x + y + noise) / 7.5).min(2.0) as usize];
        writeln!(text, "{x},{y},{quality}").unwrap();
    }
    text
}

fn project() -> Project {
    let project = Project::empty();
    project
        .write("data/points.csv", points())
        .write("experiments/classes.toml", EXPERIMENT)
        .write("experiments/paper.toml", PAPER)
        .write("templates/paper.md.jinja", PROSE);
    project
}

/// The rows of a data file, each with its fields by name.
fn rows(project: &Project, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = project.read(&format!("reports/data/{name}.csv"));
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let heads: Vec<String> = lines.next().unwrap().collect();
    lines.map(|fields| heads.iter().cloned().zip(fields).collect()).collect()
}

fn number(row: &BTreeMap<String, String>, key: &str) -> f64 {
    row[key].parse().unwrap_or_else(|_| panic!("{key}: {row:?}"))
}

/// The scores of each rate, in order of the seeds.
fn scores(project: &Project, metric: &str) -> BTreeMap<String, Vec<f64>> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in rows(project, "runs") {
        all.entry(row["lr"].clone()).or_default().push(number(&row, metric));
    }
    all
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean and half of the width of Student's interval of six values.
fn interval(values: &[f64]) -> [f64; 3] {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let half = T5 * (squares / 5.0 / 6.0).sqrt();
    [mean, mean - half, mean + half]
}

/// Two-sided p of the exact sign-flip test of the mean.
fn sign_flip(values: &[f64]) -> f64 {
    let total = values.iter().sum::<f64>().abs();
    let is_as_large = |signs: &u32| {
        let sum: f64 =
            (0..6).map(|i| values[i] * if signs >> i & 1 == 1 { 1.0 } else { -1.0 }).sum();
        sum.abs() >= total - 1e-9
    };
    f64::from((0..64u32).filter(is_as_large).count() as u32) / 64.0
}

#[track_caller]
fn assert_close(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{actual} {expected}");
}

#[test]
fn pairs_of_levels_a_trend_and_a_choice_follow_from_the_scores_of_the_runs() {
    let project = project();
    assert_eq!(project.build(&[]), 18);
    let [accuracy, loss] = ["accuracy", "loss"].map(|metric| scores(&project, metric));
    let found = rows(&project, "pairs");
    assert_eq!(found.len(), 3 + 1);
    let mut p_values: Vec<f64> = found[..3].iter().map(|row| number(row, "p")).collect();
    for row in &found[..3] {
        let [first, second] = ["first", "second"].map(|key| &accuracy[&row[key]]);
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        let [mean, lower, upper] = interval(&differences);
        assert_close(number(row, "effect"), mean);
        assert_close(number(row, "lower"), lower);
        assert_close(number(row, "upper"), upper);
        assert_close(number(row, "p"), sign_flip(&differences));
        let better = match number(row, "p_holm") < 0.05 {
            true => row[if mean > 0.0 { "first" } else { "second" }].clone(),
            false => "undecided".to_owned(),
        };
        assert_eq!(row["better"], better);
    }
    // Holm's adjustment of the smallest and the largest of three p values.
    p_values.sort_by(f64::total_cmp);
    let mut adjusted: Vec<f64> = found[..3].iter().map(|row| number(row, "p_holm")).collect();
    adjusted.sort_by(f64::total_cmp);
    assert_close(adjusted[0], (3.0 * p_values[0]).min(1.0));
    let largest = (3.0 * p_values[0]).max(2.0 * p_values[1]).max(p_values[2]);
    assert_close(adjusted[2], largest.min(1.0));
    // The logarithms of the rates are −3, −2 and −1, so the slope is half of the difference of the ends.
    let ends = accuracy["0.1"].iter().zip(&accuracy["0.001"]);
    let slopes: Vec<f64> = ends.map(|(last, first)| (last - first) / 2.0).collect();
    let [slope, lower, _] = interval(&slopes);
    assert_eq!((&*found[3]["first"], &*found[3]["second"]), ("trend", "log"));
    assert_close(number(&found[3], "effect"), slope);
    assert_close(number(&found[3], "lower"), lower);

    let choice = &rows(&project, "choice")[0];
    let by = |scores: &BTreeMap<String, Vec<f64>>, sign: f64| {
        let best = scores.iter().min_by(|a, b| (sign * mean(a.1)).total_cmp(&(sign * mean(b.1))));
        best.unwrap().0.clone()
    };
    let (chosen, on_test) = (by(&loss, 1.0), by(&accuracy, -1.0));
    assert_eq!(choice["chosen"], format!("lr={chosen}"));
    assert_eq!(choice["best_on_test"], format!("lr={on_test}"));
    let [mean_of_chosen, lower, upper] = interval(&accuracy[&chosen]);
    assert_close(number(choice, "mean"), mean_of_chosen);
    assert_close(number(choice, "lower"), lower);
    assert_close(number(choice, "upper"), upper);
    assert_close(number(choice, "optimism"), mean(&accuracy[&on_test]) - mean_of_chosen);
    let nested: Vec<f64> = (0..6)
        .map(|seed| {
            let without = |values: &Vec<f64>| {
                let others = values.iter().enumerate().filter(|(other, _)| *other != seed);
                others.map(|(_, value)| *value).collect::<Vec<_>>()
            };
            let others = loss.iter().map(|(rate, values)| (rate.clone(), without(values)));
            accuracy[&by(&others.collect(), 1.0)][seed]
        })
        .collect();
    assert_close(number(choice, "nested_mean"), mean(&nested));
}

#[test]
fn a_claim_compares_the_conditions_that_the_validation_part_chooses() {
    let project = project();
    let claim = "\n[[claim]]\nname = \"tuned\"\nstatement = \"s\"\n[claim.check]\n\
                 difference = [{ lr = [0.01, 0.1] }, { lr = 0.001 }]\nselect = \"loss\"\nmetric = \"accuracy\"\nabove = 0\n";
    project.write("experiments/paper.toml", format!("{PAPER}{claim}"));
    project
        .write("templates/paper.md.jinja", "# A\n\n{{ verdicts() }}\n\n{{ table(\"choice\") }}\n");
    assert_eq!(project.build(&[]), 18);
    let [accuracy, loss] = ["accuracy", "loss"].map(|metric| scores(&project, metric));
    let chosen = if mean(&loss["0.01"]) <= mean(&loss["0.1"]) { "0.01" } else { "0.1" };
    let pairs = accuracy[chosen].iter().zip(&accuracy["0.001"]);
    let differences: Vec<f64> = pairs.map(|(chosen, other)| chosen - other).collect();
    let [mean, ..] = interval(&differences);
    let report = project.read("reports/report.md");
    let finding = report.lines().find(|line| line.contains("(chosen by validation loss)")).unwrap();
    assert!(
        finding.contains(&format!("lr {chosen} (chosen by validation loss) minus")),
        "{finding}"
    );
    assert!(finding.contains(&format!("{mean:+.2} percentage points")), "{finding} {mean}");

    let on_test = claim.replace("select = \"loss\"", "select = \"accuracy\"");
    project.write("experiments/paper.toml", format!("{PAPER}{on_test}"));
    let outcome = project.run(&["status"]);
    assert!(
        outcome.code == 2 && outcome.stderr.contains("so that the test part does not choose"),
        "{outcome:#?}"
    );
}

#[test]
fn classes_are_found_as_the_recorded_confusion_matrices_say() {
    let project = project();
    assert_eq!(project.build(&[]), 18);
    let runs = rows(&project, "runs").into_iter().filter(|row| row["lr"] == "0.1");
    let runs: Vec<String> = runs.map(|row| row["run"].clone()).collect();
    let records = project.records();
    let counts = |run: &String| -> Vec<Vec<f64>> {
        let record = records.iter().find(|(digest, _)| digest.starts_with(run)).unwrap().1;
        serde_json::from_value::<Vec<Vec<f64>>>(record["confusion"].clone()).unwrap()
    };
    let counts: Vec<_> = runs.iter().map(counts).collect();
    assert_eq!(counts.len(), 6);
    let found = rows(&project, "recall");
    let classes: Vec<_> = found.iter().map(|row| row["class"].as_str()).collect();
    assert_eq!(classes, ["high", "low", "middle"]);
    for (class, row) in found.iter().enumerate() {
        let recall = |of: &Vec<Vec<f64>>| 100.0 * of[class][class] / of[class].iter().sum::<f64>();
        let precision = |of: &Vec<Vec<f64>>| {
            let taken: f64 = of.iter().map(|row| row[class]).sum();
            (taken > 0.0).then(|| 100.0 * of[class][class] / taken)
        };
        let recalls: Vec<f64> = counts.iter().map(recall).collect();
        assert_close(number(row, "recall"), mean(&recalls));
        let precisions: Vec<f64> = counts.iter().filter_map(precision).collect();
        assert_close(number(row, "precision"), mean(&precisions));
    }
    let report = project.read("reports/report.md");
    let all: f64 = counts.iter().flat_map(|of| &of[1]).sum();
    let right: f64 = counts.iter().map(|of| of[1][1]).sum();
    let words = format!("low: {right} of {all}");
    assert!(
        report.contains(&words) || project.read("reports/report.html").contains(&words),
        "{words}"
    );
    let svg = project.read("reports/figures/matrix.svg");
    assert!(["high", "low", "middle", "answer"].iter().all(|word| svg.contains(word)));
    assert!(std::fs::metadata(project.path("reports/figures/matrix.png")).is_ok());
    let diagram = project.read("reports/figures/model.svg");
    assert!(diagram.contains("example") && diagram.contains("residual: plus the input"));
    assert!(!diagram.contains("digit"));
}

#[test]
fn curves_csv_has_the_recorded_values_of_the_drawn_curves_alone() {
    let project = project();
    project.edit(
        "experiments/classes.toml",
        "kind = \"stratified\"\ntest = 30",
        "kind = \"folds\"\nfolds = 3",
    );
    project.edit("experiments/classes.toml", "seeds = 6", "seeds = 1");
    assert_eq!(project.build(&[]), 3);
    let curves = rows(&project, "curves");
    assert_eq!(curves.len(), 2 * 2 * 3 * 5, "two rates, two curves, three folds, five epochs");
    let records = project.records();
    for row in curves {
        assert!(row["lr"] != "0.001", "{row:?}");
        let (_, record) =
            records.iter().find(|(digest, _)| digest.starts_with(&row["run"])).unwrap();
        let values: &Value = &record["curves"][format!("{}/{}", row["fold"], row["curve"])];
        let recorded = values[row["epoch"].parse::<usize>().unwrap() - 1].as_f64();
        assert_eq!(recorded, Some(number(&row, "value")));
    }
    let runs = rows(&project, "runs");
    assert!(runs.iter().all(|row| row["task"] == "classification" && row["trained_epochs"] == "5"));
    assert_eq!(number(&runs[0], "trained_parameters"), f64::from(3 * 6 + 7 * 6 + 7 * 3));
}

#[test]
fn each_mistake_in_these_kinds_is_told_before_any_training() {
    for (from, to, message) in [
        ("factor = \"lr\"", "factor = \"rate\"", "names no factor, `rate`"),
        ("factor = \"lr\"", "factor = \"experiment\"", "has one level in the selection"),
        ("scale = \"log\"\n\n", "scale = \"root\"\n\n", "names an unknown scale, `root`"),
        (
            "select = \"loss\"",
            "select = \"accuracy\"",
            "which reads `test_accuracy`: choose by a metric of the validation part",
        ),
        (
            "where = { lr = 0.1 }\n\n[[figure]]",
            "\n\n[[figure]]",
            "`table.2.where` is missing; it takes a table",
        ),
        (
            "curves = [\"train_loss\", \"validation_loss\"]",
            "curve = \"test_accuracy\"",
            "is `log`, but `test_accuracy` is a share: it has a linear axis",
        ),
        ("name = \"pairs\"", "name = \"curves\"", "would replace the file of all curves"),
    ] {
        let project = project();
        project.edit("experiments/paper.toml", from, to);
        let outcome = project.run(&["status"]);
        assert_eq!(outcome.code, 2, "{from}: {outcome:#?}");
        assert!(outcome.stderr.contains(message), "{message}\n{}", outcome.stderr);
    }
}
