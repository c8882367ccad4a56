//! What would spoil a run without a message.

use std::collections::{BTreeMap, BTreeSet};

use super::examples::{Column, Examples, PartName, Targets, Values};
use super::split::{self, Parts};
use crate::run::{DataConfig, ExampleData};

/// What is wrong with the split of a run: parts that are empty or too large, equal examples in two parts, classes
/// or words of the other parts that the training part does not have, parts of one class or number, and columns that
/// cannot be standardised. Each is a phrase that follows `data.split`. `alike` has the first equal example of each
/// example, if equal examples may not be in two parts.
#[must_use]
pub fn check(config: &DataConfig, alike: Option<&[u32]>, examples: &Examples) -> Vec<String> {
    // Pairs are checked by the sizes of their pools.
    let DataConfig::Examples(config) = config else { return Vec::new() };
    let splits = match split::split(&config.split, examples) {
        Ok(splits) => splits,
        Err(error) => return vec![format!("cannot be done: {error}")],
    };
    let mut faults = Vec::new();
    for (fold, parts) in splits.iter().enumerate() {
        let place = match config.split.folds {
            0 => String::new(),
            _ => format!(" of fold {}", fold + 1),
        };
        faults.extend(alike.and_then(|alike| leaks(parts, alike, &place)));
        faults.extend(unseen_classes(parts, examples, &place));
        faults.extend(unseen_levels(parts, examples, &place));
        faults.extend(one_target(parts, examples, &place));
        faults.extend(constant(config, parts, examples, &place));
        // The other folds would repeat it.
        if !faults.is_empty() {
            break;
        }
    }
    faults
}

fn leaks(parts: &Parts, alike: &[u32], place: &str) -> Option<String> {
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
    Some(format!(
        "puts {n} examples{place} into another part than an equal example: example {first}, counted from 0, is in the \
         {} part, and example {second} is in the {} part; `duplicates = \"together\"` keeps equal examples in one part, \
         and `duplicates = \"allow\"` lets them be",
        one.name(),
        other.name()
    ))
}

fn unseen_classes(parts: &Parts, examples: &Examples, place: &str) -> Option<String> {
    let Targets::Classes(classes) = &examples.targets else { return None };
    let of_part = |part: &Vec<u32>| -> BTreeSet<u32> {
        part.iter().map(|index| classes[*index as usize]).collect()
    };
    let [train, validation, test] = parts.each_ref().map(of_part);
    let unseen = validation.union(&test).find(|class| !train.contains(class))?;
    Some(format!(
        "gives the training part{place} no example of the class `{}`, which another part has; `kind = \"stratified\"` \
         (or `stratified = true` with folds and files) gives each part its share of each class",
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
        "gives the training part{place} no example with the word `{}` in the column `{name}`, which another part has: \
         what it means cannot be learned",
        level.as_deref().unwrap_or_default()
    ))
}

/// A validation or test part with one class or one number only: some metrics are not defined for it.
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
    let mut named = PartName::ALL.into_iter().zip(parts).skip(1);
    let (part, _) = named.find(|(_, part)| !part.is_empty() && is_one(part))?;
    Some(format!(
        "gives the {} part{place} examples of one target only, for which some metrics are not defined; make it larger",
        part.name()
    ))
}

/// A column that is standardised, but has one value in all training examples.
fn constant(
    config: &ExampleData,
    parts: &Parts,
    examples: &Examples,
    place: &str,
) -> Option<String> {
    let Values::Floats(values) = &examples.values else { return None };
    if !config.standardize {
        return None;
    }
    let width = examples.columns.len();
    let mut columns = (0..).zip(&examples.columns).filter(|(_, column)| column.level.is_none());
    let (_, column) = columns.find(|(column, _)| {
        let mut own = parts[0].iter().map(|index| values[*index as usize * width + column]);
        let first = own.next();
        own.all(|value| Some(value) == first)
    })?;
    Some(format!(
        "gives all training examples{place} one value in the column `{}`, so it cannot be standardised; leave the \
         column out with `!{}` in `features`",
        column.name, column.name
    ))
}
