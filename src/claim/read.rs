//! Reads checks from the paper file.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::read_compare;
use super::check::{Best, Check, Difference, DifferenceKind, Expected, merged};
use crate::document::{Node, Reader, Violations};
use crate::experiment::{Level, written};
use crate::format::count;
use crate::keys;
use crate::paper::checks::{check_meaning, check_measured};
use crate::paper::keys::{
    check_distinct, check_known, read_differs, read_known, read_levels, read_metric, read_selection,
};
use crate::paper::{EXPERIMENT, ScoreUnit, Selection, Vocabulary, selects};
use crate::summary::two_levels;
use crate::table::{Scorecard, Scores, Words, check_selector, of_kind};

/// Reads the check at `node`.
pub(super) fn read(
    node: &Node,
    path: String,
    violations: &Violations,
    words: &Words<'_>,
) -> Option<Check> {
    let reader = Reader::new(node, path, &keys::CHECK, violations)?;
    match reader.kind()? {
        "effect" => read_effect(&reader, words).map(Check::Difference),
        "difference" => read_sides(&reader, words).map(Check::Difference),
        "best" => read_best(&reader, words).map(Check::Best),
        "compatible" => read_compatible(&reader, words),
        "compare" => read_compare(&reader, words).map(Check::Compare),
        "all" => read_several(&reader, "all", words, <[Check]>::len),
        "any" => read_several(&reader, "any", words, |_| 1),
        _ => read_at_least(&reader, words),
    }
}

fn read_at_least(reader: &Reader<'_>, words: &Words<'_>) -> Option<Check> {
    let n = reader.required("at_least");
    let check = read_several(reader, "of", words, |_| n.unwrap_or(1))?;
    if let Check::AtLeast { n, of } = &check
        && *n > of.len()
    {
        let message = format!("is {n}, but `of` lists {}", count(of.len(), "check"));
        reader.refuse("at_least", message);
    }
    n.map(|_| check)
}

fn read_several(
    reader: &Reader<'_>,
    key: &'static str,
    words: &Words<'_>,
    n: impl Fn(&[Check]) -> usize,
) -> Option<Check> {
    let items = reader.items(key);
    if items.is_empty() {
        if !reader.has_mistakes() {
            reader.refuse(key, "must list at least one check");
        }
        return None;
    }
    let read = |(path, node): (String, &Node)| read(node, path, reader.violations(), words);
    let checks: Vec<Option<Check>> = items.into_iter().map(read).collect();
    let of: Vec<Check> = checks.into_iter().collect::<Option<_>>()?;
    Some(Check::AtLeast { n: n(&of), of })
}

fn read_effect(reader: &Reader<'_>, words: &Words<'_>) -> Option<Difference> {
    let vocabulary = words.vocabulary;
    let factor = reader.required::<String>("effect")?;
    let factors: Vec<_> = vocabulary.names().filter(|name| *name != EXPERIMENT).collect();
    if !vocabulary.has_unknown_factors() {
        check_known(reader, "effect", &factor, &factors, "factor");
    }
    let among = read_selection(reader, vocabulary);
    let metric = read_metric_or_first(reader, words, &[&among]);
    let differs = read_differs(reader, vocabulary.data_differences(&among, [&factor]), "effect");
    let conditions: Vec<_> = vocabulary.conditions(&among).collect();
    let levels = conditions.iter().filter_map(|levels| levels.get(&factor));
    let n_levels = levels.clone().collect::<BTreeSet<_>>().len();
    let levels = two_levels(levels);
    if levels.is_none() && reader.is_sound() {
        let message = format!(
            "names `{factor}`, which has {} among the selected conditions; an effect needs two",
            count(n_levels, "level")
        );
        reader.refuse("effect", message);
    }
    check_distinct(reader, "effect", &vocabulary.with_common_run(&[&among], &[]));
    if vocabulary.common_seeds(&among).is_empty() && reader.is_sound() {
        reader.refuse("effect", "averages over experiments without a common seed");
    }
    let published = read_published(reader, metric.as_deref(), words);
    let expected = read_expected(reader);
    let kind = DifferenceKind::Effect { factor, levels: levels?, among };
    let location = reader.location().clone();
    Some(Difference { kind, metric: metric?, expected: expected?, published, differs, location })
}

fn read_sides(reader: &Reader<'_>, words: &Words<'_>) -> Option<Difference> {
    let vocabulary = words.vocabulary;
    let items = reader.items("difference");
    let [(_, first), (_, second)] = items[..] else {
        if !reader.has_mistakes() {
            reader.refuse("difference", "must list two sides, each as { factor = \"level\" }");
        }
        return None;
    };
    let among = read_selection(reader, vocabulary);
    let sides = [first, second].map(|node| read_levels(reader, "difference", node, vocabulary));
    let [Some(first), Some(second)] = sides else { return None };
    let sides = [first, second];
    let varied: BTreeSet<String> = sides.iter().flat_map(BTreeMap::keys).cloned().collect();
    if let Some(factor) = varied.iter().find(|factor| among.contains_key(*factor)) {
        reader.refuse("where", format!("gives `{factor}`, which a side gives already"));
    }
    let whole = sides.each_ref().map(|side| merged(&among, side));
    if reader.is_sound() {
        let chooses = reader.node("select").is_some();
        check_sides(reader, &sides, &whole, &varied, chooses, vocabulary);
    }
    let found = vocabulary.differences([&whole[0], &whole[1]], &varied);
    let differs = read_differs(reader, found, "difference");
    let metric = read_metric_or_first(reader, words, &[&whole[0], &whole[1]]);
    let published = read_published(reader, metric.as_deref(), words);
    let expected = read_expected(reader);
    let select = read_select(reader, words, &whole);
    let kind = DifferenceKind::Sides { sides, among, select };
    let location = reader.location().clone();
    Some(Difference { kind, metric: metric?, expected: expected?, published, differs, location })
}

/// The metric that chooses a condition of each side, if there is one.
fn read_select(reader: &Reader<'_>, words: &Words<'_>, sides: &[Selection; 2]) -> Option<String> {
    reader.node("select")?;
    let metrics = &words.paper.metrics;
    let known: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    let select = read_known(reader, "select", &known, "metric")?;
    if let Some(metric) = words.paper.metric(&select) {
        check_selector(reader, metric);
        for side in sides {
            check_measured(reader, "select", Some(metric), side, words.vocabulary);
        }
    }
    Some(select)
}

/// Refuses sides whose means are of different things: no condition, one condition on both sides, or
/// other levels that do not match.
fn check_sides(
    reader: &Reader<'_>,
    sides: &[Selection; 2],
    whole: &[Selection; 2],
    varied: &BTreeSet<String>,
    chooses: bool,
    vocabulary: &Vocabulary<'_>,
) {
    let conditions =
        whole.each_ref().map(|selection| vocabulary.conditions(selection).collect::<Vec<_>>());
    let refuse = |message: String| reader.refuse("difference", message);
    if let Some(empty) = conditions.iter().position(Vec::is_empty) {
        let side = ["first", "second"][empty];
        return refuse(format!("selects no condition on its {side} side"));
    }
    if let Some(shared) = conditions[0].iter().find(|levels| conditions[1].contains(levels)) {
        return refuse(format!("has a condition on both sides: {}", written(shared)));
    }
    check_distinct(reader, "difference", &vocabulary.with_common_run(&whole.each_ref(), &[]));
    let seeds = whole.each_ref().map(|selection| vocabulary.common_seeds(selection));
    if seeds[0].is_disjoint(&seeds[1]) {
        return refuse("has sides without a common seed; they are paired by seed".to_owned());
    }
    // One condition of each side is chosen, so there are no means over conditions.
    if chooses {
        return;
    }
    for (side, conditions) in sides.iter().zip(&conditions) {
        for factor in varied.iter().filter(|factor| !side.contains_key(*factor)) {
            let levels: BTreeSet<_> = conditions.iter().filter_map(|one| one.get(factor)).collect();
            if levels.len() > 1 {
                return refuse(format!(
                    "gives `{factor}` on one side only, and the other side has several levels of it: \
                     give one there too"
                ));
            }
        }
    }
    // Means weigh each combination of the other levels by how often it occurs.
    let others = conditions.each_ref().map(|conditions| {
        let mut counts: BTreeMap<Vec<(&String, &Level)>, usize> = BTreeMap::new();
        for levels in conditions {
            let others = levels.iter().filter(|(factor, _)| !varied.contains(*factor));
            *counts.entry(others.collect()).or_default() += 1;
        }
        let frequencies: BTreeSet<_> = counts.values().copied().collect();
        (frequencies.len() == 1).then(|| counts.into_keys().collect::<BTreeSet<_>>())
    });
    if others[0].is_none() || others[0] != others[1] {
        let varied: Vec<_> = varied.iter().map(String::as_str).collect();
        refuse(format!(
            "has sides that differ in more than {}: give levels that both have at `where`",
            varied.join(", ")
        ));
    }
}

fn read_best(reader: &Reader<'_>, words: &Words<'_>) -> Option<Best> {
    let vocabulary = words.vocabulary;
    let node = reader.node("best")?;
    let levels = read_levels(reader, "best", node, vocabulary);
    let among = read_selection(reader, vocabulary);
    let metric = read_metric_or_first(reader, words, &[&among]);
    let known = metric.as_ref().and_then(|metric| words.paper.metric(metric));
    if let Some(undirected) = known.filter(|metric| metric.better().is_none()) {
        let message =
            format!("cannot be decided, because no score by `{}` is better", undirected.name);
        reader.refuse("best", message);
    }
    let levels = levels?;
    let all: Vec<_> = vocabulary.conditions(&among).collect();
    let own = all.iter().filter(|one| selects(&levels, one)).count();
    if (own != 1 || all.len() < 2) && reader.is_sound() {
        let others = all.len() - own;
        let message = format!(
            "must select one condition among several, but selects {own}, with {others} others"
        );
        reader.refuse("best", message);
    }
    let mut pairs = vocabulary.with_common_run(&[&among], &[]);
    pairs.retain(|pair| pair.iter().any(|one| selects(&levels, one)));
    check_distinct(reader, "best", &pairs);
    let rival = vocabulary.without_common_seed(&merged(&among, &levels), &among);
    if let Some(rival) = rival.filter(|_| reader.is_sound()) {
        let message = format!("has no seed in common with `{rival}`; scores are paired by seed");
        reader.refuse("best", message);
    }
    let differs = read_differs(reader, vocabulary.data_differences(&among, []), "best");
    let location = reader.location().clone();
    Some(Best { levels, among, metric: metric?, differs, location })
}

fn read_compatible(reader: &Reader<'_>, words: &Words<'_>) -> Option<Check> {
    let tables: Vec<_> = of_kind::<Scores>(words.earlier).map(|(name, _)| name).collect();
    let table = reader.required::<String>("compatible")?;
    check_known(reader, "compatible", &table, &tables, "table of scores");
    let is_judged =
        of_kind::<Scorecard>(words.earlier).any(|(_, scorecard)| scorecard.judges(&table));
    if !is_judged && reader.is_sound() {
        reader.refuse("compatible", format!("names `{table}`, which no scorecard judges"));
    }
    let row = read_selection(reader, words.vocabulary);
    Some(Check::Compatible { table, row, location: reader.location().clone() })
}

/// The metric at `metric`; without one, that of the first protocol. All selected conditions have
/// scores by it.
fn read_metric_or_first(
    reader: &Reader<'_>,
    words: &Words<'_>,
    selections: &[&Selection],
) -> Option<String> {
    let first = words.paper.first_metric().map(|metric| metric.name.clone());
    let metric = match (reader.node("metric"), first) {
        (Some(_), _) => read_metric(reader, &words.paper.metrics)?,
        (None, Some(first)) => first,
        (None, None) if reader.violations().has_faulty() => return None,
        (None, None) => {
            reader.refuse("metric", "is missing, and the paper has no metric");
            return None;
        }
    };
    for selection in selections {
        check_measured(reader, "metric", words.paper.metric(&metric), selection, words.vocabulary);
    }
    for curve in words.paper.metric(&metric).iter().flat_map(|metric| metric.curves()) {
        check_meaning(
            reader,
            "metric",
            &format!("`{metric}`"),
            curve,
            selections,
            words.vocabulary,
        );
    }
    Some(metric)
}

/// The published difference. One of percentages is at most 100 percentage points.
fn read_published(reader: &Reader<'_>, metric: Option<&str>, words: &Words<'_>) -> Option<f64> {
    let metric = metric.and_then(|metric| words.paper.metric(metric));
    let is_percent = metric.is_none_or(|metric| metric.unit == ScoreUnit::Percent);
    let most = if is_percent { 100.0 } else { f64::MAX };
    reader.node("published")?;
    reader.required_in("published", -most..=most)
}

fn read_expected(reader: &Reader<'_>) -> Option<Expected> {
    let above = reader.optional::<f64>("above").map(Expected::Above);
    let below = reader.optional::<f64>("below").map(Expected::Below);
    let near = reader.optional::<f64>("near");
    let within = reader.optional::<f64>("within");
    let near = match (near, within) {
        (Some(value), Some(within)) => Some(Expected::Near { value, within }),
        (Some(_), None) => {
            if reader.node("within").is_none() {
                let message = "is missing; `near` needs a distance, in the unit of the metric";
                reader.refuse("within", message);
            }
            return None;
        }
        (None, Some(_)) => {
            if reader.node("near").is_none() {
                reader.refuse("near", "is missing; `within` is the distance from it");
            }
            return None;
        }
        (None, None) => None,
    };
    let expected: Vec<_> = [above, below, near].into_iter().flatten().collect();
    match expected[..] {
        [one] => Some(one),
        [] if reader.has_mistakes() => None,
        [] => {
            let named = ["effect", "difference"].into_iter().find(|key| reader.node(key).is_some());
            let message = "has no expected value: give `above`, `below`, or `near` and `within`";
            reader.refuse(named.unwrap_or("above"), message);
            None
        }
        _ => {
            reader.refuse("above", "is one of several: give one of `above`, `below` and `near`");
            None
        }
    }
}
