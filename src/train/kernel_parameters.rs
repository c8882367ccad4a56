//! Trained values on the CPU, and their update.

use std::cell::RefCell;
use std::rc::Rc;

use dfdx::prelude::*;

use super::tensor::Vector;
use crate::kernel::buffer::Buffer;
use crate::kernel::optimizer::{Adam, RmsProp, Sgd, WeightDecay};
use crate::run::Optimizer;

/// Trained values, and the state of their optimiser.
#[derive(Debug)]
pub(super) struct KernelParameters {
    pub(super) values: Rc<RefCell<Buffer>>,
    /// The tensor by which dfdx knows the gradient. Its values are not used.
    pub(super) identity: Vector<Cpu>,
    /// First moment of the gradient (Adam), or velocity (SGD, `RMSprop`).
    first: Vec<f32>,
    /// Mean square of the gradient (Adam, `RMSprop`).
    second: Vec<f32>,
}

impl KernelParameters {
    /// Parameters with these initial values.
    pub(super) fn new(device: &Cpu, values: &[f32]) -> Self {
        let mut buffer = Buffer::default();
        buffer.fill_from(values);
        Self {
            values: Rc::new(RefCell::new(buffer)),
            identity: device.zeros_like(&(values.len(),)),
            first: vec![0.0; values.len()],
            second: vec![0.0; values.len()],
        }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    /// Updates the values with the learning rate `lr`. `step` counts the updates of the run from 1.
    pub(super) fn update(&mut self, optimizer: &Optimizer, lr: f64, step: usize, gradient: &[f32]) {
        let Self { values, first, second, .. } = self;
        let mut values = values.borrow_mut();
        let values = values.room(gradient.len());
        let moments = [&mut first[..], &mut second[..]];
        match *optimizer {
            Optimizer::Adam { lr: _, beta1, beta2, epsilon, weight_decay } => {
                let adam = Adam::new(lr, [beta1, beta2], epsilon, step);
                adam.update(WeightDecay::l2(weight_decay), values, moments, gradient);
            }
            Optimizer::AdamW { lr: _, beta1, beta2, epsilon, weight_decay } => {
                let adam = Adam::new(lr, [beta1, beta2], epsilon, step);
                adam.update(WeightDecay::decoupled(weight_decay, lr), values, moments, gradient);
            }
            Optimizer::Sgd { lr: _, momentum, nesterov, weight_decay } => {
                let decay = WeightDecay::l2(weight_decay);
                Sgd::new(lr, momentum).update(decay, nesterov, values, first, gradient);
            }
            Optimizer::RmsProp { lr: _, alpha, epsilon, momentum, weight_decay } => {
                let rmsprop = RmsProp::new(lr, alpha, epsilon, momentum);
                rmsprop.update(WeightDecay::l2(weight_decay), values, moments, gradient);
            }
        }
    }
}
