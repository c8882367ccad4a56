//! The top level of an experiment file.

use super::data::{EXAMPLES, PAIRS};
use super::network::{LAYERS, PAIR_NETWORK};
use super::program::PROGRAM;
use super::section::{Key, PATH, Section, Tag, Takes, at_least};
use super::train::{CLASSIFICATION, OF_PAIRS, REGRESSION};

/// The largest number of runs of an experiment.
pub(super) const MOST_RUNS: i64 = 1_000_000;

const PAIRED: &[&str] = &["pairs"];
const CLASSES: &[&str] = &["classification"];
const NUMBERS: &[&str] = &["regression"];
const SINGLE: &[&str] = &["classification", "regression"];
const PROGRAMS: &[&str] = &["program"];

/// A list of levels.
static LEVELS: Takes = Takes::List(&Takes::Any("a level"));
static SEED: Takes = at_least(0);

/// An experiment.
pub static EXPERIMENT: Section = Section {
    path: "",
    about: "An experiment: a network or a program with its settings, and the factors that it varies.",
    example: r#"title = "wide"
extends = "baseline.toml"
question = "Does width help?"

[factors]
"train.optimizer.lr" = [0.001, 0.01]"#,
    tag: Tag::Word("task", "pairs"),
    keys: &[&[
        Key::required(
            "title",
            Takes::Label,
            "name of the experiment in the report; must be unique",
        ),
        Key::default(
            "task",
            Takes::Word("task", &["pairs", "classification", "regression", "program"]),
            "\"pairs\"",
            "what the network is trained for, or that a program of yours computes the runs",
        ),
        Key::optional("question", Takes::Text, "what the experiment asks"),
        Key::optional(
            "extends",
            PATH,
            "path of another file, relative to this file. The other file can have `extends` too.",
        ),
        Key::required(
            "seeds",
            Takes::Either(
                &[Takes::Integer(1, MOST_RUNS), Takes::List(&SEED)],
                "a count or a list of seeds",
            ),
            "`10` means the seeds 0 to 9. `[1, 2, 5]` lists the seeds. Each condition has one run per seed.",
        ),
        Key::optional(
            "factors",
            Takes::Map(&LEVELS),
            "the settings that the experiment varies: the path of each, and the list of its levels",
        ),
        Key::required("data", Takes::Table(&PAIRS), "the pairs of images").of(PAIRED),
        Key::required("data", Takes::Table(&EXAMPLES), "the examples, and their split").of(SINGLE),
        Key::required("model", Takes::Table(&PAIR_NETWORK), "the layers").of(PAIRED),
        Key::required("model", Takes::Table(&LAYERS), "the layers").of(SINGLE),
        Key::required("train", Takes::Table(&OF_PAIRS), "loss, batches and optimiser").of(PAIRED),
        Key::required("train", Takes::Table(&CLASSIFICATION), "loss, batches and optimiser")
            .of(CLASSES),
        Key::required("train", Takes::Table(&REGRESSION), "loss, batches and optimiser")
            .of(NUMBERS),
        Key::required("program", Takes::Table(&PROGRAM), "the program, what it reads and writes")
            .of(PROGRAMS),
        Key::optional(
            "params",
            Takes::Map(&Takes::Any("any value")),
            "what the program is asked to compute: any keys, which it gets as JSON",
        )
        .of(PROGRAMS),
    ]],
};
