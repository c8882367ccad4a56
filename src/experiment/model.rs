//! The table `[model]`.

use super::data::DataDesign;
use super::layers;
use crate::document::{Node, Reader, Value, Violations};
use crate::run::{self, Layer, ModelConfig, PairModel, Shape, SingleModel, TaskKind, infer};
use crate::task::{self, TargetKind, Task};

/// The largest number of parameters of a list of layers: 256 MiB, without gradients and moments.
const MOST_PARAMETERS: usize = 1 << 26;

/// The word for the number of classes, as the number of outputs of a layer.
const CLASSES: &str = "classes";

/// Reads the table for a task. `node` is the table with words in place of sizes.
pub(super) fn read(
    task: TaskKind,
    node: &Node,
    reader: &Reader<'_>,
    data: Option<&DataDesign>,
) -> Option<ModelConfig> {
    let classes = data.map(|data| data.found().facts.classes.len());
    let node = with_sizes(node, "model", classes, reader.violations());
    let task = task::of(task);
    let table = Reader::new(&node, "model", reader.section_of("model")?, reader.violations())?;
    match task.targets() {
        TargetKind::Pairs => read_pair(task, &table, data).map(ModelConfig::Pair),
        TargetKind::Classes | TargetKind::Numbers => {
            read_single(task, &table, data).map(ModelConfig::Single)
        }
    }
}

/// The node with the number of classes in place of its word. If the number is not known, 1 stands for it, and no
/// size is checked. Refuses the word if there are no classes.
fn with_sizes(node: &Node, path: &str, classes: Option<usize>, violations: &Violations) -> Node {
    let child = |key: &str, node: &Node| {
        let path = format!("{path}.{key}");
        let is_size = key == "outputs" && node.value == Value::String(CLASSES.to_owned());
        if !is_size {
            return with_sizes(node, &path, classes, violations);
        }
        if classes == Some(0) {
            let message = format!("is `{CLASSES}`, but the targets are numbers; write a number");
            violations.push(&node.location, path, message);
        }
        let classes = classes.filter(|classes| *classes > 0);
        let value = Value::Integer(i64::try_from(classes.unwrap_or(1)).unwrap_or(i64::MAX));
        Node { value, ..node.clone() }
    };
    let value = match &node.value {
        Value::Table(table) => {
            Value::Table(table.iter().map(|(key, node)| (key.clone(), child(key, node))).collect())
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            Value::Array(items.map(|(index, item)| child(&index.to_string(), item)).collect())
        }
        other => other.clone(),
    };
    Node { value, location: node.location.clone(), key: node.key.clone() }
}

fn read_pair(task: &dyn Task, reader: &Reader<'_>, data: Option<&DataDesign>) -> Option<PairModel> {
    let weight_sharing = reader.required::<bool>("weight_sharing");
    let branch = layers::read(reader, "branch");
    let head = layers::read(reader, "head");
    if let Some(data) = data {
        let classes = data.found().facts.classes.len();
        if let Some(branch) = &branch {
            let fits = |n| match n == classes {
                true => Ok(()),
                false => Err(format!("must end in {classes} outputs, one for each class")),
            };
            check_layers(reader, "branch", branch, data.input(), &fits);
        }
        if let Some(head) = &head {
            let fits = |n| task.check_outputs(n, classes);
            check_layers(reader, "head", head, Shape::Vector(2 * classes), &fits);
        }
    }
    if let Some(head) = &head
        && !matches!(head.last(), Some(Layer::Sigmoid) | None)
    {
        reader.refuse("head", "must end in `sigmoid`: the main loss takes a probability");
    }
    Some(PairModel { branch: branch?.into(), head: head?.into(), weight_sharing: weight_sharing? })
}

fn read_single(
    task: &dyn Task,
    reader: &Reader<'_>,
    data: Option<&DataDesign>,
) -> Option<SingleModel> {
    let layers = layers::read(reader, "layers");
    if let (Some(layers), Some(data)) = (&layers, data) {
        let fits = |n| task.check_outputs(n, data.found().facts.classes.len());
        check_layers(reader, "layers", layers, data.input(), &fits);
        if task.targets() == TargetKind::Classes && layers.last().is_some_and(Layer::is_activation)
        {
            let message = "must not end in an activation: the loss takes the numbers of the last layer, and computes \
                           probabilities itself";
            reader.refuse("layers", message);
        }
    }
    Some(SingleModel { layers: layers?.into() })
}

fn check_layers(
    reader: &Reader<'_>,
    key: &'static str,
    layers: &[Layer],
    input: Shape,
    fits: &dyn Fn(usize) -> Result<(), String>,
) {
    let refuse_layer = |index: usize, message: String| {
        let layer = reader.items(key).into_iter().nth(index);
        let location = layer.as_ref().map_or(reader.location(), |(_, node)| &node.location);
        let path = layer.as_ref().map_or(key, |(path, _)| path);
        reader.violations().push(location, path, message);
    };
    match infer(layers, input) {
        Err(error) => refuse_layer(error.layer, format!("({}) {error}", layers[error.layer])),
        Ok(shapes) => {
            let output = shapes.last().copied().unwrap_or(input);
            let fits = match output {
                Shape::Vector(n) => fits(n),
                Shape::Image { .. } => Err("must end in a vector".to_owned()),
            };
            if let Err(requirement) = fits {
                reader.refuse(key, format!("{requirement}, but ends in {output}"));
            }
            let parameters = run::count(layers, input);
            if parameters > MOST_PARAMETERS {
                let message = format!("has more than {MOST_PARAMETERS} parameters");
                reader.refuse(key, message);
            }
        }
    }
}
