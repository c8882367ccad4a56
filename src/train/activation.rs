//! Element-wise activations, all non-decreasing.

use dfdx::prelude::*;

use super::operation::{Rows, relu};
use crate::run::Layer;

/// An activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Relu,
    Sigmoid,
    Tanh,
}

impl Activation {
    /// The activation that `layer` is, if it is one.
    pub(super) fn of(layer: &Layer) -> Option<Self> {
        match layer {
            Layer::Relu => Some(Self::Relu),
            Layer::Sigmoid => Some(Self::Sigmoid),
            Layer::Tanh => Some(Self::Tanh),
            _ => None,
        }
    }

    pub(super) fn apply<T: Tape<f32, Cpu>>(self, x: Rows<T>) -> Rows<T> {
        match self {
            Self::Relu => relu(x),
            Self::Sigmoid => x.sigmoid(),
            Self::Tanh => x.tanh(),
        }
    }
}
