//! The figure of models, from their layer lists.

use super::super::{Error, Project};
use super::remarks::unreadable;
use crate::context::Drawing;
use crate::experiment::{Design, Experiment};
use crate::figure::{self, LayerBox, ModelDiagram, Width};
use crate::format;
use crate::paper::Figure;
use crate::run::{self, Layer, Shape};

/// The models of the experiments of these names.
///
/// # Errors
/// Returns an error if the drawing would not be readable.
pub(super) fn drawing(
    project: &Project,
    names: &[String],
    figure: &Figure,
) -> Result<Drawing, Error> {
    let find =
        |name: &String| project.experiments.iter().find(|experiment| experiment.name == *name);
    let experiments: Vec<&Experiment> = names.iter().filter_map(find).collect();
    let models: Vec<_> = experiments.iter().copied().map(model).collect();
    let draw = |width| figure::diagram(&models, width).map_err(|error| unreadable(figure, error));
    let what = match models.iter().all(|model| model.head.is_empty()) {
        true => "network",
        false => "pair network",
    };
    let has_blocks = models.iter().flat_map(|model| &model.branch).any(|layer| layer.depth > 0);
    let blocks =
        if has_blocks { " Boxes further right are the layers of a residual layer." } else { "" };
    Ok(Drawing {
        metric: None,
        kind: format!(
            "Diagram of {}. {}",
            format::count(models.len(), what),
            layers_of(&experiments)
        ),
        finding: diagram_finding(&models),
        formula: format!(
            "Drawn from the layer lists; boxes in colour have parameters.{blocks}{}",
            varying_layers(project, names)
        ),
        svg: draw(Width::Wide)?,
        narrow: draw(Width::Narrow)?,
    })
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
    let designs = || experiment.conditions.iter().filter_map(|one| one.design.network());
    let first = designs().next();
    let parts = first.map(|one| one.model.parts(one.data.input()).unwrap_or_default());
    let parts = parts.unwrap_or_default();
    let mut boxes = parts.iter().map(|part| boxes(part.layers, part.input, 0));
    ModelDiagram {
        has_auxiliary_loss: designs().any(|design| design.train.auxiliary_loss == Some(true)),
        title: format::visible(&experiment.title),
        input: first.map(|one| one.data.input().to_string()).unwrap_or_default(),
        branch: boxes.next().unwrap_or_default(),
        head: boxes.next().unwrap_or_default(),
        joined: parts.get(1).map(|head| head.input.to_string()).unwrap_or_default(),
        subtitle: parameters(experiment),
    }
}

/// The lists of layers of a network.
fn layers(design: &Design) -> Vec<&[Layer]> {
    let parts = design.network().map(|own| own.model.parts(own.data.input()).unwrap_or_default());
    parts.unwrap_or_default().into_iter().map(|part| part.layers).collect()
}

/// The numbers of parameters of the conditions with the layers of the first one.
fn parameters(experiment: &Experiment) -> String {
    let designs = experiment.conditions.iter().map(|condition| &condition.design);
    let first = &experiment.conditions[0].design;
    let has_layers = |design: &&Design| layers(design) == layers(first);
    let pair = |design: &Design| design.network().and_then(|own| own.model.pair()).cloned();
    let is_shared = |design: &&Design| pair(design).is_some_and(|pair| pair.weight_sharing);
    let (shared, separate): (Vec<_>, Vec<_>) = designs.filter(has_layers).partition(is_shared);
    let [shared, separate] = [shared, separate].map(|designs| designs.first().copied());
    let all = |design: &Design| design.parameters().map(format::thousands).unwrap_or_default();
    let Some(first) = separate.or(shared) else { return String::new() };
    let Some(model) = pair(first) else {
        return format!("{} parameters", all(first));
    };
    let of_branch = if separate.is_some() { "per branch" } else { "in the shared branch" };
    let input = first.network().map_or(Shape::Vector(0), |own| own.data.input());
    let branch = format::thousands(run::count(&model.branch, input));
    let both = separate.and(shared).map(all);
    let both = both.map_or_else(String::new, |all| format!(", {all} with weight sharing"));
    format!("{branch} parameters {of_branch}, {} in total{both}", all(first))
}

/// A box for each layer. A residual layer has the boxes of its body, and one for the sum after it.
fn boxes(layers: &[Layer], input: Shape, depth: usize) -> Vec<LayerBox> {
    let shapes = run::infer(layers, input).unwrap_or_default();
    let inputs = std::iter::once(input).chain(shapes.iter().copied());
    let mut all = Vec::new();
    for ((layer, input), output) in layers.iter().zip(inputs).zip(&shapes) {
        let (label, parameters) = match layer {
            Layer::Residual { body, shortcut } => {
                all.extend(boxes(body, input, depth + 1));
                (sum_of(shortcut), run::count(shortcut, input))
            }
            _ => (layer.to_string(), run::layer_parameters(layer, input)),
        };
        all.push(LayerBox { label, output: output.to_string(), parameters, depth });
    }
    all
}

/// The sum at the end of a residual layer.
fn sum_of(shortcut: &[Layer]) -> String {
    let layers: Vec<_> = shortcut.iter().map(Layer::to_string).collect();
    match layers.is_empty() {
        true => "residual: plus the input".to_owned(),
        false => format!("residual: plus the shortcut ({})", layers.join("; ")),
    }
}

fn diagram_finding(models: &[ModelDiagram]) -> String {
    let sizes = models.iter().map(|model| format!("{}: {}", model.title, model.subtitle));
    format!("{}.", sizes.collect::<Vec<_>>().join("; "))
}

/// The layers of each model, for readers who do not see the diagram.
fn layers_of(experiments: &[&Experiment]) -> String {
    let sentence = |experiment: &&Experiment| {
        let lists = layers(&experiment.conditions[0].design);
        let labels: Vec<_> =
            lists.first().into_iter().copied().flatten().map(Layer::to_string).collect();
        format!("{} has {}.", format::visible(&experiment.title), labels.join(", "))
    };
    experiments.iter().map(sentence).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residual_layer_has_the_boxes_of_its_body_and_one_for_the_sum() {
        let layers = r#"[{"layer": "linear", "outputs": 4},
            {"layer": "residual", "body": [{"layer": "relu"},
                {"layer": "residual", "body": [{"layer": "tanh"}]}],
                "shortcut": [{"layer": "linear", "outputs": 4}]}]"#;
        let layers: Vec<Layer> = serde_json::from_str(layers).unwrap();
        let boxes = boxes(&layers, Shape::Vector(3), 0);
        let of =
            |one: &LayerBox| (one.depth, one.label.clone(), one.output.clone(), one.parameters);
        let expected = [
            (0, "linear 4", 16),
            (1, "ReLU", 0),
            (2, "tanh", 0),
            (1, "residual: plus the input", 0),
            (0, "residual: plus the shortcut (linear 4)", 20),
        ];
        let expected =
            expected.map(|(depth, label, n)| (depth, label.to_owned(), "4".to_owned(), n));
        assert_eq!(boxes.iter().map(of).collect::<Vec<_>>(), expected);
    }
}
