//! Shapes between the layers of a network, inferred before anything is trained.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Layer;

/// The shape of the values between two layers, for one example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// An image, stored in height, width, channel order.
    Image {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// Values a pixel.
        channels: usize,
    },
    /// A vector of this length.
    Vector(usize),
}

impl Shape {
    /// Number of values.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Image { height, width, channels } => height * width * channels,
            Self::Vector(len) => len,
        }
    }

    /// Whether it holds no value; never true of an inferred shape.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Values that batch-norm treats alike: the channels of an image, the entries of a vector.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Image { channels, .. } => channels,
            Self::Vector(len) => len,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image { height, width, channels } => write!(f, "{height}×{width}×{channels}"),
            Self::Vector(len) => write!(f, "{len}"),
        }
    }
}

/// A layer that cannot follow what comes before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ShapeError {
    /// Index into the layer list.
    pub layer: usize,
    /// The reason, with both sizes.
    pub message: String,
}

/// More values than one layer may put out for one example, so that no typing error asks for the
/// memory of a data centre.
const LARGEST_SHAPE: usize = 1 << 24;

/// The shape after each layer; as long as `layers`.
///
/// # Errors
/// At the first layer that does not fit its input.
pub fn infer(layers: &[Layer], input: Shape) -> Result<Vec<Shape>, ShapeError> {
    let mut shape = input;
    let mut shapes = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        shape =
            output_shape(layer, shape).map_err(|message| ShapeError { layer: index, message })?;
        shapes.push(shape);
    }
    Ok(shapes)
}

/// The shape after one layer, or why the layer cannot follow `input`.
pub(super) fn output_shape(layer: &Layer, input: Shape) -> Result<Shape, String> {
    let output = match (layer, input) {
        (
            Layer::Conv2d { channels, kernel, stride, padding },
            Shape::Image { height, width, channels: input_channels },
        ) => {
            // The products of a convolution stand in memory for one image at least.
            let window = kernel.saturating_mul(*kernel).saturating_mul(input_channels);
            if window > LARGEST_SHAPE {
                return Err(format!(
                    "has windows of {window} values; the limit is {LARGEST_SHAPE}"
                ));
            }
            let padded = |length: usize| length.saturating_add(padding.saturating_mul(2));
            let area = padded(height).saturating_mul(padded(width));
            let frame = area.saturating_mul(input_channels);
            if frame > LARGEST_SHAPE {
                return Err(format!(
                    "has {frame} values in its input with padding; the limit is {LARGEST_SHAPE}"
                ));
            }
            Shape::Image {
                height: windows(height, *kernel, *stride, *padding)?,
                width: windows(width, *kernel, *stride, *padding)?,
                channels: *channels,
            }
        }
        (
            Layer::MaxPool2d { size, stride } | Layer::AvgPool2d { size, stride },
            Shape::Image { height, width, channels },
        ) => Shape::Image {
            height: windows(height, *size, *stride, 0)?,
            width: windows(width, *size, *stride, 0)?,
            channels,
        },
        (Layer::GlobalAvgPool2d, Shape::Image { channels, .. }) => Shape::Vector(channels),
        (
            Layer::Conv2d { .. }
            | Layer::MaxPool2d { .. }
            | Layer::AvgPool2d { .. }
            | Layer::GlobalAvgPool2d,
            Shape::Vector(len),
        ) => {
            return Err(format!("needs an image, but a vector of {len} comes in"));
        }
        (Layer::Flatten, shape) => Shape::Vector(shape.len()),
        (Layer::Linear { outputs }, Shape::Vector(_)) => Shape::Vector(*outputs),
        (Layer::Linear { .. }, shape @ Shape::Image { .. }) => {
            return Err(format!(
                "needs a vector, but an image of {shape} comes in; put `flatten` before it"
            ));
        }
        (Layer::Residual { body, shortcut }, input) => residual_shape(body, shortcut, input)?,
        (_, shape) => shape,
    };
    let too_large =
        || format!("puts out {output} for one example; the limit is {LARGEST_SHAPE} values");
    let len = match output {
        Shape::Image { height, width, channels } => {
            height.checked_mul(width).and_then(|area| area.checked_mul(channels))
        }
        Shape::Vector(len) => Some(len),
    };
    len.filter(|len| *len <= LARGEST_SHAPE).map(|_| output).ok_or_else(too_large)
}

/// The shape after a residual layer.
fn residual_shape(body: &[Layer], shortcut: &[Layer], input: Shape) -> Result<Shape, String> {
    let output = |layers: &[Layer], name: &str| match infer(layers, input) {
        Ok(shapes) => Ok(shapes.last().copied().unwrap_or(input)),
        Err(ShapeError { layer, message }) => {
            Err(format!("cannot have `{name}.{layer}`: ({}) {message}", layers[layer]))
        }
    };
    let (body, shortcut) = (output(body, "body")?, output(shortcut, "shortcut")?);
    if body == shortcut {
        return Ok(body);
    }
    Err(format!(
        "adds {body} of its `body` to {shortcut} of its `shortcut`; both must have one shape"
    ))
}

/// The number of values that the largest layer puts out for one example, also within residual layers.
///
/// # Errors
/// At the first layer that does not fit its input.
pub fn largest_output(layers: &[Layer], input: Shape) -> Result<usize, ShapeError> {
    let shapes = infer(layers, input)?;
    let mut largest = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let inputs = std::iter::once(input).chain(shapes);
    for (layer, input) in layers.iter().zip(inputs) {
        if let Layer::Residual { body, shortcut } = layer {
            largest = largest.max(largest_output(body, input)?);
            largest = largest.max(largest_output(shortcut, input)?);
        }
    }
    Ok(largest)
}

/// How many windows of `size` fit into `length` cells with `padding` on both sides.
fn windows(length: usize, size: usize, stride: usize, padding: usize) -> Result<usize, String> {
    let padded = padding.checked_mul(2).and_then(|both| both.checked_add(length));
    match padded {
        Some(padded) if padded >= size && size > 0 && stride > 0 => {
            Ok((padded - size) / stride + 1)
        }
        _ => Err(format!(
            "a window of {size} does not fit into a length of {length} with padding {padding}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: Shape = Shape::Image { height: 7, width: 7, channels: 35 };

    #[test]
    fn a_full_convolution_and_a_pool_that_drops_the_last_row() {
        let layers = [
            Layer::Conv2d { channels: 32, kernel: 5, stride: 1, padding: 4 },
            Layer::MaxPool2d { size: 2, stride: 2 },
            Layer::Flatten,
        ];
        let shapes = infer(&layers, IMAGE).unwrap();
        assert_eq!(shapes[0], Shape::Image { height: 11, width: 11, channels: 32 });
        assert_eq!(shapes[1], Shape::Image { height: 5, width: 5, channels: 32 });
        assert_eq!(shapes[2], Shape::Vector(800));
    }

    #[test]
    fn a_layer_that_does_not_fit_is_named_with_both_sizes() {
        let linear = [Layer::Relu, Layer::Linear { outputs: 3 }];
        let error = infer(&linear, IMAGE).unwrap_err();
        assert_eq!(error.layer, 1);
        assert!(error.message.contains("7×7×35") && error.message.contains("flatten"), "{error}");

        let pool = [Layer::MaxPool2d { size: 8, stride: 8 }];
        let error = infer(&pool, IMAGE).unwrap_err();
        assert!(error.message.contains('8') && error.message.contains("length of 7"), "{error}");
    }

    #[test]
    fn both_lists_of_a_residual_layer_must_fit_their_input_and_give_one_shape() {
        let conv = |channels| Layer::Conv2d { channels, kernel: 3, stride: 2, padding: 1 };
        let residual =
            |body: Layer, shortcut| [Layer::Residual { body: vec![body, Layer::Relu], shortcut }];
        let shapes = infer(&residual(conv(8), vec![conv(8)]), IMAGE).unwrap();
        assert_eq!(shapes, [Shape::Image { height: 4, width: 4, channels: 8 }]);
        let vector = infer(&residual(Layer::Linear { outputs: 5 }, vec![]), Shape::Vector(5));
        assert_eq!(vector, Ok(vec![Shape::Vector(5)]));

        let error = infer(&residual(conv(8), vec![]), IMAGE).unwrap_err();
        let message =
            "adds 4×4×8 of its `body` to 7×7×35 of its `shortcut`; both must have one shape";
        assert_eq!((error.layer, error.message.as_str()), (0, message));
        let linear = Layer::Linear { outputs: 5 };
        let error = infer(&residual(conv(8), vec![Layer::Relu, linear]), IMAGE).unwrap_err();
        let start = "cannot have `shortcut.1`: (linear 5) needs a vector, but an image of 7×7×35";
        assert!(error.message.starts_with(start), "{error}");
    }

    #[test]
    fn the_largest_output_can_be_within_a_residual_layer() {
        let linear = |outputs| Layer::Linear { outputs };
        let layers = [
            linear(8),
            Layer::Residual { body: vec![linear(50), linear(9)], shortcut: vec![linear(9)] },
        ];
        assert_eq!(largest_output(&layers, Shape::Vector(3)), Ok(50));
        assert_eq!(largest_output(&[], Shape::Vector(3)), Ok(0));
    }

    #[test]
    fn a_shape_that_would_fill_the_memory_is_refused_without_overflow() {
        for padding in [1 << 20, usize::MAX / 4, usize::MAX] {
            let layers = [Layer::Conv2d { channels: usize::MAX, kernel: 1, stride: 1, padding }];
            assert!(infer(&layers, IMAGE).is_err());
        }
    }
}
