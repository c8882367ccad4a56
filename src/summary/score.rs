//! The score of one run by a metric.

use crate::paper::{Curve, Metric, Take};
use crate::run::{LearningCurve, RunRecord};

/// The score of a run in percent; none if it did not measure what the metric takes.
pub(super) fn score(metric: &Metric, record: &RunRecord) -> Option<f64> {
    let values = percent(&record.result.curve, metric.curve);
    match metric.take {
        Take::Maximum => values.into_iter().max_by(f64::total_cmp),
        Take::Last => values.last().copied(),
        Take::Selected => {
            let held_out = &record.result.curve.validation_accuracy;
            let best = held_out.iter().copied().max_by(f64::total_cmp)?;
            let epoch = held_out.iter().position(|accuracy| *accuracy == best)?;
            values.get(epoch).copied()
        }
    }
}

/// A curve in percent.
pub(super) fn percent(curve: &LearningCurve, which: Curve) -> Vec<f64> {
    let accuracies = match which {
        Curve::PublishedTestAccuracy => curve.published_test_accuracy.clone(),
        Curve::UndroppedTestAccuracy => curve.undropped_test_accuracy.clone(),
        Curve::CorrectedTestAccuracy => curve.corrected_test_accuracy.clone(),
        Curve::ValidationAccuracy => curve.validation_accuracy.clone(),
        Curve::ComparisonAccuracy => curve.comparison_accuracy.clone(),
        Curve::DigitAccuracy => {
            let both = curve.first_digit_accuracy.iter().zip(&curve.second_digit_accuracy);
            both.map(|(first, second)| (first + second) / 2.0).collect()
        }
    };
    accuracies.into_iter().map(|accuracy| 100.0 * accuracy).collect()
}
