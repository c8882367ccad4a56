//! The results of a report in the terminal: the estimates of its tables, its verdicts, and what moved since the last
//! report.

use super::terminal::columns;
use crate::diff::{CellSnapshot, Changes, Snapshot, TableSnapshot};
use crate::format::{MISSING, count};

/// The most rows of tables, and the most claims, that are shown.
const MOST: usize = 24;

/// The cells that are an estimate.
const ESTIMATES: [&str; 2] = ["mean", "effect"];

/// The cells of a row that are shown: the estimate, and its interval.
const SHOWN: [&str; 3] = [ESTIMATES[0], ESTIMATES[1], "lower"];

/// What a report says. `before` is the report that it replaces.
pub(super) fn lines(now: &Snapshot, before: Option<&Snapshot>) -> Vec<String> {
    let changes = before.map(|before| Changes::between(before, now)).unwrap_or_default();
    let mut lines = estimates(now, &changes);
    lines.extend(verdicts(now, &changes));
    if !changes.is_empty() {
        lines.push(format!("since the last report: {}", changes.summary()));
    }
    lines
}

/// Whole tables with estimates, up to [`MOST`] rows in all. Of several protocols, the first.
fn estimates(now: &Snapshot, changes: &Changes) -> Vec<String> {
    let mut tables: Vec<&TableSnapshot> = Vec::new();
    for table in &now.tables {
        let is_estimate =
            |cell: &CellSnapshot| ESTIMATES.contains(&&*cell.key) && cell.text != MISSING;
        let has_estimates = table.rows.iter().flat_map(|row| &row.cells).any(is_estimate);
        if has_estimates && tables.iter().all(|shown| shown.name != table.name) {
            tables.push(table);
        }
    }
    let (mut lines, mut n_rows) = (Vec::new(), 0);
    let mut left = 0;
    for table in tables {
        if n_rows > 0 && n_rows + table.rows.len() > MOST {
            left += 1;
            continue;
        }
        n_rows += table.rows.len();
        lines.extend(of_table(table, changes));
    }
    if left > 0 {
        lines.push(format!("{} in the report", count(left, "more table")));
    }
    lines
}

fn of_table(table: &TableSnapshot, changes: &Changes) -> Vec<String> {
    let (label, first) = (table.label(), table.rows.first());
    let heads = first.map_or(&[][..], |row| &row.cells).iter();
    let heads: Vec<_> = heads.filter(|cell| SHOWN.contains(&cell.key.as_str())).collect();
    let shown = table.rows.iter().take(MOST).map(|row| {
        let text = |head: &&CellSnapshot| row.cells.iter().find(|cell| cell.key == head.key);
        let cells =
            heads.iter().map(|head| text(head).map_or(MISSING, |cell| &cell.text).to_owned());
        let moved = changes.cells.iter().find(|change| {
            let is_shown = heads.iter().any(|head| head.column == change.column);
            is_shown && change.table == label && change.row == row.row
        });
        let was = moved.map_or_else(String::new, |change| match change.beyond_noise {
            Some(true) => format!("was {}, beyond seed noise", change.old),
            _ => format!("was {}", change.old),
        });
        let name = std::iter::once(format!("  {}", row.row));
        (name.chain(cells).collect::<Vec<_>>(), was)
    });
    let head = std::iter::once(label.clone()).chain(heads.iter().map(|cell| cell.column.clone()));
    let head = std::iter::once((head.collect(), String::new()));
    let (rows, was): (Vec<_>, Vec<_>) = head.chain(shown).unzip();
    let lines = columns(&rows).into_iter().zip(was);
    let mut lines: Vec<_> =
        lines.map(|(line, was)| format!("{line}  {was}").trim_end().to_owned()).collect();
    let more = table.rows.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("  and {} in the report", count(more, "more row")));
    }
    lines
}

fn verdicts(now: &Snapshot, changes: &Changes) -> Vec<String> {
    if now.claims.is_empty() {
        return Vec::new();
    }
    let was = |name: &str| {
        let change = changes.claims.iter().find(|(changed, ..)| changed == name);
        change.map_or_else(String::new, |(_, old, _)| format!("  (was {old})"))
    };
    let width = now.claims.keys().map(|name| name.chars().count()).max().unwrap_or(0);
    let line =
        |(name, verdict): (&String, &String)| format!("  {name:<width$}  {verdict}{}", was(name));
    let mut lines = vec!["claims".to_owned()];
    lines.extend(now.claims.iter().take(MOST).map(line));
    let more = now.claims.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!("  and {more} more in the report"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn snapshot(tables: &Value, claims: &Value) -> Snapshot {
        let snapshot = json!({
            "schema": 2, "title": "t", "tables": tables, "claims": claims, "files": [],
            "changes": { "title": null, "cells": [], "claims": [], "added": [], "removed": [] },
        });
        Snapshot::read(&snapshot.to_string()).unwrap()
    }

    fn table(number: usize, metric: Option<&str>, rows: &[(&str, f64)]) -> Value {
        let row = |(name, mean): &(&str, f64)| {
            let cell = |key: &str, column: &str, text: String| json!({ "key": key, "column": column, "text": text });
            let cells = [
                cell("n", "n", "10".to_owned()),
                cell("mean", "mean, %", format!("{mean:.1}")),
                cell("lower", "95 % interval", "[1, 2]".to_owned()),
            ];
            json!({ "row": name, "cells": cells, "estimate": [mean, 0.5, 10] })
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        json!({ "name": format!("table{number}"), "metric": metric, "number": number, "rows": rows })
    }

    #[test]
    fn estimates_and_verdicts_are_shown_with_what_they_were() {
        let before = snapshot(
            &json!([table(1, None, &[("model: a", 70.0), ("model: b", 50.0)])]),
            &json!({ "a-is-better": "undecided", "b": "supported" }),
        );
        let now = snapshot(
            &json!([table(1, None, &[("model: a", 75.0), ("model: b", 50.1)])]),
            &json!({ "a-is-better": "supported", "b": "supported" }),
        );
        let expected = [
            "Table 1     mean, %  95 % interval",
            "  model: a     75.0         [1, 2]  was 70.0, beyond seed noise",
            "  model: b     50.1         [1, 2]  was 50.0",
            "claims",
            "  a-is-better  supported  (was undecided)",
            "  b            supported",
            "since the last report: 2 cells changed (1 beyond seed noise, 0 without a number now); 1 verdict changed; 0 \
             added and 0 removed among rows, columns and claims.",
        ];
        assert_eq!(lines(&now, Some(&before)), expected);
        assert_eq!(lines(&now, Some(&now)).len(), 6, "nothing moved");
    }

    #[test]
    fn a_table_is_shown_once_and_as_a_whole_or_not_at_all() {
        let names: Vec<_> = (0..20).map(|row| format!("model: {row}")).collect();
        let rows: Vec<_> = names.iter().map(|name| (&name[..], 1.0)).collect();
        let tables = json!([
            table(1, Some("first"), &rows[..2]),
            table(1, Some("second"), &rows[..2]),
            table(2, None, &rows),
            table(3, None, &rows[..5]),
            { "name": "cost", "metric": null, "number": 4, "rows": [{ "row": "r", "cells": [], "estimate": null }] },
        ]);
        let lines = lines(&snapshot(&tables, &json!({})), None);
        let heads: Vec<_> = lines.iter().filter(|line| !line.starts_with(' ')).collect();
        assert!(
            heads[0].starts_with("Table 1 (first)") && heads[1].starts_with("Table 2"),
            "{lines:#?}"
        );
        assert_eq!((heads.len(), lines.len()), (3, 1 + 2 + 1 + 20 + 1));
        assert_eq!(heads[2], "1 more table in the report");
    }
}
