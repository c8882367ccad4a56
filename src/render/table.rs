//! Tables as they are written, whatever the format: what each cell says, and the numbers behind it.

mod choices;
mod effects;
mod levels;
mod scorecard;
mod variance;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::context::Names;
use super::format::{MISSING, count, fixed, signed};
use crate::paper::{Table, TableKind};
use crate::stats::ConfidenceInterval;
use crate::summary::{
    self, ConditionSummary, Content, Marks, RunScores, Summary, TableSummary, Varies,
};

pub use levels::RowContext;

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableContext {
    /// Its number in the report.
    pub number: usize,
    /// What it shows.
    pub caption: String,
    /// Where the paper file asks for it, as `file:line`.
    pub place: String,
    /// Of a table of levels, its rows under its own metric.
    pub rows: Vec<RowContext>,
    /// How it is written: one form, or one for each protocol.
    pub forms: Vec<Form>,
    /// Indices of the conditions that it shows something of.
    pub conditions: Vec<usize>,
}

/// A table as it is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Form {
    /// The metric of the protocol, if there is one form for each.
    pub metric: Option<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Line>,
    /// What its columns mean: estimators, intervals, what varies. One sentence or more each.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its head, for readers.
    pub head: String,
    /// What the data in its cells are called in files.
    pub keys: Vec<String>,
    /// Whether it holds numbers, which are aligned at their right.
    pub is_number: bool,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// Indices of the conditions behind it.
    pub conditions: Vec<usize>,
    /// Its scores, seed by seed.
    pub dots: Vec<Dot>,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    /// What readers see.
    pub text: String,
    /// The data behind it, one for each key of its column.
    pub data: Vec<Datum>,
    /// A judgement that it carries, as a word for styles; empty if none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub tone: &'static str,
}

/// A datum.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Datum {
    /// A level, a name, a judgement.
    Text(String),
    /// A number, and how it is written in prose.
    Number(Option<f64>, #[serde(skip)] Style),
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Two decimals.
    Fixed,
    /// Two decimals, always with a sign.
    Signed,
    /// Three decimals; smaller ones as `<0.001`.
    PValue,
    /// A share as a whole percentage.
    Share,
    /// A count.
    Whole,
}

/// One score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dot {
    /// In percent.
    pub value: f64,
    /// What it is the score of: condition, seed, value, digest.
    pub title: String,
}

/// Which rows and columns a table has.
pub(super) fn context(
    names: Names<'_>,
    summary: &Summary,
    number: usize,
    spec: &Table,
    computed: &TableSummary,
) -> TableContext {
    let all = &summary.conditions[..];
    let (rows, forms) = match (&spec.kind, &computed.content) {
        (TableKind::Levels(spec), Content::Levels(variants)) => {
            let by_protocol = variants.len() > 1;
            let forms = variants.iter().map(|variant| {
                let metric = by_protocol.then(|| variant.metric.clone());
                Form { metric, ..levels::form(names, all, spec, variant) }
            });
            let first = variants.iter().take(1).flat_map(|variant| &variant.rows);
            let rows = first.map(|row| levels::row_context(names, row, &spec.by)).collect();
            (rows, forms.collect())
        }
        (TableKind::Effects(spec), Content::Effects(effects)) => {
            (Vec::new(), vec![effects::form(names, all, spec, effects)])
        }
        (TableKind::Variance(spec), Content::Variance(rows)) => {
            (Vec::new(), vec![variance::form(names, all, spec, rows)])
        }
        (TableKind::Choices(spec), Content::Choices(rows)) => {
            (Vec::new(), vec![choices::form(names, all, spec, rows)])
        }
        (TableKind::Scorecard(spec), Content::Scorecard(scores)) => {
            (Vec::new(), vec![scorecard::form(names, summary, spec, scores)])
        }
        _ => unreachable!("a table is summarised as what it is"),
    };
    TableContext {
        number,
        caption: spec.caption.clone(),
        place: spec.location.to_string(),
        rows,
        forms,
        conditions: computed.conditions().into_iter().collect(),
    }
}

impl Column {
    fn text(head: impl Into<String>, key: impl Into<String>) -> Self {
        Self { head: head.into(), keys: vec![key.into()], is_number: false }
    }

    fn number(head: impl Into<String>, keys: &[&str]) -> Self {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Self { head: head.into(), keys, is_number: true }
    }
}

impl Cell {
    fn text(label: impl Into<String>, raw: impl Into<String>) -> Self {
        Self { text: label.into(), data: vec![Datum::Text(raw.into())], tone: "" }
    }

    fn number(value: Option<f64>, style: Style) -> Self {
        Self { text: style.write(value), data: vec![Datum::Number(value, style)], tone: "" }
    }

    fn numbers(text: String, style: Style, values: &[Option<f64>]) -> Self {
        let data = values.iter().map(|value| Datum::Number(*value, style)).collect();
        Self { text, data, tone: "" }
    }

    /// `10`, or `9/10` if runs are missing.
    fn count(n: usize, expected: usize, marks: Marks) -> Self {
        let counts = [n, expected].map(|n| Some(n as f64));
        Self::numbers(count(n, expected, marks), Style::Whole, &counts)
    }

    /// `[79.10, 80.93]`.
    fn interval(bounds: Option<[f64; 2]>, style: Style) -> Self {
        Self::numbers(interval(bounds, style), style, &ends(bounds))
    }

    /// `80 % [49 %, 94 %]`.
    fn share(share: Option<f64>, interval: Option<ConfidenceInterval>) -> Self {
        let bounds = interval.map(|interval| [interval.lower, interval.upper]);
        let text = match bounds {
            None => MISSING.to_owned(),
            Some(_) => {
                let interval = self::interval(bounds, Style::Share);
                format!("{} {interval}", Style::Share.write(share))
            }
        };
        let [lower, upper] = ends(bounds);
        Self::numbers(text, Style::Share, &[share, lower, upper])
    }
}

impl Dot {
    /// Each run of a condition that has a score by `metric`, in order of the seeds.
    #[must_use]
    pub fn of_runs(names: Names<'_>, condition: &ConditionSummary, metric: &str) -> Vec<Self> {
        let label = names.describe(condition.levels.iter());
        let dot = |run: &RunScores| {
            let value = *run.scores.get(metric)?;
            let digest = run.digest.short();
            let title = format!("{label}, seed {}: {value:.2} %, run {digest}", run.seed);
            Some(Self { value, title })
        };
        condition.runs.iter().filter_map(dot).collect()
    }
}

impl Style {
    /// The number as readers see it.
    #[must_use]
    pub fn write(self, value: Option<f64>) -> String {
        let Some(number) = value else { return MISSING.to_owned() };
        match self {
            Self::Fixed => fixed(value),
            Self::Signed => signed(value),
            Self::PValue if number < 0.001 => "<0.001".to_owned(),
            Self::PValue => format!("{number:.3}"),
            Self::Share => format!("{:.0} %", 100.0 * number),
            Self::Whole => format!("{number:.0}"),
        }
    }
}

impl Datum {
    /// It as readers see it in prose.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value, style) => style.write(*value),
        }
    }
}

impl Form {
    /// The row whose text data are these levels and no others, but for what is not asked for.
    #[must_use]
    pub fn row(&self, wanted: &BTreeMap<String, String>) -> Vec<&Line> {
        let has = |line: &&Line| {
            wanted.iter().all(|(key, level)| {
                let is_it = |datum: &Datum| matches!(datum, Datum::Text(text) if text == level);
                self.datum(line, key).is_some_and(|(datum, _)| is_it(datum))
            })
        };
        self.rows.iter().filter(has).collect()
    }

    /// The datum of a row under that key, and the cell that it stands in.
    #[must_use]
    pub fn datum<'f>(&'f self, line: &'f Line, key: &str) -> Option<(&'f Datum, &'f Cell)> {
        let (column, cell) = self
            .columns
            .iter()
            .zip(&line.cells)
            .find(|(column, _)| column.keys.iter().any(|known| known == key))?;
        let position = column.keys.iter().position(|known| known == key)?;
        cell.data.get(position).map(|datum| (datum, cell))
    }

    /// How readers know the column of that key.
    #[must_use]
    pub fn head_of(&self, key: &str) -> String {
        let column = self.columns.iter().find(|column| column.keys.iter().any(|k| k == key));
        let Some(column) = column else { return key.to_owned() };
        // One of several numbers of a cell is told by its key.
        match column.keys.len() {
            1 => column.head.clone(),
            _ => format!("{} ({})", key.replace('_', " "), column.head),
        }
    }

    /// What tells a row apart, in words.
    #[must_use]
    pub fn described(&self, line: &Line) -> String {
        let texts = self.columns.iter().zip(&line.cells);
        let texts = texts.filter(|(column, cell)| !column.is_number && cell.tone.is_empty());
        let texts: Vec<_> =
            texts.map(|(column, cell)| format!("{}: {}", column.head, cell.text)).collect();
        texts.join(", ")
    }

    /// All keys, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        self.columns.iter().flat_map(|column| &column.keys).map(String::as_str).collect()
    }
}

/// `[79.10, 80.93]`.
fn interval(bounds: Option<[f64; 2]>, style: Style) -> String {
    bounds.map_or_else(
        || MISSING.to_owned(),
        |[lower, upper]| format!("[{}, {}]", style.write(Some(lower)), style.write(Some(upper))),
    )
}

/// Both bounds; none of none.
fn ends(bounds: Option<[f64; 2]>) -> [Option<f64>; 2] {
    [0, 1].map(|side| bounds.map(|bounds| bounds[side]))
}

/// What differs between the seeds: for the notes if it is the same in all rows, else a column of it,
/// and what the notes say of that.
struct WhatVaries {
    note: &'static str,
    column: Option<Column>,
}

impl WhatVaries {
    fn of(rows: impl Iterator<Item = Option<Varies>>) -> Self {
        let all: BTreeSet<_> = rows.flatten().collect();
        let note = match all.first() {
            _ if all.len() > 1 => "what the column “seeds vary” names varies",
            Some(Varies::Initialisation) | None => {
                "initialisation and dropout vary, on one draw of the data"
            }
            Some(Varies::DataAndInitialisation) => {
                "the draw of the data varies, and with it initialisation and dropout"
            }
            Some(Varies::DataOfSome) => {
                "initialisation and dropout vary, and in some conditions of a row the draw of the data"
            }
        };
        let column = (all.len() > 1).then(|| Column::text("seeds vary", "varies"));
        Self { note, column }
    }

    /// The cell of a row in that column, if there is one.
    fn cell(&self, varies: Option<Varies>) -> Option<Cell> {
        self.column.as_ref()?;
        let (label, raw) = match varies {
            Some(Varies::Initialisation) => ("initialisation", "initialisation"),
            Some(Varies::DataAndInitialisation) => {
                ("data and initialisation", "data_and_initialisation")
            }
            Some(Varies::DataOfSome) => ("data of some", "data_of_some"),
            None => (MISSING, ""),
        };
        Some(Cell::text(label, raw))
    }
}

/// How many seeds each of these conditions should have, and what readers should know of their runs.
fn expected(all: &[ConditionSummary], set: &[usize]) -> (usize, Marks) {
    let conditions = set.iter().map(|index| &all[*index]);
    let expected = conditions.clone().map(|condition| condition.expected).max().unwrap_or(0);
    let mut marks = Marks::default();
    for condition in conditions {
        marks += condition.marks;
    }
    (expected, marks)
}

/// The scores of conditions as dots: each run of a single one, or of several the mean of each seed.
fn dots(all: &[ConditionSummary], names: Names<'_>, set: &[usize], metric: &str) -> Vec<Dot> {
    if let [index] = set {
        return Dot::of_runs(names, &all[*index], metric);
    }
    let by_seed = summary::by_seed(all, set, metric).into_iter();
    let dot = |(seed, value): (u64, f64)| {
        let title = format!("seed {seed}: {value:.2} %, mean of runs {}", digests(all, set, seed));
        Dot { value, title }
    };
    by_seed.map(dot).collect()
}

/// The digests of the runs of these conditions with that seed.
fn digests(all: &[ConditionSummary], set: &[usize], seed: u64) -> String {
    let runs = set.iter().flat_map(|index| &all[*index].runs);
    let runs = runs.filter(|run| run.seed == seed);
    runs.map(|run| run.digest.short()).collect::<Vec<_>>().join(", ")
}
