//! An experiment: a question, the factors that it varies, and the runs that answer it.
//!
//! A file, laid over those that it may extend, becomes a validated [`Experiment`]. Nothing
//! here opens files; `pipeline` reads them.

mod design;
mod layers;
mod matrix;

use std::collections::BTreeMap;

use crate::document::{self, Location, Node, Reader, Value, Violation, Violations};
use crate::run::{DatasetIdentity, DeviceKind, RunConfig};

pub use design::{DataSeed, DataSource, Design};
pub use matrix::MOST_RUNS;

/// What the column of experiments is called beside the factors.
pub const EXPERIMENT: &str = "experiment";

/// A validated experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its file within `experiments/`, without `.toml`; how tables and commands refer to it.
    pub name: String,
    /// How readers refer to it.
    pub title: String,
    /// The files that it is read from, its own first, then those that it extends.
    pub files: Vec<String>,
    /// What the experiment asks, for the report.
    pub question: Option<String>,
    /// One run of each condition a seed, in ascending order.
    pub seeds: Vec<u64>,
    /// What varies, in order of the factors' paths.
    pub factors: Vec<Factor>,
    /// One for each combination of levels; the last factor varies fastest.
    pub conditions: Vec<Condition>,
}

/// A key that the experiment varies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Last key of the path, or as many last keys as make it unique within the experiment.
    pub name: String,
    /// Dotted path of the key.
    pub path: String,
    /// Its values, spelled as TOML would: `true`, `0.2`, `adam`.
    pub levels: Vec<String>,
    /// Where they are listed.
    pub location: Location,
}

/// One combination of levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The level of each factor, in the order of [`Experiment::factors`].
    pub levels: Vec<String>,
    /// The configuration of its runs, but for dataset and seed.
    pub design: Design,
}

/// One run of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Index into [`Experiment::conditions`].
    pub condition: usize,
    /// Its key.
    pub config: RunConfig,
}

impl Experiment {
    /// Reads an experiment from its document and those that it extends, the nearest first: each is
    /// laid over the next.
    ///
    /// # Errors
    /// With every violation, in order of file and line.
    pub fn from_documents(
        name: &str,
        file: Node,
        extended: Vec<Node>,
    ) -> Result<Self, Vec<Violation>> {
        let violations = Violations::default();
        let files = std::iter::once(&file).chain(&extended);
        let files = files.map(|node| node.location.file.to_string()).collect();
        let root = extended.into_iter().fold(file, |over, base| document::merge(base, over));
        let experiment = read(name, files, &root, &violations);
        match experiment {
            Some(experiment) if violations.is_empty() => Ok(experiment),
            _ => Err(violations.into_sorted()),
        }
    }

    /// What a condition is called: `experiment` and each factor, with their level.
    #[must_use]
    pub fn levels_of(&self, condition: usize) -> BTreeMap<String, String> {
        let names = self.factors.iter().map(|factor| factor.name.clone());
        let levels = self.conditions[condition].levels.iter().cloned();
        let own = [(EXPERIMENT.to_owned(), self.name.clone())];
        names.zip(levels).chain(own).collect()
    }

    /// All runs: conditions in order, and seeds within a condition. `identity` tells what a data
    /// source holds.
    pub fn expand(
        &self,
        device: DeviceKind,
        identity: impl Fn(&DataSource) -> DatasetIdentity,
    ) -> Vec<Run> {
        let runs_of = |condition: usize| {
            let source = &self.conditions[condition].design.source;
            let configs = self.configs(condition, device, identity(source));
            configs.map(move |config| Run { condition, config })
        };
        (0..self.conditions.len()).flat_map(runs_of).collect()
    }

    /// The configurations of a condition, in order of the seeds, on what its data source holds.
    pub fn configs(
        &self,
        condition: usize,
        device: DeviceKind,
        dataset: DatasetIdentity,
    ) -> impl Iterator<Item = RunConfig> {
        let design = &self.conditions[condition].design;
        self.seeds.iter().map(move |seed| design.resolve(dataset, *seed, device))
    }
}

/// The base file that `file` names, and where it does.
#[must_use]
pub fn extends(file: &Node) -> Option<(&str, &Location)> {
    match &file.value {
        Value::Table(table) => match table.get("extends") {
            Some(Node { value: Value::String(path), location }) => Some((path, location)),
            _ => None,
        },
        _ => None,
    }
}

fn read(
    name: &str,
    files: Vec<String>,
    root: &Node,
    violations: &Violations,
) -> Option<Experiment> {
    let reader = Reader::new(root, "", violations)?;
    let title = reader.required::<String>("title");
    let question = reader.optional::<String>("question");
    reader.optional::<String>("extends");
    let seeds = read_seeds(&reader);
    // The parts of the configuration are read once a condition, after its levels are in place.
    for key in design::PARTS {
        if reader.node(key).is_none() {
            reader.refuse(key, "is missing; it takes a table");
        }
    }
    let matrix = matrix::read(&reader, root);
    reader.finish();
    let (factors, conditions) = matrix?;
    let seeds = seeds?;
    if conditions.len().saturating_mul(seeds.len()) > MOST_RUNS {
        let message =
            format!("make more than {MOST_RUNS} runs with {} conditions", conditions.len());
        violations.push(&root.location, "seeds", message);
        return None;
    }
    let (name, title) = (name.to_owned(), title?);
    Some(Experiment { name, title, files, question, seeds, factors, conditions })
}

/// `seeds = 10` for 0 to 9, or a list.
fn read_seeds(reader: &Reader<'_>) -> Option<Vec<u64>> {
    let refuse = |message: String| {
        reader.refuse("seeds", message);
        None
    };
    let Some(node) = reader.node("seeds") else {
        return refuse("is missing; it takes a count or a list of seeds".to_owned());
    };
    match &node.value {
        Value::Integer(count) => match u64::try_from(*count) {
            Ok(count) if (1..=matrix::MOST_RUNS as u64).contains(&count) => {
                Some((0..count).collect())
            }
            _ => refuse(format!("must be from 1 to {}, but is {count}", matrix::MOST_RUNS)),
        },
        Value::Array(items) if items.is_empty() => refuse("lists no seed".to_owned()),
        Value::Array(_) => {
            let mut seeds = reader.optional::<Vec<u64>>("seeds")?;
            seeds.sort_unstable();
            match seeds.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => refuse(format!("lists {} more than once", pair[0])),
                None => Some(seeds),
            }
        }
        other => refuse(format!("must be a count or a list, but is {}", other.type_name())),
    }
}
