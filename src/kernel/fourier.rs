//! The discrete Fourier transform of short real sequences, as short as a row of an image.
//!
//! With N points, a sequence x of any length and c its centre, the components at frequency f are
//!
//! ```text
//! cosine[f] = Σ over j of x[j] · cos(2π f (j − c) / N)        f = 0 … ⌊N/2⌋
//! sine[f]   = Σ over j of x[j] · sin(2π f (j − c) / N)        f = 1 … ⌈N/2⌉ − 1
//! ```
//!
//! so that N real numbers hold what the N complex values at the frequencies ±f hold, which are
//! conjugates. Counting from the centre lets cosines see only the sums x[c + k] + x[c − k] and sines
//! only the differences: half the products of a transform that counts from the end, with no more
//! structure in N than its size. At these sizes (N = 11 for the second convolution of the paper)
//! that is close to a fast Fourier transform, and it is one loop for every N.
//!
//! [`Axis::synthesize`] is the transpose of [`Axis::analyze`], not its inverse: the factors 1/N and 2
//! of the inverse are left to the caller, who has cheaper places for them.

use std::f64::consts::TAU;

use pulp::Simd;

use super::lanes::{load, store};

/// The most terms k of one transform; where vectors are 16 numbers long, that many stay in registers.
const MOST_TERMS: usize = 12;

/// Sequences of one length, to be transformed at one number of points.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    length: usize,
    centre: usize,
    /// Number of k for which c + k or c − k is in the sequence.
    terms: usize,
    cosines: usize,
    sines: usize,
    /// The cosines, then the sines, of 2π f k / N: one row for each frequency.
    table: Vec<f32>,
}

/// Calls the method for the number of terms, which it takes as a constant to keep all of them in
/// registers.
macro_rules! for_terms {
    ($operation:ident, $simd:ident: $($terms:literal)*) => {
        match $operation.axis.terms {
            $($terms => $operation.run::<S, $terms>($simd),)*
            terms => unreachable!("{terms} terms: `Axis::fits` was not asked"),
        }
    };
}

/// What is done with the values that come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Store {
    Overwrite,
    Add,
}

/// Equally long rows, as positions of a sequence or as frequencies of its transform.
pub(super) struct Rows<D> {
    pub(super) data: D,
    pub(super) stride: usize,
}

impl Axis {
    /// Sequences of `length` around `centre`, at `points` points.
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

    /// Whether sequences of `length` around `centre` are short enough.
    pub(super) fn fits(length: usize, centre: usize) -> bool {
        centre < length && (centre + 1).max(length - centre) <= MOST_TERMS
    }

    /// N, the number of real components of a transform.
    pub(super) fn components(&self) -> usize {
        self.cosines + self.sines
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Where the sine of frequency `f` is among the components, if it has one: those of 0 and N/2
    /// are zero. Its cosine is component `f`.
    pub(super) fn sine(&self, f: usize) -> Option<usize> {
        (1..=self.sines).contains(&f).then(|| self.cosines + f - 1)
    }

    pub(super) fn frequencies(&self) -> std::ops::Range<usize> {
        0..self.cosines
    }

    /// Multiplications of one transform.
    pub(super) fn products(&self) -> usize {
        self.table.len()
    }

    /// Transforms `lanes` sequences: lane l of the components from lane l of the positions.
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

    /// The transpose: lane l of the positions from lane l of the components.
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
    /// `n` lanes of a row from number `start`.
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
        // Of whole vectors the length is a constant, which spares the compiler its checks.
        let whole = self.lanes - self.lanes % S::F32_LANES;
        for start in (0..whole).step_by(S::F32_LANES) {
            self.vector::<S, TERMS>(simd, start, S::F32_LANES);
        }
        if whole < self.lanes {
            self.vector::<S, TERMS>(simd, whole, self.lanes - whole);
        }
    }

    /// Transforms `n` lanes from number `start`.
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
        put::<S, ADDS>(simd, output.slice(axis.centre, start, n), even[0]);
        for k in 1..TERMS {
            if axis.centre + k < axis.length {
                let value = simd.add_f32s(even[k], odd[k]);
                put::<S, ADDS>(simd, output.slice(axis.centre + k, start, n), value);
            }
            if k <= axis.centre {
                let value = simd.sub_f32s(even[k], odd[k]);
                put::<S, ADDS>(simd, output.slice(axis.centre - k, start, n), value);
            }
        }
    }
}

#[inline(always)]
fn put<S: Simd, const ADDS: bool>(simd: S, slice: &mut [f32], value: S::f32s) {
    let value = if ADDS { simd.add_f32s(load(simd, slice), value) } else { value };
    store(simd, slice, value);
}
