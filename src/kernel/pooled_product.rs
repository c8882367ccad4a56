//! Matrix products with max-pooling. Only the maxima are stored.
//!
//! Max-pooling after a convolution takes the maximum over the rows of a window, for each column of
//! the product. Here, all rows of a window are computed and compared in registers. The output of
//! the convolution is never written to memory.

use pulp::{Simd, WithSimd};

use super::lanes::{Lanewise, dispatch, load, store};
use super::max_pool::RunningMaximum;
use super::offsets::Offsets;
use super::product::{Left, Right, check, inner};
use super::tile::chains;

/// A matrix product, the maximum over windows of its rows, and a bias.
pub(super) struct PooledProduct<'a> {
    /// The left matrix. Its `rows` are the first rows of the windows.
    pub(super) left: Left<'a>,
    /// The offset of each row of a window from its first row.
    pub(super) positions: &'a Offsets,
    pub(super) right: Right<'a>,
    /// One value for each column, added to the maxima.
    pub(super) bias: &'a [f32],
}

/// Rows to write, one for each window.
pub(super) struct PooledOutput<'a> {
    pub(super) data: &'a mut [f32],
    pub(super) rows: &'a Offsets,
}

/// Whether windows with this number of rows are supported: 4 for 2×2 pixels, 9 for 3×3 pixels. Most
/// poolings have one of these sizes. The sums of such a window fit into the registers of every
/// instruction set.
pub(super) fn fits(rows: usize) -> bool {
    matches!(rows, 4 | 9)
}

impl PooledProduct<'_> {
    /// Writes the maxima plus the bias and, if `argmax` is given, the row of its window that each
    /// maximum comes from. Of equal values, the first counts. A NaN counts as larger than any number.
    ///
    /// # Panics
    /// Panics if the shapes do not fit each other, if a slice is too short, or if [`fits`] does not
    /// support the number of rows of a window.
    pub(super) fn write(self, maxima: PooledOutput<'_>, argmax: Option<PooledOutput<'_>>) {
        let Self { left, positions, right, bias } = &self;
        assert_eq!(bias.len(), right.columns, "numbers of the bias");
        for output in std::iter::once(&maxima).chain(&argmax) {
            assert_eq!(output.rows.len(), left.rows.len(), "windows of a product");
            assert!(output.rows.largest() + right.columns <= output.data.len(), "room for maxima");
        }
        check(*left, positions.largest(), *right);
        match positions.len() {
            4 => dispatch(Write::<4> { product: self, maxima, argmax }),
            9 => dispatch(Write::<9> { product: self, maxima, argmax }),
            rows => unreachable!("a window of {rows} rows, which `fits` does not support"),
        }
    }
}

struct Write<'a, const ROWS: usize> {
    product: PooledProduct<'a>,
    maxima: PooledOutput<'a>,
    argmax: Option<PooledOutput<'a>>,
}

impl<const ROWS: usize> WithSimd for Write<'_, ROWS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // As many vectors of columns as have sums that fit into the registers. The last vector may
        // overlap the one before it, as in any product.
        let most = match (S::REGISTER_COUNT >= 32, ROWS) {
            (true, 4) => 3,
            (false, 9) => 1,
            _ => 2,
        };
        let (columns, lanes) = (self.product.right.columns, S::F32_LANES);
        let last = columns.saturating_sub(lanes);
        let mut column = 0;
        while column < columns {
            let vectors = (columns - column).div_ceil(lanes).min(most);
            let [first, second] = [column, column + lanes].map(|start| start.min(last));
            match vectors {
                3 => self.columns::<S, 3>(simd, [first, second, (column + 2 * lanes).min(last)]),
                2 => self.columns::<S, 2>(simd, [first, second]),
                _ => self.columns::<S, 1>(simd, [first]),
            }
            column += vectors * lanes;
        }
    }
}

impl<const ROWS: usize> Write<'_, ROWS> {
    /// The vectors of columns that begin at `columns`, for all windows.
    #[inline(always)]
    #[expect(unsafe_code, reason = "`chains` reads without bounds checks")]
    fn columns<S: Simd, const VECTORS: usize>(&mut self, simd: S, columns: [usize; VECTORS]) {
        let Self { product, maxima, argmax } = self;
        let PooledProduct { left, positions, right, bias } = product;
        let lanes = S::F32_LANES.min(right.columns);
        let zero = simd.splat_f32s(0.0);
        let mut biases = [zero; VECTORS];
        for j in 0..VECTORS {
            biases[j] = load(simd, &bias[columns[j]..][..lanes]);
        }
        for window in 0..left.rows.len() {
            let mut rows = [left.rows.at(window); ROWS];
            for i in 0..ROWS {
                rows[i] += positions.at(i);
            }
            // SAFETY: `write` has checked both matrices with the largest of the positions, and
            // every vector of columns ends with the last column or before it, or begins with the
            // first.
            let (sums, inner) = ([[zero; VECTORS]; ROWS], inner(*left, *right));
            let sums = unsafe { chains(simd, sums, left.data, rows, right.data, inner, columns) };
            let to = maxima.rows.at(window);
            for j in 0..VECTORS {
                let mut largest = [sums[0][j], zero];
                for i in 1..ROWS {
                    let take = RunningMaximum { position: i as f32 };
                    largest = take.apply(simd, largest, [sums[i][j]]);
                }
                let [maximum, row] = largest;
                let maximum = simd.add_f32s(maximum, biases[j]);
                store(simd, &mut maxima.data[to + columns[j]..][..lanes], maximum);
                if let Some(PooledOutput { data, rows }) = argmax {
                    store(simd, &mut data[rows.at(window) + columns[j]..][..lanes], row);
                }
            }
        }
    }
}
