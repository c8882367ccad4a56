//! Element-wise activations. All of them are non-decreasing.

use crate::run::Layer;

/// An activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    Relu,
    Sigmoid,
    Tanh,
}

impl Activation {
    /// The activation of `layer`. Returns `None` if the layer is no activation.
    pub(super) fn of(layer: &Layer) -> Option<Self> {
        match layer {
            Layer::Relu => Some(Self::Relu),
            Layer::Sigmoid => Some(Self::Sigmoid),
            Layer::Tanh => Some(Self::Tanh),
            _ => None,
        }
    }
}
