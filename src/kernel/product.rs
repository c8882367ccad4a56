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

use pulp::{Simd, WithSimd};

use super::lanes::{WIDEST, dispatch, load, store};

/// The offsets of the rows or columns of a matrix in a slice.
#[derive(Clone, Debug, Default)]
pub struct Offsets {
    offsets: Vec<usize>,
    largest: usize,
}

impl Offsets {
    /// Rows or columns that begin at `offsets`.
    #[must_use]
    pub fn new(offsets: Vec<usize>) -> Self {
        let largest = offsets.iter().copied().max().unwrap_or(0);
        Self { offsets, largest }
    }

    /// `n` rows or columns, at multiples of `stride`.
    #[must_use]
    pub fn strided(n: usize, stride: usize) -> Self {
        Self::new((0..n).map(|index| index * stride).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Those at `indices`.
    pub(super) fn at_each(&self, indices: &[u32]) -> Self {
        Self::new(indices.iter().map(|index| self.offsets[*index as usize]).collect())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = usize> {
        self.offsets.iter().copied()
    }

    pub(super) fn at(&self, index: usize) -> usize {
        self.offsets[index]
    }

    pub(super) fn largest(&self) -> usize {
        self.largest
    }
}

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

/// The value that the sums of a product start from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start<'a> {
    /// Zero. The product overwrites the output.
    Zero,
    /// The old output. The product is added to it.
    Output,
    /// This row, in each row of the output, such as a bias. It is added to the product.
    Row(&'a [f32]),
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
    let end = rows.largest.checked_add(right.columns);
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

/// Asserts what [`chains`] needs, for rows that begin at most `beyond` values after those of
/// `left`.
pub(super) fn check(left: Left<'_>, beyond: usize, right: Right<'_>) {
    assert_eq!(left.columns.len(), right.rows.len(), "inner sizes of a product");
    if left.columns.len() == 0 {
        return;
    }
    // A size that overflows is larger than any slice.
    let furthest = left.rows.largest.checked_add(beyond);
    let furthest = furthest.and_then(|row| row.checked_add(left.columns.largest));
    assert!(furthest.is_some_and(|at| at < left.data.len()), "the left matrix");
    let read = right.rows.largest.checked_add(right.columns.max(WIDEST));
    let fits = read.is_some_and(|read| read <= right.data.len());
    assert!(fits, "the right matrix and its room for a whole vector");
}

/// The places of the terms of a product, in order.
#[inline(always)]
pub(super) fn inner<'a>(
    left: Left<'a>,
    right: Right<'a>,
) -> impl Iterator<Item = (usize, usize)> + 'a {
    left.columns.offsets.iter().copied().zip(right.rows.offsets.iter().copied())
}

/// Continues the chains of some rows of the left matrix and some vectors of columns of the right
/// matrix. The rows begin at `rows`, and the vectors at `columns`. `inner` gives, for each term, where
/// a row of `left` and a column of `right` have it. All sums stay in registers.
///
/// # Safety
/// For each term, `left` has a value in each row, and `right` has a whole vector in each column.
#[inline(always)]
#[expect(unsafe_code, reason = "bounds checks in the innermost loop cost half of the speed")]
pub(super) unsafe fn chains<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    mut sums: [[S::f32s; VECTORS]; ROWS],
    left: &[f32],
    rows: [usize; ROWS],
    right: &[f32],
    inner: impl Iterator<Item = (usize, usize)>,
    columns: [usize; VECTORS],
) -> [[S::f32s; VECTORS]; ROWS] {
    const { assert!(S::F32_LANES <= WIDEST, "`check` allows for this vector") };
    // SAFETY: the caller has made sure that both slices have what is read. `wrapping_add` makes
    // pointers that may lie outside of a slice if there is no term. They are not read.
    unsafe {
        let mut starts = [left.as_ptr(); ROWS];
        for i in 0..ROWS {
            starts[i] = starts[i].wrapping_add(rows[i]);
        }
        for (offset, row) in inner {
            let row = right.as_ptr().add(row);
            let mut vectors = [simd.splat_f32s(0.0); VECTORS];
            for j in 0..VECTORS {
                vectors[j] = row.add(columns[j]).cast::<S::f32s>().read_unaligned();
            }
            for i in 0..ROWS {
                let factor = simd.splat_f32s(*starts[i].add(offset));
                for j in 0..VECTORS {
                    sums[i][j] = simd.mul_add_f32s(factor, vectors[j], sums[i][j]);
                }
            }
        }
    }
    sums
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
        // The registers must hold the sums of a block of rows, one broadcast value for each of its
        // rows, and a row of the right matrix.
        let most = match (S::REGISTER_COUNT >= 32, VECTORS) {
            (true, 3) => 7,
            (true, _) => 10,
            (false, 3) => 3,
            (false, _) => 5,
        };
        let rows = self.rows.len();
        let blocks = rows.div_ceil(most);
        let mut row = 0;
        for block in 1..=blocks {
            let end = rows * block / blocks;
            match end - row {
                1 => self.tile::<S, 1, VECTORS>(simd, row, columns),
                2 => self.tile::<S, 2, VECTORS>(simd, row, columns),
                3 => self.tile::<S, 3, VECTORS>(simd, row, columns),
                4 => self.tile::<S, 4, VECTORS>(simd, row, columns),
                5 => self.tile::<S, 5, VECTORS>(simd, row, columns),
                6 => self.tile::<S, 6, VECTORS>(simd, row, columns),
                7 => self.tile::<S, 7, VECTORS>(simd, row, columns),
                8 => self.tile::<S, 8, VECTORS>(simd, row, columns),
                9 => self.tile::<S, 9, VECTORS>(simd, row, columns),
                _ => self.tile::<S, 10, VECTORS>(simd, row, columns),
            }
            row = end;
        }
    }

    /// `ROWS` rows of these columns.
    #[inline(always)]
    #[expect(unsafe_code, reason = "`chains` reads without bounds checks")]
    #[expect(clippy::manual_memcpy, reason = "a call of `memcpy` costs more than it copies")]
    fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        row: usize,
        columns: [usize; VECTORS],
    ) {
        let lanes = S::F32_LANES.min(self.right.columns);
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        let mut rows = [0; ROWS];
        for i in 0..ROWS {
            rows[i] = self.left.rows.offsets[row + i];
        }
        if self.start != Start::Zero {
            for i in 0..ROWS {
                for j in 0..VECTORS {
                    let from = match self.start {
                        Start::Row(row) => &row[columns[j]..],
                        _ => &self.output[self.rows.offsets[row + i] + columns[j]..],
                    };
                    sums[i][j] = load(simd, &from[..lanes]);
                }
            }
        }
        let (left, right, inner) = (self.left.data, self.right.data, inner(self.left, self.right));
        // SAFETY: `multiply_many` has checked both matrices, and every vector of columns ends with the
        // last column or before it, or begins with the first.
        let sums = unsafe { chains(simd, sums, left, rows, right, inner, columns) };
        for i in 0..ROWS {
            for j in 0..VECTORS {
                let start = self.rows.offsets[row + i] + columns[j];
                store(simd, &mut self.output[start..][..lanes], sums[i][j]);
            }
        }
    }
}
