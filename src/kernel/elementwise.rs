//! Small functions of single numbers.

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

/// Multiplies the output by a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale(pub(super) f32);

impl Lanewise<1, 0> for Scale {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        [simd.mul_f32s(x, simd.splat_f32s(self.0))]
    }
}

/// Rows of `columns` numbers → columns of as many.
pub(super) fn transpose(from: &[f32], columns: usize, to: &mut [f32]) {
    let rows = from.len() / columns;
    for (row, values) in from.chunks_exact(columns).enumerate() {
        for (column, value) in values.iter().enumerate() {
            to[column * rows + row] = *value;
        }
    }
}
