//! Addition and transposition.

use pulp::Simd;

use super::lanes::Lanewise;

/// Adds the input to the output.
#[derive(Clone, Copy, Debug)]
pub struct Add;

impl Lanewise<1, 1> for Add {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [sum]: [S::f32s; 1], [x]: [S::f32s; 1]) -> [S::f32s; 1] {
        [simd.add_f32s(sum, x)]
    }
}

/// Transposes a matrix with rows of `columns` values.
pub fn transpose(from: &[f32], columns: usize, to: &mut [f32]) {
    let rows = from.len() / columns;
    for (row, values) in from.chunks_exact(columns).enumerate() {
        for (column, value) in values.iter().enumerate() {
            to[column * rows + row] = *value;
        }
    }
}
