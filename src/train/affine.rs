//! What a convolution and a linear layer have in common.

use dfdx::prelude::*;

use super::activation::Activation;
use super::parameter::Parameter;
use super::rows::Slopes;
use crate::random::Stream;
use crate::run::Optimizer;

/// y = activation(weight ∗ x + bias), with ∗ a matrix product or a convolution.
pub(super) struct Affine<D: Device<f32>> {
    /// A row for each input that an output depends on, a column for each output channel. The rows
    /// of a kernel are in height, width, input channel order.
    pub(super) weight: Parameter<(usize, usize), D>,
    pub(super) bias: Parameter<(usize,), D>,
    pub(super) activation: Option<Activation>,
    /// Whether nothing in front is trained, so that nobody asks for the gradient of the input.
    pub(super) is_first: bool,
}

impl<D: Device<f32>> Affine<D> {
    /// Parameters drawn from `stream`, weight first.
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
        slopes: &mut Slopes<D>,
    ) -> Result<(), D::Err> {
        self.weight.update(optimizer, step, slopes)?;
        self.bias.update(optimizer, step, slopes)
    }
}
