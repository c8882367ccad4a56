//! What the columns of a table look like, before anything says what they are for.

use std::collections::BTreeSet;

use super::opened::{Opened, open};
use super::table::MISSING;

/// The separators that a table may have, the most common first.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// What separates the values of a row.
    pub delimiter: char,
    /// The columns, in the order of the file.
    pub columns: Vec<SketchColumn>,
    /// The number of rows, without the first one.
    pub n_rows: usize,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchColumn {
    /// Its name.
    pub name: String,
    /// Whether all its values are numbers.
    pub are_numbers: bool,
    /// Whether all its values are whole numbers.
    pub are_integers: bool,
    /// The number of different values.
    pub n_values: usize,
    /// The number of missing values.
    pub n_missing: usize,
}

/// Looks at all rows of a table.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the file.
pub fn sketch(bytes: &[u8]) -> Result<Sketch, String> {
    let n_columns = |delimiter: &char| open(bytes, *delimiter).map_or(0, |it| it.header.len());
    // The first separator wins among those that give as many columns.
    let delimiter = DELIMITERS.into_iter().rev().max_by_key(n_columns).unwrap_or(DELIMITERS[0]);
    let Opened { mut reader, header, .. } =
        open(bytes, delimiter).map_err(|faults| faults.join("; "))?;
    let mut values: Vec<BTreeSet<String>> = vec![BTreeSet::new(); header.len()];
    let mut n_missing = vec![0; header.len()];
    let mut n_rows = 0;
    for record in reader.records() {
        let record = record.map_err(|error| format!("cannot be read: {error}"))?;
        n_rows += 1;
        for (index, value) in record.iter().enumerate() {
            match MISSING.contains(&value) {
                true => n_missing[index] += 1,
                false => drop(values[index].insert(value.to_owned())),
            }
        }
    }
    if n_rows == 0 {
        return Err("has no row below its first one, which names the columns".to_owned());
    }
    let columns = header.iter().zip(values).zip(n_missing).map(|((name, values), n_missing)| {
        let are = |is: fn(&str) -> bool| values.iter().all(|value| is(value));
        SketchColumn {
            name: name.to_owned(),
            are_numbers: are(|value| value.parse::<f64>().is_ok()),
            are_integers: are(|value| value.parse::<i64>().is_ok()),
            n_values: values.len(),
            n_missing,
        }
    });
    Ok(Sketch { delimiter, columns: columns.collect(), n_rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_apart_by_their_values() {
        let found = sketch(b"id;kind;mass\na;x;1.5\nb;x;2\nc;y;NA\n").unwrap();
        assert_eq!((found.delimiter, found.n_rows), (';', 3));
        let columns: Vec<_> = found
            .columns
            .iter()
            .map(|one| (&*one.name, one.are_numbers, one.n_values, one.n_missing))
            .collect();
        assert_eq!(columns, [("id", false, 3, 0), ("kind", false, 2, 0), ("mass", true, 2, 1)]);
    }

    #[test]
    fn a_table_without_rows_is_refused() {
        assert!(sketch(b"a,b\n").unwrap_err().contains("no row"));
        assert!(sketch(b"\x1f\x8b").is_err());
    }
}
