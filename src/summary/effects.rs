//! Tables of what factors change.

use std::collections::BTreeMap;

use super::ConditionSummary;
use super::contrast::{Contrast, select};
use crate::paper::{Effects, Selection};
use crate::stats;

/// The effect of one factor within one group of conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The factor.
    pub factor: String,
    /// Its two levels: the mean of the first less that of the second.
    pub levels: [String; 2],
    /// The levels of the table's `by` that the group has; none for all groups together.
    pub group: Option<Vec<String>>,
    /// The difference, paired by seed.
    pub contrast: Contrast,
    /// Its p value, adjusted for all groups of all factors of the table; the rows over all groups
    /// are means of the others and are not adjusted for.
    pub adjusted_p: Option<f64>,
}

/// The rows of `table`: for each factor its effect in each group, then in all together.
pub(super) fn summarize(table: &Effects, conditions: &[ConditionSummary]) -> Vec<Effect> {
    let selected = select(conditions, &table.selection);
    let groups = groups(table, conditions, &selected);
    let mut effects = Vec::new();
    for factor in &table.factors {
        let Some(levels) = two_levels(conditions, &selected, factor) else { continue };
        for group in groups.iter().map(Some).chain([None]) {
            let mut selection = table.selection.clone();
            for (name, level) in table.by.iter().zip(group.into_iter().flatten()) {
                selection.insert(name.clone(), vec![level.clone()]);
            }
            let contrast = effect(conditions, &selection, factor, &levels, &table.metric);
            let (factor, group, levels) = (factor.clone(), group.cloned(), levels.clone());
            effects.push(Effect { factor, levels, group, contrast, adjusted_p: None });
        }
    }
    adjust(&mut effects);
    effects
}

/// The mean of the conditions with the first level of `factor` less that of those with the second,
/// among the selected. One without a counterpart that differs in the factor alone is left out: its other
/// levels would count as an effect of this one.
#[must_use]
pub fn effect(
    conditions: &[ConditionSummary],
    selection: &Selection,
    factor: &str,
    levels: &[String; 2],
    metric: &str,
) -> Contrast {
    let all = select(conditions, selection);
    let others = |index: &usize| {
        let levels = conditions[*index].levels.iter();
        levels.filter(|(name, _)| *name != factor).collect::<Vec<_>>()
    };
    let sets = levels.each_ref().map(|level| {
        let has = |index: &&usize| conditions[**index].levels.get(factor) == Some(level);
        all.iter().filter(has).map(|index| (others(index), *index)).collect::<BTreeMap<_, _>>()
    });
    let lacks = |index: &&usize| !conditions[**index].levels.contains_key(factor);
    let [first, second] = &sets;
    let is_matched = |others| first.contains_key(others) && second.contains_key(others);
    let both = sets.iter().flatten();
    let mut unmatched: Vec<_> =
        both.filter(|(others, _)| !is_matched(*others)).map(|(_, index)| *index).collect();
    unmatched.extend(all.iter().filter(lacks));
    unmatched.sort_unstable();
    let matched = sets.each_ref().map(|set| {
        let mut matched: Vec<_> = set.values().copied().collect();
        matched.retain(|index| !unmatched.contains(index));
        matched.sort_unstable();
        matched
    });
    Contrast { unmatched, ..Contrast::of(conditions, matched, metric) }
}

/// The levels of `factor` among the selected conditions, if they are two: in the order of the
/// experiment files, where `true` stands before `false`.
#[must_use]
pub fn two_levels(
    conditions: &[ConditionSummary],
    selected: &[usize],
    factor: &str,
) -> Option<[String; 2]> {
    let mut levels: Vec<&String> = Vec::new();
    for level in selected.iter().filter_map(|index| conditions[*index].levels.get(factor)) {
        if !levels.contains(&level) {
            levels.push(level);
        }
    }
    // A switch has one direction, whatever the order of its levels in a file.
    levels.sort_by_key(|level| *level == "false");
    <[&String; 2]>::try_from(levels).ok().map(|levels| levels.map(Clone::clone))
}

/// The combinations of levels of the table's `by`, in the order of the conditions.
fn groups(
    table: &Effects,
    conditions: &[ConditionSummary],
    selected: &[usize],
) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    for index in selected {
        let level = |factor| conditions[*index].levels.get(factor).cloned();
        if let Some(group) = table.by.iter().map(level).collect::<Option<Vec<_>>>()
            && !group.is_empty()
            && !groups.contains(&group)
        {
            groups.push(group);
        }
    }
    groups
}

fn adjust(effects: &mut [Effect]) {
    let p_value = |effect: &Effect| Some(effect.contrast.comparison?.significance?.p_value);
    let tested: Vec<_> = effects
        .iter_mut()
        .filter(|effect| effect.group.is_some())
        .filter_map(|effect| Some((p_value(effect)?, effect)))
        .collect();
    let p_values: Vec<_> = tested.iter().map(|(p_value, _)| *p_value).collect();
    for ((_, effect), adjusted) in tested.into_iter().zip(stats::holm(&p_values)) {
        effect.adjusted_p = Some(adjusted);
    }
}
