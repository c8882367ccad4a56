//! How readers know experiments, factors and levels.

use super::{EXPERIMENT, Paper};
use crate::experiment::{Experiment, Level};

/// Labels of experiments, factors and levels.
#[derive(Clone, Copy, Debug)]
pub struct Names<'n> {
    /// Labels of factors and levels.
    pub paper: &'n Paper,
    /// Titles of experiments.
    pub experiments: &'n [Experiment],
}

impl<'n> Names<'n> {
    /// The experiment of that name.
    #[must_use]
    pub fn experiment(self, name: &str) -> Option<&'n Experiment> {
        self.experiments.iter().find(|experiment| experiment.name == name)
    }

    /// The label of a factor; its name if the paper gives none.
    #[must_use]
    pub fn factor<'f>(self, factor: &'f str) -> &'f str
    where
        'n: 'f,
    {
        self.paper.labels.get(factor).map_or(factor, |label| label.label.as_str())
    }

    /// The label of a level: the title of an experiment, the label that the paper gives, or the
    /// spelling in the experiment file.
    #[must_use]
    pub fn level(self, factor: &str, level: &Level) -> String {
        if factor == EXPERIMENT
            && let Some(experiment) = self.experiment(level.spelled())
        {
            return experiment.title.clone();
        }
        let labels = self.paper.labels.get(factor);
        let label = labels.and_then(|label| label.levels.get(level));
        label.cloned().unwrap_or_else(|| level.spelled().to_owned())
    }

    /// Levels in a few words: the title of the experiment, the names of switches that are on, and
    /// other factors with their levels. Only if nothing else is there, the switches that are off.
    pub fn describe<'l>(self, levels: impl IntoIterator<Item = (&'l String, &'l Level)>) -> String {
        let part = |(factor, level): (&'l String, &'l Level)| match level.as_bool() {
            _ if factor == EXPERIMENT => Some(self.level(EXPERIMENT, level)),
            Some(false) => None,
            Some(true) => Some(self.factor(factor).to_owned()),
            None => Some(format!("{} {}", self.factor(factor), self.level(factor, level))),
        };
        let mut levels: Vec<_> = levels.into_iter().collect();
        levels.sort_by_key(|(factor, _)| *factor != EXPERIMENT);
        let parts: Vec<_> = levels.iter().copied().filter_map(part).collect();
        if parts.is_empty() {
            // All are switches that are off.
            let off = levels.iter().map(|(factor, _)| format!("no {}", self.factor(factor)));
            return off.collect::<Vec<_>>().join(", ");
        }
        parts.join(" + ")
    }
}
