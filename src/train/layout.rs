//! The trained tensors of a layer list as PyTorch has them: their names, their shapes, and the order
//! of their values.
//!
//! A name is the path of the layer in its list and the name of the tensor in PyTorch's module, such as
//! `0.weight` or `3.body.1.running_mean`. In PyTorch, the output of a layer comes before its input, and
//! a channel before its pixels. So the vector of a flattened image has another order there. Layers after
//! it keep that order, up to the next linear layer, whose matrix is permuted. A residual layer adds
//! vectors of one order: where only one of its lists has linear layers, the last of them puts out the
//! order of the other list.

use crate::run::{Layer, Shape, infer};

/// One tensor.
pub(super) struct TensorLayout {
    /// The name in PyTorch.
    pub(super) name: String,
    /// The sizes in PyTorch.
    pub(super) shape: Vec<usize>,
    /// For each value in PyTorch's order, its index in the order of this crate.
    pub(super) indices: Vec<usize>,
}

/// The order of a vector: that of this flattened image, or the same as in PyTorch.
type Order = Option<Flattened>;

/// The sizes of a flattened image.
#[derive(Clone, Copy)]
struct Flattened {
    area: usize,
    channels: usize,
}

impl Flattened {
    fn of(shape: Shape) -> Order {
        match shape {
            Shape::Image { height, width, channels } => {
                Some(Self { area: height * width, channels })
            }
            Shape::Vector(_) => None,
        }
    }
}

/// For each value in PyTorch's order, its index in a vector of this order.
fn indices(order: Order, len: usize) -> Vec<usize> {
    let Some(Flattened { area, channels }) = order else { return (0..len).collect() };
    (0..channels).flat_map(|c| (0..area).map(move |pixel| pixel * channels + c)).collect()
}

/// The tensors of `layers`, layer by layer. In a residual layer, the body comes before the shortcut.
///
/// # Panics
/// Panics if the layers do not fit together.
pub(super) fn tensors(layers: &[Layer], input: Shape) -> Vec<TensorLayout> {
    let mut tensors = Vec::new();
    append(layers, input, "", [None, None], &mut tensors);
    tensors
}

/// Appends the tensors of a list whose input and output have these orders. The order of the output
/// matters only if the list [`chooses`] it.
fn append(
    layers: &[Layer],
    input: Shape,
    path: &str,
    [mut order, last]: [Order; 2],
    tensors: &mut Vec<TensorLayout>,
) {
    let shapes = infer(layers, input).expect("layers are checked when they are read");
    let inputs = std::iter::once(input).chain(shapes.iter().copied());
    for (index, ((layer, input), output)) in layers.iter().zip(inputs).zip(&shapes).enumerate() {
        let mut add = |name: &str, shape: Vec<usize>, indices: Vec<usize>| {
            let name = format!("{path}{index}.{name}");
            tensors.push(TensorLayout { name, shape, indices });
        };
        let is_last_choice = !layers[index + 1..].iter().any(chooses);
        let chosen = if is_last_choice { last } else { None };
        match layer {
            Layer::Conv2d { channels, kernel, .. } => {
                let (inputs, taps) = (input.channels(), kernel * kernel);
                let at = |o, i, tap| (tap * inputs + i) * channels + o;
                let of_output =
                    |o| (0..inputs).flat_map(move |i| (0..taps).map(move |tap| at(o, i, tap)));
                let weight = (0..*channels).flat_map(of_output).collect();
                add("weight", vec![*channels, inputs, *kernel, *kernel], weight);
                add("bias", vec![*channels], (0..*channels).collect());
            }
            Layer::Linear { outputs } => {
                let (rows, columns) = (indices(order, input.len()), indices(chosen, *outputs));
                let of_output = |o: &usize| rows.iter().map(|i| i * outputs + *o).collect();
                let weight: Vec<Vec<usize>> = columns.iter().map(of_output).collect();
                add("weight", vec![*outputs, rows.len()], weight.concat());
                add("bias", vec![*outputs], columns);
            }
            Layer::BatchNorm { .. } => {
                let channels = input.channels();
                for name in ["weight", "bias", "running_mean", "running_var"] {
                    add(name, vec![channels], indices(order, channels));
                }
            }
            Layer::LayerNorm { .. } => {
                let shape = match input {
                    Shape::Image { height, width, channels } => vec![channels, height, width],
                    Shape::Vector(len) => vec![len],
                };
                let indices = indices(order.or(Flattened::of(input)), input.len());
                add("weight", shape.clone(), indices.clone());
                add("bias", shape, indices);
            }
            Layer::Residual { body, shortcut } => {
                let end = if chooses(layer) { chosen } else { carried(layer, input, order) };
                for (list, name) in [(body, "body"), (shortcut, "shortcut")] {
                    append(list, input, &format!("{path}{index}.{name}."), [order, end], tensors);
                }
            }
            _ => {}
        }
        order = match (layer, output) {
            (_, Shape::Image { .. }) => None,
            _ if chooses(layer) => chosen,
            _ => carried(layer, input, order),
        };
    }
}

/// Whether the order of the output does not follow from that of the input.
fn chooses(layer: &Layer) -> bool {
    match layer {
        Layer::Linear { .. } => true,
        Layer::Residual { body, shortcut } => {
            body.iter().any(chooses) && shortcut.iter().any(chooses)
        }
        _ => false,
    }
}

/// The order after a layer that does not choose it.
fn carried(layer: &Layer, input: Shape, order: Order) -> Order {
    match layer {
        Layer::Flatten => order.or(Flattened::of(input)),
        Layer::Residual { body, shortcut } => {
            let list = if body.iter().any(chooses) { shortcut } else { body };
            let shapes = infer(list, input).expect("layers are checked when they are read");
            let inputs = std::iter::once(input).chain(shapes);
            list.iter()
                .zip(inputs)
                .fold(order, |order, (layer, input)| carried(layer, input, order))
        }
        Layer::Conv2d { .. } | Layer::GlobalAvgPool2d => None,
        _ => order,
    }
}
