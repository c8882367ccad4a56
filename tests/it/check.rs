//! `report check`: all mistakes of a project at once, each with its line, a mark, the cause and a remedy.

use serde_json::Value;

use crate::project::{Outcome, Project};

const BASE: &str = r#"seeds = 6
task = "classification"

[data]
dataset = "mnist"

[data.split]
kind = "files"
train = 200
validation = 50
test = 100
seed = 0

[train]
epochs = 2
batch_size = 20
loss = { kind = "cross_entropy", label_smoothing = 0.1 }
schedule = { kind = "cosine" }
early_stopping = { monitor = "validation_loss", patience = 2 }

[train.optimizer]
kind = "adam"
lr = 0.01
"#;

const WIDE: &str = r#"extends = "base/protocol.toml"
title = "wide"
question = "Does width help?"

[model]
layers = [
  "flatten",
  { layer = "linear", outputs = 32 },
  "relu",
  { layer = "linear", outputs = "classes" },
]
"#;

const DEEP: &str = r#"extends = "base/protocol.toml"
title = "deep"

[model]
layers = [
  { layer = "conv2d", channels = 4, kernel = 3, padding = 1 },
  "relu",
  { layer = "max_pool2d", size = 2 },
  "flatten",
  { layer = "linear", outputs = "classes" },
]
"#;

const RATES: &str = r#"extends = "deep.toml"
title = "rates"

[factors]
"train.optimizer.lr" = [0.001, 0.1]
"#;

const PAPER: &str = r#"title = "Wide or deep?"

[labels.lr]
label = "learning rate"

[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "test_accuracy"
reduction = "last"

[[metric]]
name = "loss"
label = "test loss"
curve = "test_log_loss"
reduction = "last"

[[table]]
name = "networks"
caption = "Both networks."
metric = "accuracy"
by = ["experiment"]
where = { experiment = ["wide", "deep"] }
order = "best"

[[table]]
name = "by-rate"
caption = "The deep network by learning rate."
metric = "accuracy"
by = ["lr"]
where = { experiment = "rates" }

[[figure]]
name = "curves"
kind = "learning-curves"
caption = "The loss in training."
curve = "train_loss"
where = { experiment = ["wide", "deep"] }

[[claim]]
name = "deeper"
statement = "Depth helps."
evidence = ["networks"]
check = { difference = [{ experiment = "deep" }, { experiment = "wide" }], above = 0 }

[[claim]]
name = "rate"
statement = "The small rate is better."
check = { effect = "lr", where = { experiment = "rates" }, above = 0 }
"#;

const PROSE: &str = r#"---
author: A. One
---
# {{ title }}

The wide network reaches {{ cell("networks", "mean", experiment="wide") }} %.

{% if cell("by-rate", "mean", lr=0.1).value is defined %}
The rate of 0.1 reaches {{ score("accuracy", "mean", experiment="rates", lr=0.1) }} %.
{% endif %}

{{ table("networks") }}

{{ table("by-rate") }}

{{ figure("curves") }}

See {{ reference("curves") }} and [the numbers](#table-1).
The first claim is {{ claim("deeper") }}.

{{ verdicts() }}
"#;

const PROTOCOL: &str = "experiments/base/protocol.toml";
const EXPERIMENTS: [&str; 3] =
    ["experiments/wide.toml", "experiments/deep.toml", "experiments/rates.toml"];
const PAPER_FILE: &str = "experiments/paper.toml";
const TEMPLATE: &str = "templates/paper.md.jinja";

/// Writes all files without mistakes.
fn write_files(project: &Project) {
    project.write(PROTOCOL, BASE);
    project.write(EXPERIMENTS[0], WIDE);
    project.write(EXPERIMENTS[1], DEEP);
    project.write(EXPERIMENTS[2], RATES);
    project.write(PAPER_FILE, PAPER);
    project.write(TEMPLATE, PROSE);
}

fn project() -> Project {
    let project = Project::new();
    std::fs::remove_file(project.path("experiments/fully-connected.toml")).unwrap();
    write_files(&project);
    project
}

/// Typical mistakes: a file, a text in it, and what an author writes instead.
const MISTAKES: [(&str, &str, &str); 44] = [
    (PROTOCOL, "epochs = 2", "epoch = 2"),
    (PROTOCOL, "epochs = 2", "epochs = \"two\""),
    (PROTOCOL, "epochs = 2", "epochs = 0"),
    (PROTOCOL, "epochs = 2", "epochs = 2.5"),
    (PROTOCOL, "seeds = 6", "seed = 6"),
    (PROTOCOL, "seeds = 6", "seeds = [1, 2, 1]"),
    (PROTOCOL, "\"classification\"", "\"clasification\""),
    (PROTOCOL, "\"adam\"", "\"adm\""),
    (PROTOCOL, "lr = 0.01", "lr = -0.01"),
    (PROTOCOL, "lr = 0.01", "learning_rate = 0.01"),
    (PROTOCOL, "label_smoothing = 0.1", "smoothing = 0.1"),
    (PROTOCOL, "\"cosine\"", "\"cosin\""),
    (PROTOCOL, "\"validation_loss\"", "\"val_loss\""),
    (PROTOCOL, "validation = 50\n", ""),
    (PROTOCOL, "\"mnist\"", "\"mnits\""),
    (PROTOCOL, "test = 100", "test = 100000"),
    (PROTOCOL, "batch_size = 20", "batch_size = 20,"),
    (PROTOCOL, "[train]", "[train"),
    (EXPERIMENTS[0], "base/protocol.toml", "protocol.toml"),
    (EXPERIMENTS[0], "title = \"wide\"\n", ""),
    (EXPERIMENTS[0], "title = \"wide\"", "title = \"deep\""),
    (EXPERIMENTS[0], "\"relu\"", "\"rellu\""),
    (EXPERIMENTS[0], "outputs = 32 }", "output = 32 }"),
    (EXPERIMENTS[0], "outputs = 32 }", "outputs = 32 "),
    (EXPERIMENTS[0], "outputs = \"classes\"", "outputs = 12"),
    (EXPERIMENTS[1], "kernel = 3", "kernel = 64"),
    (EXPERIMENTS[2], "train.optimizer.lr", "train.optimiser.lr"),
    (EXPERIMENTS[2], "[0.001, 0.1]", "0.001"),
    (PAPER_FILE, "curve = \"test_accuracy\"", "curve = \"accuracy\""),
    (PAPER_FILE, "reduction = \"last\"", "reduction = \"final\""),
    (PAPER_FILE, "by = [\"experiment\"]", "by = [\"network\"]"),
    (PAPER_FILE, "metric = \"accuracy\"", "metric = \"acc\""),
    (PAPER_FILE, "where = { experiment = \"rates\" }", "where = { experiment = \"rate\" }"),
    (PAPER_FILE, "caption = \"Both networks.\"\n", ""),
    (PAPER_FILE, "kind = \"learning-curves\"", "kind = \"curves\""),
    (PAPER_FILE, "effect = \"lr\"", "effect = \"rate\""),
    (PAPER_FILE, "evidence = [\"networks\"]", "evidence = [\"network\"]"),
    (PAPER_FILE, ", above = 0 }\n\n[[claim]]", " }\n\n[[claim]]"),
    (TEMPLATE, "{{ title }}", "{{ titel }}"),
    (TEMPLATE, "table(\"networks\")", "table(\"network\")"),
    (TEMPLATE, "experiment=\"wide\"", "experiment=\"wide\", lr=0.1"),
    (TEMPLATE, "{% endif %}\n", ""),
    (TEMPLATE, "claim(\"deeper\")", "claim(\"depth\")"),
    (TEMPLATE, "(#table-1)", "(#tables)"),
];

/// The blocks of an outcome: each mistake with its lines.
fn blocks(outcome: &Outcome) -> Vec<&str> {
    let text = outcome.stderr.split("\n\nhint: ").next().unwrap();
    text.split("\n\n").map(str::trim_end).filter(|block| block.starts_with("error: ")).collect()
}

#[test]
fn each_typical_mistake_has_its_line_a_mark_and_a_remedy() {
    let project = project();
    assert_eq!(project.run(&["check"]).code, 0, "{:#?}", project.run(&["check"]));
    let mut table = String::new();
    for (file, from, to) in MISTAKES {
        project.edit(file, from, to);
        let outcome = project.run(&["check"]);
        assert_eq!(outcome.code, 2, "{file}: {from} → {to}: {outcome:#?}");
        let blocks = blocks(&outcome);
        assert!(!blocks.is_empty(), "{file}: {from} → {to}: {outcome:#?}");
        for block in &blocks {
            let place = block.strip_prefix("error: ").and_then(|rest| rest.split(": ").next());
            let (file, line) = place.unwrap().rsplit_once(':').unwrap();
            assert!(line.parse::<usize>().is_ok() && !file.is_empty(), "{block}");
            assert!(block.contains('^'), "{block}");
        }
        let (from, to) = (from.escape_debug(), to.escape_debug());
        let blocks = blocks.join("\n\n");
        table = format!("{table}## {file}: `{from}` → `{to}`\n\n{blocks}\n\n");
        write_files(&project);
    }
    let pinned = crate::project::repository().join("tests/fixtures/mistakes.md");
    let expected = std::fs::read_to_string(&pinned).unwrap_or_default();
    if table != expected {
        let actual = std::env::temp_dir().join("mistakes.md");
        std::fs::write(&actual, &table).unwrap();
        panic!("the messages differ from {}: {}", pinned.display(), actual.display());
    }
}

#[test]
fn the_mistakes_of_all_files_are_told_at_once() {
    let project = project();
    let together = [0, 7, 11, 20, 21, 25, 28, 33, 34, 36, 37, 39, 42];
    for index in together {
        let (file, from, to) = MISTAKES[index];
        project.edit(file, from, to);
    }
    let outcome = project.run(&["check"]);
    for expected in [
        "`train.epoch` is not a known key",
        "names an unknown optimiser, `adm`",
        "names an unknown schedule, `cosin`",
        "names an unknown layer, `rellu`",
        "a window of 64 does not fit",
        "`metric.0.curve` is unknown, `accuracy`",
        "`table.0.caption` is missing",
        "names an unknown kind of figure",
        "names no table or figure, `network`",
        "has no expected value",
        "there is no table `network`",
        "there is no claim `depth`",
    ] {
        assert!(outcome.stderr.contains(expected), "{expected}: {}", outcome.stderr);
    }
    assert_eq!(outcome.code, 2);
}

#[test]
fn the_mistakes_of_a_template_are_told_at_once() {
    let project = project();
    for (file, from, to) in MISTAKES.into_iter().filter(|(file, _, _)| *file == TEMPLATE) {
        // An unclosed block hides the rest of its file.
        if from != "{% endif %}\n" {
            project.edit(file, from, to);
        }
    }
    let outcome = project.run(&["check"]);
    let lines: Vec<_> =
        blocks(&outcome).iter().map(|block| block.lines().next().unwrap().to_owned()).collect();
    assert_eq!(lines.len(), 4, "{outcome:#?}");
    for (line, (place, message)) in lines.iter().zip([
        (4, "undefined value: there is no `titel`"),
        (6, "has no column `lr`"),
        (12, "there is no table `network`"),
        (19, "there is no claim `depth`"),
    ]) {
        let start = format!("error: templates/paper.md.jinja:{place}: ");
        assert!(line.starts_with(&start) && line.contains(message), "{line}");
    }
}

#[test]
fn a_mistake_in_a_base_file_also_shows_who_extends_it() {
    let project = project();
    project.edit(PROTOCOL, "epochs = 2", "epochs = 0");
    let outcome = project.run(&["check"]);
    let [block] = blocks(&outcome)[..] else { panic!("{outcome:#?}") };
    assert!(block.contains("15 | epochs = 0"), "{block}");
    assert!(block.contains("::: experiments/deep.toml:1:"), "{block}");
    assert!(block.contains("::: experiments/wide.toml:1:"), "{block}");
}

#[test]
fn other_tools_read_the_mistakes_as_json_and_github_as_annotations() {
    let project = project();
    let outcome = project.run(&["check", "--json"]);
    let found: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.code, &found["mistakes"]), (0, &Value::Array(Vec::new())));
    project.edit(EXPERIMENTS[0], "\"relu\"", "\"rellu\"");
    let outcome = project.run(&["check", "--json"]);
    let found: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let mistake = &found["mistakes"][0];
    let place =
        ["line", "column", "end_line", "end_column"].map(|key| mistake[key].as_u64().unwrap());
    assert_eq!((outcome.code, place), (2, [9, 3, 9, 10]));
    assert_eq!(mistake["file"], "experiments/wide.toml");
    let outcome = project.run(&["check", "--format", "github"]);
    let annotation = "::error file=experiments/wide.toml,line=9,col=3,endLine=9,endColumn=10::";
    assert!(outcome.code == 2 && outcome.stdout.starts_with(annotation), "{outcome:#?}");
}

#[test]
fn colours_are_for_terminals_alone_unless_asked_for() {
    let project = project();
    project.edit(PROTOCOL, "epochs = 2", "epochs = 0");
    for (options, is_styled) in [(&["check"][..], false), (&["check", "--color", "always"], true)] {
        let outcome = project.run(options);
        assert_eq!(outcome.stderr.contains('\u{1b}'), is_styled, "{outcome:#?}");
    }
}

#[test]
fn each_key_is_shown_with_its_value_and_where_that_comes_from() {
    let project = project();
    let outcome = project.run(&["check", "--resolved", "rates"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    let line = |key: &str| {
        let words = outcome.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        words.into_iter().find(|words| words[0] == key).map(|words| words[1..].join(" "))
    };
    for (key, expected) in [
        ("title", "\"rates\" experiments/rates.toml:2"),
        ("task", "\"classification\" experiments/base/protocol.toml:2"),
        ("data.dataset", "\"mnist\" experiments/base/protocol.toml:5"),
        ("data.standardize", "false default"),
        ("data.split.train", "200 experiments/base/protocol.toml:9"),
        ("model.layers.1", "\"relu\" experiments/deep.toml:7"),
        ("train.loss.label_smoothing", "0.1 experiments/base/protocol.toml:17"),
        ("train.optimizer.lr", "[0.001, 0.1] experiments/rates.toml:5 (factor)"),
        ("train.optimizer.beta1", "0.9 default"),
        ("train.schedule.final_factor", "0 default"),
    ] {
        assert_eq!(line(key).as_deref(), Some(expected), "{}", outcome.stdout);
    }
    assert_eq!(line("train.optimizer.momentum"), None, "adam has none");
    assert!(outcome.stdout.starts_with("rates: 2 conditions, 12 runs\n"), "{}", outcome.stdout);
    let all = project.run(&["check", "--resolved"]).stdout;
    assert!(all.contains("\nwide: ") || all.starts_with("wide: "), "{all}");
    let outcome = project.run(&["check", "--resolved", "rate"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("did you mean `rates`?"), "{outcome:#?}");
    assert_eq!(project.run(&["check", "rates"]).code, 2, "a name needs `--resolved` or `--run`");
}
