//! The schemas of the files that users write: they say what `report check` says, and editors can read them.

use std::path::{Path, PathBuf};
use std::process::Command;

use report::document::{self, Node, Reader, Value, Violations};
use report::{keys, scaffold};

use crate::project::{Project, repository};

/// An experiment of which each test breaks one line.
const EXPERIMENT: &str = r#"title = "broken"
task = "classification"
seeds = 2

[factors]
"train.optimizer.lr" = [0.001, 0.01]

[data]
dataset = "mnist"

[data.split]
kind = "random"
test = 0.2
validation = 100
seed = "run"

[model]
layers = [
  { layer = "conv2d", channels = 4, kernel = 3 },
  "relu",
  { layer = "max_pool2d", size = 2 },
  "flatten",
  { layer = "dropout", probability = 0.1 },
  { layer = "linear", outputs = "classes" },
]

[train]
epochs = 2
batch_size = 20
shuffle = true
loss = { kind = "cross_entropy", label_smoothing = 0.1 }
schedule = { kind = "step", step_size = 1 }
early_stopping = { monitor = "validation_loss", patience = 2 }

[train.optimizer]
kind = "adam"
lr = 0.01
"#;

/// Mistakes in an experiment: what is replaced, and by what.
const MISTAKES: [(&str, &str); 21] = [
    ("title = \"broken\"", "title = 3"),
    ("title = \"broken\"", "title = \"broken\"\nquestions = \"Why?\""),
    ("task = \"classification\"", "task = \"clasification\""),
    ("seeds = 2", "seeds = 0"),
    ("seeds = 2", "seeds = \"two\""),
    ("\"train.optimizer.lr\" = [0.001, 0.01]", "\"train.optimizer.lr\" = 0.001"),
    ("dataset = \"mnist\"", "dataset = \"mnits\""),
    ("dataset = \"mnist\"", "dataset = \"mnist\"\ntrain_pairs = 20"),
    ("kind = \"random\"", "kind = \"folds\"\nfolds = 1"),
    ("kind = \"random\"", "kind = \"random\"\ncolumn = \"part\""),
    ("test = 0.2", "test = 1.5"),
    ("seed = \"run\"", "seed = \"runs\""),
    ("\"relu\"", "\"rellu\""),
    ("channels = 4, kernel = 3", "channels = 4"),
    ("channels = 4, kernel = 3", "channels = 4, kernel = 3, size = 2"),
    ("probability = 0.1", "probability = 1.0"),
    ("outputs = \"classes\"", "outputs = \"clases\""),
    ("epochs = 2", "epochs = 2.5"),
    ("label_smoothing = 0.1", "label_smooting = 0.1"),
    ("step_size = 1", "step_size = 1, pct_start = 0.3"),
    ("kind = \"adam\"", "kind = \"adam\"\nmomentum = 0.9"),
];

/// A paper file of which each test breaks one line.
const PAPER: &str = r#"title = "Broken"

[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "corrected_test_accuracy"
reduction = "last"

[[table]]
name = "networks"
caption = "All networks."
metric = "accuracy"
by = ["experiment", "weight_sharing"]

[[figure]]
name = "curves"
kind = "learning-curves"
caption = "The accuracy in training."
curve = "corrected_test_accuracy"

[[claim]]
name = "sharing"
statement = "Sharing helps."
check = { effect = "weight_sharing", where = { experiment = "deep" }, above = 0 }
"#;

/// Mistakes in a paper file.
const IN_PAPER: [(&str, &str); 14] = [
    ("title = \"Broken\"", "titel = \"Broken\""),
    ("label = \"test accuracy\"", "label = \"all together\""),
    ("reduction = \"last\"", "reduction = \"final\""),
    ("reduction = \"last\"", "reduction = \"last\"\ndigits = 13"),
    ("caption = \"All networks.\"", "caption = \"\""),
    ("metric = \"accuracy\"", "kind = \"scorer\"\nmetric = \"accuracy\""),
    ("by = [\"experiment\", \"weight_sharing\"]", "by = \"experiment\""),
    ("by = [\"experiment\", \"weight_sharing\"]", "by = [\"experiment\"]\nfactor = \"lr\""),
    ("kind = \"learning-curves\"", ""),
    ("kind = \"learning-curves\"", "kind = \"learning-curves\"\nscale = \"logarithmic\""),
    ("kind = \"learning-curves\"", "kind = \"learning-curves\"\ndots = true"),
    ("statement = \"Sharing helps.\"", "statement = [\"Sharing helps.\"]"),
    ("check = { effect = ", "check = { efect = "),
    ("above = 0 }", "above = 0, best = { experiment = \"deep\" } }"),
];

fn committed() -> PathBuf {
    repository().join("docs/schemas")
}

#[test]
fn the_committed_schemas_are_those_of_the_table_of_keys() {
    for schema in scaffold::schemas() {
        let name = schema.path.rsplit('/').next().unwrap();
        let there = std::fs::read_to_string(committed().join(name)).unwrap_or_default();
        assert!(there == schema.text, "write them with `report eject schemas`: {name}");
    }
}

/// The editors' programs that check TOML files, each with its arguments before the files.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn editors() -> Vec<(PathBuf, Vec<&'static str>)> {
    let python = std::env::var_os("REPORT_TEST_PYTHON").map(PathBuf::from).unwrap_or_default();
    let folder = python.parent().unwrap_or(Path::new("")).to_owned();
    if !["taplo", "tombi"].iter().all(|name| folder.join(name).is_file()) {
        eprintln!(
            "skipped: REPORT_TEST_PYTHON names no Python with taplo and tombi; `.ci/run` installs it"
        );
        return Vec::new();
    }
    vec![(folder.join("taplo"), vec!["check"]), (folder.join("tombi"), vec!["lint", "--offline"])]
}

/// What an editor's program says of files, each a path with its content. Empty if they are valid.
fn refused(files: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    std::fs::create_dir_all(root.join("schemas")).unwrap();
    for schema in scaffold::schemas() {
        std::fs::write(root.join(&schema.path), &schema.text).unwrap();
    }
    for (path, text) in files {
        let place = root.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        let kind = Path::new(path).file_stem().unwrap().to_str().unwrap();
        let kind = kind.split('_').next().unwrap();
        let kind = if ["paper", "slurm", "store"].contains(&kind) { kind } else { "experiment" };
        let up = "../".repeat(path.matches('/').count());
        std::fs::write(place, format!("#:schema {up}schemas/{kind}.json\n{text}")).unwrap();
    }
    let mut all = Vec::new();
    for (program, arguments) in editors() {
        let mut command = Command::new(&program);
        let paths = files.iter().map(|(path, _)| path);
        let outcome = command.args(&arguments).args(paths).current_dir(root).output().unwrap();
        let said = [&outcome.stdout[..], &outcome.stderr[..]].concat();
        let said = console::strip_ansi_codes(&String::from_utf8_lossy(&said)).into_owned();
        // Each names the files with mistakes in its own way.
        let is_named =
            |path: &String| ["\"", ":"].iter().any(|end| said.contains(&format!("{path}{end}")));
        let found: Vec<_> = files.iter().map(|(path, _)| path.clone()).filter(is_named).collect();
        assert_eq!(outcome.status.success(), found.is_empty(), "{said}");
        let name = program.file_name().unwrap().to_string_lossy().into_owned();
        all.push((name, found));
    }
    all
}

#[test]
fn the_schema_accepts_each_shipped_file() {
    let mut files = Vec::new();
    let mut folders: Vec<_> = ["experiments".to_owned()].into();
    for paper in std::fs::read_dir(repository().join("gallery")).unwrap() {
        let name = paper.unwrap().file_name().into_string().unwrap();
        folders.push(format!("gallery/{name}/experiments"));
    }
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(repository().join(&folder)) else { continue };
        for entry in entries {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if repository().join(&path).is_dir() {
                folders.push(path);
            } else if Path::new(&name).extension().is_some_and(|ending| ending == "toml") {
                files.push((
                    path.clone(),
                    std::fs::read_to_string(repository().join(&path)).unwrap(),
                ));
            }
        }
    }
    assert!(files.len() > 20);
    for (editor, refused) in refused(&files) {
        assert!(refused.is_empty(), "{editor} refuses {refused:?}");
    }
}

#[test]
fn what_the_schema_refuses_is_refused_by_the_check_too() {
    let broken = |text: &str, (from, to): (&str, &str)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    };
    let project = Project::new();
    std::fs::remove_file(project.path("experiments/fully-connected.toml")).unwrap();
    let mut files = Vec::new();
    for (index, mistake) in MISTAKES.into_iter().enumerate() {
        let path = format!("experiments/broken_{index}.toml");
        let text =
            broken(EXPERIMENT, mistake).replace("\"broken\"", &format!("\"broken {index}\""));
        project.write(&path, &text);
        files.push((path, text));
    }
    let outcome = project.run(&["check"]);
    assert_eq!(outcome.code, 2);
    for ((path, _), mistake) in files.iter().zip(MISTAKES) {
        assert!(
            outcome.stderr.contains(&format!("error: {path}:")),
            "{mistake:?}: {}",
            outcome.stderr
        );
        std::fs::remove_file(project.path(path)).unwrap();
    }
    for (index, mistake) in IN_PAPER.into_iter().enumerate() {
        let text = broken(PAPER, mistake);
        project.write("experiments/paper.toml", &text);
        let outcome = project.run(&["check"]);
        let place = "error: experiments/paper.toml:";
        assert!(outcome.code == 2 && outcome.stderr.contains(place), "{mistake:?}: {outcome:#?}");
        files.push((format!("experiments/paper_{index}.toml"), text));
    }
    for (editor, refused) in refused(&files) {
        let accepted = files.iter().filter(|(path, _)| !refused.contains(path));
        let accepted: Vec<_> = accepted.map(|(path, text)| format!("{path}\n{text}")).collect();
        assert!(accepted.is_empty(), "{editor} accepts {}", accepted.join("\n\n"));
    }
    let right = [("experiments/right.toml", EXPERIMENT), ("experiments/paper.toml", PAPER)];
    let right = right.map(|(path, text)| (path.to_owned(), text.to_owned()));
    for (editor, refused) in refused(&right) {
        assert!(refused.is_empty(), "{editor} refuses {refused:?}");
    }
}

/// The table at a path, of which capital words stand for any name.
fn table<'n>(root: &'n Node, path: &str) -> &'n Node {
    let mut node = root;
    for word in path.split('.').filter(|word| !word.is_empty()) {
        let is_any = word.chars().all(char::is_uppercase);
        node = match &node.value {
            Value::Table(table) if is_any => table.values().next().unwrap(),
            Value::Table(table) => table.get(word).or_else(|| table.values().next()).unwrap(),
            _ => node,
        };
        if let Value::Array(items) = &node.value {
            node = &items[0];
        }
    }
    node
}

#[test]
fn each_example_of_the_help_is_one() {
    for section in keys::sections() {
        let root = document::parse("example.toml", section.example).unwrap();
        let violations = Violations::default();
        let node = table(&root, section.path);
        let reader = Reader::new(node, section.path, section, &violations);
        assert!(reader.is_some(), "{}", section.path);
        let mut found = violations.into_sorted();
        // An example of an experiment extends another file.
        found.retain(|violation| !(section.path.is_empty() && violation.is_missing()));
        assert!(found.is_empty(), "{}: {found:?}", section.path);
    }
}

#[test]
fn the_help_knows_keys_tables_and_kinds_and_suggests_near_ones() {
    let project = Project::empty();
    let help = |word: &str| project.run(&["help", word]);
    for (word, parts) in [
        (
            "lr",
            vec![
                "train.optimizer.lr\n",
                "\n  takes a number from 0 to 1000000; required\n",
                "lr = 0.001",
            ],
        ),
        ("train.optimizer.beta1", vec!["default: 0.9", "with kind = adam, adamw"]),
        ("schedule", vec!["train.schedule", "warmup_epochs", "with one_cycle"]),
        ("sgd", vec!["train.optimizer with kind = \"sgd\"", "nesterov"]),
        ("digits", vec!["metric.digits", "an integer from 0 to 12"]),
        ("build", vec!["Usage: report build", "--frozen"]),
    ] {
        let outcome = help(word);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        for part in parts {
            assert!(outcome.stdout.contains(part), "{part}: {outcome:#?}");
        }
    }
    assert!(!help("sgd").stdout.contains("beta1"));
    assert!(project.run(&["help"]).stdout.contains("Usage: report"));
    let outcome = help("scheduel");
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("did you mean `schedule`?"), "{outcome:#?}");
}
