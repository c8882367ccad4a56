//! Special functions of statrs.

use std::f64::consts::SQRT_2;

use statrs::function::{beta::checked_beta_reg, erf::erfc_inv};

/// The regularised incomplete beta function Iₓ(a, b). Returns NaN where it is not defined.
///
/// Source: Abramowitz & Stegun (1964), *Handbook of Mathematical Functions*, 26.5.1.
pub(super) fn regularized_beta(a: f64, b: f64, x: f64) -> f64 {
    checked_beta_reg(a, b, x).unwrap_or(f64::NAN)
}

/// The value that a standard normal variable exceeds in absolute value with probability `outside`.
///
/// Source: Abramowitz & Stegun (1964), 26.2.29, solved for z.
pub(super) fn normal_two_sided_quantile(outside: f64) -> f64 {
    SQRT_2 * erfc_inv(outside)
}

/// The decimal logarithm, with the same bits on every processor.
#[must_use]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn normal_quantiles_are_those_of_scipy() {
        let quantiles = [0.5, 0.9, 0.95, 0.99].map(|level| normal_two_sided_quantile(1.0 - level));
        // [stats.norm.ppf(.5 + level / 2) for level in (.5, .9, .95, .99)]
        let expected = [
            0.674_489_750_196_081_7,
            1.644_853_626_951_472_2,
            1.959_963_984_540_054,
            2.575_829_303_548_900_4,
        ];
        assert_close(quantiles, expected);
    }

    #[test]
    fn the_beta_function_is_not_a_number_where_it_is_not_defined() {
        for [a, b, x] in [[0.0, 1.0, 0.5], [1.0, 1.0, 1.5], [1.0, 1.0, f64::NAN]] {
            assert!(regularized_beta(a, b, x).is_nan());
        }
    }
}
