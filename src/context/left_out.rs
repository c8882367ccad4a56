//! Rows of tables that no run uses.

use serde::Serialize;

use crate::dataset::Source;
use crate::experiment::Experiment;

/// Rows of a table that no run uses, because a value is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The file, as experiments name it.
    pub file: String,
    /// The number of these rows.
    pub dropped: usize,
    /// The number of all rows of the data, which can be in several files.
    pub rows: usize,
}

/// Those of all data, each once.
#[must_use]
pub fn left_out(experiments: &[Experiment]) -> Vec<LeftOut> {
    let conditions = experiments.iter().flat_map(|experiment| &experiment.conditions);
    let found = conditions.filter_map(|condition| Some(condition.design.network()?.data.found()));
    let mut all: Vec<LeftOut> = Vec::new();
    for found in found.filter(|found| found.facts.dropped > 0) {
        let Source::Files(files) = &found.source else { continue };
        let one = LeftOut {
            file: files.train.file.display().to_string(),
            dropped: found.facts.dropped,
            rows: found.facts.n + found.facts.dropped,
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}
