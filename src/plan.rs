//! What has to be trained: each distinct run once, hits and misses. Pure.

use std::collections::BTreeMap;

use crate::digest::{CanonicalError, Digest};
use crate::experiment::{Experiment, Run};
use crate::run::{RunConfig, RunRecord};

/// A run as the plan sees it.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// Index of its experiment.
    pub experiment: usize,
    /// Index of its condition within the experiment.
    pub condition: usize,
    /// Its key.
    pub config: RunConfig,
    /// Digest of the key.
    pub digest: Digest,
}

/// All runs of a project, in order of experiment, condition and seed, and the records there are.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All runs; two experiments may share one.
    pub runs: Vec<PlannedRun>,
    /// The records of the hits.
    pub records: BTreeMap<Digest, RunRecord>,
}

/// Hits and misses of one experiment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Runs whose record is there.
    pub hits: usize,
    /// Runs that have to be trained.
    pub misses: usize,
}

/// Gives each run of the experiments its digest.
///
/// # Errors
/// If a configuration has no canonical form; the reader of experiments lets none through.
pub fn identify(expanded: Vec<Vec<Run>>) -> Result<Vec<PlannedRun>, CanonicalError> {
    let numbered = expanded.into_iter().enumerate();
    numbered
        .flat_map(|(experiment, runs)| runs.into_iter().map(move |run| (experiment, run)))
        .map(|(experiment, Run { condition, config })| {
            let digest = Digest::of(&config)?;
            Ok(PlannedRun { experiment, condition, config, digest })
        })
        .collect()
}

impl Plan {
    /// The runs without a record, each once, in order; only those of experiments that `wanted`
    /// lets through.
    pub fn misses(&self, wanted: impl Fn(usize) -> bool) -> Vec<&PlannedRun> {
        let mut seen = std::collections::BTreeSet::new();
        self.runs
            .iter()
            .filter(|run| wanted(run.experiment) && !self.records.contains_key(&run.digest))
            .filter(|run| seen.insert(run.digest))
            .collect()
    }

    /// Hits and misses of each experiment, in order.
    #[must_use]
    pub fn counts(&self, experiments: &[Experiment]) -> Vec<Count> {
        let mut counts = vec![Count::default(); experiments.len()];
        for run in &self.runs {
            let count = &mut counts[run.experiment];
            match self.records.contains_key(&run.digest) {
                true => count.hits += 1,
                false => count.misses += 1,
            }
        }
        counts
    }
}
