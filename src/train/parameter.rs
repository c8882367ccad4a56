//! A trainable tensor of dfdx and the state of its optimiser.

use dfdx::prelude::*;
use dfdx::tensor_ops::{AdamConfig, Momentum, SgdConfig};

use super::tensor::Vector;
use crate::run::Optimizer;

/// A trainable vector.
pub(super) struct Parameter<D: Device<f32>> {
    pub(super) value: Vector<D>,
    /// First moment of the gradient (Adam), or velocity (SGD with momentum).
    first: Gradients<f32, D>,
    /// Second moment of the gradient (Adam).
    second: Gradients<f32, D>,
}

impl<D: Device<f32>> Parameter<D> {
    /// A parameter with the given initial values.
    pub(super) fn new(device: &D, values: Vec<f32>) -> Self {
        let shape = (values.len(),);
        let value = device.tensor_from_vec(values, shape);
        Self { value, first: Gradients::leaky(), second: Gradients::leaky() }
    }

    /// Updates the values. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: usize,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        let gradient = gradients.get_or_alloc_mut(&self.value)?;
        let ghost = self.value.ghost();
        let first = self.first.get_or_alloc_mut(&ghost)?;
        match *optimizer {
            Optimizer::Adam { lr, beta1, beta2, epsilon } => {
                let second = self.second.get_or_alloc_mut(&ghost)?;
                let adam =
                    AdamConfig { lr, betas: [beta1, beta2], eps: epsilon, weight_decay: None };
                let step = i32::try_from(step).unwrap_or(i32::MAX);
                adam.try_update(step, &mut self.value, first, second, gradient)
            }
            Optimizer::Sgd { lr, momentum } => {
                let momentum = (momentum > 0.0).then_some(Momentum::Classic(momentum));
                let sgd = SgdConfig { lr, momentum, weight_decay: None };
                sgd.try_update(&mut self.value, first, gradient)
            }
        }
    }
}
