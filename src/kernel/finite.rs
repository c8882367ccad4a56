//! Whether all numbers of an array are finite.

use pulp::{Simd, WithSimd};

use super::lanes::dispatch;

/// Whether no value is infinite or NaN. A product may leave out zeros only if the other factors are
/// finite, because zero times any other value is NaN.
pub(super) fn all_finite(values: &[f32]) -> bool {
    dispatch(AllFinite(values))
}

struct AllFinite<'a>(&'a [f32]);

impl WithSimd for AllFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let zero = simd.splat_f32s(0.0);
        let (vectors, rest) = S::as_simd_f32s(self.0);
        // Each sum is 0, or NaN. Several sums, so that no addition waits for the one before.
        let mut sums = [zero; 4];
        let (quads, others) = vectors.as_chunks::<4>();
        for quad in quads {
            for i in 0..4 {
                sums[i] = simd.mul_add_f32s(quad[i], zero, sums[i]);
            }
        }
        for vector in others {
            sums[0] = simd.mul_add_f32s(*vector, zero, sums[0]);
        }
        sums[0] = simd.mul_add_f32s(simd.partial_load_f32s(rest), zero, sums[0]);
        sums.iter().all(|sum| !simd.reduce_sum_f32s(*sum).is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::lanes::forced::on_each_instruction_set;

    #[test]
    fn one_value_that_is_not_finite_is_found_anywhere() {
        for len in [0, 1, 7, 16, 64, 100, 131] {
            let mut values = vec![f32::MAX; len];
            assert_eq!(on_each_instruction_set(|| all_finite(&values)), [true; 3]);
            for at in 0..len {
                for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                    values[at] = bad;
                    assert_eq!(on_each_instruction_set(|| all_finite(&values)), [false; 3]);
                }
                values[at] = -0.5;
            }
        }
    }
}
