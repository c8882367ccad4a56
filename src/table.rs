//! Results as tables: each kind of table reads its keys, computes its values, and returns typed
//! cells.
//!
//! A new kind needs a file in this folder and a line in `KINDS`.

mod ablation;
mod bimodal;
mod cell;
mod compared;
mod confusion;
mod content;
mod cost;
mod effects;
mod joint;
mod key;
mod kind;
mod pairwise;
mod score_rows;
mod scorecard;
mod scores;
mod selection;
mod shares;
mod variance;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::document::Reader;
use crate::experiment::ConditionId;
use crate::paper::keys::{read_each, read_item_name};
use crate::paper::{Paper, Vocabulary};

pub use bimodal::bimodal;
pub use cell::{Cell, Datum, GRADE_WORDS, Grade, Style, count};
pub use confusion::{ConfusionTable, class_names};
pub use content::{Column, Row, SeedValue, Table};
pub use key::{Key, has_unit};
pub use kind::{Kind, Results, TableRequest, Words, left_out_note, of_kind};
pub use score_rows::{ScoreRow, Scores};
pub use scorecard::{PublishedScore, Scorecard};
pub use scores::row_label;
pub use selection::check_selector;

/// Reads the keys of a kind.
type ReadKind = fn(&Reader<'_>, &Words<'_>) -> Option<Arc<dyn Kind>>;

/// The kinds by their names in the paper file.
const KINDS: [(&str, ReadKind); 10] = [
    ("scores", |reader, words| Some(Arc::new(scores::read(reader, words)?))),
    ("effects", |reader, words| Some(Arc::new(effects::read(reader, words)?))),
    ("pairwise", |reader, words| Some(Arc::new(pairwise::read(reader, words)?))),
    ("selection", |reader, words| Some(Arc::new(selection::read(reader, words)?))),
    ("variance", |reader, words| Some(Arc::new(variance::read(reader, words)?))),
    ("ablation", |reader, words| Some(Arc::new(ablation::read(reader, words)?))),
    ("shares", |reader, words| Some(Arc::new(shares::read(reader, words)?))),
    ("scorecard", |reader, words| Some(Arc::new(scorecard::read(reader, words)?))),
    ("confusion", |reader, words| Some(Arc::new(confusion::read(reader, words)))),
    ("cost", |reader, words| Some(Arc::new(cost::read(reader, words)?))),
];

/// A table of the report, with its number and caption.
#[derive(Clone, Debug, PartialEq)]
pub struct TableItem {
    /// Its name in the paper file.
    pub name: String,
    /// Its number in the report.
    pub number: usize,
    /// What it shows.
    pub caption: String,
    /// Its place in the paper file, as `file:line`.
    pub place: String,
    /// Its content: one table, or one for each protocol.
    pub tables: Vec<Table>,
    /// Its conditions.
    pub conditions: Vec<ConditionId>,
}

/// Reads the tables of a paper file. Leaves out those with mistakes.
#[must_use]
pub fn read(reader: &Reader<'_>, vocabulary: &Vocabulary<'_>, paper: &Paper) -> Vec<TableRequest> {
    let violations = reader.violations();
    let requests = read_each(reader, "table", |reader, earlier| {
        read_one(reader, &Words { vocabulary, paper, earlier })
    });
    if let [first, _, ..] = &paper.protocols[..]
        && !violations.has_faulty()
        && !of_kind::<Scores>(&requests).any(|(_, scores)| scores.metric == first.metric)
    {
        let message =
            format!("`{}` comes first, but no table of scores has this metric", first.metric);
        reader.refuse("protocol", message);
    }
    for request in &requests {
        if let Some(other) = same_file(&request.name, &requests, paper) {
            let message =
                format!("has the name `{}`: its data file would replace {other}", request.name);
            violations.push(&request.location, "table", message);
        }
    }
    requests
}

fn read_one(reader: &Reader<'_>, words: &Words<'_>) -> Option<(String, TableRequest)> {
    let name = read_item_name(reader, words.vocabulary);
    let caption = reader.required::<String>("caption");
    let (_, read) = KINDS.iter().find(|(known, _)| Some(*known) == reader.kind())?;
    let kind = read(reader, words);
    let location = reader.location().clone();
    let request = TableRequest { name: name?, caption: caption?, kind: kind?, location };
    Some((request.name.clone(), request))
}

/// The other data file of the report that the file of a table with this name would replace.
fn same_file(name: &str, requests: &[TableRequest], paper: &Paper) -> Option<String> {
    match name {
        "runs" => return Some("the file of all runs".to_owned()),
        "curves" => return Some("the file of all curves".to_owned()),
        _ => {}
    }
    of_kind::<Scores>(requests).find_map(|(table, _)| {
        let protocols = paper.protocols.iter().map(|protocol| &protocol.metric);
        let same = protocols.into_iter().find(|metric| format!("{table}-{metric}") == name)?;
        Some(format!("that of table `{table}` under `{same}`"))
    })
}

/// Computes all tables of the report.
#[must_use]
pub fn tabulate(results: &Results<'_>) -> Vec<TableItem> {
    let numbered = results.requests.par_iter().enumerate();
    let items = numbered.map(|(index, request)| {
        let tables = request.kind.tabulate(results);
        let rows = tables.iter().flat_map(|table| &table.rows);
        let conditions: BTreeSet<_> = rows.flat_map(|row| row.conditions.iter().copied()).collect();
        TableItem {
            name: request.name.clone(),
            number: index + 1,
            caption: request.caption.clone(),
            place: request.location.to_string(),
            tables,
            conditions: conditions.into_iter().collect(),
        }
    });
    items.collect()
}
