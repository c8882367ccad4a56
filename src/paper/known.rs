//! The conditions that a paper file may refer to, with all their settings.

use std::collections::BTreeSet;

use super::settings::is_below;
use crate::experiment::{Condition, DataSeed, Experiment, Levels};
use crate::run::KeyValues;

/// A condition with its experiment, its levels and all its settings.
#[derive(Clone, Debug)]
pub(super) struct KnownCondition<'e> {
    pub(super) experiment: &'e Experiment,
    pub(super) condition: &'e Condition,
    pub(super) levels: Levels,
    pub(super) settings: KeyValues,
}

/// Whether two conditions with the same settings, but for the draw of the data, have a run in
/// common.
pub(super) fn have_common_run(one: &KnownCondition<'_>, other: &KnownCondition<'_>) -> bool {
    let draw = |known: &KnownCondition<'_>, seed| match known.condition.design.data_seed() {
        Some(DataSeed::Fixed(draw)) => draw,
        Some(DataSeed::Run) => seed,
        // The seed of a program says nothing of its data.
        None => 0,
    };
    let seeds = one.experiment.seeds.iter();
    let mut common = seeds.filter(|seed| other.experiment.seeds.contains(seed));
    common.any(|seed| draw(one, *seed) == draw(other, *seed))
}

impl KnownCondition<'_> {
    pub(super) fn is_program(&self) -> bool {
        self.condition.design.program().is_some()
    }

    /// What computes its runs.
    pub(super) fn kind(&self) -> &'static str {
        if self.is_program() { "program" } else { "network" }
    }

    /// Its settings, without those at or below `ignored` paths.
    pub(super) fn settings_but(&self, ignored: &[&str]) -> KeyValues {
        let kept = self.settings.iter().filter(|(key, _)| !is_below(key, ignored));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Only its settings of the data.
    pub(super) fn data_settings(&self, ignored: &[&str]) -> KeyValues {
        // `/` follows `.` in ASCII, so this range has all keys that begin with `data.`.
        let kept = self.settings.range("data.".to_owned().."data/".to_owned());
        let kept = kept.filter(|(key, _)| !is_below(key, ignored));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// The paths of the factors in `named` that every experiment of these conditions has.
pub(super) fn common_factors<'e, 'n>(
    conditions: &[&KnownCondition<'e>],
    named: impl IntoIterator<Item = &'n String>,
) -> Vec<&'e str> {
    let Some(first) = conditions.first() else { return Vec::new() };
    let named: BTreeSet<_> = named.into_iter().collect();
    let has = |experiment: &Experiment, path: &str| {
        experiment.factors.iter().any(|factor| factor.path == path)
    };
    let factors = first.experiment.factors.iter().filter(|factor| named.contains(&factor.name));
    let paths = factors.map(|factor| factor.path.as_str());
    paths.filter(|path| conditions.iter().all(|one| has(one.experiment, path))).collect()
}
