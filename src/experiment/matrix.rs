//! Factors × levels → conditions.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::condition::{Condition, EXPERIMENT, Factor};
use super::design::{self, Design};
use super::find::Find;
use super::level::Level;
use super::program;
use crate::digest::canonical_json;
use crate::document::{self, Location, Node, Nowhere, Reader, Value, Violations, suggestion};

/// The largest number of conditions of one experiment.
const MOST_CONDITIONS: usize = 100_000;

/// The largest number of runs of one experiment: conditions times seeds.
pub const MOST_RUNS: usize = 1_000_000;

/// Reads `factors` and makes a condition of each combination of levels in `root`.
pub(super) fn read(
    reader: &Reader<'_>,
    root: &Node,
    find: Find<'_>,
) -> Option<(Vec<Factor>, Vec<Condition>)> {
    let declared = reader.entries("factors");
    let read: Vec<_> =
        declared.iter().map(|(path, levels)| read_factor(reader, path, levels)).collect();
    let violations = reader.violations();
    let Some(mut factors) = read.iter().cloned().collect::<Option<Vec<_>>>() else {
        // The rest of the file is still checked, with the levels of the factors without mistakes.
        let right: Vec<_> = read.into_iter().flatten().collect();
        read_condition(0, &right, &mut root.clone(), find, violations);
        return None;
    };
    let names = names_of(&factors.iter().map(|(factor, _)| &*factor.path).collect::<Vec<_>>());
    for ((factor, _), name) in factors.iter_mut().zip(names) {
        factor.name = name;
    }
    let count = factors
        .iter()
        .try_fold(1usize, |count, (_, levels)| count.checked_mul(levels.len()))
        .filter(|count| *count <= MOST_CONDITIONS);
    let Some(count) = count else {
        reader.refuse("factors", format!("make more than {MOST_CONDITIONS} conditions"));
        return None;
    };
    let conditions = (0..count).into_par_iter().map_with(root.clone(), |root, index| {
        let own = Violations::default();
        (read_condition(index, &factors, root, find, &own), own.into_sorted())
    });
    let (conditions, own): (Vec<_>, Vec<_>) = conditions.collect::<Vec<_>>().into_iter().unzip();
    own.into_iter().flatten().for_each(|violation| violations.add(violation));
    let conditions: Vec<_> = conditions.into_iter().collect::<Option<_>>()?;
    refuse_repeats(reader, &conditions)?;
    Some((factors.into_iter().map(|(factor, _)| factor).collect(), conditions))
}

/// The short name of a factor: the last key of its path. If the path has a number, the name starts
/// at the key before the first number (`branch.1`, `branch.0.channels`).
fn name_of(path: &str) -> String {
    let keys: Vec<_> = path.split('.').collect();
    let is_number = |key: &&str| key.parse::<usize>().is_ok();
    let first = match keys.iter().position(is_number) {
        Some(number) => number.saturating_sub(1),
        None => keys.len() - 1,
    };
    keys[first..].join(".")
}

/// The names of factors with these paths. Those with the same short name have their full paths as names.
pub(super) fn names_of(paths: &[&str]) -> Vec<String> {
    let names: Vec<_> = paths.iter().map(|path| name_of(path)).collect();
    let unique = paths.iter().zip(&names).map(|(path, name)| {
        // `seed` and `experiment` have other meanings in tables and commands.
        let is_taken = name == "seed" || name == EXPERIMENT;
        let is_own = names.iter().filter(|other| *other == name).count() == 1;
        if is_own && !is_taken { name.clone() } else { (*path).to_owned() }
    });
    unique.collect()
}

fn read_factor<'n>(
    reader: &Reader<'_>,
    path: &str,
    levels: &'n Node,
) -> Option<(Factor, &'n [Node])> {
    let refuse = |message: &str| {
        refuse(reader.violations(), &levels.location, path, message.to_owned());
        None
    };
    let Some((first, _)) = path.split_once('.') else {
        return refuse("must be the path of a key, such as `train.optimizer.lr`");
    };
    if !design::PARTS.iter().chain(&program::PARTS).any(|part| *part == first) {
        return refuse(
            "must start with `data.`, `model.` or `train.`, or for a program with `params.` or `program.`",
        );
    }
    let Value::Array(items) = &levels.value else { return None };
    if items.is_empty() {
        return refuse("lists no level");
    }
    let of_items: Vec<_> = items.iter().map(|item| Level::of(&item.value)).collect();
    let factor = Factor {
        name: String::new(),
        path: path.to_owned(),
        levels: of_items,
        location: levels.location.clone(),
    };
    Some((factor, items))
}

/// The condition at `index` of the product. The last factor varies fastest. Replaces the values of
/// all factors in `root`: their earlier values do not matter.
fn read_condition(
    index: usize,
    factors: &[(Factor, &[Node])],
    root: &mut Node,
    find: Find<'_>,
    violations: &Violations,
) -> Option<Condition> {
    let mut rest = index;
    let places = factors.iter().rev().map(|(_, nodes)| {
        let place = rest % nodes.len();
        rest /= nodes.len();
        place
    });
    let mut places: Vec<_> = places.collect();
    places.reverse();
    let levels = factors.iter().zip(&places).map(|((factor, _), place)| &factor.levels[*place]);
    let levels = levels.cloned().collect();
    // A factor may vary a key within the level of another factor, such as `train.optimizer.lr` within
    // `train.optimizer`. So the shorter path is replaced first.
    let mut order: Vec<_> = factors.iter().zip(places).collect();
    order.sort_by_key(|((factor, _), _)| factor.path.split('.').count());
    for ((factor, nodes), place) in order {
        let node = nodes[place].clone();
        let at = node.location.clone();
        if let Err(Nowhere { key, known, blocked_by }) = document::replace(root, &factor.path, node)
        {
            match blocked_by {
                // The mistake is the value at this path, which can be in another file.
                Some(blocked) => {
                    let (path, found, location) = *blocked;
                    let message = format!(
                        "must be a table with a key `{key}`, which the factor `{}` at {at} varies, but is {found}",
                        factor.path
                    );
                    violations.push(&location, path, message);
                }
                None => {
                    let known: Vec<_> = known.iter().map(String::as_str).collect();
                    let hint = suggestion(&key, &known);
                    let message = format!("does not exist: there is no `{key}`; {hint}");
                    refuse(violations, &at, &factor.path, message);
                }
            }
            return None;
        }
    }
    Some(Condition { levels, design: Design::read(root, find, violations)? })
}

/// Refuses two conditions with the same configuration: the same runs would count twice.
fn refuse_repeats(reader: &Reader<'_>, conditions: &[Condition]) -> Option<()> {
    // A misspelt path varies nothing; that it is misspelt is said already.
    if !reader.violations().is_empty() {
        return None;
    }
    let keys = conditions.par_iter().map(|condition| canonical_json(&condition.design).ok());
    let keys = keys.collect::<Option<Vec<_>>>()?;
    let mut seen = BTreeMap::new();
    for (condition, key) in conditions.iter().zip(keys) {
        if let Some(earlier) = seen.insert(key, &condition.levels) {
            let listed =
                |levels: &[Level]| levels.iter().map(Level::spelled).collect::<Vec<_>>().join(", ");
            let (earlier, later) = (listed(earlier), listed(&condition.levels));
            let message = format!("repeat a condition: ({earlier}) and ({later}) are the same");
            reader.refuse("factors", message);
            return None;
        }
    }
    Some(())
}

fn refuse(violations: &Violations, location: &Location, path: &str, message: String) {
    violations.push(location, format!("factors.\"{path}\""), message);
}
