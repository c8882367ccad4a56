//! Compares every kernel with a plain version of it, and its bits on all instruction sets.

use super::batch::BatchMut;
use super::convolution::{ConvolvePool, Frames, Gradients, Images};
use super::lanes::forced::on_each_instruction_set;
use super::shape::{Convolution, Image, Pool};
use super::workspace::Workspace;
use crate::random::Stream;

mod products;

pub(super) fn uniform(n: usize, stream: &mut Stream) -> Vec<f32> {
    (0..n).map(|_| stream.symmetric(1.0)).collect()
}

pub(super) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[track_caller]
pub(super) fn assert_all_equal<T: PartialEq + std::fmt::Debug>(results: &[T]) {
    assert!(results.len() > 1);
    for other in &results[1..] {
        assert!(*other == results[0], "other bits");
    }
}

/// Compares with the exact values to within `tolerance` of the largest.
#[track_caller]
fn assert_close(found: &[f32], exact: &[f64], tolerance: f64) {
    assert_eq!(found.len(), exact.len());
    let largest = exact.iter().fold(1e-30, |largest: f64, value| largest.max(value.abs()));
    for (index, (found, exact)) in found.iter().zip(exact).enumerate() {
        let error = (f64::from(*found) - exact).abs() / largest;
        assert!(error < tolerance, "element {index}: {found} but {exact}");
    }
}

/// One convolution with pooling, its operands, and what it should give.
struct Case {
    convolution: Convolution,
    pool: Option<Pool>,
    n: usize,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

/// y, argmax, and the gradients of kernel, bias and input.
type Outcome<T> = (Vec<T>, Vec<f32>, Vec<T>, Vec<T>, Vec<T>);

impl Case {
    fn new(convolution: Convolution, pool: Option<Pool>, n: usize, stream: &mut Stream) -> Self {
        let Convolution { input, output, .. } = convolution;
        let last = pool.map_or(output, |pool| pool.output);
        Self {
            convolution,
            pool,
            n,
            x: uniform(n * input.len(), stream),
            weight: uniform(convolution.fan_in() * output.channels, stream),
            bias: uniform(output.channels, stream),
            dy: uniform(n * last.len(), stream),
        }
    }

    /// The sizes of a random layer, small enough for the plain version.
    fn random(round: usize, stream: &mut Stream) -> Self {
        let mut draw = |low: u32, high: u32| (low + stream.below(high - low + 1)) as usize;
        let kernel = draw(1, 5);
        let stride = if round.is_multiple_of(3) { draw(1, 3) } else { 1 };
        let padding = draw(0, 5);
        let input = Image { height: draw(5, 9), width: draw(5, 9), channels: draw(1, 5) };
        let windows = |length: usize| (length + 2 * padding - kernel) / stride + 1;
        let output = Image {
            height: windows(input.height),
            width: windows(input.width),
            channels: draw(1, 20),
        };
        let convolution = Convolution { input, output, kernel, stride, padding };
        let n = draw(1, 5);
        let (size, stride) = (draw(1, 3), draw(1, 3));
        let pool = (round % 2 == 1 && output.height >= size && output.width >= size).then(|| {
            let windows = |length: usize| (length - size) / stride + 1;
            let (height, width) = (windows(output.height), windows(output.width));
            let pooled = Image { height, width, channels: output.channels };
            Pool { input: output, output: pooled, size, stride }
        });
        let mut case = Self::new(convolution, pool, n, stream);
        // Some images have a dark ground.
        let lane = n * input.channels;
        let dark = stream.below(input.area() as u32 * 2 / 3) as usize * lane;
        case.x[..dark].fill(0.0);
        case
    }

    /// What the layer gives, with images that are prepared and that are not.
    fn run(&self, operation: &ConvolvePool) -> Outcome<f32> {
        let frames = operation.frames(&self.x);
        let found = self.run_on(operation, None);
        if let Some(frames) = &frames {
            let of = |(y, argmax, dweight, dbias, dx): &Outcome<f32>| {
                [y, argmax, dweight, dbias, dx].map(|values| bits(values))
            };
            let prepared = self.run_on(operation, Some(frames));
            assert_all_equal(&[of(&found), of(&prepared)]);
        }
        found
    }

    fn run_on(&self, operation: &ConvolvePool, frames: Option<&Frames>) -> Outcome<f32> {
        let mut workspace = Workspace::default();
        let mut y = vec![f32::NAN; self.dy.len()];
        let mut argmax = vec![f32::NAN; y.len()];
        let (x, weight) = (Images { values: &self.x, frames }, &self.weight);
        operation.forward(x, weight, &self.bias, &mut y, Some(&mut argmax), &mut workspace);
        let mut again = vec![f32::NAN; y.len()];
        operation.forward(x, weight, &self.bias, &mut again, None, &mut workspace);
        assert_eq!(bits(&y), bits(&again), "a pass that keeps no argmax");
        let mut dweight = vec![0.0; weight.len()];
        let mut dbias = vec![0.0; self.bias.len()];
        let mut dx = vec![0.0; self.x.len()];
        for input in [Some(&mut dx[..]), None] {
            let gradients = Gradients { weight: &mut dweight, bias: &mut dbias, input };
            operation.backward(x, weight, &argmax, &self.dy, gradients, &mut workspace);
        }
        (y, argmax, dweight, dbias, dx)
    }

    /// The definition, with the gradients of kernel and bias twice, as [`Self::run`] adds them.
    fn plain(&self, argmax: &[f32]) -> Outcome<f64> {
        let Convolution { input, output, kernel, stride, padding } = self.convolution;
        let n = self.n;
        let taps = |each: &mut dyn FnMut(usize, usize, usize)| {
            for pixel in 0..output.area() {
                let (oy, ox) = (pixel / output.width, pixel % output.width);
                for tap in 0..kernel * kernel {
                    let y = (oy * stride + tap / kernel).checked_sub(padding);
                    let x = (ox * stride + tap % kernel).checked_sub(padding);
                    let (Some(y), Some(x)) = (y, x) else { continue };
                    if y < input.height && x < input.width {
                        each(pixel, tap, y * input.width + x);
                    }
                }
            }
        };
        let product = |each: &mut dyn FnMut(usize, usize, usize)| {
            taps(&mut |pixel, tap, from| {
                for image in 0..n {
                    for i in 0..input.channels {
                        for o in 0..output.channels {
                            each(
                                (pixel * n + image) * output.channels + o,
                                (tap * input.channels + i) * output.channels + o,
                                (from * n + image) * input.channels + i,
                            );
                        }
                    }
                }
            });
        };
        let lanes = n * output.channels;
        let of = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        let (x, weight, bias, dy) = (of(&self.x), of(&self.weight), of(&self.bias), of(&self.dy));
        let mut z: Vec<f64> =
            (0..output.area() * lanes).map(|at| bias[at % output.channels]).collect();
        product(&mut |to, w, from| z[to] += weight[w] * x[from]);

        // The pixel that each pooled value comes from is taken from the argmax: rounding decides
        // between values that are almost equal.
        let mut y = z.clone();
        let mut dz = dy.clone();
        if let Some(pool) = self.pool {
            dz = vec![0.0; z.len()];
            y = vec![0.0; dy.len()];
            for at in 0..y.len() {
                let (window, lane) = (at / lanes, at % lanes);
                let (oy, ox) = (window / pool.output.width, window % pool.output.width);
                let position = argmax[at] as usize;
                let row = oy * pool.stride + position / pool.size;
                let column = ox * pool.stride + position % pool.size;
                let from = (row * output.width + column) * lanes + lane;
                (y[at], dz[from]) = (z[from], dz[from] + dy[at]);
                let best = (0..pool.size * pool.size).map(|p| {
                    let row = oy * pool.stride + p / pool.size;
                    z[(row * output.width + ox * pool.stride + p % pool.size) * lanes + lane]
                });
                assert!(best.fold(f64::MIN, f64::max) - y[at] < 1e-5, "not the largest");
            }
        }
        let mut dweight = vec![0.0; weight.len()];
        let mut dbias = vec![0.0; bias.len()];
        let mut dx = vec![0.0; self.x.len()];
        product(&mut |to, w, from| {
            dweight[w] += 2.0 * dz[to] * x[from];
            dx[from] += dz[to] * weight[w];
        });
        for (at, dz) in dz.iter().enumerate() {
            dbias[at % output.channels] += 2.0 * dz;
        }
        (y, argmax.to_vec(), dweight, dbias, dx)
    }
}

#[test]
fn convolutions_of_random_sizes_are_what_the_definition_says_by_either_method() {
    let mut stream = Stream::new(0, "convolutions");
    let mut methods = [0, 0];
    for round in 0..200 {
        let case = Case::random(round, &mut stream);
        for (method, operation) in
            ConvolvePool::by_each_method(case.convolution, case.pool).into_iter().enumerate()
        {
            let Some(operation) = operation else { continue };
            methods[method] += 1;
            let (y, argmax, dweight, dbias, dx) = case.run(&operation);
            let exact = case.plain(&argmax);
            assert_close(&y, &exact.0, 3e-6);
            assert_close(&dweight, &exact.2, 3e-6);
            assert_close(&dbias, &exact.3, 3e-6);
            assert_close(&dx, &exact.4, 3e-6);
        }
    }
    assert!(methods.into_iter().all(|n| n > 50), "{methods:?}");
}

fn paper() -> Convolution {
    let input = Image { height: 7, width: 7, channels: 35 };
    let output = Image { height: 11, width: 11, channels: 32 };
    Convolution { input, output, kernel: 5, stride: 1, padding: 4 }
}

fn pool_of(input: Image) -> Pool {
    let output = Image { height: input.height / 2, width: input.width / 2, ..input };
    Pool { input, output, size: 2, stride: 2 }
}

#[test]
fn the_second_convolution_of_the_paper_over_several_chunks() {
    let mut stream = Stream::new(1, "paper");
    let case = Case::new(paper(), Some(pool_of(paper().output)), 50, &mut stream);
    let (y, argmax, dweight, dbias, dx) = case.run(&ConvolvePool::new(case.convolution, case.pool));
    let exact = case.plain(&argmax);
    assert_close(&y, &exact.0, 3e-6);
    assert_close(&dweight, &exact.2, 3e-6);
    assert_close(&dbias, &exact.3, 3e-6);
    assert_close(&dx, &exact.4, 3e-6);
}

#[test]
fn convolutions_give_the_same_bits_on_every_instruction_set() {
    let mut stream = Stream::new(2, "instructions");
    for round in 0..40 {
        let case = Case::random(round, &mut stream);
        for operation in
            ConvolvePool::by_each_method(case.convolution, case.pool).into_iter().flatten()
        {
            let outcome = || {
                let (y, argmax, dweight, dbias, dx) = case.run(&operation);
                [y, argmax, dweight, dbias, dx].map(|values| bits(&values))
            };
            assert_all_equal(&on_each_instruction_set(outcome));
        }
    }
}

#[test]
fn pooling_in_registers_gives_the_bits_of_pooling_afterwards_even_of_a_nan() {
    let mut stream = Stream::new(4, "pooling");
    for (size, stride, channels) in [(2, 2, 35), (3, 3, 35), (2, 1, 3), (3, 2, 20), (2, 2, 64)] {
        let input = Image { height: 8, width: 7, channels: 2 };
        let output = Image { height: 8, width: 7, channels };
        let convolution = Convolution { input, output, kernel: 3, stride: 1, padding: 1 };
        let windows = |length: usize| (length - size) / stride + 1;
        let pooled = Image { height: windows(8), width: windows(7), channels };
        let pool = Pool { input: output, output: pooled, size, stride };
        let mut x = uniform(3 * input.len(), &mut stream);
        x[100] = f32::NAN;
        let weight = uniform(convolution.fan_in() * channels, &mut stream);
        let bias = vec![0.0; channels];
        let [together, _] = ConvolvePool::by_each_method(convolution, Some(pool));
        let [alone, _] = ConvolvePool::by_each_method(convolution, None);
        let (together, alone) = (together.expect("direct"), alone.expect("direct"));
        let images = Images { values: &x, frames: None };
        let found = on_each_instruction_set(|| {
            let mut workspace = Workspace::default();
            let [mut y, mut argmax] = [(); 2].map(|()| vec![0.0; 3 * pooled.len()]);
            together.forward(images, &weight, &bias, &mut y, Some(&mut argmax), &mut workspace);
            (bits(&y), bits(&argmax))
        });
        assert_all_equal(&found);
        let mut convolved = vec![0.0; 3 * output.len()];
        alone.forward(images, &weight, &bias, &mut convolved, None, &mut Workspace::default());
        let [mut y, mut argmax] = [(); 2].map(|()| vec![0.0; 3 * pooled.len()]);
        let lanes = 3 * channels;
        let [maxima, positions] =
            [&mut y, &mut argmax].map(|pixels| BatchMut { pixels, stride: lanes });
        pool.maxima(&convolved, lanes, maxima, positions);
        assert!(y.iter().any(|value| value.is_nan()) && !y.iter().all(|value| value.is_nan()));
        assert_eq!(found[0], (bits(&y), bits(&argmax)));
    }
}

#[test]
fn each_image_of_a_batch_is_computed_as_if_it_were_alone() {
    let mut stream = Stream::new(5, "batches");
    let case = Case::new(paper(), Some(pool_of(paper().output)), 33, &mut stream);
    let operation = ConvolvePool::new(case.convolution, case.pool);
    let (y, argmax, ..) = case.run(&operation);
    let of_image = |values: &[f32], image: usize, channels: usize| {
        let images = values.chunks_exact(channels).skip(image).step_by(case.n);
        images.flatten().copied().collect::<Vec<_>>()
    };
    for image in 0..case.n {
        let x = of_image(&case.x, image, operation.input().channels);
        let [mut alone, mut positions] = [(); 2].map(|()| vec![0.0; operation.output().len()]);
        let (workspace, kept) = (&mut Workspace::default(), Some(&mut positions[..]));
        let x = Images { values: &x, frames: None };
        operation.forward(x, &case.weight, &case.bias, &mut alone, kept, workspace);
        let channels = operation.output().channels;
        assert_eq!(bits(&of_image(&y, image, channels)), bits(&alone));
        assert_eq!(of_image(&argmax, image, channels), positions);
    }
}

#[test]
fn the_first_of_equal_values_wins_a_window_and_a_nan_wins_any() {
    let input = Image { height: 2, width: 4, channels: 1 };
    let nan = f32::NAN;
    // Two windows of 2×2; two images side by side in each pixel.
    let x = [1.0, 5.0, 1.0, 5.0, 0.0, nan, 7.0, 9.0, 1.0, 4.0, 1.0, 5.0, 8.0, 1.0, nan, nan];
    let found = on_each_instruction_set(|| {
        let (mut y, mut argmax) = ([0.0; 4], [0.0; 4]);
        let [output, winning] = [&mut y, &mut argmax].map(|pixels| BatchMut { pixels, stride: 2 });
        pool_of(input).maxima(&x, 2, output, winning);
        (bits(&y), argmax.to_vec())
    });
    assert_all_equal(&found);
    let y: Vec<f32> = found[0].0.iter().map(|bits| f32::from_bits(*bits)).collect();
    assert_eq!(y[..2], [1.0, 5.0]);
    assert!(y[2].is_nan() && y[3].is_nan());
    assert_eq!(found[0].1, [0.0, 0.0, 3.0, 3.0]);
}
