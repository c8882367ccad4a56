//! The runs that are trained now: their names, how far they are, and their curves. Pure.

use super::state::{LiveCurve, LiveState};
use crate::cache::LiveCurves;
use crate::experiment::Run;
use crate::paper::{Metric, ScoreSource};
use crate::run::{Curves, RunConfig};

/// The most points of a curve: more than a small drawing shows.
const MOST_POINTS: usize = 100;

/// The curves of a run that are shown.
const SHOWN: usize = 2;

/// What the page shows of a run with this name. `metrics` say which curves matter most.
pub(super) fn state(
    name: String,
    run: &Run,
    live: Option<LiveCurves>,
    metrics: &[Metric],
) -> LiveState {
    let live = live.unwrap_or_default();
    let n_folds = run.config.folds();
    let fold = live
        .curves
        .iter()
        .filter(|(_, points)| points.last().is_some_and(|last| last.0 == live.step));
    let fold = fold.map(|(name, _)| Curves::fold_of(n_folds, name).0).max().unwrap_or(0);
    let own = live.curves.into_iter().filter_map(|(name, points)| {
        let (of, name) = Curves::fold_of(n_folds, &name);
        (of == fold).then(|| (name.to_owned(), points))
    });
    let mut own: Vec<_> = own.collect();
    let is_scored = |name: &str| {
        metrics.iter().any(
            |metric| matches!(metric.source, ScoreSource::Curve(curve, _) if curve.name == name),
        )
    };
    // A curve of a score, a loss, and then the others.
    let mut chosen = Vec::new();
    let wanted: [&dyn Fn(&str) -> bool; 3] = [&is_scored, &|name| name.contains("loss"), &|_| true];
    for is_wanted in wanted {
        if let Some(at) = own.iter().position(|(name, _)| is_wanted(name))
            && chosen.len() < SHOWN
        {
            let (name, points) = own.remove(at);
            chosen.push(LiveCurve { name, points: thinned(points) });
        }
    }
    LiveState { name, progress: progress(&run.config, live.step, fold, live.share), curves: chosen }
}

/// `epoch 7 of 25`, `fold 2 of 5, epoch 7 of at most 25`, `step 12, 40 %`. Empty before the first.
fn progress(config: &RunConfig, step: u64, fold: usize, share: Option<f64>) -> String {
    let share = share.map(|share| format!("{:.0} %", 100.0 * share));
    let place = match config.network() {
        _ if step == 0 => None,
        Some(network) => {
            let stops = network.train.early_stopping.is_some();
            let most = if stops { "at most " } else { "" };
            let epoch = format!("epoch {step} of {most}{}", network.train.epochs);
            let folds = config.folds();
            Some(if folds > 1 { format!("fold {} of {folds}, {epoch}", fold + 1) } else { epoch })
        }
        None => Some(format!("step {step}")),
    };
    place.into_iter().chain(share).collect::<Vec<_>>().join(", ")
}

/// At most [`MOST_POINTS`], with the last one.
fn thinned(points: Vec<(u64, f64)>) -> Vec<(u64, f64)> {
    let (n, stride) = (points.len(), points.len().div_ceil(MOST_POINTS).max(1));
    let is_kept = |index: usize| (n - 1 - index).is_multiple_of(stride);
    points
        .into_iter()
        .enumerate()
        .filter(|(index, _)| is_kept(*index))
        .map(|(_, point)| point)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_curve_keeps_its_last_point() {
        for n in [0, 1, 99, 100, 101, 1000, 12345] {
            let points: Vec<_> = (1..=n).map(|step| (step, step as f64)).collect();
            let thin = thinned(points.clone());
            assert_eq!(thin.last(), points.last());
            assert!(thin.len() <= MOST_POINTS && thin.len() >= points.len().min(MOST_POINTS / 2));
            assert!(thin.is_sorted());
        }
    }
}
