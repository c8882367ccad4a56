//! What a program may use, and how far two executions may differ. Nothing of it is in the key of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::{Node, Reader, Value, suggestion};
use crate::run::{Curve, Unit};

/// The longest time that a program may declare: 30 days.
const LONGEST: f64 = 30.0 * 24.0 * 3600.0;

/// What a program may use, and how far two executions may differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Variables that it gets from the environment of the build.
    pub pass_environment: Vec<String>,
    /// Number of threads that it uses.
    pub threads: usize,
    /// How long it may take. `None` without a limit.
    pub timeout: Option<Duration>,
    /// The metrics whose values are from 0 to 1.
    pub fractions: BTreeSet<String>,
    /// How far the values of two executions may differ, by name of the metric. Each metric has one.
    pub tolerances: BTreeMap<String, Tolerance>,
}

/// How far two values may differ: |a − b| ≤ absolute + relative · |b|.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// In the unit of the values.
    pub absolute: f64,
    /// As a share of the recorded value.
    pub relative: f64,
}

impl Limits {
    /// Whether two executions may differ at all.
    #[must_use]
    pub fn have_tolerance(&self) -> bool {
        self.tolerances.values().any(|tolerance| *tolerance != Tolerance::default())
    }
}

impl Tolerance {
    /// Whether a value is within the tolerance of the recorded one.
    #[must_use]
    pub fn allows(self, value: f64, recorded: f64) -> bool {
        (value - recorded).abs() <= self.absolute + self.relative * recorded.abs()
    }
}

pub(super) fn read(reader: &Reader<'_>, metrics: &[&'static Curve]) -> Option<Limits> {
    let pass_environment = reader.optional::<Vec<String>>("pass_environment").unwrap_or_default();
    let threads = reader.optional("threads").unwrap_or(1);
    let timeout = match reader.optional::<String>("timeout") {
        None => None,
        Some(text) => match duration(&text) {
            Some(timeout) => Some(timeout),
            None => {
                let message = format!(
                    "must be a number with `s`, `min` or `h`, such as \"30 min\", and at most 30 days, but is \"{text}\""
                );
                reader.refuse("timeout", message);
                return None;
            }
        },
    };
    let tolerances = read_tolerances(reader, metrics)?;
    let fractions = metrics.iter().filter(|curve| curve.unit == Unit::Fraction);
    let fractions = fractions.map(|curve| curve.name.to_owned()).collect();
    Some(Limits { pass_environment, threads, timeout, fractions, tolerances })
}

/// The time that a text such as `30 min` means.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = (text[..at].parse::<f64>().ok()?, text[at..].trim());
    let seconds = match unit {
        "s" => number,
        "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    (seconds > 0.0 && seconds <= LONGEST).then(|| Duration::from_secs_f64(seconds))
}

/// The tolerance of each metric: its own, or `default`.
fn read_tolerances(
    reader: &Reader<'_>,
    metrics: &[&'static Curve],
) -> Option<BTreeMap<String, Tolerance>> {
    let names: Vec<&str> = metrics.iter().map(|curve| curve.name).chain(["default"]).collect();
    let mut given: BTreeMap<&str, Tolerance> = BTreeMap::new();
    for (name, node) in reader.entries("tolerance") {
        if !names.contains(&name) {
            let hint = suggestion(name, &names);
            reader.refuse(
                "tolerance",
                format!("names `{name}`, which is no metric of the program; {hint}"),
            );
            return None;
        }
        let Some(tolerance) = tolerance(node) else {
            let message = format!(
                "must give `{name}` a table with `absolute` or `relative`, numbers that are not negative"
            );
            reader.refuse("tolerance", message);
            return None;
        };
        given.insert(name, tolerance);
    }
    let of = |name: &str| given.get(name).or_else(|| given.get("default")).copied();
    let all =
        metrics.iter().map(|curve| (curve.name.to_owned(), of(curve.name).unwrap_or_default()));
    Some(all.collect())
}

fn tolerance(node: &Node) -> Option<Tolerance> {
    let Value::Table(table) = &node.value else { return None };
    let mut tolerance = Tolerance::default();
    for (key, node) in table {
        let number = match node.value {
            Value::Float(number) => number,
            Value::Integer(number) => number as f64,
            _ => return None,
        };
        let place = match key.as_str() {
            "absolute" => &mut tolerance.absolute,
            "relative" => &mut tolerance.relative,
            _ => return None,
        };
        *place = Some(number).filter(|number| *number >= 0.0)?;
    }
    Some(tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        let seconds = |text: &str| duration(text).map(|time| time.as_secs_f64());
        let texts = ["90 s", "1.5min", "2 h", "30 days", "10", "min", "0 s", "-1 s", "1e9 h"];
        let expected = [Some(90.0), Some(90.0), Some(7200.0), None, None, None, None, None, None];
        assert_eq!(texts.map(seconds), expected);
    }

    #[test]
    fn a_tolerance_is_absolute_or_relative_to_the_recorded_value() {
        let tolerance = Tolerance { absolute: 0.1, relative: 0.01 };
        assert!(tolerance.allows(101.0, 100.0) && tolerance.allows(98.9, 100.0));
        assert!(!tolerance.allows(101.2, 100.0) && !tolerance.allows(f64::NAN, 100.0));
        assert!(
            Tolerance::default().allows(1.0, 1.0) && !Tolerance::default().allows(1.0, 1.0 + 1e-15)
        );
    }
}
