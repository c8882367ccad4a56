//! What would spoil a run without a message.

use std::collections::{BTreeMap, BTreeSet};

use super::examples::{Column, Examples, PartName, TableRows, Targets, Values};
use super::prepare::{pooled, scales};
use super::split::{self, Parts};
use crate::run::{self, DataConfig, ExampleData, SplitConfig, SplitKind};

/// How the examples of a run are used.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// The data and their split.
    pub data: DataConfig,
    /// Whether the network normalises over a batch.
    pub normalizes_batch: bool,
    /// The number of examples of a training batch.
    pub batch_size: usize,
}

/// What of an experiment file is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blamed {
    /// The split.
    Split,
    /// The size of the training batches.
    BatchSize,
}

impl Blamed {
    /// Its key.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Split => "data.split",
            Self::BatchSize => "train.batch_size",
        }
    }
}

/// What would spoil a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitFault {
    /// What is to blame.
    pub of: Blamed,
    /// What is wrong: a phrase that follows the key.
    pub message: String,
}

/// What is wrong with the split of a run: parts that are empty or too large, equal examples in two parts, classes
/// or words of the other parts that the training part does not have, parts of one class or number, columns that
/// cannot be standardised, and batches that do not fit. `alike` has the first equal example of each example, if equal
/// examples may not be in two parts.
#[must_use]
pub fn check(usage: &Usage, alike: Option<&[u32]>, examples: &Examples) -> Vec<SplitFault> {
    let Usage { data: config, normalizes_batch, batch_size } = usage;
    let of_split = |message| SplitFault { of: Blamed::Split, message };
    // Pairs are checked by the sizes of their pools.
    let DataConfig::Examples(config) = config else { return Vec::new() };
    let splits = match split::split(&config.split, examples) {
        Ok(splits) => splits,
        Err(error) => return vec![of_split(format!("cannot be done: {error}"))],
    };
    let mut faults = Vec::new();
    for (fold, parts) in splits.iter().enumerate() {
        let place = match config.split.folds {
            0 => String::new(),
            _ => format!(" of fold {}", fold + 1),
        };
        let own = [
            alike.and_then(|alike| leaks(config.split.kind, parts, alike, &examples.rows, &place)),
            unseen_classes(&config.split, parts, examples, &place),
            unseen_levels(parts, examples, &place),
            one_target(parts, examples, &place),
            constant(config, parts, examples).map(|fault| format!("{fault}{place}")),
        ];
        faults.extend(own.into_iter().flatten().map(of_split));
        let of_batches = batch_fault(*batch_size, parts[0].len(), *normalizes_batch);
        faults.extend(
            of_batches.map(|fault| SplitFault {
                of: Blamed::BatchSize,
                message: format!("{fault}{place}"),
            }),
        );
        // The other folds would repeat it.
        if !faults.is_empty() {
            break;
        }
    }
    faults
}

/// What is wrong with batches of this size out of so many training examples: a phrase that follows
/// `train.batch_size`.
#[must_use]
pub fn batch_fault(batch_size: usize, examples: usize, normalizes_batch: bool) -> Option<String> {
    let has_single = batch_size == 1 || examples % batch_size == 1;
    if batch_size > examples {
        Some(format!("is {batch_size}, more than the {examples} training examples"))
    } else if has_single && normalizes_batch {
        Some(format!(
            "is {batch_size}, which makes a batch of one example, but `batch_norm` needs at least two: there are \
             {examples} training examples"
        ))
    } else {
        None
    }
}

fn leaks(
    kind: SplitKind,
    parts: &Parts,
    alike: &[u32],
    rows: &TableRows,
    place: &str,
) -> Option<String> {
    let mut part_of: BTreeMap<u32, (PartName, u32)> = BTreeMap::new();
    let (mut n, mut example) = (0, None);
    for (part, indices) in PartName::ALL.into_iter().zip(parts) {
        for index in indices {
            let (other, first) = *part_of.entry(alike[*index as usize]).or_insert((part, *index));
            if other != part {
                n += 1;
                example = example.or(Some((first, other, *index, part)));
            }
        }
    }
    let (first, one, second, other) = example?;
    let name = |index: u32| match rows.lines.get(index as usize) {
        Some(line) if kind == SplitKind::Files => format!("line {line} of its file"),
        Some(line) => format!("line {line}"),
        None => format!("example {index}, counted from 0,"),
    };
    let remedy = match kind {
        SplitKind::Random | SplitKind::Folds => {
            "`duplicates = \"together\"` keeps equal examples in one part, and "
        }
        SplitKind::Ordered | SplitKind::Column | SplitKind::Files => "",
    };
    Some(format!(
        "has equal examples in two parts{place}, {n} in all: {} is in the {} part, and {} is in the {} part; \
         {remedy}`duplicates = \"allow\"` lets them be",
        name(first),
        one.name(),
        name(second),
        other.name()
    ))
}

fn unseen_classes(
    split: &SplitConfig,
    parts: &Parts,
    examples: &Examples,
    place: &str,
) -> Option<String> {
    let Targets::Classes(classes) = &examples.targets else { return None };
    let of_part = |part: &Vec<u32>| -> BTreeSet<u32> {
        part.iter().map(|index| classes[*index as usize]).collect()
    };
    let [train, validation, test] = parts.each_ref().map(of_part);
    let unseen = validation.union(&test).find(|class| !train.contains(class))?;
    let n = classes.iter().filter(|class| *class == unseen).count();
    let remedy = match split.kind {
        SplitKind::Files if split.train.is_none() => {
            "give the file of the training part examples of it"
        }
        _ if split.stratified || n < 3 => {
            "leave the examples of such a rare class out, or give it more"
        }
        SplitKind::Random => "`kind = \"stratified\"` gives each part its share of each class",
        SplitKind::Folds | SplitKind::Files => {
            "`stratified = true` gives each part its share of each class"
        }
        SplitKind::Ordered | SplitKind::Column => "give the training part examples of each class",
    };
    Some(format!(
        "gives the training part{place} none of the {n} examples of the class `{}`, which another part has; {remedy}",
        examples.classes[*unseen as usize]
    ))
}

fn unseen_levels(parts: &Parts, examples: &Examples, place: &str) -> Option<String> {
    let Values::Floats(values) = &examples.values else { return None };
    let width = examples.columns.len();
    let mut levels = (0..).zip(&examples.columns).filter(|(_, column)| column.level.is_some());
    let (_, Column { name, level }) = levels.find(|(column, _)| {
        let has = |part: &Vec<u32>| {
            part.iter().any(|index| values[*index as usize * width + column] == 1.0)
        };
        parts[1..].iter().any(has) && !has(&parts[0])
    })?;
    Some(format!(
        "gives the training part{place} no example with the word `{}` in the column `{name}`, which another part has; \
         leave such rare words out or write one word for all of them, and leave a column of numbers out of \
         `categorical`",
        level.as_deref().unwrap_or_default()
    ))
}

/// A part with one class or one number only: there is nothing to learn, or some metrics are not defined for it.
fn one_target(parts: &Parts, examples: &Examples, place: &str) -> Option<String> {
    let is_one = |part: &Vec<u32>| match &examples.targets {
        Targets::Classes(classes) => {
            part.iter().all(|index| classes[*index as usize] == classes[part[0] as usize])
        }
        Targets::Numbers(numbers) => {
            part.iter().all(|index| numbers[*index as usize] == numbers[part[0] as usize])
        }
        Targets::Pairs(_) => false,
    };
    let mut named = PartName::ALL.into_iter().zip(parts);
    let (part, _) = named.find(|(_, part)| !part.is_empty() && is_one(part))?;
    let why = match part {
        PartName::Train => "so there is nothing to learn",
        PartName::Validation | PartName::Test => "for which some metrics are not defined",
    };
    let name = part.name();
    Some(format!(
        "gives the {name} part{place} examples with one target only, {why}; make the part larger"
    ))
}

/// A column or a channel that is standardised, but has one value in all training examples. Examples without values are
/// known to have none.
fn constant(config: &ExampleData, parts: &Parts, examples: &Examples) -> Option<String> {
    if !config.standardize || examples.values.is_empty() {
        return None;
    }
    let train = pooled(&examples.values, examples.shape, &parts[0], config.pooling);
    let shape = run::pooled(config.input, config.pooling);
    scales(examples, &train, shape).err().map(|error| error.to_string())
}
