//! What templates can use: the table of docs/templates.md, and of `report help`.

use crate::format::wrapped;

/// A function, a filter or a value that templates can use.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// Its name.
    pub name: &'static str,
    /// How it is written. Empty if that is its name.
    call: &'static str,
    /// What it shows, gives or contains.
    about: &'static str,
}

/// Terms of one use.
struct Group {
    name: &'static str,
    /// The head of their column of meanings.
    head: &'static str,
    terms: &'static [Term],
}

const fn call(name: &'static str, call: &'static str, about: &'static str) -> Term {
    Term { name, call, about }
}

const fn value(name: &'static str, about: &'static str) -> Term {
    call(name, "", about)
}

const GROUPS: &[Group] = &[
    Group {
        name: "items",
        head: "shows",
        terms: &[
            call("table", "table(\"networks\")", "the table with its number and caption"),
            call("figure", "figure(\"curves\")", "the figure with its number and caption"),
            call("verdicts", "verdicts()", "all claims with their verdicts and findings"),
            call(
                "verdict_list",
                "verdict_list()",
                "the verdict of each claim in one line, which links the claim if the report shows `verdicts()`",
            ),
            call(
                "file",
                "file(\"experiments/small.toml\")",
                "the text of a file, collapsed. The file is one that experiments are read from, `paper.toml`, or a short text \
                 among the inputs of a [program](programs.md).",
            ),
            call(
                "files",
                "files()",
                "all these files, except those that the prose has shown before",
            ),
            call("references", "references()", "the list of [references](#citations)"),
        ],
    },
    Group {
        name: "numbers",
        head: "value",
        terms: &[
            call(
                "cell",
                "cell(\"networks\", \"mean\", experiment=\"small\", weight_sharing=true)",
                "a column of the row with these levels. [Files](files.md#table) lists the columns of each kind.",
            ),
            call(
                "score",
                "score(\"held-out\", \"mean\", experiment=\"small\", weight_sharing=true)",
                "`mean`, `std`, `minimum` or `maximum` of one condition under a metric",
            ),
            call(
                "contrast",
                "contrast(\"networks\", {…}, {…})",
                "the mean of one row minus the mean of another; with `published=true`, of the published means",
            ),
            call("least", "least(\"networks\", \"difference\")", "the smallest number of a column"),
            call("most", "most(\"networks\", \"difference\")", "the largest number of a column"),
            call(
                "count_above",
                "count_above(\"scorecard\", \"difference\", 0)",
                "number of rows with a larger number in a column; a click on it shows nothing",
            ),
        ],
    },
    Group {
        name: "texts",
        head: "value",
        terms: &[
            call(
                "reference",
                "reference(\"networks\")",
                "`Table 1`, with a link if the report shows it. `@table-networks` is the [same](#cross-references).",
            ),
            call("claim", "claim(\"sharing-helps\")", "`supported`, `contradicted` or `undecided`"),
            call(
                "count",
                "count(\"scorecard\", \"grade\", \"compatible\", table=\"networks\")",
                "number of rows with this word in a column. Levels as further arguments select rows, also of `count_above`.",
            ),
        ],
    },
    Group {
        name: "blocks",
        head: "shows",
        terms: &[
            call("changes", "changes()", "the latest changes of numbers and verdicts"),
            call("compute", "compute()", "the cost of the runs"),
            call(
                "provenance_block",
                "provenance_block()",
                "versions, machine, dates, durations, and the digest of all results",
            ),
        ],
    },
    Group {
        name: "filters",
        head: "gives",
        terms: &[
            call("fixed", "x | fixed", "the number `x` with two decimals"),
            call("signed", "x | signed", "the same with a sign"),
            call("thousands", "n | thousands", "the count `n` with commas, like 12,000"),
        ],
    },
    Group {
        name: "values",
        head: "content",
        terms: &[
            value("title", "as in the paper file"),
            value("source", "as in the paper file; empty without one"),
            value(
                "experiments",
                "list of `name`, `title`, `question`, `files`, `parameters`, `config`, `conditions` (number), `seeds`, \
                 `tables`, `figures`. `tables` and `figures` name the items that show this experiment alone. `parameters` \
                 lists the numbers of trained parameters that its conditions have. `config` is the configuration of the \
                 first condition: `data`, `model` and `train` as in its file; `config.data.directory` is `embedded` for the \
                 built-in digits.",
            ),
            value(
                "shared",
                "`tables` and `figures`: names of the items that show several experiments, or none",
            ),
            value(
                "conditions",
                "list of `levels`, `label`, `places`, `arguments`, `n`, `varies`, `metrics`, `runs`, and the counts \
                 `diverged`, `accepted`, `failed`, `stale`, `quarantined`. `metrics` has `mean`, `std`, `minimum` and \
                 `maximum` by metric; each run has `seed`, `digest`, `scores`.",
            ),
            value("others", "the conditions that no table covers"),
            value(
                "metrics",
                "by name: `label`, `formula`, `unit` (empty without a unit), `better` (`higher`, `lower` or none)",
            ),
            value("protocols", "list of `metric`, `label`"),
            value(
                "tables",
                "by name: `number`, `caption`, `rows`. Each row has `levels`, `label` and `values` by column, under the \
                 first protocol.",
            ),
            value("figures", "by name: `number`, `caption`, `place`, `drawings`"),
            value(
                "claims",
                "list of `name`, `statement`, `short`, `source`, `verdict`, `findings` (`text`, `outcome`, `remark`), `also` \
                 (`label`, `verdict`, `findings`)",
            ),
            value(
                "runs",
                "`expected`, `recorded`, `records`, `missing`, and the same counts as in `conditions`",
            ),
            value("accepted", "list of `runs`, `differences`, `why`"),
            value("pdf", "whether the report has a file `report.pdf` of this page"),
            value(
                "left_out",
                "rows of tables that are left out because a value is missing: a list of `file`, `dropped`, `rows`",
            ),
            value(
                "programs",
                "programs that compute runs: list of `experiments` (titles), `command`, `probe` (empty without one), \
                 `threads`, `tolerances` (`metric`, `by`)",
            ),
            value(
                "without_effect_of_seeds",
                "names of conditions of programs whose runs all have the same result, although their seeds differ",
            ),
            value("note", "how options changed the experiments; empty if they did not"),
            value(
                "provenance",
                "what `provenance_block()` shows. Do not use it elsewhere: it differs between two builds.",
            ),
        ],
    },
    Group {
        name: "page",
        head: "content",
        terms: &[
            value("title", "title of the page, for `<title>`"),
            value("language", "language of the page, for `<html lang>`"),
            value("title_in_css", "the title as a string of CSS"),
            value(
                "about",
                "pairs of a name and a content, for `<meta>`: `{% for name, content in about %}`",
            ),
            value("protocols", "a list; each has `metric` and `label`"),
            value(
                "contents",
                "the headings of the second level; each has `id` and `title`. Links to `#id` lead to the page of the heading.",
            ),
            value("body", "the prose with its tables and figures, as HTML"),
            value(
                "previews",
                "how each number was computed, as HTML; the page of `report` opens it at a number",
            ),
            value("figure_style", "the CSS of the figures"),
            value("style", "the text of `style.css`"),
        ],
    },
];

/// The terms of a group: `items`, `numbers`, `texts`, `blocks` and `filters` are functions and filters, `values` are the
/// values of the prose, and `page` are those of the page.
pub fn terms(group: &str) -> impl Iterator<Item = &'static Term> {
    GROUPS.iter().filter(move |own| own.name == group).flat_map(|own| own.terms)
}

/// A group as a table of Markdown. `None` if there is none of this name.
#[must_use]
pub fn reference(group: &str) -> Option<String> {
    let Group { head, terms, .. } = GROUPS.iter().find(|own| own.name == group)?;
    let first = if terms[0].call.is_empty() { "value" } else { "call" };
    let row = |term: &Term| {
        let shown = if term.call.is_empty() { term.name } else { term.call };
        format!("| `{}` | {} |\n", shown.replace('|', "\\|"), term.about)
    };
    let rows: String = terms.iter().map(row).collect();
    Some(format!("| {first} | {head} |\n|---|---|\n{rows}"))
}

/// What is known of a function, a filter or a value, as text for a terminal. `None` if there is none of this name.
#[must_use]
pub fn about(name: &str) -> Option<String> {
    let (group, term) = of_prose().find(|(_, term)| term.name == name)?;
    let shown = if term.call.is_empty() { term.name } else { term.call };
    let about = without_links(term.about);
    let told = wrapped(&format!("{}: {about}", group.head), "  ");
    Some(format!("{{{{ {shown} }}}} in a template\n{told}"))
}

/// The names that [`about`] knows.
#[must_use]
pub fn names() -> Vec<&'static str> {
    of_prose().map(|(_, term)| term.name).collect()
}

/// The terms of the prose, each with its group. The page has values of the same names.
fn of_prose() -> impl Iterator<Item = (&'static Group, &'static Term)> {
    let groups = GROUPS.iter().filter(|group| group.name != "page");
    groups.flat_map(|group| group.terms.iter().map(move |term| (group, term)))
}

/// A text of Markdown with the texts of its links alone.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once(')').map_or(part, |(_, rest)| rest));
    (first + &rest.collect::<String>()).replace('[', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_told_with_its_call_and_without_links() {
        let told = "{{ references() }} in a template\n  shows: the list of references";
        assert_eq!(about("references").as_deref(), Some(told));
        assert!(about("title").is_some_and(|text| text.contains("as in the paper file")));
        assert_eq!(about("nothing"), None);
    }
}
