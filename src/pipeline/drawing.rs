//! From a summary to the figures of the paper: which data each kind is drawn from, and what it
//! says to readers who do not see it.

use super::{Error, Project};
use crate::experiment::Experiment;
use crate::figure::{self, CurveSeries, LayerBox, ModelDiagram, SeedRow};
use crate::paper::{EXPERIMENT, FigureKind, Selection};
use crate::plan::Plan;
use crate::render;
use crate::run::{self, Layer, Shape};
use crate::summary::{self, ConditionSummary, Estimate, Summary};

/// The SVG and the alternative text of each figure of the paper, in its order.
pub(super) fn draw_all(
    project: &Project,
    plan: &Plan,
    summary: &Summary,
) -> Result<Vec<(String, String)>, Error> {
    let draw = |kind: &FigureKind| match kind {
        FigureKind::Diagram { experiments } => {
            let models: Vec<_> = experiments
                .iter()
                .filter_map(|name| project.experiments.iter().find(|e| e.name == *name))
                .map(model)
                .collect();
            let svg = figure::diagram(&models).map_err(Error::Figure)?;
            Ok((svg, diagram_alt(&models)))
        }
        FigureKind::LearningCurves { curve, selection } => {
            let curves = summary::learning_curves(summary, plan, *curve, selection)
                .map_err(Error::Summary)?;
            // Of one run there is a line, but no spread around it.
            let point = |e: &Estimate| e.mean.map(|mean| (mean, e.std_dev.unwrap_or(0.0)));
            let series: Vec<_> = curves
                .iter()
                .map(|curve| CurveSeries {
                    label: open_levels(project, &summary.conditions[curve.condition], selection),
                    points: curve.epochs.iter().filter_map(point).collect(),
                })
                .collect();
            let svg = figure::learning_curves(&series, "accuracy, %").map_err(Error::Figure)?;
            Ok((svg, curves_alt(&series)))
        }
        FigureKind::Seeds { table } => {
            let rows = seed_rows(project, summary, table);
            let svg = figure::seeds(&rows, "accuracy, %").map_err(Error::Figure)?;
            Ok((svg, seeds_alt(&rows)))
        }
    };
    project.paper.figures.iter().map(|figure| draw(&figure.kind)).collect()
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
    let named = condition.levels.iter();
    let levels = named.filter(|(factor, _)| *factor == EXPERIMENT || is_open(factor));
    label(&render::describe(&project.paper, &project.experiments, levels))
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

/// The rows of `table` with the scores behind each.
fn seed_rows(project: &Project, summary: &Summary, table: &str) -> Vec<SeedRow> {
    let (Some(spec), Some(computed)) = (project.paper.table(table), summary.table(table)) else {
        return Vec::new();
    };
    let row_label = |levels: &[String]| {
        let levels = spec.by.iter().zip(levels);
        label(&render::describe(&project.paper, &project.experiments, levels))
    };
    let scores = |conditions: &[usize]| {
        let runs = conditions.iter().flat_map(|index| &summary.conditions[*index].runs);
        runs.map(|run| run.scores[&spec.metric]).collect()
    };
    computed
        .rows
        .iter()
        .map(|row| SeedRow {
            label: row_label(&row.levels),
            values: scores(&row.conditions),
            mean: row.mean,
            published: row.published.as_ref().map(|published| published.mean),
        })
        .collect()
}

fn diagram_alt(models: &[ModelDiagram]) -> String {
    let models: Vec<_> = models
        .iter()
        .map(|model| {
            let layers: Vec<_> = model.branch.iter().map(|layer| layer.label.as_str()).collect();
            format!("{}: branch of {}", model.title, layers.join(", "))
        })
        .collect();
    format!("Diagram of {} pair networks. {}.", models.len(), models.join("; "))
}

fn curves_alt(series: &[CurveSeries]) -> String {
    let ends: Vec<_> = series
        .iter()
        .filter_map(|one| {
            let ((first, _), (last, _)) = (one.points.first()?, one.points.last()?);
            Some(format!("{} goes from {first:.1} to {last:.1} %", one.label))
        })
        .collect();
    format!("Line chart of mean accuracy over the epochs. {}.", ends.join("; "))
}

fn seeds_alt(rows: &[SeedRow]) -> String {
    let range = |row: &SeedRow| {
        let low = row.values.iter().copied().reduce(f64::min)?;
        let high = row.values.iter().copied().reduce(f64::max)?;
        Some(format!("{} from {low:.1} to {high:.1} %", row.label))
    };
    let ranges: Vec<_> = rows.iter().filter_map(range).collect();
    format!("Dot plot of the accuracy of every run. {}.", ranges.join("; "))
}
