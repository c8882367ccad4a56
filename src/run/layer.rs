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
    /// Normalisation of each example over all its values (Ba et al., 2016). Each value has its own
    /// scale and shift.
    LayerNorm {
        /// Added to the variance.
        #[serde(default = "default_epsilon", skip_serializing_if = "is::default_epsilon")]
        epsilon: f64,
    },
    /// Zeroes each value with this probability in training, and scales the others up.
    Dropout {
        /// Probability of a zero.
        probability: f64,
    },
    /// The sum of two layer lists with the same input (He et al., 2016).
    Residual {
        /// The first list.
        body: Vec<Self>,
        /// The second list. If it is empty, the input is added.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shortcut: Vec<Self>,
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
            Self::LayerNorm { .. } => f.write_str("layer-norm"),
            Self::Dropout { probability } => write!(f, "dropout {probability}"),
            Self::Residual { body, shortcut } => {
                write!(f, "residual: {}", joined(body))?;
                if !shortcut.is_empty() {
                    write!(f, "; shortcut: {}", joined(shortcut))?;
                }
                Ok(())
            }
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

/// The layers of a list in one line. Those of a residual layer within it are in brackets.
fn joined(layers: &[Layer]) -> String {
    let text = |layer: &Layer| match layer {
        Layer::Residual { .. } => format!("[{layer}]"),
        _ => layer.to_string(),
    };
    layers.iter().map(text).collect::<Vec<_>>().join("; ")
}

impl Layer {
    /// Whether it is a function of each value alone.
    #[must_use]
    pub fn is_activation(&self) -> bool {
        match self {
            Self::Relu
            | Self::LeakyRelu { .. }
            | Self::Gelu
            | Self::Silu
            | Self::Sigmoid
            | Self::Tanh => true,
            Self::Conv2d { .. }
            | Self::MaxPool2d { .. }
            | Self::AvgPool2d { .. }
            | Self::GlobalAvgPool2d
            | Self::Flatten
            | Self::Linear { .. }
            | Self::BatchNorm { .. }
            | Self::LayerNorm { .. }
            | Self::Dropout { .. }
            | Self::Residual { .. } => false,
        }
    }

    /// Whether it is batch-norm, or a residual layer with batch-norm.
    #[must_use]
    pub fn normalizes_batch(&self) -> bool {
        match self {
            Self::BatchNorm { .. } => true,
            Self::Residual { body, shortcut } => {
                body.iter().chain(shortcut).any(Self::normalizes_batch)
            }
            _ => false,
        }
    }
}

fn one() -> usize {
    1
}

/// Default of `batch_norm.epsilon` and `layer_norm.epsilon`.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(json: &str) -> Vec<Layer> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn each_layer_has_a_line_for_readers() {
        for (json, text) in [
            (r#"{"layer": "avg_pool2d", "size": 2, "stride": 2}"#, "avg-pool 2"),
            (r#"{"layer": "avg_pool2d", "size": 3, "stride": 2}"#, "avg-pool 3, stride 2"),
            (r#"{"layer": "global_avg_pool2d"}"#, "global avg-pool"),
            (r#"{"layer": "layer_norm"}"#, "layer-norm"),
            (r#"{"layer": "leaky_relu"}"#, "leaky ReLU"),
            (r#"{"layer": "leaky_relu", "slope": 0.2}"#, "leaky ReLU 0.2"),
            (r#"{"layer": "gelu"}"#, "GELU"),
            (r#"{"layer": "silu"}"#, "SiLU"),
            (
                r#"{"layer": "residual", "body": [{"layer": "linear", "outputs": 3}, {"layer": "relu"},
                    {"layer": "residual", "body": [{"layer": "tanh"}]}],
                    "shortcut": [{"layer": "linear", "outputs": 3}]}"#,
                "residual: linear 3; ReLU; [residual: tanh]; shortcut: linear 3",
            ),
        ] {
            let layer: Layer = serde_json::from_str(json).unwrap();
            assert_eq!(layer.to_string(), text);
        }
    }

    #[test]
    fn a_value_that_equals_the_default_is_left_out_of_the_key() {
        for json in [
            r#"[{"layer":"leaky_relu"},{"layer":"layer_norm"}]"#,
            r#"[{"layer":"leaky_relu","slope":0.2},{"layer":"layer_norm","epsilon":0.1}]"#,
            r#"[{"layer":"residual","body":[{"layer":"relu"}]}]"#,
            r#"[{"layer":"residual","body":[{"layer":"relu"}],"shortcut":[{"layer":"gelu"}]}]"#,
        ] {
            assert_eq!(serde_json::to_string(&layers(json)).unwrap(), json);
        }
    }

    #[test]
    fn batch_norm_is_found_within_residual_layers() {
        let nested = |layer: &str| {
            let json = format!(
                r#"[{{"layer":"residual","body":[{{"layer":"relu"}}],"shortcut":[
                    {{"layer":"residual","body":[{{"layer":"{layer}"}}]}}]}}]"#
            );
            layers(&json)[0].normalizes_batch()
        };
        assert!(nested("batch_norm") && !nested("layer_norm"));
    }
}
