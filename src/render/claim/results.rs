//! What expressions can look at: the conditions and tables of a summary.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Kwargs, Rest, Value};
use minijinja::{Environment, Error, UndefinedBehavior};

use super::verdict::{EffectValue, Verdict, at_least, combined, compared, larger, near};
use super::{Check, Outcome};
use crate::paper::{self, EXPERIMENT, Selection};
use crate::render::context::Names;
use crate::render::selection::{invalid, selection, selection_of, shown};
use crate::summary::{self, Contrast, Grade, LevelsSummary, Row, Summary, Varies};

/// What an expression may look at.
#[derive(Clone)]
struct Results {
    summary: Arc<Summary>,
    /// Names of metrics, and what they are called; that of the first protocol comes first.
    metrics: Vec<(String, String)>,
    /// How factors are called, and their levels.
    factors: BTreeMap<String, String>,
    levels: BTreeMap<(String, String), String>,
    /// Indices of the conditions that were looked at.
    seen: Seen,
}

/// Indices of the conditions that the expression under evaluation has looked at.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<BTreeSet<usize>>>);

impl Seen {
    /// Those since it was asked before.
    pub(super) fn take(&self) -> Vec<usize> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *seen).into_iter().collect()
    }

    fn add(&self, conditions: &[usize]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(conditions);
    }
}

/// Where expressions are evaluated, with the functions that this module's parent tells of, and what
/// they have looked at.
pub(super) fn environment(
    names: Names<'_>,
    summary: &Arc<Summary>,
) -> (Environment<'static>, Seen) {
    let seen = Seen::default();
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let protocols = names.paper.protocols.iter();
    let protocols = protocols.filter_map(|protocol| names.paper.metric(&protocol.metric));
    let metrics = protocols.chain(&names.paper.metrics);
    let metrics = metrics.map(|metric| (metric.name.clone(), metric.short.clone()));
    let of_conditions = summary.conditions.iter().flat_map(|condition| &condition.levels);
    let level = |(factor, level): (&String, &String)| {
        ((factor.clone(), level.clone()), names.level(factor, level))
    };
    let factor = |(factor, _): (&String, &String)| {
        (factor.clone(), names.paper.factor_label(factor).to_owned())
    };
    let results = Results {
        summary: Arc::clone(summary),
        metrics: metrics.collect(),
        factors: of_conditions.clone().map(factor).collect(),
        levels: of_conditions.map(level).collect(),
        seen: seen.clone(),
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
    environment.add_function("larger", |a: f64, b: f64, text: &str| larger(a, b, text));
    environment.add_function("all", |verdicts: Rest<Value>| at_least(verdicts.len(), &verdicts));
    environment.add_function("any", |verdicts: Rest<Value>| at_least(1, &verdicts));
    environment.add_function("at_least", |n: usize, verdicts: Rest<Value>| at_least(n, &verdicts));
    (environment, seen)
}

/// The selection of the condition with these levels.
fn single(levels: &BTreeMap<String, String>) -> Selection {
    levels.iter().map(|(factor, level)| (factor.clone(), vec![level.clone()])).collect()
}

/// Two selections that name different factors, as one.
fn merged(common: &Selection, own: &Selection) -> Result<Selection, Error> {
    match own.keys().find(|factor| common.contains_key(*factor)) {
        Some(factor) => Err(invalid(format!("`{factor}` is given twice"))),
        None => Ok(common.clone().into_iter().chain(own.clone()).collect()),
    }
}

impl Results {
    fn metric(&self, levels: &Kwargs) -> Result<String, Error> {
        match levels.get::<Option<String>>("metric")? {
            Some(metric) if self.metrics.iter().any(|(name, _)| *name == metric) => Ok(metric),
            Some(unknown) => Err(invalid(format!("there is no metric `{unknown}`"))),
            None => self
                .metrics
                .first()
                .map(|(name, _)| name.clone())
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
        self.seen.add(&found);
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
        if let [index, ..] = contrast.unmatched[..] {
            return Err(invalid(format!(
                "no condition differs from {} in `{factor}` alone",
                shown(&single(&all[index].levels))
            )));
        }
        let label = self.factors.get(factor).cloned().unwrap_or_else(|| factor.to_owned());
        let label = match among.is_empty() {
            true => format!("effect of {label}"),
            false => format!("effect of {label} in {}", self.words(&among)),
        };
        self.effect_value(label, &metric, contrast)
    }

    fn effect_value(
        &self,
        label: String,
        metric: &str,
        contrast: Contrast,
    ) -> Result<Value, Error> {
        self.check_seeds(&label, &contrast.conditions.concat())?;
        Ok(Value::from_object(self.told(label, metric, contrast)))
    }

    /// An effect with all that its text tells.
    fn told(&self, label: String, metric: &str, contrast: Contrast) -> EffectValue {
        let is_first = self.metrics.first().is_some_and(|(name, _)| name == metric);
        let known = self.metrics.iter().find(|(name, _)| name == metric);
        let label = match known {
            Some((_, metric)) if !is_first => format!("{label} ({metric})"),
            _ => label,
        };
        let conditions = contrast.conditions.iter().flatten();
        let expected = conditions.map(|index| self.summary.conditions[*index].expected).max();
        EffectValue { label, contrast, expected: expected.unwrap_or(0) }
    }

    /// Refuses to pair conditions whose seeds mean different things.
    fn check_seeds(&self, label: &str, conditions: &[usize]) -> Result<(), Error> {
        match Varies::of(&self.summary.conditions, conditions) {
            Some(Varies::DataOfSome) => Err(invalid(format!(
                "`{label}` mixes experiments on one draw of the data with others on many: name the \
                 experiments that are meant, as in `experiment=\"…\"`"
            ))),
            _ => Ok(()),
        }
    }

    fn difference(&self, first: &Value, second: &Value, levels: &Kwargs) -> Result<Value, Error> {
        let metric = self.metric(levels)?;
        let common = selection(levels, &["metric"])?;
        let side = |levels: &Value| {
            let own = selection_of(levels)?;
            let both = merged(&common, &own)?;
            Ok::<_, Error>((self.words(&own), self.select(&both)?))
        };
        let own =
            |levels: &Value| Ok::<BTreeSet<_>, Error>(selection_of(levels)?.into_keys().collect());
        let varied = own(first)?;
        if let Some(factor) = varied.symmetric_difference(&own(second)?).next() {
            return Err(invalid(format!("`{factor}` is given on one side only")));
        }
        let ((first, a), (second, b)) = (side(first)?, side(second)?);
        if let Some(index) = a.iter().find(|index| b.contains(index)) {
            let levels = &self.summary.conditions[*index].levels;
            return Err(invalid(format!("{first} and {second} share {}", shown(&single(levels)))));
        }
        if self.others(&a, &varied).is_none_or(|others| Some(others) != self.others(&b, &varied)) {
            let message = format!(
                "{first} and {second} differ in more than {}: name levels that all have",
                varied.into_iter().collect::<Vec<_>>().join(", ")
            );
            return Err(invalid(message));
        }
        let contrast = Contrast::of(&self.summary.conditions, [a, b], &metric);
        let among = match common.is_empty() {
            true => String::new(),
            false => format!(", {}", self.words(&common)),
        };
        self.effect_value(format!("{first} less {second}{among}"), &metric, contrast)
    }

    /// The levels of these conditions but for those of some factors; none unless each combination of
    /// them stands there equally often, as means over the conditions weigh it by that.
    fn others(
        &self,
        conditions: &[usize],
        varied: &BTreeSet<String>,
    ) -> Option<BTreeSet<BTreeMap<&String, &String>>> {
        let levels = |index: &usize| {
            let levels = self.summary.conditions[*index].levels.iter();
            levels.filter(|(factor, _)| !varied.contains(*factor)).collect()
        };
        let mut counts: BTreeMap<BTreeMap<&String, &String>, usize> = BTreeMap::new();
        for levels in conditions.iter().map(levels) {
            *counts.entry(levels).or_default() += 1;
        }
        let frequencies: BTreeSet<_> = counts.values().copied().collect();
        (frequencies.len() == 1).then(|| counts.into_keys().collect())
    }

    /// Whether one condition is above every other one.
    fn best(&self, levels: &Value, among: &Kwargs) -> Result<Value, Error> {
        let metric = self.metric(among)?;
        let among = selection(among, &["metric"])?;
        let own = selection_of(levels)?;
        let is_own = |index: &usize| paper::selects(&own, &self.summary.conditions[*index].levels);
        let (this, others): (Vec<_>, Vec<_>) = self.select(&among)?.into_iter().partition(is_own);
        if this.len() != 1 || others.is_empty() {
            let message = format!("{} is not one condition among others", self.words(&own));
            return Err(invalid(message));
        }
        let all = &self.summary.conditions;
        self.check_seeds("best", &[&this[..], &others].concat())?;
        let effects = others.into_iter().map(|other| {
            let contrast = Contrast::of(all, [this.clone(), vec![other]], &metric);
            let rival = single(&all[other].levels);
            self.told(
                format!("{} less {}", self.words(&own), self.words(&rival)),
                &metric,
                contrast,
            )
        });
        let effects = effects.map(|effect| (effect.bounds(), effect.compared(0.0, 1.0)));
        let mut effects: Vec<_> = effects.collect();
        // Those that decide come first, and of them the nearest rivals.
        let lower =
            |bounds: &Option<[f64; 3]>| bounds.map_or(f64::NEG_INFINITY, |[_, lower, _]| lower);
        let is_above = |verdict: &Verdict| verdict.outcome == Outcome::Supported;
        effects.sort_by(|(a, first), (b, second)| {
            is_above(first).cmp(&is_above(second)).then(lower(a).total_cmp(&lower(b)))
        });
        let verdicts: Vec<_> = effects.into_iter().map(|(_, verdict)| verdict).collect();
        let n = verdicts.len();
        let mut verdict = combined(n, verdicts);
        let above = verdict.checks.iter().filter(|c| c.outcome == Outcome::Supported).count();
        verdict.checks.truncate(2);
        let text = format!("above {above} of the {n} other conditions?");
        verdict.checks.push(Check { text, outcome: verdict.outcome });
        Ok(Value::from_object(verdict))
    }

    /// Whether all conditions of a row have these levels.
    fn is_within(&self, row: &Row, wanted: &Selection) -> bool {
        let levels = |index: &usize| &self.summary.conditions[*index].levels;
        row.conditions.iter().all(|index| paper::selects(wanted, levels(index)))
    }

    fn reproduced(&self, table: &str, levels: &Kwargs) -> Result<Value, Error> {
        let wanted = selection(levels, &[])?;
        let computed = self.levels(table)?;
        // If several scorecards judge the table, the first does.
        let scores = self.summary.tables.iter().find_map(|other| match &other.content {
            summary::Content::Scorecard(scores) if scores.iter().any(|s| s.table == table) => {
                Some(scores)
            }
            _ => None,
        });
        let has = |score: &&summary::Score| {
            score.table == table && self.is_within(&computed.rows[score.row], &wanted)
        };
        let found: Vec<_> = scores.into_iter().flatten().filter(has).collect();
        let [score] = found[..] else {
            let message =
                format!("{} published values match {}, not one", found.len(), shown(&wanted));
            return Err(invalid(message));
        };
        self.seen.add(&[&score.conditions[..], &score.repetitions].concat());
        let outcome = match score.mean.grade {
            Some(Grade::Reproduced) => Outcome::Supported,
            Some(Grade::Differs) => Outcome::NotSupported,
            Some(Grade::Near) | None => Outcome::Undecided,
        };
        let range = score.interval.map_or_else(
            || "nothing to compare it with yet".to_owned(),
            |range| format!("expected from {:.2} to {:.2}", range.lower, range.upper),
        );
        let text = format!(
            "published mean of {}: {:.2}, {range}",
            self.words(&wanted),
            score.mean.published
        );
        Ok(Verdict::of_check(text, outcome))
    }

    fn cell(&self, table: &str, column: &str, levels: &Kwargs) -> Result<Value, Error> {
        let wanted = selection(levels, &[])?;
        let computed = self.levels(table)?;
        let found = computed.rows.iter().filter(|row| self.is_within(row, &wanted));
        let found: Vec<_> = found.collect();
        let [row] = found[..] else {
            let message =
                format!("{} rows of `{table}` have {}, not one", found.len(), shown(&wanted));
            return Err(invalid(message));
        };
        self.seen.add(&row.conditions);
        let value = match column {
            "mean" => row.mean,
            "std" => row.std_dev,
            "n" => Some(row.n as f64),
            "seeds" => row.estimate.map(|estimate| estimate.n as f64),
            other => {
                let known = "`mean`, `std`, `n` or `seeds`";
                return Err(invalid(format!("there is no column `{other}`: it is {known}")));
            }
        };
        // A comparison with what is missing is neither true nor false.
        Ok(Value::from(value.unwrap_or(f64::NAN)))
    }
}
