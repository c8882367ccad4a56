//! Convolution of stride 1 through the Fourier transform.
//!
//! Along one axis, a convolution of H inputs by K kernel values is the product of two polynomials:
//! with v the kernel in reverse and p the padding,
//!
//! ```text
//! z[t] = Σ over j of x[j] · v[t − j],        y[o] = z[o + K − 1 − p]
//! ```
//!
//! Modulo uᴺ − 1 a product of polynomials is, at each of the N-th roots of unity, a product of two
//! numbers; N need only be so large that what wraps around misses every wanted output. In two
//! dimensions, with all channels, the convolution becomes one matrix product of (images × input
//! channels) by (input channels × output channels) for each plane of the [`Transform`]. For the
//! second convolution of the paper, 7×7 by 5×5 with 10×10 outputs wanted, N is 11, and there are 181
//! planes where a dense convolution multiplies 1225 times.
//!
//! With T(x) the planes of x, the whole is z = O(T(x) · T(v)). All three maps are linear, so the
//! gradients come from the same planes and the transposes of the maps (written ᵀ):
//!
//! ```text
//! dx = Tᵀ(Oᵀ(dz) · T(v))        dv = Tᵀ(T(x) · Oᵀ(dz))
//! ```
//!
//! The weights of the inverse transform are applied to v, the smallest of the three, which leaves O
//! as the mere transpose of the transform at z.

use super::convolution::{Batch, BatchMut, Convolution, Pass};
use super::elementwise::{Add, transpose};
use super::fourier::{Axis, Store};
use super::lanes::map;
use super::product::{Left, Offsets, Right, Start, multiply};
use super::transform::{Grid, Role, Transform, padded};
use super::workspace::Workspace;

/// A convolution made ready for its sizes.
#[derive(Clone, Debug)]
pub(super) struct Spectral {
    convolution: Convolution,
    input: Transform,
    kernel: Transform,
    output: Transform,
    planes: usize,
}

impl Spectral {
    /// None where the convolution has a stride, or is too large or too lopsided for the transforms.
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

    /// Multiplications of one image, forward.
    pub(super) fn products(&self) -> usize {
        let [inputs, outputs] = self.channels();
        self.planes * inputs * outputs
            + self.input.products() * inputs
            + self.output.products() * outputs
    }

    /// Floats of the planes of one image.
    pub(super) fn floats(&self) -> usize {
        let [inputs, outputs] = self.channels();
        self.planes * (inputs + outputs)
    }

    fn channels(&self) -> [usize; 2] {
        [self.convolution.input.channels, self.convolution.output.channels]
    }

    /// Transforms the kernel: for [`Self::forward`], or with its channels transposed for
    /// [`Self::backward`].
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

    /// Given the gradient of the output in `workspace.convolved`, adds to that of the input, if it
    /// is wanted, and to the sums of that of the kernel, which the first images of a batch start.
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

    /// In each plane, the product of a left matrix, which has its numbers at these rows and columns,
    /// and a right one of `width` columns.
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

    /// Adds the sums of all calls of [`Self::backward`] to the gradient of the kernel.
    pub(super) fn finish(&self, dweight: &mut [f32], workspace: &mut Workspace) {
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
