//! Figures of a paper file.

use super::checks::{check_curve, check_measured};
use super::keys::{
    check_known, choice, read_all_known, read_classified, read_curve, read_differs, read_item_name,
    read_known, read_selection,
};
use super::{Paper, Selection, Vocabulary};
use crate::document::{Location, Reader};
use crate::experiment::{Condition, Level};
use crate::paper::keys::Differs;
use crate::run::{Curve, Unit};

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// How templates refer to it; also the name of its file.
    pub name: String,
    /// What it shows, for readers.
    pub caption: String,
    /// What is drawn.
    pub kind: FigureKind,
    /// Where the paper file asks for it.
    pub location: Location,
}

/// One metric against another, or against a numeric factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// What is below.
    pub x: ScatterX,
    /// Name of the metric at the left.
    pub y: String,
    /// Whether the axis below is logarithmic.
    pub is_log: bool,
    /// Which conditions.
    pub selection: Selection,
    /// Settings of the data in which the conditions differ, as the file declares.
    pub differs: Differs,
}

/// What the axis below a scatter figure shows.
#[derive(Clone, Debug, PartialEq)]
pub enum ScatterX {
    /// A metric: each run is a mark.
    Metric(String),
    /// A factor whose levels are numbers: a line of means for each group of conditions.
    Factor(String),
}

/// What a figure draws.
#[derive(Clone, Debug, PartialEq)]
pub enum FigureKind {
    /// The models of these experiments, from their layer lists.
    Diagram {
        /// Names of experiments.
        experiments: Vec<String>,
    },
    /// Mean curves of each selected condition over the epochs, with a band for the spread.
    LearningCurves {
        /// The curves, at least one; all have one unit.
        curves: Vec<&'static Curve>,
        /// Whether the axis at the left is logarithmic.
        is_log: bool,
        /// Which conditions.
        selection: Selection,
        /// Settings of the data in which the conditions differ, as the file declares.
        differs: Differs,
    },
    /// One dot a seed for each row of a table of scores, and its published mean.
    Seeds {
        /// Name of the table.
        table: String,
    },
    /// A bar from 0 to the mean of each row of a table of scores, with its interval.
    Bars {
        /// Name of the table.
        table: String,
        /// Whether each run is a dot beside the bars.
        has_dots: bool,
    },
    /// A metric against another, or against a numeric factor.
    Scatter(Scatter),
    /// For each class, how often its examples were taken for each class.
    Confusion {
        /// One condition.
        selection: Selection,
    },
}

impl Figure {
    /// Reads a figure; `score_tables` are the tables that it may refer to.
    pub fn read(
        reader: &Reader<'_>,
        words: &Vocabulary<'_>,
        paper: &Paper,
        score_tables: &[&str],
    ) -> Option<(String, Self)> {
        let name = read_item_name(reader, words);
        let caption = reader.required::<String>("caption");
        let kind = match reader.kind()? {
            "diagram" => {
                let experiments = reader.required::<Vec<String>>("experiments");
                let known = words.levels(super::EXPERIMENT).unwrap_or_default();
                let known: Vec<_> = known.iter().map(Level::spelled).collect();
                for experiment in experiments.iter().flatten() {
                    check_known(reader, "experiments", experiment, &known, "experiment");
                    let is_program = |one: &Condition| one.design.program().is_some();
                    let own = words.experiment(experiment);
                    if own.is_some_and(|own| own.conditions.iter().any(is_program)) {
                        let message = format!(
                            "names `{experiment}`, which is of a program and has no layers"
                        );
                        reader.refuse("experiments", message);
                    }
                }
                experiments.map(|experiments| FigureKind::Diagram { experiments })
            }
            "learning-curves" => {
                let curves = read_curves(reader, paper, words);
                let is_log = read_scale(reader);
                let of_shares = curves.iter().flatten().find(|curve| curve.unit == Unit::Fraction);
                if let (Some(true), Some(curve)) = (is_log, of_shares) {
                    let message =
                        format!("is `log`, but `{}` is a share: it has a linear axis", curve.name);
                    reader.refuse("scale", message);
                }
                let selection = read_selection(reader, words);
                // Each line is labelled with the levels of its condition.
                let names: Vec<_> = words.names().map(str::to_owned).collect();
                let differs =
                    read_differs(reader, words.data_differences(&selection, &names), "where");
                for curve in curves.iter().flatten().filter(|_| reader.is_sound()) {
                    let key = if reader.node("curves").is_some() { "curves" } else { "curve" };
                    check_curve(reader, key, "this figure", curve, &selection, words);
                }
                curves.zip(is_log).map(|(curves, is_log)| FigureKind::LearningCurves {
                    curves,
                    is_log,
                    selection,
                    differs,
                })
            }
            "seeds" => {
                let table = read_known(reader, "table", score_tables, "table of scores");
                table.map(|table| FigureKind::Seeds { table })
            }
            "bars" => {
                let table = read_known(reader, "table", score_tables, "table of scores");
                let has_dots = reader.optional::<bool>("dots").unwrap_or_default();
                table.map(|table| FigureKind::Bars { table, has_dots })
            }
            "confusion" => {
                Some(FigureKind::Confusion { selection: read_classified(reader, words) })
            }
            _ => read_scatter(reader, words, paper).map(FigureKind::Scatter),
        };
        let location = reader.location().clone();
        let figure = Self { name: name?, caption: caption?, kind: kind?, location };
        Some((figure.name.clone(), figure))
    }
}

/// The curve at `curve`, or the curves at `curves`, which share an axis.
fn read_curves(
    reader: &Reader<'_>,
    paper: &Paper,
    words: &Vocabulary<'_>,
) -> Option<Vec<&'static Curve>> {
    if reader.node("curves").is_none() {
        return read_curve(reader, "curve", words).map(|curve| vec![curve]);
    }
    if reader.node("curve").is_some() {
        reader.refuse("curves", "stands in place of `curve`: give one of both");
    }
    let known = words.curves();
    let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
    let wanted = read_all_known(reader, "curves", &names, "curve")?;
    let find = |wanted: &String| known.iter().find(|(name, _)| name == wanted);
    let curves: Vec<_> = wanted.iter().filter_map(find).map(|(_, curve)| *curve).collect();
    let Some(first) = curves.first() else {
        reader.refuse("curves", "must list at least one curve");
        return None;
    };
    let unit = paper.unit_of(first);
    if let Some(other) = curves.iter().find(|curve| paper.unit_of(curve) != unit) {
        let of = |curve: &Curve| match paper.unit_of(curve).symbol() {
            "" => format!("`{}` (no unit)", curve.name),
            unit => format!("`{}` ({unit})", curve.name),
        };
        let message =
            format!("draws {} and {} on one axis: they need one unit", of(first), of(other));
        reader.refuse("curves", message);
    }
    Some(curves)
}

/// Whether `scale` asks for a logarithmic axis.
fn read_scale(reader: &Reader<'_>) -> Option<bool> {
    match reader.node("scale") {
        Some(_) => choice(reader, "scale", &[("linear", false), ("log", true)]),
        None => Some(false),
    }
}

fn read_scatter(reader: &Reader<'_>, words: &Vocabulary<'_>, paper: &Paper) -> Option<Scatter> {
    let metrics: Vec<_> = paper.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let factors: Vec<_> = words.names().filter(|name| *name != super::EXPERIMENT).collect();
    let known = [&metrics[..], &factors[..]].concat();
    let x = read_known(reader, "x", &known, "metric or factor");
    let y = read_known(reader, "y", &metrics, "metric");
    let is_log = read_scale(reader);
    let selection = read_selection(reader, words);
    // Each series is labelled with the levels of its conditions, or the axis shows them.
    let names: Vec<_> = words.names().map(str::to_owned).collect();
    let differs = read_differs(reader, words.data_differences(&selection, &names), "where");
    for (key, name) in [("x", &x), ("y", &y)] {
        let metric = name.as_ref().and_then(|name| paper.metric(name));
        check_measured(reader, key, metric, &selection, words);
    }
    let (x, y, is_log) = (x?, y?, is_log?);
    let x = match metrics.contains(&x.as_str()) {
        true if is_log => {
            reader.refuse("scale", "is `log`, but `x` is a metric: only a factor has this axis");
            ScatterX::Metric(x)
        }
        true => ScatterX::Metric(x),
        false => {
            check_numeric(reader, &x, is_log, &selection, words);
            ScatterX::Factor(x)
        }
    };
    Some(Scatter { x, y, is_log, selection, differs })
}

/// Refuses a factor without a place on the axis for each of its levels.
fn check_numeric(
    reader: &Reader<'_>,
    factor: &str,
    is_log: bool,
    selection: &Selection,
    words: &Vocabulary<'_>,
) {
    if !reader.is_sound() {
        return;
    }
    let levels: Vec<_> =
        words.conditions(selection).filter_map(|levels| levels.get(factor)).collect();
    let number = |level: &Level| level.to_json().as_f64();
    let has_no_place = |level: &&&Level| number(level).is_none_or(|number| is_log && number <= 0.0);
    if levels.is_empty() {
        reader.refuse("x", format!("names `{factor}`, which no selected condition has"));
    } else if let Some(level) = levels.iter().find(has_no_place) {
        let wanted = if is_log { "number above 0" } else { "number" };
        reader.refuse("x", format!("names `{factor}`, whose level `{level}` is no {wanted}"));
    }
}
