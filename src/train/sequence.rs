//! A layer list made ready to run: parameters in place, convolutions joined with their pooling.

use dfdx::prelude::*;

use super::activation::Activation;
use super::convolution::{Convolution, Image};
use super::max_pool::MaxPool;
use super::normalization::{Moments, Normalization};
use super::operation::{ConvolvePool, Rows, Slopes, max_pool};
use super::parameter::Parameter;
use crate::random::Stream;
use crate::run::{self, Layer, Optimizer};

/// How a pass normalises and drops.
pub(super) enum Mode<'m> {
    /// Training mode: batch-norm uses the batch's own statistics, which are noted in order, and
    /// dropout draws.
    Batch { dropout: &'m mut Stream, observed: &'m mut Vec<Moments> },
    /// Inference mode: running statistics, no dropout.
    Inference,
}

/// Stages in order.
pub(super) struct Sequence {
    stages: Vec<Stage>,
}

enum Stage {
    ConvolvePool {
        operation: ConvolvePool,
        weight: Parameter<(usize, usize)>,
        bias: Parameter<(usize,)>,
    },
    MaxPool(MaxPool),
    Linear {
        weight: Parameter<(usize, usize)>,
        bias: Parameter<(usize,)>,
    },
    Normalization(Normalization),
    Dropout {
        probability: f32,
    },
    Activation(Activation),
}

impl Sequence {
    /// The stages of `layers`, with parameters drawn from `stream`.
    ///
    /// # Panics
    /// If the layers do not fit together; experiments are checked for that when they are read.
    pub(super) fn new(
        device: &Cpu,
        layers: &[Layer],
        input: run::Shape,
        stream: &mut Stream,
    ) -> Self {
        let layers = pool_before_activation(layers);
        let mut stages: Vec<Stage> = Vec::with_capacity(layers.len());
        let mut shape = input;
        for layer in &layers {
            let output = *run::infer(std::slice::from_ref(layer), shape)
                .expect("layers are checked when they are read")
                .last()
                .expect("one layer has one output");
            if let (Layer::MaxPool2d { size, stride }, Some(Stage::ConvolvePool { operation, .. })) =
                (layer, stages.last_mut())
                && operation.pool.is_none()
            {
                operation.pool = Some(MaxPool::new(shape, output, *size, *stride));
            } else {
                let is_first = stages.is_empty();
                stages.extend(stage(device, layer, shape, output, is_first, stream));
            }
            shape = output;
        }
        Self { stages }
    }

    /// Number of leading stages whose result for one example depends on nothing else: neither on
    /// the rest of the batch, nor on a draw, nor on the mode.
    pub(super) fn fixed_stages(&self) -> usize {
        let varies =
            |stage: &Stage| matches!(stage, Stage::Normalization(_) | Stage::Dropout { .. });
        self.stages.iter().position(varies).unwrap_or(self.stages.len())
    }

    /// All stages.
    pub(super) fn forward<T: Tape<f32, Cpu>>(&self, x: Rows<T>, mode: &mut Mode<'_>) -> Rows<T> {
        self.stages.iter().fold(x, |x, stage| stage.forward(x, mode))
    }

    /// The stages of [`Sequence::fixed_stages`] alone.
    pub(super) fn forward_fixed(&self, x: Rows) -> Rows {
        let fixed = &self.stages[..self.fixed_stages()];
        fixed.iter().fold(x, |x, stage| stage.forward(x, &mut Mode::Inference))
    }

    /// The stages that [`Sequence::forward_fixed`] leaves.
    pub(super) fn forward_rest(&self, x: Rows, mode: &mut Mode<'_>) -> Rows {
        let rest = &self.stages[self.fixed_stages()..];
        rest.iter().fold(x, |x, stage| stage.forward(x, mode))
    }

    /// Takes over the statistics that one training pass noted, removing them from the front.
    pub(super) fn observe(&mut self, observed: &mut impl Iterator<Item = Moments>) {
        for stage in &mut self.stages {
            if let Stage::Normalization(normalization) = stage
                && let Some(moments) = observed.next()
            {
                normalization.observe(&moments);
            }
        }
    }

    /// Applies update number `step`, from 1, to every parameter.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: i32,
        slopes: &mut Slopes,
    ) -> Result<(), CpuError> {
        for stage in &mut self.stages {
            match stage {
                Stage::ConvolvePool { weight, bias, .. } | Stage::Linear { weight, bias } => {
                    weight.update(optimizer, step, slopes)?;
                    bias.update(optimizer, step, slopes)?;
                }
                Stage::Normalization(normalization) => {
                    normalization.update(optimizer, step, slopes)?;
                }
                Stage::MaxPool(_) | Stage::Dropout { .. } | Stage::Activation(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl Sequence {
    /// Replaces each parameter by what `exchange` makes of it, layer by layer: weight, then bias;
    /// scale, then shift.
    pub(super) fn exchange(&mut self, exchange: &mut dyn FnMut(Vec<f32>) -> Vec<f32>) {
        for stage in &mut self.stages {
            match stage {
                Stage::ConvolvePool { weight, bias, .. } | Stage::Linear { weight, bias } => {
                    weight.exchange(exchange);
                    bias.exchange(exchange);
                }
                Stage::Normalization(normalization) => {
                    normalization.scale.exchange(exchange);
                    normalization.shift.exchange(exchange);
                }
                Stage::MaxPool(_) | Stage::Dropout { .. } | Stage::Activation(_) => {}
            }
        }
    }

    /// The batch-norm layers, in order.
    pub(super) fn normalizations(&mut self) -> impl Iterator<Item = &mut Normalization> {
        self.stages.iter_mut().filter_map(|stage| match stage {
            Stage::Normalization(normalization) => Some(normalization),
            _ => None,
        })
    }

    /// The gradient of each parameter, in the order of [`Sequence::exchange`].
    pub(super) fn gradients(&self, slopes: &mut Slopes) -> Vec<Vec<f32>> {
        let mut gradients = Vec::new();
        for stage in &self.stages {
            match stage {
                Stage::ConvolvePool { weight, bias, .. } | Stage::Linear { weight, bias } => {
                    gradients.extend([weight.gradient(slopes), bias.gradient(slopes)]);
                }
                Stage::Normalization(normalization) => gradients.extend([
                    normalization.scale.gradient(slopes),
                    normalization.shift.gradient(slopes),
                ]),
                Stage::MaxPool(_) | Stage::Dropout { .. } | Stage::Activation(_) => {}
            }
        }
        gradients
    }
}

/// `layers` with each max-pooling moved before the activation in front of it. Activations are
/// non-decreasing, so the values are the same, of fewer activations.
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

fn stage(
    device: &Cpu,
    layer: &Layer,
    input: run::Shape,
    output: run::Shape,
    is_first: bool,
    stream: &mut Stream,
) -> Option<Stage> {
    Some(match layer {
        Layer::Conv2d { channels, kernel, stride, padding } => {
            let convolution = Convolution {
                input: Image::of(input),
                output: Image::of(output),
                kernel: *kernel,
                stride: *stride,
                padding: *padding,
            };
            let fan_in = convolution.fan_in();
            let shape = (convolution.input.channels, kernel * kernel * channels);
            Stage::ConvolvePool {
                operation: ConvolvePool { convolution, pool: None, is_first },
                weight: Parameter::uniform(device, fan_in, stream, shape),
                bias: Parameter::uniform(device, fan_in, stream, (*channels,)),
            }
        }
        Layer::MaxPool2d { size, stride } => {
            Stage::MaxPool(MaxPool::new(input, output, *size, *stride))
        }
        // Rows are stored in the order that `flatten` promises.
        Layer::Flatten => return None,
        Layer::Linear { outputs } => {
            let fan_in = input.len();
            Stage::Linear {
                weight: Parameter::uniform(device, fan_in, stream, (fan_in, *outputs)),
                bias: Parameter::uniform(device, fan_in, stream, (*outputs,)),
            }
        }
        Layer::BatchNorm { epsilon, momentum } => {
            Stage::Normalization(Normalization::new(device, input.channels(), *epsilon, *momentum))
        }
        Layer::Dropout { probability } => Stage::Dropout { probability: *probability as f32 },
        Layer::Relu => Stage::Activation(Activation::Relu),
        Layer::Sigmoid => Stage::Activation(Activation::Sigmoid),
        Layer::Tanh => Stage::Activation(Activation::Tanh),
    })
}

impl Stage {
    fn forward<T: Tape<f32, Cpu>>(&self, x: Rows<T>, mode: &mut Mode<'_>) -> Rows<T> {
        match (self, mode) {
            (Self::ConvolvePool { operation, weight, bias }, _) => {
                operation.apply(x, &weight.value, &bias.value)
            }
            (Self::MaxPool(pool), _) => max_pool(*pool, x),
            (Self::Linear { weight, bias }, _) => {
                let y = x.matmul(weight.value.clone());
                let shape = *y.shape();
                y + bias.value.retaped::<T>().broadcast_like::<_, Axis<0>>(&shape)
            }
            (Self::Normalization(normalization), Mode::Batch { observed, .. }) => {
                let (y, moments) = normalization.with_batch(x);
                observed.push(moments);
                y
            }
            (Self::Normalization(normalization), Mode::Inference) => normalization.with_running(x),
            (Self::Dropout { probability }, Mode::Batch { dropout, .. }) => {
                let kept = 1.0 / (1.0 - probability);
                let shape = *x.shape();
                let draw = |_| if dropout.unit() < *probability { 0.0 } else { kept };
                let mask = (0..shape.0 * shape.1).map(draw).collect::<Vec<_>>();
                let mask: Rows = x.device().tensor_from_vec(mask, shape);
                x * mask
            }
            (Self::Dropout { .. }, Mode::Inference) => x,
            (Self::Activation(activation), _) => activation.apply(x),
        }
    }
}
