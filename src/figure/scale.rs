//! The range and the ticks of an axis of values.

use std::ops::Range;

use super::font::room;
use super::style::{range_of, whole_ticks};
use crate::format::{Digits, exponent, typed};
use crate::stats::log10;

/// An axis of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueAxis {
    /// What it shows, with the unit.
    pub label: String,
    /// Whether its values are percentages, else plain numbers of any size.
    pub is_percent: bool,
}

/// An axis of values, which may be logarithmic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaledAxis {
    /// What it shows.
    pub axis: ValueAxis,
    /// Whether equal distances are equal ratios. All its values are then above 0.
    pub is_log: bool,
}

/// The range of an axis, and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) range: Range<f64>,
    pub(super) ticks: Vec<Tick>,
}

/// A place on an axis, and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) label: String,
}

/// The type of the labels of ticks.
pub(super) const TICK_TYPE: u32 = 15;

/// Larger values are not drawn: the arithmetic of their range would overflow.
const LARGEST: f64 = 1e300;

impl ValueAxis {
    /// An axis of percentages, for tests.
    #[cfg(test)]
    pub(super) fn percent() -> Self {
        Self { label: "accuracy, %".to_owned(), is_percent: true }
    }

    /// The scale for all `values`, with at most `most` ticks. A range of percentages begins and ends
    /// at multiples of `step`.
    pub(super) fn scale(&self, values: impl Iterator<Item = f64>, step: f64, most: usize) -> Scale {
        if self.is_percent {
            let range = range_of(values, step, (0.0, 100.0));
            let ticks = whole(whole_ticks(&range, most));
            return Scale { range, ticks };
        }
        let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let drawn = values.filter(|value| value.abs() <= LARGEST);
        let (low, high) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        // Equal values, and values that differ by rounding alone, stand in the middle.
        let largest = low.abs().max(high.abs());
        let room = match () {
            () if high - low > 1e-9 * largest => 0.0,
            () if largest == 0.0 => 1.0,
            () => 0.1 * largest,
        };
        of_numbers(low - room, high + room, most.max(2))
    }
}

/// The scale of numbers from `low` to `high`, whose ticks are multiples of 1, 2 or 5 times a power of
/// ten.
fn of_numbers(low: f64, high: f64, most: usize) -> Scale {
    let first = exponent(high - low) - 2;
    let mut steps =
        (first..first + 6).flat_map(|power| [1_i64, 2, 5].map(|factor| (factor, power)));
    let multiples = |(factor, power): (i64, i32)| {
        // Written and read again, a multiple is the number that its label says.
        let of = |n: i64| format!("{}e{power}", n * factor).parse::<f64>().unwrap_or_default();
        let [from, to] = [(low / of(1)).floor(), (high / of(1)).ceil()].map(|n| n as i64);
        (from..=to).map(of).collect::<Vec<_>>()
    };
    let fitting = steps.find_map(|step| {
        let values = multiples(step);
        (values.len() <= most).then_some((values, step.1))
    });
    let (values, power) = fitting.unwrap_or_else(|| (vec![low, high], first));
    let largest = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    let digits = match exponent(largest) {
        -4..7 => Digits::Decimals(u8::try_from(-power).unwrap_or_default()),
        of_largest => Digits::Scientific(u8::try_from(of_largest - power).unwrap_or_default()),
    };
    let last = values.len() - 1;
    let step = values[1] - values[0];
    // An end that is nearly empty wastes room: it is left out, if enough ticks remain.
    let is_empty = |room: f64| last >= 3 && room > 0.75 * step;
    let (first, start) = if is_empty(low - values[0]) { (1, low) } else { (0, values[0]) };
    let (last, end) =
        if is_empty(values[last] - high) { (last - 1, high) } else { (last, values[last]) };
    let tick = |value: &f64| Tick { value: *value, label: digits.write(*value) };
    Scale { range: start..end, ticks: values[first..=last].iter().map(tick).collect() }
}

/// The scale of the logarithms of positive values. Ticks are powers of ten; if these are few, also
/// twice and five times of them.
pub(super) fn log_scale(values: impl Iterator<Item = f64>) -> Scale {
    let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    let (low, high) = values.fold((f64::INFINITY, 0.0), ends);
    let (low, high) = if low > high { (1.0, 10.0) } else { (low, high) };
    let powers = exponent(low)..=exponent(high) + 1;
    let is_few = exponent(high) - exponent(low) < 3;
    let factors = if is_few { &[1.0, 2.0, 5.0][..] } else { &[1.0] };
    let all = powers.flat_map(|power| {
        factors.iter().map(move |factor| format!("{factor}e{power}").parse().unwrap_or(1.0))
    });
    let all: Vec<f64> = all.collect();
    // The ends are the ticks around all values.
    let first = all.iter().rposition(|tick| *tick <= low).unwrap_or(0);
    let last = all.iter().position(|tick| *tick > high).unwrap_or(all.len() - 1);
    let shown = &all[first..=last];
    let step = (shown.len() / 8).max(1);
    let tick = |value: &f64| Tick { value: log10(*value), label: typed(*value) };
    Scale {
        range: log10(shown[0])..log10(shown[shown.len() - 1]),
        ticks: shown.iter().step_by(step).map(tick).collect(),
    }
}

/// Whole numbers as ticks.
pub(super) fn whole(values: Vec<f64>) -> Vec<Tick> {
    values.into_iter().map(|value| Tick { value, label: format!("{value:.0}") }).collect()
}

/// The width of the widest label, in pixels.
pub(super) fn widest(ticks: &[Tick]) -> i32 {
    ticks.iter().map(|tick| room(&tick.label, TICK_TYPE)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], most: usize) -> Vec<String> {
        let axis = ValueAxis { label: String::new(), is_percent: false };
        let scale = axis.scale(values.iter().copied(), 5.0, most);
        for value in values.iter().filter(|value| value.is_finite()) {
            assert!(scale.range.start <= *value && *value <= scale.range.end, "{values:?}");
        }
        assert!(scale.range.start < scale.range.end, "{values:?}");
        scale.ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_of_numbers_are_round_and_as_exact_as_they_must_be() {
        assert_eq!(labels(&[0.31, 0.69], 6), ["0.3", "0.4", "0.5", "0.6", "0.7"]);
        // A range that begins just below 0 has no tick at −50.
        assert_eq!(labels(&[-2.0, 152.0], 6), ["0", "50", "100", "150"]);
        assert_eq!(labels(&[-0.02, 0.011], 6), ["−0.02", "−0.01", "0.00", "0.01"]);
        assert_eq!(labels(&[0.0, 2300.0], 8), ["0", "500", "1000", "1500", "2000", "2500"]);
        assert_eq!(labels(&[2e-6, 5e-6], 8)[0], "2.0e−6");
        assert_eq!(labels(&[1e299, 1e300], 4), ["0", "5.0e299", "1.0e300"]);
        assert_eq!(labels(&[], 4), ["0.0", "0.5", "1.0"]);
        assert_eq!(labels(&[f64::NAN, f64::INFINITY], 4).len(), 3);
    }

    #[test]
    fn every_range_has_ticks_that_differ() {
        for values in [
            &[1.0, 1.0][..],
            &[0.0],
            &[-7.5],
            &[1e9, 1e9 + 1e-6],
            &[123_456.0, 123_457.0],
            &[5e-324, 1e-300],
            &[-1e300, 1e300],
        ] {
            for most in [2, 5, 13] {
                let labels = labels(values, most);
                let distinct: std::collections::BTreeSet<_> = labels.iter().collect();
                assert!(
                    labels.len() >= 2 && distinct.len() == labels.len(),
                    "{values:?} {labels:?}"
                );
                assert!(labels.len() <= most.max(2), "{values:?} {labels:?}");
            }
        }
    }

    #[test]
    fn ticks_of_a_logarithmic_axis_are_round_and_around_all_values() {
        let labels = |values: &[f64]| {
            let scale = log_scale(values.iter().copied());
            for value in values {
                let place = log10(*value);
                assert!(scale.range.start <= place && place <= scale.range.end, "{values:?}");
            }
            scale.ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(&[0.001, 0.03]), ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05"]);
        assert_eq!(labels(&[1.0, 1000.0]), ["1", "10", "100", "1000", "10000"]);
        assert_eq!(labels(&[3.0]), ["2", "5"]);
        assert_eq!(labels(&[]), ["1", "2", "5", "10", "20"]);
        assert!(labels(&[1e-20, 1e20]).len() <= 9);
    }
}
