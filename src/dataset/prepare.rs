//! Values of examples as a network reads them: pooled and standardised.

use super::error::DrawError;
use super::examples::{Examples, Scale, Values};
use crate::run::{self, Shape};

/// The values of these examples, one after the other. Images are average-pooled with a square window.
pub(super) fn pooled(values: &Values, shape: Shape, indices: &[u32], window: usize) -> Vec<f32> {
    let len = shape.len();
    match (values, shape) {
        (Values::Bytes(bytes), Shape::Image { .. }) => {
            let of_one = |index: &u32| {
                let image = &bytes[*index as usize * len..][..len];
                // The sum of bytes is exact, in any order.
                pooled_image(image, shape, window, 0u32, |sum, byte| sum + u32::from(byte))
                    .map(|sum| sum as f32)
            };
            let area = (window * window) as f32;
            indices.iter().flat_map(of_one).map(|sum| sum / area).collect()
        }
        (Values::Floats(floats), Shape::Image { .. }) if window > 1 => {
            let of_one = |index: &u32| {
                let image = &floats[*index as usize * len..][..len];
                pooled_image(image, shape, window, 0f32, |sum, value| sum + value)
            };
            let area = (window * window) as f32;
            indices.iter().flat_map(of_one).map(|sum| sum / area).collect()
        }
        (Values::Floats(floats), _) => indices
            .iter()
            .flat_map(|index| &floats[*index as usize * len..][..len])
            .copied()
            .collect(),
        (Values::Bytes(bytes), Shape::Vector(_)) => {
            let of_one = |index: &u32| &bytes[*index as usize * len..][..len];
            indices.iter().flat_map(of_one).map(|byte| f32::from(*byte)).collect()
        }
    }
}

/// The sum over each window of an image, channel by channel.
fn pooled_image<'i, T: Copy, S: Copy + 'i>(
    image: &'i [T],
    shape: Shape,
    window: usize,
    zero: S,
    add: impl Fn(S, T) -> S + Copy + 'i,
) -> impl Iterator<Item = S> + 'i {
    let Shape::Image { width, channels, .. } = shape else {
        unreachable!("only images are pooled")
    };
    let (rows, columns) = match run::pooled(shape, window) {
        Shape::Image { height, width, .. } => (height, width),
        Shape::Vector(_) => (0, 0),
    };
    let sum_at = move |row: usize, column: usize, channel: usize| {
        let mut sum = zero;
        for y in row * window..(row + 1) * window {
            for x in column * window..(column + 1) * window {
                sum = add(sum, image[(y * width + x) * channels + channel]);
            }
        }
        sum
    };
    (0..rows).flat_map(move |row| {
        (0..columns).flat_map(move |column| (0..channels).map(move |c| sum_at(row, column, c)))
    })
}

/// How each value of an example is standardised, by the mean and the population standard deviation of a
/// training part: those of each column of a table but levels of categories, or those of each channel of images.
///
/// # Errors
/// If a column or a channel has one value in all examples of the training part.
pub(super) fn scales(
    examples: &Examples,
    train: &[f32],
    shape: Shape,
) -> Result<Vec<Scale>, DrawError> {
    let channels = shape.channels();
    let of_channel = |channel: usize| {
        let column = examples.columns.get(channel);
        if column.is_some_and(|column| column.level.is_some()) {
            return Ok(Scale::NONE);
        }
        let scale = scale(train.iter().skip(channel).step_by(channels).copied());
        scale.ok_or_else(|| {
            let what = match column {
                Some(column) => format!("the column `{}`", column.name),
                None => match shape {
                    Shape::Vector(_) => format!("column {channel} (counted from 0)"),
                    Shape::Image { .. } => format!("channel {channel} (counted from 0)"),
                },
            };
            let remedy = column.map_or_else(String::new, |column| {
                format!("; leave it out with `!{}` in `features`", column.name)
            });
            DrawError::Constant(format!(
                "cannot standardise {what}, because it has one value in all training examples{remedy}"
            ))
        })
    };
    let of_channels = (0..channels).map(of_channel).collect::<Result<Vec<_>, _>>()?;
    Ok(of_channels)
}

/// The mean and the population standard deviation of some numbers. Returns `None` if they are all equal.
pub(super) fn scale(numbers: impl Iterator<Item = f32> + Clone) -> Option<Scale> {
    let first = numbers.clone().next()?;
    if numbers.clone().all(|x| x == first) {
        return None;
    }
    let n = numbers.clone().count() as f64;
    let mean = numbers.clone().map(f64::from).sum::<f64>() / n;
    let variance = numbers.map(|x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
    let std_dev = variance.sqrt() as f32;
    (std_dev > 0.0).then_some(Scale { mean: mean as f32, std_dev })
}

/// Standardises values in place. The scales repeat for each pixel of an image.
pub(super) fn standardize(values: &mut [f32], scales: &[Scale]) {
    for values in values.chunks_mut(scales.len().max(1)) {
        for (value, scale) in values.iter_mut().zip(scales) {
            *value = scale.standardize(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::examples::{Column, TableRows, Targets};
    use crate::digest::Digest;

    fn examples(shape: Shape, values: Values, n: usize) -> Examples {
        Examples {
            digest: Digest::of_bytes(b""),
            shape,
            values,
            targets: Targets::Numbers(vec![0.0; n]),
            classes: Vec::new(),
            columns: Vec::new(),
            groups: Vec::new(),
            parts: Vec::new(),
            rows: TableRows::default(),
        }
    }

    #[test]
    fn pooling_averages_each_window_of_each_channel_without_rounding() {
        let shape = Shape::Image { height: 28, width: 28, channels: 1 };
        let mut image = vec![0; 28 * 28];
        image[0] = 255; // row 0, column 0
        image[28 + 1] = 2; // row 1, column 1: the same window
        image[2] = 8; // the next window
        let one = examples(shape, Values::Bytes(image), 1);
        let pixels = pooled(&one.values, shape, &[0], 2);
        assert_eq!(pixels.len(), 14 * 14);
        assert_eq!(&pixels[..3], [64.25, 2.0, 0.0]);

        let shape = Shape::Image { height: 2, width: 2, channels: 2 };
        let values = (0u8..16).map(f32::from).collect();
        let two = examples(shape, Values::Floats(values), 2);
        assert_eq!(pooled(&two.values, shape, &[1, 0], 2), [11.0, 12.0, 3.0, 4.0]);
        assert_eq!(pooled(&two.values, shape, &[1], 1)[..3], [8.0, 9.0, 10.0]);
    }

    #[test]
    fn each_column_gets_mean_0_and_standard_deviation_1_but_levels_stay() {
        let mut table = examples(Shape::Vector(3), Values::Floats(Vec::new()), 0);
        let column = |name: &str, level: Option<&str>| Column {
            name: name.to_owned(),
            level: level.map(str::to_owned),
        };
        table.columns = vec![column("x", None), column("colour", Some("red")), column("y", None)];
        let mut values = vec![1.0, 1.0, 10.0, 3.0, 0.0, 30.0];
        let found = scales(&table, &values, table.shape).unwrap();
        standardize(&mut values, &found);
        assert_eq!(values, [-1.0, 1.0, -1.0, 1.0, 0.0, 1.0]);
        let constant = [1.0, 1.0, 10.0, 3.0, 0.0, 10.0];
        let error = scales(&table, &constant, table.shape).unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot standardise the column `y`, because it has one value in all training examples; leave it out with \
             `!y` in `features`"
        );
    }
}
