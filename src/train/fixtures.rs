//! The numerics against PyTorch: `tests/fixtures/numerics.json`, made by `make.py` beside it.
//!
//! PyTorch's arrays are in channel, height, width order and its weights in (output, input) order;
//! the functions below bring them into ours.

use dfdx::prelude::*;
use serde_json::Value;

use super::activation::Activation;
use super::convolution::{Convolution, Image};
use super::loss::Targets;
use super::max_pool::MaxPool;
use super::normalization::{Moments, Normalization};
use super::operation::{
    ConvolvePool, Matrix, Rows, Slopes, Vector, binary_cross_entropy, max_pool, values,
};
use super::parameter::Parameter;
use super::sequence::Mode;
use super::trainer::Run;
use crate::dataset::Pairs;
use crate::random::Stream;
use crate::run::{self, Layer, Optimizer, RunConfig};

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

/// Backpropagates `upstream` through `y`: the gradient of Σ y · upstream.
fn backward(y: Rows<OwnedTape<f32, Cpu>>, upstream: Vec<f32>) -> Slopes {
    let shape = *y.shape();
    let weights: Rows = Cpu::default().tensor_from_vec(upstream, shape);
    (y * weights).sum().backward()
}

fn slope<S: Shape>(slopes: &mut Slopes, of: &Tensor<S, f32, Cpu>) -> Vec<f32> {
    slopes.get_or_alloc_mut(of).unwrap().to_vec()
}

fn convolution(case: &Value) -> Convolution {
    let layer = Layer::Conv2d {
        channels: size(case, "out_channels"),
        kernel: size(case, "kernel"),
        stride: size(case, "stride"),
        padding: size(case, "padding"),
    };
    let input = image(case);
    let output = run::infer(&[layer], shape(input)).unwrap()[0];
    Convolution {
        input,
        output: Image::of(output),
        kernel: size(case, "kernel"),
        stride: size(case, "stride"),
        padding: size(case, "padding"),
    }
}

fn image(case: &Value) -> Image {
    Image {
        height: size(case, "height"),
        width: size(case, "width"),
        channels: size(case, "channels"),
    }
}

fn shape(image: Image) -> run::Shape {
    let Image { height, width, channels } = image;
    run::Shape::Image { height, width, channels }
}

#[test]
fn conv2d_and_its_gradients_agree_with_pytorch() {
    let device = Cpu::default();
    for case in fixtures()["conv2d"].as_array().unwrap() {
        let convolution = convolution(case);
        let (input, output) = (convolution.input, convolution.output);
        let n = size(case, "batch");
        let x = channels_last(&floats(&case["input"]), input.channels, input.area());
        let x: Rows = device.tensor_from_vec(x, (n, input.len()));
        let weight = kernel_to_ours(&floats(&case["weight"]), output.channels);
        let columns = weight.len() / input.channels;
        let weight: Matrix = device.tensor_from_vec(weight, (input.channels, columns));
        let bias: Vector = device.tensor_from_vec(floats(&case["bias"]), (output.channels,));

        let operation = ConvolvePool { convolution, pool: None, is_first: false };
        let y = operation.apply(x.leaky_trace(), &weight, &bias);
        let to_theirs = |y: &[f32]| channels_first(y, output.channels, output.area());
        assert_close("output", &to_theirs(&values(&y)), &floats(&case["output"]));

        let upstream = channels_last(&floats(&case["grad_output"]), output.channels, output.area());
        let mut slopes = backward(y, upstream);
        let dx = channels_first(&slope(&mut slopes, &x), input.channels, input.area());
        assert_close("input gradient", &dx, &floats(&case["grad_input"]));
        let dweight = kernel_to_theirs(&slope(&mut slopes, &weight), output.channels);
        assert_close("weight gradient", &dweight, &floats(&case["grad_weight"]));
        assert_close("bias gradient", &slope(&mut slopes, &bias), &floats(&case["grad_bias"]));
    }
}

#[test]
fn max_pooling_and_its_gradient_agree_with_pytorch_ties_included() {
    let device = Cpu::default();
    for case in fixtures()["max_pool2d"].as_array().unwrap() {
        let (input, n) = (image(case), size(case, "batch"));
        let (window, stride) = (size(case, "size"), size(case, "stride"));
        let layer = Layer::MaxPool2d { size: window, stride };
        let output = run::infer(&[layer], shape(input)).unwrap()[0];
        let pool = MaxPool::new(shape(input), output, window, stride);
        let area = Image::of(output).area();

        let x = channels_last(&floats(&case["input"]), input.channels, input.area());
        let x: Rows = device.tensor_from_vec(x, (n, input.len()));
        let y = max_pool(pool, x.leaky_trace());
        let found = channels_first(&values(&y), input.channels, area);
        assert_close("output", &found, &floats(&case["output"]));
        let upstream = channels_last(&floats(&case["grad_output"]), input.channels, area);
        let mut slopes = backward(y, upstream);
        let dx = channels_first(&slope(&mut slopes, &x), input.channels, input.area());
        assert_close("gradient", &dx, &floats(&case["grad_input"]));
    }
}

#[test]
fn batch_norm_agrees_with_pytorch_in_training_and_in_inference() {
    let device = Cpu::default();
    for case in fixtures()["batch_norm"].as_array().unwrap() {
        let (input, n) = (image(case), size(case, "batch"));
        let to_ours = |key: &str| channels_last(&floats(&case[key]), input.channels, input.area());
        let to_theirs = |x: &[f32]| channels_first(x, input.channels, input.area());
        let number = |key: &str| case[key].as_f64().unwrap();
        let mut layer =
            Normalization::new(&device, input.channels, number("epsilon"), number("momentum"));
        layer.scale = Parameter::new(&device, floats(&case["scale"]), (input.channels,));
        layer.shift = Parameter::new(&device, floats(&case["shift"]), (input.channels,));
        layer.running = Moments {
            mean: floats(&case["running_mean"]),
            variance: floats(&case["running_variance"]),
        };

        let x: Rows = device.tensor_from_vec(to_ours("input"), (n, input.len()));
        let (y, observed) = layer.with_batch(x.leaky_trace());
        assert_close("training", &to_theirs(&values(&y)), &floats(&case["output_training"]));
        let mut slopes = backward(y, to_ours("grad_output"));
        let dx = to_theirs(&slope(&mut slopes, &x));
        assert_close("input gradient", &dx, &floats(&case["grad_input"]));
        let dscale = layer.scale.gradient(&mut slopes);
        assert_close("scale gradient", &dscale, &floats(&case["grad_scale"]));
        let dshift = layer.shift.gradient(&mut slopes);
        assert_close("shift gradient", &dshift, &floats(&case["grad_shift"]));

        layer.observe(&observed);
        let expected = floats(&case["running_mean_after"]);
        assert_close("running mean", &layer.running.mean, &expected);
        let expected = floats(&case["running_variance_after"]);
        assert_close("running variance", &layer.running.variance, &expected);
        let y = layer.with_running(x);
        assert_close("inference", &to_theirs(&values(&y)), &floats(&case["output_inference"]));
    }
}

#[test]
fn activations_agree_with_pytorch() {
    let device = Cpu::default();
    for case in fixtures()["activation"].as_array().unwrap() {
        let kind = case["kind"].as_str().unwrap();
        let layer = serde_json::from_value(serde_json::json!({ "layer": kind })).unwrap();
        let activation = Activation::of(&layer).unwrap();
        let x = floats(&case["input"]);
        let x: Rows = device.tensor_from_vec(x.clone(), (1, x.len()));
        let y = activation.apply(x.leaky_trace());
        assert_close(kind, &values(&y), &floats(&case["output"]));
        let mut slopes = backward(y, floats(&case["grad_output"]));
        assert_close(kind, &slope(&mut slopes, &x), &floats(&case["grad_input"]));
    }
}

#[test]
fn both_losses_agree_with_pytorch_saturated_probabilities_included() {
    let device = Cpu::default();
    for case in fixtures()["binary_cross_entropy"].as_array().unwrap() {
        let p = floats(&case["probabilities"]);
        let p: Rows = device.tensor_from_vec(p.clone(), (p.len(), 1));
        let loss = binary_cross_entropy(p.leaky_trace(), floats(&case["targets"]));
        assert_close("loss", &[loss.array()], &[case["loss"].as_f64().unwrap() as f32]);
        let mut slopes = loss.backward();
        // Element by element: saturated gradients are 10¹² times the others.
        for (found, expected) in slope(&mut slopes, &p).iter().zip(floats(&case["grad"])) {
            assert_close("gradient", &[*found], &[expected]);
        }
    }
    for case in fixtures()["cross_entropy"].as_array().unwrap() {
        let shape = (size(case, "batch"), size(case, "classes"));
        let x: Rows = device.tensor_from_vec(floats(&case["logits"]), shape);
        let mut one_hot = vec![0.0; shape.0 * shape.1];
        for (row, label) in floats(&case["labels"]).into_iter().enumerate() {
            one_hot[row * shape.1 + label as usize] = 1.0;
        }
        let targets: Rows = device.tensor_from_vec(one_hot, shape);
        let loss = dfdx::losses::cross_entropy_with_logits_loss(x.leaky_trace(), targets);
        assert_close("loss", &[loss.array()], &[case["loss"].as_f64().unwrap() as f32]);
        let mut slopes = loss.backward();
        assert_close("gradient", &slope(&mut slopes, &x), &floats(&case["grad_logits"]));
    }
}

/// One parameter of PyTorch's, in our order.
type Parameters = Vec<Vec<f32>>;

/// The parameters of a sequence: kernels and the matrix after a flattened image are reordered.
fn sequence_to_ours(layers: &[Layer], input: run::Shape, entries: &Value) -> Parameters {
    let shapes = run::infer(layers, input).unwrap();
    let inputs: Vec<_> = std::iter::once(input).chain(shapes).collect();
    let mut entries = entries.as_array().unwrap().iter().map(|entry| floats(&entry["values"]));
    let mut parameters = Vec::new();
    let mut flattened = None;
    for (layer, input) in layers.iter().zip(inputs) {
        match layer {
            Layer::Flatten => flattened = Some(input),
            Layer::Conv2d { channels, .. } => {
                parameters.push(kernel_to_ours(&entries.next().unwrap(), *channels));
                parameters.push(entries.next().unwrap());
            }
            Layer::Linear { outputs } => {
                let mut weight = entries.next().unwrap();
                if let Some(run::Shape::Image { height, width, channels }) = flattened.take() {
                    weight = channels_last(&weight, channels, height * width);
                }
                parameters.push(transposed(&weight, *outputs, input.len()));
                parameters.push(entries.next().unwrap());
            }
            Layer::BatchNorm { .. } => {
                parameters.extend([entries.next().unwrap(), entries.next().unwrap()]);
            }
            _ => {}
        }
    }
    assert!(entries.next().is_none(), "every parameter belongs to a layer");
    parameters
}

/// The parameters of a network: branches, then head.
fn network_to_ours(config: &RunConfig, entries: &Value) -> Vec<Parameters> {
    let branches = entries["branches"].as_array().unwrap().iter();
    let image = config.data.image();
    let branches = branches.map(|branch| sequence_to_ours(&config.model.branch, image, branch));
    let pair = run::Shape::Vector(2 * run::CLASSES);
    let head = sequence_to_ours(&config.model.head, pair, &entries["head"]);
    branches.chain([head]).collect()
}

fn pairs(fixtures: &Value) -> Pairs {
    let pairs = &fixtures["pairs"];
    let classes: Vec<u8> = floats(&pairs["classes"]).into_iter().map(|class| class as u8).collect();
    let pixels = floats(&pairs["pixels"]);
    let n = classes.len() / 2;
    let side = |side: usize| classes.iter().skip(side).step_by(2).copied().collect();
    let images = |side: usize| {
        let images = pixels.chunks_exact(pixels.len() / classes.len());
        images.skip(side).step_by(2).flatten().copied().collect()
    };
    Pairs { n, images: [images(0), images(1)], classes: [side(0), side(1)] }
}

fn config(item: &Value, batch_size: usize) -> RunConfig {
    let layers = |key: &str| serde_json::from_value(item[key].clone()).unwrap();
    let lr = item["learning_rate"].as_f64().unwrap();
    let identity = crate::dataset::embedded_identity();
    RunConfig {
        data: run::DataConfig {
            dataset: identity.digest,
            pools: identity.pools,
            seed: 0,
            train_pairs: 3 * batch_size,
            test_pairs: batch_size,
            pooling: 2,
        },
        model: run::ModelConfig {
            branch: layers("branch"),
            head: layers("head"),
            weight_sharing: item["weight_sharing"].as_bool().unwrap(),
        },
        train: run::TrainConfig {
            auxiliary_loss: item["auxiliary_loss"].as_bool().unwrap(),
            epochs: 1,
            batch_size,
            optimizer: Optimizer::Adam { lr, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        },
        seed: 0,
        device: run::DeviceKind::Cpu,
        number_type: run::NumberType::F32,
        versions: run::PartVersions::CURRENT,
    }
}

#[test]
fn three_adam_steps_of_a_pair_network_agree_with_pytorch_in_all_12_settings() {
    let fixtures = fixtures();
    let (pairs, batch_size) = (pairs(&fixtures), size(&fixtures["pairs"], "batch"));
    let items = fixtures["pair_networks"].as_array().unwrap();
    assert_eq!(items.len(), 12);
    for item in items {
        let name = format!(
            "{} sharing {} auxiliary {}",
            item["architecture"], item["weight_sharing"], item["auxiliary_loss"]
        );
        let config = config(item, batch_size);
        let mut run = Run::new(&Cpu::default(), &config, &pairs);
        let before = network_to_ours(&config, &item["parameters"]);
        for (sequence, parameters) in run.network.sequences().zip(before) {
            let mut parameters = parameters.into_iter();
            sequence.exchange(&mut |_| parameters.next().unwrap());
            assert!(parameters.next().is_none());
        }

        let mut dropout = Stream::new(0, "unused: the probability is 0");
        let mut slopes = run.backward(0, &mut dropout).unwrap().slopes;
        let expected = network_to_ours(&config, &item["steps"][0]["gradients"]);
        let largest =
            expected.iter().flatten().flatten().fold(0f32, |largest, x| largest.max(x.abs()));
        for (sequence, expected) in run.network.sequences().zip(&expected) {
            for (found, expected) in sequence.gradients(&mut slopes).iter().zip(expected) {
                // Where the true gradient is 0, rounding leaves something tiny.
                if expected.iter().any(|x| x.abs() > 1e-6 * largest) {
                    assert_close(&format!("{name}: gradient"), found, expected);
                }
            }
        }

        for (step, expected) in item["steps"].as_array().unwrap().iter().enumerate() {
            let losses = run.step(step, &mut dropout).unwrap().unwrap();
            let expected = [&expected["main_loss"], &expected["auxiliary_loss"]]
                .map(|x| x.as_f64().unwrap() as f32);
            let what = format!("{name}: losses of step {step}");
            assert_close(&what, &[losses.main], &expected[..1]);
            assert_close(&what, &[losses.auxiliary], &expected[1..]);
        }

        let noise: Vec<_> = item["noise_parameters"].as_array().unwrap().iter().collect();
        let n_branches = if config.model.weight_sharing { 1 } else { 2 };
        let after = network_to_ours(&config, &item["parameters_after"]);
        for (place, (sequence, expected)) in run.network.sequences().zip(&after).enumerate() {
            let place =
                if place < n_branches { format!("branch{place}") } else { "head".to_owned() };
            let mut index = 0;
            sequence.exchange(&mut |found| {
                // A bias in front of batch-norm has no gradient but rounding, which Adam blows up.
                if !noise.iter().any(|noise| noise[0] == *place && noise[1] == index) {
                    assert_close(&format!("{name}: {place}.{index}"), &found, &expected[index]);
                }
                index += 1;
                found
            });
        }

        // That noise moves the running means too, so inference starts from PyTorch's own state.
        let statistics = &item["running_after"];
        let branches = statistics["branches"].as_array().unwrap().iter();
        let statistics = branches.chain([&statistics["head"]]);
        for ((sequence, parameters), statistics) in
            run.network.sequences().zip(after).zip(statistics)
        {
            let mut parameters = parameters.into_iter();
            sequence.exchange(&mut |_| parameters.next().unwrap());
            for (layer, moments) in sequence.normalizations().zip(statistics.as_array().unwrap()) {
                let expected = floats(&moments["variance"]);
                assert_close(&format!("{name}: variance"), &layer.running.variance, &expected);
                layer.running = Moments { mean: floats(&moments["mean"]), variance: expected };
            }
        }
        let first = |side: usize| {
            let pixels = pairs.images[side].len() / pairs.n;
            let values = pairs.images[side][..batch_size * pixels].to_vec();
            Cpu::default().tensor_from_vec(values, (batch_size, pixels))
        };
        let images: [Rows; 2] = [first(0), first(1)];
        let outputs = run.network.forward(images, &mut Mode::Inference);
        let expected = floats(&item["inference_probabilities"]);
        assert_close(&format!("{name}: inference"), &values(&outputs.probabilities), &expected);
    }
}

#[test]
fn the_losses_of_a_batch_are_those_of_its_pairs() {
    let pairs = Pairs { n: 3, images: [vec![], vec![]], classes: [vec![9, 1, 2], vec![9, 3, 2]] };
    let targets = Targets::of(&pairs, 1..3, &Cpu::default());
    assert_eq!(targets.not_larger, [1.0, 1.0]);
    let mut logits = vec![0.0; 20];
    (logits[1], logits[12]) = (50.0, 50.0);
    let device = Cpu::default();
    let sure: Rows = device.tensor_from_vec(logits, (2, 10));
    let unsure: Rows = device.tensor_from_vec(vec![0.0; 20], (2, 10));
    let loss = targets.auxiliary(sure, unsure).array();
    assert!((loss - 10f32.ln()).abs() < 1e-5, "{loss}");
}
