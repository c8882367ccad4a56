//! What expressions can look at: the conditions and tables of a summary.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{Environment, Error, UndefinedBehavior};

use super::verdict::{EffectValue, Verdict, at_least, combined, compared, near};
use super::{Check, Outcome};
use crate::paper::{self, EXPERIMENT, Selection};
use crate::render::context::Names;
use crate::render::selection::{invalid, selection, selection_of, shown};
use crate::render::table::Style;
use crate::summary::{self, Contrast, Grade, LevelsSummary, Summary};

/// What an expression may look at.
#[derive(Clone)]
struct Results {
    summary: Arc<Summary>,
    /// Names of metrics; that of the first protocol comes first.
    metrics: Vec<String>,
    /// How factors are called, and their levels.
    factors: BTreeMap<String, String>,
    levels: BTreeMap<(String, String), String>,
}

/// Where expressions are evaluated: what the functions of this module's parent are.
pub(super) fn environment(names: Names<'_>, summary: &Arc<Summary>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let protocols = names.paper.protocols.iter().map(|protocol| &protocol.metric);
    let metrics = protocols.chain(names.paper.metrics.iter().map(|metric| &metric.name));
    let of_conditions = summary.conditions.iter().flat_map(|condition| &condition.levels);
    let level = |(factor, level): (&String, &String)| {
        ((factor.clone(), level.clone()), names.level(factor, level))
    };
    let factor = |(factor, _): (&String, &String)| {
        (factor.clone(), names.paper.factor_label(factor).to_owned())
    };
    let results = Results {
        summary: Arc::clone(summary),
        metrics: metrics.cloned().collect(),
        factors: of_conditions.clone().map(factor).collect(),
        levels: of_conditions.map(level).collect(),
    };
    let of = results.clone();
    environment
        .add_function("effect", move |factor: &str, levels: Kwargs| of.effect(factor, &levels));
    let of = results.clone();
    environment.add_function("difference", move |first: Value, second: Value, levels: Kwargs| {
        of.difference(&first, &second, &levels)
    });
    let of = results.clone();
    environment.add_function("best", move |levels: Value, among: Kwargs| of.best(&levels, &among));
    let of = results.clone();
    environment.add_function("reproduced", move |table: &str, levels: Kwargs| {
        of.reproduced(table, &levels)
    });
    let of = results;
    environment.add_function("cell", move |table: &str, column: &str, levels: Kwargs| {
        of.cell(table, column, &levels)
    });
    environment
        .add_function("above", |effect: Value, threshold: f64| compared(&effect, threshold, 1.0));
    environment
        .add_function("below", |effect: Value, threshold: f64| compared(&effect, threshold, -1.0));
    environment.add_function("near", |effect: Value, value: f64, tolerance: f64| {
        near(&effect, value, tolerance)
    });
    environment.add_function("larger", |first: f64, second: f64, text: &str| {
        let outcome = match first.partial_cmp(&second) {
            Some(Ordering::Greater) => Outcome::Supported,
            Some(_) => Outcome::NotSupported,
            None => Outcome::Undecided,
        };
        let numbers = [first, second].map(|n| Style::Fixed.write(n.is_finite().then_some(n)));
        Verdict::of_check(format!("{text}: {} and {}", numbers[0], numbers[1]), outcome)
    });
    environment.add_function("all", |verdicts: Rest<Value>| at_least(verdicts.len(), &verdicts));
    environment.add_function("any", |verdicts: Rest<Value>| at_least(1, &verdicts));
    environment.add_function("at_least", |n: usize, verdicts: Rest<Value>| at_least(n, &verdicts));
    environment
}

impl Results {
    fn metric(&self, levels: &Kwargs) -> Result<String, Error> {
        match levels.get::<Option<String>>("metric")? {
            Some(metric) if self.metrics.contains(&metric) => Ok(metric),
            Some(unknown) => Err(invalid(format!("there is no metric `{unknown}`"))),
            None => self
                .metrics
                .first()
                .cloned()
                .ok_or_else(|| invalid("there is no metric".to_owned())),
        }
    }

    /// A selection in words: `deep; weight sharing: yes`.
    fn words(&self, selection: &Selection) -> String {
        let part = |(factor, levels): (&String, &Vec<String>)| {
            let label = |level: &String| {
                let key = (factor.clone(), level.clone());
                self.levels.get(&key).unwrap_or(level).clone()
            };
            let levels: Vec<_> = levels.iter().map(label).collect();
            match factor.as_str() {
                EXPERIMENT => levels.join(", "),
                other => {
                    let factor = self.factors.get(other).map_or(other, String::as_str);
                    format!("{factor}: {}", levels.join(", "))
                }
            }
        };
        let mut parts: Vec<_> = selection.iter().collect();
        parts.sort_by_key(|(factor, _)| *factor != EXPERIMENT);
        parts.into_iter().map(part).collect::<Vec<_>>().join("; ")
    }

    /// The conditions with these levels, at least one.
    fn select(&self, selection: &Selection) -> Result<Vec<usize>, Error> {
        let found = summary::select(&self.summary.conditions, selection);
        match found.is_empty() {
            false => Ok(found),
            true => Err(invalid(format!("no condition has {}", shown(selection)))),
        }
    }

    /// The table of levels of that name.
    fn levels(&self, table: &str) -> Result<&LevelsSummary, Error> {
        let computed = self.summary.table(table).and_then(|table| table.levels());
        computed.ok_or_else(|| invalid(format!("there is no table of levels `{table}`")))
    }

    fn effect(&self, factor: &str, levels: &Kwargs) -> Result<Value, Error> {
        let metric = self.metric(levels)?;
        let among = selection(levels, &["metric"])?;
        let selected = self.select(&among)?;
        let all = &self.summary.conditions;
        let Some(levels) = summary::two_levels(all, &selected, factor) else {
            return Err(invalid(format!("`{factor}` does not have two levels there")));
        };
        let contrast = summary::effect(all, &among, factor, &levels, &metric);
        let label = self.factors.get(factor).cloned().unwrap_or_else(|| factor.to_owned());
        let label = format!("effect of {label} in {}", self.words(&among));
        Ok(Value::from_object(EffectValue { label, contrast }))
    }

    fn difference(&self, first: &Value, second: &Value, levels: &Kwargs) -> Result<Value, Error> {
        let metric = self.metric(levels)?;
        let common = selection(levels, &["metric"])?;
        let side = |levels: &Value| {
            let own = selection_of(levels)?;
            let mut both = common.clone();
            both.extend(own.clone());
            Ok::<_, Error>((self.words(&own), self.select(&both)?))
        };
        let ((first, a), (second, b)) = (side(first)?, side(second)?);
        let contrast = Contrast::of(&self.summary.conditions, [a, b], &metric);
        let among = match common.is_empty() {
            true => String::new(),
            false => format!(", {}", self.words(&common)),
        };
        let label = format!("{first} less {second}{among}");
        Ok(Value::from_object(EffectValue { label, contrast }))
    }

    /// Whether one condition is above every other one.
    fn best(&self, levels: &Value, among: &Kwargs) -> Result<Value, Error> {
        let metric = self.metric(among)?;
        let among = selection(among, &["metric"])?;
        let own = selection_of(levels)?;
        let mut this = among.clone();
        this.extend(own.clone());
        let this = self.select(&this)?;
        let others = self.select(&among)?.into_iter().filter(|index| !this.contains(index));
        let others: Vec<usize> = others.collect();
        if this.len() != 1 || others.is_empty() {
            let message = format!("{} is not one condition among others", self.words(&own));
            return Err(invalid(message));
        }
        let all = &self.summary.conditions;
        let effects = others.into_iter().map(|other| {
            let contrast = Contrast::of(all, [this.clone(), vec![other]], &metric);
            let levels = all[other].levels.iter();
            let rival = levels.map(|(f, level)| (f.clone(), vec![level.clone()])).collect();
            EffectValue {
                label: format!("{} less {}", self.words(&own), self.words(&rival)),
                contrast,
            }
        });
        let mut effects: Vec<_> = effects.collect();
        // The nearest rivals say the most.
        let mean =
            |effect: &EffectValue| effect.bounds().map_or(f64::NEG_INFINITY, |[mean, ..]| mean);
        effects.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
        let verdicts: Vec<_> = effects.iter().map(|effect| effect.compared(0.0, 1.0)).collect();
        let n = verdicts.len();
        let mut verdict = combined(n, verdicts);
        let above = verdict.checks.iter().filter(|c| c.outcome == Outcome::Supported).count();
        verdict.checks.truncate(2);
        let text = format!("above {above} of the {n} other conditions?");
        verdict.checks.push(Check { text, outcome: verdict.outcome });
        Ok(Value::from_object(verdict))
    }

    fn reproduced(&self, table: &str, levels: &Kwargs) -> Result<Value, Error> {
        let wanted = selection(levels, &[])?;
        let scores = self.summary.tables.iter().filter_map(|table| match &table.content {
            summary::Content::Scorecard(scores) => Some(scores),
            _ => None,
        });
        let computed = self.levels(table)?;
        let has = |score: &&summary::Score| {
            let row = &computed.rows[score.row];
            let of_row = &self.summary.conditions[row.conditions[0]].levels;
            score.table == table && paper::selects(&wanted, of_row)
        };
        let found: Vec<_> = scores.flatten().filter(has).collect();
        let [score] = found[..] else {
            let message =
                format!("{} published values match {}, not one", found.len(), shown(&wanted));
            return Err(invalid(message));
        };
        let outcome = match score.mean.grade {
            Some(Grade::Reproduced) => Outcome::Supported,
            Some(Grade::Differs) => Outcome::NotSupported,
            Some(Grade::Near) | None => Outcome::Undecided,
        };
        let range = score.interval.map_or_else(
            || "that cannot be compared yet".to_owned(),
            |range| format!("of an expected {:.2} to {:.2}", range.lower, range.upper),
        );
        let text = format!("a published mean of {:.2} {range}", score.mean.published);
        Ok(Verdict::of_check(text, outcome))
    }

    fn cell(&self, table: &str, column: &str, levels: &Kwargs) -> Result<Value, Error> {
        let wanted = selection(levels, &[])?;
        let computed = self.levels(table)?;
        let all = &self.summary.conditions;
        let has = |row: &&summary::Row| {
            row.conditions.iter().all(|index| paper::selects(&wanted, &all[*index].levels))
        };
        let found: Vec<_> = computed.rows.iter().filter(has).collect();
        let [row] = found[..] else {
            let message =
                format!("{} rows of `{table}` have {}, not one", found.len(), shown(&wanted));
            return Err(invalid(message));
        };
        let value = match column {
            "mean" => row.mean,
            "std" => row.std_dev,
            "n" => Some(row.n as f64),
            other => return Err(invalid(format!("there is no column `{other}`: mean, std, n"))),
        };
        // A comparison with what is missing is neither true nor false.
        Ok(Value::from(value.unwrap_or(f64::NAN)))
    }
}
