//! Which tables and figures show one experiment alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::experiment::ConditionId;
use crate::paper::EXPERIMENT;
use crate::summary::Summary;
use crate::table::TableItem;

/// The names of tables and figures, in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ItemNames {
    /// The tables.
    pub tables: Vec<String>,
    /// The figures.
    pub figures: Vec<String>,
}

/// The items of each experiment that show no other experiment, and the items of several experiments or of none. Figures
/// are in order, each with its conditions.
pub(super) fn own_items(
    summary: &Summary,
    tables: &[TableItem],
    figures: &[(&str, &[ConditionId])],
) -> (BTreeMap<String, ItemNames>, ItemNames) {
    let (mut own, mut shared) = (BTreeMap::<String, ItemNames>::new(), ItemNames::default());
    let only = |conditions: &[ConditionId]| {
        let names = conditions.iter().map(|id| summary.condition(*id).levels[EXPERIMENT].spelled());
        let names: BTreeSet<&str> = names.collect();
        names.first().filter(|_| names.len() == 1).map(|name| (*name).to_owned())
    };
    for table in tables {
        let items = match only(&table.conditions) {
            Some(experiment) => own.entry(experiment).or_default(),
            None => &mut shared,
        };
        items.tables.push(table.name.clone());
    }
    for (name, conditions) in figures {
        let items = match only(conditions) {
            Some(experiment) => own.entry(experiment).or_default(),
            None => &mut shared,
        };
        items.figures.push((*name).to_owned());
    }
    (own, shared)
}
