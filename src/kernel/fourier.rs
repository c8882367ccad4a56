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

/// The largest number of terms k of one transform. This many sums fit into the registers that hold 16
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

/// Where the components of some sequences are, in groups of vectors: component i of sequence s is
/// group number `first` + i · `component` + s · `sequence`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Components {
    pub(super) first: usize,
    pub(super) component: usize,
    pub(super) sequence: usize,
}

/// Calls the method with the number of terms and of vectors side by side as constants, so that all
/// terms stay in registers.
macro_rules! for_terms {
    ($axis:ident.$method:ident $arguments:tt: $($terms:literal)*; $($more_terms:literal)*) => {
        match $axis.terms {
            $($terms if S::REGISTER_COUNT >= 32 => $axis.$method::<S, $terms, 2>$arguments,)*
            $($terms => $axis.$method::<S, $terms, 1>$arguments,)*
            $($more_terms => $axis.$method::<S, $more_terms, 1>$arguments,)*
            terms => unreachable!("{terms} terms, more than `Axis::fits` allows"),
        }
    };
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

    /// The number of values of a sequence in memory: as many before its centre as after it. Values
    /// that the sequence does not have are zero.
    pub(super) fn span(&self) -> usize {
        2 * self.terms - 1
    }

    /// The place of value `position` of a sequence in its [`Self::span`].
    pub(super) fn place(&self, position: usize) -> usize {
        position + self.terms - 1 - self.centre
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

    /// Transforms `sequences` sequences, which lie one after the other in `input`. Each of their
    /// values is a group of `group` vectors, an even number. Each lane is a transform of its own.
    #[inline(always)]
    pub(super) fn analyze<S: Simd>(
        &self,
        simd: S,
        [sequences, group]: [usize; 2],
        input: &[S::f32s],
        output: &mut [S::f32s],
        at: Components,
    ) {
        self.check([sequences, group], input.len(), output.len(), at);
        for_terms!(self.analyze_terms(simd, [sequences, group], input, output, at):
            1 2 3 4 5 6 7; 8 9 10 11 12);
    }

    /// The transpose of [`Self::analyze`].
    #[inline(always)]
    pub(super) fn synthesize<S: Simd>(
        &self,
        simd: S,
        [sequences, group]: [usize; 2],
        input: &[S::f32s],
        at: Components,
        output: &mut [S::f32s],
    ) {
        self.check([sequences, group], output.len(), input.len(), at);
        for_terms!(self.synthesize_terms(simd, [sequences, group], input, at, output):
            1 2 3 4 5 6 7; 8 9 10 11 12);
    }

    /// Asserts what the transforms need of the number of vectors that hold values and components.
    fn check(
        &self,
        [sequences, group]: [usize; 2],
        values: usize,
        components: usize,
        at: Components,
    ) {
        assert!(sequences > 0 && group.is_multiple_of(2), "whole pairs of vectors");
        assert!(sequences * self.span() * group <= values, "the values of all sequences");
        let last =
            at.first + (self.components() - 1) * at.component + (sequences - 1) * at.sequence;
        assert!((last + 1) * group <= components, "the components of all sequences");
    }

    /// The rows of the table: those of the cosines, then those of the sines.
    #[inline(always)]
    fn rows<const TERMS: usize>(&self) -> [&[[f32; TERMS]]; 2] {
        let (rows, _) = self.table.as_chunks::<TERMS>();
        let (cosines, sines) = rows.split_at(self.cosines);
        [cosines, sines]
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks are half of the instructions here")]
    fn analyze_terms<S: Simd, const TERMS: usize, const V: usize>(
        &self,
        simd: S,
        [sequences, group]: [usize; 2],
        input: &[S::f32s],
        output: &mut [S::f32s],
        at: Components,
    ) {
        let [cosines, sines] = self.rows::<TERMS>();
        let zero = simd.splat_f32s(0.0);
        for s in 0..sequences {
            for first in (0..group).step_by(V) {
                let mut sums = [[zero; V]; TERMS];
                let mut differences = [[zero; V]; TERMS];
                for v in 0..V {
                    let value = |place: usize| {
                        let index = (s * (2 * TERMS - 1) + place) * group + first + v;
                        // SAFETY: `check` has passed: `input` has all values of all sequences. V
                        // divides the length of a group.
                        unsafe { *input.get_unchecked(index) }
                    };
                    sums[0][v] = value(TERMS - 1);
                    for k in 1..TERMS {
                        let [above, below] = [value(TERMS - 1 + k), value(TERMS - 1 - k)];
                        sums[k][v] = simd.add_f32s(above, below);
                        differences[k][v] = simd.sub_f32s(above, below);
                    }
                }
                let mut write = |component: usize, sum: [S::f32s; V]| {
                    let place = at.first + component * at.component + s * at.sequence;
                    for v in 0..V {
                        // SAFETY: `check` has passed: `output` has all components of all sequences.
                        unsafe { *output.get_unchecked_mut(place * group + first + v) = sum[v] };
                    }
                };
                for (f, factors) in cosines.iter().enumerate() {
                    let mut sum = [zero; V];
                    for v in 0..V {
                        sum[v] = simd.mul_f32s(simd.splat_f32s(factors[0]), sums[0][v]);
                        for k in 1..TERMS {
                            let factor = simd.splat_f32s(factors[k]);
                            sum[v] = simd.mul_add_f32s(factor, sums[k][v], sum[v]);
                        }
                    }
                    write(f, sum);
                }
                for (f, factors) in sines.iter().enumerate() {
                    let mut sum = [zero; V];
                    for v in 0..V {
                        for k in 1..TERMS {
                            let factor = simd.splat_f32s(factors[k]);
                            sum[v] = simd.mul_add_f32s(factor, differences[k][v], sum[v]);
                        }
                    }
                    write(cosines.len() + f, sum);
                }
            }
        }
    }

    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks are half of the instructions here")]
    fn synthesize_terms<S: Simd, const TERMS: usize, const V: usize>(
        &self,
        simd: S,
        [sequences, group]: [usize; 2],
        input: &[S::f32s],
        at: Components,
        output: &mut [S::f32s],
    ) {
        let [cosines, sines] = self.rows::<TERMS>();
        let zero = simd.splat_f32s(0.0);
        for s in 0..sequences {
            for first in (0..group).step_by(V) {
                let read = |component: usize, v: usize| {
                    let place = at.first + component * at.component + s * at.sequence;
                    // SAFETY: `check` has passed: `input` has all components of all sequences. V
                    // divides the length of a group.
                    unsafe { *input.get_unchecked(place * group + first + v) }
                };
                let mut even = [[zero; V]; TERMS];
                let mut odd = [[zero; V]; TERMS];
                for (f, factors) in cosines.iter().enumerate() {
                    for v in 0..V {
                        let component = read(f, v);
                        for k in 0..TERMS {
                            let factor = simd.splat_f32s(factors[k]);
                            even[k][v] = simd.mul_add_f32s(factor, component, even[k][v]);
                        }
                    }
                }
                for (f, factors) in sines.iter().enumerate() {
                    for v in 0..V {
                        let component = read(cosines.len() + f, v);
                        for k in 1..TERMS {
                            let factor = simd.splat_f32s(factors[k]);
                            odd[k][v] = simd.mul_add_f32s(factor, component, odd[k][v]);
                        }
                    }
                }
                for v in 0..V {
                    let mut write = |place: usize, value: S::f32s| {
                        let index = (s * (2 * TERMS - 1) + place) * group + first + v;
                        // SAFETY: `check` has passed: `output` has all values of all sequences.
                        unsafe { *output.get_unchecked_mut(index) = value };
                    };
                    write(TERMS - 1, even[0][v]);
                    for k in 1..TERMS {
                        write(TERMS - 1 + k, simd.add_f32s(even[k][v], odd[k][v]));
                        write(TERMS - 1 - k, simd.sub_f32s(even[k][v], odd[k][v]));
                    }
                }
            }
        }
    }
}
