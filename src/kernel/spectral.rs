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
//! channels) by (input channels × output channels) at each of N × N points. For the second
//! convolution of the paper, 7×7 by 5×5 with 10×10 outputs wanted, N is 11.
//!
//! The numbers are real, so half of the points are conjugates of the others. Of the real components
//! of the two transforms ([`Axis`]), a pair of frequencies (f, g) has
//!
//! - one, if neither has a sine: it is the value at a point, which is real;
//! - two, if one has a sine: the real and imaginary parts of the value at one point;
//! - four: cc, cs, sc and ss make the values at the points (f, g) and (f, −g), which are
//!   (cc − ss) + i(cs + sc) and (cc + ss) + i(sc − cs).
//!
//! A product of complex numbers takes three real ones (Karatsuba): with (a + ib)(c + id) and
//! P = ac, Q = bd, R = (a + b)(c + d), the real part is P − Q and the imaginary part R − P − Q. So
//! each complex value becomes three real *planes*, and everything between the transforms is a batch
//! of real matrix products: 181 of them for N = 11, where a dense convolution multiplies 1225 times.
//!
//! With T(x) the planes of x, the whole is z = O(T(x) · T(v)). All three maps are linear, so the
//! gradients come from the same planes and the transposes of the maps (written ᵀ):
//!
//! ```text
//! dx = Tᵀ(Oᵀ(dz) · T(v))        dv = Tᵀ(T(x) · Oᵀ(dz))
//! ```
//!
//! The weights of the inverse transform (1/N² for real points, 2/N² for the others, which stand for
//! their conjugates too) are applied to v, the smallest of the three, which leaves O as the mere
//! transpose of the transform at z.

use pulp::Simd;

use super::convolution::{Batch, BatchMut, Convolution, Pass};
use super::elementwise::{Add, Scale, transpose};
use super::fourier::{Axis, Rows};
use super::lanes::{Lanewise, map};
use super::product::{Left, Offsets, Right, Start, multiply};
use super::workspace::{Buffer, Workspace};

/// A convolution made ready for its sizes.
#[derive(Clone, Debug)]
pub(super) struct Spectral {
    convolution: Convolution,
    input: Plane,
    kernel: Plane,
    output: Plane,
    points: Vec<Point>,
    /// Weight of each real component in the inverse transform.
    weights: Vec<f32>,
}

/// The transforms of a grid along its two axes.
#[derive(Clone, Debug)]
struct Plane {
    y: Axis,
    x: Axis,
}

/// Real components that belong to one pair of frequencies.
#[derive(Clone, Copy, Debug)]
enum Point {
    Real(usize),
    Complex([usize; 2]),
    /// Two complex points: cc, cs, sc, ss.
    Two([usize; 4]),
}

impl Point {
    fn planes(self) -> usize {
        match self {
            Self::Real(_) => 1,
            Self::Complex(_) => 3,
            Self::Two(_) => 6,
        }
    }
}

impl Spectral {
    /// None where the convolution has a stride, or is too large or too lopsided for the transforms.
    pub(super) fn new(convolution: Convolution) -> Option<Self> {
        let Convolution { input, output, kernel, stride, padding } = convolution;
        let lowest = (kernel - 1).checked_sub(padding).filter(|_| stride == 1)?;
        let kernel_centre = (kernel - 1) / 2;
        // The three axes in one direction; z and x are counted from centres that fit together.
        let axes = |input: usize, output: usize| {
            let points = (lowest + output).max(input + kernel - 1 - lowest);
            let centre = (input - 1) / 2;
            let output_centre = (centre + kernel_centre).checked_sub(lowest)?;
            let axis = |length: usize, centre: usize| {
                let fits = centre < length && Axis::fits(length, centre);
                fits.then(|| Axis::new(points, length, centre))
            };
            let output = axis(output, output_centre)?;
            Some([axis(input, centre)?, axis(kernel, kernel_centre)?, output])
        };
        let [input_y, kernel_y, output_y] = axes(input.height, output.height)?;
        let [input_x, kernel_x, output_x] = axes(input.width, output.width)?;
        let output = Plane { y: output_y, x: output_x };
        let (points, weights) = output.points();
        Some(Self {
            convolution,
            input: Plane { y: input_y, x: input_x },
            kernel: Plane { y: kernel_y, x: kernel_x },
            output,
            points,
            weights,
        })
    }

    fn planes(&self) -> usize {
        self.points.iter().map(|point| point.planes()).sum()
    }

    /// Multiplications of one image, forward.
    pub(super) fn products(&self) -> usize {
        let [inputs, outputs] = self.channels();
        self.planes() * inputs * outputs
            + self.input.products() * inputs
            + self.output.products() * outputs
    }

    /// Floats of the planes of one image.
    pub(super) fn floats(&self) -> usize {
        let [inputs, outputs] = self.channels();
        self.planes() * (inputs + outputs)
    }

    fn channels(&self) -> [usize; 2] {
        [self.convolution.input.channels, self.convolution.output.channels]
    }

    /// Transforms the kernel: for [`Self::forward`], or with its channels transposed for
    /// [`Self::backward`], which then starts its sums.
    pub(super) fn prepare(&self, weight: &[f32], pass: Pass, workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let lanes = inputs * outputs;
        let Workspace { kernel, planes, half, components, .. } = workspace;
        let reversed = kernel.room(weight.len());
        for (from, to) in weight.chunks_exact(lanes).rev().zip(reversed.chunks_exact_mut(lanes)) {
            match pass {
                Pass::Forward => to.copy_from_slice(from),
                Pass::Backward => transpose(from, outputs, to),
            }
        }
        self.kernel.analyze(reversed, lanes, lanes, half, components);
        self.weigh(components.room(self.weights.len() * lanes));
        self.to_planes(components, Product, planes.kernel.room(self.planes() * lanes));
        if pass == Pass::Backward {
            planes.kernel_gradient.room(self.planes() * lanes).fill(0.0);
        }
    }

    /// Convolves the images of `x` into `workspace.convolved`.
    pub(super) fn forward(&self, x: &Batch<'_>, workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let n = x.images;
        let Workspace { planes, half, components, convolved, .. } = workspace;
        self.input.analyze(x.pixels, x.stride, n * inputs, half, components);
        self.to_planes(components, Product, planes.input.room(self.planes() * n * inputs));
        let product = planes.output.room(self.planes() * n * outputs);
        let rows = Offsets::strided(n, outputs);
        let (left_rows, columns) = (Offsets::strided(n, inputs), Offsets::strided(inputs, 1));
        for plane in 0..self.planes() {
            let data = &planes.input[plane * n * inputs..];
            let left = Left { data, rows: &left_rows, columns: &columns };
            let data = &planes.kernel[plane * inputs * outputs..];
            let right = Right { data, stride: outputs, columns: outputs };
            multiply(&mut product[plane * n * outputs..], &rows, Start::Zero, left, right);
        }
        self.from_planes(&planes.output, Product, n * outputs, components);
        let lanes = n * outputs;
        let convolved = convolved.room(self.convolution.output.area() * lanes);
        self.output.synthesize(components, convolved, lanes, lanes, half);
    }

    /// Given the gradient of the output in `workspace.convolved`, adds to that of the input, if it
    /// is wanted, and to the sums of that of the kernel.
    pub(super) fn backward(
        &self,
        x: &Batch<'_>,
        dx: Option<&mut BatchMut<'_>>,
        workspace: &mut Workspace,
    ) {
        let [inputs, outputs] = self.channels();
        let n = x.images;
        let Workspace { planes, half, components, convolved, .. } = workspace;
        self.input.analyze(x.pixels, x.stride, n * inputs, half, components);
        self.to_planes(components, Product, planes.input.room(self.planes() * n * inputs));
        self.output.analyze(convolved, n * outputs, n * outputs, half, components);
        self.to_planes(components, Gradient, planes.output.room(self.planes() * n * outputs));

        let rows = Offsets::strided(inputs, outputs);
        let (left_rows, columns) = (Offsets::strided(inputs, 1), Offsets::strided(n, inputs));
        for plane in 0..self.planes() {
            let data = &planes.input[plane * n * inputs..];
            let left = Left { data, rows: &left_rows, columns: &columns };
            let data = &planes.output[plane * n * outputs..];
            let right = Right { data, stride: outputs, columns: outputs };
            let sums = &mut planes.kernel_gradient[plane * inputs * outputs..];
            multiply(sums, &rows, Start::Output, left, right);
        }

        let Some(dx) = dx else { return };
        let rows = Offsets::strided(n, inputs);
        let (left_rows, columns) = (Offsets::strided(n, outputs), Offsets::strided(outputs, 1));
        for plane in 0..self.planes() {
            let data = &planes.output[plane * n * outputs..];
            let left = Left { data, rows: &left_rows, columns: &columns };
            let data = &planes.kernel[plane * inputs * outputs..];
            let right = Right { data, stride: inputs, columns: inputs };
            multiply(&mut planes.input[plane * n * inputs..], &rows, Start::Zero, left, right);
        }
        self.from_planes(&planes.input, Gradient, n * inputs, components);
        let lanes = n * inputs;
        let gradient = convolved.room(self.convolution.input.area() * lanes);
        self.input.synthesize(components, gradient, lanes, lanes, half);
        for (pixel, row) in gradient.chunks_exact(lanes).enumerate() {
            dx.add(pixel, row);
        }
    }

    /// Adds the sums of all calls of [`Self::backward`] to the gradient of the kernel.
    pub(super) fn finish(&self, dweight: &mut [f32], workspace: &mut Workspace) {
        let [inputs, outputs] = self.channels();
        let lanes = inputs * outputs;
        let Workspace { kernel, planes, half, components, .. } = workspace;
        self.from_planes(&planes.kernel_gradient, Gradient, lanes, components);
        self.weigh(components.room(self.weights.len() * lanes));
        let reversed = kernel.room(dweight.len());
        self.kernel.synthesize(components, reversed, lanes, lanes, half);
        for (from, to) in reversed.chunks_exact(lanes).rev().zip(dweight.chunks_exact_mut(lanes)) {
            map(Add, [to], [from]);
        }
    }

    fn weigh(&self, components: &mut [f32]) {
        let lanes = components.len() / self.weights.len();
        for (component, weight) in components.chunks_exact_mut(lanes).zip(&self.weights) {
            map(Scale(*weight), [component], []);
        }
    }

    /// Real components → planes.
    fn to_planes<F>(&self, components: &[f32], form: F, planes: &mut [f32])
    where
        F: Form,
    {
        let lanes = planes.len() / self.planes();
        let component = |index: usize| &components[index * lanes..][..lanes];
        let mut planes = planes.chunks_exact_mut(lanes);
        for point in &self.points {
            match *point {
                Point::Real(at) => {
                    let [plane] = take(&mut planes);
                    plane.copy_from_slice(component(at));
                }
                Point::Complex(parts) => {
                    map(ToPlanes(form), take(&mut planes), parts.map(component));
                }
                Point::Two(parts) => {
                    map(TwoToPlanes(form), take(&mut planes), parts.map(component));
                }
            }
        }
    }

    /// The transpose of [`Self::to_planes`] with the other form.
    fn from_planes<F>(&self, planes: &[f32], form: F, lanes: usize, components: &mut Buffer)
    where
        F: Form,
    {
        let components = components.room(self.weights.len() * lanes);
        let mut planes = planes.chunks_exact(lanes);
        for point in &self.points {
            let range = |at: usize| at * lanes..(at + 1) * lanes;
            match *point {
                Point::Real(at) => {
                    let [plane] = take(&mut planes);
                    components[range(at)].copy_from_slice(plane);
                }
                Point::Complex(parts) => {
                    let parts = disjoint(components, parts.map(range));
                    map(FromPlanes(form), parts, take(&mut planes));
                }
                Point::Two(parts) => {
                    let parts = disjoint(components, parts.map(range));
                    map(TwoFromPlanes(form), parts, take(&mut planes));
                }
            }
        }
    }
}

/// The next `N` planes.
fn take<T, const N: usize>(planes: &mut impl Iterator<Item = T>) -> [T; N] {
    std::array::from_fn(|_| planes.next().expect("as many planes as the points have"))
}

fn disjoint<const N: usize>(
    components: &mut [f32],
    ranges: [std::ops::Range<usize>; N],
) -> [&mut [f32]; N] {
    components.get_disjoint_mut(ranges).expect("every component belongs to one point")
}

impl Plane {
    fn products(&self) -> usize {
        self.x.length() * self.y.products() + self.y.components() * self.x.products()
    }

    /// How the real components make points, and the weight of each in the inverse transform.
    fn points(&self) -> (Vec<Point>, Vec<f32>) {
        let (y, x) = (&self.y, &self.x);
        let at = |y: usize, x: usize| y * self.x.components() + x;
        let n = y.components() * x.components();
        let mut points = Vec::new();
        let mut weights = vec![2.0 / n as f32; n];
        for f in y.frequencies() {
            for g in x.frequencies() {
                let (cy, cx) = (y.cosine(f), x.cosine(g));
                points.push(match (y.sine(f), x.sine(g)) {
                    (None, None) => {
                        weights[at(cy, cx)] = 1.0 / n as f32;
                        Point::Real(at(cy, cx))
                    }
                    (None, Some(sx)) => Point::Complex([at(cy, cx), at(cy, sx)]),
                    (Some(sy), None) => Point::Complex([at(cy, cx), at(sy, cx)]),
                    (Some(sy), Some(sx)) => {
                        Point::Two([at(cy, cx), at(cy, sx), at(sy, cx), at(sy, sx)])
                    }
                });
            }
        }
        (points, weights)
    }

    /// Pixels, one each `stride`, → real components, one each `lanes`.
    fn analyze(
        &self,
        pixels: &[f32],
        stride: usize,
        lanes: usize,
        half: &mut Buffer,
        components: &mut Buffer,
    ) {
        let width = self.x.length();
        let (rows, columns) = (self.y.components(), self.x.components());
        let half = half.room(rows * width * lanes);
        for x in 0..width {
            let column = Rows { data: &pixels[x * stride..], stride: width * stride };
            let to = Rows { data: &mut half[x * lanes..], stride: width * lanes };
            self.y.analyze(&column, to, lanes);
        }
        let components = components.room(rows * columns * lanes);
        for f in 0..rows {
            let row = Rows { data: &half[f * width * lanes..], stride: lanes };
            let to = Rows { data: &mut components[f * columns * lanes..], stride: lanes };
            self.x.analyze(&row, to, lanes);
        }
    }

    /// The transpose of [`Self::analyze`].
    fn synthesize(
        &self,
        components: &[f32],
        pixels: &mut [f32],
        stride: usize,
        lanes: usize,
        half: &mut Buffer,
    ) {
        let width = self.x.length();
        let (rows, columns) = (self.y.components(), self.x.components());
        let half = half.room(rows * width * lanes);
        for f in 0..rows {
            let row = Rows { data: &components[f * columns * lanes..], stride: lanes };
            let to = Rows { data: &mut half[f * width * lanes..], stride: lanes };
            self.x.synthesize(&row, to, lanes);
        }
        for x in 0..width {
            let column = Rows { data: &half[x * lanes..], stride: width * lanes };
            let to = Rows { data: &mut pixels[x * stride..], stride: width * stride };
            self.y.synthesize(&column, to, lanes);
        }
    }
}

/// How a complex number a + ib becomes the three planes of a product, and back.
trait Form: Copy {
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3];
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2];
}

/// A factor of a product, or the product itself.
#[derive(Clone, Copy)]
struct Product;

/// The gradient of the product, or of a factor.
#[derive(Clone, Copy)]
struct Gradient;

impl Form for Product {
    #[inline(always)]
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3] {
        [a, b, simd.add_f32s(a, b)]
    }

    #[inline(always)]
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2] {
        [simd.sub_f32s(p, q), simd.sub_f32s(simd.sub_f32s(r, p), q)]
    }
}

/// Transposes of the maps for [`Product`]: `split` of its `join` and the other way round.
impl Form for Gradient {
    #[inline(always)]
    fn split<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> [S::f32s; 3] {
        [simd.sub_f32s(a, b), simd.neg_f32s(simd.add_f32s(a, b)), b]
    }

    #[inline(always)]
    fn join<S: Simd>(self, simd: S, p: S::f32s, q: S::f32s, r: S::f32s) -> [S::f32s; 2] {
        [simd.add_f32s(p, r), simd.add_f32s(q, r)]
    }
}

#[derive(Clone, Copy)]
struct ToPlanes<F>(F);

impl<F: Form> Lanewise<3, 2> for ToPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 3], [a, b]: [S::f32s; 2]) -> [S::f32s; 3] {
        self.0.split(simd, a, b)
    }
}

#[derive(Clone, Copy)]
struct TwoToPlanes<F>(F);

impl<F: Form> Lanewise<6, 4> for TwoToPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 6], parts: [S::f32s; 4]) -> [S::f32s; 6] {
        let [cc, cs, sc, ss] = parts;
        let [p, q, r] = self.0.split(simd, simd.sub_f32s(cc, ss), simd.add_f32s(cs, sc));
        let [t, u, v] = self.0.split(simd, simd.add_f32s(cc, ss), simd.sub_f32s(sc, cs));
        [p, q, r, t, u, v]
    }
}

#[derive(Clone, Copy)]
struct FromPlanes<F>(F);

impl<F: Form> Lanewise<2, 3> for FromPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 2], [p, q, r]: [S::f32s; 3]) -> [S::f32s; 2] {
        self.0.join(simd, p, q, r)
    }
}

#[derive(Clone, Copy)]
struct TwoFromPlanes<F>(F);

impl<F: Form> Lanewise<4, 6> for TwoFromPlanes<F> {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, _: [S::f32s; 4], planes: [S::f32s; 6]) -> [S::f32s; 4] {
        let [p, q, r, t, u, v] = planes;
        let [a, b] = self.0.join(simd, p, q, r);
        let [c, d] = self.0.join(simd, t, u, v);
        [simd.add_f32s(a, c), simd.sub_f32s(b, d), simd.add_f32s(b, d), simd.sub_f32s(c, a)]
    }
}
