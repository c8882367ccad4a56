//! Tables for other programs: CSV with every number in full, LaTeX and Markdown.

mod curves;
mod latex;
pub mod markdown;
mod rows;
mod runs;

use crate::paper::Names;
use crate::plan::Plan;
use crate::summary::Summary;
use crate::table::{Datum, Table, TableItem};

pub use curves::Drawn;
pub use latex::{coded, latex};
pub use rows::csv as csv_of_rows;

/// The data files of a report: name and text of each. `drawn` are the curves that its figures show.
#[must_use]
pub fn files(
    names: Names<'_>,
    (summary, plan): (&Summary, &Plan),
    items: &[TableItem],
    drawn: &[Drawn<'_>],
) -> Vec<(String, String)> {
    let mut files = vec![("runs.csv".to_owned(), runs::csv(names, summary))];
    if !drawn.is_empty() {
        files.push(("curves.csv".to_owned(), curves::csv(summary, plan, drawn)));
    }
    for item in items {
        for (index, table) in item.tables.iter().enumerate() {
            let metric = table.metric.as_deref().filter(|_| index > 0);
            let name = metric
                .map_or_else(|| item.name.clone(), |metric| format!("{}-{metric}", item.name));
            files.push((format!("{name}.csv"), csv(table)));
            files.push((format!("{name}.tex"), latex(&name, &item.caption, table)));
        }
    }
    files
}

/// A table as CSV (RFC 4180): one column for each key.
#[must_use]
pub fn csv(table: &Table) -> String {
    let table = table.stable();
    let rows = table.rows.iter().map(|row| {
        let data = row.cells.iter().flat_map(crate::table::Cell::data);
        data.map(|datum: Datum| datum.written()).collect::<Vec<_>>()
    });
    rows::csv(std::iter::once(table.keys()).chain(rows))
}
