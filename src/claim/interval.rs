//! What an interval says about an expectation.

use std::cmp::Ordering;

use super::check::Expected;
use super::verdict::Outcome;
use crate::stats::{Estimate, FEWEST_DECISIVE};

/// The interval, if its seeds are enough to decide anything.
pub(super) fn decisive(difference: &Estimate) -> Option<[f64; 2]> {
    let interval = difference.interval.filter(|_| difference.n >= FEWEST_DECISIVE)?;
    Some([interval.lower, interval.upper])
}

/// What is expected, in words; the outcome; and where the interval lies.
pub(super) fn judge(
    interval: Option<[f64; 2]>,
    expected: Expected,
) -> (String, Outcome, &'static str) {
    let side = |threshold: f64| match interval {
        Some([lower, _]) if lower > threshold => Some(Ordering::Greater),
        Some([_, upper]) if upper < threshold => Some(Ordering::Less),
        _ => None,
    };
    let one_sided = |threshold: f64, wanted: Ordering| match side(threshold) {
        Some(found) => {
            let outcome = if found == wanted { Outcome::Supported } else { Outcome::Contradicted };
            (outcome, if found == Ordering::Greater { "above" } else { "below" })
        }
        None => (Outcome::Undecided, "on both sides"),
    };
    match expected {
        Expected::Above(threshold) => {
            let (outcome, place) = one_sided(threshold, Ordering::Greater);
            (format!("above {threshold}"), outcome, place)
        }
        Expected::Below(threshold) => {
            let (outcome, place) = one_sided(threshold, Ordering::Less);
            (format!("below {threshold}"), outcome, place)
        }
        Expected::Near { value, within } => {
            let (low, high) = (value - within, value + within);
            let (outcome, place) = match interval {
                Some([lower, upper]) if low <= lower && upper <= high => {
                    (Outcome::Supported, "within")
                }
                Some([lower, upper]) if upper < low || high < lower => {
                    (Outcome::Contradicted, "outside")
                }
                _ => (Outcome::Undecided, "partly within"),
            };
            (format!("within {within} of {value}"), outcome, place)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_decides_by_the_side_on_which_it_lies_as_a_whole() {
        let outcome = |interval, expected| judge(interval, expected).1;
        let near = Expected::Near { value: 1.0, within: 0.5 };
        for (interval, above, below, is_near) in [
            (Some([0.6, 1.4]), Outcome::Supported, Outcome::Contradicted, Outcome::Supported),
            (Some([-2.0, -1.0]), Outcome::Contradicted, Outcome::Supported, Outcome::Contradicted),
            (Some([-0.1, 0.7]), Outcome::Undecided, Outcome::Undecided, Outcome::Undecided),
            (Some([0.0, 0.3]), Outcome::Undecided, Outcome::Undecided, Outcome::Contradicted),
            (None, Outcome::Undecided, Outcome::Undecided, Outcome::Undecided),
        ] {
            assert_eq!(outcome(interval, Expected::Above(0.0)), above, "{interval:?}");
            assert_eq!(outcome(interval, Expected::Below(0.0)), below, "{interval:?}");
            assert_eq!(outcome(interval, near), is_near, "{interval:?}");
        }
        assert_eq!(judge(Some([-2.0, -1.0]), Expected::Above(0.0)).2, "below");
    }
}
