//! Numbers for the words that name classes and groups.

use std::collections::{BTreeMap, BTreeSet};

/// The classes in ascending order, and the class of each example. If all targets are numbers, their order is that
/// of numbers.
///
/// # Errors
/// If one number is spelled in two ways: they may be one class or two.
pub(super) fn classes(targets: &[String]) -> Result<(Vec<String>, Vec<u32>), String> {
    let distinct: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
    // Larger whole numbers are not told apart as numbers.
    let limit = (1_u64 << f64::MANTISSA_DIGITS) as f64;
    let number = |name: &str| name.parse::<f64>().ok().filter(|number| number.abs() < limit);
    let mut names: Vec<(f64, &str)> =
        distinct.iter().map(|name| (number(name).unwrap_or(f64::NAN), *name)).collect();
    let are_numbers = names.iter().all(|(number, _)| number.is_finite());
    if are_numbers {
        names.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    let twice = names.windows(2).find(|pair| are_numbers && pair[0].0 == pair[1].0);
    if let Some([(_, one), (_, other)]) = twice {
        return Err(format!(
            "has one number as two classes, `{one}` and `{other}`; spell it in one way, or use words"
        ));
    }
    let classes: Vec<String> = names.iter().map(|(_, name)| (*name).to_owned()).collect();
    let places: BTreeMap<&str, u32> = names.iter().map(|(_, name)| *name).zip(0..).collect();
    let codes = targets.iter().map(|target| places[target.as_str()]).collect();
    Ok((classes, codes))
}

/// A number for each word: equal words have equal numbers.
pub(super) fn groups(words: &[String]) -> Vec<u32> {
    let mut seen: BTreeMap<&String, u32> = BTreeMap::new();
    let mut groups = Vec::with_capacity(words.len());
    for word in words {
        let next = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        groups.push(*seen.entry(word).or_insert(next));
    }
    groups
}
