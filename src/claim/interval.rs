//! What an interval says about an expectation.

use std::cmp::Ordering;

use super::check::Expected;
use super::verdict::Outcome;
use crate::format::{thousands, typed};
use crate::stats::{Estimate, FEWEST_DECISIVE, Level};

/// The interval, if its seeds are enough to decide anything.
pub(super) fn decisive(difference: &Estimate) -> Option<[f64; 2]> {
    let interval = difference.interval.filter(|_| difference.n >= FEWEST_DECISIVE)?;
    Some([interval.lower, interval.upper])
}

/// What is expected and what the interval says, as a sentence; and the outcome.
pub(super) fn judge(interval: Option<[f64; 2]>, expected: Expected) -> (String, Outcome) {
    let side = |threshold: f64| match interval {
        Some([lower, _]) if lower > threshold => Some(Ordering::Greater),
        Some([_, upper]) if upper < threshold => Some(Ordering::Less),
        _ => None,
    };
    let one_sided = |threshold: f64, wanted: Ordering| match side(threshold) {
        Some(found) => {
            let outcome = if found == wanted { Outcome::Supported } else { Outcome::Contradicted };
            let place = if found == Ordering::Greater { "above" } else { "below" };
            (outcome, format!(", found {place}"))
        }
        None => (Outcome::Undecided, format!("; the interval includes {}", typed(threshold))),
    };
    let (wanted, (outcome, found)) = match expected {
        Expected::Above(threshold) => {
            (format!("above {}", typed(threshold)), one_sided(threshold, Ordering::Greater))
        }
        Expected::Below(threshold) => {
            (format!("below {}", typed(threshold)), one_sided(threshold, Ordering::Less))
        }
        Expected::Near { value, within } => {
            let (low, high) = (value - within, value + within);
            let found = match interval {
                Some([lower, upper]) if low <= lower && upper <= high => {
                    (Outcome::Supported, ", found within".to_owned())
                }
                Some([lower, upper]) if upper < low || high < lower => {
                    (Outcome::Contradicted, ", found outside".to_owned())
                }
                _ => (Outcome::Undecided, "; only a part of the interval is within".to_owned()),
            };
            (format!("within {} of {}", typed(within), typed(value)), found)
        }
    };
    let found = interval.map_or_else(String::new, |_| found);
    (format!("Expected {wanted}{found}."), outcome)
}

/// A number of seeds above which nobody would wait for a decision.
const MOST_SEEDS: usize = 100_000;

/// How many seeds would probably decide, with a probability of 80 % if the mean and the spread stay as they are.
/// `seeds` is the word for them. Empty if the spread is not known.
pub(super) fn to_decide(difference: &Estimate, expected: Expected, seeds: &str) -> String {
    let mean = difference.mean;
    let distance = match expected {
        Expected::Above(threshold) | Expected::Below(threshold) => (mean - threshold).abs(),
        Expected::Near { value, within } => ((mean - value).abs() - within).abs(),
    };
    let level = Level::NINETY_FIVE;
    if difference.std_dev.is_none_or(|std_dev| std_dev == 0.0) {
        return String::new();
    }
    let needed = difference.n_to_tell(distance, level, Level::POWER, MOST_SEEDS);
    let Some(needed) = needed.map(|n| n.max(FEWEST_DECISIVE)) else {
        return format!(
            " More than {} {seeds} would be needed, because the mean is almost at the bound.",
            thousands(MOST_SEEDS)
        );
    };
    let needed = thousands(two_digits(needed));
    format!(
        " About {needed} {seeds} would probably decide, if the mean and the spread stay as they are."
    )
}

/// A number rounded up to two digits: more would claim a precision that the estimate does not have.
fn two_digits(n: usize) -> usize {
    let unit = std::iter::successors(Some(1), |unit| Some(unit * 10));
    let unit = unit.take_while(|unit| n / unit >= 10).last().map_or(1, |unit| unit);
    n.div_ceil(unit) * unit
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
        for (interval, expected, sentence) in [
            (Some([-2.0, -1.0]), Expected::Above(0.0), "Expected above 0, found below."),
            (
                Some([-2.0, 1.0]),
                Expected::Below(0.5),
                "Expected below 0.5; the interval includes 0.5.",
            ),
            (
                Some([0.0, 1.0]),
                near,
                "Expected within 0.5 of 1; only a part of the interval is within.",
            ),
            (None, near, "Expected within 0.5 of 1."),
        ] {
            assert_eq!(judge(interval, expected).0, sentence);
        }
    }
}
