//! The table `[[table]]` and its tables.

use super::section::{ANY_NUMBER, Key, Section, Tag, Takes, from_to};

const METRIC: Takes = Takes::Name("a metric");
static FACTOR: Takes = Takes::Name("a factor");
const FACTORS: Takes = Takes::List(&FACTOR);
static A_TABLE: Takes = Takes::Name("a table of scores");
static A_METRIC: Takes = METRIC;
static JOINTS: Takes = Takes::Table(&JOINT);
static ROWS: Takes = Takes::Table(&PUBLISHED);
static PATHS: Takes = Takes::Name("a setting of `data`");

/// Levels of conditions, by factor.
pub(super) const SELECTION: Takes = Takes::Map(&Takes::Any("a level, or a list of levels"));

/// The conditions of an item.
pub(super) const WHERE: Key = Key::default(
    "where",
    SELECTION,
    "all conditions",
    "for each factor, or `experiment`: a level, or a list of levels",
);

/// Settings in which the conditions of an item differ.
pub(super) const DIFFERS: Key = Key::optional(
    "differs",
    Takes::List(&PATHS),
    "paths of the settings of `data` in which the selected conditions may differ",
);

/// The kinds with scores by one metric.
const SCORED: &[&str] = &["scores", "effects", "pairwise", "selection", "variance", "shares"];

/// The kinds that select conditions.
const SELECTED: &[&str] =
    &["scores", "effects", "pairwise", "selection", "variance", "shares", "cost"];

/// A table of the report.
pub(super) static TABLE: Section = Section {
    path: "table",
    about: "A table of the report. Its number is its position in the file.",
    example: r#"[[table]]
name = "networks"
caption = "Both networks."
metric = "accuracy"
by = ["experiment"]
order = "best""#,
    tag: Tag::Word("kind", "scores"),
    keys: &[&[
        Key::required(
            "name",
            Takes::Name("this table"),
            "name in templates, and name of the data files: a–z, 0–9 and `-`. It must differ from the names of \
             experiments and figures.",
        ),
        Key::required("caption", Takes::Text, "what the table shows"),
        Key::default(
            "kind",
            Takes::Word(
                "kind of table",
                &[
                    "scores",
                    "effects",
                    "pairwise",
                    "selection",
                    "confusion",
                    "shares",
                    "variance",
                    "ablation",
                    "scorecard",
                    "cost",
                ],
            ),
            "`\"scores\"`",
            "which keys follow",
        ),
        Key::required("metric", METRIC, "the score").of(SCORED),
        Key::required(
            "select",
            METRIC,
            "the metric that chooses. All its curves are curves of the validation part.",
        )
        .of(&["selection"]),
        Key::required("factors", FACTORS, "each has two levels in the selection").of(&["effects"]),
        Key::required("factor", Takes::Name("a factor"), "a factor with two or more levels, or `experiment`")
            .of(&["pairwise"]),
        Key::required("by", FACTORS, "factors, or `experiment`, that label the rows").of(&["scores", "effects"]),
        Key::required(
            "by",
            FACTORS,
            "factors, or `experiment`, that label the rows; they must tell all conditions apart",
        )
        .of(&["shares", "cost"]),
        Key::required(
            "by",
            FACTORS,
            "one choice for each combination of the levels of these factors; `[]` makes one choice",
        )
        .of(&["selection"]),
        Key::default(
            "order",
            Takes::Word("order", &["listed", "best", "ascending", "descending"]),
            "`\"listed\"`",
            "`listed`: experiments by the names of their files, levels as their factor lists them; or best, smallest or \
             largest mean first",
        )
        .of(&["scores"]),
        Key::optional(
            "published",
            Takes::List(&ROWS),
            "published values, each `{ row, mean, std }`, in the unit of the metric",
        )
        .of(&["scores"]),
        Key::default(
            "pairs",
            Takes::Any("a list of pairs of levels"),
            "all pairs",
            "the pairs of levels that are compared, such as `[[\"new\", \"old\"]]`; the second is subtracted from the \
             first",
        )
        .of(&["pairwise"]),
        Key::default(
            "paired",
            Takes::Boolean,
            "true",
            "whether the same seed means the same draws on both sides. Otherwise, the test is Welch's, for independent \
             samples.",
        )
        .of(&["pairwise"]),
        Key::optional(
            "scale",
            Takes::Word("scale", &["linear", "log"]),
            "adds a row with the trend over the levels, which must be numbers: for each 1 more, or for each factor of ten",
        )
        .of(&["pairwise"]),
        Key::depends("below", ANY_NUMBER, "required without `above`", "the threshold, in the unit of the metric")
            .of(&["shares"]),
        Key::depends("above", ANY_NUMBER, "required without `below`", "the threshold, in the unit of the metric")
            .of(&["shares"]),
        Key::required("tables", Takes::List(&A_TABLE), "tables before this one in the file; their rows are shown")
            .of(&["ablation"]),
        Key::required(
            "tables",
            Takes::List(&A_TABLE),
            "tables before this one in the file, with `published` values. Their metrics have one unit and one direction.",
        )
        .of(&["scorecard"]),
        Key::required(
            "metrics",
            Takes::List(&A_METRIC),
            "the steps, two or more metrics; each differs from the one before it in one choice. All have one unit and \
             one direction.",
        )
        .of(&["ablation"]),
        Key::required("published_seeds", Takes::Integer(2, 1_000_000), "number of runs of each published value")
            .of(&["scorecard"]),
        Key::required("compatible", from_to(0.5, 0.9999), "central share of the expected distribution")
            .of(&["scorecard"]),
        Key::required("near", from_to(0.5, 0.9999), "central share of the expected distribution; it is the larger one")
            .of(&["scorecard"]),
        Key::optional("joint", Takes::List(&JOINTS), "rows that average several published rows").of(&["scorecard"]),
        WHERE.of(SELECTED),
        Key::required("where", SELECTION, "the levels of one condition of a classification").of(&["confusion"]),
        DIFFERS.of(SELECTED),
    ]],
};

/// A published value.
pub(super) static PUBLISHED: Section = Section {
    path: "table.published",
    about: "A published value of a row.",
    example: r#"[[table]]
name = "networks"
caption = "Both networks."
metric = "accuracy"
by = ["experiment"]
published = [{ row = ["deep"], mean = 85.2, std = 0.4 }]"#,
    tag: Tag::None,
    keys: &[&[
        Key::required("row", Takes::Any("the levels of the row"), "the levels of `by`, in order"),
        Key::required("mean", ANY_NUMBER, "the published mean"),
        Key::required(
            "std",
            Takes::Number(std::ops::Bound::Included(0.0), std::ops::Bound::Unbounded),
            "the published standard deviation",
        ),
    ]],
};

/// Several published rows together.
pub(super) static JOINT: Section = Section {
    path: "table.joint",
    about: "A row that averages several published rows.",
    example: r#"[[table]]
name = "scorecard"
kind = "scorecard"
caption = "Our values beside the published ones."
tables = ["networks"]
published_seeds = 10
compatible = 0.95
near = 0.99
joint = [{ table = "networks", label = "all networks" }]"#,
    tag: Tag::None,
    keys: &[&[
        Key::required("table", Takes::Name("a table of this scorecard"), "the table of the rows"),
        Key::required("label", Takes::Text, "name of the row"),
        Key::optional("without", SELECTION, "levels whose rows are left out"),
    ]],
};
