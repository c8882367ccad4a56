//! The discrete Fourier transform of short real sequences, such as a row of an image.
//!
//! Let N be the number of points, x a sequence of any length, and c its centre. Then the components
//! at frequency f are
//!
//! ```text
//! cosine[f] = Σ over j of x[j] · cos(2π f (j − c) / N)        f = 0 … ⌊N/2⌋
//! sine[f]   = Σ over j of x[j] · sin(2π f (j − c) / N)        f = 1 … ⌈N/2⌉ − 1
//! ```
//!
//! These are N real numbers. They determine the N complex values of the transform, because the
//! values at f and −f are conjugates. Positions are counted from the centre, so cosines need only
//! the sums x[c + k] + x[c − k], and sines only the differences. That takes half the
//! multiplications of a transform that counts from the end, for every N. At these sizes (N = 11 for
//! the second convolution of the paper), a fast Fourier transform would not need much less.
//!
//! [`Axis::synthesize`] is the transpose of [`Axis::analyze`], not its inverse. The caller
//! multiplies by the factors 1/N and 2 of the inverse, where that is cheaper.

use std::f64::consts::TAU;

use pulp::Simd;

use super::lanes::{load, store};

/// The largest number of terms k of one transform. So many stay in registers where a vector has 16
/// lanes.
const MOST_TERMS: usize = 12;

/// The transform of sequences of one length, with one number of points.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    length: usize,
    centre: usize,
    /// Number of values of k for which c + k or c − k is in the sequence.
    terms: usize,
    cosines: usize,
    sines: usize,
    /// The cosines of 2π f k / N, then the sines. One row for each frequency f.
    table: Vec<f32>,
}

/// Calls the method with the number of terms as a constant, so that all terms stay in registers.
macro_rules! for_terms {
    ($operation:ident, $simd:ident: $($terms:literal)*) => {
        match $operation.axis.terms {
            $($terms => $operation.run::<S, $terms>($simd),)*
            terms => unreachable!("{terms} terms, more than `Axis::fits` allows"),
        }
    };
}

/// Whether the output is overwritten or added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    Overwrite,
    Add,
}

/// Rows of equal length: one for each position of a sequence, or for each component of its
/// transform.
pub(super) struct Rows<D> {
    pub(super) data: D,
    pub(super) stride: usize,
}

impl Axis {
    /// The transform of sequences of `length` values with this centre, with `points` points.
    pub(super) fn new(points: usize, length: usize, centre: usize) -> Self {
        let terms = (centre + 1).max(length - centre);
        let (cosines, sines) = (points / 2 + 1, (points - 1) / 2);
        let angle = |f: usize, k: usize| TAU * ((f * k % points) as f64) / points as f64;
        let rows = |frequencies: std::ops::Range<usize>, function: fn(f64) -> f64| {
            let row = move |f| (0..terms).map(move |k| function(angle(f, k)) as f32);
            frequencies.flat_map(row)
        };
        let table = rows(0..cosines, libm::cos).chain(rows(1..sines + 1, libm::sin)).collect();
        Self { length, centre, terms, cosines, sines, table }
    }

    /// Whether sequences of `length` values with this centre are short enough.
    pub(super) fn fits(length: usize, centre: usize) -> bool {
        centre < length && (centre + 1).max(length - centre) <= MOST_TERMS
    }

    /// The number of real components of a transform, N.
    pub(super) fn components(&self) -> usize {
        self.cosines + self.sines
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The index of the sine of frequency `f` among the components. Returns `None` at frequencies 0
    /// and N/2, whose sines are zero. The cosine of frequency `f` has index `f`.
    pub(super) fn sine(&self, f: usize) -> Option<usize> {
        (1..=self.sines).contains(&f).then(|| self.cosines + f - 1)
    }

    pub(super) fn frequencies(&self) -> std::ops::Range<usize> {
        0..self.cosines
    }

    /// Number of multiplications of one transform.
    pub(super) fn multiplications(&self) -> usize {
        self.table.len()
    }

    /// Transforms `lanes` sequences. Lane l of the components comes from lane l of the positions.
    #[inline(always)]
    pub(super) fn analyze<S: Simd>(
        &self,
        simd: S,
        input: &Rows<&[f32]>,
        output: Rows<&mut [f32]>,
        lanes: usize,
    ) {
        let analysis = Analysis { axis: self, input, output, lanes };
        for_terms!(analysis, simd: 1 2 3 4 5 6 7 8 9 10 11 12);
    }

    /// The transpose of [`Self::analyze`]. Lane l of the positions comes from lane l of the
    /// components.
    #[inline(always)]
    pub(super) fn synthesize<S: Simd>(
        &self,
        simd: S,
        input: &Rows<&[f32]>,
        output: Rows<&mut [f32]>,
        store: Store,
        lanes: usize,
    ) {
        match store {
            Store::Overwrite => {
                let synthesis = Synthesis::<false> { axis: self, input, output, lanes };
                for_terms!(synthesis, simd: 1 2 3 4 5 6 7 8 9 10 11 12);
            }
            Store::Add => {
                let synthesis = Synthesis::<true> { axis: self, input, output, lanes };
                for_terms!(synthesis, simd: 1 2 3 4 5 6 7 8 9 10 11 12);
            }
        }
    }
}

impl Rows<&[f32]> {
    /// `n` lanes of a row, from lane `start`.
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S, row: usize, start: usize, n: usize) -> S::f32s {
        load(simd, &self.data[row * self.stride + start..][..n])
    }
}

impl Rows<&mut [f32]> {
    #[inline(always)]
    fn slice(&mut self, row: usize, start: usize, n: usize) -> &mut [f32] {
        &mut self.data[row * self.stride + start..][..n]
    }
}

struct Analysis<'a> {
    axis: &'a Axis,
    input: &'a Rows<&'a [f32]>,
    output: Rows<&'a mut [f32]>,
    lanes: usize,
}

struct Synthesis<'a, const ADDS: bool> {
    axis: &'a Axis,
    input: &'a Rows<&'a [f32]>,
    output: Rows<&'a mut [f32]>,
    lanes: usize,
}

impl Analysis<'_> {
    #[inline(always)]
    fn run<S: Simd, const TERMS: usize>(mut self, simd: S) {
        // The length of a whole vector is a constant, so the compiler leaves out its checks.
        let whole = self.lanes - self.lanes % S::F32_LANES;
        for start in (0..whole).step_by(S::F32_LANES) {
            self.vector::<S, TERMS>(simd, start, S::F32_LANES);
        }
        if whole < self.lanes {
            self.vector::<S, TERMS>(simd, whole, self.lanes - whole);
        }
    }

    /// Transforms `n` lanes, from lane `start`.
    #[inline(always)]
    fn vector<S: Simd, const TERMS: usize>(&mut self, simd: S, start: usize, n: usize) {
        let Self { axis, input, output, .. } = self;
        let zero = simd.splat_f32s(0.0);
        let mut sums = [input.load(simd, axis.centre, start, n); TERMS];
        let mut differences = [zero; TERMS];
        for k in 1..TERMS {
            let (mut above, mut below) = (zero, zero);
            if axis.centre + k < axis.length {
                above = input.load(simd, axis.centre + k, start, n);
            }
            if k <= axis.centre {
                below = input.load(simd, axis.centre - k, start, n);
            }
            sums[k] = simd.add_f32s(above, below);
            differences[k] = simd.sub_f32s(above, below);
        }
        let (cosines, sines) = axis.table.split_at(axis.cosines * TERMS);
        for (f, factors) in cosines.chunks_exact(TERMS).enumerate() {
            let mut sum = zero;
            for k in 0..TERMS {
                sum = simd.mul_add_f32s(simd.splat_f32s(factors[k]), sums[k], sum);
            }
            store(simd, output.slice(f, start, n), sum);
        }
        for (f, factors) in sines.chunks_exact(TERMS).enumerate() {
            let mut sum = zero;
            for k in 1..TERMS {
                sum = simd.mul_add_f32s(simd.splat_f32s(factors[k]), differences[k], sum);
            }
            store(simd, output.slice(axis.cosines + f, start, n), sum);
        }
    }
}

impl<const ADDS: bool> Synthesis<'_, ADDS> {
    #[inline(always)]
    fn run<S: Simd, const TERMS: usize>(mut self, simd: S) {
        let whole = self.lanes - self.lanes % S::F32_LANES;
        for start in (0..whole).step_by(S::F32_LANES) {
            self.vector::<S, TERMS>(simd, start, S::F32_LANES);
        }
        if whole < self.lanes {
            self.vector::<S, TERMS>(simd, whole, self.lanes - whole);
        }
    }

    #[inline(always)]
    fn vector<S: Simd, const TERMS: usize>(&mut self, simd: S, start: usize, n: usize) {
        let Self { axis, input, output, .. } = self;
        let zero = simd.splat_f32s(0.0);
        let mut even = [zero; TERMS];
        let mut odd = [zero; TERMS];
        let (cosines, sines) = axis.table.split_at(axis.cosines * TERMS);
        for (f, factors) in cosines.chunks_exact(TERMS).enumerate() {
            let component = input.load(simd, f, start, n);
            for k in 0..TERMS {
                even[k] = simd.mul_add_f32s(simd.splat_f32s(factors[k]), component, even[k]);
            }
        }
        for (f, factors) in sines.chunks_exact(TERMS).enumerate() {
            let component = input.load(simd, axis.cosines + f, start, n);
            for k in 1..TERMS {
                odd[k] = simd.mul_add_f32s(simd.splat_f32s(factors[k]), component, odd[k]);
            }
        }
        write::<S, ADDS>(simd, output.slice(axis.centre, start, n), even[0]);
        for k in 1..TERMS {
            if axis.centre + k < axis.length {
                let value = simd.add_f32s(even[k], odd[k]);
                write::<S, ADDS>(simd, output.slice(axis.centre + k, start, n), value);
            }
            if k <= axis.centre {
                let value = simd.sub_f32s(even[k], odd[k]);
                write::<S, ADDS>(simd, output.slice(axis.centre - k, start, n), value);
            }
        }
    }
}

#[inline(always)]
fn write<S: Simd, const ADDS: bool>(simd: S, slice: &mut [f32], value: S::f32s) {
    let value = if ADDS { simd.add_f32s(load(simd, slice), value) } else { value };
    store(simd, slice, value);
}
