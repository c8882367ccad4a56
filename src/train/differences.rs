//! The gradients of the own operations against central differences of their values.

use dfdx::prelude::*;

use super::convolution::{Convolution, Image};
use super::max_pool::MaxPool;
use super::operation::{
    ConvolvePool, Matrix, Rows, Slopes, Vector, binary_cross_entropy, max_pool, values,
};
use crate::random::Stream;

/// Compares `gradient` with (f(x + h) − f(x − h)) / 2h for each element of `x`. Sums of f32 have a
/// relative error of about 10⁻⁶, which this divides by h: hence the tolerance.
#[track_caller]
fn check(x: &[f32], gradient: &[f32], f: impl Fn(Vec<f32>) -> f64) {
    const H: f32 = 1.0 / 64.0;
    assert_eq!(x.len(), gradient.len());
    let largest = gradient.iter().fold(0f32, |largest, g| largest.max(g.abs()));
    assert!(largest > 0.0, "a gradient of zeros shows nothing");
    for index in 0..x.len() {
        let at = |step: f32| {
            let mut moved = x.to_vec();
            moved[index] += step;
            f(moved)
        };
        let difference = ((at(H) - at(-H)) / f64::from(2.0 * H)) as f32;
        let error = (difference - gradient[index]).abs() / largest;
        assert!(error < 2e-3, "element {index}: {} but {difference}", gradient[index]);
    }
}

/// A random order of multiples of ¼: pooling has neither ties nor changes its mind within ±h.
fn distinct(n: usize, stream: &mut Stream) -> Vec<f32> {
    let n = u32::try_from(n).unwrap();
    stream.choose(n, n).into_iter().map(|i| (i as f32 - n as f32 / 2.0) / 4.0).collect()
}

fn uniform(n: usize, stream: &mut Stream) -> Vec<f32> {
    (0..n).map(|_| stream.symmetric(1.0)).collect()
}

fn rows(values: Vec<f32>, n: usize) -> Rows {
    let columns = values.len() / n;
    Cpu::default().tensor_from_vec(values, (n, columns))
}

/// Σ y · upstream, summed in f64 so that the differences keep their digits.
fn weighted(y: &Rows, upstream: &[f32]) -> f64 {
    values(y).iter().zip(upstream).map(|(y, u)| f64::from(*y) * f64::from(*u)).sum()
}

fn slopes_of(y: Rows<OwnedTape<f32, Cpu>>, upstream: &[f32]) -> Slopes {
    let n = y.shape().0;
    (y * rows(upstream.to_vec(), n)).sum().backward()
}

fn slope<S: Shape>(slopes: &mut Slopes, of: &Tensor<S, f32, Cpu>) -> Vec<f32> {
    slopes.get_or_alloc_mut(of).unwrap().to_vec()
}

#[test]
#[expect(clippy::many_single_char_names, reason = "the names of the formula: y = w ∗ x + b")]
fn convolutions_of_random_sizes_with_and_without_pooling() {
    let device = Cpu::default();
    let mut stream = Stream::new(0, "sizes");
    let mut draw = |low: u32, high: u32| (low + stream.below(high - low + 1)) as usize;
    let mut values_of = Stream::new(1, "values");
    for round in 0..24 {
        let (kernel, stride, padding) = (draw(1, 4), draw(1, 3), draw(0, 4));
        let input = Image { height: draw(4, 7), width: draw(4, 7), channels: draw(1, 3) };
        let windows = |length: usize| (length + 2 * padding - kernel) / stride + 1;
        let output = Image {
            height: windows(input.height),
            width: windows(input.width),
            channels: draw(1, 4),
        };
        let convolution = Convolution { input, output, kernel, stride, padding };
        let n = 2;
        let x = uniform(n * input.len(), &mut values_of);
        let w = uniform(convolution.fan_in() * output.channels, &mut values_of);
        let b = uniform(output.channels, &mut values_of);
        let operation = ConvolvePool { convolution, pool: None, is_first: false };
        let shape = (input.channels, w.len() / input.channels);
        let apply = |x: Rows, w: Vec<f32>, b: Vec<f32>| {
            let w: Matrix = device.tensor_from_vec(w, shape);
            let b: Vector = device.tensor_from_vec(b, (output.channels,));
            operation.apply(x, &w, &b)
        };
        let upstream = uniform(n * output.len(), &mut values_of);
        let x_rows = rows(x.clone(), n);
        let w_matrix: Matrix = device.tensor_from_vec(w.clone(), shape);
        let b_vector: Vector = device.tensor_from_vec(b.clone(), (output.channels,));
        let y = operation.apply(x_rows.leaky_trace(), &w_matrix, &b_vector);
        let mut slopes = slopes_of(y, &upstream);
        let f =
            |x: Vec<f32>, w: Vec<f32>, b: Vec<f32>| weighted(&apply(rows(x, n), w, b), &upstream);
        check(&x, &slope(&mut slopes, &x_rows), |x| f(x, w.clone(), b.clone()));
        check(&w, &slope(&mut slopes, &w_matrix), |w| f(x.clone(), w, b.clone()));
        check(&b, &slope(&mut slopes, &b_vector), |b| f(x.clone(), w.clone(), b));

        // Joined with its pooling, the operation is the two one after the other.
        if output.height >= 2 && output.width >= 2 {
            let (size, stride) = (2, 1 + round % 2);
            let windows = |length: usize| (length - size) / stride + 1;
            let pooled = Image {
                height: windows(output.height),
                width: windows(output.width),
                channels: output.channels,
            };
            let pool = MaxPool { input: output, output: pooled, size, stride };
            let joined = ConvolvePool { convolution, pool: Some(pool), is_first: false };
            let upstream = uniform(n * pooled.len(), &mut values_of);
            let y = joined.apply(x_rows.leaky_trace(), &w_matrix, &b_vector);
            let apart = max_pool(pool, operation.apply(x_rows.leaky_trace(), &w_matrix, &b_vector));
            assert_eq!(values(&y), values(&apart));
            let (mut y, mut apart) = (slopes_of(y, &upstream), slopes_of(apart, &upstream));
            assert_eq!(slope(&mut y, &x_rows), slope(&mut apart, &x_rows));
            assert_eq!(slope(&mut y, &w_matrix), slope(&mut apart, &w_matrix));
            assert_eq!(slope(&mut y, &b_vector), slope(&mut apart, &b_vector));
        }
    }
}

#[test]
fn max_pooling() {
    let mut stream = Stream::new(2, "pool");
    for (size, stride) in [(2, 2), (3, 2), (2, 1), (4, 3)] {
        let input = Image { height: 7, width: 6, channels: 2 };
        let windows = |length: usize| (length - size) / stride + 1;
        let output = Image { height: windows(7), width: windows(6), channels: 2 };
        let pool = MaxPool { input, output, size, stride };
        let x = distinct(2 * input.len(), &mut stream);
        let x_rows = rows(x.clone(), 2);
        let upstream = uniform(2 * output.len(), &mut stream);
        let mut slopes = slopes_of(max_pool(pool, x_rows.leaky_trace()), &upstream);
        check(&x, &slope(&mut slopes, &x_rows), |x| {
            weighted(&max_pool(pool, rows(x, 2)), &upstream)
        });
    }
}

#[test]
fn binary_cross_entropy_of_unsaturated_probabilities() {
    let p: Vec<f32> = (1..8).map(|i| 0.2 + 0.075 * i as f32).collect();
    let targets: Vec<f32> = (0..7).map(|i| (i % 2) as f32).collect();
    let p_rows = rows(p.clone(), p.len());
    let mut slopes = binary_cross_entropy(p_rows.leaky_trace(), targets.clone()).backward();
    check(&p, &slope(&mut slopes, &p_rows), |p| {
        let n = p.len();
        f64::from(binary_cross_entropy(rows(p, n), targets.clone()).array())
    });
}
