//! Tables of a paper file.

use std::collections::{BTreeMap, BTreeSet};

use super::{all, check_level, choice, read_all_known, read_item_name, read_known, read_selection};
use crate::document::{Reader, Value};
use crate::paper::{
    Choices, EXPERIMENT, Effects, Levels, Order, PublishedRow, Scorecard, Selection, Table,
    TableKind, Variance, Vocabulary,
};

/// Reads a table; `metrics` and `earlier` tables are what it may refer to, unless they are faulty
/// themselves.
pub(super) fn read(
    reader: Reader<'_>,
    words: &Vocabulary<'_>,
    metrics: Option<&[&str]>,
    earlier: Option<&[Table]>,
    draws: &BTreeMap<String, String>,
) -> Option<(String, Table)> {
    let name = read_item_name(&reader, words);
    let caption = reader.required::<String>("caption");
    let kind = reader.optional::<String>("kind").unwrap_or_else(|| "levels".to_owned());
    let kind = match kind.as_str() {
        "levels" => read_levels(&reader, words, metrics).map(TableKind::Levels),
        "effects" => read_effects(&reader, words, metrics).map(TableKind::Effects),
        "variance" => read_variance(&reader, words, metrics, draws).map(TableKind::Variance),
        "choices" => read_choices(&reader, metrics, earlier).map(TableKind::Choices),
        "scorecard" => read_scorecard(&reader, earlier).map(TableKind::Scorecard),
        other => {
            let known = "`levels`, `effects`, `variance`, `choices` or `scorecard`";
            reader.refuse("kind", format!("must be {known}, but is `{other}`"));
            return None;
        }
    };
    let location = reader.location().clone();
    reader.finish();
    let table = Table { name: name?, caption: caption?, kind: kind?, location };
    Some((table.name.clone(), table))
}

/// Names of the tables of levels.
pub(super) fn of_levels(tables: &[Table]) -> Vec<&str> {
    let tables = tables.iter().filter(|table| table.levels().is_some());
    tables.map(|table| table.name.as_str()).collect()
}

fn read_levels(
    reader: &Reader<'_>,
    words: &Vocabulary<'_>,
    metrics: Option<&[&str]>,
) -> Option<Levels> {
    let metric = read_known(reader, "metric", metrics, "metric");
    let by = read_factors(reader, "by", words);
    let selection = read_selection(reader, words);
    check_selected(reader, &selection, by.as_deref().unwrap_or_default(), words);
    let orders = [("listed", Order::Listed), ("descending", Order::Descending)];
    let order = match reader.node("order") {
        Some(_) => choice(reader, "order", &orders),
        None => Some(Order::Listed),
    };
    let by_names = by.clone().unwrap_or_default();
    let published = all(reader, "published", reader.violations(), |reader| {
        let row = read_published(reader, &by_names, &selection, words)?;
        Some((row.row.join(", "), row))
    });
    Some(Levels { metric: metric?, by: by?, selection, order: order?, published: published? })
}

fn read_effects(
    reader: &Reader<'_>,
    words: &Vocabulary<'_>,
    metrics: Option<&[&str]>,
) -> Option<Effects> {
    let metric = read_known(reader, "metric", metrics, "metric");
    let factors = read_factors(reader, "factors", words);
    let by = read_factors(reader, "by", words);
    if let (Some(factors), Some(by)) = (&factors, &by)
        && let Some(factor) = by.iter().find(|factor| factors.contains(factor))
    {
        reader.refuse("by", format!("names `{factor}`, whose effect is the table's"));
    }
    let selection = read_selection(reader, words);
    check_selected(reader, &selection, by.as_deref().unwrap_or_default(), words);
    for factor in factors.iter().flatten().filter(|factor| words.levels(factor).is_some()) {
        let conditions = words.conditions(&selection);
        let levels: BTreeSet<_> =
            conditions.filter_map(|mut levels| levels.remove(factor)).collect();
        if levels.len() != 2 {
            let message =
                format!("names `{factor}`, which has {} level(s) there and not two", levels.len());
            reader.refuse("factors", message);
        }
    }
    Some(Effects { metric: metric?, factors: factors?, by: by?, selection })
}

fn read_variance(
    reader: &Reader<'_>,
    words: &Vocabulary<'_>,
    metrics: Option<&[&str]>,
    draws: &BTreeMap<String, String>,
) -> Option<Variance> {
    let metric = read_known(reader, "metric", metrics, "metric");
    let selection = read_selection(reader, words);
    check_selected(reader, &selection, &[], words);
    let experiment = |levels: BTreeMap<String, String>| levels[EXPERIMENT].clone();
    if !words.conditions(&selection).map(experiment).any(|name| draws.contains_key(&name)) {
        let message = "needs experiments on other draws of the data: `[draws]` names none of them";
        reader.refuse("kind", message);
    }
    Some(Variance { metric: metric?, selection })
}

fn read_choices(
    reader: &Reader<'_>,
    metrics: Option<&[&str]>,
    earlier: Option<&[Table]>,
) -> Option<Choices> {
    let tables = read_tables(reader, earlier);
    let metrics = read_all_known(reader, "metrics", metrics, "metric");
    if metrics.as_ref().is_some_and(|metrics| metrics.len() < 2) {
        reader.refuse("metrics", "must list two metrics at least");
    }
    Some(Choices { tables: tables?, metrics: metrics? })
}

fn read_scorecard(reader: &Reader<'_>, earlier: Option<&[Table]>) -> Option<Scorecard> {
    let tables = read_tables(reader, earlier);
    let published_seeds = reader.required_in("published_seeds", 2..=1_000_000);
    let reproduced = reader.required_in("reproduced", 0.5..=0.9999);
    let near = reader.required_in("near", 0.5..=0.9999);
    if let (Some(reproduced), Some(near)) = (reproduced, near)
        && near <= reproduced
    {
        reader.refuse("near", format!("must be more than `reproduced`, {reproduced}"));
    }
    Some(Scorecard {
        tables: tables?,
        published_seeds: published_seeds?,
        reproduced: reproduced?,
        near: near?,
    })
}

/// Refuses a table without a condition that has all factors of its rows.
fn check_selected(
    reader: &Reader<'_>,
    selection: &Selection,
    by: &[String],
    words: &Vocabulary<'_>,
) {
    let is_known = |name: &String, level: Option<&String>| {
        let levels = words.levels(name);
        levels.is_some_and(|levels| level.is_none_or(|level| levels.contains(level)))
    };
    // Words that are unknown are refused already.
    let named = selection.iter().flat_map(|(n, levels)| levels.iter().map(move |l| (n, Some(l))));
    let mut words_named = named.chain(by.iter().map(|name| (name, None)));
    let has_row = |levels: &BTreeMap<String, String>| by.iter().all(|f| levels.contains_key(f));
    if words_named.all(|(name, level)| is_known(name, level))
        && !words.conditions(selection).any(|levels| has_row(&levels))
    {
        reader.refuse("where", "leaves no condition for the table");
    }
}

/// Names of earlier tables of levels, at `tables`.
fn read_tables(reader: &Reader<'_>, earlier: Option<&[Table]>) -> Option<Vec<String>> {
    let known = earlier.map(of_levels);
    read_all_known(reader, "tables", known.as_deref(), "earlier table of levels")
}

/// `experiment` or factors, each once.
fn read_factors(
    reader: &Reader<'_>,
    key: &'static str,
    words: &Vocabulary<'_>,
) -> Option<Vec<String>> {
    let known: Vec<_> = words.names().collect();
    read_all_known(reader, key, Some(&known), "factor")
}

fn read_published(
    reader: Reader<'_>,
    by: &[String],
    selection: &Selection,
    words: &Vocabulary<'_>,
) -> Option<PublishedRow> {
    let row = reader.node("row").map(|node| match &node.value {
        Value::Array(levels) => levels.iter().map(|level| level.value.to_string()).collect(),
        single => vec![single.to_string()],
    });
    match &row {
        None => reader.refuse("row", "is missing; it takes the levels of the row"),
        Some(row) if row.len() != by.len() => {
            let message =
                format!("must give a level for each of {}, but gives {}", by.join(", "), row.len());
            reader.refuse("row", message);
        }
        Some(row) => {
            for (factor, level) in by.iter().zip(row) {
                check_level(&reader, "row", factor, level, words);
                if selection.get(factor).is_some_and(|levels| !levels.contains(level)) {
                    let message = format!("is not in the table: its `where` leaves out `{level}`");
                    reader.refuse("row", message);
                }
            }
        }
    }
    let is_sound = reader.violations().is_empty();
    let is_row = |levels: &BTreeMap<String, String>| {
        by.iter().map(|factor| levels.get(factor)).eq(row.iter().flatten().map(Some))
    };
    if is_sound && !words.conditions(selection).any(|levels| is_row(&levels)) {
        reader.refuse("row", "is that of no condition of the table");
    }
    let mean = reader.required_in("mean", 0.0..=100.0);
    let std_dev = reader.required_in("std", 0.0..=100.0);
    reader.finish();
    Some(PublishedRow { row: row?, mean: mean?, std_dev: std_dev? })
}
