//! Means of several published rows, judged as one value.

use super::kind::Words;
use super::score_rows::{Published, ScoreRow, Scores};
use crate::document::Reader;
use crate::experiment::{Level, Levels};
use crate::format::count;
use crate::paper::keys::{read_each, read_known, read_levels};
use crate::paper::{Selection, selects};
use crate::summary::Exceptions;

/// The mean of the published rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Joint {
    /// Name of the table.
    pub(super) table: String,
    /// The row in a few words.
    pub(super) label: String,
    /// Rows with these levels are left out. Empty: all rows count.
    without: Selection,
}

/// Reads the key `joint` of a scorecard that judges `tables`.
pub(super) fn read(
    reader: &Reader<'_>,
    tables: &[(String, Scores)],
    words: &Words<'_>,
) -> Vec<Joint> {
    let known: Vec<_> = tables.iter().map(|(name, _)| name.as_str()).collect();
    read_each(reader, "joint", |reader, _| {
        let table = read_known(reader, "table", &known, "table of this scorecard");
        let label = reader.required::<String>("label");
        let without = match reader.node("without") {
            Some(node) => read_levels(reader, "without", node, words.vocabulary),
            None => Some(Selection::new()),
        };
        let (table, label, without) = (table?, label?, without?);
        let joint = Joint { table, label: label.clone(), without };
        if let Some((_, scores)) = tables.iter().find(|(name, _)| *name == joint.table) {
            let by = scores.by.as_slice();
            let leaves_out = |row: &&Published| joint.leaves_out(by, &row.row);
            if let Some(factor) = joint.without.keys().find(|factor| !by.contains(factor)) {
                let message = format!("names `{factor}`, which labels no row of `{}`", joint.table);
                reader.refuse("without", message);
            }
            let (n, n_out) =
                (scores.published.len(), scores.published.iter().filter(leaves_out).count());
            if n - n_out < 2 {
                let message = format!(
                    "counts {} of `{}`; a mean needs two",
                    count(n - n_out, "published row"),
                    joint.table
                );
                reader.refuse("table", message);
            } else if !joint.without.is_empty() && n_out == 0 {
                reader.refuse("without", "leaves out no published row");
            }
        }
        // Two tables may have joint rows of the same name.
        Some((format!("{label} of {}", joint.table), joint))
    })
}

impl Joint {
    fn leaves_out(&self, by: &[String], levels: &[Level]) -> bool {
        let levels: Levels = by.iter().cloned().zip(levels.iter().cloned()).collect();
        !self.without.is_empty() && selects(&self.without, &levels)
    }

    /// The published rows as one: means of their values. `None` if there is none.
    pub(super) fn row(&self, rows: &[ScoreRow], by: &[String]) -> Option<ScoreRow> {
        let counts = |row: &&ScoreRow| !self.leaves_out(by, &row.levels);
        let rows: Vec<_> = rows
            .iter()
            .filter(counts)
            .filter_map(|row| Some((row, row.published.as_ref()?)))
            .collect();
        let mean = |value: &dyn Fn(&(&ScoreRow, &Published)) -> Option<f64>| -> Option<f64> {
            let values = rows.iter().map(value).collect::<Option<Vec<_>>>()?;
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let published = Published {
            row: Vec::new(),
            mean: mean(&|(_, published)| Some(published.mean))?,
            std_dev: mean(&|(_, published)| Some(published.std_dev))?,
        };
        let mut exceptions = Exceptions::default();
        for (row, _) in &rows {
            exceptions += row.exceptions;
        }
        Some(ScoreRow {
            levels: Vec::new(),
            conditions: rows.iter().flat_map(|(row, _)| row.conditions.clone()).collect(),
            mean: mean(&|(row, _)| row.mean),
            std_dev: mean(&|(row, _)| row.std_dev),
            estimate: None,
            varies: None,
            n: rows.iter().map(|(row, _)| row.n).sum(),
            expected: rows.iter().map(|(row, _)| row.expected).sum(),
            exceptions,
            published: Some(published),
        })
    }
}
