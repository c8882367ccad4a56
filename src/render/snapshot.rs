//! What a report says, as data: to tell what has changed between two of them. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::format::MISSING;
use super::table::{Cell, Column, Datum, Form, Line};
use crate::stats::{Estimate, Level, WelchComparison};

/// Version of its layout.
const SCHEMA: u32 = 1;

/// The keys of what a row estimates.
const ESTIMATES: [&str; 2] = ["mean", "effect"];

/// The numbers and verdicts of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Version of its layout.
    schema: u32,
    /// Title of the report.
    pub title: String,
    /// The forms of its tables, in their order.
    pub tables: Vec<TableSnapshot>,
    /// The verdict on each claim, by name.
    pub claims: BTreeMap<String, String>,
    /// The other files of the report, by their paths in its directory.
    #[serde(default)]
    pub files: Vec<String>,
    /// What had changed when it was made.
    #[serde(default)]
    pub changes: Changes,
}

/// One form of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSnapshot {
    /// Its name in the paper.
    pub name: String,
    /// The protocol's metric, if there is one form for each.
    pub metric: Option<String>,
    /// Its number.
    pub number: usize,
    /// Its rows.
    pub rows: Vec<RowSnapshot>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowSnapshot {
    /// What tells it apart, in words.
    pub row: String,
    /// Its cells of numbers and judgements.
    pub cells: Vec<CellSnapshot>,
    /// Mean, sample standard deviation and number of seeds of what the row estimates, if it does.
    pub estimate: Option<(f64, f64, usize)>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSnapshot {
    /// The key of its first datum, which is its own in a table.
    pub key: String,
    /// The head of its column.
    pub column: String,
    /// What it says.
    pub text: String,
}

/// What has changed between two reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The title before and now, if it is another one.
    #[serde(default)]
    pub title: Option<(String, String)>,
    /// Cells that say something else.
    pub cells: Vec<CellChange>,
    /// Claims that are decided otherwise: name, verdict before, verdict now.
    pub claims: Vec<(String, String, String)>,
    /// Rows, columns and claims that were not there.
    pub added: Vec<String>,
    /// Those that are no more.
    pub removed: Vec<String>,
}

/// A cell that says something else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellChange {
    /// `Table 4`, and the protocol if it has several.
    pub table: String,
    /// The row, in words.
    pub row: String,
    /// The head of the column.
    pub column: String,
    /// What it said.
    pub old: String,
    /// What it says.
    pub new: String,
    /// Of a mean or an effect, whether it has moved beyond what other seeds would do: whether Welch's
    /// 95 % interval of the difference excludes 0. None of other cells, or if that is not known.
    pub beyond_noise: Option<bool>,
}

impl Snapshot {
    /// What the report of this context says.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        let mut tables: Vec<_> = context.tables.iter().collect();
        tables.sort_by_key(|(_, table)| table.number);
        let forms = tables.into_iter().flat_map(|(name, table)| {
            table.forms.iter().map(|form| TableSnapshot {
                name: name.clone(),
                metric: form.metric.clone(),
                number: table.number,
                rows: form.rows.iter().map(|line| row(form, line)).collect(),
            })
        });
        let claims = context.claims.iter();
        let claims = claims.map(|claim| (claim.name.clone(), claim.verdict.words().to_owned()));
        Self {
            schema: SCHEMA,
            title: context.title.clone(),
            tables: forms.collect(),
            claims: claims.collect(),
            files: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// Reads one that was written; none if it is no snapshot of this version.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let snapshot: Self = serde_json::from_str(text).ok()?;
        (snapshot.schema == SCHEMA).then_some(snapshot)
    }

    /// It as text, one line.
    #[must_use]
    pub fn write(&self) -> String {
        let text = serde_json::to_string(self).expect("texts and finite numbers have a JSON form");
        text + "\n"
    }

    /// It after `before`, with what has changed. If nothing has, what had changed before remains: a
    /// build that changes nothing leaves the same report.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        if let Some(before) = before {
            let changes = Changes::between(before, &self);
            self.changes = if changes.is_empty() { before.changes.clone() } else { changes };
        }
        self
    }
}

fn row(form: &Form, line: &Line) -> RowSnapshot {
    let cells = form.columns.iter().zip(&line.cells);
    let told = cells.filter(|(column, cell)| column.is_number || !cell.tone.is_empty());
    let number = |key: &str| match form.datum(line, key) {
        Some((Datum::Number(number, _), _)) => *number,
        _ => None,
    };
    let estimate = || {
        let mean = ESTIMATES.iter().find_map(|key| number(key))?;
        let std_dev = number("sample_std").or_else(|| number("effect_std"))?;
        Some((mean, std_dev, number("seeds")? as usize))
    };
    RowSnapshot {
        row: form.described(line),
        cells: told.map(|(column, cell)| cell_snapshot(column, cell)).collect(),
        estimate: estimate(),
    }
}

fn cell_snapshot(column: &Column, cell: &Cell) -> CellSnapshot {
    let key = column.keys.first().cloned().unwrap_or_default();
    CellSnapshot { key, column: column.head.clone(), text: cell.text.clone() }
}

impl Changes {
    /// What `new` says otherwise than `old`.
    #[must_use]
    pub fn between(old: &Snapshot, new: &Snapshot) -> Self {
        let has_other_title = old.title != new.title;
        let moved = new.tables.iter().flat_map(|table| {
            let before = table.same_in(old).map_or(&[][..], |before| &before.rows);
            table.rows.iter().filter_map(move |row| {
                let before = before.iter().find(|before| before.row == row.row)?;
                Some(cells(&table.label(), before, row))
            })
        });
        let decided = new.claims.iter().filter_map(|(name, verdict)| {
            let before = old.claims.get(name).filter(|before| *before != verdict)?;
            Some((name.clone(), before.clone(), verdict.clone()))
        });
        Self {
            title: has_other_title.then(|| (old.title.clone(), new.title.clone())),
            cells: moved.flatten().collect(),
            claims: decided.collect(),
            added: parts_beyond(old, new),
            removed: parts_beyond(new, old),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// All of them as Markdown, for a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        super::markdown::changes_text(self, usize::MAX)
    }

    /// In one sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.is_empty() {
            return "Nothing has changed.".to_owned();
        }
        let count = |n: usize, what: &str| match n {
            1 => format!("1 {what}"),
            n => format!("{n} {what}s"),
        };
        let beyond = self.cells.iter().filter(|cell| cell.beyond_noise == Some(true)).count();
        let gone = self.cells.iter().filter(|cell| cell.new.starts_with(MISSING)).count();
        format!(
            "{} moved, {beyond} of them beyond seed noise, {gone} without a number now; {} decided \
             otherwise; {} added and {} removed of rows, columns and claims.",
            count(self.cells.len(), "cell"),
            count(self.claims.len(), "claim"),
            self.added.len(),
            self.removed.len(),
        )
    }
}

/// The rows, columns and claims of `other` that `one` does not have, in words.
fn parts_beyond(one: &Snapshot, other: &Snapshot) -> Vec<String> {
    let mut parts = Vec::new();
    for table in &other.tables {
        let label = table.label();
        let rows = table.same_in(one).map_or(&[][..], |table| &table.rows);
        let beyond = table.rows.iter().filter(|row| rows.iter().all(|r| r.row != row.row));
        parts.extend(beyond.map(|row| format!("{label}: {}", row.row)));
        // All rows of a table have the same columns.
        if let (Some(first), Some(row)) = (rows.first(), table.rows.first()) {
            let is_known = |cell: &&CellSnapshot| first.cells.iter().any(|c| c.key == cell.key);
            let beyond = row.cells.iter().filter(|cell| !is_known(cell));
            parts.extend(beyond.map(|cell| format!("{label}: column {}", cell.column)));
        }
    }
    let beyond = other.claims.iter().filter(|(name, _)| !one.claims.contains_key(*name));
    parts.extend(beyond.map(|(name, verdict)| format!("claim {name}: {verdict}")));
    parts
}

impl TableSnapshot {
    /// The same form of the same table in another snapshot.
    fn same_in<'s>(&self, other: &'s Snapshot) -> Option<&'s Self> {
        other.tables.iter().find(|table| table.name == self.name && table.metric == self.metric)
    }

    fn label(&self) -> String {
        let metric = self.metric.as_ref().map_or_else(String::new, |metric| format!(" ({metric})"));
        format!("Table {}{metric}", self.number)
    }
}

fn cells(table: &str, old: &RowSnapshot, new: &RowSnapshot) -> Vec<CellChange> {
    let estimate = |row: &RowSnapshot| {
        let (mean, std_dev, n) = row.estimate?;
        Estimate::of_moments(n, mean, Some(std_dev), Level::NINETY_FIVE)
    };
    let comparison = estimate(new).zip(estimate(old));
    let comparison =
        comparison.and_then(|(new, old)| WelchComparison::of(&new, &old, Level::NINETY_FIVE));
    let beyond_noise = comparison.map(|comparison| comparison.interval.excludes(0.0));
    let moved = new.cells.iter().filter_map(|cell| {
        let before = old.cells.iter().find(|other| other.key == cell.key)?;
        (before.text != cell.text).then(|| CellChange {
            table: table.to_owned(),
            row: new.row.clone(),
            column: cell.column.clone(),
            old: before.text.clone(),
            new: cell.text.clone(),
            beyond_noise: beyond_noise.filter(|_| ESTIMATES.contains(&cell.key.as_str())),
        })
    });
    moved.collect()
}
