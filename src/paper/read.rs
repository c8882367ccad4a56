//! Reads what a paper file says for all of its tables, figures and claims.

use std::collections::BTreeMap;

use super::keys::{
    check_factor, check_known, check_level, choice, read_curve, read_each, read_known, read_name,
};
use super::metric::{Metric, Reduction, RunValue, ScoreSource, ScoreUnit};
use super::{EXPERIMENT, FactorLabel, Paper, Protocol, Vocabulary};
use crate::document::{FromNode, Label, Reader, Value};
use crate::experiment::Level;
use crate::keys;
use crate::run::{Moment, Unit};
use crate::task::curves::VALIDATION_ACCURACY;

impl Paper {
    /// Reads the paper's own keys: title, source, labels, metrics, protocols and draws. Tables,
    /// figures and claims are read on top of them.
    ///
    /// Leaves out what has mistakes.
    #[must_use]
    pub fn read(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Self {
        let violations = reader.violations();
        let title = reader.required::<String>("title");
        let source = reader.optional::<String>("source");
        let labels = reader
            .entries("labels")
            .into_iter()
            .filter_map(|(factor, node)| {
                let is_known = check_factor(reader, "labels", factor, node, words);
                let reader =
                    Reader::new(node, format!("labels.{factor}"), &keys::LABEL, violations)?;
                let label = read_label(&reader, factor, words);
                is_known.then(|| (factor.to_owned(), label))
            })
            .collect::<BTreeMap<_, _>>();
        for (one, other, label) in words.factors_with_one_label(&labels) {
            let message =
                format!("gives `{one}` and `{other}` of one experiment the label `{label}`");
            reader.refuse("labels", message);
        }
        let metrics =
            read_each(reader, "metric", |reader, earlier| read_metric(reader, earlier, words));
        let known = metrics.iter().map(|metric: &Metric| metric.name.as_str());
        let known: Vec<_> = known.collect();
        let protocols = read_each(reader, "protocol", |reader, earlier| {
            let metric = read_known(reader, "metric", &known, "metric");
            let of_no_curve = metrics.iter().filter(|known| known.curve().is_none());
            if let Some(value) =
                of_no_curve.into_iter().find(|one| Some(&one.name) == metric.as_ref())
            {
                let message = format!(
                    "names `{}`, which no curve gives: a protocol takes a score from a curve",
                    value.name
                );
                reader.refuse("metric", message);
            }
            let label = reader.required::<Label>("label").map(|label| label.0);
            check_new(
                reader,
                "label",
                label.as_ref(),
                earlier.iter().map(|one: &Protocol| &one.label),
            );
            let protocol = Protocol { metric: metric?, label: label? };
            Some((protocol.metric.clone(), protocol))
        });
        let draws = read_draws(reader, words);
        Self {
            title: title.unwrap_or_default(),
            source: source.unwrap_or_default(),
            metrics,
            protocols,
            draws,
            labels,
        }
    }
}

/// `draws = { deep = "extended/deep" }`: which experiment repeats another on other draws.
fn read_draws(reader: &Reader<'_>, words: &Vocabulary<'_>) -> BTreeMap<String, String> {
    let known = words.levels(EXPERIMENT).unwrap_or_default();
    let known: Vec<_> = known.iter().map(Level::spelled).collect();
    let mut draws = BTreeMap::new();
    for (experiment, node) in reader.entries("draws") {
        check_known(reader, "draws", experiment, &known, "experiment");
        if let Value::String(other) = &node.value {
            check_known(reader, "draws", other, &known, "experiment");
            if let Some(reason) = words.no_repetition(experiment, other) {
                let message = format!("cannot repeat `{experiment}` by `{other}`: {reason}");
                reader.refuse("draws", message);
            }
            draws.insert(experiment.to_owned(), other.clone());
        }
    }
    draws
}

fn read_label(reader: &Reader<'_>, factor: &str, words: &Vocabulary<'_>) -> FactorLabel {
    let label =
        reader.optional::<Label>("label").map_or_else(|| factor.to_owned(), |label| label.0);
    let mut levels = BTreeMap::new();
    if factor == EXPERIMENT && reader.node("levels").is_some() {
        reader.refuse("levels", "has no use: readers know experiments by their titles");
    }
    let known = words.levels(factor).unwrap_or_default();
    for (typed, node) in reader.entries("levels") {
        let level = known.iter().find(|level| level.is_typed_as(typed));
        let level = level.cloned().unwrap_or_else(|| Level::parse(typed));
        if factor != EXPERIMENT {
            check_level(reader, "levels", node, (factor, &level), words);
        }
        if levels.contains_key(&level) {
            reader.refuse("levels", format!("names the level `{level}` twice"));
        }
        if let Some(label) = Label::from_node(node) {
            levels.insert(level, label.0);
        }
    }
    for (level, text) in &levels {
        if known.iter().any(|other| other != level && other.is_typed_as(text)) {
            reader.refuse(
                "levels",
                format!("gives `{level}` the label `{text}`, which is another level"),
            );
        }
    }
    let mut by_label: BTreeMap<&str, &Level> = BTreeMap::new();
    for level in known {
        let text = levels.get(level).map_or(level.spelled(), String::as_str);
        if let Some(other) = by_label.insert(text, level) {
            reader.refuse("levels", format!("gives `{other}` and `{level}` one label, `{text}`"));
        }
    }
    FactorLabel { label, levels }
}

fn read_metric(
    reader: &Reader<'_>,
    earlier: &[Metric],
    words: &Vocabulary<'_>,
) -> Option<(String, Metric)> {
    let name = read_name(reader);
    let label = reader.required::<Label>("label").map(|label| label.0);
    let short = reader.optional::<Label>("short").map(|short| short.0).or_else(|| label.clone());
    check_new(reader, "label", label.as_ref(), earlier.iter().map(|one| &one.label));
    let own = short.as_ref().filter(|_| reader.is_sound());
    check_new(reader, "short", own, earlier.iter().map(|one| &one.short));
    let source = read_source(reader, words);
    let unit = reader.optional::<Label>("unit").map(|unit| unit.0);
    let is_fraction =
        matches!(source, Some(ScoreSource::Curve(curve, _)) if curve.unit == Unit::Fraction);
    if is_fraction && unit.is_some() {
        reader.refuse("unit", "has no use: scores of this curve are fractions, shown in percent");
    }
    let unit = match is_fraction {
        true => ScoreUnit::Percent,
        false => ScoreUnit::Named(unit.unwrap_or_default()),
    };
    let decimals = reader.optional::<usize>("digits");
    let decimals = decimals.and_then(|decimals| u8::try_from(decimals).ok());
    let (name, label, short) = (name?, label?, short?);
    let metric = Metric { name, label, short, source: source?, unit, decimals };
    Some((metric.name.clone(), metric))
}

/// `curve` with `reduction`, or `value`.
fn read_source(reader: &Reader<'_>, words: &Vocabulary<'_>) -> Option<ScoreSource> {
    if reader.node("value").is_some() {
        if reader.node("curve").is_some() || reader.node("reduction").is_some() {
            reader.refuse("value", "stands in place of `curve` and `reduction`: give one of both");
        }
        let values = [
            ("parameters", RunValue::Parameters),
            ("epochs", RunValue::Epochs),
            ("best_epoch", RunValue::BestEpoch),
        ];
        return choice(reader, "value", &values).map(ScoreSource::Value);
    }
    let curve = read_curve(reader, "curve", words);
    let reductions = [
        ("best", Reduction::Best),
        ("last", Reduction::Last),
        ("selected", Reduction::Selected(&VALIDATION_ACCURACY)),
    ];
    let reduction = read_selecting(reader, choice(reader, "reduction", &reductions), words);
    match (curve, reduction) {
        (Some(curve), Some(Reduction::Selected(_))) if curve.moment == Moment::Before => {
            let message = "cannot be `selected`: the curve is measured before each epoch, and the \
                           held-out pairs after it";
            reader.refuse("reduction", message);
        }
        (Some(curve), Some(Reduction::Best)) if curve.better.is_none() => {
            let message = format!("cannot be `best`: no value of `{}` is better", curve.name);
            reader.refuse("reduction", message);
        }
        _ => {}
    }
    Some(ScoreSource::Curve(curve?, reduction?))
}

/// The reduction with the curve at `by`, which chooses the epoch. It must be one of the validation part.
fn read_selecting(
    reader: &Reader<'_>,
    reduction: Option<Reduction>,
    words: &Vocabulary<'_>,
) -> Option<Reduction> {
    if reader.node("by").is_none() {
        return reduction;
    }
    let by = read_curve(reader, "by", words);
    if !matches!(reduction, Some(Reduction::Selected(_)) | None) {
        reader.refuse("by", "chooses the epoch of `reduction = \"selected\"` only");
    }
    let by = by.filter(|curve| {
        let is_validation = curve.needs_held_out && curve.better.is_some();
        if !is_validation {
            reader.refuse("by", "must be a curve of the validation part");
        }
        is_validation
    });
    by.map(Reduction::Selected)
}

/// Refuses a label that an earlier item has: readers could not tell the two apart.
fn check_new<'e>(
    reader: &Reader<'_>,
    key: &str,
    label: Option<&String>,
    mut earlier: impl Iterator<Item = &'e String>,
) {
    if let Some(label) = label.filter(|label| earlier.any(|other| other == *label)) {
        reader.refuse(key, format!("is `{label}`, which is also the label of an earlier one"));
    }
}
