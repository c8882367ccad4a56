//! The score of one run by a metric.

use crate::paper::{Metric, Reduction};
use crate::run::{ChosenCurves, Curve, RecordExtract, pairs};

/// The score of a run in percent. Returns `None` if the run does not have a curve that the metric
/// needs.
pub(super) fn score(metric: &Metric, record: &RecordExtract) -> Option<f64> {
    let curves = &record.curves;
    let values = curves.get(metric.curve).iter().copied();
    let accuracy = match metric.reduction {
        Reduction::Maximum => values.max_by(f64::total_cmp),
        Reduction::Last => values.last(),
        Reduction::Selected => {
            let held_out = curves.get(&pairs::VALIDATION_ACCURACY);
            let best = held_out.iter().copied().max_by(f64::total_cmp)?;
            let epoch = held_out.iter().position(|accuracy| *accuracy == best)?;
            curves.get(metric.curve).get(epoch).copied()
        }
    };
    accuracy.map(|accuracy| 100.0 * accuracy)
}

/// A curve in percent.
pub(super) fn percent(curves: &ChosenCurves, curve: &Curve) -> Vec<f64> {
    curves.get(curve).iter().map(|accuracy| 100.0 * accuracy).collect()
}
