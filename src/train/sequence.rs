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
    pub(super) layers: Vec<Layer>,
    pub(super) input: run::Shape,
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
    Residual(Box<Residual<O>>),
}

/// Two layer lists with the same input, whose outputs are added. Everywhere, the body comes first: in
/// the stream of initial parameters, in dropout's draws, and in the statistics that batch-norm
/// observes.
pub(super) struct Residual<O: Operations> {
    pub(super) body: Sequence<O>,
    /// The input itself if absent.
    pub(super) shortcut: Option<Sequence<O>>,
}

/// What is trained in a stage.
pub(super) enum Part<'s, O: Operations> {
    Chain(&'s TrainedChain<O>),
    Normalization(&'s Normalization<O>),
}

/// What is trained in a stage, to be changed.
pub(super) enum PartMut<'s, O: Operations> {
    Chain(&'s mut TrainedChain<O>),
    Normalization(&'s mut Normalization<O>),
}

impl<'s, O: Operations> Part<'s, O> {
    pub(super) fn parameters(&self) -> &'s O::Parameters {
        match self {
            Self::Chain(chain) => &chain.parameters,
            Self::Normalization(normalization) => &normalization.parameters,
        }
    }

    /// The places of all weights and biases, or of the scale and the shift.
    pub(super) fn places(&self) -> Vec<Range<usize>> {
        match self {
            Self::Chain(chain) => places(&chain.chain),
            Self::Normalization(Normalization { channels, .. }) => {
                vec![0..*channels, *channels..2 * channels]
            }
        }
    }
}

impl<O: Operations> PartMut<'_, O> {
    pub(super) fn parameters(&mut self) -> &mut O::Parameters {
        match self {
            Self::Chain(chain) => &mut chain.parameters,
            Self::Normalization(normalization) => &mut normalization.parameters,
        }
    }
}

/// The places of all weights and biases of a chain.
pub(super) fn places(chain: &Chain) -> Vec<Range<usize>> {
    let layers = chain.layers().iter().filter(|placed| !placed.bias.is_empty());
    layers.flat_map(|placed| [placed.weight.clone(), placed.bias.clone()]).collect()
}

impl<O: Operations> Sequence<O> {
    /// Prepares images for [`Sequence::first`]. They are given image by image: first those of one digit, then those of
    /// the other, if there are two digits. `is_kept` says whether they pass through the network many times.
    pub(super) fn images(
        &self,
        operations: &O,
        images: Vec<f32>,
        digits: usize,
        is_kept: bool,
    ) -> O::Images {
        let chain = &self.first.chain;
        let values = match chain.input() {
            Example::Vector(_) => images,
            Example::Image(image) => image_rows(&images, image.area(), image.channels),
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
        let (mut x, mut stages) = (x, self.rest.iter().peekable());
        while let Some(stage) = stages.next() {
            // A device may pass a batch through both without a tensor between them.
            let then = match stage {
                Stage::Normalization(_) => stages.next_if(|next| matches!(next, Stage::Chain(_))),
                _ => None,
            };
            x = stage.forward(operations, then, x, mode);
        }
        x
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
        for mut part in self.parts_mut() {
            operations.update(part.parameters(), optimizer, lr, step, gradients)?;
        }
        Ok(())
    }

    /// The sum of the squares of all gradients, part by part.
    pub(super) fn squared_norm(
        &self,
        operations: &O,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Result<f64, DeviceError<O>> {
        let mut sum = 0.0;
        for part in self.parts() {
            sum += operations.squared_norm(part.parameters(), gradients)?;
        }
        Ok(sum)
    }

    /// Multiplies all gradients by `factor`.
    pub(super) fn scale_gradients(
        &self,
        operations: &O,
        gradients: &mut Gradients<f32, O::Device>,
        factor: f32,
    ) -> Result<(), DeviceError<O>> {
        for part in self.parts() {
            operations.scale_gradient(part.parameters(), gradients, factor)?;
        }
        Ok(())
    }

    /// The batch-norm layers, in order.
    pub(super) fn normalizations(&mut self) -> Vec<&mut Normalization<O>> {
        let parts = self.parts_mut().into_iter();
        let normalizations = parts.filter_map(|part| match part {
            PartMut::Chain(_) => None,
            PartMut::Normalization(normalization) => Some(normalization),
        });
        normalizations.collect()
    }

    /// All that is trained, in the order of the layers.
    pub(super) fn parts(&self) -> Vec<Part<'_, O>> {
        let mut parts = vec![Part::Chain(&self.first)];
        for stage in &self.rest {
            match stage {
                Stage::Chain(chain) => parts.push(Part::Chain(chain)),
                Stage::Normalization(layer) => parts.push(Part::Normalization(layer)),
                Stage::Dropout { .. } => {}
                Stage::Residual(residual) => {
                    let Residual { body, shortcut } = &**residual;
                    parts.extend(body.parts());
                    parts.extend(shortcut.iter().flat_map(Self::parts));
                }
            }
        }
        parts
    }

    /// All that is trained, in the order of the layers.
    pub(super) fn parts_mut(&mut self) -> Vec<PartMut<'_, O>> {
        let mut parts = vec![PartMut::Chain(&mut self.first)];
        for stage in &mut self.rest {
            match stage {
                Stage::Chain(chain) => parts.push(PartMut::Chain(chain)),
                Stage::Normalization(layer) => parts.push(PartMut::Normalization(layer)),
                Stage::Dropout { .. } => {}
                Stage::Residual(residual) => {
                    let Residual { body, shortcut } = &mut **residual;
                    parts.extend(body.parts_mut());
                    parts.extend(shortcut.iter_mut().flat_map(Self::parts_mut));
                }
            }
        }
        parts
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
        let places: Vec<_> = self.parts().iter().map(Part::places).collect();
        for (mut part, places) in self.parts_mut().into_iter().zip(places) {
            let parameters = part.parameters();
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
        &self,
        operations: &O,
        gradients: &mut Gradients<f32, O::Device>,
    ) -> Vec<Vec<f32>> {
        let mut found = Vec::new();
        for part in self.parts() {
            let gradient = operations.gradient(part.parameters(), gradients);
            found.extend(part.places().into_iter().map(|place| gradient[place].to_vec()));
        }
        found
    }
}

impl<O: Operations> Stage<O> {
    /// Applies the stage, and the chain `then` if this is batch-norm.
    fn forward<T: Tape<f32, O::Device>>(
        &self,
        operations: &O,
        then: Option<&Self>,
        x: Matrix<O::Device, T>,
        mode: &mut Mode<'_, O::Statistics>,
    ) -> Matrix<O::Device, T> {
        match (self, mode) {
            (Self::Chain(TrainedChain { chain, parameters }), _) => {
                operations.chain(chain, parameters, x)
            }
            (Self::Normalization(layer), mode) => {
                let Normalization { parameters, epsilon, running, channels, .. } = layer;
                let then = match then {
                    Some(Self::Chain(TrainedChain { chain, parameters })) => {
                        Some((chain, parameters))
                    }
                    _ => None,
                };
                match mode {
                    Mode::Inference => {
                        operations.normalize(parameters, *epsilon, Some(running), then, x).0
                    }
                    Mode::Training { observed, .. } => {
                        let n = x.shape().num_elements() / channels;
                        let (y, statistics) =
                            operations.normalize(parameters, *epsilon, None, then, x);
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
            (Self::Residual(residual), mode) => {
                let Residual { body, shortcut } = &**residual;
                let y = body.forward(operations, x.retaped::<T>(), mode);
                let x = match shortcut {
                    Some(shortcut) => shortcut.forward(operations, x, mode),
                    None => x,
                };
                y + x
            }
        }
    }
}
