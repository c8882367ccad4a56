//! The learning curves that the figures of a report show, run by run.

use std::collections::{BTreeMap, BTreeSet};

use super::rows;
use crate::experiment::ConditionId;
use crate::paper::{EXPERIMENT, Selection};
use crate::plan::Plan;
use crate::run::Curve;
use crate::summary::Summary;

/// Curves that a figure shows.
#[derive(Clone, Debug)]
pub struct Drawn<'d> {
    /// The curves.
    pub curves: Vec<&'static Curve>,
    /// The conditions whose curves it shows.
    pub selection: &'d Selection,
}

/// The drawn curves as CSV: one row for each value, in order of condition, seed, curve, fold and epoch. Values are as
/// the run recorded them: a share is a number from 0 to 1.
pub(super) fn csv(summary: &Summary, plan: &Plan, drawn: &[Drawn<'_>]) -> String {
    let factors = rows::factors(summary);
    let factors: Vec<_> = factors.into_iter().filter(|factor| *factor != EXPERIMENT).collect();
    let heads = ["run", EXPERIMENT].into_iter().chain(factors.iter().copied());
    let heads = heads.chain(["seed", "fold", "epoch", "curve", "value"]).map(str::to_owned);
    let mut all = vec![heads.collect()];
    for (id, curves) in by_condition(summary, drawn) {
        let condition = summary.condition(id);
        let levels = factors.iter().map(|factor| rows::level(&condition.levels, factor));
        let levels: Vec<String> = levels.collect();
        for run in &condition.runs {
            let Some(record) = plan.records.get(&run.digest) else { continue };
            for (name, curve) in &curves {
                let folds = record.curves.folds(curve);
                for (fold, values) in folds.iter().enumerate() {
                    let fold = if folds.len() > 1 { (fold + 1).to_string() } else { String::new() };
                    for (epoch, value) in values.iter().enumerate() {
                        let experiment = rows::level(&condition.levels, EXPERIMENT);
                        let mut row = vec![run.digest.short(), experiment];
                        row.extend(levels.iter().cloned());
                        row.extend([run.seed.to_string(), fold.clone(), (epoch + 1).to_string()]);
                        row.extend([(*name).to_owned(), value.to_string()]);
                        all.push(row);
                    }
                }
            }
        }
    }
    rows::csv(all.into_iter())
}

/// The drawn curves of each condition, by name.
fn by_condition(
    summary: &Summary,
    drawn: &[Drawn<'_>],
) -> BTreeMap<ConditionId, BTreeMap<&'static str, &'static Curve>> {
    let mut all: BTreeMap<ConditionId, BTreeMap<&'static str, &'static Curve>> = BTreeMap::new();
    for one in drawn {
        let ids: BTreeSet<_> = summary.select(one.selection).into_iter().collect();
        for id in ids {
            all.entry(id).or_default().extend(one.curves.iter().map(|curve| (curve.name, *curve)));
        }
    }
    all
}
