//! The trait of a kind of table: reads its keys, names the conditions that it shows, and computes
//! its tables.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::cell::Cell;
use super::content::{Column, SeedValue, Table};
use super::key::Key;
use crate::document::{Location, Reader};
use crate::experiment::{ConditionId, Level};
use crate::format::{Digits, MISSING};
use crate::paper::checks::check_measured;
use crate::paper::keys::{Differs, check_distinct, read_differs, read_selection};
use crate::paper::{EXPERIMENT, Metric, Names, Paper, Selection, Vocabulary};
use crate::run::Direction;
use crate::summary::{SeedVariation, Summary};

/// A kind of table, with the keys that it has read.
pub trait Kind: Any + fmt::Debug + Send + Sync {
    /// The conditions that it shows, those that any of these selections contains.
    fn covers(&self, paper: &Paper) -> Vec<Selection>;

    /// The metric of its scores, or one that has the unit and the direction of all of them. `None`
    /// without scores.
    fn metric(&self) -> Option<&str>;

    /// Its content: one table, or one for each protocol.
    fn tabulate(&self, results: &Results<'_>) -> Vec<Table>;
}

/// A table of the paper file.
#[derive(Clone, Debug)]
pub struct TableRequest {
    /// How templates refer to it.
    pub name: String,
    /// What it shows, for readers.
    pub caption: String,
    /// Its kind.
    pub kind: Arc<dyn Kind>,
    /// Its place in the paper file.
    pub location: Location,
}

/// What the keys of a table may refer to.
#[derive(Clone, Copy)]
pub struct Words<'w> {
    /// Experiments, factors and levels.
    pub vocabulary: &'w Vocabulary<'w>,
    /// Metrics, protocols and draws.
    pub paper: &'w Paper,
    /// The tables before this one.
    pub earlier: &'w [TableRequest],
}

/// What tables are computed from.
#[derive(Clone, Copy)]
pub struct Results<'r> {
    /// Names of experiments, factors and levels in the report.
    pub names: Names<'r>,
    /// The scores.
    pub summary: &'r Summary,
    /// All tables of the paper file, in order of their numbers.
    pub requests: &'r [TableRequest],
}

/// The keys of the tables of kind `K` among `requests`, with their names.
pub fn of_kind<K: Kind + 'static>(requests: &[TableRequest]) -> impl Iterator<Item = (&str, &K)> {
    requests.iter().filter_map(|request| {
        let kind: &dyn Any = &*request.kind;
        Some((request.name.as_str(), kind.downcast_ref::<K>()?))
    })
}

impl<'r> Results<'r> {
    /// `Table 4`. Empty if there is no table of this name.
    #[must_use]
    pub fn number(self, name: &str) -> String {
        let number = self.requests.iter().position(|request| request.name == name);
        number.map_or_else(String::new, |number| format!("Table {}", number + 1))
    }

    /// A metric of the paper.
    #[must_use]
    pub fn metric(self, name: &str) -> &'r Metric {
        self.names.paper.metric(name).expect("what names a metric was checked when it was read")
    }

    /// The digits of the scores of some conditions: for their range and their standard deviations.
    #[must_use]
    pub fn digits(self, ids: &[ConditionId], metric: &str) -> Digits {
        let aggregates = || self.summary.all(ids).filter_map(|one| one.aggregates.get(metric));
        let sizes = aggregates().flat_map(|one| [one.minimum, one.maximum]).flatten();
        self.metric(metric).digits(sizes, aggregates().filter_map(|one| one.std_dev))
    }

    /// The scores of conditions by seed. For several conditions, the mean over them for each seed.
    #[must_use]
    pub fn seed_values(self, ids: &[ConditionId], metric: &str) -> Vec<SeedValue> {
        if let [id] = ids {
            return self.runs(*id, metric);
        }
        let (digits, unit) = (self.digits(ids, metric), &self.metric(metric).unit);
        let value = |(seed, value): (u64, f64)| {
            let digests = self.summary.digests(ids, seed);
            let written = unit.after(&digits.write(value));
            SeedValue { value, title: format!("seed {seed}: {written}, mean of runs {digests}") }
        };
        self.summary.by_seed(ids, metric).into_iter().map(value).collect()
    }

    /// Each run of a condition that has a score by `metric`, in order of the seeds.
    #[must_use]
    pub fn runs(self, id: ConditionId, metric: &str) -> Vec<SeedValue> {
        let condition = self.summary.condition(id);
        let label = self.names.describe(&condition.levels);
        let (digits, unit) = (self.digits(&[id], metric), &self.metric(metric).unit);
        let runs = condition.runs.iter().filter_map(|run| {
            let value = run.scores.get(metric)?;
            let title = run.title(&label, &unit.after(&digits.write(value)));
            Some(SeedValue { value, title })
        });
        runs.collect()
    }

    /// The description of a metric: its label, how a score is taken, and which scores are better if
    /// these are not the higher ones. The scores are those of some conditions.
    #[must_use]
    pub fn metric_note(self, metric: &str, ids: &[ConditionId]) -> String {
        let metric = self.metric(metric);
        let better = match metric.better() {
            Some(Direction::Lower) => " Lower is better.",
            Some(Direction::Higher) | None => "",
        };
        let formula = metric.formula(&self.summary.ends(ids));
        format!("The score of a run ({}) is {formula}.{better}", metric.label)
    }

    /// A sentence on the scores of runs with several folds; `None` if these conditions have none.
    #[must_use]
    pub fn folds_note(self, ids: &[ConditionId]) -> Option<String> {
        let folds = self.summary.folds(ids);
        let several: Vec<_> = folds.iter().filter(|n| **n > 1).map(usize::to_string).collect();
        let some = if folds.contains(&1) { "in some conditions " } else { "" };
        (!several.is_empty()).then(|| {
            format!(
                "The score of a run is {some}the mean over its {} folds. The folds are no samples: the statistics \
                 count seeds.",
                several.join(" or ")
            )
        })
    }

    /// The label of a metric.
    #[must_use]
    pub fn metric_label(self, metric: &str) -> &'r str {
        self.metric(metric).label.as_str()
    }
}

/// Reads the keys that select conditions with scores by these metrics: `where` and `differs`.
/// Conditions without a factor of `by` are left out. Each set of `named` has the factors that some
/// rows name. Such a row counts each run once, and its data differ only in the factors that it
/// names.
pub(super) fn read_conditions(
    reader: &Reader<'_>,
    metrics: &[String],
    by: &[String],
    named: &[&[String]],
    words: &Words<'_>,
) -> (Selection, Differs) {
    let vocabulary = words.vocabulary;
    let selection = read_selection(reader, vocabulary);
    let is_known = |name: &String| vocabulary.levels(name).is_some();
    let has_row = by.iter().all(is_known)
        && vocabulary
            .conditions(&selection)
            .any(|levels| by.iter().all(|f| levels.contains_key(f)));
    // Unknown words have a violation already.
    if !has_row && reader.is_sound() {
        reader.refuse("where", "selects no condition for the table");
    }
    for metric in metrics {
        check_measured(reader, "metric", words.paper.metric(metric), &selection, vocabulary);
    }
    let mut shown = selection.clone();
    for factor in by {
        let levels = || vocabulary.levels(factor).unwrap_or_default().to_vec();
        shown.entry(factor.clone()).or_insert_with(levels);
    }
    let mut found = Differs::new();
    for named in named {
        check_distinct(reader, "where", &vocabulary.with_common_run(&[&shown], named));
        found.extend(vocabulary.data_differences(&shown, *named));
    }
    let differs = read_differs(reader, found, "where");
    (selection, differs)
}

/// A sentence on the experiments that lack a factor of a selection or of `by`, and are left out for
/// that; `None` if there are none.
#[must_use]
pub fn left_out_note(
    selection: &Selection,
    by: &[String],
    results: &Results<'_>,
) -> Option<String> {
    let names = results.names;
    let factors: BTreeSet<&String> = selection.keys().chain(by).collect();
    let mut lacking: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for condition in results.summary.conditions() {
        let lacks = |factor: &&&String| !condition.levels.contains_key(**factor);
        let is_selected = |(factor, levels): (&String, &Vec<Level>)| {
            condition.levels.get(factor).is_none_or(|level| levels.contains(level))
        };
        let missing = factors.iter().filter(lacks).map(|factor| names.factor(factor));
        let missing: Vec<_> = missing.collect();
        if selection.iter().all(is_selected) && !missing.is_empty() {
            let title = names.level(EXPERIMENT, &condition.levels[EXPERIMENT]);
            lacking.entry(title).or_default().extend(missing);
        }
    }
    let experiment = |(title, factors): (String, BTreeSet<&str>)| {
        format!("{title} ({})", factors.into_iter().collect::<Vec<_>>().join(", "))
    };
    let lacking: Vec<_> = lacking.into_iter().map(experiment).collect();
    (!lacking.is_empty())
        .then(|| format!("Left out, because they lack a factor: {}.", lacking.join("; ")))
}

/// Rows that name the same factors.
pub(super) struct Rows<'r> {
    /// The label of each row, and its levels by the factors that it does not name.
    rows: Vec<(String, Covered<'r>)>,
    /// The factors whose levels are not the same in all rows.
    uneven: BTreeSet<&'r str>,
}

/// The levels of a row, by factor, in the order of the conditions.
type Covered<'r> = BTreeMap<&'r str, Vec<&'r Level>>;

impl<'r> Rows<'r> {
    /// Rows that name the factors `named`, each with its label and its conditions. A row of
    /// differences has the conditions of one side.
    pub(super) fn new<'c>(
        named: &[String],
        rows: impl Iterator<Item = (String, &'c [ConditionId])>,
        results: &Results<'r>,
    ) -> Self {
        let covered = |conditions: &[ConditionId]| {
            let mut covered = Covered::new();
            for id in conditions {
                for (factor, level) in &results.summary.condition(*id).levels {
                    if !named.contains(factor) {
                        add(covered.entry(factor).or_default(), level);
                    }
                }
            }
            covered
        };
        let rows: Vec<_> = rows.map(|(label, conditions)| (label, covered(conditions))).collect();
        Self { uneven: uneven(&rows), rows }
    }

    /// Whether the rows do not cover the same levels of some factor.
    pub(super) fn is_uneven(&self) -> bool {
        !self.uneven.is_empty()
    }

    /// A sentence if the rows do not cover the same levels of a factor: this alone may be the cause
    /// of a difference between their means.
    pub(super) fn uneven_note(&self, results: &Results<'_>) -> Option<String> {
        let row = |(label, covered): &(String, Covered<'_>)| {
            let levels = covered.iter().filter(|(factor, _)| self.uneven.contains(**factor));
            let levels: Vec<_> =
                levels.map(|(factor, levels)| listed(factor, levels, results)).collect();
            let levels = if levels.is_empty() { MISSING.to_owned() } else { levels.join(", ") };
            format!("{label}: {levels}")
        };
        let rows = || self.rows.iter().map(row).collect::<Vec<_>>().join("; ");
        self.is_uneven()
            .then(|| format!("The rows are means over different conditions. {}.", rows()))
    }
}

/// The factors whose levels are not the same in all rows.
fn uneven<'r>(rows: &[(String, Covered<'r>)]) -> BTreeSet<&'r str> {
    let factors: BTreeSet<&str> = rows.iter().flat_map(|(_, row)| row.keys().copied()).collect();
    let differs = |factor: &&'r str| {
        let levels = |(_, row): &(String, Covered<'r>)| -> BTreeSet<&Level> {
            row.get(factor).into_iter().flatten().copied().collect()
        };
        let first = levels(&rows[0]);
        rows.iter().any(|row| levels(row) != first)
    };
    factors.into_iter().filter(differs).collect()
}

fn add<T: PartialEq>(items: &mut Vec<T>, item: T) {
    if !items.contains(&item) {
        items.push(item);
    }
}

/// `learning rate (0.01, 0.1)`.
fn listed(factor: &str, levels: &[&Level], results: &Results<'_>) -> String {
    let mut labels: Vec<String> = Vec::new();
    for level in levels {
        add(&mut labels, results.names.level(factor, level));
    }
    format!("{} ({})", results.names.factor(factor), labels.join(", "))
}

/// A sentence on the factors over whose levels each row is a mean; `None` if there are none.
pub(super) fn averaged_note(all: &[Rows<'_>], results: &Results<'_>) -> Option<String> {
    let mut averaged = Covered::new();
    for rows in all {
        for (factor, levels) in rows.rows.iter().flat_map(|(_, covered)| covered) {
            if levels.len() > 1 && !rows.uneven.contains(factor) {
                let known = averaged.entry(*factor).or_default();
                for level in levels {
                    add(known, *level);
                }
            }
        }
    }
    let averaged = averaged.iter().map(|(factor, levels)| listed(factor, levels, results));
    let averaged: Vec<_> = averaged.collect();
    (!averaged.is_empty()).then(|| {
        format!(
            "Each row is a mean over the levels of the factors that it does not name: {}.",
            averaged.join("; ")
        )
    })
}

/// What varies between the seeds: a sentence for the notes, and a column if it differs between
/// rows.
pub(super) struct Variation {
    /// A sentence for the notes.
    pub(super) note: &'static str,
    /// The column, if rows differ.
    pub(super) column: Option<Column>,
}

impl Variation {
    /// What varies in all rows of a table.
    #[must_use]
    pub(super) fn of(rows: impl Iterator<Item = Option<SeedVariation>>) -> Self {
        let all: BTreeSet<_> = rows.flatten().collect();
        let note = match all.first() {
            _ if all.len() > 1 => "The column “seeds vary” says what differs between seeds.",
            Some(SeedVariation::Initialisation) | None => {
                "Runs with different seeds differ in the initialisation and the other random draws of \
                 training. All seeds of a condition use the same data."
            }
            Some(SeedVariation::DataAndInitialisation) => {
                "Runs with different seeds differ in the draw of the data, the initialisation and the other \
                 random draws of training."
            }
            Some(SeedVariation::SplitAndInitialisation) => {
                "Runs with different seeds differ in the split of the data, the initialisation and the other random \
                 draws of training. All splits are of the same examples. As far as two runs share examples, they are \
                 not independent: for other data, intervals are too narrow and p values too small, and more splits \
                 do not mend this."
            }
            Some(SeedVariation::Program) => {
                "Runs with different seeds differ in all that the program draws from its seed."
            }
            Some(SeedVariation::DataOfSome) => {
                "Runs with different seeds differ in the initialisation and the other random draws of \
                 training. In some conditions of a row, they also differ in the draw or the split of the data."
            }
        };
        let column = (all.len() > 1).then(|| Column::text("seeds vary", Key::Varies));
        Self { note, column }
    }

    /// The cell of a row in the column, if the column exists.
    #[must_use]
    pub(super) fn cell(&self, varies: Option<SeedVariation>) -> Option<Cell> {
        self.column.as_ref()?;
        let label = match varies {
            Some(SeedVariation::Initialisation) => "initialisation",
            Some(SeedVariation::DataAndInitialisation) => "data and initialisation",
            Some(SeedVariation::SplitAndInitialisation) => "split and initialisation",
            Some(SeedVariation::Program) => "what the program draws",
            Some(SeedVariation::DataOfSome) => "data in some conditions",
            None => MISSING,
        };
        let word = varies.map_or("", SeedVariation::word);
        Some(Cell::Text(label.to_owned(), word.to_owned()))
    }
}
