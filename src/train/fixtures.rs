//! Compares the numerics with values of PyTorch: `numerics.json`, `layers.json` and
//! `training.json` in `tests/fixtures`, written by `make.py`, `make_layers.py` and `make_training.py` beside them.
//!
//! PyTorch stores arrays in channel, height, width order, and weights in (output, input) order. The
//! functions below convert between that order and the order of this crate.

mod layers;
mod networks;
mod operations;
mod optimizers;
mod training;

use serde_json::Value;

use super::named::NamedTensor;
use crate::run::Shape;

const TOLERANCE: f32 = 1e-4;

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/numerics.json")).unwrap()
}

fn layer_fixtures() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/layers.json")).unwrap()
}

fn training_fixtures() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/training.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn size(case: &Value, key: &str) -> usize {
    case[key].as_u64().unwrap().try_into().unwrap()
}

/// The shape of an example. PyTorch puts the channels first.
fn shape(case: &Value) -> Shape {
    let sizes: Vec<_> = floats(&case["shape"]).into_iter().map(|size| size as usize).collect();
    match sizes[..] {
        [channels, height, width] => Shape::Image { height, width, channels },
        [len] => Shape::Vector(len),
        _ => panic!("an image or a vector"),
    }
}

/// Tensors with their names.
fn named(tensors: &Value) -> Vec<NamedTensor> {
    let tensor = |tensor: &Value| NamedTensor {
        name: tensor["name"].as_str().unwrap().to_owned(),
        shape: floats(&tensor["shape"]).into_iter().map(|size| size as usize).collect(),
        values: floats(&tensor["values"]),
    };
    tensors.as_array().unwrap().iter().map(tensor).collect()
}

/// Asserts that each difference is small relative to the largest expected value.
#[track_caller]
fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-6f32, |largest, x| largest.max(x.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(error <= TOLERANCE, "{what}[{index}]: {found} where PyTorch has {expected}");
    }
}

/// Reorders (image, channel, pixel) to (pixel, image, channel).
fn images_to_ours(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let n = x.len() / (channels * area);
    let at = |pixel, image, channel| x[(image * channels + channel) * area + pixel];
    (0..area)
        .flat_map(|pixel| {
            (0..n).flat_map(move |image| (0..channels).map(move |c| at(pixel, image, c)))
        })
        .collect()
}

/// Reorders (pixel, image, channel) to (image, channel, pixel).
fn images_to_theirs(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let n = x.len() / (channels * area);
    let at = |pixel, image, channel| x[(pixel * n + image) * channels + channel];
    (0..n)
        .flat_map(|image| {
            (0..channels).flat_map(move |c| (0..area).map(move |pixel| at(pixel, image, c)))
        })
        .collect()
}

/// Reorders (output, channel, pixel) to (output, pixel, channel), for a matrix after `flatten`.
fn channels_last(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let images = x.chunks_exact(channels * area);
    images.flat_map(|image| transposed(image, channels, area)).collect()
}

fn transposed(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| (0..rows).map(move |i| x[i * columns + j])).collect()
}

/// Reorders (output, input, position) to (position, input, output).
fn kernel_to_ours(weight: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    transposed(
        &channels_last(weight, inputs, weight.len() / outputs / inputs),
        outputs,
        weight.len() / outputs,
    )
}

/// Reorders (position, input, output) to (output, input, position).
fn kernel_to_theirs(weight: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let rows = transposed(weight, weight.len() / outputs, outputs);
    channels_last(&rows, weight.len() / outputs / inputs, inputs)
}
