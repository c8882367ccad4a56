//! The effect of a factor with two levels.

use std::collections::BTreeMap;

use super::{ConditionId, Contrast, Summary};
use crate::experiment::Level;
use crate::paper::Selection;

/// The mean of the conditions with the first level of `factor`, minus the mean of those with the
/// second, among the selected conditions. A condition counts only if another condition differs from
/// it in the factor alone. The other conditions are listed as unmatched.
#[must_use]
pub fn effect(
    summary: &Summary,
    selection: &Selection,
    factor: &str,
    levels: &[Level; 2],
    metric: &str,
) -> Contrast {
    let all = summary.select(selection);
    let others = |id: ConditionId| {
        let levels = summary.condition(id).levels.iter();
        levels.filter(|(name, _)| *name != factor).collect::<Vec<_>>()
    };
    let sets = levels.each_ref().map(|level| {
        let has = |id: &&ConditionId| summary.condition(**id).levels.get(factor) == Some(level);
        all.iter().filter(has).map(|id| (others(*id), *id)).collect::<BTreeMap<_, _>>()
    });
    let [first, second] = &sets;
    let is_matched = |others| first.contains_key(others) && second.contains_key(others);
    let both = sets.iter().flatten();
    let mut unmatched: Vec<_> =
        both.filter(|(others, _)| !is_matched(*others)).map(|(_, id)| *id).collect();
    unmatched.extend(all.iter().filter(|id| !summary.condition(**id).levels.contains_key(factor)));
    unmatched.sort_unstable();
    let matched = sets.each_ref().map(|set| {
        let mut matched: Vec<_> = set.values().copied().collect();
        matched.retain(|id| !unmatched.contains(id));
        matched.sort_unstable();
        matched
    });
    Contrast { unmatched, ..Contrast::of(summary, matched, metric) }
}

/// The distinct levels, if there are two. Booleans are `true`, then `false`. Other levels keep the
/// order of the experiment files.
#[must_use]
pub fn two_levels<'l>(levels: impl Iterator<Item = &'l Level>) -> Option<[Level; 2]> {
    let mut distinct: Vec<&Level> = Vec::new();
    for level in levels {
        if !distinct.contains(&level) {
            distinct.push(level);
        }
    }
    // The direction of a boolean factor does not depend on the order of its levels in a file.
    distinct.sort_by_key(|level| level.as_bool() == Some(false));
    <[&Level; 2]>::try_from(distinct).ok().map(|levels| levels.map(Clone::clone))
}
