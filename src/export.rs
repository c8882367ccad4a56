//! Tables for other programs: CSV with every number in full, LaTeX and Markdown.

mod latex;
pub mod markdown;

use std::collections::BTreeSet;

use crate::paper::{EXPERIMENT, Paper};
use crate::summary::Summary;
use crate::table::{Datum, Table, TableItem};

pub use latex::{coded, latex};

/// The data files of a report: name and text of each.
#[must_use]
pub fn files(paper: &Paper, summary: &Summary, items: &[TableItem]) -> Vec<(String, String)> {
    let mut files = vec![("runs.csv".to_owned(), runs(paper, summary))];
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
    write_csv(std::iter::once(table.keys()).chain(rows))
}

/// All runs as CSV, one a row: condition, seed, digest and the score by each metric.
fn runs(paper: &Paper, summary: &Summary) -> String {
    let factors: BTreeSet<&String> =
        summary.conditions().iter().flat_map(|condition| condition.levels.keys()).collect();
    let mut factors: Vec<&String> = factors.into_iter().collect();
    factors.sort_by_key(|factor| *factor != EXPERIMENT);
    let mut metrics: Vec<&str> = paper.metrics.iter().map(|metric| metric.name.as_str()).collect();
    metrics.sort_unstable();
    let names = factors.iter().map(|factor| factor.as_str()).chain(["seed", "run"]);
    let heads = names.chain(metrics.iter().copied()).map(str::to_owned);
    let rows = summary.conditions().iter().flat_map(|condition| {
        condition.runs.iter().map(|run| {
            let level = |factor: &&String| {
                let level = condition.levels.get(*factor);
                level.map_or_else(String::new, |level| level.spelled().to_owned())
            };
            let score = |metric: &&str| run.scores.get(metric).map(|score| score.to_string());
            let mut row: Vec<String> = factors.iter().map(level).collect();
            row.extend([run.seed.to_string(), run.digest.short()]);
            row.extend(metrics.iter().map(|metric| score(metric).unwrap_or_default()));
            row
        })
    });
    write_csv(std::iter::once(heads.collect()).chain(rows))
}

/// Rows as CSV.
fn write_csv(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).expect("rows of one length are written to memory");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("made of strings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_commas_quotes_and_lines_are_quoted() {
        let rows =
            [vec!["a".to_owned(), "b".to_owned()], vec!["1,2\n".to_owned(), "\"x\"".to_owned()]];
        assert_eq!(write_csv(rows.into_iter()), "a,b\n\"1,2\n\",\"\"\"x\"\"\"\n");
    }
}
