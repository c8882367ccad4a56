//! A chain of layers whose result for one example does not depend on the other examples: all layers
//! but batch-norm, dropout and residual layers.
//!
//! All parameters of a chain are in one array, so an optimiser updates them in one pass. Each array
//! begins at a multiple of the widest vector. A chain keeps its values in memory of its own, from
//! the first layer to the last, and so does its backward pass.

use std::ops::Range;

use super::activation::Activation;
use super::avg_pool::{means_of_images, means_of_images_gradient};
use super::batch::BatchMut;
use super::convolution::{ConvolvePool, Gradients, Images};
use super::elementwise::swap_outer;
use super::kept::{BackwardMemory, Kept, KeptLayer};
use super::lanes::WIDEST;
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::prepared::{First, Prepared};
use super::self_gated::SelfGated;
use super::shape::{Example, Image, Pool};
use super::support::Support;
use super::workspace::Workspace;

/// The layers of a chain, in order, and where their parameters are.
#[derive(Clone, Debug)]
pub struct Chain {
    layers: Vec<Placed>,
    parameters: usize,
    input: Example,
    output: Example,
}

/// A layer and the places of its weight and its bias among the parameters of the chain. Both are
/// empty if the layer is not trained.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The layer.
    pub layer: ChainLayer,
    /// The place of the weight: one row for each input that an output depends on, one column for
    /// each output channel. The rows of a kernel are in height, width, input channel order.
    pub weight: Range<usize>,
    /// The place of the bias: one value for each output channel.
    pub bias: Range<usize>,
    input: Example,
    output: Example,
}

/// One layer of a chain. Batches of images are stored as [`ConvolvePool`] needs them. Batches of
/// vectors have one row for each example.
#[derive(Clone, Debug)]
pub enum ChainLayer {
    /// A convolution, the max-pooling that may follow it, and an activation.
    ConvolvePool(Box<ConvolvePool>, Option<Activation>),
    /// Max-pooling alone.
    MaxPool(Pool),
    /// Average pooling.
    AvgPool(Pool),
    /// Images to the means of their channels.
    GlobalAvgPool(Image),
    /// Images to vectors, in height, width, channel order.
    Flatten(Image),
    /// A linear layer and an activation.
    Linear(Linear, Option<Activation>),
    /// Layer normalisation. The weight is the scale of each value, and the bias its shift.
    LayerNorm(LayerNorm),
    /// An activation alone.
    Activation(Activation),
    /// An activation whose gradient needs its input.
    SelfGated(SelfGated),
}

/// The examples that go into a chain.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The values of a batch.
    pub values: &'a [f32],
    /// What [`Chain::prepare`] has made of them, if they go through the chain many times.
    pub prepared: &'a Prepared,
}

impl Chain {
    /// A chain without layers, for examples of this size.
    #[must_use]
    pub fn new(input: Example) -> Self {
        Self { layers: Vec::new(), parameters: 0, input, output: input }
    }

    /// Appends a layer, and returns it with its place.
    pub fn push(&mut self, layer: ChainLayer) -> &Placed {
        let [fan_in, channels] = layer.sizes();
        let weight = self.parameters..self.parameters + fan_in * channels;
        let start = weight.end.next_multiple_of(WIDEST);
        let bias = start..start + channels;
        self.parameters = bias.end.next_multiple_of(WIDEST);
        let input = self.output;
        self.output = layer.output(input);
        self.layers.push(Placed { layer, weight, bias, input, output: self.output });
        &self.layers[self.layers.len() - 1]
    }

    /// An example that comes in.
    #[must_use]
    pub fn input(&self) -> Example {
        self.input
    }

    /// An example that comes out.
    #[must_use]
    pub fn output(&self) -> Example {
        self.output
    }

    /// The layers, in order.
    #[must_use]
    pub fn layers(&self) -> &[Placed] {
        &self.layers
    }

    /// Number of values in the array of the parameters.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The first layer, with only the sizes that [`Self::prepare`] uses.
    #[must_use]
    pub fn first(&self) -> First {
        match self.layers.first().map(|placed| &placed.layer) {
            Some(ChainLayer::Linear(linear, _)) => First::Linear(*linear),
            Some(ChainLayer::ConvolvePool(operation, _)) => {
                First::ConvolvePool(operation.convolution(), operation.pool())
            }
            _ => First::Other,
        }
    }

    /// Prepares examples that pass through this chain many times.
    #[must_use]
    pub fn prepare(&self, values: &[f32]) -> Prepared {
        match self.layers.first().map(|placed| &placed.layer) {
            Some(ChainLayer::Linear(linear, _)) => {
                Prepared::Support(Support::new(values, linear.inputs))
            }
            Some(ChainLayer::ConvolvePool(operation, _)) => {
                operation.frames(values).map_or(Prepared::Nothing, Prepared::Frames)
            }
            _ => Prepared::Nothing,
        }
    }

    /// Passes `n` examples through the layers. Returns the values that the last one puts out, or
    /// those of `input` if there is no layer. `is_kept` says whether a backward pass follows.
    pub fn forward<'k>(
        &self,
        n: usize,
        input: Input<'k>,
        parameters: &[f32],
        kept: &'k mut Kept,
        is_kept: bool,
        workspace: &mut Workspace,
    ) -> &'k [f32] {
        let Input { values, prepared } = input;
        let layers = &mut kept.layers;
        layers.resize_with(layers.len().max(self.layers.len()), KeptLayer::default);
        for (index, placed) in self.layers.iter().enumerate() {
            let Placed { layer, weight, bias, input, output } = placed;
            let (before, rest) = layers.split_at_mut(index);
            let (x, frames, x_support) = match before.last() {
                Some(KeptLayer { output, support, .. }) => (&**output, None, support.as_ref()),
                None => (values, prepared.frames(), prepared.support()),
            };
            let x = &x[..n * input.len()];
            let len = n * output.len();
            let KeptLayer { output: y, support, argmax } = &mut rest[0];
            let y = y.room(len);
            let found = support.take();
            match layer {
                ChainLayer::ConvolvePool(operation, activation) => {
                    let argmax = is_kept.then(|| argmax.room(len));
                    let [weight, bias] = [weight, bias].map(|place| &parameters[place.clone()]);
                    let x = Images { values: x, frames };
                    operation.forward(x, weight, bias, y, argmax, workspace);
                    apply(*activation, y);
                }
                ChainLayer::MaxPool(pool) => {
                    let lanes = n * pool.input.channels;
                    let [y, argmax] =
                        [y, argmax.room(len)].map(|pixels| BatchMut { pixels, stride: lanes });
                    pool.maxima(x, lanes, y, argmax);
                }
                ChainLayer::AvgPool(pool) => pool.means(x, n * pool.input.channels, y),
                ChainLayer::GlobalAvgPool(image) => means_of_images(*image, x, y),
                ChainLayer::Flatten(image) => swap_outer(x, n, image.channels, y),
                ChainLayer::Linear(linear, activation) => {
                    let (weight, bias) = (&parameters[weight.start..], &parameters[bias.clone()]);
                    linear.forward(x, x_support, weight, bias, y, workspace);
                    apply(*activation, y);
                    // The next layer or the backward pass reads it.
                    let is_read = is_kept || index + 1 < self.layers.len();
                    if is_read && *activation == Some(Activation::Relu) {
                        support.insert(found.unwrap_or_default()).find(y, linear.outputs);
                    }
                }
                ChainLayer::LayerNorm(norm) => {
                    let [scale, shift] = [weight, bias].map(|place| &parameters[place.clone()]);
                    norm.forward(x, scale, shift, y, workspace);
                }
                ChainLayer::Activation(activation) => {
                    y.copy_from_slice(x);
                    activation.apply(y);
                }
                ChainLayer::SelfGated(activation) => {
                    y.copy_from_slice(x);
                    activation.apply(y);
                }
            }
        }
        match self.layers.len() {
            0 => values,
            layers => &kept.layers[layers - 1].output[..n * self.output.len()],
        }
    }

    /// Adds to the gradient of the parameters. Returns the gradient of `input`. If `wants_input` is
    /// false, the returned values mean nothing. The gradient of the output is in `memory`.
    #[expect(clippy::too_many_arguments, reason = "both ends of the chain and its memory")]
    pub fn backward<'m>(
        &self,
        n: usize,
        input: Input<'_>,
        parameters: &[f32],
        kept: &Kept,
        dparameters: &mut [f32],
        wants_input: bool,
        memory: &'m mut BackwardMemory,
        workspace: &mut Workspace,
    ) -> &'m [f32] {
        let Input { values, prepared } = input;
        let [from, to] = &mut memory.gradients;
        let (mut from, mut to) = (from, to);
        for (index, placed) in self.layers.iter().enumerate().rev() {
            let Placed { layer, weight, bias, input, output } = placed;
            let (x, frames, x_support) = match kept.layers[..index].last() {
                Some(KeptLayer { output, support, .. }) => (&**output, None, support.as_ref()),
                None => (values, prepared.frames(), prepared.support()),
            };
            let x = &x[..n * input.len()];
            let len = n * output.len();
            let KeptLayer { output: y, support, argmax } = &kept.layers[index];
            let y = &y[..len];
            let wants_input = wants_input || index > 0;
            let dx_len = x.len();
            match layer {
                ChainLayer::ConvolvePool(operation, activation) => {
                    let dy = from.room(len);
                    apply_backward(*activation, y, dy);
                    let (dweight, dbias) = places(dparameters, weight, bias);
                    let input = wants_input.then(|| to.room(dx_len));
                    let gradients = Gradients { weight: dweight, bias: dbias, input };
                    let weight = &parameters[weight.clone()];
                    let x = Images { values: x, frames };
                    operation.backward(x, weight, argmax, dy, gradients, workspace);
                }
                ChainLayer::MaxPool(pool) => {
                    let lanes = n * pool.input.channels;
                    let dx = to.room(dx_len);
                    pool.maxima_gradient(argmax, from, lanes, dx, lanes);
                }
                ChainLayer::AvgPool(pool) => {
                    let lanes = n * pool.input.channels;
                    pool.means_gradient(&from[..len], lanes, to.room(dx_len));
                }
                ChainLayer::GlobalAvgPool(image) => {
                    means_of_images_gradient(*image, &from[..len], to.room(dx_len));
                }
                ChainLayer::Flatten(image) => {
                    swap_outer(&from[..len], image.area(), image.channels, to.room(dx_len));
                }
                ChainLayer::Linear(linear, activation) => {
                    apply_backward(*activation, y, from.room(len));
                    let (dweight, dbias) = places(dparameters, weight, bias);
                    let dx = wants_input.then(|| to.room(dx_len));
                    let weight = &parameters[weight.start..];
                    // The gradient is zero where the output of ReLU is.
                    let (x, dy) = ((x, x_support), (&**from, support.as_ref()));
                    linear.backward(n, x, weight, dy, dweight, dbias, dx, workspace);
                }
                ChainLayer::LayerNorm(norm) => {
                    let (dscale, dshift) = places(dparameters, weight, bias);
                    let (scale, dx) = (&parameters[weight.clone()], to.room(dx_len));
                    norm.backward(x, scale, &from[..len], dscale, dshift, dx, workspace);
                }
                ChainLayer::Activation(activation) => {
                    activation.backward(y, from.room(len));
                    continue;
                }
                ChainLayer::SelfGated(activation) => {
                    activation.backward(x, from.room(len));
                    continue;
                }
            }
            std::mem::swap(&mut from, &mut to);
        }
        if wants_input { &from[..n * self.input.len()] } else { &[] }
    }
}

impl Placed {
    /// The number of inputs that each output depends on. It is 0 if the layer is not trained.
    #[must_use]
    pub fn fan_in(&self) -> usize {
        self.weight.len().checked_div(self.bias.len()).unwrap_or(0)
    }
}

impl ChainLayer {
    /// An example that comes out, if `input` comes in.
    fn output(&self, input: Example) -> Example {
        match self {
            Self::ConvolvePool(operation, _) => Example::Image(operation.output()),
            Self::MaxPool(pool) | Self::AvgPool(pool) => Example::Image(pool.output),
            Self::GlobalAvgPool(image) => Example::Vector(image.channels),
            Self::Flatten(image) => Example::Vector(image.len()),
            Self::Linear(linear, _) => Example::Vector(linear.outputs),
            Self::LayerNorm(_) | Self::Activation(_) | Self::SelfGated(_) => input,
        }
    }

    /// The number of inputs that each output depends on, and the number of output channels. Both are
    /// 0 if the layer is not trained.
    fn sizes(&self) -> [usize; 2] {
        match self {
            Self::ConvolvePool(operation, _) => {
                let convolution = operation.convolution();
                [convolution.fan_in(), convolution.output.channels]
            }
            Self::Linear(linear, _) => [linear.inputs, linear.outputs],
            Self::LayerNorm(norm) => [1, norm.example.len()],
            _ => [0, 0],
        }
    }
}

fn apply(activation: Option<Activation>, values: &mut [f32]) {
    if let Some(activation) = activation {
        activation.apply(values);
    }
}

fn apply_backward(activation: Option<Activation>, y: &[f32], dy: &mut [f32]) {
    if let Some(activation) = activation {
        activation.backward(y, dy);
    }
}

/// The parts of the gradient that belong to a weight and to its bias.
fn places<'g>(
    gradient: &'g mut [f32],
    weight: &Range<usize>,
    bias: &Range<usize>,
) -> (&'g mut [f32], &'g mut [f32]) {
    let (before, after) = gradient.split_at_mut(bias.start);
    (&mut before[weight.clone()], &mut after[..bias.len()])
}
