//! A layer list with its parameters. [`assembly`](super::assembly) makes it from the list.

use std::ops::Range;
use std::rc::Rc;

use dfdx::prelude::*;

use super::normalization::{Normalization, Observed};
use super::operations::{DeviceError, Operations};
use super::tensor::{Matrix, image_rows};
use crate::kernel::chain::Chain;
use crate::kernel::shape::Example;
use crate::random::Stream;
use crate::run::Optimizer;

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
    pub(super) first: TrainedChain<O>,
    pub(super) rest: Vec<Stage<O>>,
}

/// A chain with its parameters.
pub(super) struct TrainedChain<O: Operations> {
    pub(super) chain: Rc<Chain>,
    pub(super) parameters: O::Parameters,
}

/// What follows the first chain.
pub(super) enum Stage<O: Operations> {
    Chain(TrainedChain<O>),
    Normalization(Normalization<O>),
    Dropout { probability: f32 },
}

/// The places of all weights and biases of a chain.
pub(super) fn places(chain: &Chain) -> Vec<Range<usize>> {
    let layers = chain.layers().iter().filter(|placed| !placed.bias.is_empty());
    layers.flat_map(|placed| [placed.weight.clone(), placed.bias.clone()]).collect()
}

impl<O: Operations> Sequence<O> {
    /// Prepares images for [`Sequence::first`]. They are given image by image, `pixels` values each:
    /// first those of one digit, then those of the other, if there are two digits. `is_kept` says whether they pass
    /// through the network many times.
    pub(super) fn images(
        &self,
        operations: &O,
        images: Vec<f32>,
        pixels: usize,
        digits: usize,
        is_kept: bool,
    ) -> O::Images {
        let chain = &self.first.chain;
        let values = match chain.input() {
            Example::Vector(_) => images,
            Example::Image(_) => image_rows(&images, pixels),
        };
        operations.images(chain, values, digits, is_kept)
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

    /// Updates every parameter with the learning rate `lr`. `step` counts the updates of the run
    /// from 1.
    pub(super) fn update(
        &mut self,
        operations: &O,
        optimizer: &Optimizer,
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<(), DeviceError<O>> {
        for parameters in self.parameters() {
            operations.update(parameters, optimizer, lr, step, gradients)?;
        }
        Ok(())
    }

    /// The sum of the squares of all gradients, stage by stage.
    pub(super) fn squared_norm(
        &mut self,
        operations: &O,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<f64, DeviceError<O>> {
        let mut sum = 0.0;
        for parameters in self.parameters() {
            sum += operations.squared_norm(parameters, gradients)?;
        }
        Ok(sum)
    }

    /// Multiplies all gradients by `factor`.
    pub(super) fn scale_gradients(
        &mut self,
        operations: &O,
        gradients: &mut Gradients<f32, O::Device>,
        factor: f32,
    ) -> Result<(), DeviceError<O>> {
        for parameters in self.parameters() {
            operations.scale_gradient(parameters, gradients, factor)?;
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
