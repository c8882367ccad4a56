//! Names of templates, and of what they may use.

/// Directory of the templates in a project.
pub const TEMPLATES: &str = "templates";
/// File name of the prose template.
pub const PAPER_TEMPLATE: &str = "paper.md.jinja";
/// File name of the page template.
pub const PAGE_TEMPLATE: &str = "page.html.jinja";
/// File name of the template with the macros of items.
pub const ITEMS_TEMPLATE: &str = "items.html.jinja";

/// Names of the functions, for hints.
const FUNCTIONS: [&str; 18] = [
    "table",
    "figure",
    "reference",
    "cell",
    "score",
    "contrast",
    "verdicts",
    "claim",
    "count",
    "count_above",
    "least",
    "most",
    "file",
    "files",
    "changes",
    "compute",
    "banner",
    "provenance_block",
];

/// What templates may use.
pub(super) fn hint() -> String {
    let functions = FUNCTIONS.map(|name| format!("{name}()"));
    format!("templates know {}, and the fields of `context::Context`", functions.join(", "))
}
