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

/// The most terms k of one transform, so that they stay in registers.
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
        let synthesis = Synthesis { axis: self, input, output, store, lanes };
        for_terms!(synthesis, simd: 1 2 3 4 5 6 7 8 9 10 11 12);
    }

    /// The positions c + k and c − k, where they are in the sequence and not the same.
    #[inline(always)]
    fn pair(&self, k: usize) -> (Option<usize>, Option<usize>) {
        let above = Some(self.centre + k).filter(|j| *j < self.length);
        (above, if k == 0 { None } else { self.centre.checked_sub(k) })
    }
}

impl Rows<&[f32]> {
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S, row: usize, lanes: std::ops::Range<usize>) -> S::f32s {
        load(simd, &self.data[row * self.stride + lanes.start..][..lanes.len()])
    }
}

impl Rows<&mut [f32]> {
    #[inline(always)]
    fn store<S: Simd>(
        &mut self,
        simd: S,
        how: Store,
        row: usize,
        lanes: std::ops::Range<usize>,
        value: S::f32s,
    ) {
        let slice = &mut self.data[row * self.stride + lanes.start..][..lanes.len()];
        match how {
            Store::Overwrite => store(simd, slice, value),
            Store::Add => {
                let sum = simd.add_f32s(load(simd, slice), value);
                store(simd, slice, sum);
            }
        }
    }
}

/// The lanes of each vector.
fn vectors<S: Simd>(lanes: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..lanes).step_by(S::F32_LANES).map(move |at| at..lanes.min(at + S::F32_LANES))
}

struct Analysis<'a> {
    axis: &'a Axis,
    input: &'a Rows<&'a [f32]>,
    output: Rows<&'a mut [f32]>,
    lanes: usize,
}

struct Synthesis<'a> {
    axis: &'a Axis,
    input: &'a Rows<&'a [f32]>,
    output: Rows<&'a mut [f32]>,
    store: Store,
    lanes: usize,
}

impl Analysis<'_> {
    #[inline(always)]
    fn run<S: Simd, const TERMS: usize>(self, simd: S) {
        let Self { axis, input, mut output, lanes } = self;
        let zero = simd.splat_f32s(0.0);
        for lanes in vectors::<S>(lanes) {
            let mut sums = [zero; TERMS];
            let mut differences = [zero; TERMS];
            for k in 0..TERMS {
                let (above, below) = axis.pair(k);
                let at =
                    |row: Option<usize>| row.map_or(zero, |j| input.load(simd, j, lanes.clone()));
                let (above, below) = (at(above), at(below));
                sums[k] = simd.add_f32s(above, below);
                differences[k] = simd.sub_f32s(above, below);
            }
            let (cosines, sines) = axis.table.split_at(axis.cosines * TERMS);
            let component = |factors: &[f32], of: &[S::f32s; TERMS]| {
                let mut sum = zero;
                for k in 0..TERMS {
                    sum = simd.mul_add_f32s(simd.splat_f32s(factors[k]), of[k], sum);
                }
                sum
            };
            for (f, factors) in cosines.chunks_exact(TERMS).enumerate() {
                let value = component(factors, &sums);
                output.store(simd, Store::Overwrite, f, lanes.clone(), value);
            }
            for (f, factors) in sines.chunks_exact(TERMS).enumerate() {
                let value = component(factors, &differences);
                output.store(simd, Store::Overwrite, axis.cosines + f, lanes.clone(), value);
            }
        }
    }
}

impl Synthesis<'_> {
    #[inline(always)]
    fn run<S: Simd, const TERMS: usize>(self, simd: S) {
        let Self { axis, input, mut output, store, lanes } = self;
        let zero = simd.splat_f32s(0.0);
        for lanes in vectors::<S>(lanes) {
            let mut even = [zero; TERMS];
            let mut odd = [zero; TERMS];
            let (cosines, sines) = axis.table.split_at(axis.cosines * TERMS);
            let add = |sums: &mut [S::f32s; TERMS], factors: &[f32], component: S::f32s| {
                for k in 0..TERMS {
                    sums[k] = simd.mul_add_f32s(simd.splat_f32s(factors[k]), component, sums[k]);
                }
            };
            for (f, factors) in cosines.chunks_exact(TERMS).enumerate() {
                add(&mut even, factors, input.load(simd, f, lanes.clone()));
            }
            for (f, factors) in sines.chunks_exact(TERMS).enumerate() {
                add(&mut odd, factors, input.load(simd, axis.cosines + f, lanes.clone()));
            }
            for k in 0..TERMS {
                let (above, below) = axis.pair(k);
                if let Some(j) = above {
                    output.store(simd, store, j, lanes.clone(), simd.add_f32s(even[k], odd[k]));
                }
                if let Some(j) = below {
                    output.store(simd, store, j, lanes.clone(), simd.sub_f32s(even[k], odd[k]));
                }
            }
        }
    }
}
