//! Tables of a paper file.

use std::collections::BTreeMap;

use super::{all, check_level, choice, read_all_known, read_known, read_name, read_selection};
use crate::document::{Reader, Value};
use crate::paper::{
    Choices, Effects, Levels, Order, PublishedRow, Scorecard, Selection, Table, TableKind,
    Variance, Vocabulary,
};

/// Reads a table; `metrics` and `earlier` tables are what it may refer to, unless they are faulty
/// themselves.
pub(super) fn read(
    reader: Reader<'_>,
    words: &Vocabulary,
    metrics: Option<&[&str]>,
    earlier: &[Table],
    draws: &BTreeMap<String, String>,
) -> Option<(String, Table)> {
    let name = read_name(&reader);
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
    words: &Vocabulary,
    metrics: Option<&[&str]>,
) -> Option<Levels> {
    let metric = read_known(reader, "metric", metrics, "metric");
    let by = read_factors(reader, "by", words);
    let selection = read_selection(reader, words);
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
    words: &Vocabulary,
    metrics: Option<&[&str]>,
) -> Option<Effects> {
    let metric = read_known(reader, "metric", metrics, "metric");
    let factors = read_factors(reader, "factors", words);
    for factor in factors.iter().flatten() {
        let n_levels = words.levels(factor).map_or(2, <[_]>::len);
        if n_levels != 2 {
            let message = format!("names `{factor}`, which has {n_levels} levels and not two");
            reader.refuse("factors", message);
        }
    }
    let by = read_factors(reader, "by", words);
    if let (Some(factors), Some(by)) = (&factors, &by)
        && let Some(factor) = by.iter().find(|factor| factors.contains(factor))
    {
        reader.refuse("by", format!("names `{factor}`, whose effect is the table's"));
    }
    let selection = read_selection(reader, words);
    Some(Effects { metric: metric?, factors: factors?, by: by?, selection })
}

fn read_variance(
    reader: &Reader<'_>,
    words: &Vocabulary,
    metrics: Option<&[&str]>,
    draws: &BTreeMap<String, String>,
) -> Option<Variance> {
    let metric = read_known(reader, "metric", metrics, "metric");
    let selection = read_selection(reader, words);
    if draws.is_empty() {
        let message = "needs experiments on other draws of the data: `[draws]` names none";
        reader.refuse("kind", message);
    }
    Some(Variance { metric: metric?, selection })
}

fn read_choices(
    reader: &Reader<'_>,
    metrics: Option<&[&str]>,
    earlier: &[Table],
) -> Option<Choices> {
    let tables = read_tables(reader, earlier);
    let metrics = read_all_known(reader, "metrics", metrics, "metric");
    if metrics.as_ref().is_some_and(|metrics| metrics.len() < 2) {
        reader.refuse("metrics", "must list two metrics at least");
    }
    Some(Choices { tables: tables?, metrics: metrics? })
}

fn read_scorecard(reader: &Reader<'_>, earlier: &[Table]) -> Option<Scorecard> {
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

/// Names of earlier tables of levels, at `tables`.
fn read_tables(reader: &Reader<'_>, earlier: &[Table]) -> Option<Vec<String>> {
    read_all_known(reader, "tables", Some(&of_levels(earlier)), "earlier table of levels")
}

/// `experiment` or factors, each once.
fn read_factors(reader: &Reader<'_>, key: &'static str, words: &Vocabulary) -> Option<Vec<String>> {
    let known: Vec<_> = words.names().collect();
    read_all_known(reader, key, Some(&known), "factor")
}

fn read_published(
    reader: Reader<'_>,
    by: &[String],
    selection: &Selection,
    words: &Vocabulary,
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
    let mean = reader.required_in("mean", 0.0..=100.0);
    let std_dev = reader.required_in("std", 0.0..=100.0);
    reader.finish();
    Some(PublishedRow { row: row?, mean: mean?, std_dev: std_dev? })
}
