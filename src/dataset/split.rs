//! Splits examples into a training, a validation and a test part.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::alike::alike;
use super::error::DrawError;
use super::examples::{Examples, PartName, Targets};
use crate::random::Stream;
use crate::run::{Size, SplitConfig, SplitKind};

/// The indices of the examples of the training, the validation and the test part.
pub(super) type Parts = [Vec<u32>; 3];

/// The parts of a split: one triple, or one for each fold.
///
/// # Errors
/// If the data have too few examples.
pub(super) fn split(config: &SplitConfig, examples: &Examples) -> Result<Vec<Parts>, DrawError> {
    let all: Vec<u32> = (0..).take(examples.len()).collect();
    let pool = Pool { config, examples, groups: groups(config, examples) };
    let splits = match config.kind {
        SplitKind::Random => vec![pool.random(&all)?],
        SplitKind::Ordered => vec![ordered(config, &all)?],
        SplitKind::Column | SplitKind::Files => vec![pool.given()?],
        SplitKind::Folds => pool.folds(&all)?,
    };
    for parts in &splits {
        for (part, indices) in PartName::ALL.into_iter().zip(parts) {
            let is_needed = part != PartName::Validation || config.validation.is_some();
            if is_needed && indices.is_empty() {
                return Err(DrawError::Empty { part: part.name() });
            }
        }
    }
    Ok(splits)
}

/// Examples to choose from.
struct Pool<'p> {
    config: &'p SplitConfig,
    examples: &'p Examples,
    /// The group of each example, if groups stay together.
    groups: Option<Vec<u32>>,
}

impl Pool<'_> {
    /// Examples in an order of chance: first the test part, then the validation part, then the training part. So
    /// another size of one part leaves those before it as they are.
    fn random(&self, all: &[u32]) -> Result<Parts, DrawError> {
        let n = all.len();
        let mut rest = self.chooser(all, "split");
        let test = rest.take(size(self.config.test, n), PartName::Test)?;
        let validation = rest.take(size(self.config.validation, n), PartName::Validation)?;
        let train = rest.take_or_rest(self.config.train.map(|size| size.of(n)))?;
        Ok([train, validation, test])
    }

    /// The parts that files or a column give. A size chooses by chance from the own part, and a validation part that
    /// is not given is taken from the training part.
    fn given(&self) -> Result<Parts, DrawError> {
        let pool = |part: PartName| -> Vec<u32> {
            let own = (0..).zip(&self.examples.parts).filter(|(_, own)| **own == part);
            own.map(|(index, _)| index).collect()
        };
        let [train, validation, test] = PartName::ALL.map(pool);
        let chosen = |indices: Vec<u32>, size: Option<Size>, part: PartName| match size {
            None => Ok(indices),
            Some(size) => {
                let n = size.of(indices.len());
                let stream = format!("split/{}", part.name());
                self.chooser(&indices, &stream).take(n, part)
            }
        };
        let test = chosen(test, self.config.test, PartName::Test)?;
        if !validation.is_empty() {
            let validation = chosen(validation, self.config.validation, PartName::Validation)?;
            return Ok([chosen(train, self.config.train, PartName::Train)?, validation, test]);
        }
        if self.config.train.is_none() && self.config.validation.is_none() {
            return Ok([train, validation, test]);
        }
        let n = train.len();
        let mut rest = self.chooser(&train, "split/train");
        let validation = rest.take(size(self.config.validation, n), PartName::Validation)?;
        let train = rest.take_or_rest(self.config.train.map(|size| size.of(n)))?;
        Ok([train, validation, test])
    }

    /// Folds of about one size. Each is the test part once. The validation part is taken from the others.
    fn folds(&self, all: &[u32]) -> Result<Vec<Parts>, DrawError> {
        let n = all.len();
        let chooser = self.chooser(all, "split");
        let units = chooser.strata.iter().map(Vec::len).sum();
        if units < self.config.folds {
            let name = if self.groups.is_some() { "groups" } else { "examples" };
            return Err(DrawError::Folds { folds: self.config.folds, units: name, n: units });
        }
        let folds = chooser.into_folds(self.config.folds);
        let of_fold = |fold: usize| {
            let others = folds.iter().enumerate().filter(|(other, _)| *other != fold);
            let others: Vec<_> = others.flat_map(|(_, own)| own).copied().collect();
            let mut rest = self.chooser(&others, &format!("split/{fold}"));
            let validation = rest.take(size(self.config.validation, n), PartName::Validation)?;
            let train = rest.take_or_rest(self.config.train.map(|size| size.of(n)))?;
            Ok([train, validation, folds[fold].clone()])
        };
        (0..self.config.folds).map(of_fold).collect()
    }

    /// Chooses among `indices` with a stream of this name.
    fn chooser(&self, indices: &[u32], stream: &str) -> Chooser {
        let n = u32::try_from(indices.len()).expect("the data have fewer than 2³² examples");
        let order = |n: u32| Stream::new(self.config.seed, stream).choose(n, n);
        let units = match &self.groups {
            None => order(n).into_iter().map(|place| vec![indices[place as usize]]).collect(),
            Some(groups) => {
                let mut units = units(indices, groups);
                // The order does not depend on the sizes of the groups.
                let n = u32::try_from(units.len()).expect("no more groups than examples");
                order(n).iter().map(|place| std::mem::take(&mut units[*place as usize])).collect()
            }
        };
        if !self.config.stratified {
            return Chooser { strata: vec![units] };
        }
        let mut strata: Vec<Vec<Vec<u32>>> = vec![Vec::new(); self.examples.classes.len()];
        for unit in units {
            strata[class_of(&unit, &self.examples.targets)].push(unit);
        }
        Chooser { strata }
    }
}

/// The group of each example: that of the data, and one for equal examples. `None` if no examples stay together.
fn groups(config: &SplitConfig, examples: &Examples) -> Option<Vec<u32>> {
    match (config.grouped, config.together) {
        (false, false) => None,
        (true, false) => Some(examples.groups.clone()),
        (false, true) => Some(alike(examples)),
        (true, true) => Some(joined(&examples.groups, &alike(examples))),
    }
}

/// Groups of examples that are connected by a chain of common groups in `one` or `other`. Each is named by its
/// first example.
fn joined(one: &[u32], other: &[u32]) -> Vec<u32> {
    let mut names: Vec<u32> = (0..).take(one.len()).collect();
    loop {
        let mut has_changed = false;
        for groups in [one, other] {
            let mut least: BTreeMap<u32, u32> = BTreeMap::new();
            for (group, name) in groups.iter().zip(&names) {
                least
                    .entry(*group)
                    .and_modify(|least| *least = (*least).min(*name))
                    .or_insert(*name);
            }
            for (group, name) in groups.iter().zip(&mut names) {
                has_changed |= *name != least[group];
                *name = least[group];
            }
        }
        if !has_changed {
            return names;
        }
    }
}

/// The examples of each group, in the order of their first examples.
fn units(indices: &[u32], groups: &[u32]) -> Vec<Vec<u32>> {
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    let mut units: Vec<Vec<u32>> = Vec::new();
    for index in indices {
        let place = *places.entry(groups[*index as usize]).or_insert_with(|| {
            units.push(Vec::new());
            units.len() - 1
        });
        units[place].push(*index);
    }
    units
}

fn ordered(config: &SplitConfig, all: &[u32]) -> Result<Parts, DrawError> {
    let n = all.len();
    let [validation, test] = [config.validation, config.test].map(|size| self::size(size, n));
    let too_few =
        |part: PartName, needed, left| DrawError::TooFew { part: part.name(), needed, left };
    let before_test = n.checked_sub(test).ok_or_else(|| too_few(PartName::Test, test, n))?;
    let left = before_test
        .checked_sub(validation)
        .ok_or_else(|| too_few(PartName::Validation, validation, before_test))?;
    let train = config.train.map_or(left, |size| size.of(n));
    // The newest examples before the validation part are the closest to it.
    let first = left.checked_sub(train).ok_or_else(|| too_few(PartName::Train, train, left))?;
    Ok([all[first..left].to_vec(), all[left..before_test].to_vec(), all[before_test..].to_vec()])
}

fn size(size: Option<Size>, n: usize) -> usize {
    size.map_or(0, |size| size.of(n))
}

/// Chooses examples in an order of chance, without replacement.
struct Chooser {
    /// Units that stay together, in an order of chance: a group, or one example. Each unit has a class.
    strata: Vec<Vec<Vec<u32>>>,
}

impl Chooser {
    fn len(&self) -> usize {
        self.strata.iter().flatten().map(Vec::len).sum()
    }

    /// All examples in `n` folds. The largest units come first. Each goes to the fold with the fewest examples of
    /// its stratum; of these, to the one with the fewest examples; of these, to the first.
    fn into_folds(self, n: usize) -> Vec<Vec<u32>> {
        let mut folds = vec![Vec::new(); n];
        for mut units in self.strata {
            units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
            let mut own = vec![0; n];
            for unit in units {
                let fold = (0..n).min_by_key(|fold| (own[*fold], folds[*fold].len())).unwrap_or(0);
                own[fold] += unit.len();
                folds[fold].extend(unit);
            }
        }
        folds
    }

    /// Removes `n` examples and returns them: as many of each stratum as its share. Groups are taken in an order of
    /// chance. A group is passed over if the number would be nearer to `n` without it, or more than half of `n` too
    /// large with it.
    ///
    /// # Errors
    /// If fewer than `n` are left, or if groups miss `n` by more than half of it.
    fn take(&mut self, n: usize, part: PartName) -> Result<Vec<u32>, DrawError> {
        let left = self.len();
        if n > left {
            return Err(DrawError::TooFew { part: part.name(), needed: n, left });
        }
        let sizes = self.strata.iter().map(|units| units.iter().map(Vec::len).sum());
        let sizes: Vec<_> = sizes.collect();
        let shares = shares(&sizes, n);
        let mut taken: Vec<Vec<u32>> = Vec::with_capacity(n);
        // What all strata so far should have, and what they have.
        let (mut wanted, mut found) = (0, 0);
        for (units, share) in self.strata.iter_mut().zip(shares) {
            wanted += share;
            let fits = |unit: &mut Vec<u32>| {
                let all = found + unit.len();
                let is_nearer = found < wanted && 2 * all <= 2 * wanted + unit.len();
                let fits = is_nearer && 2 * all <= 2 * wanted + n;
                found = if fits { all } else { found };
                fits
            };
            taken.push(units.extract_if(.., fits).flatten().collect());
        }
        match 2 * found.abs_diff(n) > n {
            true => Err(DrawError::Groups { part: part.name(), asked: n, n: found }),
            false => Ok(interleaved(taken)),
        }
    }

    /// Removes `n` examples, or all that are left.
    fn take_or_rest(&mut self, n: Option<usize>) -> Result<Vec<u32>, DrawError> {
        let n = n.unwrap_or_else(|| self.len());
        self.take(n, PartName::Train)
    }
}

/// The class of most examples of a unit. Of equally frequent classes, the first counts.
fn class_of(unit: &[u32], targets: &Targets) -> usize {
    let Targets::Classes(classes) = targets else {
        unreachable!("only classes are stratified; experiments are checked for that")
    };
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for index in unit {
        *counts.entry(classes[*index as usize]).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    counts.into_iter().find(|(_, count)| *count == most).map_or(0, |(class, _)| class as usize)
}

/// `n` in parts that are proportional to `sizes`. The largest remainders get what rounding leaves (Hamilton's
/// method); of equal remainders, the first.
fn shares(sizes: &[usize], n: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    if all == 0 {
        return vec![0; sizes.len()];
    }
    let mut shares: Vec<_> = sizes.iter().map(|size| size * n / all).collect();
    let mut order: Vec<_> = (0..sizes.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(sizes[*index] * n % all));
    let missing = n - shares.iter().sum::<usize>();
    order.into_iter().take(missing).for_each(|index| shares[index] += 1);
    shares
}

/// The examples of all strata, spread evenly, so that each batch has all classes.
fn interleaved(strata: Vec<Vec<u32>>) -> Vec<u32> {
    let mut placed: Vec<_> = strata
        .into_iter()
        .enumerate()
        .flat_map(|(stratum, own)| {
            let n = own.len() as u64;
            own.into_iter().zip(0u64..).map(move |(index, place)| {
                // The middle of its share of [0, 1), exactly.
                ((2 * place + 1) * (1 << 32) / (2 * n), stratum, index)
            })
        })
        .collect();
    placed.sort_by_key(|(at, stratum, _)| (*at, *stratum));
    placed.into_iter().map(|(_, _, index)| index).collect()
}
