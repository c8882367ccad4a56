//! One layer of a branch or of the head, as the experiment file lists it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A layer with its sizes. Images are square windows of height × width × channels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "layer", rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Two-dimensional cross-correlation with bias.
    Conv2d {
        /// Output channels.
        channels: usize,
        /// Side of the square kernel.
        kernel: usize,
        /// Step between windows.
        #[serde(default = "one", skip_serializing_if = "is::one")]
        stride: usize,
        /// Zeros added on each side.
        #[serde(default, skip_serializing_if = "is::zero")]
        padding: usize,
    },
    /// Maximum over square windows; windows that do not fit are dropped.
    MaxPool2d {
        /// Side of the window.
        size: usize,
        /// Step between windows.
        stride: usize,
    },
    /// Mean over square windows; windows that do not fit are dropped.
    AvgPool2d {
        /// Side of the window.
        size: usize,
        /// Step between windows.
        stride: usize,
    },
    /// Image to the vector of the means of its channels.
    GlobalAvgPool2d,
    /// Image to vector, in height, width, channel order.
    Flatten,
    /// Affine map of a vector.
    Linear {
        /// Length of the output.
        outputs: usize,
    },
    /// Normalisation over the batch, for each channel (Ioffe and Szegedy, 2015).
    BatchNorm {
        /// Added to the variance.
        #[serde(default = "default_epsilon", skip_serializing_if = "is::default_epsilon")]
        epsilon: f64,
        /// Weight of the newest batch in the running statistics.
        #[serde(default = "default_momentum", skip_serializing_if = "is::default_momentum")]
        momentum: f64,
    },
    /// Zeroes each value with this probability in training, and scales the others up.
    Dropout {
        /// Probability of a zero.
        probability: f64,
    },
    /// max(x, 0).
    Relu,
    /// x, or `slope` · x if x is negative (Maas et al., 2013).
    LeakyRelu {
        /// Factor of negative values.
        #[serde(default = "default_slope", skip_serializing_if = "is::default_slope")]
        slope: f64,
    },
    /// x · Φ(x), with Φ the distribution function of the normal distribution (Hendrycks and Gimpel,
    /// 2016).
    Gelu,
    /// x / (1 + exp(−x)) (Elfwing et al., 2018).
    Silu,
    /// 1 / (1 + exp(−x)).
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conv2d { channels, kernel, stride, padding } => {
                write!(f, "conv {kernel}×{kernel}, {channels}")?;
                if *stride != 1 {
                    write!(f, ", stride {stride}")?;
                }
                if *padding != 0 {
                    write!(f, ", pad {padding}")?;
                }
                Ok(())
            }
            Self::MaxPool2d { size, stride } if size == stride => write!(f, "max-pool {size}"),
            Self::MaxPool2d { size, stride } => write!(f, "max-pool {size}, stride {stride}"),
            Self::AvgPool2d { size, stride } if size == stride => write!(f, "avg-pool {size}"),
            Self::AvgPool2d { size, stride } => write!(f, "avg-pool {size}, stride {stride}"),
            Self::GlobalAvgPool2d => f.write_str("global avg-pool"),
            Self::Flatten => f.write_str("flatten"),
            Self::Linear { outputs } => write!(f, "linear {outputs}"),
            Self::BatchNorm { .. } => f.write_str("batch-norm"),
            Self::Dropout { probability } => write!(f, "dropout {probability}"),
            Self::Relu => f.write_str("ReLU"),
            Self::LeakyRelu { slope } if is::default_slope(slope) => f.write_str("leaky ReLU"),
            Self::LeakyRelu { slope } => write!(f, "leaky ReLU {slope}"),
            Self::Gelu => f.write_str("GELU"),
            Self::Silu => f.write_str("SiLU"),
            Self::Sigmoid => f.write_str("sigmoid"),
            Self::Tanh => f.write_str("tanh"),
        }
    }
}

fn one() -> usize {
    1
}

/// Default of `batch_norm.epsilon`.
pub(crate) fn default_epsilon() -> f64 {
    1e-5
}

/// Default of `batch_norm.momentum`.
pub(crate) fn default_momentum() -> f64 {
    0.1
}

/// Default of `leaky_relu.slope`.
pub(crate) fn default_slope() -> f64 {
    0.01
}

/// Predicates for `skip_serializing_if`: only the exact default is left out of the key.
mod is {
    #![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]

    pub(super) fn one(value: &usize) -> bool {
        *value == 1
    }

    pub(super) fn zero(value: &usize) -> bool {
        *value == 0
    }

    pub(super) fn default_epsilon(value: &f64) -> bool {
        value.to_bits() == super::default_epsilon().to_bits()
    }

    pub(super) fn default_momentum(value: &f64) -> bool {
        value.to_bits() == super::default_momentum().to_bits()
    }

    pub(super) fn default_slope(value: &f64) -> bool {
        value.to_bits() == super::default_slope().to_bits()
    }
}
