//! Matrix products that give the same bits with every instruction set.
//!
//! Each element of a product is one chain of fused multiply-adds over the inner index, in order.
//! The chain starts from zero or from the old value of the element. The registers of the processor
//! decide how many rows and columns are computed side by side, but no chain depends on another.
//! Matrices are not packed, and no block depends on the size of a cache: the products of a training
//! step fit into the first two caches.
//!
//! The left matrix is read one value at a time, so its values may lie anywhere: element (i, k) is
//! at `rows[i] + columns[k]` of a slice. Matrices, their transposes, and the windows of an image
//! have this form. A convolution multiplies the windows by its kernel without storing them. Of the
//! right matrix, only the rows may lie anywhere.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::lanes::{WIDEST, dispatch};
use super::offsets::Offsets;
pub use super::tile::Start;
use super::tile::Tile;

/// The left matrix of a product: element (i, k) is at `rows[i] + columns[k]` of `data`.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// The values.
    pub data: &'a [f32],
    /// The offset of each row.
    pub rows: &'a Offsets,
    /// The offset of each column within a row.
    pub columns: &'a Offsets,
}

/// The right matrix of a product: element (k, j) is at `rows[k] + j` of `data`.
#[derive(Clone, Copy, Debug)]
pub struct Right<'a> {
    /// The values. Whole vectors are read, so 16 values must follow the beginning of each row, even
    /// if it has fewer columns. The values after the last column do not matter.
    pub data: &'a [f32],
    /// The offset of each row.
    pub rows: &'a Offsets,
    /// Number of columns.
    pub columns: usize,
}

/// How many products are computed, and the number of values between the matrices of two products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Many {
    pub(super) n: usize,
    pub(super) output: usize,
    pub(super) left: usize,
    pub(super) right: usize,
}

/// Writes or adds left · right to the rows of `output` that begin at `rows`.
///
/// # Panics
/// Panics if the shapes do not fit each other, or if a slice is too short.
pub fn multiply(
    output: &mut [f32],
    rows: &Offsets,
    start: Start<'_>,
    left: Left<'_>,
    right: Right<'_>,
) {
    multiply_many(Many { n: 1, output: 0, left: 0, right: 0 }, output, rows, start, left, right);
}

/// Does the same as [`multiply`] for many matrices of the same sizes. The slices begin with the first
/// of them.
pub(super) fn multiply_many(
    many: Many,
    output: &mut [f32],
    rows: &Offsets,
    start: Start<'_>,
    left: Left<'_>,
    right: Right<'_>,
) {
    assert_eq!(rows.len(), left.rows.len(), "rows of a product");
    let Some(last) = many.n.checked_sub(1) else { return };
    if rows.len() == 0 || right.columns == 0 {
        return;
    }
    let end = rows.largest().checked_add(right.columns);
    assert!(end.is_some_and(|end| end <= output[last * many.output..].len()), "room for a product");
    // The slices of the other products are longer.
    check(left.after(last * many.left), 0, right.after(last * many.right));
    if let Start::Row(row) = start {
        assert_eq!(row.len(), right.columns, "numbers of the first row");
    }
    dispatch(Product { many, output, rows, start, left, right });
}

impl Left<'_> {
    /// The matrix that begins `values` later.
    #[inline(always)]
    fn after(mut self, values: usize) -> Self {
        self.data = &self.data[values..];
        self
    }
}

impl Right<'_> {
    /// The matrix that begins `values` later.
    #[inline(always)]
    fn after(mut self, values: usize) -> Self {
        self.data = &self.data[values..];
        self
    }
}

/// Asserts what [`chains`](super::tile::chains) needs, for rows that begin at most `beyond` values
/// after those of `left`.
pub(super) fn check(left: Left<'_>, beyond: usize, right: Right<'_>) {
    assert_eq!(left.columns.len(), right.rows.len(), "inner sizes of a product");
    if left.columns.len() == 0 {
        return;
    }
    // A size that overflows is larger than any slice.
    let furthest = left.rows.largest().checked_add(beyond);
    let furthest = furthest.and_then(|row| row.checked_add(left.columns.largest()));
    assert!(furthest.is_some_and(|at| at < left.data.len()), "the left matrix");
    let read = right.rows.largest().checked_add(right.columns.max(WIDEST));
    let fits = read.is_some_and(|read| read <= right.data.len());
    assert!(fits, "the right matrix and its room for a whole vector");
}

/// The places of the terms of a product, in order.
#[inline(always)]
pub(super) fn inner<'a>(
    left: Left<'a>,
    right: Right<'a>,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    left.columns.all().zip(right.rows.all())
}

struct Product<'a> {
    many: Many,
    output: &'a mut [f32],
    rows: &'a Offsets,
    start: Start<'a>,
    left: Left<'a>,
    right: Right<'a>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { many, output, rows, start, left, right } = self;
        for i in 0..many.n {
            let output = &mut output[i * many.output..];
            let (left, right) = (left.after(i * many.left), right.after(i * many.right));
            One { output, rows, start, left, right }.compute(simd);
        }
    }
}

/// One product.
struct One<'a> {
    output: &'a mut [f32],
    rows: &'a Offsets,
    start: Start<'a>,
    left: Left<'a>,
    right: Right<'a>,
}

impl One<'_> {
    #[inline(always)]
    fn compute<S: Simd>(mut self, simd: S) {
        let (columns, lanes) = (self.right.columns, S::F32_LANES);
        // Blocks of two vectors of columns, then a last block of up to three vectors. Its last
        // vector ends at the last column, so it may share columns with the one before. Lanes in
        // both are computed twice, from the same start, to the same bits.
        let mut column = 0;
        while columns - column > 3 * lanes {
            self.columns::<S, 2>(simd, [column, column + lanes]);
            column += 2 * lanes;
        }
        let last = columns.saturating_sub(lanes);
        match (columns - column).div_ceil(lanes) {
            3 => self.columns::<S, 3>(simd, [column, column + lanes, last]),
            2 => self.columns::<S, 2>(simd, [column, last]),
            _ => self.columns::<S, 1>(simd, [last]),
        }
    }

    /// The vectors of columns that begin at `columns`, for all rows.
    #[inline(always)]
    fn columns<S: Simd, const VECTORS: usize>(&mut self, simd: S, columns: [usize; VECTORS]) {
        // The sums of a block of rows and a row of the right matrix stay in registers, with a register
        // for the value of the left matrix.
        let most = match (S::REGISTER_COUNT >= 32, VECTORS) {
            (true, 3) => 7,
            (true, _) => 10,
            (false, 3) => 3,
            (false, _) => 5,
        };
        let rows = self.rows.len();
        let blocks = rows.div_ceil(most);
        // Blocks differ by at most one row. Those with one row more come first.
        let (size, larger) = (rows / blocks, rows % blocks);
        let split = larger * (size + 1);
        for (rows, size) in [(0..split, size + 1), (split..rows, size)] {
            // The compiler leaves out sizes that are too large for the registers.
            match size {
                1 => self.blocks::<S, 1, VECTORS>(simd, rows, columns),
                2 if most >= 2 => self.blocks::<S, 2, VECTORS>(simd, rows, columns),
                3 if most >= 3 => self.blocks::<S, 3, VECTORS>(simd, rows, columns),
                4 if most >= 4 => self.blocks::<S, 4, VECTORS>(simd, rows, columns),
                5 if most >= 5 => self.blocks::<S, 5, VECTORS>(simd, rows, columns),
                6 if most >= 6 => self.blocks::<S, 6, VECTORS>(simd, rows, columns),
                7 if most >= 7 => self.blocks::<S, 7, VECTORS>(simd, rows, columns),
                8 if most >= 8 => self.blocks::<S, 8, VECTORS>(simd, rows, columns),
                9 if most >= 9 => self.blocks::<S, 9, VECTORS>(simd, rows, columns),
                10 if most >= 10 => self.blocks::<S, 10, VECTORS>(simd, rows, columns),
                // Blocks of this size have no rows.
                _ => assert!(rows.is_empty(), "blocks of at most 10 rows"),
            }
        }
    }

    /// Blocks of `ROWS` rows, for these columns. Each size has its own loop. With one loop for all sizes,
    /// the compiler keeps some sums in memory.
    #[inline(always)]
    fn blocks<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        rows: Range<usize>,
        columns: [usize; VECTORS],
    ) {
        for row in rows.step_by(ROWS) {
            self.tile::<S, ROWS, VECTORS>(simd, row, columns);
        }
    }

    /// `ROWS` rows of these columns.
    #[inline(always)]
    #[expect(unsafe_code, reason = "`Tile` reads and writes without bounds checks")]
    fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        row: usize,
        columns: [usize; VECTORS],
    ) {
        let (mut left_rows, mut output_rows) = ([0; ROWS], [0; ROWS]);
        for i in 0..ROWS {
            left_rows[i] = self.left.rows.at(row + i);
            output_rows[i] = self.rows.at(row + i);
        }
        let tile = Tile {
            left: self.left.data,
            left_rows,
            right: self.right.data,
            output: self.output,
            output_rows,
            start: self.start,
            columns,
            width: self.right.columns,
        };
        // SAFETY: `multiply_many` has checked both matrices, the output and the row to start from.
        // Every vector of columns lies within the columns, but for a single one at the first column, if
        // there are fewer columns than lanes.
        unsafe { tile.compute(simd, inner(self.left, self.right)) };
    }
}
