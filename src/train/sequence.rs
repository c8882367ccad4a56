//! A layer list with its parameters.
//!
//! All layers between two batch-norm or dropout layers are one chain. In a chain, a convolution is
//! joined with the pooling after it, and both with the activation after them.

use std::iter::Peekable;
use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::normalization::{Normalization, Observed};
use super::operations::{DeviceError, Operations};
use super::tensor::{Matrix, image_rows};
use crate::kernel::activation::Activation;
use crate::kernel::chain::{Chain, ChainLayer, Example};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::linear::Linear;
use crate::kernel::shape::{Convolution, Image, MaxPool};
use crate::random::Stream;
use crate::run::{self, Layer, Optimizer};

/// How a pass applies batch-norm and dropout.
pub(super) enum Mode<'m, S> {
    /// Batch-norm uses the statistics of the batch and appends them to `observed`. Dropout draws
    /// from its stream, or is off without one.
    Training { dropout: Option<&'m mut Stream>, observed: &'m mut Vec<Observed<S>> },
    /// Batch-norm uses its running statistics. Dropout is off.
    Inference,
}

/// The stages of a layer list. A chain comes first, even if it is empty.
pub(super) struct Sequence<O: Operations> {
    first: TrainedChain<O>,
    rest: Vec<Stage<O>>,
}

/// A chain with its parameters.
struct TrainedChain<O: Operations> {
    chain: Rc<Chain>,
    parameters: O::Parameters,
}

enum Stage<O: Operations> {
    Chain(TrainedChain<O>),
    Normalization(Normalization<O>),
    Dropout { probability: f32 },
}

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
    /// is PyTorch's default.
    fn push(&mut self, layer: ChainLayer, stream: &mut Stream) {
        let placed = self.chain.push(layer);
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

/// The places of all weights and biases of a chain.
pub(super) fn places(chain: &Chain) -> Vec<Range<usize>> {
    let layers = chain.layers().iter().filter(|placed| !placed.bias.is_empty());
    layers.flat_map(|placed| [placed.weight.clone(), placed.bias.clone()]).collect()
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
        let layers = pool_before_activation(layers);
        let shapes = run::infer(&layers, input).expect("layers are checked when they are read");
        let inputs = std::iter::once(input).chain(shapes.iter().copied());
        let mut steps = layers.iter().zip(inputs.zip(shapes.iter().copied())).peekable();
        // The images are stored as vectors if nothing else is made of them.
        let flat = steps.next_if(|(layer, _)| matches!(layer, Layer::Flatten));
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
                    let pool = steps.next_if(|(next, _)| matches!(next, Layer::MaxPool2d { .. }));
                    let pool = pool.map(|(layer, (input, output))| max_pool(layer, input, output));
                    let operation = Box::new(ConvolvePool::new(convolution, pool));
                    ChainLayer::ConvolvePool(operation, next_activation(&mut steps))
                }
                Layer::MaxPool2d { .. } => ChainLayer::MaxPool(max_pool(layer, input, output)),
                Layer::Linear { outputs } => {
                    let linear = Linear { inputs: input.len(), outputs };
                    ChainLayer::Linear(linear, next_activation(&mut steps))
                }
                Layer::Relu => ChainLayer::Activation(Activation::Relu),
                Layer::Sigmoid => ChainLayer::Activation(Activation::Sigmoid),
                Layer::Tanh => ChainLayer::Activation(Activation::Tanh),
            };
            chain.push(layer, stream);
        }
        end(chain, &mut rest);
        Self { first: first.expect("at least one chain has ended"), rest }
    }

    /// Prepares images for [`Sequence::first`]. They are given image by image, `pixels` values each:
    /// first those of one digit, then those of the other, if there are two digits.
    pub(super) fn images(
        &self,
        operations: &O,
        images: Vec<f32>,
        pixels: usize,
        digits: usize,
    ) -> O::Images {
        let chain = &self.first.chain;
        let values = match chain.input() {
            Example::Vector(_) => images,
            Example::Image(_) => image_rows(&images, pixels),
        };
        operations.images(chain, values, digits)
    }

    /// Whether [`Sequence::first`] puts out images.
    pub(super) fn first_gives_images(&self) -> bool {
        matches!(self.first.chain.output(), Example::Image(_))
    }

    /// Passes images through the first chain. Returns the outputs for each digit. The output
    /// for an example depends only on this example and the parameters.
    pub(super) fn first<T: Tape<f32, O::Device>>(
        &self,
        operations: &O,
        images: &O::Images,
    ) -> Vec<Matrix<O::Device, T>> {
        operations.first(&self.first.chain, &self.first.parameters, images)
    }

    /// Applies the stages after the first chain.
    pub(super) fn rest<T: Tape<f32, O::Device>>(
        &self,
        operations: &O,
        x: Matrix<O::Device, T>,
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Matrix<O::Device, T> {
        self.rest.iter().fold(x, |x, stage| stage.forward(operations, x, mode))
    }

    /// Applies all stages.
    pub(super) fn forward<T: Tape<f32, O::Device>>(
        &self,
        operations: &O,
        x: Matrix<O::Device, T>,
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Matrix<O::Device, T> {
        let x = operations.chain(&self.first.chain, &self.first.parameters, x);
        self.rest(operations, x, mode)
    }

    /// Updates the running statistics with those that a training pass has observed, in order.
    pub(super) fn observe(
        &mut self,
        operations: &O,
        observed: &mut impl Iterator<Item = Observed<O::Statistics>>,
    ) {
        for layer in self.normalizations() {
            if let Some(observed) = observed.next() {
                layer.observe(operations, &observed);
            }
        }
    }

    /// Updates every parameter. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        operations: &O,
        optimizer: &Optimizer,
        step: usize,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<(), DeviceError<O>> {
        for parameters in self.parameters() {
            operations.update(parameters, optimizer, step, gradients)?;
        }
        Ok(())
    }

    /// The batch-norm layers, in order.
    pub(super) fn normalizations(&mut self) -> impl Iterator<Item = &mut Normalization<O>> {
        self.rest.iter_mut().filter_map(|stage| match stage {
            Stage::Normalization(normalization) => Some(normalization),
            Stage::Chain(_) | Stage::Dropout { .. } => None,
        })
    }

    /// All parameters, stage by stage.
    fn parameters(&mut self) -> impl Iterator<Item = &mut O::Parameters> {
        let rest = self.rest.iter_mut().filter_map(|stage| match stage {
            Stage::Chain(chain) => Some(&mut chain.parameters),
            Stage::Normalization(normalization) => Some(&mut normalization.parameters),
            Stage::Dropout { .. } => None,
        });
        std::iter::once(&mut self.first.parameters).chain(rest)
    }
}

#[cfg(test)]
impl<O: Operations> Sequence<O> {
    /// Replaces each parameter by the result of `replace`, layer by layer: weight, then bias;
    /// scale, then shift.
    pub(super) fn replace(
        &mut self,
        operations: &O,
        replace: &mut dyn FnMut(Vec<f32>) -> Vec<f32>,
    ) {
        let places = self.places();
        for (parameters, places) in self.parameters().zip(places) {
            let mut values = operations.values(parameters);
            for place in places {
                let replaced = replace(values[place.clone()].to_vec());
                values[place].copy_from_slice(&replaced);
            }
            operations.set(parameters, &values);
        }
    }

    /// The gradient of each parameter, in the order of [`Sequence::replace`].
    pub(super) fn parameter_gradients(
        &mut self,
        operations: &O,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Vec<Vec<f32>> {
        let places = self.places();
        let mut found = Vec::new();
        for (parameters, places) in self.parameters().zip(places) {
            let gradient = operations.gradient(parameters, gradients);
            found.extend(places.into_iter().map(|place| gradient[place].to_vec()));
        }
        found
    }

    /// The places of all weights and biases, scales and shifts in each array of parameters.
    fn places(&self) -> Vec<Vec<Range<usize>>> {
        let of_rest = self.rest.iter().filter_map(|stage| match stage {
            Stage::Chain(chain) => Some(places(&chain.chain)),
            Stage::Normalization(Normalization { channels, .. }) => {
                Some(vec![0..*channels, *channels..2 * channels])
            }
            Stage::Dropout { .. } => None,
        });
        std::iter::once(places(&self.first.chain)).chain(of_rest).collect()
    }
}

impl<O: Operations> Stage<O> {
    fn forward<T: Tape<f32, O::Device>>(
        &self,
        operations: &O,
        x: Matrix<O::Device, T>,
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Matrix<O::Device, T> {
        match (self, mode) {
            (Self::Chain(TrainedChain { chain, parameters }), _) => {
                operations.chain(chain, parameters, x)
            }
            (Self::Normalization(layer), mode) => {
                let Normalization { parameters, epsilon, running, channels, .. } = layer;
                match mode {
                    Mode::Inference => {
                        operations.normalize(parameters, *epsilon, Some(running), x).0
                    }
                    Mode::Training { observed, .. } => {
                        let n = x.shape().num_elements() / channels;
                        let (y, statistics) = operations.normalize(parameters, *epsilon, None, x);
                        observed.push(Observed { statistics, n });
                        y
                    }
                }
            }
            (Self::Dropout { probability }, Mode::Training { dropout: Some(dropout), .. }) => {
                let kept = 1.0 / (1.0 - probability);
                let shape = *x.shape();
                let draw = |_| if dropout.unit() < *probability { 0.0 } else { kept };
                let mask = (0..shape.0 * shape.1).map(draw).collect::<Vec<_>>();
                x * operations.upload(&mask, shape)
            }
            (Self::Dropout { .. }, _) => x,
        }
    }
}

/// `layers` with each max-pooling moved before the activation that precedes it. Activations are
/// non-decreasing, so the values are the same up to rounding, and fewer activations are computed.
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

/// Removes the next layer if it is an activation, and returns it.
fn next_activation<'l, S>(
    steps: &mut Peekable<impl Iterator<Item = (&'l Layer, S)>>,
) -> Option<Activation> {
    let (layer, _) = steps.next_if(|(layer, _)| activation(layer).is_some())?;
    activation(layer)
}

fn max_pool(layer: &Layer, input: run::Shape, output: run::Shape) -> MaxPool {
    match *layer {
        Layer::MaxPool2d { size, stride } => {
            MaxPool { input: image(input), output: image(output), size, stride }
        }
        _ => unreachable!("only called for max-pooling"),
    }
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

/// The activation of `layer`. Returns `None` if the layer is no activation.
pub(super) fn activation(layer: &Layer) -> Option<Activation> {
    match layer {
        Layer::Relu => Some(Activation::Relu),
        Layer::Sigmoid => Some(Activation::Sigmoid),
        Layer::Tanh => Some(Activation::Tanh),
        _ => None,
    }
}
