//! The conditions of all experiments, and their runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Condition, DataSeed, Design, Experiment, Levels};
use crate::digest::{CanonicalError, Digest};
use crate::run::{CanonicalConfig, DeviceKind, RunConfig};

/// A condition: its position among those of all experiments, in order of experiments and levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConditionId(usize);

/// One run of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its condition.
    pub condition: ConditionId,
    /// Its configuration.
    pub config: Arc<RunConfig>,
    /// Digest of the configuration.
    pub digest: Digest,
}

/// The conditions of all experiments. Finds the experiment, the design and the levels of each.
#[derive(Clone, Debug)]
pub struct Conditions<'e> {
    experiments: &'e [Experiment],
    /// For each condition, the index of its experiment and its index within that experiment.
    places: Vec<(usize, usize)>,
}

impl ConditionId {
    /// The condition at this position.
    #[must_use]
    pub fn at(index: usize) -> Self {
        Self(index)
    }

    /// Its position among the conditions of all experiments.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

impl<'e> Conditions<'e> {
    /// The conditions of `experiments`, in their order.
    #[must_use]
    pub fn of(experiments: &'e [Experiment]) -> Self {
        let places = experiments.iter().enumerate().flat_map(|(index, experiment)| {
            (0..experiment.conditions.len()).map(move |condition| (index, condition))
        });
        Self { experiments, places: places.collect() }
    }

    /// The experiments, in order.
    #[must_use]
    pub fn experiments(&self) -> &'e [Experiment] {
        self.experiments
    }

    /// All conditions, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ConditionId> + use<> {
        (0..self.places.len()).map(ConditionId)
    }

    /// The index of the experiment of a condition.
    #[must_use]
    pub fn experiment_index(&self, id: ConditionId) -> usize {
        self.places[id.0].0
    }

    /// The experiment of a condition.
    #[must_use]
    pub fn experiment(&self, id: ConditionId) -> &'e Experiment {
        &self.experiments[self.experiment_index(id)]
    }

    /// The configuration of the runs of a condition, without dataset and seed.
    #[must_use]
    pub fn design(&self, id: ConditionId) -> &'e Design {
        &self.condition(id).design
    }

    /// `experiment` and each factor, with their level in a condition.
    #[must_use]
    pub fn levels(&self, id: ConditionId) -> Levels {
        self.experiment(id).levels_of(self.places[id.0].1)
    }

    /// The same as text, as in records. The text does not depend on the spelling of a level.
    #[must_use]
    pub fn names(&self, id: ConditionId) -> BTreeMap<String, String> {
        let levels = self.levels(id).into_iter();
        levels.map(|(factor, level)| (factor, level.name())).collect()
    }

    /// `deep (weight_sharing true)`. Only the name of the experiment if it has no factors.
    #[must_use]
    pub fn name(&self, id: ConditionId) -> String {
        let experiment = self.experiment(id);
        let levels = experiment.factors.iter().zip(&self.condition(id).levels);
        let levels: Vec<_> =
            levels.map(|(factor, level)| format!("{} {level}", factor.name)).collect();
        match levels.is_empty() {
            true => experiment.name.clone(),
            false => format!("{} ({})", experiment.name, levels.join(", ")),
        }
    }

    /// `deep (weight_sharing true) seed 3`.
    #[must_use]
    pub fn run_name(&self, run: &Run) -> String {
        format!("{} seed {}", self.name(run.condition), run.config.seed())
    }

    /// Calls `see` with each run on a kind of device and with its canonical JSON. Returns the
    /// results in order of experiment, condition and seed.
    ///
    /// # Errors
    /// If a configuration has no canonical form.
    pub fn expand<T: Send>(
        &self,
        device: DeviceKind,
        see: impl Fn(Run, &str) -> T + Sync,
    ) -> Result<Vec<T>, CanonicalError> {
        let of_condition = |index| {
            let condition = ConditionId(index);
            let design = self.design(condition);
            // The seeds share the text of the configuration, unless each seed draws its own data.
            let mut shared: Option<CanonicalConfig> = None;
            let one = |seed: &u64| {
                let config = design.resolve(*seed, device);
                let text = match shared.take().filter(|_| design.data_seed() != Some(DataSeed::Run))
                {
                    Some(text) => text,
                    None => CanonicalConfig::new(&config)?,
                };
                let canonical = shared.insert(text).with_seed(*seed);
                let digest = Digest::of_bytes(canonical.as_bytes());
                Ok(see(Run { condition, config: Arc::new(config), digest }, &canonical))
            };
            self.experiment(condition).seeds.iter().map(one).collect::<Result<Vec<_>, _>>()
        };
        let parts: Vec<_> = (0..self.places.len()).into_par_iter().map(of_condition).collect();
        let parts: Vec<_> = parts.into_iter().collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }

    fn condition(&self, id: ConditionId) -> &'e Condition {
        &self.experiment(id).conditions[self.places[id.0].1]
    }
}
