//! The numerics against PyTorch: `tests/fixtures/numerics.json`, made by `make.py` beside it.
//!
//! PyTorch's arrays are in channel, height, width order and its weights in (output, input) order;
//! the functions below bring them into ours.

mod networks;
mod operations;

use serde_json::Value;

const TOLERANCE: f32 = 1e-4;

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/numerics.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn size(case: &Value, key: &str) -> usize {
    case[key].as_u64().unwrap().try_into().unwrap()
}

/// The largest difference must be small beside the largest expected value.
#[track_caller]
fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-6f32, |largest, x| largest.max(x.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / largest;
        assert!(error <= TOLERANCE, "{what}[{index}]: {found} where PyTorch has {expected}");
    }
}

/// (…, channels, height, width) → (…, height, width, channels).
fn channels_last(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    let images = x.chunks_exact(channels * area);
    images.flat_map(|image| transposed(image, channels, area)).collect()
}

fn channels_first(x: &[f32], channels: usize, area: usize) -> Vec<f32> {
    channels_last(x, area, channels)
}

fn transposed(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|j| (0..rows).map(move |i| x[i * columns + j])).collect()
}

/// (output, input, ky, kx) ↔ (input, ky, kx, output).
fn kernel_to_ours(weight: &[f32], outputs: usize) -> Vec<f32> {
    transposed(weight, outputs, weight.len() / outputs)
}

fn kernel_to_theirs(weight: &[f32], outputs: usize) -> Vec<f32> {
    transposed(weight, weight.len() / outputs, outputs)
}
