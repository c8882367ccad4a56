//! Conditions whose scores fall in two groups.

use std::collections::BTreeSet;

use super::kind::Results;
use crate::experiment::ConditionId;
use crate::stats::{Sample, is_bimodal};
use crate::summary::Summary;

/// Those of some conditions whose scores fall in two groups. A mean of such scores is near no run, and
/// Student's interval assumes a single group.
#[must_use]
pub fn bimodal(
    conditions: impl IntoIterator<Item = ConditionId>,
    metric: &str,
    summary: &Summary,
) -> Vec<ConditionId> {
    let distinct: BTreeSet<_> = conditions.into_iter().collect();
    let in_two_groups = |id: &ConditionId| {
        let runs = &summary.condition(*id).runs;
        let scores: Vec<f64> = runs.iter().filter_map(|run| run.scores.get(metric)).collect();
        Sample::new(&scores).is_some_and(|sample| is_bimodal(&sample))
    };
    distinct.into_iter().filter(in_two_groups).collect()
}

/// A sentence on the conditions of a table whose scores fall in two groups; `None` if there are none.
pub(super) fn bimodal_note(
    conditions: impl IntoIterator<Item = ConditionId>,
    metric: &str,
    results: &Results<'_>,
) -> Option<String> {
    let labels = bimodal(conditions, metric, results.summary).into_iter();
    let labels = labels.map(|id| results.names.describe(&results.summary.condition(id).levels));
    let labels: Vec<_> = labels.collect();
    (!labels.is_empty()).then(|| {
        format!(
            "Scores in two groups (dip test, p <0.01): {}. Few runs score near the mean of both groups, and with few \
             runs its interval is not reliable.",
            labels.join("; ")
        )
    })
}
