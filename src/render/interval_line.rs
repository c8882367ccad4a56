//! An interval on a line, beside what is expected of it.

use serde_json::{Value as Json, json};

use crate::claim::Measured;
use crate::format::typed;

/// Width of the drawing, in pixels.
const WIDTH: f64 = 240.0;
/// Room at each end of the line.
const MARGIN: f64 = 22.0;

/// Values where a line has a tick: 0, and the finite bounds of what is expected.
fn marks(measured: &Measured) -> Vec<f64> {
    let bounds = measured.expected.into_iter().filter(|bound| bound.is_finite());
    let mut marks: Vec<f64> = bounds.collect();
    if !marks.contains(&0.0) {
        marks.push(0.0);
    }
    marks
}

/// The smallest and the largest value of some lines.
fn range<'m>(lines: impl Iterator<Item = &'m Measured>) -> [f64; 2] {
    let values = lines.flat_map(|one| marks(one).into_iter().chain(one.interval));
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    })
}

/// The lines of the findings of one claim, in their order. They share a scale, unless that would press one of them
/// into less than a quarter of it.
pub(super) fn interval_lines(lines: &[Option<&Measured>]) -> Vec<Option<Json>> {
    let span = |[low, high]: [f64; 2]| high - low;
    let shared = range(lines.iter().copied().flatten());
    let is_readable = |one: &Measured| 4.0 * span(range(std::iter::once(one))) >= span(shared);
    let is_shared = lines.iter().copied().flatten().all(is_readable);
    let line = |one: &Measured| {
        interval_line(one, if is_shared { shared } else { range(std::iter::once(one)) })
    };
    lines.iter().map(|one| one.map(line)).collect()
}

/// A finding in one sentence, with the places of a drawing of its interval: `from` and `width` of what is expected, `lower`, `mean` and `upper`, and
/// `ticks` with `x` and `label` at 0 and at the bounds of what is expected.
fn interval_line(measured: &Measured, [low, high]: [f64; 2]) -> Json {
    let Measured { label, mean, interval, expected, unit, digits } = measured;
    let (mean, interval, expected) = (*mean, *interval, *expected);
    let mut marks = marks(measured);
    let scale = if high > low { (WIDTH - 2.0 * MARGIN) / (high - low) } else { 0.0 };
    let x = |value: f64| {
        let x = MARGIN + (value.clamp(low, high) - low) * scale;
        (10.0 * x).round() / 10.0
    };
    let end = |bound: f64| match bound {
        f64::INFINITY => WIDTH,
        f64::NEG_INFINITY => 0.0,
        bound => x(bound),
    };
    marks.sort_by(f64::total_cmp);
    // Labels that would touch are left out, those of what is expected last.
    let mut ticks: Vec<f64> = Vec::new();
    marks.sort_by_key(|mark| !expected.contains(mark));
    for mark in marks {
        if ticks.iter().all(|other| (x(*other) - x(mark)).abs() > 26.0) {
            ticks.push(mark);
        }
    }
    // A bound may be a sum: 0.1 + 0.2 is not quite 0.3.
    let number = |mark: f64| typed(format!("{mark:.5e}").parse().unwrap_or(mark));
    let ticks: Vec<_> =
        ticks.into_iter().map(|mark| json!({ "x": x(mark), "label": number(mark) })).collect();
    let wanted = match expected {
        [low, high] if high.is_infinite() => format!("above {}", number(low)),
        [low, high] if low.is_infinite() => format!("below {}", number(high)),
        [low, high] => format!("from {} to {}", number(low), number(high)),
    };
    let [found, lower, upper] = [mean, interval[0], interval[1]].map(|value| digits.signed(value));
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    json!({
        "sentence": format!("{label}: {found}{unit} [{lower}, {upper}], expected {wanted}."),
        "from": end(expected[0]), "width": end(expected[1]) - end(expected[0]), "lower": x(interval[0]),
        "mean": x(mean), "upper": x(interval[1]), "ticks": ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Digits;

    #[test]
    fn an_interval_stands_beside_what_is_expected_on_one_scale() {
        let line = |interval, expected| {
            let (label, unit) = ("sharing".to_owned(), "percentage points".to_owned());
            let digits = Digits::PERCENT;
            let one = Measured { label, mean: 0.5, interval, expected, unit, digits };
            interval_lines(&[Some(&one)]).remove(0).unwrap()
        };
        let above = line([-1.0, 2.0], [0.0, f64::INFINITY]);
        assert_eq!((above["lower"].as_f64(), above["upper"].as_f64()), (Some(22.0), Some(218.0)));
        assert_eq!((above["from"].as_f64(), above["width"].as_f64()), (Some(87.3), Some(152.7)));
        assert_eq!(
            above["sentence"],
            "sharing: +0.50 percentage points [−1.00, +2.00], expected above 0."
        );
        assert_eq!(above["ticks"], json!([{ "x": 87.3, "label": "0" }]));
        // 0.4 and 0 would touch on this scale; the bound is kept.
        let near = line([0.0, 20.0], [0.4, 10.0]);
        assert_eq!(near["ticks"][0]["label"], "0.4");
        assert_eq!(near["ticks"].as_array().map(Vec::len), Some(2));
        let point = line([0.0, 0.0], [f64::NEG_INFINITY, 0.0]);
        assert_eq!(point["mean"].as_f64(), Some(22.0));
    }
    #[test]
    fn the_lines_of_a_claim_share_a_scale_that_all_can_be_read_on() {
        let one = |upper: f64| Measured {
            label: String::new(),
            mean: upper / 2.0,
            interval: [0.0, upper],
            expected: [0.0, f64::INFINITY],
            unit: String::new(),
            digits: Digits::PERCENT,
        };
        let upper = |uppers: [f64; 2]| {
            let [first, second] = uppers.map(one);
            let lines = interval_lines(&[Some(&first), None, Some(&second)]);
            assert!(lines[1].is_none());
            [0, 2].map(|place| lines[place].as_ref().unwrap()["upper"].as_f64().unwrap())
        };
        assert_eq!(upper([1.0, 2.0]), [120.0, 218.0]);
        assert_eq!(upper([1.0, 5.0]), [218.0, 218.0]);
    }
}
