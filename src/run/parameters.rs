//! Numbers of trainable parameters.

use super::shape::output_shape;
use super::{Layer, ModelConfig, Shape, ShapeError, infer};

/// Number of trainable parameters of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterCount {
    /// Those of one branch.
    pub branch: usize,
    /// Those of the head.
    pub head: usize,
    /// All of them: of one branch if it is shared, else of two, and of the head.
    pub all: usize,
}

/// Counts the parameters of `model` for images of `input`.
///
/// # Errors
/// Returns an error if the layers of the branch do not fit together.
pub fn parameter_count(model: &ModelConfig, input: Shape) -> Result<ParameterCount, ShapeError> {
    let branch_output = output_of(&model.branch, input)?;
    let branch = count(&model.branch, input);
    let head = count(&model.head, Shape::Vector(2 * branch_output.len()));
    let branches = if model.weight_sharing { 1 } else { 2 };
    Ok(ParameterCount { branch, head, all: branches * branch + head })
}

fn output_of(layers: &[Layer], input: Shape) -> Result<Shape, ShapeError> {
    Ok(infer(layers, input)?.last().copied().unwrap_or(input))
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
        _ => 0,
    }
}
