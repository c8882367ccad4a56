//! Factors × levels → conditions.

use std::collections::BTreeMap;

use super::{Condition, Design, Factor, design};
use crate::digest::canonical_json;
use crate::document::{self, Location, Node, Reader, Value, Violations};

/// Most conditions of one experiment.
const MOST_CONDITIONS: usize = 100_000;

/// Most runs of one experiment: conditions times seeds.
pub const MOST_RUNS: usize = 1_000_000;

/// Reads `factors` and makes a condition of each combination of levels in `root`.
pub(super) fn read(reader: &Reader<'_>, root: &Node) -> Option<(Vec<Factor>, Vec<Condition>)> {
    let declared = reader.entries("factors");
    let read: Vec<_> =
        declared.iter().map(|(path, levels)| read_factor(reader, path, levels)).collect();
    let violations = reader.violations();
    let Some(mut factors) = read.iter().cloned().collect::<Option<Vec<_>>>() else {
        // The rest of the file is still worth reading, with the levels of the factors that are
        // right.
        let right: Vec<_> = read.into_iter().flatten().collect();
        read_condition(0, &right, root, violations);
        return None;
    };
    name_apart(&mut factors);
    let count = factors
        .iter()
        .try_fold(1usize, |count, (_, levels)| count.checked_mul(levels.len()))
        .filter(|count| *count <= MOST_CONDITIONS);
    let Some(count) = count else {
        reader.refuse("factors", format!("make more than {MOST_CONDITIONS} conditions"));
        return None;
    };
    let conditions: Vec<_> =
        (0..count).map(|index| read_condition(index, &factors, root, violations)).collect();
    let conditions: Vec<_> = conditions.into_iter().collect::<Option<_>>()?;
    refuse_repeats(reader, &conditions)?;
    Some((factors.into_iter().map(|(factor, _)| factor).collect(), conditions))
}

/// Names each factor by as few last keys of its path as tell it apart from the others.
fn name_apart(factors: &mut [(Factor, &[Node])]) {
    let paths: Vec<_> = factors.iter().map(|(factor, _)| factor.path.clone()).collect();
    let suffix = |path: &str, n: usize| {
        let keys: Vec<_> = path.split('.').collect();
        keys[keys.len().saturating_sub(n)..].join(".")
    };
    for (factor, _) in factors {
        // Runs have a seed of their own, and tables a column of experiments.
        let is_taken = |name: &str| name == "seed" || name == "experiment";
        let repeats = |name: &str, n| paths.iter().filter(|path| suffix(path, n) == name).count();
        let is_own = |name: &str, n| !is_taken(name) && repeats(name, n) < 2;
        let depth = factor.path.split('.').count();
        let names = (1..=depth).map(|n| (n, suffix(&factor.path, n)));
        let own = names.into_iter().find(|(n, name)| is_own(name, *n));
        factor.name = own.map_or_else(|| factor.path.clone(), |(_, name)| name);
    }
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
    if !design::PARTS.contains(&first) {
        return refuse("must start with `data.`, `model.` or `train.`");
    }
    let Value::Array(items) = &levels.value else {
        return refuse("must list the levels of the factor, as an array");
    };
    if items.is_empty() {
        return refuse("lists no level");
    }
    let spelled: Vec<_> = items.iter().map(|item| item.value.to_string()).collect();
    let factor = Factor {
        name: String::new(),
        path: path.to_owned(),
        levels: spelled,
        location: levels.location.clone(),
    };
    Some((factor, items))
}

/// The condition at `index` of the product, the last factor varying fastest.
fn read_condition(
    index: usize,
    factors: &[(Factor, &[Node])],
    root: &Node,
    violations: &Violations,
) -> Option<Condition> {
    let mut root = root.clone();
    let mut levels = vec![String::new(); factors.len()];
    let mut rest = index;
    for (position, (factor, nodes)) in factors.iter().enumerate().rev() {
        let level = rest % nodes.len();
        rest /= nodes.len();
        levels[position].clone_from(&factor.levels[level]);
        if let Err(nowhere) = document::replace(&mut root, &factor.path, nodes[level].clone()) {
            let message = format!("leads nowhere: there is no `{nowhere}`");
            refuse(violations, &nodes[level].location, &factor.path, message);
            return None;
        }
    }
    Some(Condition { levels, design: Design::read(&root, violations)? })
}

/// Two conditions that resolve to the same configuration would count the same runs twice.
fn refuse_repeats(reader: &Reader<'_>, conditions: &[Condition]) -> Option<()> {
    let mut seen = BTreeMap::new();
    for condition in conditions {
        let key = canonical_json(&condition.design).ok()?;
        if let Some(earlier) = seen.insert(key, &condition.levels) {
            let (earlier, later) = (earlier.join(", "), condition.levels.join(", "));
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
