//! The notes below tables. A sentence stands below the first table that needs it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::skeleton::Skeleton;
use crate::table::{Table, TableItem};

/// The most words that name a sentence.
const MOST_WORDS: usize = 5;

/// A note below a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Note {
    /// The number of the table that says it in full, if another one does.
    pub(super) table: Option<usize>,
    /// What it says, or the names of what the other table says.
    pub(super) text: String,
}

impl Note {
    /// The note without a link.
    pub(super) fn plain(&self) -> String {
        match self.table {
            Some(number) => format!("Table {number} {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// The notes of a table. A sentence that an earlier table of the report has under the same protocol is only
/// named, by its first words.
pub(super) fn notes_of(
    skeleton: &Skeleton,
    items: &[TableItem],
    item: &TableItem,
    table: &Table,
) -> Vec<Note> {
    let is_before = |other: &&TableItem| {
        other.number < item.number && skeleton.shown.contains(&format!("table {}", other.name))
    };
    let has = |other: &TableItem, note: &String| {
        let same = other.tables.iter().find(|one| one.metric == table.metric);
        same.or(other.tables.first()).is_some_and(|one| one.notes.contains(note))
    };
    let mut elsewhere: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut notes = Vec::new();
    for note in &table.notes {
        match items.iter().filter(is_before).find(|other| has(other, note)) {
            Some(other) => {
                let names = elsewhere.entry(other.number).or_default();
                // Two sentences can begin with the same words.
                let name = name_of(note);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            None => notes.push(Note { table: None, text: note.clone() }),
        }
    }
    let named = |(number, names): (usize, Vec<String>)| Note {
        table: Some(number),
        text: format!("also explains {}.", names.join(", ")),
    };
    notes.extend(elsewhere.into_iter().map(named));
    notes
}

/// The first words of a sentence, up to its first colon, bracket or comma: `“The score of a run”`.
fn name_of(note: &str) -> String {
    let start = note.split([':', '(', ',', '.']).next().unwrap_or_default();
    let words: Vec<_> = start.split_whitespace().take(MOST_WORDS).collect();
    format!("“{}”", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_said_below_the_first_table_that_the_report_shows() {
        let item = |number: usize, notes: &[&str]| {
            let notes = notes.iter().map(|note| (*note).to_owned()).collect();
            let (name, caption, place) = (format!("t{number}"), String::new(), String::new());
            let tables = vec![Table { notes, ..Table::default() }];
            TableItem { name, number, caption, place, tables, conditions: Vec::new() }
        };
        let items = [item(1, &["A."]), item(2, &["A.", "B."]), item(3, &["B.", "A.", "C."])];
        let said = |shown: &[&str], index: usize| {
            let shown = shown.iter().map(|name| format!("table {name}")).collect();
            let skeleton = Skeleton { shown, ..Skeleton::default() };
            notes_of(&skeleton, &items, &items[index], &items[index].tables[0])
                .iter()
                .map(Note::plain)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let all = ["t1", "t2", "t3"];
        assert_eq!(said(&all, 0), "A.");
        assert_eq!(said(&all, 1), "B. Table 1 also explains “A”.");
        assert_eq!(said(&all, 2), "C. Table 1 also explains “A”. Table 2 also explains “B”.");
        assert_eq!(said(&["t3"], 2), "B. A. C.");
    }
}
