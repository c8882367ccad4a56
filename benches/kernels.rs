//! The kernels that most of a run is spent in, at the sizes of the paper, beside `gemm`'s own product of 512³, which is the peak
//! that this crate measures itself by. A throughput of one item a nanosecond is one GFLOP/s: items
//! are floating-point operations, counted as a dense computation without padding would need them.

use divan::Bencher;
use divan::counter::ItemsCount;

use report::kernel::buffer::Buffer;
use report::kernel::convolution::{ConvolvePool, Gradients, Images};
use report::kernel::offsets::Offsets;
use report::kernel::product::{Left, Right, Start, multiply};
use report::kernel::shape::{Convolution, Image, Pool};
use report::kernel::workspace::Workspace;

fn main() {
    divan::main();
}

/// Images in a step.
const BATCH: usize = 100;

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 1009) as f32 / 1009.0 - 0.5).collect()
}

/// A product of 512 × 512 matrices by `gemm`, the fastest in pure Rust.
#[divan::bench]
fn gemm_512(bencher: Bencher) {
    const SIZE: usize = 512;
    let (left, right) = (numbers(SIZE * SIZE), numbers(SIZE * SIZE));
    let mut output = vec![0.0f32; SIZE * SIZE];
    let operations = ItemsCount::new(2 * SIZE * SIZE * SIZE);
    bencher.counter(operations).bench_local(|| {
        #[expect(unsafe_code, reason = "gemm takes pointers")]
        // SAFETY: the matrices are row-major of SIZE × SIZE, and the output is borrowed alone.
        unsafe {
            gemm::gemm(
                SIZE,
                SIZE,
                SIZE,
                output.as_mut_ptr(),
                1,
                SIZE.cast_signed(),
                false,
                left.as_ptr(),
                1,
                SIZE.cast_signed(),
                right.as_ptr(),
                1,
                SIZE.cast_signed(),
                0.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    });
}

/// Products of (rows × inner) by (inner × columns): those of a spectral point forward, for the
/// gradients of kernel and input, of the first convolution, and of linear layers.
#[divan::bench(args = [
    (16, 35, 32), (35, 16, 32), (16, 32, 35), (224, 9, 35), (100, 800, 25), (100, 196, 128),
])]
fn product(bencher: Bencher, (rows, inner, columns): (usize, usize, usize)) {
    let left = numbers(rows * inner);
    let mut right = Buffer::default();
    right.fill_from(&numbers(inner * columns));
    let mut output = vec![0.0; rows * columns];
    let (output_rows, left_rows) = (Offsets::strided(rows, columns), Offsets::strided(rows, inner));
    let (left_columns, right_rows) = (Offsets::strided(inner, 1), Offsets::strided(inner, columns));
    bencher.counter(ItemsCount::new(2 * rows * inner * columns)).bench_local(|| {
        let left = Left { data: &left, rows: &left_rows, columns: &left_columns };
        let right = Right { data: &right, rows: &right_rows, columns };
        multiply(&mut output, &output_rows, Start::Zero, left, right);
    });
}

/// A convolution of the paper with its pooling.
struct Case {
    operation: ConvolvePool,
    flops: usize,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    y: Vec<f32>,
    argmax: Vec<f32>,
    workspace: Workspace,
}

impl Case {
    fn new(input: Image, kernel: usize, padding: usize, channels: usize) -> Self {
        let side = input.height + 2 * padding + 1 - kernel;
        let output = Image { height: side, width: side, channels };
        let convolution = Convolution { input, output, kernel, stride: 1, padding };
        let pooled = Image { height: side / 2, width: side / 2, channels };
        let pool = Pool { input: output, output: pooled, size: 2, stride: 2 };
        // Pairs of an output row and a kernel row that meet the input; columns alike.
        let met = (0..side).flat_map(|o| (0..kernel).map(move |k| o + k));
        let met = met.filter(|at| (padding..padding + input.height).contains(at)).count();
        let y = vec![0.0; BATCH * pooled.len()];
        Self {
            operation: ConvolvePool::new(convolution, Some(pool)),
            flops: 2 * BATCH * met * met * input.channels * channels,
            x: numbers(BATCH * input.len()),
            weight: numbers(convolution.fan_in() * channels),
            bias: numbers(channels),
            argmax: y.clone(),
            y,
            workspace: Workspace::default(),
        }
    }

    fn first() -> Self {
        Self::new(Image { height: 14, width: 14, channels: 1 }, 3, 1, 35)
    }

    fn second() -> Self {
        Self::new(Image { height: 7, width: 7, channels: 35 }, 5, 4, 32)
    }

    fn forward(&mut self) {
        let Self { operation, x, weight, bias, y, argmax, workspace, .. } = self;
        let x = Images { values: x, frames: None };
        operation.forward(x, weight, bias, y, Some(argmax), workspace);
    }

    fn bench_forward(mut self, bencher: Bencher) {
        bencher.counter(ItemsCount::new(self.flops)).bench_local(|| self.forward());
    }

    fn bench_backward(mut self, bencher: Bencher, wants_input: bool) {
        self.forward();
        let dy = numbers(self.y.len());
        let (mut dweight, mut dbias) = (self.weight.clone(), self.bias.clone());
        let mut dx = self.x.clone();
        let passes = if wants_input { 2 } else { 1 };
        bencher.counter(ItemsCount::new(passes * self.flops)).bench_local(|| {
            let Self { operation, x, weight, argmax, workspace, .. } = &mut self;
            let input = wants_input.then_some(&mut dx[..]);
            let gradients = Gradients { weight: &mut dweight, bias: &mut dbias, input };
            let x = Images { values: x, frames: None };
            operation.backward(x, weight, argmax, &dy, gradients, workspace);
        });
    }
}

#[divan::bench]
fn first_convolution_forward(bencher: Bencher) {
    Case::first().bench_forward(bencher);
}

#[divan::bench]
fn first_convolution_backward(bencher: Bencher) {
    Case::first().bench_backward(bencher, false);
}

#[divan::bench]
fn second_convolution_forward(bencher: Bencher) {
    Case::second().bench_forward(bencher);
}

#[divan::bench]
fn second_convolution_backward(bencher: Bencher) {
    Case::second().bench_backward(bencher, true);
}

#[divan::bench(args = [(128, 128), (128, 56), (35, 32), (1600, 25)])]
fn transposition(bencher: Bencher, (rows, columns): (usize, usize)) {
    let from = numbers(rows * columns);
    let mut to = from.clone();
    bencher
        .counter(ItemsCount::new(rows * columns))
        .bench_local(|| report::kernel::elementwise::transpose(&from, columns, &mut to));
}
