//! Settings of conditions, and in which of them groups of conditions differ.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::KeyValues;

/// Keys of the resolved experiments, each with its values.
pub(super) type Settings = BTreeMap<String, BTreeSet<String>>;

/// That groups of conditions differ because networks compute some and programs compute others. Empty if they do not.
pub(super) fn kinds(groups: impl Iterator<Item = BTreeSet<&'static str>>) -> Settings {
    let all: Vec<BTreeSet<&str>> = groups.collect();
    let differ = all.iter().any(|one| Some(one) != all.first());
    let words = || all.iter().flatten().map(|word| (*word).to_owned()).collect();
    differ.then(|| ("task".to_owned(), words())).into_iter().collect()
}

/// The keys whose values differ between groups of settings, with all values.
pub(super) fn differing(groups: &[Vec<KeyValues>]) -> Settings {
    let keys: BTreeSet<_> = groups.iter().flatten().flat_map(BTreeMap::keys).collect();
    let differing = keys.into_iter().filter_map(|key| {
        let value = |one: &KeyValues| one.get(key).cloned().unwrap_or_else(|| "nothing".to_owned());
        let values = groups.iter().map(|group| group.iter().map(value).collect());
        let values: Vec<BTreeSet<_>> = values.collect();
        let differ = values.iter().any(|one| *one != values[0]);
        differ.then(|| (key.clone(), values.into_iter().flatten().collect()))
    });
    differing.collect()
}

/// Whether `key` is one of `paths` or lies below one.
pub(super) fn is_below(key: &str, paths: &[&str]) -> bool {
    let is_at = |path: &&str| {
        let rest = key.strip_prefix(*path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    paths.iter().any(is_at)
}
