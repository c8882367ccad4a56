//! Classification and regression on files of the user: from a table to a page, and every way to get them wrong.

use std::fmt::Write as _;

use serde_json::Value;

use crate::models::{IMAGES, write_images};
use crate::project::Project;

/// 60 plots of land: a yield that depends on rain, on the soil, and on something unseen.
pub(crate) fn plots() -> String {
    let mut text = "plot,rain,soil,farm,quality,yield\n".to_owned();
    for i in 0..60u32 {
        let rain = (i * 37 % 60) as f32 / 10.0;
        let soil = ["clay", "loam", "sand"][(i * 7 % 3) as usize];
        let bonus = [0.0, 2.0, 1.0][(i * 7 % 3) as usize];
        let unseen = (i * i % 11) as f32 / 20.0;
        let harvest = 3.0 + 0.8 * rain + bonus + unseen;
        let quality = ["low", "middle", "high"][((harvest - 3.0) / 2.6) as usize % 3];
        let _ = writeln!(text, "{i},{rain},{soil},farm {},{quality},{harvest}", i / 4);
    }
    text
}

const REGRESSION: &str = r#"
title = "network"
task = "regression"
seeds = 2

[data]
file = "data/plots.csv"
target = "yield"
features = ["*", "!plot", "!farm", "!quality"]
categorical = "soil"
standardize = true
standardize_target = true

[data.split]
kind = "random"
test = 0.25
validation = 10
seed = "run"

[model]
layers = [{ layer = "linear", outputs = 8 }, "tanh", { layer = "linear", outputs = 1 }]

[train]
epochs = 6
batch_size = 10
optimizer = { kind = "adam", lr = 0.05 }
"#;

const CLASSIFICATION: &str = r#"
title = "classes"
task = "classification"
seeds = 2

[data]
file = "data/plots.csv"
target = "quality"
features = ["rain", "soil"]
categorical = ["soil"]
standardize = true

[data.split]
kind = "stratified"
test = 15
validation = 0.2
seed = 1
duplicates = "allow"

[model]
layers = [{ layer = "linear", outputs = 8 }, "relu", { layer = "linear", outputs = "classes" }]

[train]
epochs = 4
batch_size = 8
optimizer = { kind = "sgd", lr = 0.1, momentum = 0.9 }
"#;

const PAPER: &str = r#"
title = "Plots"

[[metric]]
name = "error"
label = "test RMSE"
curve = "test_rmse"
reduction = "last"
unit = "t/ha"

[[table]]
name = "errors"
caption = "The error of each network."
metric = "error"
by = ["experiment"]
"#;

/// A project with the plots and one experiment.
fn project(experiment: &str, paper: &str) -> Project {
    let project = Project::empty();
    project
        .write("data/plots.csv", plots())
        .write("experiments/network.toml", experiment)
        .write("experiments/paper.toml", paper)
        .write("templates/paper.md.jinja", "# {{ title }}\n\n{{ table(\"errors\") }}\n");
    project
}

pub(crate) fn regression() -> Project {
    project(REGRESSION, PAPER)
}

pub(crate) fn classification() -> Project {
    let paper = PAPER
        .replace("curve = \"test_rmse\"", "curve = \"test_accuracy\"")
        .replace("unit = \"t/ha\"\n", "");
    project(CLASSIFICATION, &paper)
}

/// The values of a curve in a record.
pub(crate) fn curve(record: &Value, name: &str) -> Vec<f64> {
    let values = record["curves"][name].as_array();
    values.map_or_else(Vec::new, |all| all.iter().map(|x| x.as_f64().unwrap()).collect())
}

/// The mean in the first row of the table.
fn shown_mean(project: &Project) -> f64 {
    let table = project.read("reports/data/errors.csv");
    let (head, rows) = table.split_once('\n').unwrap();
    let place = head.split(',').position(|key| key == "mean").unwrap();
    rows.lines().next().unwrap().split(',').nth(place).unwrap().parse().unwrap()
}

/// Outcome, curves and answers of all records, by digest.
fn results(project: &Project) -> Vec<(String, [Value; 3])> {
    let part = |record: &Value| ["outcome", "curves", "confusion"].map(|key| record[key].clone());
    project.records().iter().map(|(digest, record)| (digest.clone(), part(record))).collect()
}

#[test]
fn a_table_becomes_a_page_and_only_what_is_used_of_it_makes_other_runs() {
    let project = regression();
    assert_eq!(project.build(&[]), 2);
    let report = project.read("reports/report.md");
    assert!(report.contains("mean, t/ha (std)") && report.contains("Lower is better"), "{report}");
    assert_eq!(project.build(&[]), 0);

    // Names of files, rows and columns that are not used, other columns in other places.
    let text =
        project.read("data/plots.csv").replace("plot,rain", "number,rain").replace("farm 1", "f1");
    project.write("moved/fields.csv", text.replace("low", "LOW"));
    project.edit("experiments/network.toml", "data/plots.csv", "moved/fields.csv");
    project.edit("experiments/network.toml", "!plot", "!number");
    assert_eq!(project.build(&[]), 0, "the values that are used are the same");

    project.edit("moved/fields.csv", "0,0,clay", "0,0.5,clay");
    let outcome = project.run(&["explain", "network"]);
    assert!(outcome.stdout.contains("data.dataset"), "{outcome:#?}");
    assert_eq!(project.build(&[]), 2, "a value has changed");
}

#[test]
fn a_network_learns_what_can_be_learned() {
    let project = regression();
    project.edit("experiments/network.toml", "epochs = 6", "epochs = 80");
    project.build(&[]);
    for record in project.records().values() {
        // The unseen part has a standard deviation of 0.17.
        let last = *curve(record, "test_rmse").last().unwrap();
        assert!(last < 0.3, "{last}");
        assert!(*curve(record, "test_r2").last().unwrap() > 0.95);
    }
    let project = classification();
    project.edit("experiments/network.toml", "epochs = 4", "epochs = 60");
    project.build(&[]);
    for record in project.records().values() {
        let last = *curve(record, "test_accuracy").last().unwrap();
        assert!(last >= 0.85, "{last}");
        let counts: Vec<Vec<u64>> = serde_json::from_value(record["confusion"].clone()).unwrap();
        assert_eq!(counts.iter().flatten().sum::<u64>(), 15);
        let right: u64 = (0..3).map(|class| counts[class][class]).sum();
        assert_eq!(right as f64 / 15.0, last);
    }
}

/// A regression on folds with every option of training, and a classification of images with most layers and each
/// optimiser.
pub(crate) fn with_every_option() -> Project {
    let project = regression();
    project.edit("experiments/network.toml", "kind = \"random\"", "kind = \"folds\"\nfolds = 3");
    project.edit("experiments/network.toml", "test = 0.25\n", "");
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 4");
    project.edit(
        "experiments/network.toml",
        "[train]",
        "[train]\nclip_norm = 0.5\nloss = { kind = \"huber\", delta = 0.5 }\nschedule = { kind = \"one_cycle\" }\n\
         early_stopping = { monitor = \"validation_rmse\", patience = 2, restore_best = true }",
    );
    project.edit(
        "experiments/network.toml",
        "\"tanh\"",
        "{ layer = \"residual\", body = [\"layer_norm\", \"gelu\", { layer = \"dropout\", probability = 0.2 }] }, \
         \"batch_norm\", \"silu\"",
    );
    write_images(&project);
    let factors = "[factors]\n\"train.optimizer.kind\" = [\"sgd\", \"adam\", \"adamw\", \"rmsprop\"]\n\n[data]";
    let images = IMAGES.replace("title = \"network\"", "title = \"images\"");
    project.write("experiments/images.toml", images.replace("[data]", factors));
    project.edit(
        "experiments/paper.toml",
        "by = [\"experiment\"]",
        "by = [\"experiment\"]\nwhere = { experiment = \"network\" }",
    );
    project
}

#[test]
fn the_number_of_workers_changes_no_bit_of_any_option() {
    let [one, four] = [with_every_option(), with_every_option()];
    for (project, jobs) in [(&one, "1"), (&four, "4")] {
        assert_eq!(project.build(&["--jobs", jobs]), 4 + 4);
    }
    assert_eq!(results(&one), results(&four));
    assert_eq!(one.run(&["verify"]).code, 0);
}

#[test]
fn each_fold_is_a_part_of_one_run_whose_score_is_their_mean() {
    let project = regression();
    project.edit(
        "experiments/network.toml",
        "kind = \"random\"\ntest = 0.25",
        "kind = \"folds\"\nfolds = 4",
    );
    assert_eq!(project.build(&[]), 2);
    let mut scores = Vec::new();
    for record in project.records().values() {
        let last = |fold: usize| *curve(record, &format!("{fold}/test_rmse")).last().unwrap();
        scores.push((1..=4).map(last).sum::<f64>() / 4.0);
        assert_eq!(record["curves"].as_object().unwrap().len(), 4 * 10);
    }
    let mean = scores.iter().sum::<f64>() / 2.0;
    let shown = shown_mean(&project);
    assert!((shown - mean).abs() < 1e-9, "{shown} {mean}");
    let note = "The score of a run is the mean over its 4 folds. The folds are no samples: the statistics count seeds.";
    assert!(project.read("reports/report.md").replace('\\', "").contains(note));
}

#[test]
fn early_stopping_ends_a_run_and_the_score_is_that_of_the_best_epoch() {
    let project = regression();
    project.edit(
        "experiments/network.toml",
        "epochs = 6",
        "epochs = 200\nearly_stopping = { monitor = \"validation_rmse\", patience = 3, restore_best = true }",
    );
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 1");
    project.build(&[]);
    let records = project.records();
    let record = records.values().next().unwrap();
    let watched = curve(record, "validation_rmse");
    assert!((5..200).contains(&watched.len()), "{}", watched.len());
    let best = watched.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert_eq!(watched.len(), best + 4, "the training ends three epochs after the best one");
    let shown = shown_mean(&project);
    assert_eq!(shown, curve(record, "test_rmse")[best]);
    let note = "is the test_rmse of the epoch that the network ends with (the best by validation_rmse). Lower";
    assert!(project.read("reports/report.md").replace('\\', "").contains(note));
}

#[test]
fn a_schedule_reaches_each_step_and_is_recorded() {
    let project = regression();
    project.edit(
        "experiments/network.toml",
        "[train]",
        "[train]\nschedule = { kind = \"step\", step_size = 2 }",
    );
    project.build(&["--seeds", "1"]);
    let scheduled = project.records();
    let record = scheduled.values().next().unwrap();
    let rates = curve(record, "learning_rate");
    for (epoch, rate) in rates.iter().enumerate() {
        let expected = 0.05 * [1.0, 0.1, 0.01][epoch / 2];
        assert!((rate - expected).abs() < 1e-15, "{rates:?}");
    }
    // The first two epochs are those of a constant rate, and the third is not.
    project.edit("experiments/network.toml", "schedule = { kind = \"step\", step_size = 2 }\n", "");
    project.build(&["--seeds", "1"]);
    let all = project.records();
    let constant = all.iter().find(|(digest, _)| !scheduled.contains_key(*digest)).unwrap().1;
    let [one, other] = [record, constant].map(|record| curve(record, "train_loss"));
    assert_eq!((&one[..2], one.len()), (&other[..2], other.len()));
    assert_ne!(one[2], other[2]);
    assert!(curve(constant, "learning_rate").is_empty());
}

/// A file of `NumPy` with `f64` numbers.
pub(crate) fn npy(shape: &str, numbers: &[f64]) -> Vec<u8> {
    npy_of("<f8", shape, numbers.iter().flat_map(|x| x.to_le_bytes()))
}

/// An NPY file of bytes.
pub(crate) fn npy_of_bytes(shape: &str, bytes: &[u8]) -> Vec<u8> {
    npy_of("|u1", shape, bytes.iter().copied())
}

fn npy_of(kind: &str, shape: &str, content: impl Iterator<Item = u8>) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
    let header = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(content);
    bytes
}

/// An IDX file of `f64` numbers.
pub(crate) fn idx(dimensions: &[u32], numbers: &[f64]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 14, u8::try_from(dimensions.len()).unwrap()];
    bytes.extend(dimensions.iter().flat_map(|n| n.to_be_bytes()));
    bytes.extend(numbers.iter().flat_map(|x| x.to_be_bytes()));
    bytes
}

#[test]
fn the_same_numbers_in_a_table_in_arrays_and_in_idx_give_the_same_results() {
    let rows = 40;
    let inputs: Vec<f64> =
        (0..3 * rows).map(|i| f64::from(i * i % 17) / 4.0 + f64::from(i) / 64.0).collect();
    let targets: Vec<f64> = inputs.chunks(3).map(|x| x[0] - 2.0 * x[1] + x[2] * 0.5).collect();
    let mut table = "a;b;c;y\n".to_owned();
    for (x, y) in inputs.chunks(3).zip(&targets) {
        let _ = writeln!(table, "{};{};{};{y}", x[0], x[1], x[2]);
    }
    let sources = [
        "file = \"data/all.csv\"\ntarget = \"y\"\ndelimiter = \";\"",
        "file = \"data/x.npy\"\ntarget_file = \"data/y.npy\"",
        "file = \"data/x.idx\"\ntarget_file = \"data/y.idx\"",
    ];
    let mut found = Vec::new();
    for source in sources {
        let project = regression();
        project
            .write("data/all.csv", &table)
            .write("data/x.npy", npy("40, 3", &inputs))
            .write("data/y.npy", npy("40,", &targets))
            .write("data/x.idx", idx(&[40, 3], &inputs))
            .write("data/y.idx", idx(&[40], &targets));
        let own = REGRESSION.replace(
            "file = \"data/plots.csv\"\ntarget = \"yield\"\nfeatures = [\"*\", \"!plot\", \"!farm\", \"!quality\"]\n\
             categorical = \"soil\"",
            source,
        );
        assert_ne!(own, REGRESSION);
        project.write("experiments/network.toml", own);
        assert_eq!(project.build(&[]), 2, "{source}");
        let curves: Vec<_> =
            project.records().values().map(|record| record["curves"].clone()).collect();
        let mut curves: Vec<_> = curves.iter().map(Value::to_string).collect();
        curves.sort();
        found.push(curves);
    }
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

#[test]
fn three_tasks_stand_in_one_project_and_a_metric_of_another_task_is_refused() {
    let project = regression();
    project.write("experiments/classes.toml", CLASSIFICATION);
    let outcome = project.run(&["build"]);
    let expected =
        "`error` needs `test_rmse`, which a classification such as `classes` does not record";
    assert!(outcome.code == 2 && outcome.stderr.contains(expected), "{outcome:#?}");
    assert!(outcome.stderr.contains("experiments/paper.toml:14: `table.0.metric`"), "{outcome:#?}");
    project.edit(
        "experiments/paper.toml",
        "by = [\"experiment\"]",
        "by = [\"experiment\"]\nwhere = { experiment = \"network\" }",
    );
    assert_eq!(project.build(&[]), 4);
}

#[test]
fn mnist_is_classified_without_a_file() {
    let project = classification();
    project.write(
        "experiments/network.toml",
        r#"
title = "digits"
task = "classification"
seeds = 1
[data]
dataset = "mnist"
pooling = 4
[data.split]
kind = "files"
train = 300
test = 200
stratified = true
seed = 0
[model]
layers = ["flatten", { layer = "linear", outputs = 32 }, "relu", { layer = "linear", outputs = "classes" }]
[train]
epochs = 8
batch_size = 20
optimizer = { kind = "adam", lr = 0.003 }
"#,
    );
    project.build(&[]);
    let records = project.records();
    let accuracy = curve(records.values().next().unwrap(), "test_accuracy");
    assert!(*accuracy.last().unwrap() > 0.65, "{accuracy:?}");
}

#[test]
fn a_bundle_has_the_tables_and_builds_elsewhere() {
    let project = regression();
    project.build(&[]);
    let outcome = project.run(&["bundle", "export", "all.tar.zst"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let elsewhere = tempfile::tempdir().unwrap();
    let bundle = project.path("all.tar.zst");
    let target = elsewhere.path().join("paper");
    let outcome = project.run(&[
        "bundle",
        "import",
        bundle.to_str().unwrap(),
        "--project",
        target.to_str().unwrap(),
    ]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let text = std::fs::read_to_string(target.join("data/plots.csv")).unwrap();
    assert_eq!(text, plots());
    let outcome = project.run(&["build", "--project", target.to_str().unwrap(), "--frozen"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
}

#[test]
fn groups_stay_together_and_a_column_can_name_the_parts() {
    let project = regression();
    project.edit(
        "experiments/network.toml",
        "kind = \"random\"",
        "kind = \"random\"\ngroup = \"farm\"",
    );
    assert_eq!(project.build(&[]), 2);

    let project = regression();
    let text = project.read("data/plots.csv");
    let with_parts = text.lines().enumerate().map(|(i, line)| {
        let part = ["test", "train", "train", "validation", "train"][i % 5];
        format!("{line},{}\n", if i == 0 { "part" } else { part })
    });
    project.write("data/plots.csv", with_parts.collect::<String>());
    let own = REGRESSION.replace(
        "kind = \"random\"\ntest = 0.25\nvalidation = 10\nseed = \"run\"",
        "kind = \"column\"\ncolumn = \"part\"",
    );
    project.write("experiments/network.toml", own);
    assert_eq!(project.build(&[]), 2);
    let records = project.records();
    let config = &records.values().next().unwrap()["config"];
    assert_eq!(config["data"]["split"]["kind"], "column");
}

#[test]
fn parts_can_have_files_of_their_own() {
    let project = regression();
    let text = project.read("data/plots.csv");
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<_> = rows.lines().collect();
    project.write("data/plots.csv", format!("{header}\n{}\n", rows[..40].join("\n")));
    project.write("data/later.csv", format!("{header}\n{}\n", rows[40..].join("\n")));
    let own = REGRESSION
        .replace("target = \"yield\"", "test_file = \"data/later.csv\"\ntarget = \"yield\"")
        .replace(
            "kind = \"random\"\ntest = 0.25\nvalidation = 10",
            "kind = \"files\"\nvalidation = 10",
        );
    project.write("experiments/network.toml", own);
    assert_eq!(project.build(&[]), 2);
    project.edit("data/later.csv", "farm", "ranch");
    let outcome = project.run(&["status"]);
    assert!(outcome.stderr.contains("`data/later.csv`"), "{outcome:#?}");
}

#[test]
fn check_data_counts_the_examples_of_each_part() {
    let project = classification();
    project.edit("experiments/network.toml", "kind = \"stratified\"", "kind = \"ordered\"");
    project.edit("experiments/network.toml", "seed = 1\n", "");
    project.edit("experiments/network.toml", "validation = 0.2", "validation = 12");
    let outcome = project.run(&["check", "--data"]);
    // In the order of the file: rows 0 to 32, 33 to 44, and 45 to 59.
    let text = plots();
    let classes: Vec<&str> =
        text.lines().skip(1).map(|line| line.split(',').nth(4).unwrap()).collect();
    let n = |class: &str| {
        [&classes[..33], &classes[33..45], &classes[45..]]
            .map(|part| part.iter().filter(|own| **own == class).count())
    };
    let head = "data/plots.csv";
    assert!(outcome.stdout.starts_with(&format!("network: {head} (")), "{outcome:#?}");
    assert!(outcome.stdout.contains("60 examples of 3 classes, each of 4 numbers"), "{outcome:#?}");
    let rows: Vec<Vec<&str>> =
        outcome.stdout.lines().skip(2).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["train", "validation", "test"]);
    assert_eq!(rows[1], ["examples", "33", "12", "15"]);
    for (row, class) in rows[2..].iter().zip(["high", "low", "middle"]) {
        let counts = n(class).map(|n| n.to_string());
        assert_eq!(row[..], ["class", class, &counts[0], &counts[1], &counts[2]], "{outcome:#?}");
    }
    assert_eq!((rows.len(), outcome.code), (5, 0));
}

#[test]
fn check_data_tells_factors_of_the_data_apart_and_shows_each_fold() {
    let project = regression();
    project.edit("experiments/network.toml", "test = 0.25\n", "folds = 3\n");
    project.edit("experiments/network.toml", "kind = \"random\"", "kind = \"folds\"");
    project.edit(
        "experiments/network.toml",
        "[model]",
        "[factors]\n\"data.standardize\" = [true, false]\n\"data.split.folds\" = [3, 4]\n\n[model]",
    );
    project.edit(
        "experiments/paper.toml",
        "by = [\"experiment\"]",
        "by = [\"folds\", \"standardize\"]",
    );
    let outcome = project.run(&["check", "--data", "network"]);
    let heads: Vec<_> = outcome.stdout.lines().filter(|line| line.starts_with("network")).collect();
    assert_eq!(heads.len(), 4, "{outcome:#?}");
    assert!(heads[0].starts_with("network (folds 3, standardize true): "), "{outcome:#?}");
    let sizes: Vec<Vec<usize>> = outcome
        .stdout
        .lines()
        .filter(|line| line.trim_start().starts_with("examples, fold"))
        .map(|line| line.split_whitespace().skip(3).map(|n| n.parse().unwrap()).collect())
        .collect();
    assert_eq!(sizes[..3], [[30, 10, 20], [30, 10, 20], [30, 10, 20]]);
    assert_eq!(sizes[6..10], [[35, 10, 15], [35, 10, 15], [35, 10, 15], [35, 10, 15]]);
    let refused = project.run(&["check", "--data", "netwok"]);
    assert!(refused.stderr.contains("did you mean `network`?"), "{refused:#?}");
}
