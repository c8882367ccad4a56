//! Numbers of trainable parameters.

use super::shape::output_shape;
use super::{Layer, ModelConfig, Shape, ShapeError};

/// The number of trainable parameters of `model` for examples of shape `input`: those of each list of
/// layers, as often as it has parameters of its own.
///
/// # Errors
/// Returns an error if the layers of a branch do not fit together.
pub fn parameter_count(model: &ModelConfig, input: Shape) -> Result<usize, ShapeError> {
    let parts = model.parts(input)?;
    Ok(parts.iter().map(|part| part.copies * count(part.layers, part.input)).sum())
}

/// Trainable parameters of `layers`, up to the first that does not fit.
#[must_use]
pub fn count(layers: &[Layer], input: Shape) -> usize {
    let mut shape = input;
    let mut sum = 0usize;
    for layer in layers {
        sum = sum.saturating_add(layer_parameters(layer, shape));
        match output_shape(layer, shape) {
            Ok(output) => shape = output,
            Err(_) => break,
        }
    }
    sum
}

/// Trainable parameters of one layer with this input.
#[must_use]
pub fn layer_parameters(layer: &Layer, input: Shape) -> usize {
    match layer {
        Layer::Conv2d { channels, kernel, .. } => {
            let window = kernel.saturating_mul(*kernel).saturating_mul(input.channels());
            window.saturating_add(1).saturating_mul(*channels)
        }
        Layer::Linear { outputs } => input.len().saturating_add(1).saturating_mul(*outputs),
        Layer::BatchNorm { .. } => 2 * input.channels(),
        Layer::LayerNorm { .. } => 2 * input.len(),
        Layer::Residual { body, shortcut } => {
            count(body, input).saturating_add(count(shortcut, input))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalisations_and_both_lists_of_a_residual_layer_have_parameters() {
        let layers = r#"[{"layer": "conv2d", "channels": 4, "kernel": 3}, {"layer": "layer_norm"},
            {"layer": "residual",
                "body": [{"layer": "conv2d", "channels": 2, "kernel": 1}, {"layer": "batch_norm"}],
                "shortcut": [{"layer": "conv2d", "channels": 2, "kernel": 1}]},
            {"layer": "global_avg_pool2d"}, {"layer": "linear", "outputs": 3}]"#;
        let layers: Vec<Layer> = serde_json::from_str(layers).unwrap();
        let image = Shape::Image { height: 5, width: 4, channels: 1 };
        let [conv, norm, body, shortcut, linear] =
            [4 * 10, 2 * 3 * 2 * 4, 2 * 5 + 2 * 2, 2 * 5, 3 * 3];
        assert_eq!(count(&layers, image), conv + norm + body + shortcut + linear);
    }
}
