//! Trained networks as files: who writes them, what they say, and every way to lose one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::project::{Outcome, Project, ended, forged, repository, spawn, trained};
use crate::tasks::{classification, curve, idx, npy, npy_of_bytes, plots, regression};

const SAVING: &[&str] = &["--save-models"];

/// The bytes of all models, by file name.
fn models(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(project.path(".report/models")) else {
        return BTreeMap::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let whole = paths.filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"));
    whole
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// The only model of a run.
fn only_model(project: &Project) -> (String, Vec<u8>) {
    let models = models(project);
    assert_eq!(models.len(), 1, "{:?}", models.keys());
    models.into_iter().next().unwrap()
}

/// The header of a model file, and the values after it.
fn parts(bytes: &[u8]) -> (Value, &[u8]) {
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&bytes[8..8 + header]).unwrap(), &bytes[8 + header..])
}

/// A tensor of a model file.
fn tensor(bytes: &[u8], name: &str) -> Vec<f64> {
    let (header, data) = parts(bytes);
    let place = |index: usize| header[name]["data_offsets"][index].as_u64().unwrap() as usize;
    let values = data[place(0)..place(1)].chunks(4);
    values.map(|value| f64::from(f32::from_le_bytes(value.try_into().unwrap()))).collect()
}

/// Metadata of a model file that are JSON.
fn metadata(bytes: &[u8], key: &str) -> Value {
    serde_json::from_str(parts(bytes).0["__metadata__"][key].as_str().unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The predictions of `report predict --json`.
#[track_caller]
fn predictions(project: &Project, args: &[&str]) -> Value {
    let outcome = project.run(&[&["predict"], args, &["--json"]].concat());
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[track_caller]
fn refused(project: &Project, args: &[&str]) -> Outcome {
    let outcome = project.run(&[&["predict"], args].concat());
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    outcome
}

/// The regression with one seed, and a column that names the part of each row.
fn with_parts() -> Project {
    let project = regression();
    let part = |index: usize| match (index, index % 5) {
        (0, _) => "part",
        (_, 0) => "test",
        (_, 1) => "validation",
        _ => "train",
    };
    let rows = plots();
    let rows = rows.lines().enumerate().map(|(index, row)| format!("{row},{}\n", part(index)));
    project.write("data/plots.csv", rows.collect::<String>());
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 1").edit(
        "experiments/network.toml",
        "kind = \"random\"\ntest = 0.25\nvalidation = 10\nseed = \"run\"",
        "kind = \"column\"\ncolumn = \"part\"",
    );
    project
}

/// Rows of a table as numbers: rain, then 1 and 0 for the levels of the soil.
fn rows(table: &str) -> Vec<[f64; 4]> {
    let row = |row: &str| {
        let cells: Vec<_> = row.split(',').collect();
        let level = |name: &str| f64::from(u8::from(cells[2] == name));
        [cells[1].parse().unwrap(), level("clay"), level("loam"), level("sand")]
    };
    table.lines().skip(1).map(row).collect()
}

/// What the file says about a row, computed here: standardise, linear 8, tanh, linear 1, and back to the unit.
fn forward(model: &[u8], row: &[f64; 4]) -> f64 {
    let scaled = |key: &str| numbers(&metadata(model, key));
    let (means, std_devs) = (scaled("input_mean"), scaled("input_std"));
    let x: Vec<_> = (0..4).map(|i| (row[i] - means[i]) / std_devs[i]).collect();
    let linear = |layer: usize, x: &[f64]| {
        let weights = tensor(model, &format!("{layer}.weight"));
        let rows = weights.chunks(x.len()).zip(tensor(model, &format!("{layer}.bias")));
        let dot = |row: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        rows.map(|(row, bias)| dot(row) + bias).collect::<Vec<_>>()
    };
    let hidden: Vec<_> = linear(0, &x).into_iter().map(f64::tanh).collect();
    let [mean, std_dev] =
        ["target_mean", "target_std"].map(|key| metadata(model, key).as_f64().unwrap());
    linear(2, &hidden)[0] * std_dev + mean
}

#[test]
fn a_file_and_its_metadata_are_all_that_a_prediction_needs() {
    let project = with_parts();
    assert_eq!(project.build(SAVING), 1);
    let (name, model) = only_model(&project);
    let digest = name.strip_suffix(".safetensors").unwrap();
    let header = &parts(&model).0["__metadata__"];
    assert_eq!(
        (header["format"].as_str(), header["digest"].as_str()),
        (Some("report/1"), Some(digest))
    );
    let (records, config) = (project.records(), metadata(&model, "config"));
    let record = &records[&format!("{digest}.json")];
    assert_eq!(config, record["config"]);
    let columns =
        [("rain", None), ("soil", Some("clay")), ("soil", Some("loam")), ("soil", Some("sand"))];
    assert_eq!(metadata(&model, "columns"), serde_json::json!(columns));

    // The columns come in another order, beside others, and without the target.
    let table = project.read("data/plots.csv");
    let given = table.lines().map(|row| {
        let cells: Vec<_> = row.split(',').collect();
        [cells[2], cells[3], cells[1]].join(",")
    });
    project.write("new.csv", given.collect::<Vec<_>>().join("\n"));
    let found = predictions(&project, &["network", "new.csv"]);
    assert_eq!((found["run"].as_str(), found["folds"].as_u64()), (Some(digest), Some(1)));
    let found = numbers(&found["predictions"]);
    assert_eq!(found.len(), 60);
    for (found, row) in found.iter().zip(rows(&table)) {
        let expected = forward(&model, &row);
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }

    // The same numbers give the error that the record has.
    let tested = table.lines().skip(1).zip(&found).filter(|(row, _)| row.ends_with(",test"));
    let error =
        |(row, found): (&str, &f64)| row.split(',').nth(5).unwrap().parse::<f64>().unwrap() - found;
    let squares: Vec<_> = tested.map(|(row, found)| error((row, found)).powi(2)).collect();
    let rmse = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    let recorded = *curve(record, "test_rmse").last().unwrap();
    assert!((rmse - recorded).abs() < 1e-5, "{rmse} {recorded}");

    let lines = project.run(&["predict", "network", "new.csv"]).stdout;
    let text = project.run(&["predict", "network", "seed=0", "new.csv", "--csv"]).stdout;
    assert_eq!(text.lines().next(), Some("prediction"));
    for (index, found) in found.iter().enumerate() {
        let of = |text: &str, line: usize| text.lines().nth(line).unwrap().parse::<f32>().unwrap();
        assert_eq!([of(&lines, index), of(&text, index + 1)], [*found as f32; 2]);
    }
}

#[test]
fn the_model_of_the_best_epoch_is_kept_and_the_number_of_workers_changes_no_byte() {
    let [one, two] = [regression(), regression()];
    for (project, jobs) in [(&one, "1"), (&two, "2")] {
        project.edit(
            "experiments/network.toml",
            "epochs = 6",
            "epochs = 40\nearly_stopping = { monitor = \"validation_rmse\", patience = 3, restore_best = true }",
        );
        assert_eq!(project.build(&["--save-models", "-j", jobs]), 2);
    }
    assert_eq!(models(&one).len(), 2);
    assert_eq!(models(&one), models(&two));
    assert_eq!(one.records(), two.records());
}

#[test]
fn a_recorded_run_without_a_model_is_trained_again_and_must_give_its_record() {
    let project = classification();
    assert_eq!(project.build(&[]), 2);
    assert!(models(&project).is_empty(), "models are written only on request");
    let records = project.records();
    let preview = project.run(&["build", "--save-models", "--dry-run"]);
    assert!(
        preview.stderr.contains("2 runs trained again for their models")
            || preview.stdout.contains("2 runs trained again for their models"),
        "{preview:#?}"
    );
    assert_eq!(project.build(SAVING), 2);
    assert_eq!((models(&project).len(), project.records()), (2, records));
    assert_eq!(project.build(SAVING), 0);

    // A build was killed after the model and before the record.
    let all = models(&project);
    let record = project.record_files()[0].clone();
    std::fs::remove_file(&record).unwrap();
    assert_eq!(project.build(SAVING), 1);
    assert_eq!(models(&project), all);

    let name = record.file_stem().unwrap().to_string_lossy().into_owned();
    std::fs::remove_file(project.path(&format!(".report/models/{name}.safetensors"))).unwrap();
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, forged(&text)).unwrap();
    let outcome = project.run(&["build", "--save-models"]);
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("its result differs from its record"), "{outcome:#?}");
    assert_eq!(
        (std::fs::read_to_string(&record).unwrap(), models(&project).len()),
        (forged(&text), 1)
    );
}

/// Pairs whose runs take about a tenth of a second.
fn slow() -> Project {
    let project = Project::new();
    project.edit("experiments/base/protocol.toml", "epochs = 2", "epochs = 60").edit(
        "experiments/base/protocol.toml",
        "train_pairs = 20",
        "train_pairs = 200",
    );
    project
}

#[test]
fn no_record_is_without_its_model_after_a_kill_or_with_two_builds_at_once() {
    let [alone, killed, shared] = [slow(), slow(), slow()];
    assert_eq!(alone.build(SAVING), 8);
    let mut child = spawn(killed.command(&["build", "--save-models", "-j", "2"]));
    let started = Instant::now();
    while killed.count_records() < 2 {
        assert!(started.elapsed() < Duration::from_mins(5), "nothing is recorded");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = models(&killed);
    for record in killed.record_files() {
        let name = record.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(left.contains_key(&format!("{name}.safetensors")), "{name}");
    }
    killed.build(SAVING);
    let builds = ["reports", "elsewhere"]
        .map(|out| spawn(shared.command(&["build", "--save-models", "-j", "2", "--out", out])));
    let outcomes = builds.map(ended);
    assert!(outcomes.iter().all(|outcome| outcome.code == 0), "{outcomes:#?}");
    assert_eq!(outcomes.iter().map(trained).sum::<usize>(), 8);
    for project in [killed, shared] {
        assert_eq!(models(&project), models(&alone));
        assert_eq!(project.records(), alone.records());
    }
}

#[test]
fn a_missing_or_damaged_model_is_an_error_with_the_command_that_makes_one() {
    let project = classification();
    project.build(&["--save-models"]);
    let refusal = refused(&project, &["network", "data/plots.csv"]);
    assert!(refusal.stderr.contains("2 runs match, but this command needs one"), "{refusal:#?}");
    assert!(refusal.stderr.contains("seed=0"), "{refusal:#?}");

    for (name, bytes) in models(&project) {
        let mut other = bytes.clone();
        *other.last_mut().unwrap() ^= 1;
        project.write(&format!(".report/models/{name}"), other);
    }
    let refusal = refused(&project, &["network", "seed=0", "data/plots.csv"]);
    assert!(refusal.stderr.contains("is damaged: it does not have its checksum"), "{refusal:#?}");
    let command = "`report build --save-models network 'seed=0'`";
    assert!(refusal.stderr.contains(command), "{refusal:#?}");
    // A damaged model counts as missing.
    assert_eq!(trained(&project.run(&["build", "--save-models"])), 2);
    assert_eq!(project.run(&["predict", "network", "seed=0", "data/plots.csv"]).code, 0);
    std::fs::remove_dir_all(project.path(".report/models")).unwrap();
    let refusal = refused(&project, &["network", "seed=0", "data/plots.csv"]);
    assert!(
        refusal.stderr.contains("has no model") && refusal.stderr.contains(command),
        "{refusal:#?}"
    );
    let outcome = project.run(&["build", "--save-models", "network", "seed=0"]);
    assert_eq!(
        (outcome.code, trained(&outcome), models(&project).len()),
        (0, 1, 1),
        "{outcome:#?}"
    );
    assert_eq!(project.run(&["predict", "network", "seed=0", "data/plots.csv"]).code, 0);
}

#[test]
fn rows_that_the_training_could_not_have_had_are_refused_with_their_place() {
    let project = classification();
    project.build(&["--seeds", "1", "--save-models"]);
    let table = |text: &str| {
        project.write("new.csv", text);
        refused(&project, &["network", "new.csv", "--seeds", "1"]).stderr
    };
    let text = table("rain,soil\n1,clay\n2,peat\nNA,sand\n");
    assert!(text.contains("`new.csv` has `peat`, a word that the training did not have"), "{text}");
    assert!(
        text.contains("line 3, column `soil`")
            && text.contains("has no value in line 4, column `rain`"),
        "{text}"
    );
    assert!(
        table("soil\nclay\n").contains("has no column `rain`, which the network was trained on")
    );
    project.write("new.npy", npy("2, 4", &[0.0; 8]));
    let refusal = refused(&project, &["network", "new.npy", "--seeds", "1"]);
    assert!(
        refusal.stderr.contains("has arrays, but the network was trained on a table"),
        "{refusal:#?}"
    );

    project.write("new.csv", "rain,soil\n0.1,clay\n5.5,loam\n");
    let lines = project.run(&["predict", "network", "new.csv", "--seeds", "1"]).stdout;
    let found = predictions(&project, &["network", "new.csv", "--seeds", "1"]);
    assert_eq!(found["classes"], serde_json::json!(["high", "low", "middle"]));
    for (line, own) in lines.lines().zip(found["predictions"].as_array().unwrap()) {
        let own = numbers(own);
        assert!((own.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let best = (0..3).max_by(|a, b| own[*a].total_cmp(&own[*b])).unwrap();
        let class = ["high", "low", "middle"][best];
        assert_eq!(line, format!("{class}  {:.4}", own[best]));
    }
    assert_eq!(lines.lines().count(), 2);
}

#[test]
fn each_fold_has_a_model_and_a_prediction_is_the_mean_of_them() {
    let project = regression();
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 1").edit(
        "experiments/network.toml",
        "kind = \"random\"\ntest = 0.25",
        "kind = \"folds\"\nfolds = 3",
    );
    assert_eq!(project.build(SAVING), 1);
    let models = models(&project);
    let folds: Vec<_> = models.values().map(|bytes| metadata(bytes, "fold").as_u64()).collect();
    assert_eq!(folds, [Some(1), Some(2), Some(3)]);
    let found = numbers(&predictions(&project, &["network", "data/plots.csv"])["predictions"]);
    for (found, row) in found.iter().zip(rows(&plots())) {
        let expected = models.values().map(|model| forward(model, &row)).sum::<f64>() / 3.0;
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
    let outcome = project.run(&["predict", "network", "data/plots.csv"]);
    assert!(outcome.stderr.contains("the mean over 3 folds"), "{outcome:#?}");
    // The network of another fold is no network of this fold.
    let [first, second] = [0, 1].map(|fold| models.keys().nth(fold).unwrap());
    project.write(&format!(".report/models/{second}"), &models[first]);
    let refusal = refused(&project, &["network", "data/plots.csv"]);
    assert!(refusal.stderr.contains("is of the fold 1"), "{refusal:#?}");
    // One file is lost: all folds are trained again.
    std::fs::remove_file(
        project.path(&format!(".report/models/{}", models.keys().nth(1).unwrap())),
    )
    .unwrap();
    assert_eq!(project.build(SAVING), 1);
}

#[test]
fn pairs_are_two_images_after_each_other() {
    let project = Project::new();
    project.build(&["--save-models", "--only", "fully-connected"]);
    let run = ["fully-connected", "weight_sharing=true", "seed=1"];
    let all = predictions(&project, &[&run[..], &["mnist:test:0-5"]].concat());
    let all = numbers(&all["predictions"]);
    let last = predictions(&project, &[&run[..], &["mnist:test:4-5"]].concat());
    assert_eq!((all.len(), numbers(&last["predictions"])), (3, all[2..].to_vec()));
    assert!(all.iter().all(|p| (0.0..=1.0).contains(p)), "{all:?}");
    for (images, why) in [
        ("mnist:test:0-4", "has 5 images; the network compares pairs, so it needs an even number"),
        ("mnist:test:9999999", "the test part has the images 0 to 9999"),
        ("mnist:validation:0-1", "is no part and number of images"),
        ("mnist:test:7-6", "is no part and number of images"),
    ] {
        let refusal = refused(&project, &[&run[..], &[images]].concat());
        assert!(refusal.stderr.contains(why), "{refusal:#?}");
    }
    project.write("images.idx", idx(&[2, 4, 4], &[1.0; 32]));
    let refusal = refused(&project, &[&run[..], &["images.idx"]].concat());
    assert!(
        refusal
            .stderr
            .contains("has examples of 4×4×1 numbers, but the network was trained on 28×28×1"),
        "{refusal:#?}"
    );
}

#[test]
fn each_field_of_the_json_is_documented() {
    let project = with_parts();
    project.build(SAVING);
    let found = predictions(&project, &["network", "data/plots.csv"]);
    let document = std::fs::read_to_string(repository().join("docs/json.md")).unwrap();
    let section = document.split("\n## `predict`\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let fields = found.as_object().unwrap().keys().filter(|name| *name != "schema");
    let undocumented: Vec<_> =
        fields.filter(|name| !section.contains(&format!("| `{name}` |"))).collect();
    assert!(undocumented.is_empty() && section.lines().count() > 5, "{undocumented:?}");
}

#[test]
fn gc_removes_models_with_their_runs_and_a_cluster_writes_none() {
    let project = classification();
    project.build(SAVING);
    assert!(project.run(&["cache", "ls"]).stderr.contains("models of 2 runs, "));
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 1");
    project.build(&[]);
    let listed = project.run(&["cache", "gc", "--dry-run", "--json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["models"], listed["unused"]);
    assert_eq!(listed["models"].as_array().unwrap().len(), 1);
    let kept = models(&project).len();
    let outcome = project.run(&["cache", "gc", "--yes"]);
    assert!(outcome.stderr.contains("removed 1 records, models of 1 run, "), "{outcome:#?}");
    assert_eq!((kept, models(&project).len(), project.count_records()), (2, 1, 1));

    let outcome = project.run(&["build", "--save-models", "--executor", "slurm"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("works on this machine alone"), "{outcome:#?}");
}

#[test]
fn examples_unlike_those_of_the_training_get_no_answer() {
    let project = regression();
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 1");
    assert_eq!(project.build(SAVING), 1);
    // The data were renamed since the training, so the model has other names.
    project.edit("data/plots.csv", "plot,rain,soil", "plot,water,soil");
    let refusal = refused(&project, &["network", "data/plots.csv"]);
    assert!(refusal.stderr.contains("has other names of columns or classes"), "{refusal:#?}");
    assert_eq!(trained(&project.run(&["build", "--save-models"])), 1);
    assert_eq!(project.run(&["predict", "network", "data/plots.csv"]).code, 0);
    let refusal = refused(&project, &["network", "none.csv"]);
    assert!(refusal.stderr.contains("name a file with examples"), "{refusal:#?}");

    let project = classification();
    write_images(&project);
    project.write("experiments/network.toml", IMAGES);
    assert_eq!(project.build(SAVING), 1);
    let bytes =
        [0, 0, 8, 4].into_iter().chain([1u32, 6, 4, 2].into_iter().flat_map(u32::to_be_bytes));
    project.write("bytes.idx", bytes.chain([7; 48]).collect::<Vec<u8>>());
    let refusal = refused(&project, &["network", "bytes.idx"]);
    let expected =
        "has bytes from 0 to 255, but the network was trained on numbers that are no bytes";
    assert!(refusal.stderr.contains(expected), "{refusal:#?}");

    // Divided by a small standard deviation, the number is too large.
    let project = classification();
    let row = |row: &str| {
        let (plot, rest) = row.split_once(',').unwrap();
        let (rain, rest) = rest.split_once(',').unwrap();
        match rain.parse::<f32>() {
            Ok(rain) => format!("{plot},{},{rest}\n", rain / 1e4),
            Err(_) => format!("{row}\n"),
        }
    };
    project.write("data/plots.csv", plots().lines().map(row).collect::<String>());
    project.edit("experiments/network.toml", "seeds = 2", "seeds = 1");
    assert_eq!(project.build(SAVING), 1);
    project.write("huge.csv", "rain,soil\n3e38,clay\n");
    let refusal = refused(&project, &["network", "huge.csv"]);
    assert!(refusal.stderr.contains("with a number that is not finite"), "{refusal:#?}");
}

/// 48 images of 6 × 4 pixels with two channels, of one of three classes.
pub(crate) fn write_images(project: &Project) {
    let pixel = |i: u32| f64::from((i * 7919 + i / 48 % 3 * 40 + i * i % 31) % 97);
    let images: Vec<_> = (0..48 * 48).map(pixel).collect();
    let classes: Vec<_> = (0..48u32).map(|i| f64::from(i % 3)).collect();
    project
        .write("data/images.npy", npy("48, 6, 4, 2", &images))
        .write("data/classes.npy", npy("48,", &classes));
}

/// A network with all kinds of layers.
pub(crate) const IMAGES: &str = r#"
title = "network"
task = "classification"
seeds = 1

[data]
file = "data/images.npy"
target_file = "data/classes.npy"
standardize = true

[data.split]
kind = "stratified"
test = 12
seed = 1
duplicates = "allow"

[model]
layers = [
  { layer = "conv2d", channels = 6, kernel = 3, padding = 1 }, "batch_norm", { layer = "leaky_relu", slope = 0.2 },
  { layer = "residual", body = [{ layer = "conv2d", channels = 4, kernel = 3, padding = 1, stride = 2 }, "batch_norm", "relu"],
    shortcut = [{ layer = "conv2d", channels = 4, kernel = 1, stride = 2 }] },
  "layer_norm", { layer = "max_pool2d", size = 2, stride = 1 }, "flatten", "gelu",
  { layer = "residual", body = [{ layer = "linear", outputs = 8 }, "tanh", { layer = "dropout", probability = 0.2 }] },
  "silu", { layer = "linear", outputs = "classes" },
]

[train]
epochs = 4
batch_size = 8
optimizer = { kind = "adam", lr = 0.01 }
"#;

/// The Python with torch, safetensors and numpy.
#[expect(clippy::print_stderr, reason = "says why a test does nothing")]
fn torch() -> Option<String> {
    let python = std::env::var("REPORT_TEST_TORCH").ok();
    if python.is_none() {
        eprintln!("skipped: REPORT_TEST_TORCH names no Python with torch, safetensors and numpy");
    }
    python
}

/// Compares `report predict` with `docs/load_model.py`.
#[track_caller]
fn compare(python: &str, project: &Project, selected: &[&str], file: &str) {
    let found = predictions(project, &[selected, &[file]].concat());
    let digest = found["run"].as_str().unwrap();
    let mut paths: Vec<PathBuf> = models(project)
        .keys()
        .filter(|name| name.starts_with(digest))
        .map(|name| project.path(&format!(".report/models/{name}")))
        .collect();
    paths.sort();
    let outcome = Outcome::of(
        Command::new(python)
            .arg(repository().join("docs/load_model.py"))
            .arg(project.path(file))
            .args(&paths),
    );
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let expected: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let flat = |value: &Value| -> Vec<f64> {
        let each = value.as_array().unwrap().iter();
        each.flat_map(|own| own.as_f64().map_or_else(|| numbers(own), |number| vec![number]))
            .collect()
    };
    let [found, expected] = [&found["predictions"], &expected].map(flat);
    assert!(
        found.len() > 10 && found.len() == expected.len(),
        "{} {}",
        found.len(),
        expected.len()
    );
    assert!(found.iter().any(|x| *x != found[0]), "{found:?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn pytorch_predicts_the_same() {
    let Some(python) = torch() else { return };
    let project = regression();
    project.edit(
        "experiments/network.toml",
        "kind = \"random\"\ntest = 0.25",
        "kind = \"folds\"\nfolds = 3",
    );
    project.build(SAVING);
    compare(&python, &project, &["network", "seed=1"], "data/plots.csv");

    let project = classification();
    project.build(SAVING);
    compare(&python, &project, &["network", "seed=0"], "data/plots.csv");

    write_images(&project);
    for pooling in ["", "pooling = 2\n"] {
        let network =
            IMAGES.replace("standardize = true\n", &format!("standardize = true\n{pooling}"));
        let network = match pooling {
            "" => network,
            _ => network.replace(", { layer = \"max_pool2d\", size = 2, stride = 1 }", ""),
        };
        project.write("experiments/network.toml", network);
        project.build(SAVING);
        compare(&python, &project, &["network"], "data/images.npy");
    }

    let project = Project::with_every_layer();
    project.build(SAVING);
    let pixels: Vec<_> = (0..24 * 784u32).map(|i| (i * 31 % 256) as u8).collect();
    project.write("pairs.npy", npy_of_bytes("24, 28, 28", &pixels));
    for sharing in ["weight_sharing=true", "weight_sharing=false"] {
        compare(&python, &project, &["deep", sharing, "seed=1"], "pairs.npy");
    }
}
