//! Checks how the data of all experiments are split, before any training.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::dataset::{self, Blamed, Examples, SplitFault, Usage};
use crate::digest::Digest;
use crate::document::{Location, Violation};
use crate::experiment::{DataSeed, Experiment, NetworkDesign};

/// What is wrong with the splits of these data.
pub(super) fn check(
    all: &BTreeMap<Digest, &Examples>,
    experiments: &[Experiment],
) -> Vec<Violation> {
    let (mut asked, mut alike): (Vec<Question<'_>>, _) = (Vec::new(), BTreeMap::new());
    for experiment in experiments {
        let places = ["data", "train.batch_size"].map(|key| experiment.place(key));
        let conditions = experiment.conditions.iter();
        let networks = conditions.filter_map(|condition| condition.design.network());
        for NetworkDesign { data, model, train, .. } in networks {
            let digest = data.found().facts.digest;
            let Some(examples) = all.get(&digest).filter(|_| !data.are_pairs()) else {
                continue;
            };
            let refuses = !data.allows_duplicates();
            if refuses {
                alike.entry(digest).or_insert_with(|| dataset::alike(examples));
            }
            let seeds = match data.seed() {
                DataSeed::Run => experiment.seeds.clone(),
                DataSeed::Fixed(_) => Vec::new(),
            };
            let usage = |seed: u64| Usage {
                data: data.resolve(seed),
                normalizes_batch: model.normalizes_batch(),
                batch_size: train.batch_size,
            };
            let usages = match seeds.is_empty() {
                true => vec![usage(0)],
                false => seeds.iter().copied().map(usage).collect(),
            };
            let question = Question { places, usages, seeds, refuses };
            // Conditions often share their data.
            if asked.last() != Some(&question) {
                asked.push(question);
            }
        }
    }
    let found = asked.par_iter().flat_map_iter(|question| {
        let alike = |digest| alike.get(&digest).filter(|_| question.refuses).map(Vec::as_slice);
        question.violations(|usage| {
            let digest = usage.data.dataset();
            dataset::check(usage, alike(digest), all[&digest])
        })
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found.dedup();
    found
}

/// The splits of a condition: one, or one for each seed.
#[derive(PartialEq)]
struct Question<'q> {
    /// Where the data and the size of a batch are.
    places: [&'q Location; 2],
    usages: Vec<Usage>,
    /// The seed of each split. Empty if there is one split.
    seeds: Vec<u64>,
    /// Whether equal examples may not be in two parts.
    refuses: bool,
}

impl Question<'_> {
    /// What is wrong with the first split that has a fault. The others would often repeat it.
    fn violations(&self, check: impl Fn(&Usage) -> Vec<SplitFault>) -> Vec<Violation> {
        let faults = self.usages.iter().map(check).enumerate();
        let Some((at, faults)) = faults.into_iter().find(|(_, faults)| !faults.is_empty()) else {
            return Vec::new();
        };
        let of_seed = self.seeds.get(at);
        let of_seed =
            of_seed.map_or_else(String::new, |seed| format!(" (the split of seed {seed})"));
        let [split, batch_size] = self.places;
        let violation = |fault: SplitFault| {
            let location = match fault.of {
                Blamed::Split => split,
                Blamed::BatchSize => batch_size,
            };
            let message = format!("{}{of_seed}", fault.message);
            Violation::new(location.clone(), fault.of.key(), message)
        };
        faults.into_iter().map(violation).collect()
    }
}
