//! What a paper may refer to: the experiments, their factors and levels.

use std::collections::BTreeMap;

use super::EXPERIMENT;
use crate::experiment::Experiment;

/// Names of experiments, factors and levels.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// `experiment` and each factor, with the levels that exist.
    levels: BTreeMap<String, Vec<String>>,
}

impl Vocabulary {
    /// The words of `experiments`.
    #[must_use]
    pub fn of(experiments: &[Experiment]) -> Self {
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
        Self { levels }
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
}
