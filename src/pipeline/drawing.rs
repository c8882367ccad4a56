//! Draws the figures of the paper: selects the data of each kind, and describes the figure in words
//! for screen readers.

mod dots;
mod remarks;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use remarks::{few_runs, unreadable};

use super::{Error, Project};
use crate::context::Drawing;
use crate::experiment::{Design, Experiment};
use crate::figure::{self, CurveSeries, LayerBox, ModelDiagram, Width};
use crate::format;
use crate::fs;
use crate::paper::keys::differs_note;
use crate::paper::{EXPERIMENT, Figure, FigureKind, Names, Protocol, Selection};
use crate::plan::Plan;
use crate::run::{self, Curve, Layer, Moment, Shape};
use crate::summary::{self, Aggregate, ConditionSummary, Summary};

/// The drawings of each figure of the paper, in the order of the paper.
///
/// # Errors
/// Returns an error if a figure would not be readable, or cannot be drawn.
pub(super) fn draw_all(
    project: &Project,
    plan: &Plan,
    summary: &Summary,
) -> Result<Vec<Vec<Drawing>>, Error> {
    let draw = |figure: &Figure| match &figure.kind {
        FigureKind::Diagram { experiments } => {
            let models: Vec<_> = experiments
                .iter()
                .filter_map(|name| project.experiments.iter().find(|e| e.name == *name))
                .map(model)
                .collect();
            let draw =
                |width| figure::diagram(&models, width).map_err(|error| unreadable(figure, error));
            Ok(vec![Drawing {
                metric: None,
                kind: format!(
                    "Diagram of {}. {}",
                    format::count(models.len(), "pair network"),
                    layers_of(&models)
                ),
                finding: diagram_finding(&models),
                formula: format!(
                    "Drawn from the layer lists; boxes in colour have parameters.{}",
                    varying_layers(project, experiments)
                ),
                svg: draw(Width::Wide)?,
                narrow: draw(Width::Narrow)?,
            }])
        }
        FigureKind::LearningCurves { curve, selection, differs } => {
            let data = CurveData { project, plan, summary, selection, figure };
            let drawn = protocols_of_curve(project, curve).into_iter();
            let drawing = |(metric, curve)| {
                let drawing: Drawing = data.drawing(metric, curve)?;
                let note = differs_note(differs).map(|note| format!(" {note}"));
                Ok(Drawing { formula: drawing.formula + &note.unwrap_or_default(), ..drawing })
            };
            drawn.map(drawing).collect()
        }
        FigureKind::Seeds { table } => dots::drawings(project, summary, table, figure),
    };
    let drawn: Vec<_> = project.file.figures.par_iter().map(draw).collect();
    // The first error in order, whatever thread meets one first.
    drawn.into_iter().collect()
}

/// Pixels of a PNG file per unit of its SVG: sharp on dense screens, and 192 pixels per inch in
/// print.
const SCALE: f32 = 2.0;

/// The path of the first drawing of a figure in the directory of the report.
pub(super) fn path(name: &str, kind: &str) -> PathBuf {
    Path::new("figures").join(format!("{name}.{kind}"))
}

/// Draws the PNG files that the report in `out` lacks, or whose SVG has changed. `drawn` has the
/// name and the SVG of each figure.
pub(super) fn missing_pngs(
    drawn: &[(String, String)],
    out: &Path,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let is_missing = |(name, svg): &&(String, String)| {
        // A file that cannot be read is drawn again.
        let file = fs::read_if_there(&out.join(path(name, "png"))).ok().flatten();
        !file.is_some_and(|file| figure::is_png_of(&file, svg, SCALE))
    };
    pngs(drawn.iter().filter(is_missing))
}

/// Draws the PNG files of these figures, given by name and SVG.
pub(super) fn pngs<'d>(
    drawn: impl Iterator<Item = &'d (String, String)>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let draw = |drawing: &&(String, String)| {
        let (name, svg) = *drawing;
        Ok((path(name, "png"), figure::png(svg, SCALE).map_err(Error::Figure)?))
    };
    let drawn: Vec<_> = drawn.collect();
    drawn.par_iter().map(draw).collect::<Vec<_>>().into_iter().collect()
}

/// Characters in backticks.
pub(super) fn listed<'c>(characters: impl IntoIterator<Item = &'c char>) -> String {
    let shown = |c: &char| format!("`{}`", format::visible(&c.to_string()));
    characters.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A warning for each figure whose PNG file shows boxes instead of some characters.
pub(super) fn warnings(drawn: &[(String, String)]) -> Vec<String> {
    let warning = |(name, svg): &(String, String)| {
        let missing = figure::missing_characters(svg);
        (!missing.is_empty()).then(|| {
            format!(
                "figures/{name}.png shows a box for {}: its font lacks this character; the page and \
                 figures/{name}.svg show it",
                listed(&missing)
            )
        })
    };
    drawn.iter().filter_map(warning).collect()
}

/// The curves of all protocols if `curve` belongs to the first protocol, else `curve` alone.
fn protocols_of_curve<'p>(
    project: &'p Project,
    curve: &'p Curve,
) -> Vec<(Option<String>, &'p Curve)> {
    let paper = &project.file.paper;
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

/// The data of a figure of learning curves.
struct CurveData<'d> {
    project: &'d Project,
    plan: &'d Plan,
    summary: &'d Summary,
    selection: &'d Selection,
    figure: &'d Figure,
}

impl CurveData<'_> {
    fn drawing(&self, metric: Option<String>, curve: &Curve) -> Result<Drawing, Error> {
        let Self { project, plan, summary, selection, .. } = *self;
        let curves = summary::learning_curves(summary, plan, curve, selection);
        // One run has a line, but no spread around it.
        let point = |a: &Aggregate| a.mean.map(|mean| (mean, a.std_dev.unwrap_or(0.0)));
        let series: Vec<_> = curves
            .iter()
            .map(|curve| CurveSeries {
                label: open_levels(project, summary.condition(curve.condition), selection)
                    + &few_runs(summary, &[curve.condition]),
                points: curve.epochs.iter().filter_map(point).collect(),
            })
            .collect();
        let when = match curve.moment {
            Moment::Before => "before",
            Moment::After => "at the end of",
        };
        let band = match series.len() <= figure::MOST_BANDS {
            true => " Band: one population standard deviation (divided by n) on both sides.",
            false => "",
        };
        let draw = |width| {
            figure::learning_curves(&series, "accuracy, %", width)
                .map_err(|error| unreadable(self.figure, error))
        };
        Ok(Drawing {
            metric,
            kind: "Line chart of accuracy over the epochs.".to_owned(),
            finding: curves_finding(&series),
            formula: format!(
                "Line: mean of {} over the seeds, {when} each epoch.{band}",
                curve.name
            ),
            svg: draw(Width::Wide)?,
            narrow: draw(Width::Narrow)?,
        })
    }
}

/// A sentence on experiments whose conditions have different layers; empty without one.
fn varying_layers(project: &Project, names: &[String]) -> String {
    let is_varying = |experiment: &&Experiment| {
        let mut designs = experiment.conditions.iter().map(|condition| &condition.design);
        let first = designs.next();
        designs.any(|design| first.is_some_and(|first| layers(design) != layers(first)))
    };
    let shown = project.experiments.iter().filter(|one| names.contains(&one.name));
    let titles: Vec<_> = shown.filter(is_varying).map(|one| one.title.as_str()).collect();
    match titles.is_empty() {
        true => String::new(),
        false => format!(
            " The layers vary with a factor in {}; the diagram shows the first condition.",
            titles.join(", ")
        ),
    }
}

fn model(experiment: &Experiment) -> ModelDiagram {
    let design = &experiment.conditions[0].design;
    let parts = design.model.parts(design.data.input()).unwrap_or_default();
    let mut boxes = parts.iter().map(|part| boxes(part.layers, part.input));
    let mut designs = experiment.conditions.iter().map(|condition| &condition.design);
    ModelDiagram {
        has_auxiliary_loss: designs.any(|design| design.train.auxiliary_loss == Some(true)),
        title: format::visible(&experiment.title),
        input: design.data.input().to_string(),
        branch: boxes.next().unwrap_or_default(),
        head: boxes.next().unwrap_or_default(),
        subtitle: parameters(experiment),
    }
}

/// The lists of layers of a network.
fn layers(design: &Design) -> Vec<&[Layer]> {
    let parts = design.model.parts(design.data.input()).unwrap_or_default();
    parts.into_iter().map(|part| part.layers).collect()
}

/// The numbers of parameters of the conditions with the layers of the first one.
fn parameters(experiment: &Experiment) -> String {
    let designs = experiment.conditions.iter().map(|condition| &condition.design);
    let first = &experiment.conditions[0].design;
    let has_layers = |design: &&Design| layers(design) == layers(first);
    let is_shared = |design: &&Design| design.model.pair().is_some_and(|pair| pair.weight_sharing);
    let (shared, separate): (Vec<_>, Vec<_>) = designs.filter(has_layers).partition(is_shared);
    let [shared, separate] = [shared, separate].map(|designs| designs.first().copied());
    let all = |design: &Design| design.parameters().map(format::thousands).unwrap_or_default();
    let Some(first) = separate.or(shared) else { return String::new() };
    let Some(model) = first.model.pair() else {
        return format!("{} parameters", all(first));
    };
    let of_branch = if separate.is_some() { "per branch" } else { "in the shared branch" };
    let branch = format::thousands(run::count(&model.branch, first.data.input()));
    let both = separate.and(shared).map(all);
    let both = both.map_or_else(String::new, |all| format!(", {all} with weight sharing"));
    format!("{branch} parameters {of_branch}, {} in total{both}", all(first))
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

/// The name of a condition by the levels that the selection leaves open: `deep + weight sharing`.
fn open_levels(project: &Project, condition: &ConditionSummary, selection: &Selection) -> String {
    let is_open = |factor: &str| selection.get(factor).is_none_or(|levels| levels.len() > 1);
    let levels = condition.levels.iter();
    let levels = levels.filter(|(factor, _)| *factor == EXPERIMENT || is_open(factor));
    let names = Names { paper: &project.file.paper, experiments: &project.experiments };
    format::visible(&names.describe(levels))
}

fn diagram_finding(models: &[ModelDiagram]) -> String {
    let sizes = models.iter().map(|model| format!("{}: {}", model.title, model.subtitle));
    format!("{}.", sizes.collect::<Vec<_>>().join("; "))
}

/// The layers of each model, for readers who do not see the diagram.
fn layers_of(models: &[ModelDiagram]) -> String {
    let layers = |model: &ModelDiagram| {
        let layers: Vec<_> = model.branch.iter().map(|layer| layer.label.as_str()).collect();
        format!("{} has {}.", model.title, layers.join(", "))
    };
    models.iter().map(layers).collect::<Vec<_>>().join(" ")
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
        true => "There are no runs yet.".to_owned(),
        false => format!("Between the first and the last epoch, {}.", ends.join("; ")),
    }
}
