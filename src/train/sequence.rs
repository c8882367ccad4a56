//! A layer list with its parameters. Each convolution is joined with the pooling after it.

use std::iter::Peekable;
use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::normalization::{Moments, Normalization};
use super::operations::Operations;
use super::tensor::{Matrix, upload};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::shape::{Convolution, Image, MaxPool};
use crate::random::Stream;
use crate::run::{self, Layer, Optimizer};

/// How a pass applies batch-norm and dropout.
pub(super) enum Mode<'m> {
    /// Batch-norm uses the statistics of the batch and appends them to `observed`. Dropout draws
    /// from its stream, or is off without one.
    Training { dropout: Option<&'m mut Stream>, observed: &'m mut Vec<Moments> },
    /// Batch-norm uses its running statistics. Dropout is off.
    Inference,
}

/// The stages of a layer list, in order.
pub(super) struct Sequence<D: Device<f32>> {
    stages: Vec<Stage<D>>,
}

enum Stage<D: Device<f32>> {
    ConvolvePool { operation: Rc<ConvolvePool>, affine: Affine<D> },
    MaxPool(MaxPool),
    Flatten { image: Image, is_first: bool },
    Linear(Affine<D>),
    Normalization(Normalization<D>),
    Dropout { probability: f32 },
    Activation(Activation),
}

impl<D: Device<f32>> Sequence<D> {
    /// The stages of `layers`, with parameters drawn from `stream`.
    ///
    /// # Panics
    /// Panics if the layers do not fit together. Experiments are checked for that when they are
    /// read.
    pub(super) fn new(
        device: &D,
        layers: &[Layer],
        input: run::Shape,
        stream: &mut Stream,
    ) -> Self {
        let layers = pool_before_activation(layers);
        let shapes = run::infer(&layers, input).expect("layers are checked when they are read");
        let inputs = std::iter::once(input).chain(shapes.iter().copied());
        let mut steps = layers.iter().zip(inputs.zip(shapes.iter().copied())).peekable();
        let mut stages = Vec::with_capacity(layers.len());
        // The images are given. The input of the head comes from the branches, which are trained.
        let mut is_first = matches!(input, run::Shape::Image { .. });
        while let Some((layer, (input, output))) = steps.next() {
            let mut affine = |fan_in: usize, outputs: usize, activation: Option<Activation>| {
                Affine::new(device, fan_in, outputs, activation, is_first, stream)
            };
            let stage = match *layer {
                Layer::Conv2d { channels, kernel, stride, padding } => {
                    let (input, output) = (image(input), image(output));
                    let convolution = Convolution { input, output, kernel, stride, padding };
                    let pool = steps.next_if(|(next, _)| matches!(next, Layer::MaxPool2d { .. }));
                    let pool = pool.map(|(layer, (input, output))| max_pool(layer, input, output));
                    let operation = Rc::new(ConvolvePool::new(convolution, pool));
                    let activation = next_activation(&mut steps);
                    let affine = affine(convolution.fan_in(), channels, activation);
                    Stage::ConvolvePool { operation, affine }
                }
                Layer::MaxPool2d { .. } => Stage::MaxPool(max_pool(layer, input, output)),
                // A vector is flat already.
                Layer::Flatten if input == output => continue,
                Layer::Flatten => Stage::Flatten { image: image(input), is_first },
                Layer::Linear { outputs } => {
                    Stage::Linear(affine(input.len(), outputs, next_activation(&mut steps)))
                }
                Layer::BatchNorm { epsilon, momentum } => Stage::Normalization(Normalization::new(
                    device,
                    input.channels(),
                    epsilon,
                    momentum,
                )),
                Layer::Dropout { probability } => {
                    Stage::Dropout { probability: probability as f32 }
                }
                Layer::Relu => Stage::Activation(Activation::Relu),
                Layer::Sigmoid => Stage::Activation(Activation::Sigmoid),
                Layer::Tanh => Stage::Activation(Activation::Tanh),
            };
            is_first &= matches!(stage, Stage::Flatten { .. });
            stages.push(stage);
        }
        Self { stages }
    }

    /// Number of leading stages whose result for one example does not depend on the rest of the
    /// batch, on a draw, or on the mode.
    pub(super) fn fixed_stages(&self) -> usize {
        let varies =
            |stage: &Stage<D>| matches!(stage, Stage::Normalization(_) | Stage::Dropout { .. });
        self.stages.iter().position(varies).unwrap_or(self.stages.len())
    }

    /// Whether [`Sequence::forward_fixed`] returns a batch of images.
    pub(super) fn fixed_gives_images(&self) -> bool {
        let is_image = |stage: &Stage<D>| match stage {
            Stage::ConvolvePool { .. } | Stage::MaxPool(_) => Some(true),
            Stage::Flatten { .. } | Stage::Linear(_) => Some(false),
            Stage::Normalization(_) | Stage::Dropout { .. } | Stage::Activation(_) => None,
        };
        self.stages[..self.fixed_stages()].iter().rev().find_map(is_image).unwrap_or(true)
    }

    /// Applies all stages.
    pub(super) fn forward<T: Tape<f32, D>>(
        &self,
        operations: &impl Operations<Device = D>,
        x: Matrix<D, T>,
        mode: &mut Mode<'_>,
    ) -> Matrix<D, T> {
        self.stages.iter().fold(x, |x, stage| stage.forward(operations, x, mode))
    }

    /// Applies the stages that [`Sequence::fixed_stages`] counts.
    pub(super) fn forward_fixed(
        &self,
        operations: &impl Operations<Device = D>,
        x: Matrix<D>,
    ) -> Matrix<D> {
        let fixed = &self.stages[..self.fixed_stages()];
        fixed.iter().fold(x, |x, stage| stage.forward(operations, x, &mut Mode::Inference))
    }

    /// Applies all other stages.
    pub(super) fn forward_rest(
        &self,
        operations: &impl Operations<Device = D>,
        x: Matrix<D>,
        mode: &mut Mode<'_>,
    ) -> Matrix<D> {
        let rest = &self.stages[self.fixed_stages()..];
        rest.iter().fold(x, |x, stage| stage.forward(operations, x, mode))
    }

    /// Updates the running statistics with those that a training pass has observed, in order.
    pub(super) fn observe(&mut self, observed: &mut impl Iterator<Item = Moments>) {
        for stage in &mut self.stages {
            if let Stage::Normalization(normalization) = stage
                && let Some(moments) = observed.next()
            {
                normalization.observe(&moments);
            }
        }
    }

    /// Updates every parameter. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: i32,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        for stage in &mut self.stages {
            match stage {
                Stage::ConvolvePool { affine, .. } | Stage::Linear(affine) => {
                    affine.update(optimizer, step, gradients)?;
                }
                Stage::Normalization(normalization) => {
                    normalization.update(optimizer, step, gradients)?;
                }
                Stage::MaxPool(_)
                | Stage::Flatten { .. }
                | Stage::Dropout { .. }
                | Stage::Activation(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl<D: Device<f32>> Sequence<D> {
    /// Replaces each parameter by the result of `replace`, layer by layer: weight, then bias;
    /// scale, then shift.
    pub(super) fn replace(&mut self, replace: &mut dyn FnMut(Vec<f32>) -> Vec<f32>) {
        for stage in &mut self.stages {
            match stage {
                Stage::ConvolvePool { affine, .. } | Stage::Linear(affine) => {
                    affine.weight.replace(replace);
                    affine.bias.replace(replace);
                }
                Stage::Normalization(normalization) => {
                    normalization.scale.replace(replace);
                    normalization.shift.replace(replace);
                }
                Stage::MaxPool(_)
                | Stage::Flatten { .. }
                | Stage::Dropout { .. }
                | Stage::Activation(_) => {}
            }
        }
    }

    /// The batch-norm layers, in order.
    pub(super) fn normalizations(&mut self) -> impl Iterator<Item = &mut Normalization<D>> {
        self.stages.iter_mut().filter_map(|stage| match stage {
            Stage::Normalization(normalization) => Some(normalization),
            _ => None,
        })
    }

    /// The gradient of each parameter, in the order of [`Sequence::replace`].
    pub(super) fn parameter_gradients(&self, gradients: &mut Gradients<f32, D>) -> Vec<Vec<f32>> {
        let mut found = Vec::new();
        for stage in &self.stages {
            match stage {
                Stage::ConvolvePool { affine, .. } | Stage::Linear(affine) => {
                    let Affine { weight, bias, .. } = affine;
                    found.extend([weight.gradient(gradients), bias.gradient(gradients)]);
                }
                Stage::Normalization(Normalization { scale, shift, .. }) => {
                    found.extend([scale.gradient(gradients), shift.gradient(gradients)]);
                }
                Stage::MaxPool(_)
                | Stage::Flatten { .. }
                | Stage::Dropout { .. }
                | Stage::Activation(_) => {}
            }
        }
        found
    }
}

/// `layers` with each max-pooling moved before the activation that precedes it. Activations are
/// non-decreasing, so the values are the same up to rounding, and fewer activations are computed.
fn pool_before_activation(layers: &[Layer]) -> Vec<Layer> {
    let mut layers = layers.to_vec();
    for index in 1..layers.len() {
        let pools = matches!(layers[index], Layer::MaxPool2d { .. });
        if pools && Activation::of(&layers[index - 1]).is_some() {
            layers.swap(index - 1, index);
        }
    }
    layers
}

/// Removes the next layer if it is an activation, and returns it.
fn next_activation<'l, S>(
    steps: &mut Peekable<impl Iterator<Item = (&'l Layer, S)>>,
) -> Option<Activation> {
    let (layer, _) = steps.next_if(|(layer, _)| Activation::of(layer).is_some())?;
    Activation::of(layer)
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

impl<D: Device<f32>> Stage<D> {
    fn forward<T: Tape<f32, D>>(
        &self,
        operations: &impl Operations<Device = D>,
        x: Matrix<D, T>,
        mode: &mut Mode<'_>,
    ) -> Matrix<D, T> {
        match (self, mode) {
            (Self::ConvolvePool { operation, affine }, _) => {
                operations.convolve_pool(operation, affine, x)
            }
            (Self::MaxPool(pool), _) => operations.max_pool(*pool, x),
            (Self::Flatten { image, is_first }, _) => operations.flatten(*image, *is_first, x),
            (Self::Linear(affine), _) => operations.linear(affine, x),
            (Self::Normalization(normalization), Mode::Training { observed, .. }) => {
                let (y, moments) = normalization.with_batch(x);
                observed.push(moments);
                y
            }
            (Self::Normalization(normalization), Mode::Inference) => normalization.with_running(x),
            (Self::Dropout { probability }, Mode::Training { dropout: Some(dropout), .. }) => {
                let kept = 1.0 / (1.0 - probability);
                let shape = *x.shape();
                let draw = |_| if dropout.unit() < *probability { 0.0 } else { kept };
                let mask = (0..shape.0 * shape.1).map(draw).collect::<Vec<_>>();
                let mask = upload(x.device(), &mask, shape);
                x * mask
            }
            (Self::Dropout { .. }, _) => x,
            (Self::Activation(activation), _) => operations.activate(*activation, x),
        }
    }
}
