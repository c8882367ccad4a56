//! Makes the stages of a layer list, with initial parameters.
//!
//! All layers between two batch-norm, dropout or residual layers are one chain. In a chain, a convolution is
//! joined with the pooling after it, and both with the activation after them.

use std::iter::Peekable;
use std::rc::Rc;

use super::normalization::Normalization;
use super::operations::Operations;
use super::sequence::{Residual, Sequence, Stage, TrainedChain, places};
use crate::kernel::activation::Activation;
use crate::kernel::chain::{Chain, ChainLayer};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::layer_norm::LayerNorm;
use crate::kernel::linear::Linear;
use crate::kernel::self_gated::SelfGated;
use crate::kernel::shape::{Convolution, Example, Image, Pool};
use crate::random::Stream;
use crate::run::{self, Layer};

/// A chain that layers are appended to, with initial parameters.
struct Builder {
    chain: Chain,
    values: Vec<f32>,
}

impl Builder {
    fn new(input: run::Shape) -> Self {
        Self { chain: Chain::new(example(input)), values: Vec::new() }
    }

    /// Appends a layer. Its weight, then its bias, are uniform in ±1/√(inputs of an output), which
    /// is PyTorch's default. The scales of layer-norm are 1 and its shifts 0, without a draw.
    fn push(&mut self, layer: ChainLayer, stream: &mut Stream) {
        let placed = self.chain.push(layer);
        if matches!(placed.layer, ChainLayer::LayerNorm(_)) {
            for (place, value) in [(&placed.weight, 1.0), (&placed.bias, 0.0)] {
                self.values.resize(place.start, 0.0);
                self.values.resize(place.end, value);
            }
            return;
        }
        let bound = 1.0 / (placed.fan_in() as f32).sqrt();
        for place in [&placed.weight, &placed.bias] {
            self.values.resize(place.start, 0.0);
            self.values.extend(place.clone().map(|_| stream.symmetric(bound)));
        }
    }

    fn finish<O: Operations>(mut self, operations: &O) -> TrainedChain<O> {
        // A device may refuse to make an empty array.
        self.values.resize(self.chain.parameters().max(1), 0.0);
        let parameters = operations.parameters(self.values, places(&self.chain));
        TrainedChain { chain: Rc::new(self.chain), parameters }
    }
}

impl<O: Operations> Sequence<O> {
    /// The stages of `layers`, with parameters drawn from `stream`.
    ///
    /// # Panics
    /// Panics if the layers do not fit together. Experiments are checked for that when they are
    /// read.
    pub(super) fn new(
        operations: &O,
        layers: &[Layer],
        input: run::Shape,
        stream: &mut Stream,
    ) -> Self {
        Self::assemble(operations, layers, input, true, stream)
    }

    /// The stages of `layers`. If `are_images_prepared`, images come from [`Sequence::images`], which
    /// may flatten them.
    fn assemble(
        operations: &O,
        layers: &[Layer],
        input: run::Shape,
        are_images_prepared: bool,
        stream: &mut Stream,
    ) -> Self {
        let (listed, layers) = (layers.to_vec(), pool_before_activation(layers));
        let shapes = run::infer(&layers, input).expect("layers are checked when they are read");
        let inputs = std::iter::once(input).chain(shapes.iter().copied());
        let mut steps = layers.iter().zip(inputs.zip(shapes.iter().copied())).peekable();
        // The images are stored as vectors if nothing else is made of them.
        let flat =
            steps.next_if(|(layer, _)| are_images_prepared && matches!(layer, Layer::Flatten));
        let mut chain = Builder::new(flat.map_or(input, |(_, (_, output))| output));
        let (mut first, mut rest) = (None, Vec::new());
        let mut end = |chain: Builder, rest: &mut Vec<_>| {
            if first.is_none() {
                first = Some(chain.finish(operations));
            } else if !chain.chain.layers().is_empty() {
                rest.push(Stage::Chain(chain.finish(operations)));
            }
        };
        while let Some((layer, (input, output))) = steps.next() {
            let layer = match *layer {
                Layer::Residual { ref body, ref shortcut } => {
                    end(std::mem::replace(&mut chain, Builder::new(output)), &mut rest);
                    let mut list =
                        |list: &[Layer]| Self::assemble(operations, list, input, false, stream);
                    let body = list(body);
                    let shortcut = (!shortcut.is_empty()).then(|| list(shortcut));
                    rest.push(Stage::Residual(Box::new(Residual { body, shortcut })));
                    continue;
                }
                Layer::BatchNorm { epsilon, momentum } => {
                    end(std::mem::replace(&mut chain, Builder::new(output)), &mut rest);
                    let channels = input.channels();
                    let layer = Normalization::new(operations, channels, epsilon, momentum);
                    rest.push(Stage::Normalization(layer));
                    continue;
                }
                Layer::Dropout { probability } => {
                    end(std::mem::replace(&mut chain, Builder::new(output)), &mut rest);
                    rest.push(Stage::Dropout { probability: probability as f32 });
                    continue;
                }
                // A vector is flat already.
                Layer::Flatten if input == output => continue,
                Layer::Flatten => ChainLayer::Flatten(image(input)),
                Layer::Conv2d { kernel, stride, padding, .. } => {
                    let (input, output) = (image(input), image(output));
                    let convolution = Convolution { input, output, kernel, stride, padding };
                    let operation = ConvolvePool::new(convolution, next_max_pool(&mut steps));
                    let operation = Box::new(operation);
                    ChainLayer::ConvolvePool(operation, next_activation(&mut steps))
                }
                Layer::MaxPool2d { size, stride } => {
                    ChainLayer::MaxPool(pool([size, stride], input, output))
                }
                Layer::AvgPool2d { size, stride } => {
                    ChainLayer::AvgPool(pool([size, stride], input, output))
                }
                Layer::GlobalAvgPool2d => ChainLayer::GlobalAvgPool(image(input)),
                Layer::Linear { outputs } => {
                    let linear = Linear { inputs: input.len(), outputs };
                    ChainLayer::Linear(linear, next_activation(&mut steps))
                }
                Layer::LayerNorm { epsilon } => {
                    let (example, epsilon) = (example(input), epsilon as f32);
                    ChainLayer::LayerNorm(LayerNorm { example, epsilon })
                }
                Layer::Gelu => ChainLayer::SelfGated(SelfGated::Gelu),
                Layer::Silu => ChainLayer::SelfGated(SelfGated::Silu),
                Layer::Relu | Layer::LeakyRelu { .. } | Layer::Sigmoid | Layer::Tanh => {
                    let activation = activation(layer).expect("one that needs only its output");
                    ChainLayer::Activation(activation)
                }
            };
            chain.push(layer, stream);
        }
        end(chain, &mut rest);
        let first = first.expect("at least one chain has ended");
        Self { layers: listed, input, first, rest }
    }
}

/// `layers` with each max-pooling moved before the activation that precedes it. These activations
/// are non-decreasing, so the values are the same up to rounding, and fewer activations are computed.
fn pool_before_activation(layers: &[Layer]) -> Vec<Layer> {
    let mut layers = layers.to_vec();
    for index in 1..layers.len() {
        let pools = matches!(layers[index], Layer::MaxPool2d { .. });
        if pools && activation(&layers[index - 1]).is_some() {
            layers.swap(index - 1, index);
        }
    }
    layers
}

/// Removes the next layer if it is a max-pooling, and returns its sizes.
fn next_max_pool<'l>(
    steps: &mut Peekable<impl Iterator<Item = (&'l Layer, (run::Shape, run::Shape))>>,
) -> Option<Pool> {
    match steps.peek() {
        Some((Layer::MaxPool2d { size, stride }, (input, output))) => {
            let pool = pool([*size, *stride], *input, *output);
            steps.next();
            Some(pool)
        }
        _ => None,
    }
}

/// Removes the next layer if it is an activation, and returns it.
fn next_activation<'l, S>(
    steps: &mut Peekable<impl Iterator<Item = (&'l Layer, S)>>,
) -> Option<Activation> {
    let (layer, _) = steps.next_if(|(layer, _)| activation(layer).is_some())?;
    activation(layer)
}

/// The sizes of a pooling.
fn pool([size, stride]: [usize; 2], input: run::Shape, output: run::Shape) -> Pool {
    Pool { input: image(input), output: image(output), size, stride }
}

/// The size of an image.
///
/// # Panics
/// Panics if `shape` is a vector. Inferred shapes give images to the layers that need them.
fn image(shape: run::Shape) -> Image {
    match shape {
        run::Shape::Image { height, width, channels } => Image { height, width, channels },
        run::Shape::Vector(_) => panic!("inferred shapes give images to layers that need them"),
    }
}

/// An example of a batch.
fn example(shape: run::Shape) -> Example {
    match shape {
        run::Shape::Image { .. } => Example::Image(image(shape)),
        run::Shape::Vector(len) => Example::Vector(len),
    }
}

/// The activation of `layer`, which can be joined with the layer before it. Returns `None` if the
/// layer is no activation, or one that needs its input in the backward pass.
pub(super) fn activation(layer: &Layer) -> Option<Activation> {
    match layer {
        Layer::Relu => Some(Activation::Relu),
        Layer::LeakyRelu { slope } => Some(Activation::LeakyRelu(*slope as f32)),
        Layer::Sigmoid => Some(Activation::Sigmoid),
        Layer::Tanh => Some(Activation::Tanh),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use dfdx::prelude::*;

    use super::*;
    use crate::train::dfdx_operations::DfdxOperations;
    use crate::train::kernel_memory::Memory;
    use crate::train::kernel_operations::KernelOperations;
    use crate::train::sequence::Mode;
    use crate::train::tensor::{Matrix, upload, values};

    fn layers(json: &str) -> Vec<Layer> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn parameters_are_drawn_layer_by_layer_and_a_body_before_its_shortcut() {
        let layers = layers(
            r#"[{"layer": "residual", "body": [{"layer": "layer_norm"}, {"layer": "linear", "outputs": 2}],
                "shortcut": [{"layer": "linear", "outputs": 2}]}, {"layer": "linear", "outputs": 1}]"#,
        );
        let operations = KernelOperations::new(Memory::default());
        let stream = || Stream::new(3, "initial");
        let sequence = Sequence::new(&operations, &layers, run::Shape::Vector(1), &mut stream());
        let found: Vec<_> =
            sequence.named_tensors(&operations).into_iter().map(|tensor| tensor.values).collect();
        let mut stream = stream();
        let mut draws = |n: usize, bound| (0..n).map(|_| stream.symmetric(bound)).collect();
        let last = 1.0 / 2f32.sqrt();
        let expected: [Vec<f32>; 8] = [
            vec![1.0],
            vec![0.0],
            draws(2, 1.0),
            draws(2, 1.0),
            draws(2, 1.0),
            draws(2, 1.0),
            draws(2, last),
            draws(1, last),
        ];
        assert_eq!(found, expected);
    }

    fn check_dropout<O: Operations<Device = Cpu>>(operations: &O) {
        let layers = layers(
            r#"[{"layer": "residual", "body": [{"layer": "dropout", "probability": 0.5}],
                "shortcut": [{"layer": "dropout", "probability": 0.75}]},
                {"layer": "dropout", "probability": 0.875}]"#,
        );
        let mut stream = Stream::new(0, "unused: no layer has parameters");
        let sequence = Sequence::new(operations, &layers, run::Shape::Vector(40), &mut stream);
        let x: Matrix<Cpu> = upload(operations.device(), &[1.0; 80], (2, 40));
        let (mut dropout, mut expected) = (Stream::new(1, "dropout"), Stream::new(1, "dropout"));
        let mut observed = Vec::new();
        let mut mode = Mode::Training { dropout: Some(&mut dropout), observed: &mut observed };
        let found = values(&sequence.forward(operations, x.clone(), &mut mode));
        let mut masks = [(0.5, 2.0), (0.75, 4.0), (0.875, 8.0)].map(|(probability, kept)| {
            let draw = |_| if expected.unit() < probability { 0.0 } else { kept };
            (0..80).map(draw).collect::<Vec<f32>>().into_iter()
        });
        for found in found {
            let [body, shortcut, last] = masks.each_mut().map(|mask| mask.next().unwrap());
            assert_eq!(found, (body + shortcut) * last);
        }
        let off = values(&sequence.forward(operations, x, &mut Mode::Inference));
        assert_eq!(off, [2.0; 80]);
    }

    #[test]
    fn dropout_draws_for_the_body_of_a_residual_layer_then_for_its_shortcut() {
        check_dropout(&KernelOperations::new(Memory::default()));
        check_dropout(&DfdxOperations::new(Cpu::default()));
    }
}
