//! Effects and verdicts, as values of expressions.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::Error;
use minijinja::value::{Object, Value};

use super::{Check, Outcome};
use crate::render::selection::{invalid, spelled};
use crate::render::table::Style;
use crate::stats::FEWEST_DECISIVE;
use crate::summary::Contrast;

/// The value of an expression.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) checks: Vec<Check>,
}

/// An effect, in an expression.
#[derive(Clone, Debug)]
pub(super) struct EffectValue {
    pub(super) label: String,
    pub(super) contrast: Contrast,
    /// How many seeds there should be.
    pub(super) expected: usize,
}

impl EffectValue {
    /// Mean and interval.
    pub(super) fn bounds(&self) -> Option<[f64; 3]> {
        let difference = self.contrast.comparison?.difference;
        let interval = difference.interval?;
        Some([difference.mean, interval.lower, interval.upper])
    }

    /// The interval, if its seeds are enough to decide anything.
    fn decisive(&self) -> Option<[f64; 2]> {
        let difference = self.contrast.comparison?.difference;
        let interval = difference.interval.filter(|_| difference.n >= FEWEST_DECISIVE)?;
        Some([interval.lower, interval.upper])
    }

    /// Whether it is above (`side` 1) or below (−1) a threshold.
    pub(super) fn compared(&self, threshold: f64, side: f64) -> Verdict {
        let outcome = match self.decisive() {
            Some([lower, upper])
                if side * (lower - threshold) > 0.0 && side * (upper - threshold) > 0.0 =>
            {
                Outcome::Supported
            }
            Some([lower, upper])
                if side * (lower - threshold) < 0.0 && side * (upper - threshold) < 0.0 =>
            {
                Outcome::NotSupported
            }
            _ => Outcome::Undecided,
        };
        let relation = if side > 0.0 { "above" } else { "below" };
        self.check(outcome, &format!("{relation} {threshold}"))
    }

    /// `10`, or `9 of 10` if seeds are missing.
    fn n(&self, n: usize) -> String {
        if n == self.expected { n.to_string() } else { format!("{n} of {}", self.expected) }
    }

    fn check(&self, outcome: Outcome, relation: &str) -> Verdict {
        let found = match (self.bounds(), self.contrast.comparison) {
            (Some([mean, lower, upper]), Some(comparison)) => {
                let signed = |value| Style::Signed.write(Some(value));
                let n = self.n(comparison.difference.n);
                let p = comparison.significance.map(|s| s.p_value);
                let p = match Style::PValue.write(p) {
                    small if small.starts_with('<') => format!("p {small}"),
                    p => format!("p = {p}"),
                };
                let few = match self.decisive() {
                    Some(_) => String::new(),
                    None => format!(", fewer than the {FEWEST_DECISIVE} seeds that can decide"),
                };
                format!(
                    "{} points [{}, {}], n = {n}, {p}{few}",
                    signed(mean),
                    signed(lower),
                    signed(upper)
                )
            }
            (None, Some(comparison)) => {
                let mean = Style::Signed.write(Some(comparison.difference.mean));
                let n = self.n(comparison.difference.n);
                format!("{mean} points, n = {n}, without an interval")
            }
            (_, None) => "not known yet".to_owned(),
        };
        Verdict {
            outcome,
            checks: vec![Check { text: format!("{}: {found}; {relation}?", self.label), outcome }],
        }
    }
}

pub(super) fn effect_of(value: &Value) -> Result<&EffectValue, Error> {
    let effect = value.downcast_object_ref::<EffectValue>();
    effect.ok_or_else(|| {
        invalid(format!("`{value}` is no effect: `effect(…)` and `difference(…)` are"))
    })
}

pub(super) fn compared(effect: &Value, threshold: f64, side: f64) -> Result<Value, Error> {
    Ok(Value::from_object(effect_of(effect)?.compared(finite(threshold)?, side)))
}

fn finite(number: f64) -> Result<f64, Error> {
    match number.is_finite() {
        true => Ok(number),
        false => Err(invalid(format!("{number} is no number to compare with"))),
    }
}

pub(super) fn near(effect: &Value, value: f64, tolerance: f64) -> Result<Value, Error> {
    let effect = effect_of(effect)?;
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(invalid(format!("a tolerance must be positive, but is {tolerance}")));
    }
    let value = finite(value)?;
    let (low, high) = (value - tolerance, value + tolerance);
    let outcome = match effect.decisive() {
        Some([lower, upper]) if low <= lower && upper <= high => Outcome::Supported,
        Some([lower, upper]) if upper < low || high < lower => Outcome::NotSupported,
        _ => Outcome::Undecided,
    };
    Ok(Value::from_object(effect.check(outcome, &format!("within {tolerance} of {value}"))))
}

/// Whether one number is larger than another; what is missing is not a number.
pub(super) fn larger(first: f64, second: f64, text: &str) -> Result<Value, Error> {
    if let Some(infinite) = [first, second].into_iter().find(|number| number.is_infinite()) {
        return Err(invalid(format!("{infinite} is no number to compare")));
    }
    let outcome = match first.partial_cmp(&second) {
        Some(Ordering::Greater) => Outcome::Supported,
        Some(_) => Outcome::NotSupported,
        None => Outcome::Undecided,
    };
    let short = [first, second].map(|n| Style::Fixed.write((!n.is_nan()).then_some(n)));
    let [a, b] = match short[0] == short[1] && first != second && outcome != Outcome::Undecided {
        true => [first, second].map(|number| number.to_string()),
        false => short,
    };
    Ok(Verdict::of_check(format!("{text}: {a} > {b}?"), outcome))
}

pub(super) fn of(value: &Value) -> Result<Verdict, Error> {
    let verdict = value.downcast_object_ref::<Verdict>().cloned();
    verdict.ok_or_else(|| {
        invalid(format!(
            "`{}` is no verdict: `above(…)`, `larger(…)`, `all(…)` and others are",
            spelled(value)
        ))
    })
}

pub(super) fn at_least(n: usize, values: &[Value]) -> Result<Value, Error> {
    let verdicts = values.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    if n == 0 || n > verdicts.len() {
        let message = format!("{n} of {} verdicts cannot decide anything", verdicts.len());
        return Err(invalid(message));
    }
    Ok(Value::from_object(combined(n, verdicts)))
}

/// Whether at least `n` are supported.
pub(super) fn combined(n: usize, verdicts: Vec<Verdict>) -> Verdict {
    let count = |outcome| verdicts.iter().filter(|v| v.outcome == outcome).count();
    let (supported, undecided) = (count(Outcome::Supported), count(Outcome::Undecided));
    let outcome = match () {
        () if supported >= n => Outcome::Supported,
        () if supported + undecided < n => Outcome::NotSupported,
        () => Outcome::Undecided,
    };
    Verdict { outcome, checks: verdicts.into_iter().flat_map(|v| v.checks).collect() }
}

impl Verdict {
    pub(super) fn of_check(text: String, outcome: Outcome) -> Value {
        Value::from_object(Self { outcome, checks: vec![Check { text, outcome }] })
    }
}

impl Object for Verdict {
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.outcome.words())
    }
}

impl Object for EffectValue {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let comparison = self.contrast.comparison?;
        let interval = comparison.difference.interval;
        let number = match key.as_str()? {
            "mean" => Some(comparison.difference.mean),
            "n" => Some(comparison.difference.n as f64),
            "lower" => interval.map(|interval| interval.lower),
            "upper" => interval.map(|interval| interval.upper),
            "p" => comparison.significance.map(|significance| significance.p_value),
            _ => return None,
        };
        Some(Value::from(number.unwrap_or(f64::NAN)))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}
