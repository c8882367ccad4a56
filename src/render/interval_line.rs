//! An interval on a line, beside what is expected of it.

use serde_json::{Value as Json, json};

use crate::claim::Measured;
use crate::format::{rounded, signed};

/// Width of the drawing, in pixels.
const WIDTH: f64 = 240.0;
/// Room at each end of the line.
const MARGIN: f64 = 22.0;

/// A finding in one sentence, with the places of a drawing of its interval: `from` and `width` of what is expected, `lower`, `mean` and `upper`, and
/// `ticks` with `x` and `label` at 0 and at the bounds of what is expected.
pub(super) fn interval_line(measured: &Measured) -> Json {
    let Measured { label, mean, interval, expected } = measured;
    let (mean, interval, expected) = (*mean, *interval, *expected);
    let mut marks: Vec<f64> = expected.into_iter().filter(|bound| bound.is_finite()).collect();
    if !marks.contains(&0.0) {
        marks.push(0.0);
    }
    let all = || marks.iter().chain(&interval);
    let low = all().copied().fold(f64::INFINITY, f64::min);
    let high = all().copied().fold(f64::NEG_INFINITY, f64::max);
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
    let number = |mark: f64| rounded(mark, if mark.fract() == 0.0 { 0 } else { 2 });
    let ticks: Vec<_> =
        ticks.into_iter().map(|mark| json!({ "x": x(mark), "label": number(mark) })).collect();
    let wanted = match expected {
        [low, high] if high.is_infinite() => format!("above {}", number(low)),
        [low, high] if low.is_infinite() => format!("below {}", number(high)),
        [low, high] => format!("from {} to {}", number(low), number(high)),
    };
    let [found, lower, upper] = [mean, interval[0], interval[1]].map(|value| signed(Some(value)));
    json!({
        "sentence": format!("{label}: {found} points [{lower}, {upper}], expected {wanted}."),
        "from": end(expected[0]), "width": end(expected[1]) - end(expected[0]), "lower": x(interval[0]),
        "mean": x(mean), "upper": x(interval[1]), "ticks": ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_stands_beside_what_is_expected_on_one_scale() {
        let line = |interval, expected| {
            interval_line(&Measured { label: "sharing".to_owned(), mean: 0.5, interval, expected })
        };
        let above = line([-1.0, 2.0], [0.0, f64::INFINITY]);
        assert_eq!((above["lower"].as_f64(), above["upper"].as_f64()), (Some(22.0), Some(218.0)));
        assert_eq!((above["from"].as_f64(), above["width"].as_f64()), (Some(87.3), Some(152.7)));
        assert_eq!(above["sentence"], "sharing: +0.50 points [−1.00, +2.00], expected above 0.");
        assert_eq!(above["ticks"], json!([{ "x": 87.3, "label": "0" }]));
        // 0.4 and 0 would touch on this scale; the bound is kept.
        let near = line([0.0, 20.0], [0.4, 10.0]);
        assert_eq!(near["ticks"][0]["label"], "0.40");
        assert_eq!(near["ticks"].as_array().map(Vec::len), Some(2));
        let point = line([0.0, 0.0], [f64::NEG_INFINITY, 0.0]);
        assert_eq!(point["mean"].as_f64(), Some(22.0));
    }
}
