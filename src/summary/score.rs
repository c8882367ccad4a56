//! The score of one run by a metric.

use crate::paper::{Metric, Reduction, RunValue, ScoreSource, shown};
use crate::run::{Curve, Direction, Outcome, RecordExtract, Unit, pairs, parameter_count};

/// The score of a run, in the unit of the metric. Returns `None` if the run does not have a value
/// that the metric needs: a curve, or the last epoch of a curve of numbers if it diverged.
pub(super) fn score(metric: &Metric, record: &RecordExtract) -> Option<f64> {
    match metric.source {
        ScoreSource::Curve(curve, reduction) => {
            let value = record.curves.get(curve).get(place(curve, reduction, record)?)?;
            Some(shown(curve, *value))
        }
        ScoreSource::Value(RunValue::Parameters) => {
            let config = &record.config;
            let count = parameter_count(&config.model, config.data.input()).ok()?;
            Some(count as f64)
        }
        ScoreSource::Value(RunValue::Epochs) => Some(match record.outcome {
            Outcome::Completed => record.config.train.epochs as f64,
            Outcome::Diverged { epoch, .. } => epoch as f64,
        }),
    }
}

/// The epoch whose value is the score, from 0.
fn place(curve: &Curve, reduction: Reduction, record: &RecordExtract) -> Option<usize> {
    let best = |curve: &Curve| {
        let better = curve.better.unwrap_or(Direction::Higher);
        better.best(record.curves.get(curve))
    };
    match reduction {
        Reduction::Best => best(curve),
        Reduction::Last => {
            // The last number of a diverged run is not the number of its last epoch.
            let has_last = record.outcome == Outcome::Completed || curve.unit == Unit::Fraction;
            record.curves.get(curve).len().checked_sub(1).filter(|_| has_last)
        }
        Reduction::Selected => best(pairs::selecting()),
    }
}

/// The values of a curve in the unit that readers see.
pub(super) fn shown_values(record: &RecordExtract, curve: &Curve) -> Vec<f64> {
    record.curves.get(curve).iter().map(|value| shown(curve, *value)).collect()
}
