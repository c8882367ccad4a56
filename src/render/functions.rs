//! The functions of templates:
//!
//! - `table("table1")`, `figure("models")`: an item with number, caption and all that belongs to it
//! - `reference("table1")`: `Table 1`, linked
//! - `cell("table2", "mean", weight_sharing=true)`: a number of the row with these levels, by the key
//!   of its column in data files; on the page with how it was made
//! - `score("corrected", "mean", experiment="deep", weight_sharing=true, auxiliary_loss=true)`: an
//!   aggregate of one condition, likewise
//! - `contrast("table2", {"weight_sharing": true}, {"weight_sharing": false})`: the mean of one row
//!   less that of another; with `published=true`, of the published means
//! - `verdicts()`: the claims with their verdicts, and `claim("sharing")` a verdict in words
//! - `count("scorecard", "grade", "reproduced")`: rows of a table with that text in the column
//! - `count_above("scorecard", "difference", 0)`: rows of a table with a larger number in the column
//! - `least("scorecard", "difference")`, `most(…)`: the smallest and the largest number of a column
//! - `file("experiments/deep.toml")`: the text of a file, folded; `files()`: those not shown before
//! - `changes()`: what has changed since the build before, between marks
//! - `compute()`: what the runs took, between marks
//! - `provenance_block()`: what differs between two executions of the same runs, between marks
//! - `banner()`: what is missing from this report, if anything
//!
//! and the filters `fixed` and `signed` for percentages, `thousands` for counts.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

use super::context::{ConditionContext, Context};
use super::format::{MISSING, fixed, signed, thousands};
use super::made::Made;
use super::selection::{self, find, invalid, unknown};
use super::table::{Datum, Form, Line, Style, TableContext};
use super::{Target, html, markdown};

/// Names of the functions, for hints.
pub(super) const FUNCTIONS: [&str; 18] = [
    "table()",
    "figure()",
    "reference()",
    "cell()",
    "score()",
    "contrast()",
    "verdicts()",
    "claim()",
    "count()",
    "count_above()",
    "least()",
    "most()",
    "file()",
    "files()",
    "changes()",
    "compute()",
    "banner()",
    "provenance_block()",
];

/// What the functions of one rendering share.
struct Notebook {
    context: Arc<Context>,
    target: Target,
    /// What the page holds beside its Markdown.
    page: Mutex<html::Page>,
}

/// Adds the functions to `environment`; what they leave for the page is found by the returned
/// function when the template is rendered.
pub(super) fn add(
    environment: &mut Environment<'_>,
    context: &Arc<Context>,
    target: Target,
) -> impl FnOnce() -> html::Page + use<> {
    let page = Mutex::new(html::Page::default());
    let notebook = Arc::new(Notebook { context: Arc::clone(context), target, page });
    let of = || Arc::clone(&notebook);

    let book = of();
    environment.add_function("table", move |name: &str| book.table(name));
    let book = of();
    environment.add_function("figure", move |name: &str| book.figure(name));
    let book = of();
    environment.add_function("reference", move |name: &str| book.reference(name));
    let book = of();
    environment.add_function("cell", move |table: &str, column: &str, levels: Kwargs| {
        book.cell(table, column, &levels)
    });
    let book = of();
    environment.add_function("score", move |metric: &str, statistic: &str, levels: Kwargs| {
        book.score(metric, statistic, &levels)
    });
    let book = of();
    environment.add_function(
        "contrast",
        move |table: &str, left: Value, right: Value, options: Kwargs| {
            book.contrast(table, [&left, &right], &options)
        },
    );
    let book = of();
    environment.add_function("verdicts", move || book.claims());
    let book = of();
    environment.add_function("claim", move |name: &str| book.claim(name));
    let book = of();
    environment.add_function("count", move |table: &str, column: &str, text: &str| {
        book.count(table, column, text)
    });
    let book = of();
    environment.add_function("count_above", move |table: &str, column: &str, threshold: f64| {
        book.count_above(table, column, threshold)
    });
    for (name, side) in [("least", Ordering::Less), ("most", Ordering::Greater)] {
        let book = of();
        environment
            .add_function(name, move |table: &str, column: &str| book.extreme(table, column, side));
    }
    let book = of();
    environment.add_function("file", move |path: &str| book.file(path));
    let book = of();
    environment.add_function("files", move || book.files());
    let book = of();
    environment.add_function("provenance_block", move || {
        Value::from_safe_string(markdown::provenance_block(&book.context.provenance))
    });
    let book = of();
    environment.add_function("compute", move || {
        Value::from_safe_string(markdown::compute_block(&book.context))
    });
    let book = of();
    environment.add_function("changes", move || {
        Value::from_safe_string(markdown::changes_block(&book.context.changes))
    });
    let book = of();
    environment
        .add_function("banner", move || Value::from_safe_string(markdown::banner(&book.context)));

    environment.add_filter("fixed", |value: Option<f64>| fixed(value));
    environment.add_filter("signed", |value: Option<f64>| signed(value));
    environment.add_filter("thousands", |value: usize| thousands(value));
    move || std::mem::take(&mut *notebook.page.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Notebook {
    fn page(&self) -> std::sync::MutexGuard<'_, html::Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links lead to an item's only place.
    fn show(&self, what: &str, name: &str) -> Result<(), Error> {
        match self.page().show(&format!("{what} {name}")) {
            true => Ok(()),
            false => Err(invalid(format!(
                "{what} `{name}` is shown twice; `reference(\"{name}\")` leads readers to it"
            ))),
        }
    }

    fn find_table(&self, name: &str) -> Result<&TableContext, Error> {
        find(&self.context.tables, "table", name)
    }

    fn table(&self, name: &str) -> Result<Value, Error> {
        let table = self.find_table(name)?;
        self.show("table", name)?;
        Ok(Value::from_safe_string(match self.target {
            Target::Markdown => markdown::table_item(name, table),
            Target::Html => self.page().block(html::table_item(&self.context, name, table)),
        }))
    }

    fn figure(&self, name: &str) -> Result<Value, Error> {
        let figure = find(&self.context.figures, "figure", name)?;
        self.show("figure", name)?;
        Ok(Value::from_safe_string(match self.target {
            Target::Markdown => markdown::figure_item(name, figure),
            Target::Html => self.page().block(html::figure_item(&self.context, name, figure)),
        }))
    }

    fn reference(&self, name: &str) -> Result<Value, Error> {
        let (kind, number) = match self.context.figures.get(name) {
            Some(figure) => ("Figure", figure.number),
            None => ("Table", self.find_table(name)?.number),
        };
        Ok(Value::from_safe_string(match self.target {
            Target::Markdown => format!("[{kind} {number}](#{}-{number})", kind.to_lowercase()),
            Target::Html => html::reference(kind, number),
        }))
    }

    /// A number in the prose, on the page with how it was made.
    fn value(&self, text: &str, made: &Made<'_>) -> Value {
        Value::from_safe_string(match self.target {
            Target::Markdown => markdown::escape(text),
            Target::Html => self.page().value(&self.context, text, made),
        })
    }

    /// The first form of a table, and its only row with these levels.
    fn row<'b>(
        &'b self,
        table: &str,
        wanted: &BTreeMap<String, String>,
    ) -> Result<(&'b TableContext, &'b Form, &'b Line), Error> {
        let found = self.find_table(table)?;
        let form = &found.forms[0];
        if let Some(other) = wanted.keys().find(|key| !form.keys().contains(&key.as_str())) {
            return Err(unknown(&format!("column of `{table}`"), other, &form.keys()));
        }
        match form.row(wanted)[..] {
            [line] => Ok((found, form, line)),
            [] => Err(invalid(format!("table `{table}` has no row with {}", shown(wanted)))),
            _ => Err(invalid(format!("table `{table}` has several rows with {}", shown(wanted)))),
        }
    }

    fn cell(&self, table: &str, column: &str, levels: &Kwargs) -> Result<Value, Error> {
        let place = self.row(table, &selection::levels(levels)?)?;
        self.number(table, place, column)
    }

    /// The smallest or largest number of a column.
    fn extreme(&self, table: &str, column: &str, side: Ordering) -> Result<Value, Error> {
        let found = self.find_table(table)?;
        let form = &found.forms[0];
        let numbers = numbers(form, table, column)?;
        let further = |a: &&(f64, &Line), b: &&(f64, &Line)| match side {
            Ordering::Less => b.0.total_cmp(&a.0),
            _ => a.0.total_cmp(&b.0),
        };
        match numbers.iter().max_by(further) {
            Some((_, line)) => self.number(table, (found, form, line), column),
            None => Ok(Value::from(MISSING)),
        }
    }

    /// A number of a row, with how it was made.
    fn number(
        &self,
        table: &str,
        (found, form, line): (&TableContext, &Form, &Line),
        column: &str,
    ) -> Result<Value, Error> {
        let Some((datum, cell)) = form.datum(line, column) else {
            return Err(unknown(&format!("column of `{table}`"), column, &form.keys()));
        };
        // How many runs there are is told with what readers should know of them.
        let text = if column == "n" { cell.text.clone() } else { datum.shown() };
        // No run is behind what was published.
        let is_published = column.starts_with("published");
        let made = Made {
            what: form.head_of(column),
            of: form.described(line),
            item: Some((table, found.number)),
            notes: if is_published { &[] } else { &form.notes },
            conditions: if is_published { &[] } else { &line.conditions },
        };
        Ok(self.value(&text, &made))
    }

    /// In how many rows a column has a number above `threshold`.
    fn count_above(&self, table: &str, column: &str, threshold: f64) -> Result<usize, Error> {
        let form = &self.find_table(table)?.forms[0];
        let numbers = numbers(form, table, column)?;
        Ok(numbers.iter().filter(|(number, _)| *number > threshold).count())
    }

    /// The one condition with these levels.
    fn condition(&self, levels: &Kwargs) -> Result<(usize, &ConditionContext), Error> {
        let wanted = selection::levels(levels)?;
        let has = |condition: &ConditionContext| {
            wanted.iter().all(|(factor, level)| condition.levels.get(factor) == Some(level))
        };
        let conditions = self.context.conditions.iter().enumerate();
        let matching: Vec<_> = conditions.filter(|(_, condition)| has(condition)).collect();
        let [condition] = matching[..] else {
            let message =
                format!("{} match {} conditions, not one", shown(&wanted), matching.len());
            return Err(invalid(message));
        };
        Ok(condition)
    }

    fn score(&self, metric: &str, statistic: &str, levels: &Kwargs) -> Result<Value, Error> {
        let (index, condition) = self.condition(levels)?;
        let statistics = find(&condition.metrics, "metric", metric)?;
        let known = || statistics.keys().copied().collect::<Vec<_>>();
        let value = statistics.get(statistic).copied();
        let value = value.ok_or_else(|| unknown("statistic", statistic, &known()))?;
        let metric = &self.context.metrics[metric];
        let notes = [format!("The score of a run ({}) is {}.", metric.label, metric.formula)];
        let made = Made {
            what: format!("{statistic} of the scores"),
            of: condition.label.clone(),
            item: None,
            notes: &notes,
            conditions: &[index],
        };
        Ok(self.value(&Style::Fixed.write(value), &made))
    }

    fn contrast(&self, table: &str, sides: [&Value; 2], options: &Kwargs) -> Result<Value, Error> {
        let published = options.get::<Option<bool>>("published")?.unwrap_or(false);
        options.assert_all_used()?;
        let column = if published { "published_mean" } else { "mean" };
        let side = |levels: &Value| {
            let levels = selection::selection_of(levels)?;
            let levels = levels.into_iter().map(|(factor, levels)| (factor, levels.join("|")));
            let (found, form, line) = self.row(table, &levels.collect())?;
            let number = match form.datum(line, column) {
                Some((Datum::Number(number, _), _)) => *number,
                _ => return Err(unknown(&format!("column of `{table}`"), column, &form.keys())),
            };
            Ok((number, found, form, line))
        };
        let ((a, found, form, first), (b, _, _, second)) = (side(sides[0])?, side(sides[1])?);
        let difference = Style::Signed.write(a.zip(b).map(|(a, b)| a - b));
        // No run is behind what was published.
        let conditions = match published {
            true => Vec::new(),
            false => [first.conditions.clone(), second.conditions.clone()].concat(),
        };
        let made = Made {
            what: format!("{} of the first less that of the second", form.head_of(column)),
            of: format!("{}; {}", form.described(first), form.described(second)),
            item: Some((table, found.number)),
            notes: if published { &[] } else { &form.notes },
            conditions: &conditions,
        };
        Ok(self.value(&difference, &made))
    }

    fn claims(&self) -> Result<Value, Error> {
        self.show("verdicts", "claims")?;
        Ok(Value::from_safe_string(match self.target {
            Target::Markdown => markdown::claims(&self.context),
            Target::Html => self.page().block(html::claims(&self.context)),
        }))
    }

    fn claim(&self, name: &str) -> Result<Value, Error> {
        let claims = self.context.claims.iter();
        let by_name: BTreeMap<_, _> = claims.map(|claim| (claim.name.clone(), claim)).collect();
        Ok(Value::from(find(&by_name, "claim", name)?.verdict.words()))
    }

    fn count(&self, table: &str, column: &str, text: &str) -> Result<usize, Error> {
        let form = &self.find_table(table)?.forms[0];
        if !form.keys().contains(&column) {
            return Err(unknown(&format!("column of `{table}`"), column, &form.keys()));
        }
        let wanted = BTreeMap::from([(column.to_owned(), text.to_owned())]);
        Ok(form.row(&wanted).len())
    }

    fn file(&self, path: &str) -> Result<Value, Error> {
        let text = find(&self.context.sources, "file", path)?;
        self.show("file", path)?;
        Ok(Value::from_safe_string(self.file_cell(path, text)))
    }

    fn files(&self) -> Value {
        let cells = self.context.sources.iter().map(|(path, text)| {
            if self.show("file", path).is_ok() { self.file_cell(path, text) } else { String::new() }
        });
        let cells: Vec<_> = cells.filter(|cell| !cell.is_empty()).collect();
        Value::from_safe_string(cells.join("\n\n"))
    }

    fn file_cell(&self, path: &str, text: &str) -> String {
        match self.target {
            Target::Markdown => markdown::file(path, text),
            Target::Html => self.page().block(html::file(path, text)),
        }
    }
}

/// The numbers of a column with their rows, in which there is one.
fn numbers<'f>(form: &'f Form, table: &str, column: &str) -> Result<Vec<(f64, &'f Line)>, Error> {
    if !form.keys().contains(&column) {
        return Err(unknown(&format!("column of `{table}`"), column, &form.keys()));
    }
    let number = |line: &'f Line| match form.datum(line, column)?.0 {
        Datum::Number(number, _) => Some(((*number)?, line)),
        Datum::Text(_) => None,
    };
    Ok(form.rows.iter().filter_map(number).collect())
}

fn shown(levels: &BTreeMap<String, String>) -> String {
    let levels: Vec<_> = levels.iter().map(|(factor, level)| format!("{factor}={level}")).collect();
    levels.join(", ")
}
