//! Whether the curves of a record can be those of its run.

use std::collections::BTreeSet;

use super::curves::LEARNING_RATE;
use super::definition::TargetKind;
use super::registry::{monitor, of};
use crate::run::{
    Curve, Curves, Extent, NetworkConfig, Outcome, ProgramConfig, RunConfig, RunResult, Unit,
};

/// Whether a run of `config` records this curve of its task.
#[must_use]
pub fn has(curve: &Curve, config: &NetworkConfig) -> bool {
    let has_part = !curve.needs_held_out || config.data.has_validation();
    let is_rate = *curve == LEARNING_RATE;
    has_part && !(is_rate && config.train.schedule.is_default())
}

/// How far a run of `config` came. `n_values` is the number of values of a curve in a fold. `None` for a run of several
/// folds that diverged: its record does not say which folds did.
pub fn extent(
    config: &NetworkConfig,
    outcome: Outcome,
    n_values: impl Fn(&'static Curve, usize) -> usize,
) -> Option<Extent> {
    let folds = config.data.folds();
    match (outcome, monitor(config.task, &config.train)) {
        (Outcome::Completed, Some(curve)) => {
            Some(Extent { epochs: (0..folds).map(|fold| n_values(curve, fold)).sum(), steps: 0 })
        }
        (Outcome::Completed, None) => Some(Extent::whole(config)),
        (Outcome::Diverged { .. }, _) if folds > 1 => None,
        (Outcome::Diverged { epoch, step }, _) => Some(Extent { epochs: epoch, steps: step + 1 }),
    }
}

/// Checks that a result is one of a run of `config`.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the record.
pub fn check(result: &RunResult, config: &RunConfig) -> Result<(), String> {
    match config {
        RunConfig::Network(config) => check_network(result, config),
        RunConfig::Program(config) => check_program(result, config),
    }
}

/// Whether a run of `config` records this curve.
#[must_use]
pub fn records(curve: &Curve, config: &RunConfig) -> bool {
    match config {
        RunConfig::Network(config) => of(config.task).curves().contains(&curve),
        RunConfig::Program(config) => config.program.metrics.iter().any(|name| name == curve.name),
    }
}

/// Checks that a program has written each of its metrics and artefacts, and nothing else.
fn check_program(result: &RunResult, config: &ProgramConfig) -> Result<(), String> {
    let RunResult { outcome, curves, confusion, artifacts, .. } = result;
    if confusion.is_some() {
        return Err("has a confusion matrix that its run cannot have".to_owned());
    }
    if !artifacts.keys().eq(&config.program.artifacts) {
        return Err("has other artefacts than its run leaves".to_owned());
    }
    let metrics = &config.program.metrics;
    if let Some((name, _)) = curves.iter().find(|(name, _)| !metrics.iter().any(|own| own == name))
    {
        return Err(format!("has a curve `{name}`, which is not declared"));
    }
    let has = |name: &String| curves.iter().any(|(own, values)| own == name && !values.is_empty());
    match metrics.iter().find(|name| *outcome == Outcome::Completed && !has(name)) {
        Some(name) => Err(format!("has no value of `{name}`, which its run writes")),
        None => Ok(()),
    }
}

/// Checks that a result is one of a network: the declared curves in each fold, one value per epoch, each in
/// its range, and a count for each pair of classes.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the record.
fn check_network(result: &RunResult, config: &NetworkConfig) -> Result<(), String> {
    let RunResult { outcome, curves, confusion, artifacts, .. } = result;
    if !artifacts.is_empty() {
        return Err("has artefacts, which a network does not leave".to_owned());
    }
    let outcome = *outcome;
    let has_classes = of(config.task).targets() == TargetKind::Classes;
    let n_classes = (has_classes && outcome == Outcome::Completed).then(|| config.data.classes());
    let n_rows = confusion.as_ref().map(Vec::len);
    if n_rows != n_classes || confusion.iter().flatten().any(|row| Some(row.len()) != n_rows) {
        return Err("has a confusion matrix that its run cannot have".to_owned());
    }
    let (declared, n_folds) = (of(config.task).curves(), config.data.folds());
    let of_folds = (0..n_folds).flat_map(|fold| declared.iter().map(move |curve| (fold, *curve)));
    let known: BTreeSet<_> =
        of_folds.clone().map(|(fold, curve)| Curves::name(n_folds, fold, curve)).collect();
    if let Some((name, _)) = curves.iter().find(|(name, _)| !known.contains(*name)) {
        return Err(format!("has a curve `{name}`, which is not declared"));
    }
    let mut lengths: Vec<Option<usize>> = vec![None; n_folds];
    for (fold, curve) in of_folds {
        let values = curves.of_fold(n_folds, fold, curve);
        check_network_curve(curve, values, config, outcome)?;
        if outcome == Outcome::Completed && has(curve, config) {
            let first = *lengths[fold].get_or_insert(values.len());
            if first != values.len() {
                let (name, n) = (curve.name, values.len());
                return Err(format!("has {n} values in `{name}`, but {first} in another curve"));
            }
        }
    }
    Ok(())
}

/// [`check`] of one declared curve, which has these values in a fold.
///
/// # Errors
/// As [`check`].
pub fn check_curve(
    curve: &Curve,
    values: &[f64],
    config: &RunConfig,
    outcome: Outcome,
) -> Result<(), String> {
    match config {
        RunConfig::Network(config) => check_network_curve(curve, values, config, outcome),
        RunConfig::Program(_) if values.is_empty() && outcome == Outcome::Completed => {
            Err(format!("has no value of `{}`, which its run writes", curve.name))
        }
        RunConfig::Program(_) => Ok(()),
    }
}

fn check_network_curve(
    curve: &Curve,
    values: &[f64],
    config: &NetworkConfig,
    outcome: Outcome,
) -> Result<(), String> {
    let epochs = config.train.epochs;
    let expected = match outcome {
        _ if !has(curve, config) => 0..=0,
        Outcome::Completed if config.train.early_stopping.is_some() => 1..=epochs,
        // Some folds have diverged, others have not.
        Outcome::Diverged { .. } if config.data.folds() > 1 => 0..=epochs,
        Outcome::Diverged { epoch, .. } if curve.after_divergence().is_none() => epoch..=epoch,
        _ => epochs..=epochs,
    };
    if !expected.contains(&values.len()) {
        let (name, n) = (curve.name, values.len());
        let (least, most) = (expected.start(), expected.end());
        let expected = if least == most { least.to_string() } else { format!("{least} to {most}") };
        return Err(format!("has {n} values in `{name}`, where its run has {expected}"));
    }
    if curve.unit == Unit::Fraction && values.iter().any(|value| !(0.0..=1.0).contains(value)) {
        return Err(format!("has a value in `{}` that is not a fraction", curve.name));
    }
    Ok(())
}
