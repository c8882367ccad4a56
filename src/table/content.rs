//! The content of a table: columns by key, rows of typed cells, notes.

use super::cell::{Cell, Datum};
use super::key::Key;
use crate::document::suggestion;
use crate::experiment::{ConditionId, Level, Levels, written};
use crate::run::Direction;

/// A table under one protocol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The metric of the protocol, if there is one table for each protocol.
    pub metric: Option<String>,
    /// The unit of its scores, such as `%`; empty if they have none.
    pub unit: String,
    /// Which scores are better; `None` if none is.
    pub better: Option<Direction>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Sentences on estimators, intervals and tests.
    pub notes: Vec<String>,
    /// Whether the rows are means over different conditions. A note says which.
    pub is_uneven: bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head, for readers.
    pub head: String,
    /// A key for each value of its cells.
    pub keys: Vec<Key>,
    /// Whether it holds numbers, which are aligned at the right.
    pub is_number: bool,
    /// Whether its cells differ between two executions of the same runs. Only readers see them,
    /// between marks of provenance.
    pub is_volatile: bool,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// Its conditions.
    pub conditions: Vec<ConditionId>,
    /// The value of each seed, in the unit of the metric.
    pub seeds: Vec<SeedValue>,
}

/// The value of one seed in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedValue {
    /// In the unit of the metric.
    pub value: f64,
    /// Condition, seed, value and digests, for readers.
    pub title: String,
}

impl Column {
    /// A column of words.
    pub fn text(head: impl Into<String>, key: Key) -> Self {
        Self { head: head.into(), keys: vec![key], is_number: false, is_volatile: false }
    }

    /// A column of numbers.
    pub fn number(head: impl Into<String>, keys: impl IntoIterator<Item = Key>) -> Self {
        let keys = keys.into_iter().collect();
        Self { head: head.into(), keys, is_number: true, is_volatile: false }
    }

    /// A column of numbers that differ between two executions of the same runs.
    pub fn volatile(head: impl Into<String>, key: Key) -> Self {
        Self { is_volatile: true, ..Self::number(head, [key]) }
    }
}

impl Table {
    /// The table without the columns that differ between two executions: what data files have.
    #[must_use]
    pub fn stable(&self) -> Self {
        let mut table = self.clone();
        for row in &mut table.rows {
            let mut columns = self.columns.iter();
            row.cells.retain(|_| columns.next().is_some_and(|column| !column.is_volatile));
        }
        table.columns.retain(|column| !column.is_volatile);
        table
    }

    /// The only row with these words and levels, by the names of their keys.
    ///
    /// # Errors
    /// If there is no such column, no such row, or several. The text is a phrase that follows the
    /// name of the table.
    pub fn row(&self, wanted: &Levels) -> Result<&Row, String> {
        let rows = self.rows_with(wanted)?;
        match rows[..] {
            [row] => Ok(row),
            [] => {
                let is_rare = |(key, level): &(&String, &Level)| {
                    let mut data = self.rows.iter().filter_map(|row| self.datum(row, key));
                    !data.any(|datum| datum.is(level))
                };
                let rare = wanted.iter().find(is_rare);
                let hint = rare.map_or_else(String::new, |(key, level)| self.hint(key, level));
                Err(format!("has no row with {}{hint}", written(wanted)))
            }
            _ if wanted.is_empty() => {
                Err(format!("has {} rows; levels select one of them", rows.len()))
            }
            _ => Err(format!(
                "has {} rows with {}; more levels select one of them",
                rows.len(),
                written(wanted)
            )),
        }
    }

    /// All rows with these words and levels, by the names of their keys.
    ///
    /// # Errors
    /// If there is no such column. The text is a phrase that follows the name of the table.
    pub fn rows_with(&self, wanted: &Levels) -> Result<Vec<&Row>, String> {
        for key in wanted.keys() {
            self.key(key)?;
        }
        let has = |row: &Row, (key, level): (&String, &Level)| {
            self.datum(row, key).is_some_and(|datum| datum.is(level))
        };
        Ok(self.rows.iter().filter(|row| wanted.iter().all(|one| has(row, one))).collect())
    }

    /// A hint about the level under `key`, if no row has this level.
    fn hint(&self, key: &str, level: &Level) -> String {
        let known = self.rows.iter().filter_map(|row| self.datum(row, key)?.level());
        format!("; for `{key}`, {}", level.instead(&known.collect::<Vec<_>>()))
    }

    /// The key of that name, with the place of its column and its place in the column.
    fn find(&self, name: &str) -> Option<(usize, usize, &Key)> {
        // What differs between two executions has no place in prose and claims.
        let columns = self.columns.iter().enumerate().filter(|(_, column)| !column.is_volatile);
        let mut keys = columns.flat_map(|(column, c)| {
            c.keys.iter().enumerate().map(move |(place, key)| (column, place, key))
        });
        keys.find(|(_, _, key)| key.to_string() == name)
    }

    /// The key of that name.
    ///
    /// # Errors
    /// If there is none. The text is a phrase that follows the name of the table.
    pub fn key(&self, name: &str) -> Result<&Key, String> {
        let found = self.find(name).map(|(_, _, key)| key);
        found.ok_or_else(|| {
            let keys = self.keys();
            let known: Vec<_> = keys.iter().map(String::as_str).collect();
            format!("has no column `{name}`; {}", suggestion(name, &known))
        })
    }

    /// The key of that name of a column of numbers.
    ///
    /// # Errors
    /// If there is none. The text is a phrase that follows the name of the table.
    pub fn number_key(&self, name: &str) -> Result<&Key, String> {
        let key = self.key(name)?;
        match self.is_number(name) {
            true => Ok(key),
            false => Err(format!("has words in the column `{name}`, not numbers")),
        }
    }

    /// The numbers of a column, with their rows.
    ///
    /// # Errors
    /// If it is no column of numbers. The text is a phrase that follows the name of the table.
    pub fn numbers(&self, name: &str) -> Result<Vec<(f64, &Row)>, String> {
        self.number_key(name)?;
        let number = |row| Some((self.datum(row, name)?.number()?, row));
        Ok(self.rows.iter().filter_map(number).collect())
    }

    /// Whether the column of the key of that name holds numbers.
    #[must_use]
    pub fn is_number(&self, name: &str) -> bool {
        self.find(name).is_some_and(|(column, _, _)| self.columns[column].is_number)
    }

    /// The value of a row under the key of that name.
    #[must_use]
    pub fn datum(&self, row: &Row, name: &str) -> Option<Datum> {
        let (column, place, _) = self.find(name)?;
        row.cells.get(column)?.data().into_iter().nth(place)
    }

    /// The cell of a row under the key of that name.
    #[must_use]
    pub fn cell<'t>(&self, row: &'t Row, name: &str) -> Option<&'t Cell> {
        row.cells.get(self.find(name)?.0)
    }

    /// The name of the column of this key, for readers.
    #[must_use]
    pub fn head_of(&self, name: &str) -> String {
        let Some((column, _, _)) = self.find(name) else { return name.to_owned() };
        let column = &self.columns[column];
        // If a cell has several numbers, the key names the number.
        match column.keys.len() {
            1 => column.head.clone(),
            _ => format!("{} ({})", name.replace('_', " "), column.head),
        }
    }

    /// The words and levels of a row, with the heads of their columns.
    #[must_use]
    pub fn described(&self, row: &Row) -> String {
        let cells = self.columns.iter().zip(&row.cells);
        let words = cells.filter(|(column, cell)| !column.is_number && cell.tone().is_empty());
        let words = words.map(|(column, cell)| format!("{}: {}", column.head, cell.text()));
        words.collect::<Vec<_>>().join(", ")
    }

    /// The names of all keys, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let stable = self.columns.iter().filter(|column| !column.is_volatile);
        stable.flat_map(|column| &column.keys).map(Key::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::key::has_unit;
    use super::*;
    use crate::format::Digits;
    use crate::table::Style;

    fn table() -> Table {
        let row = |rate: &str, mean| Row {
            cells: vec![
                Cell::Level(rate.to_owned(), Level::parse(rate)),
                Cell::MeanAndStdDev(Some(mean), None, Digits::PERCENT),
                Cell::Number(Some(1.0), Style::Signed(Digits::PERCENT)),
            ],
            conditions: Vec::new(),
            seeds: Vec::new(),
        };
        Table {
            columns: vec![
                Column::text("rate", Key::Level("lr".to_owned())),
                Column::number("ours", [Key::Mean, Key::Std]),
                Column::number("", [Key::ChangeBy("held-out".to_owned())]),
            ],
            rows: vec![row("1e-5", 70.0), row("1.0", 71.0)],
            ..Table::default()
        }
    }

    #[test]
    fn a_row_is_found_by_the_value_of_a_level_whatever_its_spelling() {
        let table = table();
        for (typed, mean) in [("0.00001", 70.0), ("1", 71.0)] {
            let wanted = BTreeMap::from([("lr".to_owned(), Level::parse(typed))]);
            let row = table.row(&wanted).unwrap();
            assert_eq!(table.datum(row, "mean").and_then(|datum| datum.number()), Some(mean));
        }
        for (typed, message) in [
            ("2", "has no row with lr=2; for `lr`, known: 1.0, 1e-5"),
            (
                "\"1e-5\"",
                "has no row with lr=\"1e-5\"; for `lr`, it is not text: remove the quotes",
            ),
        ] {
            let wanted = BTreeMap::from([("lr".to_owned(), Level::parse(typed))]);
            assert_eq!(table.row(&wanted).unwrap_err(), message);
        }
        let all = table.row(&BTreeMap::new()).unwrap_err();
        assert_eq!(all, "has 2 rows; levels select one of them");
    }

    #[test]
    fn keys_are_named_in_snake_case_and_with_their_factor_or_metric() {
        assert_eq!(table().keys(), ["lr", "mean", "std", "change_held-out"]);
        assert_eq!(Key::NOneDraw.to_string(), "n_one_draw");
        assert_eq!(Key::PHolm.to_string(), "p_holm");
        assert_eq!(table().head_of("std"), "std (ours)");
        for key in ["mean", "std", "lower", "change_held-out", "detectable_shift", "effect_std"] {
            assert!(has_unit(key), "{key}");
        }
        for key in
            [Key::N, Key::NOneDraw, Key::PHolm, Key::ShareLower, Key::Improvement, Key::Above]
        {
            assert!(!has_unit(&key.to_string()), "{key}");
        }
    }
}
