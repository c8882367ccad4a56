//! A trainable tensor and the state of its optimiser.

use dfdx::prelude::*;
use dfdx::tensor_ops::{AdamConfig, Momentum, SgdConfig};

use crate::random::Stream;
use crate::run::Optimizer;

/// A trainable tensor.
pub(super) struct Parameter<S: Shape, D: Device<f32>> {
    pub(super) value: Tensor<S, f32, D>,
    /// First moment of the gradient (Adam), or velocity (SGD with momentum).
    first: Gradients<f32, D>,
    /// Second moment of the gradient (Adam).
    second: Gradients<f32, D>,
}

impl<S: Shape, D: Device<f32>> Parameter<S, D> {
    /// A parameter with the given initial values.
    pub(super) fn new(device: &D, values: Vec<f32>, shape: S) -> Self {
        let value = device.tensor_from_vec(values, shape);
        Self { value, first: Gradients::leaky(), second: Gradients::leaky() }
    }

    /// A parameter with initial values uniform in ±1/√`fan_in`, which is PyTorch's default.
    pub(super) fn uniform(device: &D, fan_in: usize, stream: &mut Stream, shape: S) -> Self {
        let bound = 1.0 / (fan_in as f32).sqrt();
        let values = (0..shape.num_elements()).map(|_| stream.symmetric(bound)).collect();
        Self::new(device, values, shape)
    }

    /// Replaces the values by the result of `replace`.
    #[cfg(test)]
    pub(super) fn replace(&mut self, replace: &mut dyn FnMut(Vec<f32>) -> Vec<f32>) {
        let values = replace(super::tensor::values(&self.value));
        self.value.copy_from(&values);
    }

    /// The gradient of the values in `gradients`.
    #[cfg(test)]
    pub(super) fn gradient(&self, gradients: &mut Gradients<f32, D>) -> Vec<f32> {
        super::tensor::values(&gradients.get(&self.value))
    }

    /// Updates the values. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        step: i32,
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
