//! What the command line changes in all experiments.

use std::path::PathBuf;

use super::Error;
use crate::dataset::Source;
use crate::experiment::Experiment;

/// What the command line changes about the experiments.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The first N seeds of each experiment. If it lists fewer, the next numbers follow.
    pub seeds: Option<u64>,
    /// A directory of MNIST files. Replaces the data of all experiments.
    pub data: Option<PathBuf>,
    /// Whether probes of programs run. What they said before is used otherwise.
    pub runs_probes: bool,
    /// Whether data outside of the project are refused without a look at them: the project of a bundle comes from
    /// somebody else.
    pub is_confined: bool,
}

impl Overrides {
    /// Changes the seeds, and returns a note for the report on all that is changed; empty if nothing is.
    ///
    /// # Errors
    /// If an experiment has data that cannot be replaced.
    pub(super) fn apply(&self, experiments: &mut [Experiment]) -> Result<String, Error> {
        if let Some(experiment) =
            experiments.iter().find(|one| has_file(one)).filter(|_| self.data.is_some())
        {
            return Err(Error::Request {
                message: format!(
                    "`--data` replaces the images of MNIST, but `{}` reads files of its own",
                    experiment.name
                ),
                hint: "change `data` in the experiment to train on other data".to_owned(),
            });
        }
        let of_data = self.data.as_ref().map(|directory| {
            format!("--data replaces the data of all experiments by `{}`", directory.display())
        });
        let mut of_seeds = None;
        for experiment in experiments {
            if let Some(count) = self.seeds {
                let seeds = first_seeds(&experiment.seeds, count);
                if experiment.seeds != seeds {
                    let seeds = if count == 1 { "seed" } else { "seeds" };
                    of_seeds = Some(format!(
                        "--seeds {count} uses the first {count} {seeds} of each experiment, and the next numbers if \
                     it has fewer"
                    ));
                }
                experiment.seeds = seeds;
            }
        }
        Ok(of_data.into_iter().chain(of_seeds).collect::<Vec<_>>().join("; "))
    }
}

/// Whether an experiment reads files of its own.
fn has_file(experiment: &Experiment) -> bool {
    let mut conditions = experiment.conditions.iter();
    conditions.any(|one| {
        one.design.network().is_none_or(|own| matches!(own.data.found().source, Source::Files(_)))
    })
}

/// The first `count` seeds. If there are fewer, the next numbers follow.
fn first_seeds(own: &[u64], count: u64) -> Vec<u64> {
    let next = own.last().map_or(0, |last| last + 1);
    own.iter().copied().chain(next..).zip(0..count).map(|(seed, _)| seed).collect()
}
