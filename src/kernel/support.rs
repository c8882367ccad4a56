//! Products with a constant matrix that is zero in many places, such as images on a dark ground.
//!
//! The rows of the matrix are taken in blocks. A column in which a block has only zeros adds nothing to
//! the product with finite numbers, so it is left out. Which columns these are is found once. Blocks
//! have the same rows on every processor, so the same terms are left out everywhere.

use pulp::{Simd, WithSimd};

use super::lanes::{WIDEST, dispatch};
use super::tile::{Start, Tile};

/// Number of rows of a block. With more rows, fewer columns are zero in all of them. With fewer rows,
/// each value of the right matrix is read more often.
const ROWS: usize = 4;

/// Where a constant matrix and its transpose have values other than zero.
#[derive(Clone, Debug)]
pub struct Support {
    /// Rows and columns of the matrix.
    shape: [usize; 2],
    /// For each block of rows, the columns with a value other than zero.
    rows: Vec<Vec<u32>>,
    /// For each block of columns, the rows with a value other than zero.
    columns: Vec<Vec<u32>>,
}

impl Support {
    /// The support of a matrix with rows of `columns` values.
    #[must_use]
    pub fn new(matrix: &[f32], columns: usize) -> Self {
        let n = matrix.len() / columns;
        let blocks = |rows: usize, columns: usize, at: &dyn Fn(usize, usize) -> usize| {
            let of_block = |first: usize| {
                let block = first..rows.min(first + ROWS);
                let is_used =
                    |k: &u32| block.clone().any(|row| matrix[at(row, *k as usize)] != 0.0);
                (0..columns as u32).filter(is_used).collect()
            };
            (0..rows).step_by(ROWS).map(of_block).collect()
        };
        Self {
            shape: [n, columns],
            rows: blocks(n, columns, &|row, column| row * columns + column),
            columns: blocks(columns, n, &|column, row| row * columns + column),
        }
    }

    /// Writes matrix · right to `output`, with `bias` added to each row. `right` has as many columns
    /// as `bias`, and room for a whole vector after the beginning of its last row.
    ///
    /// # Panics
    /// Panics if the sizes do not fit each other.
    pub fn product(&self, output: &mut [f32], matrix: &[f32], right: &[f32], bias: &[f32]) {
        let [rows, inner] = self.shape;
        let (strides, columns) = ([inner, 1], bias.len());
        let (blocks, start) = (&self.rows[..], Start::Row(bias));
        add(Product { blocks, rows, inner, strides, output, start, matrix, right, columns });
    }

    /// Adds matrixᵀ · right to `output`. `right` has `columns` columns, and room as in
    /// [`Self::product`].
    ///
    /// # Panics
    /// Panics if the sizes do not fit each other.
    pub fn add_transposed_product(
        &self,
        output: &mut [f32],
        matrix: &[f32],
        right: &[f32],
        columns: usize,
    ) {
        let [inner, rows] = self.shape;
        let (blocks, strides, start) = (&self.columns[..], [1, rows], Start::Output);
        add(Product { blocks, rows, inner, strides, output, start, matrix, right, columns });
    }
}

struct Product<'a> {
    blocks: &'a [Vec<u32>],
    rows: usize,
    inner: usize,
    /// Values between two rows, and between two columns, of `matrix`.
    strides: [usize; 2],
    output: &'a mut [f32],
    start: Start<'a>,
    matrix: &'a [f32],
    right: &'a [f32],
    columns: usize,
}

fn add(product: Product<'_>) {
    let Product { rows, inner, columns, .. } = product;
    assert_eq!(product.output.len(), rows * columns, "values of the output");
    assert_eq!(product.matrix.len(), rows * inner, "values of the matrix");
    let last = inner.saturating_sub(1) * columns;
    assert!(last + columns.max(WIDEST) <= product.right.len(), "room for a whole vector");
    if columns > 0 {
        dispatch(product);
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        // The sums of a block of rows, one value for each of its rows, and a row of the right matrix
        // fit into the registers. The last block has up to one vector more. Its last vector may overlap
        // the one before it. Lanes in both are computed twice, from the same start.
        let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        let (columns, lanes) = (self.columns, S::F32_LANES);
        let mut column = 0;
        while columns - column > (most + 1) * lanes {
            match most {
                4 => self.columns::<S, 4>(simd, [0, 1, 2, 3].map(|v| column + v * lanes)),
                _ => self.columns::<S, 2>(simd, [0, 1].map(|v| column + v * lanes)),
            }
            column += most * lanes;
        }
        let last = columns.saturating_sub(lanes);
        match (columns - column).div_ceil(lanes) {
            5 => self.columns::<S, 5>(simd, [0, 1, 2, 3, 4].map(|v| last.min(column + v * lanes))),
            4 => self.columns::<S, 4>(simd, [0, 1, 2, 3].map(|v| last.min(column + v * lanes))),
            3 => self.columns::<S, 3>(simd, [0, 1, 2].map(|v| last.min(column + v * lanes))),
            2 => self.columns::<S, 2>(simd, [0, 1].map(|v| last.min(column + v * lanes))),
            _ => self.columns::<S, 1>(simd, [last]),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn columns<S: Simd, const VECTORS: usize>(&mut self, simd: S, columns: [usize; VECTORS]) {
        for (block, inner) in self.blocks.iter().enumerate() {
            let first = block * ROWS;
            match self.rows - first {
                1 => self.tile::<S, 1, VECTORS>(simd, first, inner, columns),
                2 => self.tile::<S, 2, VECTORS>(simd, first, inner, columns),
                3 => self.tile::<S, 3, VECTORS>(simd, first, inner, columns),
                _ => self.tile::<S, ROWS, VECTORS>(simd, first, inner, columns),
            }
        }
    }

    /// `R` rows of these columns.
    #[inline(always)]
    #[expect(unsafe_code, reason = "`Tile` reads and writes without bounds checks")]
    fn tile<S: Simd, const R: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        first: usize,
        inner: &[u32],
        columns: [usize; VECTORS],
    ) {
        let (mut left_rows, mut output_rows) = ([0; R], [0; R]);
        for i in 0..R {
            left_rows[i] = (first + i) * self.strides[0];
            output_rows[i] = (first + i) * self.columns;
        }
        let tile = Tile {
            left: self.matrix,
            left_rows,
            right: self.right,
            output: self.output,
            output_rows,
            start: self.start,
            columns,
            width: self.columns,
        };
        let [_, stride] = self.strides;
        let inner = inner.iter().map(|k| *k as usize).map(|k| (k * stride, k * self.columns));
        // SAFETY: `add` has checked that both matrices have `inner` columns and rows, and that the last
        // row of the right one has room for a whole vector. It has also checked the output and the row
        // to start from. `Support::new` gives only columns that the matrix has.
        unsafe { tile.compute(simd, inner) };
    }
}
