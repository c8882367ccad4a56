//! Examples that pass through a chain many times.

use super::convolution::Frames;
use super::linear::Linear;
use super::shape::{Convolution, Pool};
use super::support::Support;

/// What is computed once from examples that pass through a chain many times. It saves time.
#[derive(Clone, Debug)]
pub enum Prepared {
    /// Nothing.
    Nothing,
    /// The support of the matrix with one row for each example.
    Support(Support),
    /// The images with zeros around them.
    Frames(Frames),
}

/// The first layer of a chain. Two equal values give the same [`Prepared`] for the same
/// examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// A convolution and the max-pooling that may follow it.
    ConvolvePool(Convolution, Option<Pool>),
    /// A linear layer.
    Linear(Linear),
    /// A layer that prepares nothing, or no layer.
    Other,
}

impl Prepared {
    pub(super) fn support(&self) -> Option<&Support> {
        match self {
            Self::Support(support) => Some(support),
            Self::Nothing | Self::Frames(_) => None,
        }
    }

    pub(super) fn frames(&self) -> Option<&Frames> {
        match self {
            Self::Frames(frames) => Some(frames),
            Self::Nothing | Self::Support(_) => None,
        }
    }
}
