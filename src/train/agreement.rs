//! Compares the kernel operations with the dfdx operations. Both run on the CPU. This is the only
//! test of the dfdx operations where there is no CUDA device.

use std::rc::Rc;

use dfdx::prelude::*;

use super::dfdx_operations::DfdxOperations;
use super::kernel_memory::Memory;
use super::kernel_operations::KernelOperations;
use super::operations::Operations;
use super::sequence::places;
use super::tensor::{Matrix, upload, values};
use super::training_loop::{Run, train};
use crate::dataset::{self, Split};
use crate::kernel::activation::Activation;
use crate::kernel::chain::{Chain, ChainLayer};
use crate::kernel::convolution::ConvolvePool;
use crate::kernel::layer_norm::LayerNorm;
use crate::kernel::linear::Linear;
use crate::kernel::normalization::Statistics;
use crate::kernel::self_gated::SelfGated;
use crate::kernel::shape::{Convolution, Example, Image, Pool};
use crate::random::Stream;
use crate::run::{
    DataConfig, Layer, ModelConfig, NetworkConfig, PairData, PairModel, TrainConfig, samples,
};
use crate::task::pair_curves;

fn layers(json: &str) -> Vec<Layer> {
    serde_json::from_str(json).unwrap()
}

/// The branches of the paper, and two with all kinds of layers in another order and other sizes.
fn branches() -> [Vec<Layer>; 5] {
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
    let residual = r#"[
        {"layer": "residual",
            "body": [{"layer": "conv2d", "channels": 4, "kernel": 3, "padding": 1},
                {"layer": "batch_norm"}, {"layer": "gelu"}, {"layer": "max_pool2d", "size": 2, "stride": 2}],
            "shortcut": [{"layer": "conv2d", "channels": 4, "kernel": 1, "stride": 2}]},
        {"layer": "avg_pool2d", "size": 2, "stride": 1}, {"layer": "layer_norm"},
        {"layer": "residual",
            "body": [{"layer": "dropout", "probability": 0.1}, {"layer": "silu"},
                {"layer": "conv2d", "channels": 4, "kernel": 3, "padding": 1}]},
        {"layer": "leaky_relu"}, {"layer": "global_avg_pool2d"}, {"layer": "linear", "outputs": 10}
    ]"#;
    let [deep, deep_sigmoid] = ["relu", "sigmoid"].map(convolutional);
    [deep, deep_sigmoid, layers(connected), layers(other), layers(residual)]
}

fn config(branch: Vec<Layer>, weight_sharing: bool) -> NetworkConfig {
    let head = r#"[
        {"layer": "linear", "outputs": 1}, {"layer": "batch_norm"},
        {"layer": "dropout", "probability": 0.1}, {"layer": "sigmoid"}
    ]"#;
    let data = PairData {
        dataset: dataset::embedded_digest(),
        seed: 1,
        train_pairs: 24,
        test_pairs: 20,
        pooling: 2,
        ..samples::pairs()
    };
    let model = PairModel { branch: branch.into(), head: layers(head).into(), weight_sharing };
    let NetworkConfig { train, .. } = samples::config();
    let train = TrainConfig { batch_size: 12, optimizer: samples::sgd(0.01, 0.0), ..train };
    let (data, model) = (DataConfig::Pairs(data), ModelConfig::Pair(model));
    NetworkConfig { data, model, train, seed: 3, ..samples::config() }
}

/// Both losses and the gradient of each parameter, on the first batch.
fn first_step<O: Operations>(
    operations: O,
    config: &NetworkConfig,
    split: &Split,
) -> Vec<Vec<f32>> {
    let mut run = Run::new(operations, config, split);
    let mut pass = run.backward(0, &mut Stream::new(0, "dropout")).unwrap().unwrap();
    let mut found: Vec<_> = pass.losses.iter().map(|loss| vec![*loss]).collect();
    for (operations, sequence) in run.network.sequences() {
        found.extend(sequence.parameter_gradients(operations, &mut pass.gradients));
    }
    found
}

/// Compares with a tolerance relative to the largest value, or to `least` if all values are
/// smaller.
#[track_caller]
fn assert_close(what: &str, kernels: &[f32], composed: &[f32], least: f32, tolerance: f32) {
    assert_eq!(kernels.len(), composed.len(), "{what}");
    let scale = kernels.iter().fold(least, |scale, x| scale.max(x.abs()));
    for (kernels, composed) in kernels.iter().zip(composed) {
        let error = (kernels - composed).abs() / scale;
        assert!(error < tolerance, "{what}: {kernels} and {composed}, {error} of the largest");
    }
}

fn uniform(n: usize, stream: &mut Stream) -> Vec<f32> {
    (0..n).map(|_| stream.symmetric(1.0)).collect()
}

/// The output of a layer, the gradient of its input, and the gradients of its parameters, for a
/// batch of `n` examples.
fn outcome<O: Operations<Device = Cpu>>(
    operations: &O,
    chain: &Rc<Chain>,
    n: usize,
) -> Vec<Vec<f32>> {
    let mut stream = Stream::new(9, "outcome");
    let values_of_all = uniform(chain.parameters(), &mut stream);
    let parameters = operations.parameters(values_of_all, places(chain));
    let (input, output) = (chain.input(), chain.output());
    let x: Matrix<Cpu> =
        upload(operations.device(), &uniform(n * input.len(), &mut stream), input.batch(n));
    let y = operations.chain(chain, &parameters, x.leaky_trace());
    let y_values = values(&y);
    let upstream = uniform(n * output.len(), &mut stream);
    let upstream = upload(operations.device(), &upstream, *y.shape());
    let mut gradients = (y * upstream).sum::<Rank0, _>().backward();
    let dx = gradients.get_or_alloc_mut(&x).unwrap().to_vec();
    let mut outcome = vec![y_values, dx];
    let places = places(chain);
    if !places.is_empty() {
        let gradient = operations.gradient(&parameters, &mut gradients);
        outcome.extend(places.into_iter().map(|place| gradient[place].to_vec()));
    }
    outcome
}

/// Compares both kinds of operations on one layer.
#[track_caller]
fn assert_layer_agrees(layer: ChainLayer, input: Example, n: usize) {
    let what = format!("{layer:?}");
    let mut chain = Chain::new(input);
    chain.push(layer);
    let chain = Rc::new(chain);
    let kernels = outcome(&KernelOperations::new(Memory::default()), &chain, n);
    let composed = outcome(&DfdxOperations::new(Cpu::default()), &chain, n);
    assert_outcomes_agree(&what, &kernels, &composed);
}

#[track_caller]
fn assert_outcomes_agree(what: &str, kernels: &[Vec<f32>], composed: &[Vec<f32>]) {
    assert_eq!(kernels.len(), composed.len(), "{what}");
    for (kernels, composed) in kernels.iter().zip(composed) {
        assert_close(what, kernels, composed, 1e-6, 1e-5);
    }
}

const ACTIVATIONS: [Option<Activation>; 5] = [
    None,
    Some(Activation::Relu),
    Some(Activation::Sigmoid),
    Some(Activation::Tanh),
    Some(Activation::LeakyRelu(0.125)),
];

#[test]
fn each_dfdx_operation_agrees_with_the_kernel_operation_to_one_in_100_000() {
    for ([side, inputs, outputs, kernel, stride, padding], activation) in [
        ([14, 1, 35, 3, 1, 1], ACTIVATIONS[1]),
        ([7, 35, 32, 5, 1, 4], ACTIVATIONS[2]),
        ([9, 3, 4, 4, 2, 1], ACTIVATIONS[3]),
        ([6, 2, 3, 1, 3, 0], ACTIVATIONS[0]),
    ] {
        let input = Image { height: side, width: side, channels: inputs };
        let side = (side + 2 * padding - kernel) / stride + 1;
        let output = Image { height: side, width: side, channels: outputs };
        let convolution = Convolution { input, output, kernel, stride, padding };
        let pooled = Image { height: side / 2, width: side / 2, channels: outputs };
        let pool = Pool { input: output, output: pooled, size: 2, stride: 2 };
        for pool in [None, Some(pool)] {
            let operation = Box::new(ConvolvePool::new(convolution, pool));
            let layer = ChainLayer::ConvolvePool(operation, activation);
            assert_layer_agrees(layer, Example::Image(input), 12);
        }
    }
    for activation in ACTIVATIONS {
        let linear = Linear { inputs: 40, outputs: 7 };
        assert_layer_agrees(ChainLayer::Linear(linear, activation), Example::Vector(40), 12);
    }
}

#[test]
fn pooling_flattening_layer_norm_and_activations_alone_agree_too() {
    let image = Image { height: 7, width: 7, channels: 3 };
    let pooled = Image { height: 3, width: 3, ..image };
    let pool = Pool { input: image, output: pooled, size: 3, stride: 2 };
    let mut layers = vec![ChainLayer::MaxPool(pool), ChainLayer::Flatten(image)];
    layers.extend([ChainLayer::AvgPool(pool), ChainLayer::GlobalAvgPool(image)]);
    layers.extend(ACTIVATIONS.into_iter().flatten().map(ChainLayer::Activation));
    layers.extend([SelfGated::Gelu, SelfGated::Silu].map(ChainLayer::SelfGated));
    for example in [Example::Image(image), Example::Vector(image.len())] {
        let norm = ChainLayer::LayerNorm(LayerNorm { example, epsilon: 1e-5 });
        assert_layer_agrees(norm, example, 6);
    }
    for layer in layers {
        assert_layer_agrees(layer, Example::Image(image), 6);
    }
}

/// The output, the statistics, and the gradients of a batch normalised with its own statistics, or
/// with others.
fn normalized<O: Operations<Device = Cpu>>(
    operations: &O,
    (n, channels): (usize, usize),
    is_batch: bool,
) -> Vec<Vec<f32>> {
    let mut stream = Stream::new(2, "normalisation");
    let places = vec![0..channels, channels..2 * channels];
    let parameters = operations.parameters(uniform(2 * channels, &mut stream), places);
    let x: Matrix<Cpu> =
        upload(operations.device(), &uniform(n * channels, &mut stream), (n, channels));
    let other = Statistics { mean: vec![0.3, -0.2, 0.1], variance: vec![0.5, 2.0, 1.0] };
    let given = (!is_batch).then(|| operations.statistics(other));
    let (y, statistics) =
        operations.normalize(&parameters, 1e-5, given.as_ref(), None, x.leaky_trace());
    let statistics = operations.statistics_values(&statistics);
    let y_values = values(&y);
    if !is_batch {
        return vec![y_values, statistics.mean, statistics.variance];
    }
    let upstream = upload(operations.device(), &uniform(n * channels, &mut stream), *y.shape());
    let mut gradients = (y * upstream).sum::<Rank0, _>().backward();
    let dx = gradients.get_or_alloc_mut(&x).unwrap().to_vec();
    let gradient = operations.gradient(&parameters, &mut gradients);
    vec![y_values, statistics.mean, statistics.variance, dx, gradient]
}

#[test]
fn normalisation_agrees_with_the_statistics_of_a_batch_and_with_others() {
    let (n, channels) = (30, 3);
    for is_batch in [true, false] {
        let kernels =
            normalized(&KernelOperations::new(Memory::default()), (n, channels), is_batch);
        let composed = normalized(&DfdxOperations::new(Cpu::default()), (n, channels), is_batch);
        assert_outcomes_agree("normalisation", &kernels, &composed);
    }
}

#[test]
fn a_pass_through_batch_norm_and_a_chain_has_the_bits_of_a_pass_through_each() {
    let (n, channels) = (30, 3);
    let mut chain = Chain::new(Example::Vector(channels));
    chain.push(ChainLayer::Activation(Activation::Relu));
    chain.push(ChainLayer::Linear(Linear { inputs: channels, outputs: 2 }, None));
    let chain = Rc::new(chain);
    let pass = |together: bool| {
        let operations = KernelOperations::new(Memory::default());
        let mut stream = Stream::new(2, "normalisation and chain");
        let norm = operations.parameters(uniform(2 * channels, &mut stream), Vec::new());
        let values_of_chain = uniform(chain.parameters(), &mut stream);
        let parameters = operations.parameters(values_of_chain, Vec::new());
        let x: Matrix<Cpu> =
            upload(operations.device(), &uniform(n * channels, &mut stream), (n, channels));
        let (y, statistics) = if together {
            let then = Some((&chain, &parameters));
            operations.normalize(&norm, 1e-5, None, then, x.leaky_trace())
        } else {
            let (y, statistics) = operations.normalize(&norm, 1e-5, None, None, x.leaky_trace());
            (operations.chain(&chain, &parameters, y), statistics)
        };
        let y_values = values(&y);
        let upstream = upload(operations.device(), &uniform(2 * n, &mut stream), *y.shape());
        let mut gradients = (y * upstream).sum::<Rank0, _>().backward();
        let dx = gradients.get_or_alloc_mut(&x).unwrap().to_vec();
        let of = [&norm, &parameters].map(|own| operations.gradient(own, &mut gradients));
        let all = [y_values, statistics.mean, statistics.variance, dx].into_iter().chain(of);
        all.map(|values| values.into_iter().map(f32::to_bits).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let found = pass(true);
    assert_eq!(found, pass(false));
    assert!(found.iter().all(|values| values.iter().any(|bits| *bits != 0)));
}

#[test]
fn networks_of_both_kinds_of_operations_train_alike() {
    let digits = dataset::embedded().unwrap();
    for branch in branches() {
        for weight_sharing in [true, false] {
            let config = config(branch.clone(), weight_sharing);
            let split = dataset::draw(&config.data, &digits).unwrap().remove(0);
            let kernels = first_step(KernelOperations::new(Memory::default()), &config, &split);
            let composed = first_step(DfdxOperations::new(Cpu::default()), &config, &split);
            assert_eq!(kernels.len(), composed.len());
            let [main, auxiliary] = [0, 1].map(|loss| (&kernels[loss], &composed[loss]));
            assert_close("main loss", main.0, main.1, 0.0, 1e-5);
            assert_close("auxiliary loss", auxiliary.0, auxiliary.1, 0.0, 1e-5);
            // Batch-norm over a dozen pairs amplifies rounding. The gradient of a bias before it is
            // nothing but rounding.
            let largest =
                kernels[2..].iter().flatten().fold(0f32, |largest, x| largest.max(x.abs()));
            for (index, (kernels, composed)) in kernels[2..].iter().zip(&composed[2..]).enumerate()
            {
                let what = format!("gradient {index} of {branch:?}, shared: {weight_sharing}");
                assert_close(&what, kernels, composed, 0.1 * largest, 2e-4);
            }

            let [kernels, composed] = [
                train(KernelOperations::new(Memory::default()), &config, &split, false, &|_| {})
                    .unwrap()
                    .0,
                train(DfdxOperations::new(Cpu::default()), &config, &split, false, &|_| {})
                    .unwrap()
                    .0,
            ];
            assert_eq!(kernels.outcome, composed.outcome);
            let [kernels, composed] = [kernels, composed]
                .map(|training| training.curves.get(&pair_curves::TRAIN_MAIN_LOSS).to_vec());
            let mut seen = Vec::new();
            for (kernels, composed) in kernels.into_iter().zip(composed) {
                assert!((kernels - composed).abs() < 1e-3 * kernels, "{kernels} and {composed}");
                seen.push(kernels);
            }
            let change = (seen[1] - seen[0]).abs();
            assert!(change > 1e-2 * seen[0], "the updates change too little to compare: {seen:?}");
        }
    }
}
