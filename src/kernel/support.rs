//! Products with a matrix that is zero in many places, such as images on a dark ground, or the outputs of
//! ReLU.
//!
//! The rows of the matrix are taken in blocks. A column in which a block has only zeros is left out: it
//! adds nothing to a product with finite numbers. If the other matrix has a number that is not finite,
//! nothing is left out. Blocks have the same rows on every processor, so the same terms are left out
//! everywhere.

use std::collections::VecDeque;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::finite::all_finite;
use super::lanes::{WIDEST, dispatch};
use super::offsets::Offsets;
use super::product::{Left, Right, multiply};
use super::tile::{Start, Tile};

/// Number of rows of a block. With more rows, fewer columns are zero in all of them. With fewer rows,
/// each value of the right matrix is read more often.
const ROWS: usize = 4;

/// Number of rows among which those of a block are chosen.
const CHOICE: usize = 256;

/// Where a matrix and its transpose have values other than zero.
#[derive(Clone, Debug, Default)]
pub struct Support {
    /// Rows and columns of the matrix.
    shape: [usize; 2],
    /// Blocks of all rows.
    rows: Blocks,
    /// Blocks of the transpose. Its rows are the columns of the matrix. Rows of zeros may be left out.
    columns: Blocks,
    /// Memory of [`Self::find`]: the bits of all values of a column, in a block and in the matrix.
    bits: [Vec<u32>; 2],
}

/// Blocks of rows of a matrix.
#[derive(Clone, Debug, Default)]
struct Blocks {
    /// The rows of all blocks: [`ROWS`] in each, but fewer in the last.
    rows: Vec<u32>,
    /// The columns of all blocks. In other columns, a block has only zeros.
    columns: Vec<u32>,
    /// The place of the columns of each block.
    places: Vec<Range<usize>>,
}

impl Support {
    /// The support of a matrix with rows of `columns` values, for many products. Rows with values in
    /// the same columns are put into the same block.
    #[must_use]
    pub fn new(matrix: &[f32], columns: usize) -> Self {
        let n = matrix.len() / columns;
        let is_used = |row: usize, column: usize| matrix[row * columns + column] != 0.0;
        let rows = Sets::new(n, columns, is_used);
        let transposed = Sets::new(columns, n, |column, row| is_used(row, column));
        let (rows, transposed) = (dispatch(rows), dispatch(transposed));
        Self { shape: [n, columns], rows, columns: transposed, bits: Default::default() }
    }

    /// Finds the support of a matrix for a few products, in much less time than a product takes. Each
    /// block has consecutive rows. Of the transpose, only rows of zeros are left out.
    pub fn find(&mut self, matrix: &[f32], columns: usize) {
        let n = matrix.len() / columns;
        self.shape = [n, columns];
        let Self { rows, columns: transposed, bits: [of_block, of_all], .. } = self;
        for blocks in [&mut *rows, transposed] {
            blocks.rows.clear();
            blocks.columns.clear();
            blocks.places.clear();
        }
        rows.rows.extend(0..n as u32);
        // All bits of a value are zero only for +0.0. So −0.0 and NaN count as used.
        for bits in [&mut *of_block, of_all] {
            bits.clear();
            bits.resize(columns, 0);
        }
        let join = |bits: &mut u32, more: u32| *bits |= more;
        for block in matrix.chunks(ROWS * columns) {
            of_block.fill(0);
            for row in block.chunks_exact(columns) {
                of_block.iter_mut().zip(row).for_each(|(bits, value)| join(bits, value.to_bits()));
            }
            of_all.iter_mut().zip(&*of_block).for_each(|(bits, more)| join(bits, *more));
            rows.places.push(append_used(&mut rows.columns, of_block));
        }
        append_used(&mut transposed.rows, of_all);
        transposed.columns.extend(0..n as u32);
        transposed.places.resize(transposed.rows.len().div_ceil(ROWS), 0..n);
    }

    /// Adds matrix · right to `start`, and writes the sums to `output`. `right` has `columns` columns,
    /// and room for a whole vector after the beginning of its last row.
    ///
    /// # Panics
    /// Panics if the sizes do not fit each other.
    pub fn product(
        &self,
        output: &mut [f32],
        start: Start<'_>,
        matrix: &[f32],
        right: &[f32],
        columns: usize,
    ) {
        let [rows, inner] = self.shape;
        let (blocks, strides) = (&self.rows, [inner, 1]);
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
        let (blocks, strides, start) = (&self.columns, [1, rows], Start::Output);
        add(Product { blocks, rows, inner, strides, output, start, matrix, right, columns });
    }
}

struct Product<'a> {
    blocks: &'a Blocks,
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
    // A size that overflows is larger than any slice.
    let values = |n: usize, m: usize| n.saturating_mul(m);
    assert_eq!(product.output.len(), values(rows, columns), "values of the output");
    assert_eq!(product.matrix.len(), values(rows, inner), "values of the matrix");
    if let Start::Row(row) = product.start {
        assert_eq!(row.len(), columns, "numbers of the first row");
    }
    let last = values(inner.saturating_sub(1), columns).saturating_add(columns.max(WIDEST));
    assert!(last <= product.right.len(), "room for a whole vector");
    match all_finite(&product.right[..inner * columns]) {
        true if columns > 0 => dispatch(product),
        true => {}
        false => product.with_zeros(),
    }
}

impl Product<'_> {
    /// Leaves nothing out.
    fn with_zeros(self) {
        let Self { rows, inner, strides, output, start, matrix, right, columns, .. } = self;
        let (left_rows, left_columns) =
            (Offsets::strided(rows, strides[0]), Offsets::strided(inner, strides[1]));
        let left = Left { data: matrix, rows: &left_rows, columns: &left_columns };
        let right_rows = Offsets::strided(inner, columns);
        let right = Right { data: right, rows: &right_rows, columns };
        multiply(output, &Offsets::strided(rows, columns), start, left, right);
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
        let Blocks { rows, columns: all, places } = self.blocks;
        for (rows, place) in rows.chunks(ROWS).zip(places) {
            let inner = &all[place.clone()];
            match *rows {
                [a] => self.tile::<S, 1, VECTORS>(simd, [a], inner, columns),
                [a, b] => self.tile::<S, 2, VECTORS>(simd, [a, b], inner, columns),
                [a, b, c] => self.tile::<S, 3, VECTORS>(simd, [a, b, c], inner, columns),
                [a, b, c, d] => self.tile::<S, ROWS, VECTORS>(simd, [a, b, c, d], inner, columns),
                _ => unreachable!("a block has 1 to {ROWS} rows"),
            }
        }
    }

    /// `R` rows of these columns.
    #[inline(always)]
    #[expect(unsafe_code, reason = "`Tile` reads and writes without bounds checks")]
    fn tile<S: Simd, const R: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        rows: [u32; R],
        inner: &[u32],
        columns: [usize; VECTORS],
    ) {
        let (mut left_rows, mut output_rows) = ([0; R], [0; R]);
        for i in 0..R {
            left_rows[i] = rows[i] as usize * self.strides[0];
            output_rows[i] = rows[i] as usize * self.columns;
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
        // SAFETY: `add` has checked both matrices, the output, the row to start from, and that the last
        // row of the right matrix has room for a whole vector. Blocks have only rows and columns of the
        // matrix. Every vector of columns lies within the columns, but for a single one at the first
        // column, if there are fewer columns than lanes.
        unsafe { tile.compute(simd, inner) };
    }
}

/// For each row of a matrix, the set of columns with a value other than zero.
struct Sets {
    /// 64 columns in each word. Each row begins a new word.
    words: Vec<u64>,
    /// Number of words of a row.
    row: usize,
    rows: usize,
}

impl Sets {
    fn new(rows: usize, columns: usize, is_used: impl Fn(usize, usize) -> bool) -> Self {
        let row = columns.div_ceil(64);
        let mut words = vec![0; rows * row];
        for i in 0..rows {
            for j in (0..columns).filter(|j| is_used(i, *j)) {
                words[i * row + j / 64] |= 1 << (j % 64);
            }
        }
        Self { words, row, rows }
    }
}

impl WithSimd for Sets {
    type Output = Blocks;

    /// A block begins with the first remaining row. Then, [`ROWS`] − 1 times, it takes the remaining row
    /// that adds the fewest columns. Dispatched, because bits are counted faster with new instructions.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Blocks {
        let Self { words, row, rows } = self;
        let set = |index: u32| &words[index as usize * row..][..row];
        let mut blocks = Blocks::default();
        for start in (0..rows).step_by(CHOICE) {
            let mut remaining: VecDeque<u32> =
                (start as u32..rows.min(start + CHOICE) as u32).collect();
            while let Some(first) = remaining.pop_front() {
                blocks.rows.push(first);
                let mut union = set(first).to_vec();
                for _ in 1..ROWS {
                    let mut best = (u32::MAX, 0);
                    for (place, index) in remaining.iter().enumerate() {
                        let mut added = 0;
                        for (word, old) in set(*index).iter().zip(&union) {
                            added += (word & !old).count_ones();
                        }
                        if added < best.0 {
                            best = (added, place);
                        }
                    }
                    let Some(index) = remaining.remove(best.1) else { break };
                    blocks.rows.push(index);
                    for (old, word) in union.iter_mut().zip(set(index)) {
                        *old |= word;
                    }
                }
                let start = blocks.columns.len();
                let columns = 0..row as u32 * 64;
                blocks.columns.extend(
                    columns.filter(|column| union[*column as usize / 64] >> (column % 64) & 1 == 1),
                );
                blocks.places.push(start..blocks.columns.len());
            }
        }
        blocks
    }
}

/// Appends the indices at which `bits` is not zero. Returns their place.
fn append_used(indices: &mut Vec<u32>, bits: &[u32]) -> Range<usize> {
    let start = indices.len();
    let mut end = start;
    indices.resize(start + bits.len(), 0);
    // Without a branch, because a processor cannot predict which values are zero.
    for (index, bits) in bits.iter().enumerate() {
        indices[end] = index as u32;
        end += usize::from(*bits != 0);
    }
    indices.truncate(end);
    start..end
}
