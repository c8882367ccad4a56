//! What checks are decided by, and the words of findings about it.

use std::collections::BTreeSet;

use super::check::{CellReference, Compare};
use super::verdict::Finding;
use crate::experiment::{ConditionId, Level};
use crate::paper::keys::{Differs, differs_note};
use crate::paper::{EXPERIMENT, Selection};
use crate::run::Direction;
use crate::summary::SeedVariation;
use crate::table::{Results, TableItem, left_out_note};

/// What checks are decided by.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'e> {
    pub(super) results: Results<'e>,
    pub(super) tables: &'e [TableItem],
}

impl Evidence<'_> {
    /// ` (last epoch)`: the name of a metric that is not the one of the first protocol, and whether
    /// lower scores are better.
    pub(super) fn metric_words(self, metric: &str) -> String {
        let known = self.results.metric(metric);
        let is_first = self.results.names.paper.first_metric() == Some(known);
        let name = (!is_first).then_some(known.short.as_str());
        let is_lower = known.better() == Some(Direction::Lower);
        let words: Vec<_> = name.into_iter().chain(is_lower.then_some("lower is better")).collect();
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    }

    /// `over 10 draws of the data`, or `over 9 of 10 seeds`.
    pub(super) fn seeds(self, ids: &[ConditionId], n: usize) -> String {
        let expected = self.results.summary.expected(ids);
        let what = self.seed_words(ids)[usize::from(expected != 1)];
        match expected == n {
            true => format!("over {n} {what}"),
            false => format!("over {n} of {expected} {what}"),
        }
    }

    /// What a seed of these conditions stands for, in the singular and in the plural.
    pub(super) fn seed_words(self, ids: &[ConditionId]) -> [&'static str; 2] {
        match self.results.summary.varies(ids) {
            Some(SeedVariation::DataAndInitialisation) => ["draw of the data", "draws of the data"],
            Some(SeedVariation::SplitAndInitialisation) => ["split", "splits"],
            _ => ["seed", "seeds"],
        }
    }

    /// A selection in words: `deep and fully connected, weight sharing: yes`. An experiment that
    /// repeats another on other draws goes by the title of the other: the number of draws is said
    /// apart.
    pub(super) fn words(self, selection: &Selection) -> String {
        let names = self.results.names;
        let part = |(factor, levels): (&String, &Vec<Level>)| {
            let label = |level: &Level| {
                let draws = &names.paper.draws;
                let repeated = draws.iter().find(|(_, other)| *other == level.spelled());
                let repeated = repeated.filter(|_| factor == EXPERIMENT);
                repeated.map_or_else(
                    || names.level(factor, level),
                    |(base, _)| names.level(factor, &Level::text(base)),
                )
            };
            let labels = listed(&levels.iter().map(label).collect::<Vec<_>>());
            match factor.as_str() {
                EXPERIMENT => labels,
                factor => format!("{}: {labels}", self.results.names.factor(factor)),
            }
        };
        let mut parts: Vec<_> = selection.iter().collect();
        parts.sort_by_key(|(factor, _)| *factor != EXPERIMENT);
        parts.into_iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// A label with the conditions that it is about: `weight sharing in deep`.
    pub(super) fn among(self, label: String, among: &Selection) -> String {
        match (among.is_empty(), among.contains_key(EXPERIMENT)) {
            (true, _) => label,
            (false, true) => format!("{label} in {}", self.words(among)),
            (false, false) => format!("{label}, {}", self.words(among)),
        }
    }

    /// A condition in a few words. An experiment on other draws goes by the title of its base.
    pub(super) fn described(self, id: ConditionId) -> String {
        let names = self.results.names;
        let mut levels = self.results.summary.condition(id).levels.clone();
        if let Some(experiment) = levels.get_mut(EXPERIMENT) {
            let mut draws = names.paper.draws.iter();
            if let Some((base, _)) = draws.find(|(_, other)| *other == experiment.spelled()) {
                *experiment = Level::text(base);
            }
        }
        names.describe(&levels)
    }

    /// A finding with remarks on declared differences of its conditions, and on experiments that
    /// the selections leave out because they lack a factor.
    pub(super) fn limited(
        self,
        finding: Finding,
        differs: &Differs,
        selections: &[Selection],
    ) -> Finding {
        let left_out = selections.iter().filter_map(|one| left_out_note(one, &[], &self.results));
        let left_out: BTreeSet<_> = left_out.collect();
        let notes = differs_note(differs).into_iter().chain(left_out);
        let notes = notes.map(|note| note.trim_end_matches('.').to_owned());
        let remarks = std::iter::once(finding.remark).chain(notes).filter(|part| !part.is_empty());
        Finding { remark: remarks.collect::<Vec<_>>().join("; "), ..finding }
    }

    /// A remark on rows of one table that are means over different conditions; empty if there are
    /// none.
    pub(super) fn uneven(self, check: &Compare) -> String {
        let tables = check.cells.values().filter_map(|reference| match reference {
            CellReference::Row { table, .. } => Some(table),
            CellReference::Parameters(_) => None,
        });
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<_> = tables.filter(|table| !seen.insert(*table)).collect();
        let is_uneven = |item: &&TableItem| {
            twice.contains(&item.name) && item.tables.iter().any(|table| table.is_uneven)
        };
        match self.tables.iter().find(is_uneven) {
            Some(item) => format!(
                "the rows of {} are means over different conditions",
                self.results.number(&item.name)
            ),
            None => String::new(),
        }
    }
}

/// `deep, wide and flat`.
fn listed(labels: &[String]) -> String {
    match labels {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
