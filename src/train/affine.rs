//! The parameters of a convolution or a linear layer.

use dfdx::prelude::*;

use super::activation::Activation;
use super::parameter::Parameter;
use crate::random::Stream;
use crate::run::Optimizer;

/// A layer y = activation(weight ∗ x + bias), with ∗ a matrix product or a convolution.
pub(super) struct Affine<D: Device<f32>> {
    /// One row for each input that an output depends on, and one column for each output channel.
    /// The rows of a kernel are in height, width, input channel order.
    pub(super) weight: Parameter<(usize, usize), D>,
    pub(super) bias: Parameter<(usize,), D>,
    pub(super) activation: Option<Activation>,
    /// Whether no layer before this one is trained. Then the gradient of the input is not needed.
    pub(super) is_first: bool,
}

impl<D: Device<f32>> Affine<D> {
    /// A layer with parameters drawn from `stream`: the weight, then the bias.
    pub(super) fn new(
        device: &D,
        fan_in: usize,
        outputs: usize,
        activation: Option<Activation>,
        is_first: bool,
        stream: &mut Stream,
    ) -> Self {
        Self {
            weight: Parameter::uniform(device, fan_in, stream, (fan_in, outputs)),
            bias: Parameter::uniform(device, fan_in, stream, (outputs,)),
            activation,
            is_first,
        }
    }

    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: i32,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        self.weight.update(optimizer, step, gradients)?;
        self.bias.update(optimizer, step, gradients)
    }
}
