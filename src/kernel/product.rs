//! Matrix products, the same bits on every instruction set.
//!
//! Each element of a product is one chain of fused multiply-adds over the inner index, in order,
//! starting from zero or from what was there. How many rows and columns are computed side by side
//! depends on the processor's registers, but no chain depends on its neighbours. Nothing is packed
//! or blocked by cache sizes: the products of a training step fit the first two caches.
//!
//! The left matrix is read one number at a time, so it may lie anywhere: its element (i, k) is at
//! `rows[i] + columns[k]` of a slice. That covers matrices and their transposes, and the windows of
//! an image, which a convolution multiplies by its kernel without ever storing them.

use pulp::{Simd, WithSimd};

use super::lanes::{WIDEST, dispatch, load, store};

/// Rows or columns of a matrix: where each begins in a slice.
#[derive(Clone, Debug)]
pub struct Offsets {
    offsets: Vec<usize>,
    largest: usize,
}

impl Offsets {
    /// Rows or columns at these places.
    #[must_use]
    pub fn new(offsets: Vec<usize>) -> Self {
        let largest = offsets.iter().copied().max().unwrap_or(0);
        Self { offsets, largest }
    }

    /// `n` rows or columns, each `stride` after the one before.
    #[must_use]
    pub fn strided(n: usize, stride: usize) -> Self {
        Self::new((0..n).map(|index| index * stride).collect())
    }

    fn len(&self) -> usize {
        self.offsets.len()
    }
}

/// The left matrix of a product: element (i, k) is at `rows[i] + columns[k]` of `data`.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// Where rows begin.
    pub rows: &'a Offsets,
    /// Where columns lie in a row.
    pub columns: &'a Offsets,
}

/// The right matrix of a product: element (k, j) is at `k · stride + j` of `data`.
#[derive(Clone, Copy, Debug)]
pub struct Right<'a> {
    /// The numbers. Whole vectors are read, so there must be room for the last row's columns,
    /// rounded up to a multiple of [`WIDEST`]; what lies there does not matter.
    pub data: &'a [f32],
    /// From one row to the next.
    pub stride: usize,
    /// Number of columns.
    pub columns: usize,
}

/// What the sums of a product start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Zero: the output is overwritten.
    Zero,
    /// The output: the product is added to it.
    Output,
}

/// Writes or adds left · right to the rows of `output` that begin at `rows`.
///
/// # Panics
/// If the shapes do not fit each other, or the slices do not hold them.
pub fn multiply(
    output: &mut [f32],
    rows: &Offsets,
    start: Start,
    left: Left<'_>,
    right: Right<'_>,
) {
    assert_eq!(rows.len(), left.rows.len(), "rows of a product");
    if rows.len() == 0 || right.columns == 0 {
        return;
    }
    assert!(rows.largest + right.columns <= output.len(), "room for a product");
    if let Some(last) = left.columns.len().checked_sub(1) {
        assert!(left.rows.largest + left.columns.largest < left.data.len(), "the left matrix");
        let read = last * right.stride + right.columns.next_multiple_of(WIDEST);
        assert!(read <= right.data.len(), "the right matrix and its room for whole vectors");
    }
    dispatch(Product { output, rows, start, left, right });
}

struct Product<'a> {
    output: &'a mut [f32],
    rows: &'a Offsets,
    start: Start,
    left: Left<'a>,
    right: Right<'a>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // Two vectors of sums a row, and as many broadcast numbers as rows, must fit the registers.
        let most = if S::REGISTER_COUNT >= 32 { 10 } else { 5 };
        let rows = self.rows.len();
        let blocks = rows.div_ceil(most);
        let mut row = 0;
        for block in 1..=blocks {
            let end = rows * block / blocks;
            match end - row {
                1 => self.block::<S, 1>(simd, row),
                2 => self.block::<S, 2>(simd, row),
                3 => self.block::<S, 3>(simd, row),
                4 => self.block::<S, 4>(simd, row),
                5 => self.block::<S, 5>(simd, row),
                6 => self.block::<S, 6>(simd, row),
                7 => self.block::<S, 7>(simd, row),
                8 => self.block::<S, 8>(simd, row),
                9 => self.block::<S, 9>(simd, row),
                _ => self.block::<S, 10>(simd, row),
            }
            row = end;
        }
    }
}

impl Product<'_> {
    /// `ROWS` rows of the product from number `row`.
    #[inline(always)]
    fn block<S: Simd, const ROWS: usize>(&mut self, simd: S, row: usize) {
        let mut column = 0;
        while column + S::F32_LANES < self.right.columns {
            self.tile::<S, ROWS, 2>(simd, row, column);
            column += 2 * S::F32_LANES;
        }
        if column < self.right.columns {
            self.tile::<S, ROWS, 1>(simd, row, column);
        }
    }

    /// `ROWS` rows and `VECTORS` vectors of columns, all held in registers.
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop cost half of the speed")]
    fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        use std::array::from_fn;
        // Lanes of vector j that are columns of the product: the last vector may be cut.
        let lanes = |j: usize| {
            (self.right.columns - column).saturating_sub(j * S::F32_LANES).min(S::F32_LANES)
        };
        let rows: [usize; ROWS] = from_fn(|i| self.rows.offsets[row + i] + column);
        let mut sums: [[S::f32s; VECTORS]; ROWS] = match self.start {
            Start::Zero => [[simd.splat_f32s(0.0); VECTORS]; ROWS],
            Start::Output => from_fn(|i| {
                from_fn(|j| match lanes(j) {
                    0 => simd.splat_f32s(0.0),
                    n => load(simd, &self.output[rows[i] + j * S::F32_LANES..][..n]),
                })
            }),
        };
        // SAFETY: `multiply` has checked that the largest row offset plus the largest column offset
        // lies in `left.data`, and that every row of `right.data`, the last included, has room for
        // its columns rounded up to WIDEST, a multiple of every vector's length: `column` is below
        // `right.columns` and a multiple of 2 vectors, and there is a second vector only where
        // `column` plus one vector is still below. The pointer to the right goes past the last row
        // after its use, hence `wrapping_add`.
        unsafe {
            let left: [*const f32; ROWS] =
                from_fn(|i| self.left.data.as_ptr().add(self.left.rows.offsets[row + i]));
            let mut right = self.right.data.as_ptr().add(column);
            for &offset in &self.left.columns.offsets {
                let vectors: [S::f32s; VECTORS] =
                    from_fn(|j| right.add(j * S::F32_LANES).cast::<S::f32s>().read_unaligned());
                for i in 0..ROWS {
                    let factor = simd.splat_f32s(*left[i].add(offset));
                    for j in 0..VECTORS {
                        sums[i][j] = simd.mul_add_f32s(factor, vectors[j], sums[i][j]);
                    }
                }
                right = right.wrapping_add(self.right.stride);
            }
        }
        for (sums, start) in sums.into_iter().zip(rows) {
            for (j, sum) in sums.into_iter().enumerate() {
                let n = lanes(j);
                if n > 0 {
                    store(simd, &mut self.output[start + j * S::F32_LANES..][..n], sum);
                }
            }
        }
    }
}
