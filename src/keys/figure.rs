//! The table `[[figure]]`.

use super::section::{Key, Section, Tag, Takes};
use super::table::{DIFFERS, SELECTION, WHERE};

static EXPERIMENT: Takes = Takes::Name("an experiment");
static CURVE: Takes = Takes::Name("a curve");

/// A figure of the report.
pub(super) static FIGURE: Section = Section {
    path: "figure",
    about: "A figure of the report. Its number is its position in the file.",
    example: r#"[[figure]]
name = "curves"
kind = "learning-curves"
caption = "The loss in training."
curve = "train_loss"
scale = "log""#,
    tag: Tag::Word("kind", ""),
    keys: &[&[
        Key::required(
            "name",
            Takes::Name("this figure"),
            "name in templates, and name of the files: a–z, 0–9 and `-`",
        ),
        Key::required("caption", Takes::Text, "what the figure shows"),
        Key::required(
            "kind",
            Takes::Word(
                "kind of figure",
                &["diagram", "learning-curves", "confusion", "bars", "scatter", "seeds"],
            ),
            "which kind of figure",
        ),
        Key::required("experiments", Takes::List(&EXPERIMENT), "whose models are drawn")
            .of(&["diagram"]),
        Key::depends(
            "curve",
            Takes::Name("a curve"),
            "required without `curves`",
            "the learning curve",
        )
        .of(&["learning-curves"]),
        Key::optional(
            "curves",
            Takes::List(&CURVE),
            "in place of `curve`: several curves with one unit",
        )
        .of(&["learning-curves"]),
        Key::default(
            "scale",
            Takes::Word("scale", &["linear", "log"]),
            "`\"linear\"`",
            "the axis at the left; `log` is for numbers above 0 such as losses",
        )
        .of(&["learning-curves"]),
        Key::default(
            "scale",
            Takes::Word("scale", &["linear", "log"]),
            "`\"linear\"`",
            "the axis below; `log` is for a factor whose levels are above 0",
        )
        .of(&["scatter"]),
        Key::required("table", Takes::Name("a table of scores"), "the table whose rows are drawn")
            .of(&["bars", "seeds"]),
        Key::default("dots", Takes::Boolean, "false", "whether each run is a dot").of(&["bars"]),
        Key::required(
            "x",
            Takes::Name("a metric or factor"),
            "what is below: a metric, or a factor whose levels are numbers",
        )
        .of(&["scatter"]),
        Key::required("y", Takes::Name("a metric"), "what is at the left").of(&["scatter"]),
        WHERE.of(&["learning-curves", "scatter"]),
        Key::required("where", SELECTION, "the levels of one condition of a classification")
            .of(&["confusion"]),
        DIFFERS.of(&["learning-curves", "scatter"]),
    ]],
};
