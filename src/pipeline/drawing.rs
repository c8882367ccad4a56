//! Draws the figures of the paper: selects the data of each kind, and describes the figure in words
//! for screen readers.

mod curves;
mod dots;
mod remarks;
mod scatter;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use curves::CurveData;
use remarks::unreadable;

use super::{Error, Project};
use crate::context::Drawing;
use crate::experiment::{Design, Experiment};
use crate::figure::{self, LayerBox, Marks, ModelDiagram, Width};
use crate::format;
use crate::fs;
use crate::paper::{Figure, FigureKind};
use crate::plan::Plan;
use crate::run::{self, Layer, Shape};
use crate::summary::Summary;

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
        FigureKind::LearningCurves { curves, selection, differs } => {
            let data = CurveData { project, plan, summary, selection, differs, figure };
            data.drawings(curves)
        }
        FigureKind::Scatter(scatter) => {
            Ok(vec![scatter::drawing(project, summary, scatter, figure)?])
        }
        FigureKind::Seeds { table } => {
            dots::drawings(project, summary, (table, Marks::Dots), figure)
        }
        FigureKind::Bars { table, has_dots } => {
            let marks = if *has_dots { Marks::BarsAndDots } else { Marks::Bars };
            dots::drawings(project, summary, (table, marks), figure)
        }
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
