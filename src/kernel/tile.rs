//! A part of a matrix product whose sums stay in registers.

use pulp::Simd;

use super::lanes::{WIDEST, load, store};

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

/// Some rows of the left matrix by some vectors of columns of the right matrix.
pub(super) struct Tile<'a, const ROWS: usize, const VECTORS: usize> {
    pub(super) left: &'a [f32],
    /// Where each row of the left matrix begins.
    pub(super) left_rows: [usize; ROWS],
    pub(super) right: &'a [f32],
    pub(super) output: &'a mut [f32],
    /// Where each row of the output begins.
    pub(super) output_rows: [usize; ROWS],
    pub(super) start: Start<'a>,
    /// The first column of each vector.
    pub(super) columns: [usize; VECTORS],
    /// Number of columns of the output. If it is less than one vector, `VECTORS` is 1.
    pub(super) width: usize,
}

impl<const ROWS: usize, const VECTORS: usize> Tile<'_, ROWS, VECTORS> {
    /// Computes the sums and writes them to the output. `inner` gives the places of each term, as in
    /// [`chains`].
    ///
    /// # Safety
    /// For each term and row, `left` has a value. For each term and each of `columns`, `right` has a
    /// whole vector. Each vector lies within the `width` columns. The only exception is a single vector
    /// at column 0, if `width` is less than a vector. Each row of the output has `width` values, and so
    /// has the row to start from.
    #[inline(always)]
    #[expect(unsafe_code, reason = "with bounds checks, the compiler keeps the sums in memory")]
    pub(super) unsafe fn compute<S: Simd>(
        self,
        simd: S,
        inner: impl Iterator<Item = (usize, usize)>,
    ) {
        let Self { left, left_rows, right, output, output_rows, start, columns, width } = self;
        debug_assert!(VECTORS == 1 || width >= S::F32_LANES, "the last vector lies in the row");
        let is_whole = VECTORS > 1 || width >= S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        // SAFETY: the caller has made sure that all reads and writes are inside the slices.
        unsafe {
            let read = |from: &[f32], at: usize| match is_whole {
                true => from.as_ptr().add(at).cast::<S::f32s>().read_unaligned(),
                false => load(simd, from.get_unchecked(at..at + width)),
            };
            match start {
                Start::Zero => {}
                Start::Output => {
                    for i in 0..ROWS {
                        for j in 0..VECTORS {
                            sums[i][j] = read(output, output_rows[i] + columns[j]);
                        }
                    }
                }
                Start::Row(row) => {
                    for j in 0..VECTORS {
                        let value = read(row, columns[j]);
                        for i in 0..ROWS {
                            sums[i][j] = value;
                        }
                    }
                }
            }
            let sums = chains(simd, sums, left, left_rows, right, inner, columns);
            for i in 0..ROWS {
                for j in 0..VECTORS {
                    let at = output_rows[i] + columns[j];
                    match is_whole {
                        true => {
                            let to = output.as_mut_ptr().add(at).cast::<S::f32s>();
                            to.write_unaligned(sums[i][j]);
                        }
                        false => store(simd, output.get_unchecked_mut(at..at + width), sums[i][j]),
                    }
                }
            }
        }
    }
}

/// Continues the chains of some rows of the left matrix and some vectors of columns of the right
/// matrix. The rows begin at `rows`, and the vectors at `columns`. For each term, `inner`
/// gives two offsets: of its value in a row of `left`, and of its row in `right`. All sums stay in
/// registers.
///
/// # Safety
/// For each term and row, `left` has a value. For each term and each of `columns`, `right` has a whole
/// vector.
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
    const { assert!(S::F32_LANES <= WIDEST, "callers leave room for `WIDEST` values") };
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
