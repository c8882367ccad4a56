//! What a report says, as data, and what changed between two reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::claim::JudgedClaim;
use crate::format::{MISSING, count};
use crate::run::Direction;
use crate::stats::{Estimate, Level, WelchComparison};
use crate::table::{Row, Table, TableItem, has_unit};

/// Version of the layout of a snapshot.
const SCHEMA: u32 = 2;

/// The keys of what a row estimates.
const ESTIMATES: [&str; 2] = ["mean", "effect"];

/// The numbers and verdicts of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Version of the layout.
    schema: u32,
    /// Title of the report.
    pub title: String,
    /// Its tables, in order; one for each protocol where there are several.
    pub tables: Vec<TableSnapshot>,
    /// The verdict on each claim, by name.
    pub claims: BTreeMap<String, String>,
    /// The other files of the report, by their paths in its directory.
    pub files: Vec<String>,
    /// What had changed when the report was made.
    pub changes: Changes,
}

/// A table under one protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSnapshot {
    /// Its name in the paper.
    pub name: String,
    /// The metric of the protocol, if there is one table for each.
    pub metric: Option<String>,
    /// Its number.
    pub number: usize,
    /// The unit of its scores; empty if they have none.
    #[serde(default)]
    pub unit: String,
    /// Which scores are better; `None` if none is.
    #[serde(default)]
    pub better: Option<Direction>,
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
    /// Mean, sample standard deviation and number of seeds of its estimate, if it has one.
    pub estimate: Option<(f64, f64, usize)>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSnapshot {
    /// The first key of its column.
    pub key: String,
    /// The head of its column.
    pub column: String,
    /// Its text.
    pub text: String,
}

/// What changed between two reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The old and the new title, if they differ.
    pub title: Option<(String, String)>,
    /// Cells whose text changed.
    pub cells: Vec<CellChange>,
    /// Claims whose verdict changed: name, old verdict, new verdict.
    pub claims: Vec<(String, String, String)>,
    /// New rows, columns and claims.
    pub added: Vec<String>,
    /// Rows, columns and claims that are gone.
    pub removed: Vec<String>,
}

/// A cell whose text changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellChange {
    /// `Table 4`, with the metric of the protocol if it has several.
    pub table: String,
    /// The row, in words.
    pub row: String,
    /// The head of the column.
    pub column: String,
    /// The old text.
    pub old: String,
    /// The new text.
    pub new: String,
    /// Whether the means of the two rows differ by more than the noise of the seeds: Welch's 95 %
    /// interval of their difference excludes 0. `None` for cells that are no mean and no effect.
    pub beyond_noise: Option<bool>,
    /// The unit of the number, empty if it has none. `None` for counts, shares and p values.
    #[serde(default)]
    pub unit: Option<String>,
    /// Which numbers are better. `None` for cells that are no mean and no effect, and if none is
    /// better.
    #[serde(default)]
    pub better: Option<Direction>,
}

impl Snapshot {
    /// What a report with these tables and claims says.
    #[must_use]
    pub fn of(title: &str, items: &[TableItem], claims: &[JudgedClaim]) -> Self {
        let tables = items.iter().flat_map(|item| {
            item.tables.iter().map(|table| TableSnapshot {
                name: item.name.clone(),
                metric: table.metric.clone(),
                number: item.number,
                unit: table.unit.clone(),
                better: table.better,
                rows: table.rows.iter().map(|row| row_snapshot(table, row)).collect(),
            })
        });
        let verdicts = claims.iter().flat_map(|one| {
            let name = &one.claim.name;
            let also =
                one.also.iter().map(move |also| (format!("{name} {}", also.label), also.outcome));
            std::iter::once((name.clone(), one.outcome)).chain(also)
        });
        let verdicts = verdicts.map(|(name, outcome)| (name, outcome.word().to_owned()));
        Self {
            schema: SCHEMA,
            title: title.to_owned(),
            tables: tables.collect(),
            claims: verdicts.collect(),
            files: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// The snapshot in `text`; `None` if it is damaged or has another layout.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let snapshot: Self = serde_json::from_str(text).ok()?;
        (snapshot.schema == SCHEMA).then_some(snapshot)
    }

    /// The snapshot as one line of text.
    #[must_use]
    pub fn write(&self) -> String {
        let text = serde_json::to_string(self).expect("texts and finite numbers have a JSON form");
        text + "\n"
    }

    /// The snapshot with what changed since `before`. If nothing changed, the changes of `before`
    /// remain: a build that changes nothing leaves the same report.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        if let Some(before) = before {
            let changes = Changes::between(before, &self);
            self.changes = if changes.is_empty() { before.changes.clone() } else { changes };
        }
        self
    }
}

fn row_snapshot(table: &Table, row: &Row) -> RowSnapshot {
    let cells = table.columns.iter().zip(&row.cells).filter(|(column, _)| !column.is_volatile);
    let cells = cells.filter(|(column, cell)| column.is_number || !cell.tone().is_empty());
    let cells = cells.map(|(column, cell)| CellSnapshot {
        key: column.keys.first().map(ToString::to_string).unwrap_or_default(),
        column: column.head.clone(),
        text: cell.text(),
    });
    let number = |key: &str| table.datum(row, key)?.number();
    let estimate = || {
        let mean = ESTIMATES.iter().find_map(|key| number(key))?;
        let std_dev = number("sample_std").or_else(|| number("effect_std"))?;
        Some((mean, std_dev, number("seeds")? as usize))
    };
    RowSnapshot { row: table.described(row), cells: cells.collect(), estimate: estimate() }
}

impl Changes {
    /// What changed from `old` to `new`.
    #[must_use]
    pub fn between(old: &Snapshot, new: &Snapshot) -> Self {
        let is_renamed = old.title != new.title;
        let cells = new.tables.iter().flat_map(|table| {
            let before = table.same_in(old).map_or(&[][..], |before| &before.rows);
            table.rows.iter().filter_map(move |row| {
                let before = before.iter().find(|before| before.row == row.row)?;
                Some(cell_changes(table, before, row))
            })
        });
        let claims = new.claims.iter().filter_map(|(name, verdict)| {
            let before = old.claims.get(name).filter(|before| *before != verdict)?;
            Some((name.clone(), before.clone(), verdict.clone()))
        });
        Self {
            title: is_renamed.then(|| (old.title.clone(), new.title.clone())),
            cells: cells.flatten().collect(),
            claims: claims.collect(),
            added: parts_beyond(old, new),
            removed: parts_beyond(new, old),
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The changes in one sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.is_empty() {
            return "Nothing changed.".to_owned();
        }
        let beyond = self.cells.iter().filter(|cell| cell.beyond_noise == Some(true)).count();
        let gone = self.cells.iter().filter(|cell| cell.new.starts_with(MISSING)).count();
        format!(
            "{} changed ({beyond} beyond seed noise, {gone} without a number now); {} changed; {} added \
             and {} removed among rows, columns and claims.",
            count(self.cells.len(), "cell"),
            count(self.claims.len(), "verdict"),
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
    /// The same table under the same protocol in another snapshot.
    fn same_in<'s>(&self, other: &'s Snapshot) -> Option<&'s Self> {
        other.tables.iter().find(|table| table.name == self.name && table.metric == self.metric)
    }

    /// `Table 4`, with the metric of the protocol if it has several.
    #[must_use]
    pub fn label(&self) -> String {
        let metric = self.metric.as_ref().map_or_else(String::new, |metric| format!(" ({metric})"));
        format!("Table {}{metric}", self.number)
    }
}

fn cell_changes(table: &TableSnapshot, old: &RowSnapshot, new: &RowSnapshot) -> Vec<CellChange> {
    let estimate = |row: &RowSnapshot| {
        let (mean, std_dev, n) = row.estimate?;
        Estimate::of_moments(n, mean, Some(std_dev), Level::NINETY_FIVE)
    };
    let comparison = estimate(new).zip(estimate(old));
    let comparison =
        comparison.and_then(|(new, old)| WelchComparison::of(&new, &old, Level::NINETY_FIVE));
    let beyond_noise = comparison.map(|comparison| comparison.interval.excludes(0.0));
    let changed = new.cells.iter().filter_map(|cell| {
        let before = old.cells.iter().find(|other| other.key == cell.key)?;
        let is_estimate = ESTIMATES.contains(&cell.key.as_str());
        (before.text != cell.text).then(|| CellChange {
            table: table.label(),
            row: new.row.clone(),
            column: cell.column.clone(),
            old: before.text.clone(),
            new: cell.text.clone(),
            beyond_noise: beyond_noise.filter(|_| is_estimate),
            unit: has_unit(&cell.key).then(|| table.unit.clone()),
            better: table.better.filter(|_| is_estimate),
        })
    });
    changed.collect()
}
