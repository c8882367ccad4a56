//! `kind = "scores"`, the default: scores by the levels of factors, beside published values.

use super::bimodal::bimodal_note;
use super::cell::{Cell, Style};
use super::content::{Column, Row, Table};
use super::key::Key;
use super::kind::{
    Kind, Results, Rows, Variation, Words, averaged_note, left_out_note, read_conditions,
};
use super::score_rows::{Order, Published, ScoreRow, Scores, metrics_of};
use crate::document::{Reader, Value};
use crate::experiment::Level;
use crate::paper::keys::{check_level, choice, differs_note, read_each, read_factors, read_metric};
use crate::paper::{Metric, Names, Paper, ScoreUnit, Selection};

/// Reads the keys of the table.
pub(super) fn read(reader: &Reader<'_>, words: &Words<'_>) -> Option<Scores> {
    let metric = read_metric(reader, &words.paper.metrics);
    let by = read_factors(reader, "by", words.vocabulary);
    let metrics: Vec<_> =
        metric.iter().flat_map(|metric| metrics_of(metric, words.paper)).cloned().collect();
    let by_names = by.clone().unwrap_or_default();
    let (selection, differs) = read_conditions(reader, &metrics, &by_names, &[&by_names], words);
    let order = match reader.node("order") {
        Some(_) => choice(reader, "order", &ORDERS),
        None => Some(Order::Listed),
    };
    let known = metrics.iter().filter_map(|metric| words.paper.metric(metric));
    let undirected = known.into_iter().find(|metric| metric.better().is_none());
    if let (Some(Order::Best), Some(metric)) = (order, undirected) {
        let message = format!(
            "cannot be `best`, because no score by `{}` is better; give `ascending` or `descending`",
            metric.name
        );
        reader.refuse("order", message);
    }
    let own = metric.as_ref().and_then(|metric| words.paper.metric(metric));
    let published = read_each(reader, "published", |reader, _| {
        let row = read_published(reader, &by_names, &selection, own, words)?;
        let levels: Vec<_> = row.row.iter().map(|level| level.to_json().to_string()).collect();
        Some((levels.join(", "), row))
    });
    let (metric, by, order) = (metric?, by?, order?);
    Some(Scores { metric, by, selection, order, published, differs })
}

/// The orders of rows by their names.
const ORDERS: [(&str, Order); 4] = [
    ("listed", Order::Listed),
    ("best", Order::Best),
    ("ascending", Order::Ascending),
    ("descending", Order::Descending),
];

fn read_published(
    reader: &Reader<'_>,
    by: &[String],
    selection: &Selection,
    metric: Option<&Metric>,
    words: &Words<'_>,
) -> Option<Published> {
    let vocabulary = words.vocabulary;
    let node = reader.node("row");
    let row: Option<Vec<Level>> = node.map(|node| match &node.value {
        Value::Array(levels) if by.len() != 1 => {
            levels.iter().map(|level| Level::of(&level.value)).collect()
        }
        // The level of a single factor may be written as a list of one.
        Value::Array(levels) if levels.len() == 1 => vec![Level::of(&levels[0].value)],
        single => vec![Level::of(single)],
    });
    match (&row, node) {
        (Some(row), _) if row.len() != by.len() => {
            let (factors, n) = (by.join(", "), row.len());
            reader.refuse("row", format!("must give a level for each of {factors}, but gives {n}"));
        }
        (Some(row), Some(node)) => {
            for (factor, level) in by.iter().zip(row) {
                check_level(reader, "row", node, (factor, level), vocabulary);
                if selection.get(factor).is_some_and(|levels| !levels.contains(level)) {
                    let message = format!("is not in the table: its `where` leaves out `{level}`");
                    reader.refuse("row", message);
                }
            }
        }
        _ => {}
    }
    let is_row = |levels: &crate::experiment::Levels| {
        by.iter().map(|factor| levels.get(factor)).eq(row.iter().flatten().map(Some))
    };
    if reader.is_sound() && !vocabulary.conditions(selection).any(is_row) {
        reader.refuse("row", "is not a row of the table");
    }
    let is_percent = metric.is_none_or(|metric| metric.unit == ScoreUnit::Percent);
    let [least, most] = if is_percent { [0.0, 100.0] } else { [f64::MIN, f64::MAX] };
    let mean = reader.required_in("mean", least..=most);
    let std_dev = reader.required_in("std", 0.0..=most);
    Some(Published { row: row?, mean: mean?, std_dev: std_dev? })
}

impl Kind for Scores {
    fn covers(&self, _: &Paper) -> Vec<Selection> {
        vec![self.selection.clone()]
    }

    fn metric(&self) -> Option<&str> {
        Some(&self.metric)
    }

    /// The table under its own metric. If this is the metric of the first protocol, one table for
    /// each protocol.
    fn tabulate(&self, results: &Results<'_>) -> Vec<Table> {
        let metrics = self.metrics(results.names.paper);
        let is_split = metrics.len() > 1;
        let table = |metric: &String| {
            let rows = self.rows(metric, results);
            let metric_of_protocol = is_split.then(|| metric.clone());
            Table { metric: metric_of_protocol, ..self.table(metric, &rows, results) }
        };
        metrics.into_iter().map(table).collect()
    }
}

impl Scores {
    fn table(&self, metric: &str, rows: &[ScoreRow], results: &Results<'_>) -> Table {
        let names = results.names;
        // Published values belong only to the metric of the table.
        let has_published = !self.published.is_empty() && metric == self.metric;
        let unit = &results.metric(metric).unit;
        let head = |what: &str| format!("{} (std)", unit.in_head(what));
        let ours = head(if self.published.is_empty() { "mean" } else { "ours" });
        let ids: Vec<_> = rows.iter().flat_map(|row| row.conditions.clone()).collect();
        let digits = results.digits(&ids, metric);
        let number = |value| Cell::Number(value, Style::Fixed(digits));
        let variation = Variation::of(rows.iter().map(|row| row.varies));
        let factors = self.by.iter();
        let mut columns: Vec<_> = factors
            .map(|name| Column::text(names.factor(name), Key::Level(name.clone())))
            .collect();
        // An interval counts seeds. A row of several conditions has more runs.
        let is_pooled = rows.iter().any(|row| row.conditions.len() > 1);
        let n = if is_pooled { "runs" } else { "n" };
        columns.push(Column::number(n, [Key::N, Key::Expected]));
        columns.push(Column::number(ours.clone(), [Key::Mean, Key::Std]));
        if has_published {
            let keys = [Key::PublishedMean, Key::PublishedStd];
            columns.push(Column::number(head("published"), keys));
            columns.push(Column::number("difference", [Key::Difference]));
        }
        match is_pooled {
            true => {
                columns.push(Column::number("seeds", [Key::Seeds]));
                columns.push(Column::number("SD (n − 1)", [Key::SampleStd]));
            }
            false => columns.push(Column::number("SD (n − 1)", [Key::SampleStd, Key::Seeds])),
        }
        columns.push(Column::number("95 % interval", [Key::Lower, Key::Upper]));
        columns.extend(variation.column.clone());
        let row = |row: &ScoreRow| {
            let levels = self.by.iter().zip(&row.levels);
            let mut cells: Vec<_> = levels
                .map(|(factor, level)| Cell::Level(names.level(factor, level), level.clone()))
                .collect();
            cells.push(Cell::Count(row.n, row.expected, row.exceptions));
            cells.push(Cell::MeanAndStdDev(row.mean, row.std_dev, digits));
            if has_published {
                let published = row.published.as_ref();
                let (mean, std_dev) = (published.map(|p| p.mean), published.map(|p| p.std_dev));
                cells.push(Cell::MeanAndStdDev(mean, std_dev, digits));
                let difference = row.mean.zip(mean).map(|(ours, published)| ours - published);
                cells.push(Cell::Number(difference, Style::Signed(digits)));
            }
            let std_dev = row.estimate.and_then(|estimate| estimate.std_dev);
            let n = row.estimate.map(|estimate| estimate.n as f64);
            match is_pooled {
                true => {
                    cells.push(Cell::Number(n, Style::Whole));
                    cells.push(number(std_dev));
                }
                false => {
                    cells.push(Cell::NumberAnd(std_dev, Style::Fixed(digits), n, Style::Whole));
                }
            }
            cells.push(Cell::interval_of(row.estimate, Style::Fixed(digits)));
            cells.extend(variation.cell(row.varies));
            let seeds = results.seed_values(&row.conditions, metric);
            Row { cells, conditions: row.conditions.clone(), seeds }
        };
        let mut notes = vec![results.metric_note(metric, &ids)];
        notes.extend(results.folds_note(&ids));
        notes.extend(self.notes(&ours, rows));
        let all_rows = [self.named(rows, results)];
        notes.extend(averaged_note(&all_rows, results));
        if !self.published.is_empty() && !has_published {
            notes.push(
                "The published values are of another protocol, and are not shown.".to_owned(),
            );
        }
        notes.push(variation.note.to_owned());
        notes.extend(bimodal_note(ids, metric, results));
        notes.extend(self.limits_of(&all_rows[0], results));
        Table {
            metric: None,
            unit: unit.symbol().to_owned(),
            better: results.metric(metric).better(),
            columns,
            rows: rows.iter().map(row).collect(),
            notes,
            is_uneven: all_rows[0].is_uneven(),
        }
    }

    fn named<'r>(&self, rows: &[ScoreRow], results: &Results<'r>) -> Rows<'r> {
        let label = |row: &ScoreRow| row_label(results.names, &self.by, &row.levels);
        let rows = rows.iter().map(|row| (label(row), &row.conditions[..]));
        Rows::new(&self.by, rows, results)
    }

    /// Sentences on what readers must know to compare the rows.
    #[must_use]
    pub fn limits(&self, rows: &[ScoreRow], results: &Results<'_>) -> Vec<String> {
        self.limits_of(&self.named(rows, results), results)
    }

    fn limits_of(&self, named: &Rows<'_>, results: &Results<'_>) -> Vec<String> {
        let notes = [
            named.uneven_note(results),
            left_out_note(&self.selection, &self.by, results),
            differs_note(&self.differs),
        ];
        notes.into_iter().flatten().collect()
    }

    fn notes(&self, ours: &str, rows: &[ScoreRow]) -> [String; 2] {
        let is_pooled = rows.iter().any(|row| row.conditions.len() > 1);
        let (means, over) = match is_pooled {
            false => ("mean and population standard deviation (divided by n) over the seeds", ""),
            true => (
                "mean of the means of the conditions, and mean of their population standard \
                 deviations (divided by n)",
                " over the seeds; the value of a seed is its mean over the conditions of the row",
            ),
        };
        let as_published = match self.published.is_empty() {
            true => "",
            false => ", computed as in the publication",
        };
        [
            format!("{ours}: {means}{as_published}."),
            format!(
                "SD (n − 1): sample standard deviation{over}. 95 % interval: Student's t interval of the \
                 mean."
            ),
        ]
    }
}

/// For each table of scores, sentences on what readers must know to compare its rows.
pub(super) fn limits_of(tables: &[(String, Scores)], results: &Results<'_>) -> Vec<String> {
    let notes = |(name, scores): &(String, Scores)| {
        let number = results.number(name);
        let limits = scores.limits(&scores.grouped(&scores.metric, results.summary), results);
        limits.into_iter().map(|note| format!("{number}: {note}")).collect::<Vec<_>>()
    };
    tables.iter().flat_map(notes).collect()
}

/// A row in a few words: `deep`, or `weight sharing: no`.
#[must_use]
pub fn row_label(names: Names<'_>, by: &[String], levels: &[Level]) -> String {
    match (by, levels) {
        ([factor], [level]) if factor != crate::paper::EXPERIMENT => {
            format!("{}: {}", names.factor(factor), names.level(factor, level))
        }
        _ => names.describe(by.iter().zip(levels)),
    }
}
