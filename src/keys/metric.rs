//! The tables `[[metric]]` and `[[protocol]]`.

use super::section::{Key, Section, Tag, Takes};

const CURVE: Takes = Takes::Name("a curve");

/// One score of a run.
pub(super) static METRIC: Section = Section {
    path: "metric",
    about: "One score of a run: a value of a learning curve, or a number that every run has.",
    example: r#"[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "test_accuracy"
reduction = "last""#,
    tag: Tag::None,
    keys: &[&[
        Key::required(
            "name",
            Takes::Name("this metric"),
            "name in tables and templates: a–z, 0–9 and `-`",
        ),
        Key::required("label", Takes::Label, "name in the report"),
        Key::default("short", Takes::Label, "`label`", "short name, for the heads of columns"),
        Key::depends("curve", CURVE, "required without `value`", "the learning curve"),
        Key::depends(
            "reduction",
            Takes::Word("reduction", &["best", "last", "selected"]),
            "required with `curve`",
            "`best`: the largest accuracy, or the smallest loss. `last`: the value of the epoch that the network ends \
             with, which is the last one, or with `early_stopping.restore_best` the best one. `selected`: the value of \
             the epoch that is best by the curve `by`.",
        ),
        Key::default(
            "by",
            CURVE,
            "`validation_accuracy`",
            "with `selected`: the curve of the validation part that chooses the epoch; a regression needs another one, \
             such as `validation_rmse`",
        ),
        Key::optional(
            "value",
            Takes::Word("value", &["parameters", "epochs", "best_epoch"]),
            "in place of `curve` and `reduction`: the number of trained parameters, of completed epochs, or of the best \
             epoch of early stopping; with folds, the mean of their numbers. A table of `kind = \"cost\"` has the time of the \
             trainings, which no metric has because it differs between two trainings of one run.",
        ),
        Key::optional(
            "unit",
            Takes::Label,
            "the unit of a number, such as `\"MPa\"`. Accuracies are in percent and take no unit.",
        ),
        Key::default(
            "digits",
            Takes::Integer(0, 12),
            "from the values",
            "number of decimals in the report",
        ),
    ]],
};

/// A view of the report, which readers can choose.
pub(super) static PROTOCOL: Section = Section {
    path: "protocol",
    about: "A metric that readers of the page can choose.",
    example: r#"[[protocol]]
metric = "accuracy"
label = "last epoch""#,
    tag: Tag::None,
    keys: &[&[
        Key::required("metric", Takes::Name("a metric"), "the score under this protocol"),
        Key::required("label", Takes::Label, "name in the report"),
    ]],
};
