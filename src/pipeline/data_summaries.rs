//! What the runs of a project get of its data.

use std::collections::BTreeMap;

use super::{Error, Project};
use crate::dataset::{self, Examples, SplitSummary};
use crate::digest::Digest;
use crate::experiment::{ConditionId, Conditions, DataSeed, Experiment, Found};
use crate::run::{DataConfig, Shape};

/// Data, and what runs get of it.
#[derive(Debug)]
pub struct DataSummary<'p> {
    /// Names of the experiments that use it. If only some conditions of an experiment do, the names of these conditions.
    pub of: Vec<String>,
    /// Where the data are, and what they are.
    pub found: &'p Found,
    /// Shape of an input of the network: that of an example after pooling.
    pub input: Shape,
    /// The seed of the split that is counted, and the number of seeds. `None` if all seeds share one split.
    pub seed: Option<(u64, usize)>,
    /// The parts, counted. An error says why there are none.
    pub split: Result<SplitSummary, String>,
}

/// Data, and the conditions that use it.
struct Used<'p> {
    config: DataConfig,
    found: &'p Found,
    seed: Option<(u64, usize)>,
    by: Vec<ConditionId>,
}

/// The data of the experiments of networks that `is_chosen` chooses, each once.
///
/// # Errors
/// If MNIST cannot be unpacked.
pub fn data_summaries(
    project: &Project,
    is_chosen: impl Fn(&Experiment) -> bool,
) -> Result<Vec<DataSummary<'_>>, Error> {
    let conditions = project.conditions();
    let mut all: Vec<Used<'_>> = Vec::new();
    for id in conditions.ids() {
        let experiment = conditions.experiment(id);
        let Some(network) = conditions.design(id).network().filter(|_| is_chosen(experiment))
        else {
            continue;
        };
        let first = experiment.seeds.first().copied().unwrap_or_default();
        let (config, found) = (network.data.resolve(first), network.data.found());
        let seed = match network.data.seed() {
            DataSeed::Run => Some((first, experiment.seeds.len())),
            DataSeed::Fixed(_) => None,
        };
        match all.iter_mut().find(|used| used.config == config && used.seed == seed) {
            Some(used) => used.by.push(id),
            None => all.push(Used { config, found, seed, by: vec![id] }),
        }
    }
    let examples: BTreeMap<Digest, &Examples> = match all.is_empty() {
        true => BTreeMap::new(),
        false => project.datasets.unpacked()?,
    };
    let summaries = all.into_iter().map(|used| {
        let split = dataset::summary(&used.config, examples[&used.config.dataset()]);
        DataSummary {
            of: names(&conditions, &used.by),
            found: used.found,
            input: used.config.input(),
            seed: used.seed,
            split: split.map_err(|error| error.to_string()),
        }
    });
    Ok(summaries.collect())
}

/// The name of each experiment whose conditions are all listed. For other experiments, the names of the listed conditions.
fn names(conditions: &Conditions<'_>, listed: &[ConditionId]) -> Vec<String> {
    let of_one =
        listed.chunk_by(|a, b| conditions.experiment_index(*a) == conditions.experiment_index(*b));
    let names = of_one.flat_map(|ids| {
        let experiment = conditions.experiment(ids[0]);
        match ids.len() == experiment.conditions.len() {
            true => vec![experiment.name.clone()],
            false => ids.iter().map(|id| conditions.name(*id)).collect(),
        }
    });
    names.collect()
}
