//! The files of a project whose networks learn a column of a table.

use crate::dataset::{Sketch, SketchColumn};

/// What is known of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableStart {
    /// The path of the table from the directory of the project.
    pub file: String,
    /// The columns of the table.
    pub sketch: Sketch,
    /// The name of the target.
    pub target: String,
    /// Whether the targets are classes, and not numbers.
    pub are_classes: bool,
}

/// A string of TOML. Strings of JSON are strings of TOML.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A list of TOML strings.
fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

pub(super) fn files(start: &TableStart) -> Vec<(&'static str, String)> {
    let data = data(start);
    let score = match start.are_classes {
        true => Score {
            task: "classification",
            outputs: "\"classes\"",
            name: "accuracy",
            label: "test accuracy",
            curve: "test_accuracy",
            claim: "A hidden layer raises the accuracy.",
            side: "above",
            unit: " %",
        },
        false => Score {
            task: "regression",
            outputs: "1",
            name: "error",
            label: "test error (root mean square)",
            curve: "test_rmse",
            claim: "A hidden layer lowers the error.",
            side: "below",
            unit: "",
        },
    };
    let values = [
        ("@data@", data.as_str()),
        ("@task@", score.task),
        ("@outputs@", score.outputs),
        ("@name@", score.name),
        ("@label@", score.label),
        ("@curve@", score.curve),
        ("@claim@", score.claim),
        ("@side@", score.side),
        ("@unit@", score.unit),
    ];
    let filled = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (mark, value)| text.replace(mark, value))
    };
    vec![
        ("experiments/baseline.toml", filled(include_str!("table/baseline.toml"))),
        ("experiments/network.toml", filled(include_str!("table/network.toml"))),
        ("experiments/paper.toml", filled(include_str!("table/paper.toml"))),
        ("templates/paper.md.jinja", filled(include_str!("table/paper.md.jinja"))),
    ]
}

/// What the files say of the score.
struct Score {
    task: &'static str,
    outputs: &'static str,
    name: &'static str,
    label: &'static str,
    curve: &'static str,
    claim: &'static str,
    side: &'static str,
    unit: &'static str,
}

/// The largest share of rows that may have a word of their own. A column with more words names its rows.
const MOST_WORDS: f64 = 0.5;

/// The table `[data]` and its split.
fn data(start: &TableStart) -> String {
    let features = || start.sketch.columns.iter().filter(|column| column.name != start.target);
    let names_rows = |column: &&SketchColumn| {
        !column.are_numbers && column.n_values as f64 > MOST_WORDS * start.sketch.n_rows as f64
    };
    let left_out: Vec<String> = features()
        .filter(|column| names_rows(column) || column.n_values < 2)
        .map(|column| format!("!{}", column.name))
        .collect();
    let words = features()
        .filter(|column| !column.are_numbers && !left_out.contains(&format!("!{}", column.name)));
    let words: Vec<_> = words.map(|column| column.name.as_str()).collect();
    let mut lines = vec![
        "[data]".to_owned(),
        format!("file = {}", quoted(&start.file)),
        format!("target = {}", quoted(&start.target)),
    ];
    if start.sketch.delimiter != ',' {
        lines.push(format!("delimiter = {}", quoted(&start.sketch.delimiter.to_string())));
    }
    if !left_out.is_empty() {
        lines.push(
            "# `*` means all columns. `!name` leaves one out: one value, or one for each row."
                .to_owned(),
        );
        lines.push(format!(
            "features = {}",
            list(["*"].into_iter().chain(left_out.iter().map(String::as_str)))
        ));
    }
    if !words.is_empty() {
        lines.push("# Columns of words. Each word becomes a column of 1 and 0.".to_owned());
        lines.push(format!("categorical = {}", list(words.into_iter())));
    }
    if start.sketch.columns.iter().any(|column| column.n_missing > 0) {
        lines.push(
            "# Rows with a missing value are left out, and the report says how many.".to_owned(),
        );
        lines.push("missing = \"drop_rows\"".to_owned());
    }
    lines.push("standardize = true".to_owned());
    if !start.are_classes {
        lines.push("standardize_target = true".to_owned());
    }
    lines.push(String::new());
    lines.push("# Each seed draws its own parts. The validation part is for choices, the test part for the score.".to_owned());
    lines.push("[data.split]".to_owned());
    lines.push(format!(
        "kind = {}",
        if start.are_classes { "\"stratified\"" } else { "\"random\"" }
    ));
    lines.push("validation = 0.2".to_owned());
    lines.push("test = 0.2".to_owned());
    lines.push("seed = \"run\"".to_owned());
    lines.push("# Equal rows stay in one part.".to_owned());
    lines.push("duplicates = \"together\"".to_owned());
    lines.join("\n")
}
