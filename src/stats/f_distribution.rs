//! The F distribution: the distribution of the ratio of two independent estimates of one variance.

use super::{root::root, special::regularized_beta};

/// The largest number of degrees of freedom. Larger numbers are replaced by this one, because
/// statrs cuts off the series of [`regularized_beta`] too early for them. So intervals are wider
/// and p values larger.
const MOST_DEGREES: f64 = 1e5;

/// The probability that a ratio exceeds `ratio` (at least 0). Its numerator and its denominator
/// have these degrees of freedom.
///
/// Source: Abramowitz & Stegun (1964), *Handbook of Mathematical Functions*, 26.6.2, and 26.5.2
/// for the other side.
pub(super) fn survival(ratio: f64, degrees: [f64; 2]) -> f64 {
    let [numerator, denominator] = degrees.map(|degrees| degrees.min(MOST_DEGREES));
    let [a, b] = [denominator / 2.0, numerator / 2.0];
    let sum = numerator * ratio + denominator;
    let x = denominator / sum;
    // Iₓ(a, b) = 1 − I₁₋ₓ(b, a). One of the two forms does not lose digits by cancellation.
    match x < (a + 1.0) / (a + b + 2.0) {
        true => regularized_beta(a, b, x),
        false => 1.0 - regularized_beta(b, a, numerator * ratio / sum),
    }
}

/// The ratio that is exceeded with probability `tail`.
pub(super) fn upper_quantile(tail: f64, degrees: [f64; 2]) -> f64 {
    let mut upper = 1.0;
    while survival(upper, degrees) > tail {
        upper *= 4.0;
    }
    let lower = if upper > 1.0 { upper / 4.0 } else { 0.0 };
    root(|ratio| survival(ratio, degrees) - tail, lower, upper)
}

/// The ratio that is not reached with probability `tail`, from the quantile of the inverse ratio.
pub(super) fn lower_quantile(tail: f64, [numerator, denominator]: [f64; 2]) -> f64 {
    1.0 / upper_quantile(tail, [denominator, numerator])
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy() {
        let tails = [
            (0.025, [19.0, 9.0]),
            (0.05, [1.0, 200.0]),
            (0.005, [9.0, 4.0]),
            (0.25, [3.5, 12.25]),
            (0.025, [200.0, 1.0]),
        ];
        // [stats.f.isf(t, a, b) for t, a, b in [(.025, 19, 9), (.05, 1, 200), (.005, 9, 4),
        //  (.25, 3.5, 12.25), (.025, 200, 1)]]
        let expected = [
            3.683_338_083_218_051_6,
            3.888_374_716_781_671,
            21.139_083_690_141_874,
            1.551_682_191_677_687_5,
            1_015.713_315_078_773_8,
        ];
        assert_close(tails.map(|(tail, degrees)| upper_quantile(tail, degrees)), expected);
    }

    #[test]
    fn a_quantile_is_exceeded_with_its_probability() {
        for degrees in [[1.0, 1.0], [3.0, 17.0], [200.0, 2.5], [1e4, 1e4], [1e9, 40.0]] {
            for tail in [1e-6, 0.001, 0.05, 0.3, 0.5] {
                let [upper, lower] = [upper_quantile, lower_quantile].map(|of| of(tail, degrees));
                assert_close([survival(upper, degrees)], [tail]);
                assert!((1.0 - survival(lower, degrees) - tail).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_ends_have_probability_1_and_0() {
        let degrees = [4.0, 9.0];
        assert_eq!([0.0, f64::INFINITY].map(|ratio| survival(ratio, degrees)), [1.0, 0.0]);
    }
}
