//! From a summary to the figures of the paper: which data each kind is drawn from, and what it
//! says to readers who do not see it.

use std::path::{Path, PathBuf};

use super::{Error, Project};
use crate::experiment::Experiment;
use crate::figure::{self, CurveSeries, LayerBox, ModelDiagram, SeedDot, SeedRow};
use crate::paper::{Curve, EXPERIMENT, FigureKind, Levels, Protocol, Selection};
use crate::parallel;
use crate::plan::Plan;
use crate::provenance;
use crate::render::{self, Dot, Drawing, Names};
use crate::run::{self, Layer, Shape};
use crate::summary::{self, Aggregate, ConditionSummary, Content, LevelsSummary, Row, Summary};

/// The drawings of each figure of the paper, in its order.
pub(super) fn draw_all(
    project: &Project,
    plan: &Plan,
    summary: &Summary,
) -> Result<Vec<Vec<Drawing>>, Error> {
    let draw = |kind: &FigureKind| match kind {
        FigureKind::Diagram { experiments } => {
            let models: Vec<_> = experiments
                .iter()
                .filter_map(|name| project.experiments.iter().find(|e| e.name == *name))
                .map(model)
                .collect();
            Ok(vec![Drawing {
                metric: None,
                kind: format!("Diagram of {} pair networks.", models.len()),
                finding: diagram_finding(&models),
                formula: "Drawn from the layer lists; boxes in colour have parameters.".to_owned(),
                svg: figure::diagram(&models).map_err(Error::Figure)?,
            }])
        }
        FigureKind::LearningCurves { curve, selection } => {
            let of = |(metric, curve)| curves(project, plan, summary, selection, metric, curve);
            protocols_of_curve(project, *curve).into_iter().map(of).collect()
        }
        FigureKind::Seeds { table } => seeds(project, summary, table),
    };
    project.paper.figures.iter().map(|figure| draw(&figure.kind)).collect()
}

/// Pixels of a PNG to the unit of its SVG: sharp on dense screens, and 192 to the inch in print.
const SCALE: f32 = 2.0;

/// Where the first drawing of a figure is within the report's directory.
pub(super) fn path(name: &str, kind: &str) -> PathBuf {
    Path::new("figures").join(format!("{name}.{kind}"))
}

/// PNG files of drawings, by name of their figure.
pub(super) fn pngs(drawn: &[(String, String)]) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let draw = |(name, svg): &(String, String)| {
        Ok((path(name, "png"), figure::png(svg, SCALE).map_err(Error::Figure)?))
    };
    parallel::map(drawn, provenance::cores(), draw)
}

/// The curve of each protocol, if this is that of the first; else this one alone.
fn protocols_of_curve(project: &Project, curve: Curve) -> Vec<(Option<String>, Curve)> {
    let paper = &project.paper;
    let curve_of = |protocol: &Protocol| {
        let metric = paper.metric(&protocol.metric)?;
        Some((Some(metric.name.clone()), metric.curve))
    };
    let curves: Vec<_> = paper.protocols.iter().filter_map(curve_of).collect();
    match curves.first() {
        Some((_, first)) if *first == curve => curves,
        _ => vec![(None, curve)],
    }
}

fn curves(
    project: &Project,
    plan: &Plan,
    summary: &Summary,
    selection: &Selection,
    metric: Option<String>,
    curve: Curve,
) -> Result<Drawing, Error> {
    let curves =
        summary::learning_curves(summary, plan, curve, selection).map_err(Error::Summary)?;
    // Of one run there is a line, but no spread around it.
    let point = |a: &Aggregate| a.mean.map(|mean| (mean, a.std_dev.unwrap_or(0.0)));
    let series: Vec<_> = curves
        .iter()
        .map(|curve| CurveSeries {
            label: open_levels(project, &summary.conditions[curve.condition], selection),
            points: curve.epochs.iter().filter_map(point).collect(),
        })
        .collect();
    let when = if curve.is_after_epoch() { "at the end of" } else { "before" };
    Ok(Drawing {
        metric,
        kind: "Line chart of accuracy over the epochs.".to_owned(),
        finding: curves_finding(&series),
        formula: format!(
            "Line: mean of {} over the seeds, {when} each epoch; band: one population standard deviation \
             (divided by n) on both sides.",
            curve.name()
        ),
        svg: figure::learning_curves(&series, "accuracy, %").map_err(Error::Figure)?,
    })
}

fn model(experiment: &Experiment) -> ModelDiagram {
    let design = &experiment.conditions[0].design;
    let model = &design.model;
    let count = run::parameter_count(model, design.image()).ok();
    ModelDiagram {
        title: label(&experiment.title),
        input: design.image().to_string(),
        branch: boxes(&model.branch, design.image()),
        head: boxes(&model.head, Shape::Vector(2 * run::CLASSES)),
        subtitle: count.map_or_else(String::new, |count| {
            let (branch, all) =
                (render::thousands(count.branch), render::thousands(count.unshared));
            format!("{branch} parameters a branch, {all} in all")
        }),
    }
}

fn boxes(layers: &[Layer], input: Shape) -> Vec<LayerBox> {
    let shapes = run::infer(layers, input).unwrap_or_default();
    let inputs = std::iter::once(input).chain(shapes.iter().copied());
    layers
        .iter()
        .zip(inputs)
        .zip(&shapes)
        .map(|((layer, input), output)| LayerBox {
            label: layer.to_string(),
            output: output.to_string(),
            parameters: run::layer_parameters(layer, input),
        })
        .collect()
}

/// A condition by the levels that a selection leaves open: `deep`, or `deep + weight sharing`.
fn open_levels(project: &Project, condition: &ConditionSummary, selection: &Selection) -> String {
    let is_open = |factor: &str| selection.get(factor).is_none_or(|levels| levels.len() > 1);
    let levels = condition.levels.iter();
    let levels = levels.filter(|(factor, _)| *factor == EXPERIMENT || is_open(factor));
    let names = Names { paper: &project.paper, experiments: &project.experiments };
    label(&names.describe(levels))
}

/// `text` as it fits into a figure.
fn label(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = render::visible(text);
    match text.chars().count() <= LONGEST {
        true => text,
        false => text.chars().take(LONGEST - 1).chain(['…']).collect(),
    }
}

/// Every run of each row of a table of levels, in each of its forms.
fn seeds(project: &Project, summary: &Summary, table: &str) -> Result<Vec<Drawing>, Error> {
    let (spec, computed) = (project.paper.table(table), summary.table(table));
    let spec = spec.and_then(|table| table.levels());
    let (Some(spec), Some(Content::Levels(variants))) = (spec, computed.map(|c| &c.content)) else {
        return Ok(Vec::new());
    };
    let by_protocol = variants.len() > 1;
    let drawing = |variant: &LevelsSummary| {
        let rows: Vec<_> =
            variant.rows.iter().map(|row| seed_row(project, summary, spec, variant, row)).collect();
        Ok(Drawing {
            metric: by_protocol.then(|| variant.metric.clone()),
            kind: "Dot plot of the score of every run.".to_owned(),
            finding: seeds_finding(&rows),
            formula: "Dots: scores of single runs; bar: their mean; diamond: the published mean."
                .to_owned(),
            svg: figure::seeds(&rows, "accuracy, %").map_err(Error::Figure)?,
        })
    };
    variants.iter().map(drawing).collect()
}

fn seed_row(
    project: &Project,
    summary: &Summary,
    spec: &Levels,
    variant: &LevelsSummary,
    row: &Row,
) -> SeedRow {
    let names = Names { paper: &project.paper, experiments: &project.experiments };
    let conditions = row.conditions.iter().map(|index| &summary.conditions[*index]);
    let dots = conditions.flat_map(|condition| Dot::of_runs(names, condition, &variant.metric));
    let dots = dots.map(|Dot { value, title }| SeedDot { value, title: render::visible(&title) });
    let is_published = variant.metric == spec.metric;
    let published = row.published.as_ref().filter(|_| is_published);
    SeedRow {
        label: label(&names.describe(spec.by.iter().zip(&row.levels))),
        dots: dots.collect(),
        mean: row.mean,
        published: published.map(|published| published.mean),
    }
}

fn diagram_finding(models: &[ModelDiagram]) -> String {
    let models: Vec<_> = models
        .iter()
        .map(|model| {
            let layers: Vec<_> = model.branch.iter().map(|layer| layer.label.as_str()).collect();
            format!("{} ({}): {}", model.title, model.subtitle, layers.join(", "))
        })
        .collect();
    format!("{}.", models.join("; "))
}

fn curves_finding(series: &[CurveSeries]) -> String {
    let ends: Vec<_> = series
        .iter()
        .filter_map(|one| {
            let ((first, _), (last, _)) = (one.points.first()?, one.points.last()?);
            Some(format!("{} goes from {first:.1} to {last:.1} %", one.label))
        })
        .collect();
    match ends.is_empty() {
        true => "There is no run yet.".to_owned(),
        false => format!("Between the first and the last epoch, {}.", ends.join("; ")),
    }
}

fn seeds_finding(rows: &[SeedRow]) -> String {
    let by_mean = |row: &&SeedRow| row.mean.is_some();
    let mean = |row: &&SeedRow| row.mean.unwrap_or_default();
    let known = || rows.iter().filter(by_mean);
    let best = known().max_by(|a, b| mean(a).total_cmp(&mean(b)));
    let worst = known().min_by(|a, b| mean(a).total_cmp(&mean(b)));
    let range = |row: &SeedRow| {
        let values = row.dots.iter().map(|dot| dot.value);
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let mean = row.mean.unwrap_or_default();
        format!("{} at {mean:.1} %, its runs from {low:.1} to {high:.1} %", row.label)
    };
    match (best, worst) {
        (Some(best), Some(worst)) => {
            format!(
                "The highest mean is that of {}; the lowest that of {}.",
                range(best),
                range(worst)
            )
        }
        _ => "There is no run yet.".to_owned(),
    }
}
