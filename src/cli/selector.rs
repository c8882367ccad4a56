//! Selects runs by arguments: first an item, an experiment or a digest, then levels.

use crate::document::suggestion;
use crate::experiment::{Conditions, EXPERIMENT, Level, Run};
use crate::paper::{self, Selection, Vocabulary};
use crate::pipeline::{Error, Project};
use crate::plan::Plan;

/// The smallest number of digits that are read as the beginning of a digest.
pub(super) const SHORTEST: usize = 6;

/// The name of the seed among the factors.
const SEED: &str = "seed";

/// `table4 weight_sharing=true seed=3`.
pub(super) struct RunSelector<'n> {
    conditions: Conditions<'n>,
    name: &'n str,
    meaning: Meaning,
    /// Levels that the runs must have, and `seed`.
    levels: Vec<(&'n str, &'n str)>,
}

/// The meaning of a name.
enum Meaning {
    Experiment,
    /// A table or figure. Its runs are those that any of these selections contains.
    Item(Vec<Selection>),
    /// The beginning of the digest of a run.
    Digest,
}

impl<'n> RunSelector<'n> {
    /// # Errors
    /// If nothing has this name, or an argument is not a level.
    pub(super) fn new(
        project: &'n Project,
        name: &'n str,
        levels: &'n [String],
    ) -> Result<Self, Error> {
        let levels = levels.iter().map(|level| level_of(level)).collect::<Result<Vec<_>, _>>()?;
        for (factor, level) in &levels {
            check_level(project, factor, level)?;
        }
        let is_digest = name.len() >= SHORTEST && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_experiment = project.experiments.iter().any(|experiment| experiment.name == name);
        let meaning = match project.file.covers(name) {
            _ if is_experiment => Meaning::Experiment,
            Some(selections) => Meaning::Item(selections),
            None if is_digest => Meaning::Digest,
            None => return Err(unknown(project, name)),
        };
        Ok(Self { conditions: project.conditions(), name, meaning, levels })
    }

    /// Whether a run is selected.
    pub(super) fn selects(&self, run: &Run) -> bool {
        let condition = self.conditions.levels(run.condition);
        let is_named = match &self.meaning {
            Meaning::Experiment => condition[EXPERIMENT].spelled() == self.name,
            Meaning::Item(selections) => {
                selections.iter().any(|selection| paper::selects(selection, &condition))
            }
            Meaning::Digest => run.digest.to_string().starts_with(self.name),
        };
        is_named
            && self.levels.iter().all(|(factor, level)| match *factor {
                SEED => run.config.seed().to_string() == *level,
                factor => condition.get(factor).is_some_and(|found| found.is_typed_as(level)),
            })
    }

    /// The runs of `plan` that are selected.
    ///
    /// # Errors
    /// If there is none. A diagram has no runs, which is not an error.
    pub(super) fn runs<'p>(&self, plan: &'p Plan) -> Result<Vec<&'p Run>, Error> {
        let runs: Vec<_> = plan.runs.iter().filter(|run| self.selects(run)).collect();
        if !runs.is_empty() || matches!(&self.meaning, Meaning::Item(none) if none.is_empty()) {
            return Ok(runs);
        }
        let levels = self.levels.iter().map(|(factor, level)| format!("{factor}={level}"));
        if matches!(self.meaning, Meaning::Digest) {
            return Err(Error::Request {
                message: format!(
                    "no run of an experiment has a digest that begins with {}",
                    self.name
                ),
                hint: "`report cache ls` lists all records, and `report explain` describes one"
                    .to_owned(),
            });
        }
        let words = Vocabulary::of(self.conditions.experiments());
        let factors: Vec<_> = words.names().collect();
        Err(Error::Request {
            message: format!(
                "no run matches {} {}",
                self.name,
                levels.collect::<Vec<_>>().join(" ")
            ),
            hint: format!("the factors are {}, and {SEED}", factors.join(", ")),
        })
    }
}

fn unknown(project: &Project, name: &str) -> Error {
    let experiments = project.experiments.iter().map(|experiment| experiment.name.as_str());
    let tables = project.file.tables.iter().map(|table| table.name.as_str());
    let figures = project.file.figures.iter().map(|figure| figure.name.as_str());
    let known: Vec<_> = experiments.chain(tables).chain(figures).collect();
    Error::Request {
        message: format!("`{name}` is not an experiment, a table, a figure or a digest"),
        hint: format!("{}; a digest needs at least {SHORTEST} digits", suggestion(name, &known)),
    }
}

/// # Errors
/// If no condition has this level, or no run has this seed.
fn check_level(project: &Project, factor: &str, level: &str) -> Result<(), Error> {
    let request = |message: String, hint: String| Err(Error::Request { message, hint });
    if factor == SEED {
        let mut seeds = project.experiments.iter().flat_map(|experiment| &experiment.seeds);
        return match seeds.any(|seed| seed.to_string() == level) {
            true => Ok(()),
            false => request(
                format!("no run has the seed `{level}`"),
                "`seeds` in the experiment file lists them".to_owned(),
            ),
        };
    }
    let words = Vocabulary::of(&project.experiments);
    let Some(levels) = words.levels(factor) else {
        let known: Vec<_> = words.names().chain([SEED]).collect();
        return request(format!("there is no factor `{factor}`"), suggestion(factor, &known));
    };
    let spelled: Vec<_> = levels.iter().map(Level::spelled).collect();
    match levels.iter().any(|known| known.is_typed_as(level)) {
        true => Ok(()),
        false => {
            request(format!("`{level}` is not a level of `{factor}`"), suggestion(level, &spelled))
        }
    }
}

fn level_of(text: &str) -> Result<(&str, &str), Error> {
    text.split_once('=').ok_or_else(|| Error::Request {
        message: format!("`{text}` is not of the form `factor=level`"),
        hint: "a level is written as `factor=level`, such as `weight_sharing=true` or `seed=3`"
            .to_owned(),
    })
}
