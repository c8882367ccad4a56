//! The top level of the paper file, and claims.

use super::check::CHECK;
use super::figure::FIGURE;
use super::metric::{METRIC, PROTOCOL};
use super::section::{Key, Section, Tag, Takes};
use super::table::TABLE;

static METRICS: Takes = Takes::Table(&METRIC);
static PROTOCOLS: Takes = Takes::Table(&PROTOCOL);
static TABLES: Takes = Takes::Table(&TABLE);
static FIGURES: Takes = Takes::Table(&FIGURE);
static CLAIMS: Takes = Takes::Table(&CLAIM);
static LABELS: Takes = Takes::Table(&LABEL);
static EXPERIMENT: Takes = Takes::Name("an experiment");
static OTHERS: Takes = Takes::Table(&ALSO);
static ITEM: Takes = Takes::Name("a table or figure");

/// The paper file.
pub static PAPER: Section = Section {
    path: "",
    about: "What the report shows: metrics, tables, figures and claims.",
    example: r#"title = "Does depth help?"

[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "test_accuracy"
reduction = "last""#,
    tag: Tag::None,
    keys: &[&[
        Key::required("title", Takes::Text, "title of the report"),
        Key::optional("source", Takes::Text, "the publication whose values the tables quote"),
        Key::optional(
            "labels",
            Takes::Map(&LABELS),
            "names in the report of factors (or of `experiment`) and their levels",
        ),
        Key::optional(
            "draws",
            Takes::Map(&EXPERIMENT),
            "for an experiment, the experiment that repeats it on other draws of the data",
        ),
        Key::optional("metric", Takes::List(&METRICS), "the scores of runs"),
        Key::optional("protocol", Takes::List(&PROTOCOLS), "the metrics that readers can choose"),
        Key::optional("table", Takes::List(&TABLES), "the tables, in order of their numbers"),
        Key::optional("figure", Takes::List(&FIGURES), "the figures, in order of their numbers"),
        Key::optional("claim", Takes::List(&CLAIMS), "what is claimed, and how it is decided"),
    ]],
};

/// The table `[labels.FACTOR]`.
pub static LABEL: Section = Section {
    path: "labels.FACTOR",
    about: "Names in the report of a factor and of its levels.",
    example: r#"[labels.lr]
label = "learning rate"
levels = { "0.001" = "small", "0.01" = "large" }"#,
    tag: Tag::None,
    keys: &[&[
        Key::default(
            "label",
            Takes::Label,
            "the name",
            "the name of this factor (or of `experiment`) in the report",
        ),
        Key::default(
            "levels",
            Takes::Map(&Takes::Label),
            "as written",
            "names in the report of the levels. Experiments are shown by their titles.",
        ),
    ]],
};

/// What is claimed, and how it is decided.
pub(super) static CLAIM: Section = Section {
    path: "claim",
    about: "What is claimed, and how each build decides it.",
    example: r#"[[claim]]
name = "deeper"
statement = "The deep network is better."
evidence = ["networks"]
check = { difference = [{ experiment = "deep" }, { experiment = "wide" }], above = 0 }"#,
    tag: Tag::None,
    keys: &[&[
        Key::required("name", Takes::Name("this claim"), "name in templates: a–z, 0–9 and `-`"),
        Key::required("statement", Takes::Text, "what is claimed"),
        Key::default(
            "short",
            Takes::Text,
            "the statement",
            "the same in a few words, for `verdict_list()`",
        ),
        Key::optional("source", Takes::Text, "where the publication claims it"),
        Key::optional(
            "evidence",
            Takes::List(&ITEM),
            "links beside the verdict, to tables and figures",
        ),
        Key::required("check", Takes::Table(&CHECK), "the check that decides the claim"),
        Key::optional(
            "also",
            Takes::List(&OTHERS),
            "the same claim for other conditions: each has a `label` and a `check`. Their verdicts stand beside that of \
             the claim and do not change it.",
        ),
    ]],
};

/// A claim for other conditions.
pub(super) static ALSO: Section = Section {
    path: "claim.also",
    about: "The same claim for other conditions.",
    example: r#"[[claim]]
name = "sharing-helps"
statement = "Weight sharing helps."
check = { effect = "weight_sharing", where = { experiment = "deep" }, above = 0 }
also = [
  { label = "fully connected", check = { effect = "weight_sharing", where = { experiment = "flat" }, above = 0 } },
]"#,
    tag: Tag::None,
    keys: &[&[
        Key::required("label", Takes::Text, "what these conditions are, for readers"),
        Key::required("check", Takes::Table(&CHECK), "the check that decides it"),
    ]],
};
