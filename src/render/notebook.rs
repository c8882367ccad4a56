//! What the functions of prose templates look up and remember.

mod counts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Error, Output};

use super::arguments::{find, invalid, levels_in, levels_of, of_table, unknown};
use super::result::{ResultValue, is_result};
use super::skeleton::{Block, Item, Mark, Part, Skeleton, Source, has_whole_marks, mark, parts};
use crate::context::{ConditionContext, Context};
use crate::experiment::{ConditionId, written};
use crate::format::{Digits, MISSING};
use crate::summary::runs_of;
use crate::table::{Datum, Row, Style, Table, TableItem};

/// Largest number of runs that a number lists; a data file has all.
const LISTED_RUNS: usize = 100;

/// Seed, value and digests of the first seeds of some rows, as many of each row, and how many more there are.
fn titles(rows: &[&Row]) -> (Vec<String>, usize) {
    let most = LISTED_RUNS / rows.len().max(1);
    let listed = rows.iter().flat_map(|row| row.seeds.iter().take(most));
    let more = rows.iter().map(|row| row.seeds.len().saturating_sub(most)).sum();
    (listed.map(|seed| seed.title.clone()).collect(), more)
}

/// What the functions of one evaluation share.
pub(super) struct Notebook {
    pub(super) context: Arc<Context>,
    skeleton: Mutex<Skeleton>,
}

impl Notebook {
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), skeleton: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Skeleton> {
        self.skeleton.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was remembered, as a skeleton of this text.
    pub(super) fn take(&self, text: String) -> Skeleton {
        Skeleton { text, ..std::mem::take(&mut *self.lock()) }
    }

    /// Keeps what a mark stands for, and returns its number.
    fn keep(&self, stands_for: Mark) -> usize {
        let mut skeleton = self.lock();
        skeleton.marks.push(stands_for);
        skeleton.marks.len() - 1
    }

    /// Keeps what a mark stands for, and returns the mark.
    fn mark(&self, stands_for: Mark) -> String {
        mark(self.keep(stands_for))
    }

    /// Writes a value of the template: Markdown made here as it is, any other text as a mark.
    ///
    /// # Errors
    /// If a filter cut a mark, or if the value is an error.
    pub(super) fn write(&self, output: &mut Output<'_>, value: &Value) -> Result<(), Error> {
        let text = match value.kind() {
            ValueKind::Undefined => return Ok(()),
            ValueKind::Invalid => return Err(invalid(value.to_string())),
            // Functions and macros.
            ValueKind::Plain if !is_result(value) => {
                return Err(invalid(
                    "a function is shown and not called: write it with brackets, like `cell(…)`"
                        .to_owned(),
                ));
            }
            _ => value.to_string(),
        };
        if !has_whole_marks(&text, self.lock().marks.len()) {
            return Err(invalid(
                "a filter or a slice cut a number with its source; use `.value`".to_owned(),
            ));
        }
        if value.is_safe() {
            return Ok(output.write_str(&text)?);
        }
        for part in parts(&text) {
            match part {
                Part::Mark(index) => output.write_str(&mark(index))?,
                Part::Plain(plain) if plain.chars().all(|c| c.is_ascii_alphanumeric()) => {
                    output.write_str(plain)?;
                }
                Part::Plain(plain) => output.write_str(&self.mark(Mark::Text(plain.to_owned())))?,
            }
        }
        Ok(())
    }

    /// An item in a paragraph of its own.
    fn block(&self, block: Block) -> Value {
        Value::from_safe_string(Block::paragraph(self.keep(Mark::Block(block))))
    }

    /// Notes that the prose shows something. Links lead to its only place.
    fn show(&self, kind: &str, name: &str) -> Result<(), Error> {
        match self.lock().shown.insert(format!("{kind} {name}")) {
            true => Ok(()),
            false if kind.starts_with("list") => {
                Err(invalid(format!("the {kind} {name} is shown twice; show it once")))
            }
            false => Err(invalid(format!(
                "{kind} `{name}` is shown twice; `reference(\"{name}\")` makes a link to it"
            ))),
        }
    }

    fn table(&self, name: &str) -> Result<&TableItem, Error> {
        let known: Vec<_> = self.context.items.iter().map(|item| item.name.as_str()).collect();
        let found = self.context.items.iter().find(|item| item.name == name);
        found.ok_or_else(|| unknown("table", name, &known))
    }

    /// The table under the first protocol.
    fn first(&self, name: &str) -> Result<(&TableItem, &Table), Error> {
        let item = self.table(name)?;
        Ok((item, &item.tables[0]))
    }

    fn find_item(&self, name: &str) -> Result<Item, Error> {
        let (kind, number) = match self.context.figures.get(name) {
            Some(figure) => ("Figure", figure.number),
            None => ("Table", self.table(name)?.number),
        };
        Ok(Item { name: name.to_owned(), kind, number })
    }

    pub(super) fn item(&self, kind: &str, name: &str) -> Result<Value, Error> {
        let known: Vec<&str> = match kind {
            "figure" => self.context.figures.keys().map(String::as_str).collect(),
            _ => self.context.items.iter().map(|item| item.name.as_str()).collect(),
        };
        if !known.contains(&name) {
            return Err(unknown(kind, name, &known));
        }
        self.show(kind, name)?;
        Ok(self.block(Block::Item(self.find_item(name)?)))
    }

    pub(super) fn reference(&self, name: &str) -> Result<Value, Error> {
        Ok(Value::from_safe_string(self.mark(Mark::Reference(self.find_item(name)?))))
    }

    fn number(&self, text: String, value: Option<f64>, source: Source) -> Value {
        let mark = self.mark(Mark::Number(text, Box::new(source)));
        Value::from_object(ResultValue { mark, value })
    }

    pub(super) fn cell(&self, name: &str, column: &str, levels: &Kwargs) -> Result<Value, Error> {
        let (item, table) = self.first(name)?;
        of_table(name, table.key(column))?;
        let row = of_table(name, table.row(&levels_of(levels)?))?;
        self.datum(item, table, row, column)
    }

    /// A number of these conditions, as text. It says how many runs there are if some are missing.
    fn told(&self, text: String, conditions: &[ConditionId]) -> String {
        // A condition may be on both sides of a contrast. It counts once.
        let all: BTreeSet<_> = conditions.iter().map(|id| id.index()).collect();
        let all = all.into_iter().map(|index| &self.context.conditions[index].summary);
        let [n, expected] = runs_of(all);
        match text == MISSING || n == expected {
            true => text,
            false => format!("{text} ({n} of {expected} runs)"),
        }
    }

    /// The smallest (`side` −1) or largest (1) number of a column.
    pub(super) fn extreme(&self, name: &str, column: &str, side: f64) -> Result<Value, Error> {
        let (item, table) = self.first(name)?;
        let numbers = of_table(name, table.numbers(column))?;
        let extreme = numbers.iter().max_by(|a, b| (side * a.0).total_cmp(&(side * b.0)));
        match extreme {
            // A missing number could be smaller or larger.
            Some((_, row)) if numbers.len() == table.rows.len() => {
                self.datum(item, table, row, column)
            }
            _ => Ok(Value::from(MISSING)),
        }
    }

    /// A value of a row, with its source.
    fn datum(
        &self,
        item: &TableItem,
        table: &Table,
        row: &Row,
        column: &str,
    ) -> Result<Value, Error> {
        let key = of_table(&item.name, table.key(column))?;
        let datum = table.datum(row, column);
        // No run is behind a published value.
        let (runs, more) = if key.is_published() { (Vec::new(), 0) } else { titles(&[row]) };
        let source = Source {
            what: table.head_of(column),
            of: table.described(row),
            item: Some((item.name.clone(), item.number)),
            notes: if key.is_published() { Vec::new() } else { table.notes.clone() },
            runs,
            more,
            conditions: if key.is_published() { Vec::new() } else { row.conditions.clone() },
        };
        // The number of runs is shown with the runs that are not as readers expect.
        let text = match (column, table.cell(row, column)) {
            ("n", Some(cell)) => cell.text(),
            _ => {
                let shown = datum.as_ref().map(Datum::shown).unwrap_or_default();
                self.told(shown, &source.conditions)
            }
        };
        Ok(self.number(text, datum.as_ref().and_then(Datum::number), source))
    }

    /// The one condition with these levels.
    fn condition(&self, levels: &Kwargs) -> Result<&ConditionContext, Error> {
        let wanted = levels_of(levels)?;
        let conditions = &self.context.conditions;
        let factors: Vec<&str> = conditions
            .iter()
            .flat_map(|one| one.summary.levels.keys().map(String::as_str))
            .collect();
        if let Some(factor) = wanted.keys().find(|factor| !factors.contains(&factor.as_str())) {
            return Err(unknown("factor", factor, &factors));
        }
        let has = |one: &&ConditionContext| {
            wanted.iter().all(|(factor, level)| one.summary.levels.get(factor) == Some(level))
        };
        let matching: Vec<_> = conditions.iter().filter(has).collect();
        let levels = written(&wanted);
        match matching[..] {
            [one] => Ok(one),
            [] => {
                let of = |factor: &String| {
                    let levels = conditions.iter().filter_map(|one| one.summary.levels.get(factor));
                    levels.cloned().collect::<Vec<_>>()
                };
                let known = wanted.iter().map(|(factor, level)| (factor, level, of(factor)));
                let rare = known.into_iter().find(|(_, level, known)| !known.contains(level));
                let hint = rare.map_or_else(String::new, |(factor, level, known)| {
                    format!("; for `{factor}`, {}", level.instead(&known))
                });
                Err(invalid(format!("no condition has {levels}{hint}")))
            }
            _ => {
                let n = matching.len();
                let given = if levels.is_empty() { "no level given" } else { &levels };
                Err(invalid(format!("{n} conditions match, with {given}: give more levels")))
            }
        }
    }

    pub(super) fn score(
        &self,
        metric: &str,
        statistic: &str,
        levels: &Kwargs,
    ) -> Result<Value, Error> {
        let condition = self.condition(levels)?;
        let aggregate = find(&condition.summary.aggregates, "metric", metric)?;
        let statistics = BTreeMap::from([
            ("mean", aggregate.mean),
            ("std", aggregate.std_dev),
            ("minimum", aggregate.minimum),
            ("maximum", aggregate.maximum),
        ]);
        let known: Vec<&str> = statistics.keys().copied().collect();
        let value = statistics.get(statistic).copied();
        let value = value.ok_or_else(|| unknown("statistic", statistic, &known))?;
        let name = metric;
        let metric = &self.context.metrics[name];
        let sizes = [aggregate.minimum, aggregate.maximum].into_iter().flatten();
        let digits = metric.metric.digits(sizes, aggregate.std_dev);
        let runs = condition.summary.runs.iter().filter_map(|run| {
            let score = metric.metric.unit.after(&digits.write(run.scores.get(name)?));
            Some(run.title(&condition.label, &score))
        });
        let source = Source {
            what: format!("{statistic} of the scores ({})", metric.label),
            of: condition.label.clone(),
            item: None,
            notes: vec![format!("The score of a run ({}) is {}.", metric.label, metric.formula)],
            runs: runs.take(LISTED_RUNS).collect(),
            more: condition.summary.runs.len().saturating_sub(LISTED_RUNS),
            conditions: vec![condition.summary.id],
        };
        let text = self.told(Style::Fixed(digits).write(value), &source.conditions);
        Ok(self.number(text, value, source))
    }

    pub(super) fn contrast(
        &self,
        name: &str,
        sides: [&Value; 2],
        options: &Kwargs,
    ) -> Result<Value, Error> {
        let published = options.get::<Option<bool>>("published")?.unwrap_or(false);
        options.assert_all_used()?;
        let column = if published { "published_mean" } else { "mean" };
        let (item, table) = self.first(name)?;
        of_table(name, table.key(column))?;
        let side = |levels: &Value| {
            let row = of_table(name, table.row(&levels_in(levels)?))?;
            Ok::<_, Error>((table.datum(row, column), row))
        };
        let ((a, first), (b, second)) = (side(sides[0])?, side(sides[1])?);
        let style = match &a {
            Some(Datum::Number(_, style)) => style.of_difference(),
            _ => Style::Signed(Digits::PERCENT),
        };
        let [a, b] = [a, b].map(|datum| datum.and_then(|datum| datum.number()));
        // No run is behind a published value.
        let (conditions, (runs, more)) = match published {
            true => (Vec::new(), (Vec::new(), 0)),
            false => (
                [first.conditions.clone(), second.conditions.clone()].concat(),
                titles(&[first, second]),
            ),
        };
        let source = Source {
            what: format!("{} of the first minus that of the second", table.head_of(column)),
            of: format!("{}; {}", table.described(first), table.described(second)),
            item: Some((name.to_owned(), item.number)),
            notes: if published { Vec::new() } else { table.notes.clone() },
            runs,
            more,
            conditions,
        };
        let difference = a.zip(b).map(|(a, b)| a - b);
        let text = self.told(style.write(difference), &source.conditions);
        Ok(self.number(text, difference, source))
    }

    pub(super) fn claims(&self) -> Result<Value, Error> {
        self.show("list of", "claims")?;
        let names = self.context.claims.iter().map(|one| one.claim.name.clone());
        Ok(self.block(Block::Claims(names.collect())))
    }

    pub(super) fn verdict_list(&self) -> Result<Value, Error> {
        self.show("list of", "verdicts")?;
        Ok(self.block(Block::Verdicts))
    }

    pub(super) fn references(&self) -> Result<Value, Error> {
        self.show("list of", "references")?;
        Ok(self.block(Block::References))
    }

    pub(super) fn claim(&self, name: &str) -> Result<Value, Error> {
        let claims = self.context.claims.iter();
        let by_name: BTreeMap<_, _> = claims.map(|one| (one.claim.name.clone(), one)).collect();
        Ok(Value::from(find(&by_name, "claim", name)?.outcome.word()))
    }

    pub(super) fn file(&self, path: &str) -> Result<Value, Error> {
        if self.context.text_of(path).is_empty() {
            let known = self.context.sources.keys().chain(self.context.inputs.keys());
            let known = known.map(|path| (path.clone(), ())).collect();
            find(&known, "file", path)?;
        }
        self.show("file", path)?;
        Ok(self.block(Block::File(path.to_owned())))
    }

    pub(super) fn files(&self) -> Value {
        let paths = self.context.sources.keys();
        let blocks = paths
            .filter(|path| self.show("file", path).is_ok())
            .map(|path| Block::paragraph(self.keep(Mark::Block(Block::File(path.clone())))));
        Value::from_safe_string(blocks.collect())
    }
}
