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
use super::fourier::Axis;
use super::lanes::map;
use super::offsets::Offsets;
use super::pixels::{Lanes, Sink, Source};
use super::product::{Left, Many, Right, Start, multiply_many};
use super::shape::{Convolution, Pass};
use super::transform::{Role, Scratch, Transform};
use super::workspace::{Planes, Workspace};

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
        let [rows, columns] = match pass {
            Pass::Forward => [inputs, outputs],
            Pass::Backward => [outputs, inputs],
        };
        let source = Source::Pixels { pixels: reversed, stride: lanes };
        let kernel_planes = planes.kernel.room(self.output.layout(columns).len(rows));
        let lanes = Lanes { units: rows, channels: columns };
        self.kernel.analyze(lanes, &source, Role::WeightedFactor, kernel_planes, scratch);
    }

    /// Transforms the images of `x` to `planes.input`.
    fn analyze_input(&self, x: &Batch<'_>, planes: &mut Planes, scratch: &mut Scratch) {
        let lanes = Lanes { units: x.images, channels: self.convolution.input.channels };
        let input = planes.input.room(self.output.layout(lanes.channels).len(lanes.units));
        let source = Source::Pixels { pixels: x.pixels, stride: x.stride };
        self.input.analyze(lanes, &source, Role::Factor, input, scratch);
    }

    /// Convolves the images of `x` into `sink`.
    pub(super) fn forward(&self, x: &Batch<'_>, sink: Sink<'_>, workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let n = x.images;
        let Workspace { planes, scratch, .. } = workspace;
        let [x_layout, z_layout] = [inputs, outputs].map(|channels| self.output.layout(channels));
        self.analyze_input(x, planes, scratch);

        let product = planes.output.room(z_layout.len(n));
        let many = Many {
            n: self.planes,
            output: z_layout.plane(),
            left: x_layout.plane(),
            right: z_layout.plane(),
        };
        let (rows, columns) = (x_layout.units(n), Offsets::strided(inputs, 1));
        let left = Left { data: &planes.input, rows: &rows, columns: &columns };
        let kernel_rows = z_layout.units(inputs);
        let right = Right { data: &planes.kernel, rows: &kernel_rows, columns: outputs };
        multiply_many(many, product, &z_layout.units(n), Start::Zero, left, right);

        let z_lanes = Lanes { units: n, channels: outputs };
        self.output.synthesize(z_lanes, product, Role::Product, sink, scratch);
    }

    /// Writes the gradient of the input if `dx` is given, and adds to the planes of the gradient of
    /// the kernel. `dy` gives the gradient of the output. The first chunk of a batch starts those
    /// planes from zero.
    pub(super) fn backward(
        &self,
        x: &Batch<'_>,
        dy: &Source<'_>,
        start: Start,
        dx: Option<BatchMut<'_>>,
        workspace: &mut Workspace,
    ) {
        let [inputs, outputs] = self.channels();
        let n = x.images;
        let Workspace { planes, scratch, .. } = workspace;
        let [x_layout, z_layout] = [inputs, outputs].map(|channels| self.output.layout(channels));
        let [x_lanes, z_lanes] = [inputs, outputs].map(|channels| Lanes { units: n, channels });
        self.analyze_input(x, planes, scratch);
        let output = planes.output.room(z_layout.len(n));
        self.output.analyze(z_lanes, dy, Role::Product, output, scratch);

        let (x_units, z_units) = (x_layout.units(n), z_layout.units(n));
        let [x_columns, z_columns] =
            [inputs, outputs].map(|channels| Offsets::strided(channels, 1));
        let (x_plane, z_plane) = (x_layout.plane(), z_layout.plane());
        let kernel_gradient = planes.kernel_gradient.room(z_layout.len(inputs));
        let left = Left { data: &planes.input, rows: &x_columns, columns: &x_units };
        let right = Right { data: &planes.output, rows: &z_units, columns: outputs };
        let many = Many { n: self.planes, output: z_plane, left: x_plane, right: z_plane };
        multiply_many(many, kernel_gradient, &z_layout.units(inputs), start, left, right);

        let Some(dx) = dx else { return };
        let product = planes.input.room(x_layout.len(n));
        let kernel_rows = x_layout.units(outputs);
        let left = Left { data: &planes.output, rows: &z_units, columns: &z_columns };
        let right = Right { data: &planes.kernel, rows: &kernel_rows, columns: inputs };
        let many = Many { n: self.planes, output: x_plane, left: z_plane, right: x_plane };
        multiply_many(many, product, &x_units, Start::Zero, left, right);
        let sink = Sink::Pixels { pixels: dx.pixels, stride: dx.stride };
        self.input.synthesize(x_lanes, product, Role::Factor, sink, scratch);
    }

    /// Adds what all calls of [`Self::backward`] have summed up to the gradient of the kernel.
    pub(super) fn add_kernel_gradient(&self, dweight: &mut [f32], workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let lanes = inputs * outputs;
        let Workspace { kernel, planes, scratch, .. } = workspace;
        let sums = planes.kernel_gradient.room(self.output.layout(outputs).len(inputs));
        let reversed = kernel.room(dweight.len());
        let sink = Sink::Pixels { pixels: &mut *reversed, stride: lanes };
        let matrix = Lanes { units: inputs, channels: outputs };
        self.kernel.synthesize(matrix, sums, Role::WeightedFactor, sink, scratch);
        for (from, to) in reversed.chunks_exact(lanes).rev().zip(dweight.chunks_exact_mut(lanes)) {
            map(Add, [to], [from]);
        }
    }
}
