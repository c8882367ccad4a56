//! Convolution of stride 1 through the Fourier transform.
//!
//! Along one axis, a convolution of H inputs by K kernel values is the product of two polynomials.
//! With v the kernel in reverse and p the padding:
//!
//! ```text
//! z[t] = Σ over j of x[j] · v[t − j],        y[o] = z[o + K − 1 − p]
//! ```
//!
//! A product of polynomials modulo uᴺ − 1 is, at each N-th root of unity, a product of two numbers.
//! Terms of degree N and more wrap around to low degrees. N is large enough if they miss every
//! output that is needed. In two dimensions, with all channels, the convolution becomes one matrix
//! product for each plane of the [`Transform`]: (images × input channels) by (input channels ×
//! output channels). In the second convolution of the paper, 7×7 inputs and a 5×5 kernel give 10×10
//! outputs. There N is 11, and there are 181 planes, where a dense convolution multiplies 1225
//! times.
//!
//! With T(x) the planes of x, the convolution is z = O(T(x) · T(v)). The three maps are linear. So
//! the gradients come from the same planes, through the transposes of the maps (written ᵀ):
//!
//! ```text
//! dx = Tᵀ(Oᵀ(dz) · T(v))        dv = Tᵀ(T(x) · Oᵀ(dz))
//! ```
//!
//! The weights of the inverse transform are applied to v, the smallest of the three arrays. Then O
//! is just the transpose of the transform at z.

use super::batch::{Batch, BatchMut};
use super::elementwise::{Add, transpose};
use super::fourier::{Axis, Store};
use super::lanes::map;
use super::product::{Left, Offsets, Right, Start, multiply};
use super::shape::{Convolution, Pass};
use super::transform::{Grid, Role, Transform, padded};
use super::workspace::Workspace;

/// A convolution, prepared for its sizes.
#[derive(Clone, Debug)]
pub(super) struct Spectral {
    convolution: Convolution,
    input: Transform,
    kernel: Transform,
    output: Transform,
    planes: usize,
}

impl Spectral {
    /// Returns `None` if the stride is not 1, if the image or the kernel is too large for the
    /// transforms, or if the padding is too large or too small for them.
    pub(super) fn new(convolution: Convolution) -> Option<Self> {
        let Convolution { input, output, kernel, stride, padding } = convolution;
        let lowest = (kernel - 1).checked_sub(padding).filter(|_| stride == 1)?;
        let kernel_centre = (kernel - 1) / 2;
        // The three axes in one direction; z is counted from the sum of the centres of x and v.
        let axes = |input: usize, output: usize| {
            let points = (lowest + output).max(input + kernel - 1 - lowest);
            let centre = (input - 1) / 2;
            let output_centre = (centre + kernel_centre).checked_sub(lowest)?;
            let axis = |length: usize, centre: usize| {
                Axis::fits(length, centre).then(|| Axis::new(points, length, centre))
            };
            let output = axis(output, output_centre)?;
            Some([axis(input, centre)?, axis(kernel, kernel_centre)?, output])
        };
        let [input_y, kernel_y, output_y] = axes(input.height, output.height)?;
        let [input_x, kernel_x, output_x] = axes(input.width, output.width)?;
        let output = Transform::new(output_y, output_x);
        Some(Self {
            convolution,
            input: Transform::new(input_y, input_x),
            kernel: Transform::new(kernel_y, kernel_x),
            planes: output.planes(),
            output,
        })
    }

    /// Number of multiplications of a forward pass, for one image.
    pub(super) fn multiplications(&self) -> usize {
        let [inputs, outputs] = self.channels();
        self.planes * inputs * outputs
            + self.input.multiplications() * inputs
            + self.output.multiplications() * outputs
    }

    /// Number of floats in the planes of one image.
    pub(super) fn floats_per_image(&self) -> usize {
        let [inputs, outputs] = self.channels();
        self.planes * (inputs + outputs)
    }

    fn channels(&self) -> [usize; 2] {
        [self.convolution.input.channels, self.convolution.output.channels]
    }

    /// Transforms the kernel for [`Self::forward`] or [`Self::backward`]. The second needs its
    /// channels transposed.
    pub(super) fn prepare(&self, weight: &[f32], pass: Pass, workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let lanes = inputs * outputs;
        let Workspace { kernel, planes, scratch, .. } = workspace;
        let reversed = kernel.room(weight.len());
        for (from, to) in weight.chunks_exact(lanes).rev().zip(reversed.chunks_exact_mut(lanes)) {
            match pass {
                Pass::Forward => to.copy_from_slice(from),
                Pass::Backward => transpose(from, outputs, to),
            }
        }
        let grid = Grid { pixels: &*reversed, stride: lanes, lanes };
        let kernel_planes = planes.kernel.room(self.planes * padded(lanes));
        self.kernel.analyze(&grid, Role::WeightedFactor, kernel_planes, scratch);
    }

    /// Convolves the images of `x` into `workspace.convolved`.
    pub(super) fn forward(&self, x: &Batch<'_>, workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let n = x.images;
        let Workspace { planes, scratch, convolved, .. } = workspace;
        let grid = Grid { pixels: x.pixels, stride: x.stride, lanes: n * inputs };
        let input = planes.input.room(self.planes * padded(n * inputs));
        self.input.analyze(&grid, Role::Factor, input, scratch);

        let product = planes.output.room(self.planes * padded(n * outputs));
        let rows = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        self.multiply(product, Start::Zero, &planes.input, rows, &planes.kernel, outputs);

        let lanes = n * outputs;
        let pixels = convolved.room(self.convolution.output.area() * lanes);
        let grid = Grid { pixels, stride: lanes, lanes };
        self.output.synthesize(product, Role::Product, grid, Store::Overwrite, scratch);
    }

    /// Adds to the gradient of the input if `dx` is given, and to the planes of the gradient of the
    /// kernel. The gradient of the output is in `workspace.convolved`. The first chunk of a batch
    /// starts those planes from zero.
    pub(super) fn backward(
        &self,
        x: &Batch<'_>,
        start: Start,
        dx: Option<BatchMut<'_>>,
        workspace: &mut Workspace,
    ) {
        let [inputs, outputs] = self.channels();
        let n = x.images;
        let Workspace { planes, scratch, convolved, .. } = workspace;
        let grid = Grid { pixels: x.pixels, stride: x.stride, lanes: n * inputs };
        let input = planes.input.room(self.planes * padded(n * inputs));
        self.input.analyze(&grid, Role::Factor, input, scratch);
        let grid = Grid { pixels: &convolved[..], stride: n * outputs, lanes: n * outputs };
        let output = planes.output.room(self.planes * padded(n * outputs));
        self.output.analyze(&grid, Role::Product, output, scratch);

        let kernel_gradient = planes.kernel_gradient.room(self.planes * padded(inputs * outputs));
        let transposed = (Offsets::strided(inputs, 1), Offsets::strided(n, inputs));
        let (input, output) = (&planes.input, &planes.output);
        self.multiply(kernel_gradient, start, input, transposed, output, outputs);

        let Some(dx) = dx else { return };
        let product = planes.input.room(self.planes * padded(n * inputs));
        let rows = (Offsets::strided(n, outputs), Offsets::strided(outputs, 1));
        self.multiply(product, Start::Zero, &planes.output, rows, &planes.kernel, inputs);
        let grid = Grid { pixels: dx.pixels, stride: dx.stride, lanes: n * inputs };
        self.input.synthesize(product, Role::Factor, grid, Store::Add, scratch);
    }

    /// Multiplies two matrices in each plane. The values of the left matrix lie at these rows and
    /// columns; the right matrix has `width` columns.
    fn multiply(
        &self,
        output: &mut [f32],
        start: Start,
        left: &[f32],
        (rows, columns): (Offsets, Offsets),
        right: &[f32],
        width: usize,
    ) {
        let output_rows = Offsets::strided(rows.len(), width);
        let [left_plane, right_plane, output_plane] = [
            padded(rows.len() * columns.len()),
            padded(columns.len() * width),
            padded(rows.len() * width),
        ];
        for plane in 0..self.planes {
            let data = &left[plane * left_plane..];
            let left = Left { data, rows: &rows, columns: &columns };
            let right =
                Right { data: &right[plane * right_plane..], stride: width, columns: width };
            multiply(&mut output[plane * output_plane..], &output_rows, start, left, right);
        }
    }

    /// Adds what all calls of [`Self::backward`] have summed up to the gradient of the kernel.
    pub(super) fn add_kernel_gradient(&self, dweight: &mut [f32], workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let lanes = inputs * outputs;
        let Workspace { kernel, planes, scratch, .. } = workspace;
        let sums = planes.kernel_gradient.room(self.planes * padded(lanes));
        let reversed = kernel.room(dweight.len());
        let grid = Grid { pixels: &mut *reversed, stride: lanes, lanes };
        self.kernel.synthesize(sums, Role::WeightedFactor, grid, Store::Overwrite, scratch);
        for (from, to) in reversed.chunks_exact(lanes).rev().zip(dweight.chunks_exact_mut(lanes)) {
            map(Add, [to], [from]);
        }
    }
}
