//! Clipping of gradients by their norm, as PyTorch's `clip_grad_norm_` does it.

use pulp::Simd;

use super::lanes::{Lanewise, map};
use super::sums::sum;

/// The sum of the squares of `values`, in `f64`.
#[must_use]
pub fn squared_norm(values: &[f32]) -> f64 {
    sum([values], |[value]| value * value)
}

/// The factor that makes the norm of the gradients at most `max_norm`: max / (norm + 10⁻⁶). Returns
/// `None` if the gradients are small enough. `squared_norm` is that of all gradients together.
#[must_use]
pub fn clip_factor(squared_norm: f64, max_norm: f64) -> Option<f32> {
    let factor = max_norm / (squared_norm.sqrt() + 1e-6);
    (factor < 1.0).then_some(factor as f32)
}

/// Multiplies each value by `factor`.
pub fn scale(values: &mut [f32], factor: f32) {
    map(Scale { factor }, [values], []);
}

#[derive(Clone, Copy)]
struct Scale {
    factor: f32,
}

impl Lanewise<1, 0> for Scale {
    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, [x]: [S::f32s; 1], []: [S::f32s; 0]) -> [S::f32s; 1] {
        [simd.mul_f32s(x, simd.splat_f32s(self.factor))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_norm_is_the_root_of_all_squares_and_clipping_ends_at_the_largest_norm() {
        // 1² + 2² + … + 40², in more than two chunks and a rest.
        let values: Vec<_> = (1..=40).map(|i| i as f32).collect();
        assert_eq!(squared_norm(&values), 22_140.0);
        assert_eq!(squared_norm(&[f32::MAX, f32::MIN_POSITIVE]), f64::from(f32::MAX).powi(2));
        assert!(squared_norm(&[1.0, f32::NAN]).is_nan());

        assert_eq!(clip_factor(4.0, 3.0), None);
        assert_eq!(clip_factor(0.0, 1.0), None);
        let factor = clip_factor(16.0, 1.0).unwrap();
        assert!((factor - 0.25).abs() < 1e-6, "{factor}");
        let mut clipped = vec![4.0; 33];
        scale(&mut clipped, 0.25);
        assert_eq!(clipped, [1.0; 33]);
    }
}
