//! Addition and reordering.

use pulp::{Simd, WithSimd};

use super::lanes::{Lanewise, dispatch, load, store};

/// Adds the input to the output.
#[derive(Clone, Copy, Debug)]
pub struct Add;

impl Lanewise<1, 1> for Add {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        [simd.add_f32s(sum, x)]
    }
}

/// Adds each row of a matrix to `sums`, in order.
pub fn add_rows(sums: &mut [f32], matrix: &[f32]) {
    dispatch(AddRows { sums, matrix });
}

struct AddRows<'a> {
    sums: &'a mut [f32],
    matrix: &'a [f32],
}

impl WithSimd for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let columns = self.sums.len();
        for (index, sums) in self.sums.chunks_mut(S::F32_LANES).enumerate() {
            let first = index * S::F32_LANES;
            let mut sum = load(simd, sums);
            for row in self.matrix.chunks_exact(columns) {
                sum = simd.add_f32s(sum, load(simd, &row[first..first + sums.len()]));
            }
            store(simd, sums, sum);
        }
    }
}

/// Transposes a matrix with rows of `columns` values.
pub fn transpose(from: &[f32], columns: usize, to: &mut [f32]) {
    /// Rows and columns of a block. A block is transposed in registers.
    const SIDE: usize = 4;
    let rows = from.len() / columns;
    let (whole_rows, whole_columns) = (rows / SIDE * SIDE, columns / SIDE * SIDE);
    for row in (0..whole_rows).step_by(SIDE) {
        let block = &from[row * columns..(row + SIDE) * columns];
        let (a, rest) = block.split_at(columns);
        let (b, rest) = rest.split_at(columns);
        let (c, d) = rest.split_at(columns);
        let quads = [a, b, c, d].map(|row| row.as_chunks::<SIDE>().0);
        for (index, (((a, b), c), d)) in
            quads[0].iter().zip(quads[1]).zip(quads[2]).zip(quads[3]).enumerate()
        {
            for j in 0..SIDE {
                let at = (index * SIDE + j) * rows + row;
                to[at..at + SIDE].copy_from_slice(&[a[j], b[j], c[j], d[j]]);
            }
        }
    }
    // The columns and rows that do not fill a block.
    for row in 0..rows {
        let first = if row < whole_rows { whole_columns } else { 0 };
        for column in first..columns {
            to[column * rows + row] = from[row * columns + column];
        }
    }
}

/// Reorders (…, `rows`, `block`) to (`rows`, …, `block`).
pub fn swap_outer(from: &[f32], rows: usize, block: usize, to: &mut [f32]) {
    if block == 1 {
        return transpose(from, rows, to);
    }
    let stride = from.len() / rows;
    for (outer, values) in from.chunks_exact(rows * block).enumerate() {
        for (row, values) in values.chunks_exact(block).enumerate() {
            to[row * stride + outer * block..][..block].copy_from_slice(values);
        }
    }
}
