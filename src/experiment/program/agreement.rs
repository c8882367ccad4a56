//! Whether two executions of a program gave the same numbers. Pure.

use std::fmt;

use super::limits::Limits;
use crate::format::{count, two_digits};
use crate::run::Curves;

/// How the numbers of a second execution compare with the recorded ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Agreement {
    /// All numbers are equal.
    Identical,
    /// Some numbers differ, all within their tolerances.
    Within(Deviation),
    /// A number differs by more than its tolerance.
    Beyond(Deviation),
    /// They cannot be compared number by number. The text says why.
    Other(String),
}

/// The largest difference between two executions, of all values of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Deviation {
    /// The name of the metric.
    pub metric: String,
    /// |a − b|
    pub absolute: f64,
    /// |a − b| / |b|, where b is the recorded value. Infinite if it is 0.
    pub relative: f64,
}

impl Agreement {
    /// Compares a second execution with the recorded one, under the tolerances of a program.
    #[must_use]
    pub fn of(again: &Curves, recorded: &Curves, limits: &Limits) -> Self {
        let mut names = again.iter().map(|(name, _)| name);
        if !names.by_ref().eq(recorded.iter().map(|(name, _)| name)) {
            return Self::Other("it has other metrics".to_owned());
        }
        let (mut within, mut beyond): (Vec<Deviation>, Vec<Deviation>) = Default::default();
        for ((name, values), (_, old)) in again.iter().zip(recorded.iter()) {
            if values.len() != old.len() {
                let (n, m) = (count(values.len(), "value"), old.len());
                return Self::Other(format!(
                    "it has {n} of `{name}`, and the other execution has {m}"
                ));
            }
            let Some(deviation) = largest(name, values, old) else { continue };
            let tolerance = limits.tolerances.get(name).copied().unwrap_or_default();
            let are_allowed =
                values.iter().zip(old).all(|(value, old)| tolerance.allows(*value, *old));
            if are_allowed { &mut within } else { &mut beyond }.push(deviation);
        }
        let most = |all: Vec<Deviation>| {
            all.into_iter().max_by(|one, other| one.relative.total_cmp(&other.relative))
        };
        match (most(beyond), most(within)) {
            (Some(beyond), _) => Self::Beyond(beyond),
            (None, Some(within)) => Self::Within(within),
            (None, None) => Self::Identical,
        }
    }

    /// Whether the second execution confirms the first.
    #[must_use]
    pub fn agrees(&self) -> bool {
        matches!(self, Self::Identical | Self::Within(_))
    }
}

/// The largest difference of each metric of two executions with the same metrics, where there is one.
#[must_use]
pub fn deviations(one: &Curves, other: &Curves) -> Vec<Deviation> {
    let pairs = one.iter().zip(other.iter());
    pairs.filter_map(|((name, values), (_, old))| largest(name, values, old)).collect()
}

/// The largest difference of these values. `None` if all are equal.
fn largest(name: &str, values: &[f64], recorded: &[f64]) -> Option<Deviation> {
    let pairs = || values.iter().zip(recorded).filter(|(value, old)| value != old);
    let largest = |of: fn(f64, f64) -> f64| {
        pairs().map(|(value, old)| of(*value, *old)).max_by(f64::total_cmp)
    };
    Some(Deviation {
        metric: name.to_owned(),
        absolute: largest(|value, old| (value - old).abs())?,
        relative: largest(|value, old| (value - old).abs() / old.abs())?,
    })
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identical => f.write_str("identical"),
            Self::Within(deviation) => write!(f, "within tolerance ({deviation})"),
            Self::Beyond(deviation) => write!(f, "DIFFERENT ({deviation})"),
            Self::Other(why) => write!(f, "DIFFERENT ({why})"),
        }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` by up to {}", self.metric, two_digits(self.absolute))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::limits::Tolerance;
    use super::*;

    fn curves(loss: &[f64], score: f64) -> Curves {
        let mut curves = Curves::default();
        curves.set_named("loss", loss.to_vec());
        curves.set_named("score", vec![score]);
        curves
    }

    fn compare(again: &Curves, tolerance: f64) -> Agreement {
        let tolerances =
            BTreeMap::from([("loss".to_owned(), Tolerance { absolute: tolerance, relative: 0.0 })]);
        let limits = Limits {
            pass_environment: Vec::new(),
            threads: 1,
            timeout: None,
            fractions: BTreeSet::new(),
            tolerances,
        };
        Agreement::of(again, &curves(&[2.0, 1.0], 0.5), &limits)
    }

    #[test]
    fn the_largest_difference_is_told_and_each_metric_has_its_own_tolerance() {
        assert_eq!(compare(&curves(&[2.0, 1.0], 0.5), 0.0), Agreement::Identical);
        let within = compare(&curves(&[2.0, 1.25], 0.5), 0.25);
        assert_eq!(within.to_string(), "within tolerance (`loss` by up to 0.25)");
        assert!(within.agrees());
        let beyond = compare(&curves(&[2.0, 1.25], 0.5), 0.2);
        assert_eq!(beyond.to_string(), "DIFFERENT (`loss` by up to 0.25)");
        assert!(!compare(&curves(&[2.0, 1.0], 0.75), 9.0).agrees(), "`score` has no tolerance");
        let shorter = compare(&curves(&[2.0], 0.5), 9.0);
        assert_eq!(
            shorter.to_string(),
            "DIFFERENT (it has 1 value of `loss`, and the other execution has 2)"
        );
    }
}
