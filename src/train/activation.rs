//! Element-wise activations, all non-decreasing.

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
}
