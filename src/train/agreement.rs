//! The fast operations against the portable ones, which run on the CPU as they would on CUDA: the
//! test that stands in for a device that is not there.

use std::rc::Rc;

use dfdx::prelude::*;

use super::activation::Activation;
use super::affine::Affine;
use super::fast::Fast;
use super::operations::Operations;
use super::portable::Portable;
use super::rows::{Rows, upload, values};
use super::trainer::{Run, train};
use crate::dataset::{self, Split};
use crate::kernel::convolution::{Convolution, ConvolvePool, Image};
use crate::kernel::max_pool::MaxPool;
use crate::random::Stream;
use crate::run::{
    DataConfig, DeviceKind, Layer, ModelConfig, NumberType, Optimizer, PartVersions, RunConfig,
    TrainConfig,
};

fn layers(json: &str) -> Vec<Layer> {
    serde_json::from_str(json).unwrap()
}

/// The branches of the paper, and one with every kind of layer in other orders and sizes.
fn branches() -> [Vec<Layer>; 4] {
    let convolutional = |activation: &str| {
        let json = r#"[
            {"layer": "conv2d", "channels": 35, "kernel": 3, "stride": 1, "padding": 1},
            {"layer": "ACTIVATION"}, {"layer": "max_pool2d", "size": 2, "stride": 2},
            {"layer": "conv2d", "channels": 32, "kernel": 5, "stride": 1, "padding": 4},
            {"layer": "ACTIVATION"}, {"layer": "max_pool2d", "size": 2, "stride": 2}, {"layer": "flatten"},
            {"layer": "linear", "outputs": 25}, {"layer": "linear", "outputs": 25},
            {"layer": "linear", "outputs": 10}, {"layer": "batch_norm"}, {"layer": "ACTIVATION"}
        ]"#;
        layers(&json.replace("ACTIVATION", activation))
    };
    let connected = r#"[
        {"layer": "flatten"}, {"layer": "linear", "outputs": 128}, {"layer": "relu"},
        {"layer": "linear", "outputs": 56}, {"layer": "relu"},
        {"layer": "linear", "outputs": 10}, {"layer": "relu"}
    ]"#;
    let other = r#"[
        {"layer": "conv2d", "channels": 4, "kernel": 4, "stride": 2, "padding": 1},
        {"layer": "batch_norm"}, {"layer": "tanh"},
        {"layer": "max_pool2d", "size": 3, "stride": 2},
        {"layer": "conv2d", "channels": 3, "kernel": 2, "stride": 1, "padding": 0}, {"layer": "sigmoid"},
        {"layer": "flatten"}, {"layer": "dropout", "probability": 0.2},
        {"layer": "linear", "outputs": 10}, {"layer": "batch_norm"}
    ]"#;
    [convolutional("relu"), convolutional("sigmoid"), layers(connected), layers(other)]
}

fn config(branch: Vec<Layer>, weight_sharing: bool) -> RunConfig {
    let identity = dataset::embedded_identity();
    let head = r#"[
        {"layer": "linear", "outputs": 1}, {"layer": "batch_norm"},
        {"layer": "dropout", "probability": 0.1}, {"layer": "sigmoid"}
    ]"#;
    RunConfig {
        data: DataConfig {
            dataset: identity.digest,
            pools: identity.pools,
            seed: 1,
            train_pairs: 24,
            test_pairs: 20,
            validation_pairs: 0,
            pooling: 2,
        },
        model: ModelConfig { branch, head: layers(head), weight_sharing },
        train: TrainConfig {
            auxiliary_loss: true,
            epochs: 2,
            batch_size: 12,
            optimizer: Optimizer::Sgd { lr: 0.01, momentum: 0.0 },
        },
        seed: 3,
        device: DeviceKind::Cpu,
        number_type: NumberType::F32,
        versions: PartVersions::CURRENT,
    }
}

/// Both losses and the gradient of each parameter, on the first batch.
fn first_step<O: Operations>(operations: O, config: &RunConfig, split: &Split) -> Vec<Vec<f32>> {
    let mut run = Run::new(operations, config, &split.train);
    let mut pass = run.backward(0, &mut Stream::new(0, "dropout")).unwrap();
    let mut found = vec![vec![pass.losses.main], vec![pass.losses.auxiliary]];
    for sequence in run.network.sequences() {
        found.extend(sequence.gradients(&mut pass.slopes));
    }
    found
}

/// Compares to within `tolerance` of the largest, or of `least` if all are small.
#[track_caller]
fn assert_close(what: &str, fast: &[f32], portable: &[f32], least: f32, tolerance: f32) {
    assert_eq!(fast.len(), portable.len(), "{what}");
    let scale = fast.iter().fold(least, |scale, x| scale.max(x.abs()));
    for (fast, portable) in fast.iter().zip(portable) {
        let error = (fast - portable).abs() / scale;
        assert!(error < tolerance, "{what}: {fast} and {portable}, {error} of the largest");
    }
}

fn uniform(n: usize, stream: &mut Stream) -> Vec<f32> {
    (0..n).map(|_| stream.symmetric(1.0)).collect()
}

/// Output and gradient of the input of an operation, and the gradients of its parameters, if it has
/// any.
fn outcome<O: Operations<Device = Cpu>>(
    operations: &O,
    x: &Rows<Cpu>,
    affine: Option<&Affine<Cpu>>,
    apply: impl Fn(&O, Rows<Cpu, OwnedTape<f32, Cpu>>) -> Rows<Cpu, OwnedTape<f32, Cpu>>,
) -> Vec<Vec<f32>> {
    let y = apply(operations, x.leaky_trace());
    let y_values = values(&y);
    let upstream = uniform(y_values.len(), &mut Stream::new(9, "upstream"));
    let upstream = upload(operations.device(), &upstream, *y.shape());
    let mut slopes = (y * upstream).sum::<Rank0, _>().backward();
    let dx = slopes.get_or_alloc_mut(x).unwrap().to_vec();
    let mut outcome = vec![y_values, dx];
    if let Some(Affine { weight, bias, .. }) = affine {
        outcome.extend([weight.gradient(&mut slopes), bias.gradient(&mut slopes)]);
    }
    outcome
}

#[track_caller]
fn assert_outcomes_agree(what: &str, fast: &[Vec<f32>], portable: &[Vec<f32>]) {
    assert_eq!(fast.len(), portable.len(), "{what}");
    for (fast, portable) in fast.iter().zip(portable) {
        assert_close(what, fast, portable, 1e-6, 1e-5);
    }
}

#[test]
fn each_portable_operation_agrees_with_the_fast_one_to_one_in_100_000() {
    let mut stream = Stream::new(0, "operations");
    let activations =
        [None, Some(Activation::Relu), Some(Activation::Sigmoid), Some(Activation::Tanh)];
    let device = Cpu::default();
    let n = 12;
    for ([side, inputs, outputs, kernel, stride, padding], activation) in [
        ([14, 1, 35, 3, 1, 1], activations[1]),
        ([7, 35, 32, 5, 1, 4], activations[2]),
        ([9, 3, 4, 4, 2, 1], activations[3]),
        ([6, 2, 3, 1, 3, 0], activations[0]),
    ] {
        let input = Image { height: side, width: side, channels: inputs };
        let side = (side + 2 * padding - kernel) / stride + 1;
        let output = Image { height: side, width: side, channels: outputs };
        let convolution = Convolution { input, output, kernel, stride, padding };
        let pooled = Image { height: side / 2, width: side / 2, channels: outputs };
        let pool = MaxPool { input: output, output: pooled, size: 2, stride: 2 };
        let fan_in = convolution.fan_in();
        let affine = Affine::new(&device, fan_in, outputs, activation, false, &mut stream);
        let x = uniform(n * input.len(), &mut stream);
        let x = upload(&device, &x, (input.area(), n * inputs));
        for pool in [None, Some(pool)] {
            let operation = Rc::new(ConvolvePool::new(convolution, pool));
            let fast = outcome(&Fast::new(), &x, Some(&affine), |operations, x| {
                operations.convolve_pool(&operation, &affine, x)
            });
            let portable =
                outcome(&Portable(device.clone()), &x, Some(&affine), |operations, x| {
                    operations.convolve_pool(&operation, &affine, x)
                });
            assert_outcomes_agree(&format!("{convolution:?} {pool:?}"), &fast, &portable);
        }
    }
    for activation in activations {
        let affine = Affine::new(&device, 40, 7, activation, false, &mut stream);
        let x = upload(&device, &uniform(n * 40, &mut stream), (n, 40));
        let fast =
            outcome(&Fast::new(), &x, Some(&affine), |operations, x| operations.linear(&affine, x));
        let portable = Portable(device.clone());
        let portable =
            outcome(&portable, &x, Some(&affine), |operations, x| operations.linear(&affine, x));
        assert_outcomes_agree(&format!("{activation:?}"), &fast, &portable);
    }
}

#[test]
fn what_stands_alone_in_a_layer_list_agrees_as_well() {
    let mut stream = Stream::new(1, "alone");
    let device = Cpu::default();
    let (fast, portable) = (Fast::new(), Portable(device.clone()));
    let n = 6;
    let image = Image { height: 7, width: 7, channels: 3 };
    let x = uniform(n * image.len(), &mut stream);
    let x = upload(&device, &x, (image.area(), n * image.channels));
    let pooled = Image { height: 3, width: 3, ..image };
    let pool = MaxPool { input: image, output: pooled, size: 3, stride: 2 };
    assert_outcomes_agree(
        "pooling",
        &outcome(&fast, &x, None, |operations, x| operations.max_pool(pool, x)),
        &outcome(&portable, &x, None, |operations, x| operations.max_pool(pool, x)),
    );
    assert_outcomes_agree(
        "flatten",
        &outcome(&fast, &x, None, |operations, x| operations.flatten(image, false, x)),
        &outcome(&portable, &x, None, |operations, x| operations.flatten(image, false, x)),
    );
    for activation in [Activation::Relu, Activation::Sigmoid, Activation::Tanh] {
        assert_outcomes_agree(
            &format!("{activation:?}"),
            &outcome(&fast, &x, None, |operations, x| operations.activate(activation, x)),
            &outcome(&portable, &x, None, |operations, x| operations.activate(activation, x)),
        );
    }
}

#[test]
fn a_network_of_portable_operations_trains_as_one_of_fast_operations_does() {
    let digits = dataset::embedded().unwrap();
    for branch in branches() {
        for weight_sharing in [true, false] {
            let config = config(branch.clone(), weight_sharing);
            let split = dataset::draw(&config.data, &digits).unwrap();
            let fast = first_step(Fast::new(), &config, &split);
            let portable = first_step(Portable(Cpu::default()), &config, &split);
            assert_eq!(fast.len(), portable.len());
            let [main, auxiliary] = [0, 1].map(|loss| (&fast[loss], &portable[loss]));
            assert_close("main loss", main.0, main.1, 0.0, 1e-5);
            assert_close("auxiliary loss", auxiliary.0, auxiliary.1, 0.0, 1e-5);
            // Batch-norm over a dozen pairs amplifies rounding; and a bias in front of it has no
            // gradient but rounding.
            let largest = fast[2..].iter().flatten().fold(0f32, |largest, x| largest.max(x.abs()));
            for (fast, portable) in fast[2..].iter().zip(&portable[2..]) {
                assert_close("gradient", fast, portable, 0.1 * largest, 1e-4);
            }

            let [fast, portable] = [
                train(Fast::new(), &config, &split).unwrap(),
                train(Portable(Cpu::default()), &config, &split).unwrap(),
            ];
            assert_eq!(fast.outcome, portable.outcome);
            let losses = fast.curve.train_main_loss.iter().zip(&portable.curve.train_main_loss);
            let mut seen = Vec::new();
            for (fast, portable) in losses {
                let (fast, portable) = (fast.unwrap(), portable.unwrap());
                assert!((fast - portable).abs() < 1e-3 * fast, "{fast} and {portable}");
                seen.push(fast);
            }
            let change = (seen[1] - seen[0]).abs();
            assert!(change > 1e-2 * seen[0], "the updates change too little to compare: {seen:?}");
        }
    }
}
