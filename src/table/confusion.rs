//! `kind = "confusion"`: how many examples of each class a network finds, and how many of its answers are right.

use super::cell::{Cell, Style};
use super::content::{Column, Row, SeedValue, Table};
use super::key::Key;
use super::kind::{Kind, Results, Words};
use crate::document::Reader;
use crate::experiment::{ConditionId, Conditions};
use crate::format::Digits;
use crate::paper::keys::read_classified;
use crate::paper::{Names, Paper, Selection};
use crate::run::Direction;
use crate::stats::{Estimate, Level, Sample};
use crate::summary::ConditionSummary;

/// One row for each class of one condition: its recall and its precision.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfusionTable {
    selection: Selection,
}

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> ConfusionTable {
    ConfusionTable { selection: read_classified(reader, words.vocabulary) }
}

/// The names of the classes of the data of a condition.
#[must_use]
pub fn class_names(names: Names<'_>, id: ConditionId) -> Vec<String> {
    let conditions = Conditions::of(names.experiments);
    let network = conditions.design(id).network();
    network.map(|network| network.data.found().facts.classes.clone()).unwrap_or_default()
}

impl Kind for ConfusionTable {
    fn covers(&self, _: &Paper) -> Vec<Selection> {
        vec![self.selection.clone()]
    }

    fn metric(&self) -> Option<&str> {
        None
    }

    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        let ids = results.summary.select(&self.selection);
        let rows = ids.iter().flat_map(|id| rows(*id, results)).collect();
        let mut notes = vec![
            "recall: share of the test examples of the class that the network finds. precision: share of the answers \
             with this class that are right. Both are means over the seeds, with Student's 95 % interval and one dot \
             per seed for the recall."
                .to_owned(),
            "A run without a test example of the class has no recall, and a run that never answers the class has no \
             precision. The means are over the other runs."
                .to_owned(),
            results.summary.network_note(&ids),
        ];
        notes.extend(
            results.summary.folds(&ids).iter().any(|folds| *folds > 1).then(|| {
                "The test examples of a run are those of all its folds together.".to_owned()
            }),
        );
        vec![Table {
            unit: "%".to_owned(),
            better: Some(Direction::Higher),
            columns: vec![
                Column::text("class", Key::Class),
                Column::number("seeds", [Key::Seeds, Key::Expected]),
                Column::number("recall, %", [Key::Recall]),
                Column::number("95 % interval", [Key::RecallLower, Key::RecallUpper]),
                Column::number("precision, %", [Key::Precision]),
                Column::number("95 % interval", [Key::PrecisionLower, Key::PrecisionUpper]),
            ],
            rows,
            notes,
            ..Table::default()
        }]
    }
}

fn rows(id: ConditionId, results: &Results<'_>) -> Vec<Row> {
    let condition = results.summary.condition(id);
    let (recalls, precisions) = (condition.recalls(), condition.precisions());
    let style = Style::Fixed(Digits::PERCENT);
    let row = |(class, name): (usize, String)| {
        let [recall, precision] = [&recalls, &precisions].map(|shares| estimate(shares, class));
        let number = |estimate: Option<Estimate>| Cell::Number(estimate.map(|e| e.mean), style);
        let n = recall.map_or(0, |recall| recall.n);
        Row {
            cells: vec![
                Cell::Text(name.clone(), name.clone()),
                Cell::Count(n, condition.expected, condition.exceptions),
                number(recall),
                Cell::interval_of(recall, style),
                number(precision),
                Cell::interval_of(precision, style),
            ],
            conditions: vec![id],
            seeds: seeds(condition, &recalls, class, &name),
        }
    };
    class_names(results.names, id).into_iter().enumerate().map(row).collect()
}

/// The estimate over the runs of the share of a class, in percent.
fn estimate(shares: &[Vec<Option<f64>>], class: usize) -> Option<Estimate> {
    let values = shares.iter().filter_map(|of_run| *of_run.get(class)?);
    let values: Vec<f64> = values.map(|share| 100.0 * share).collect();
    Some(Estimate::of(&Sample::new(&values)?, Level::NINETY_FIVE))
}

/// The recall of a class in each run.
fn seeds(
    condition: &ConditionSummary,
    recalls: &[Vec<Option<f64>>],
    class: usize,
    name: &str,
) -> Vec<SeedValue> {
    let counted = condition.runs.iter().filter(|run| run.confusion.is_some());
    let value = |(run, recalls): (&crate::summary::RunScores, &Vec<Option<f64>>)| {
        let value = 100.0 * (*recalls.get(class)?)?;
        let written = format!("{} %", Digits::PERCENT.write(value));
        Some(SeedValue { value, title: run.title(name, &written) })
    };
    counted.zip(recalls).filter_map(value).collect()
}
