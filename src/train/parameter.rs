//! Trainable tensors of dfdx and the state of their optimiser.

use std::ops::Range;

use dfdx::prelude::*;
use dfdx::tensor_ops::{AdamConfig, Momentum, SgdConfig, WeightDecay};

use super::tensor::Vector;
use crate::run::Optimizer;

/// Parameters, with one tensor for each weight and each bias.
pub(super) struct DfdxParameters<D: Device<f32>>(pub(super) Vec<(Range<usize>, Parameter<D>)>);

/// A trainable vector.
pub(super) struct Parameter<D: Device<f32>> {
    pub(super) value: Vector<D>,
    /// First moment of the gradient (Adam), or velocity (SGD with momentum).
    first: Gradients<f32, D>,
    /// Second moment of the gradient (Adam).
    second: Gradients<f32, D>,
    /// Velocity and mean square of the gradient (`RMSprop`).
    rms_prop: Option<[Vector<D>; 2]>,
}

impl<D: Device<f32>> DfdxParameters<D> {
    /// The parameters at this place.
    pub(super) fn at(&self, place: &Range<usize>) -> Vector<D> {
        let parameter = self.0.iter().find(|(own, _)| own == place);
        parameter.expect("a layer was placed with its parameters").1.value.clone()
    }
}

impl<D: Device<f32>> Parameter<D> {
    /// A parameter with the given initial values.
    pub(super) fn new(device: &D, values: Vec<f32>) -> Self {
        let shape = (values.len(),);
        let value = device.tensor_from_vec(values, shape);
        Self { value, first: Gradients::leaky(), second: Gradients::leaky(), rms_prop: None }
    }

    /// Updates the values with the learning rate `lr`. `step` counts the updates of the run from 1.
    pub(super) fn update(
        &mut self,
        optimizer: &Optimizer,
        lr: f64,
        step: usize,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        let l2 = |factor: f64| (factor != 0.0).then_some(WeightDecay::L2(factor));
        match *optimizer {
            Optimizer::Adam { lr: _, beta1, beta2, epsilon: eps, weight_decay } => {
                let weight_decay = l2(weight_decay);
                let adam = AdamConfig { lr, betas: [beta1, beta2], eps, weight_decay };
                self.adam(adam, step, gradients)
            }
            Optimizer::AdamW { lr: _, beta1, beta2, epsilon: eps, weight_decay } => {
                let weight_decay = Some(WeightDecay::Decoupled(weight_decay));
                let adam = AdamConfig { lr, betas: [beta1, beta2], eps, weight_decay };
                self.adam(adam, step, gradients)
            }
            Optimizer::Sgd { lr: _, momentum, nesterov, weight_decay } => {
                let momentum = match nesterov {
                    true => Some(Momentum::Nesterov(momentum)),
                    false => (momentum > 0.0).then_some(Momentum::Classic(momentum)),
                };
                let sgd = SgdConfig { lr, momentum, weight_decay: l2(weight_decay) };
                let first = self.first.get_or_alloc_mut(&self.value.ghost())?;
                let gradient = gradients.get_or_alloc_mut(&self.value)?;
                sgd.try_update(&mut self.value, first, gradient)
            }
            Optimizer::RmsProp { lr: _, alpha, epsilon, momentum, weight_decay } => {
                gradients.try_alloc_for(&self.value)?;
                let mut gradient = gradients.get(&self.value);
                gradient.try_axpy(1.0, &self.value, weight_decay)?;
                self.rms_prop(gradient, [lr, alpha, epsilon, momentum])
            }
        }
    }

    fn adam(
        &mut self,
        adam: AdamConfig,
        step: usize,
        gradients: &mut Gradients<f32, D>,
    ) -> Result<(), D::Err> {
        let ghost = self.value.ghost();
        let first = self.first.get_or_alloc_mut(&ghost)?;
        let second = self.second.get_or_alloc_mut(&ghost)?;
        let step = i32::try_from(step).unwrap_or(i32::MAX);
        let gradient = gradients.get_or_alloc_mut(&self.value)?;
        adam.try_update(step, &mut self.value, first, second, gradient)
    }

    /// The `RMSprop` of dfdx adds epsilon inside the root. That of PyTorch adds it after the root.
    fn rms_prop(
        &mut self,
        gradient: Vector<D>,
        [lr, alpha, epsilon, momentum]: [f64; 4],
    ) -> Result<(), D::Err> {
        let zeros = || self.value.device().zeros_like(&self.value);
        let [velocity, square] = self.rms_prop.get_or_insert_with(|| [zeros(), zeros()]);
        square.try_axpy(alpha, &gradient.clone().try_square()?, 1.0 - alpha)?;
        let size = square.clone().try_sqrt()?.try_add(epsilon as f32)?;
        velocity.try_axpy(momentum, &gradient.try_div(size)?, 1.0)?;
        self.value.try_axpy(1.0, velocity, -lr)
    }
}
