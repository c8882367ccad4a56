//! What a paper may refer to: the experiments, their factors and levels.

use std::collections::BTreeMap;

use super::{EXPERIMENT, Selection, selects};
use crate::experiment::{Condition, DataSeed, Design, Experiment};

/// Names of experiments, factors and levels.
#[derive(Clone, Debug)]
pub struct Vocabulary<'e> {
    experiments: &'e [Experiment],
    /// `experiment` and each factor, with the levels that exist.
    levels: BTreeMap<String, Vec<String>>,
}

impl<'e> Vocabulary<'e> {
    /// The words of `experiments`.
    #[must_use]
    pub fn of(experiments: &'e [Experiment]) -> Self {
        let mut levels: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let names = experiments.iter().map(|experiment| experiment.name.clone()).collect();
        levels.insert(EXPERIMENT.to_owned(), names);
        for factor in experiments.iter().flat_map(|experiment| &experiment.factors) {
            let known = levels.entry(factor.name.clone()).or_default();
            for level in &factor.levels {
                if !known.contains(level) {
                    known.push(level.clone());
                }
            }
        }
        Self { experiments, levels }
    }

    /// `experiment` and the factors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.keys().map(String::as_str)
    }

    /// The levels of a factor, or the experiments.
    #[must_use]
    pub fn levels(&self, name: &str) -> Option<&[String]> {
        self.levels.get(name).map(Vec::as_slice)
    }

    /// The levels of each condition that `selection` lets through.
    pub(super) fn conditions(
        &self,
        selection: &Selection,
    ) -> impl Iterator<Item = BTreeMap<String, String>> {
        let all = self.experiments.iter().flat_map(|experiment| {
            (0..experiment.conditions.len()).map(|condition| experiment.levels_of(condition))
        });
        all.filter(|levels| selects(selection, levels))
    }

    /// Why an experiment is no repetition of another on other draws of the data, if it is none.
    pub(super) fn no_repetition(&self, one: &str, other: &str) -> Option<String> {
        let named = |name: &str| self.experiments.iter().find(|experiment| experiment.name == name);
        let (one, other) = (named(one)?, named(other)?);
        let draws_anew = |experiment: &Experiment| {
            let mut designs = experiment.conditions.iter().map(|condition| &condition.design);
            designs.all(|design| design.data_seed == DataSeed::Run)
        };
        let levels = |experiment: &Experiment| -> Vec<_> {
            let factors = experiment.factors.iter();
            factors.map(|factor| (factor.name.clone(), factor.levels.clone())).collect()
        };
        let shared = |experiment: &Experiment| -> Vec<_> {
            let designs = experiment.conditions.iter().map(|condition| condition.design.clone());
            designs.map(|design| Design { data_seed: DataSeed::Run, ..design }).collect()
        };
        let of_one_draw = |condition: &Condition| condition.design.data_seed;
        let is_of_one = |seed: &&u64| {
            one.conditions.iter().map(of_one_draw).any(|draw| draw == DataSeed::Fixed(**seed))
        };
        match () {
            () if draws_anew(one) => Some(format!("`{}` has many draws of its own", one.name)),
            () if !draws_anew(other) => {
                Some(format!("`{}` does not have `data.seed = \"run\"`", other.name))
            }
            () if levels(one) != levels(other) => {
                Some(format!("`{}` has other factors or levels than `{}`", other.name, one.name))
            }
            () if shared(one) != shared(other) => {
                Some("they differ in more than their draws of the data".to_owned())
            }
            () => other.seeds.iter().find(is_of_one).map(|seed| {
                format!("seed {seed} of `{}` is the draw that `{}` has", other.name, one.name)
            }),
        }
    }
}
