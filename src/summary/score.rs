//! The score of one run by a metric.

use crate::paper::{Metric, Reduction, RunValue, ScoreSource, shown};
use crate::run::{
    Curve, Direction, EarlyStopping, Extent, Outcome, RecordExtract, Unit, parameter_count,
};
use crate::task;

/// The score of a run, in the unit of the metric: the mean over its folds. Returns `None` if the run does not have a
/// value that the metric needs: a curve, or the last epoch of a curve of numbers if it diverged. A program that diverged has no score.
pub(super) fn score(metric: &Metric, record: &RecordExtract) -> Option<f64> {
    // What a program would have written after its divergence is not known.
    let is_program = record.config.network().is_none();
    if is_program && record.outcome != Outcome::Completed {
        return None;
    }
    match metric.source {
        ScoreSource::Curve(curve, reduction) => {
            let of_fold = |(fold, values): (usize, &Vec<f64>)| {
                let value = values.get(place(curve, reduction, record, fold)?)?;
                Some(shown(curve, *value))
            };
            mean(record.curves.folds(curve).iter().enumerate().map(of_fold))
        }
        ScoreSource::Value(kind) => value(kind, record),
    }
}

/// A number that a run has without a curve; `None` if it does not have it.
pub(super) fn value(kind: RunValue, record: &RecordExtract) -> Option<f64> {
    match kind {
        RunValue::Parameters => parameters(record).map(|n| n as f64),
        RunValue::Epochs => {
            let epochs = extent(record)?.epochs as f64;
            Some(epochs / record.config.folds() as f64)
        }
        RunValue::BestEpoch => {
            let of_fold = |fold: usize| Some((best_epoch(record, fold)? + 1) as f64);
            let has_ended = record.outcome == Outcome::Completed;
            mean((0..record.config.folds()).map(of_fold)).filter(|_| has_ended)
        }
    }
}

/// How far a run came; `None` if its record does not say it.
#[must_use]
pub fn extent(record: &RecordExtract) -> Option<Extent> {
    let n_values = |curve, fold| record.curves.folds(curve).get(fold).map_or(0, Vec::len);
    task::extent(record.config.network()?, record.outcome, n_values)
}

/// The number of trained parameters of a run.
pub(super) fn parameters(record: &RecordExtract) -> Option<usize> {
    let config = record.config.network()?;
    parameter_count(&config.model, config.data.input()).ok()
}

/// The mean of the values of all folds. `None` if a fold has none.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values = values.collect::<Option<Vec<_>>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The curve that early stopping watches.
fn monitor(record: &RecordExtract) -> Option<&'static Curve> {
    let config = record.config.network()?;
    task::monitor(config.task, &config.train)
}

fn early_stopping(record: &RecordExtract) -> Option<&EarlyStopping> {
    record.config.network()?.train.early_stopping.as_ref()
}

/// The best epoch of a fold by the curve that early stopping watches.
fn best_epoch(record: &RecordExtract, fold: usize) -> Option<usize> {
    let curve = monitor(record)?;
    let stopping = early_stopping(record)?;
    stopping.best_epoch(record.curves.folds(curve).get(fold)?, curve.better?)
}

/// The epoch of a fold whose value is the score, from 0.
fn place(
    curve: &Curve,
    reduction: Reduction,
    record: &RecordExtract,
    fold: usize,
) -> Option<usize> {
    let best = |curve: &Curve| {
        let better = curve.better.unwrap_or(Direction::Higher);
        better.best(record.curves.folds(curve).get(fold)?)
    };
    match reduction {
        Reduction::Best => best(curve),
        Reduction::Last => {
            // The last number of a diverged run is not the number of its last epoch.
            let has_last = record.outcome == Outcome::Completed || curve.unit == Unit::Fraction;
            let stopping = early_stopping(record);
            let has_completed = record.outcome == Outcome::Completed;
            // The network ends with the parameters of the best epoch, unless it diverged.
            if has_completed && stopping.is_some_and(|stopping| stopping.restore_best) {
                return best_epoch(record, fold);
            }
            let values = record.curves.folds(curve).get(fold)?;
            values.len().checked_sub(1).filter(|_| has_last)
        }
        Reduction::Selected(by) => best(by),
    }
}

/// The values of a curve in the unit that readers see: at each epoch, the mean over all folds. It ends with the first
/// fold that stopped early. In a run that diverged, it is the mean over the folds that have a value.
pub(super) fn shown_values(record: &RecordExtract, curve: &Curve) -> Vec<f64> {
    let folds = record.curves.folds(curve);
    let lengths = folds.iter().map(Vec::len);
    let n_epochs = match record.outcome {
        Outcome::Completed => lengths.min(),
        Outcome::Diverged { .. } => lengths.max(),
    };
    let n_epochs = n_epochs.unwrap_or(0);
    let at = |epoch: usize| {
        let values = folds.iter().filter_map(|values| values.get(epoch).copied());
        let (sum, n) = values.fold((0.0, 0u32), |(sum, n), value| (sum + value, n + 1));
        shown(curve, sum / f64::from(n))
    };
    (0..n_epochs).map(at).collect()
}
