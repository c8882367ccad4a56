//! The checks of claims.

use super::section::{ABOVE_0, ANY_NUMBER, Key, Section, Tag, Takes};
use super::table::{DIFFERS, SELECTION, WHERE};

static SIDE: Takes = SELECTION;
static CHECKS: Takes = Takes::Table(&CHECK);
static CELLS: Takes = Takes::Table(&CELL);

const OF_DIFFERENCE: &[&str] = &["effect", "difference"];
const OF_METRIC: &[&str] = &["effect", "difference", "best"];

/// What decides a claim.
pub static CHECK: Section = Section {
    path: "claim.check",
    about: "What decides a claim. One of the first eight keys names the check. A difference needs an expectation: `above`, \
            `below`, or `near` with `within`.",
    example: r#"[[claim]]
name = "sharing-helps"
statement = "Weight sharing helps."
check = { effect = "weight_sharing", where = { experiment = "deep" }, above = 0 }"#,
    tag: Tag::Key(&["effect", "difference", "best", "compatible", "compare", "all", "any", "at_least"]),
    keys: &[&[
        Key::required(
            "effect",
            Takes::Name("a factor"),
            "a factor with two levels: the first level minus the second",
        )
        .of(&["effect"]),
        Key::required("difference", Takes::List(&SIDE), "two selections: the first minus the second")
            .of(&["difference"]),
        Key::required(
            "best",
            SELECTION,
            "a selection of one condition. The check asks if it is better than all other conditions: above them, or below \
             them if lower scores are better.",
        )
        .of(&["best"]),
        Key::required("compatible", Takes::Name("a table of scores"), "a table of scores that a scorecard judges")
            .of(&["compatible"]),
        Key::required("compare", Takes::Text, "an expression").of(&["compare"]),
        Key::required("all", Takes::List(&CHECKS), "checks that must all hold").of(&["all"]),
        Key::required("any", Takes::List(&CHECKS), "checks; at least one must hold").of(&["any"]),
        Key::required("at_least", Takes::Integer(1, 1000), "how many of the checks of `of` must hold")
            .of(&["at_least"]),
        Key::required("of", Takes::List(&CHECKS), "the checks").of(&["at_least"]),
        Key::default(
            "metric",
            Takes::Name("a metric"),
            "that of the first protocol, or the first metric",
            "the score",
        )
        .of(OF_METRIC),
        Key::optional(
            "select",
            Takes::Name("a metric"),
            "a metric of the validation part that chooses one condition of each side, by its mean over the seeds; without \
             it, a side is the mean of its conditions",
        )
        .of(&["difference"]),
        Key::optional("above", ANY_NUMBER, "the difference is more than this, in the unit of the metric")
            .of(OF_DIFFERENCE),
        Key::optional("below", ANY_NUMBER, "the difference is less than this, in the unit of the metric")
            .of(OF_DIFFERENCE),
        Key::optional("near", ANY_NUMBER, "the difference is about this, in the unit of the metric").of(OF_DIFFERENCE),
        Key::depends(
            "within",
            ABOVE_0,
            "required with `near`",
            "largest distance from `near`, in the unit of the metric",
        )
        .of(OF_DIFFERENCE),
        Key::optional(
            "published",
            ANY_NUMBER,
            "the published difference: the report says whether it lies in the interval",
        )
        .of(OF_DIFFERENCE),
        Key::depends("above", Takes::Text, "required without `below`", "an expression that is smaller").of(&["compare"]),
        Key::depends("below", Takes::Text, "required without `above`", "an expression that is larger").of(&["compare"]),
        Key::required("says", Takes::Text, "what the numbers say, for readers").of(&["compare"]),
        Key::optional("cells", Takes::Map(&CELLS), "the names of the expressions, and what they stand for").of(&["compare"]),
        WHERE.of(OF_METRIC),
        Key::default("where", SELECTION, "all rows", "selects the row").of(&["compatible"]),
        DIFFERS.of(&["effect", "difference", "best", "compare"]),
    ]],
};

/// What a name of an expression stands for.
pub static CELL: Section = Section {
    path: "claim.check.cells.NAME",
    about: "What a name of an expression stands for: the cells of a row, or a number of parameters.",
    example: r#"[[claim]]
name = "apart"
statement = "The means are far apart."

[claim.check]
compare = "a.mean - b.mean"
above = "a.std"
says = "difference and standard deviation"

[claim.check.cells]
a = { table = "networks", where = { experiment = "deep" } }
b = { table = "networks", where = { experiment = "wide" } }"#,
    tag: Tag::Key(&["table", "parameters"]),
    keys: &[&[
        Key::required("table", Takes::Name("a table"), "a table").of(&["table"]),
        Key::default("where", Takes::Map(&Takes::Any("a level")), "all rows", "selects the row")
            .of(&["table"]),
        Key::required(
            "parameters",
            SELECTION,
            "the number of trained parameters of these conditions",
        )
        .of(&["parameters"]),
    ]],
};
