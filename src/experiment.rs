//! An experiment: a question, the factors that it varies, and the runs that answer it.
//!
//! A file, laid over those that it may extend, becomes a validated [`Experiment`]. Nothing
//! here opens files; `pipeline` reads them.

mod condition;
mod conditions;
mod data;
mod design;
mod find;
mod layers;
mod level;
mod matrix;
mod model;
mod optimizer;
mod program;
mod setting;
#[cfg(test)]
pub(crate) mod samples;
mod schedule;
mod training;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::document::{self, Label, Location, Node, Reader, Value, Violation, Violations};
use crate::keys;

pub use condition::{Condition, EXPERIMENT, Factor};
pub use conditions::{ConditionId, Conditions, Run};
pub use data::{DataDesign, DataSeed, ExampleDesign, FindData, Found, PairDesign, SEED_KEYS};
pub use design::{Design, NetworkDesign, Recorded};
pub use find::{FileFaults, Find, FindProgram, FoundFiles, NamedFiles, probe_words};
pub use level::{Level, Levels, written};
pub use matrix::MOST_RUNS;
pub use program::{
    Agreement, Deviation, Limits, Placeholders, ProgramDesign, ProgramTable, Tolerance, deviations,
    filled, plain_path,
};

pub use setting::{Origin, Setting};

/// Names that no experiment may have, and what they mean.
pub const RESERVED: [(&str, &str); 1] =
    [("all", "the row of all experiments in tables of effects")];

/// Whether each part of a name between `/` has only letters, digits, `-` and `_`, and at least one of them.
#[must_use]
pub fn is_plain_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.split('/').all(|part| !part.is_empty() && part.chars().all(is_plain))
}

/// A validated experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its file within `experiments/`, without `.toml`; how tables and commands refer to it.
    pub name: String,
    /// How readers refer to it.
    pub title: String,
    /// The files that it is read from, its own first, then those that it extends.
    pub files: Vec<String>,
    /// Its file, laid over those that it extends.
    document: Node,
    /// What the experiment asks, for the report.
    pub question: Option<String>,
    /// One run of each condition a seed, in ascending order.
    pub seeds: Vec<u64>,
    /// What varies, in order of the factors' paths.
    pub factors: Vec<Factor>,
    /// One for each combination of levels; the last factor varies fastest.
    pub conditions: Vec<Condition>,
}

impl Experiment {
    /// The programs of its conditions, in order. Conditions of networks have none.
    pub fn programs(&self) -> impl Iterator<Item = &ProgramDesign> {
        self.conditions.iter().filter_map(|condition| condition.design.program())
    }

    /// Reads an experiment from its document and those that it extends, the nearest first: each is
    /// laid over the next. `find` finds the data that it names.
    ///
    /// # Errors
    /// With every violation, in order of file and line.
    pub fn from_documents(
        name: &str,
        file: Node,
        extended: Vec<Node>,
        find: Find<'_>,
    ) -> Result<Self, Vec<Violation>> {
        let violations = Violations::default();
        let files = std::iter::once(&file).chain(&extended);
        let files = files.map(|node| node.location.file.to_string()).collect();
        let root = extended.into_iter().fold(file, |over, base| document::merge(base, over));
        let experiment = read(name, files, &root, find, &violations);
        match experiment {
            Some(experiment) if violations.is_empty() => Ok(experiment),
            _ => Err(violations.into_sorted()),
        }
    }

    /// Where a key is, or the nearest table that would have it.
    #[must_use]
    pub fn place(&self, path: &str) -> &Location {
        let mut node = &self.document;
        for key in path.split('.') {
            match &node.value {
                Value::Table(table) => match table.get(key) {
                    Some(inner) => node = inner,
                    None => break,
                },
                _ => break,
            }
        }
        &node.location
    }

    /// All keys that it can have, with their values, and where these come from.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        setting::settings(&self.document)
    }

    /// The numbers of trained parameters of its conditions, each once, in ascending order.
    #[must_use]
    pub fn parameters(&self) -> BTreeSet<usize> {
        self.conditions.iter().filter_map(|one| one.design.parameters()).collect()
    }

    /// `experiment` and each factor, with their level in the condition at that index.
    #[must_use]
    pub fn levels_of(&self, condition: usize) -> Levels {
        let names = self.factors.iter().map(|factor| factor.name.clone());
        let levels = self.conditions[condition].levels.iter().cloned();
        let own = [(EXPERIMENT.to_owned(), Level::text(&self.name))];
        names.zip(levels).chain(own).collect()
    }
}

/// The base file that `file` names, and where it does.
#[must_use]
pub fn extends(file: &Node) -> Option<(&str, &Location)> {
    match &file.value {
        Value::Table(table) => match table.get("extends") {
            Some(Node { value: Value::String(path), location, .. }) => Some((path, location)),
            _ => None,
        },
        _ => None,
    }
}

/// The names of the factors that files declare, whatever else is wrong with them.
pub fn declared_factors<'n>(files: impl Iterator<Item = &'n Node>) -> Vec<String> {
    let paths = files.filter_map(|file| match &file.value {
        Value::Table(table) => match &table.get("factors")?.value {
            Value::Table(factors) => Some(factors.keys().map(String::as_str)),
            _ => None,
        },
        _ => None,
    });
    let paths: BTreeSet<&str> = paths.flatten().collect();
    matrix::names_of(&paths.into_iter().collect::<Vec<_>>())
}

fn read(
    name: &str,
    files: Vec<String>,
    root: &Node,
    find: Find<'_>,
    violations: &Violations,
) -> Option<Experiment> {
    if matches!(&root.value, Value::Table(table) if table.is_empty()) {
        violations.push(&root.location, "", "is empty; docs/files.md says what an experiment has");
        return None;
    }
    let reader = Reader::new(root, "", &keys::EXPERIMENT, violations)?;
    let title = reader.required::<Label>("title");
    let question = reader.optional::<String>("question");
    let seeds = read_seeds(&reader);
    // The parts of the configuration are read once a condition, after its levels are in place.
    let matrix = matrix::read(&reader, root, find);
    let (factors, conditions) = matrix?;
    let seeds = seeds?;
    if conditions.len().saturating_mul(seeds.len()) > MOST_RUNS {
        let message =
            format!("make more than {MOST_RUNS} runs with {} conditions", conditions.len());
        violations.push(&root.location, "seeds", message);
        return None;
    }
    Some(Experiment {
        name: name.to_owned(),
        title: title?.0,
        files,
        document: root.clone(),
        question,
        seeds,
        factors,
        conditions,
    })
}

/// `seeds = 10` for 0 to 9, or a list.
fn read_seeds(reader: &Reader<'_>) -> Option<Vec<u64>> {
    let refuse = |message: String| {
        reader.refuse("seeds", message);
        None
    };
    match &reader.node("seeds")?.value {
        Value::Integer(_) => Some((0..reader.optional::<u64>("seeds")?).collect()),
        Value::Array(items) if items.is_empty() => refuse("lists no seed".to_owned()),
        Value::Array(_) => {
            let mut seeds = reader.optional::<Vec<u64>>("seeds")?;
            seeds.sort_unstable();
            match seeds.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => refuse(format!("lists {} more than once", pair[0])),
                None => Some(seeds),
            }
        }
        _ => None,
    }
}
