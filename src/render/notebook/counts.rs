//! Numbers of rows of a table that have something in a column.

use minijinja::Error;
use minijinja::value::{Kwargs, Value};

use super::Notebook;
use crate::document::suggestion;
use crate::experiment::Level;
use crate::format::MISSING;
use crate::render::arguments::{distinct, invalid, level_of, levels_of, of_table};
use crate::render::result::ResultValue;
use crate::table::{GRADE_WORDS, Key, Row};

impl Notebook {
    /// The number of rows, of those with these levels, in which a column has a number above `threshold`.
    pub(in crate::render) fn count_above(
        &self,
        name: &str,
        column: &str,
        threshold: f64,
        levels: &Kwargs,
    ) -> Result<Value, Error> {
        let table = self.first(name)?.1;
        of_table(name, table.number_key(column))?;
        let rows = of_table(name, table.rows_with(&levels_of(levels)?))?;
        let numbers = rows.iter().filter_map(|row| table.datum(row, column)?.number());
        let numbers: Vec<_> = numbers.collect();
        let n = numbers.iter().filter(|number| **number > threshold).count();
        // A missing number could be above it too.
        let n = (numbers.len() == rows.len()).then_some(n);
        let mark = n.map_or_else(|| MISSING.to_owned(), |n| n.to_string());
        Ok(Value::from_object(ResultValue { mark, value: n.map(|n| n as f64) }))
    }

    /// The number of rows, of those with these levels, that have this word or level in a column.
    pub(in crate::render) fn count(
        &self,
        name: &str,
        column: &str,
        wanted: &Value,
        levels: &Kwargs,
    ) -> Result<usize, Error> {
        let (_, table) = self.first(name)?;
        let rows = of_table(name, table.rows_with(&levels_of(levels)?))?;
        let key = of_table(name, table.key(column))?;
        if table.is_number(column) {
            return Err(invalid(format!(
                "column `{column}` of `{name}` contains numbers; `count_above` counts them"
            )));
        }
        let wanted = level_of(column, wanted)?;
        let cells = table.rows.iter().filter_map(|row| table.datum(row, column));
        let levels =
            self.context.conditions.iter().filter_map(|one| one.summary.levels.get(column));
        let mut known: Vec<_> = match key {
            Key::Grade | Key::StdGrade => GRADE_WORDS.map(Level::text).to_vec(),
            Key::Level(_) => levels.cloned().collect(),
            _ => Vec::new(),
        };
        known.extend(cells.filter_map(|datum| datum.level()));
        if !known.iter().any(|level| level.is_typed_as(&wanted.name())) {
            let known: Vec<_> = known.iter().map(Level::spelled).collect();
            let (wanted, hint) = (wanted.name(), suggestion(&wanted.name(), &distinct(&known)));
            return Err(invalid(format!(
                "column `{column}` of `{name}` has no `{wanted}`; {hint}"
            )));
        }
        let is_it = |row: &&&Row| {
            let level = table.datum(row, column).and_then(|datum| datum.level());
            level.is_some_and(|level| level.is_typed_as(&wanted.name()))
        };
        Ok(rows.iter().filter(is_it).count())
    }
}
