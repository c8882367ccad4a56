//! What a paper file may refer to: experiments, their factors and levels, and the data behind them.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::known::{KnownCondition, common_factors, have_common_run};
use super::settings::{Settings, differing, is_below, kinds};
use super::{EXPERIMENT, FactorLabel, Selection, selects};
use crate::experiment::{
    Condition, DataSeed, Design, Experiment, Level, Levels, Recorded, SEED_KEYS,
};
use crate::run::{Curve, KeyValues};
use crate::task;

/// Names of experiments, factors and levels.
#[derive(Clone, Debug)]
pub struct Vocabulary<'e> {
    experiments: &'e [Experiment],
    /// `experiment` and each factor, with the levels that exist.
    levels: BTreeMap<String, Vec<Level>>,
    conditions: Vec<KnownCondition<'e>>,
    /// The experiments with mistakes.
    faulty: &'e [FaultyExperiment],
}

/// An experiment with mistakes in its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultyExperiment {
    /// Its name.
    pub name: String,
    /// The names of its factors. `None` if its files cannot be parsed.
    pub factors: Option<Vec<String>>,
}

/// An experiment whose runs do not record a curve.
#[derive(Clone, Copy, Debug)]
pub struct Lacking<'e> {
    /// The name of the experiment.
    pub experiment: &'e str,
    /// Its task.
    pub task: &'static str,
    /// Why.
    pub why: Recorded,
}

impl<'e> Vocabulary<'e> {
    /// The words of `experiments`.
    #[must_use]
    pub fn of(experiments: &'e [Experiment]) -> Self {
        Self::beside(experiments, &[])
    }

    /// The words of `experiments`, and the names of `faulty` ones.
    #[must_use]
    pub fn beside(experiments: &'e [Experiment], faulty: &'e [FaultyExperiment]) -> Self {
        let mut levels: BTreeMap<String, Vec<Level>> = BTreeMap::new();
        let names = experiments.iter().map(|experiment| &experiment.name);
        let names = names.chain(faulty.iter().map(|one| &one.name)).map(|name| Level::text(name));
        levels.insert(EXPERIMENT.to_owned(), names.collect());
        for factor in faulty.iter().flat_map(|one| &one.factors).flatten() {
            levels.entry(factor.clone()).or_default();
        }
        for factor in experiments.iter().flat_map(|experiment| &experiment.factors) {
            let known = levels.entry(factor.name.clone()).or_default();
            for level in &factor.levels {
                if !known.contains(level) {
                    known.push(level.clone());
                }
            }
        }
        let conditions = experiments.par_iter().flat_map(|experiment| {
            let conditions = experiment.conditions.par_iter().enumerate();
            conditions.map(move |(index, condition)| KnownCondition {
                experiment,
                condition,
                levels: experiment.levels_of(index),
                settings: condition.design.settings(),
            })
        });
        let conditions = conditions.collect();
        Self { experiments, levels, conditions, faulty }
    }

    /// Whether no experiment has a mistake.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.faulty.is_empty()
    }

    /// Whether an experiment may have factors that are not known, because its files cannot be parsed.
    #[must_use]
    pub fn has_unknown_factors(&self) -> bool {
        self.faulty.iter().any(|one| one.factors.is_none())
    }

    /// Whether a factor may have levels that are not known, because an experiment with it has mistakes.
    pub(super) fn has_unknown_levels(&self, factor: &str) -> bool {
        let is_own = |own: &String| own == factor;
        factor != EXPERIMENT
            && self
                .faulty
                .iter()
                .any(|one| one.factors.as_ref().is_none_or(|factors| factors.iter().any(is_own)))
    }

    /// `experiment` and the factors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.keys().map(String::as_str)
    }

    /// The curves that a paper can show, by name: those of all tasks, and those that programs declare.
    #[must_use]
    pub fn curves(&self) -> Vec<(&'static str, &'static Curve)> {
        let mut all: Vec<_> =
            task::all_curves().into_iter().map(|curve| (curve.name, curve)).collect();
        let programs = self.conditions.iter().filter_map(|one| one.condition.design.program());
        for curve in programs.flat_map(|design| &design.program.metrics) {
            if all.iter().all(|(name, _)| *name != curve.name) {
                all.push((curve.name, curve));
            }
        }
        all
    }

    /// The experiment of that name.
    #[must_use]
    pub fn experiment(&self, name: &str) -> Option<&'e Experiment> {
        self.experiments.iter().find(|experiment| experiment.name == name)
    }

    /// The levels of a factor, or the experiments.
    #[must_use]
    pub fn levels(&self, name: &str) -> Option<&[Level]> {
        self.levels.get(name).map(Vec::as_slice)
    }

    /// Two factors of one experiment that readers know by one label, with this label.
    pub(super) fn factors_with_one_label<'l>(
        &'l self,
        labels: &'l BTreeMap<String, FactorLabel>,
    ) -> BTreeSet<(&'l str, &'l str, &'l str)> {
        let label = |name: &'l str| labels.get(name).map_or(name, |label| label.label.as_str());
        let of_one = |experiment: &'l Experiment| {
            let own = experiment.factors.iter().map(|factor| factor.name.as_str());
            let names: Vec<_> = own.chain([EXPERIMENT]).collect();
            let mut by_label = BTreeMap::new();
            let twice = |name| Some((by_label.insert(label(name), name)?, name, label(name)));
            names.into_iter().filter_map(twice).collect::<Vec<_>>()
        };
        self.experiments.iter().flat_map(of_one).collect()
    }

    /// The levels of each condition that `selection` lets through.
    pub fn conditions(&self, selection: &Selection) -> impl Iterator<Item = &Levels> {
        self.selected(selection).map(|one| &one.levels)
    }

    fn selected(&self, selection: &Selection) -> impl Iterator<Item = &KnownCondition<'e>> {
        self.conditions.iter().filter(|one| selects(selection, &one.levels))
    }

    /// The keys of `data` that differ between the conditions of a selection, with their values. A
    /// factor in `named` does not count, if every experiment among them has it.
    #[must_use]
    pub fn data_differences<'n>(
        &self,
        selection: &Selection,
        named: impl IntoIterator<Item = &'n String>,
    ) -> Settings {
        let conditions: Vec<_> = self.selected(selection).collect();
        let ignored = common_factors(&conditions, named);
        let networks = conditions.iter().filter(|one| !one.is_program());
        let settings: BTreeSet<_> = networks.map(|one| one.data_settings(&ignored)).collect();
        let mut found = differing(&settings.into_iter().map(|one| vec![one]).collect::<Vec<_>>());
        found.extend(kinds(conditions.iter().map(|one| BTreeSet::from([one.kind()]))));
        found
    }

    /// The settings that make the values of a curve different things in two selected conditions, with their values.
    #[must_use]
    pub fn meanings(&self, curve: &Curve, selections: &[&Selection]) -> Settings {
        let keys = task::curves::meaning(curve);
        let conditions = selections.iter().flat_map(|selection| self.selected(selection));
        let of_one = |one: &KnownCondition<'_>| -> KeyValues {
            let own = one.settings.iter().filter(|(key, _)| is_below(key, keys));
            own.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let all: BTreeSet<_> = conditions.map(of_one).collect();
        differing(&all.into_iter().map(|one| vec![one]).collect::<Vec<_>>())
    }

    /// The numbers of trained parameters of the selected conditions.
    #[must_use]
    pub fn parameters(&self, selection: &Selection) -> BTreeSet<usize> {
        self.selected(selection).filter_map(|one| one.condition.design.parameters()).collect()
    }

    /// The seeds that all selected experiments have.
    #[must_use]
    pub fn common_seeds(&self, selection: &Selection) -> BTreeSet<u64> {
        let seeds = self.selected(selection).map(|one| &one.experiment.seeds);
        let sets = seeds.map(|seeds| seeds.iter().copied().collect::<BTreeSet<_>>());
        sets.reduce(|all, one| &all & &one).unwrap_or_default()
    }

    /// An experiment among `others` that has none of the seeds that all selected experiments have.
    #[must_use]
    pub fn without_common_seed(
        &self,
        selection: &Selection,
        others: &Selection,
    ) -> Option<&'e str> {
        let seeds = self.common_seeds(selection);
        let mut others = self.selected(others).map(|one| one.experiment);
        let found = others.find(|other| !other.seeds.iter().any(|seed| seeds.contains(seed)));
        found.map(|experiment| experiment.name.as_str())
    }

    /// The pairs of conditions that have a run in common, among the conditions of some selections.
    /// Both conditions of a pair have the factors of `by`, with the same levels.
    #[must_use]
    pub fn with_common_run(&self, selections: &[&Selection], by: &[String]) -> Vec<[Levels; 2]> {
        let mut alike: BTreeMap<_, Vec<&KnownCondition<'_>>> = BTreeMap::new();
        let mut pairs = Vec::new();
        for selected in selections.iter().flat_map(|selection| self.selected(selection)) {
            let row: Option<Vec<_>> = by.iter().map(|factor| selected.levels.get(factor)).collect();
            let Some(row) = row else { continue };
            // One text compares faster than a map.
            let settings =
                selected.settings.iter().filter(|(key, _)| !SEED_KEYS.contains(&key.as_str()));
            let settings: String =
                settings.flat_map(|(key, value)| [key, "=", value, "\n"]).collect();
            let others = alike.entry((row, settings)).or_default();
            let shared = others.iter().filter(|other| have_common_run(selected, other));
            pairs.extend(shared.map(|other| [other.levels.clone(), selected.levels.clone()]));
            others.push(selected);
        }
        pairs
    }

    /// A selected experiment whose runs do not record a curve, if there is one, and why.
    #[must_use]
    pub fn lacking(&self, curve: &Curve, selection: &Selection) -> Option<Lacking<'e>> {
        self.selected(selection).find_map(|one| {
            let design = &one.condition.design;
            let why = design.records(curve);
            let (experiment, task) = (&one.experiment.name, design.task_name());
            (why != Recorded::Yes).then_some(Lacking { experiment, task, why })
        })
    }

    /// A selected experiment with such a condition, if there is one.
    #[must_use]
    pub fn find(&self, selection: &Selection, is: impl Fn(&Design) -> bool) -> Option<&'e str> {
        let mut selected = self.selected(selection);
        let found = selected.find(|one| is(&one.condition.design));
        found.map(|one| one.experiment.name.as_str())
    }

    /// The keys of `data` in which groups of conditions differ from each other, with their values.
    /// A group is the conditions of some selections. Factors in `named` do not count.
    #[must_use]
    pub fn data_differences_between(
        &self,
        groups: &[Vec<Selection>],
        named: &BTreeSet<String>,
    ) -> Settings {
        let groups = groups.iter().map(|selections| {
            let conditions = selections.iter().flat_map(|selection| self.selected(selection));
            conditions.collect::<Vec<_>>()
        });
        let groups: Vec<_> = groups.filter(|conditions| !conditions.is_empty()).collect();
        let ignored = common_factors(&groups.concat(), named);
        let of_group = |group: &Vec<&KnownCondition<'_>>| -> Vec<KeyValues> {
            let networks = group.iter().filter(|one| !one.is_program());
            networks.map(|one| one.data_settings(&ignored)).collect()
        };
        let of_networks = groups.iter().map(of_group).filter(|group| !group.is_empty());
        let mut found = differing(&of_networks.collect::<Vec<_>>());
        found
            .extend(kinds(groups.iter().map(|group| group.iter().map(|one| one.kind()).collect())));
        found
    }

    /// The keys in which two selections differ beyond the factors that tell them apart, with the
    /// values of both. Experiments that are named on both sides may differ in their models and
    /// training, and in their programs and parameters. Between networks and programs, only this is a difference.
    #[must_use]
    pub fn differences(&self, sides: [&Selection; 2], varied: &BTreeSet<String>) -> Settings {
        let is_on_both = |name: &String| sides.iter().all(|side| side.contains_key(name));
        // A side must not pool different data.
        let mut found = Settings::new();
        for side in sides {
            found.extend(self.data_differences(side, []));
        }
        let sides = sides.map(|selection| self.selected(selection).collect::<Vec<_>>());
        let kinds = kinds(sides.iter().map(|side| side.iter().map(|one| one.kind()).collect()));
        if !kinds.is_empty() {
            found.extend(kinds);
            return found;
        }
        let all: Vec<_> = sides.concat();
        let mut ignored: Vec<&str> = all
            .iter()
            .flat_map(|one| &one.experiment.factors)
            .filter(|factor| varied.contains(&factor.name))
            // A level of the data that one side alone names may differ from the data of the other.
            .filter(|factor| !factor.path.starts_with("data.") || is_on_both(&factor.name))
            .map(|factor| factor.path.as_str())
            .collect();
        if varied.contains(EXPERIMENT) {
            ignored.extend(["model", "train", "params", "program"]);
        }
        let settings =
            sides.map(|side| side.iter().map(|one| one.settings_but(&ignored)).collect());
        found.extend(differing(&settings));
        found
    }

    /// Why an experiment is no repetition of another on other draws of the data, if it is none.
    pub(super) fn no_repetition(&self, one: &str, other: &str) -> Option<String> {
        let (one, other) = (self.experiment(one)?, self.experiment(other)?);
        let draws_anew = |experiment: &Experiment| {
            let mut designs = experiment.conditions.iter().map(|condition| &condition.design);
            designs.all(|design| design.data_seed() == Some(DataSeed::Run))
        };
        let levels = |experiment: &Experiment| -> Vec<_> {
            let factors = experiment.factors.iter();
            factors.map(|factor| (factor.name.clone(), factor.levels.clone())).collect()
        };
        let shared = |experiment: &Experiment| -> Vec<_> {
            let mut designs: Vec<_> =
                experiment.conditions.iter().map(|condition| condition.design.clone()).collect();
            for design in &mut designs {
                if let Some(network) = design.network_mut() {
                    network.data.set_seed(DataSeed::Run);
                }
            }
            designs
        };
        let of_one_draw = |condition: &Condition| condition.design.data_seed();
        let is_of_one = |seed: &&u64| {
            one.conditions.iter().map(of_one_draw).any(|draw| draw == Some(DataSeed::Fixed(**seed)))
        };
        match () {
            () if draws_anew(one) => {
                Some(format!("each run of `{}` has its own draw already", one.name))
            }
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
                format!("seed {seed} of `{}` draws the same data as `{}`", other.name, one.name)
            }),
        }
    }
}
