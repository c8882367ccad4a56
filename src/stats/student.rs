//! Student's t distribution. The square of t has the F distribution with one numerator degree of
//! freedom (Abramowitz & Stegun 1964, 26.6.2 and 26.7.1).

use super::f_distribution::{survival, upper_quantile};

/// The probability of a value that is at least as far from 0 as `t`, on either side.
pub(super) fn two_sided_p_value(t: f64, degrees_of_freedom: f64) -> f64 {
    survival(t * t, [1.0, degrees_of_freedom])
}

/// The value that t exceeds in absolute value with probability `outside`.
pub(super) fn two_sided_quantile(outside: f64, degrees_of_freedom: f64) -> f64 {
    upper_quantile(outside, [1.0, degrees_of_freedom]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy() {
        // for df in (1, 2, 4, 9, 29, 200): [stats.t.ppf(q, df) for q in (.75, .95, .975, .995)]
        let expected = [
            (
                1.0,
                [
                    1.000_000_000_000_000_2,
                    6.313_751_514_675_037,
                    12.706_204_736_174_694,
                    63.656_741_162_871_526,
                ],
            ),
            (
                2.0,
                [
                    0.816_496_580_927_726_1,
                    2.919_985_580_353_724_2,
                    4.302_652_729_749_462,
                    9.924_843_200_918_287,
                ],
            ),
            (
                4.0,
                [
                    0.740_697_084_112_682_9,
                    2.131_846_786_326_649_5,
                    2.776_445_105_197_793_4,
                    4.604_094_871_349_992,
                ],
            ),
            (
                9.0,
                [
                    0.702_722_146_751_326_4,
                    1.833_112_932_656_237,
                    2.262_157_162_798_205,
                    3.249_835_541_592_126,
                ],
            ),
            (
                29.0,
                [
                    0.683_043_860_821_613_1,
                    1.699_127_026_533_497_2,
                    2.045_229_642_132_703,
                    2.756_385_903_670_605,
                ],
            ),
            (
                200.0,
                [
                    0.675_718_411_404_220_1,
                    1.652_508_100_910_876_9,
                    1.971_896_223_633_908_8,
                    2.600_634_436_191_558,
                ],
            ),
        ];
        for (degrees, expected) in expected {
            let quantiles = [0.5, 0.1, 0.05, 0.01].map(|tail| two_sided_quantile(tail, degrees));
            assert_close(quantiles, expected);
        }
    }

    #[test]
    fn p_values_are_those_of_scipy() {
        let p_values = [(0.5, 1.0), (-2.5, 9.0), (12.0, 9.0), (40.0, 30.0), (1e-3, 5.0)]
            .map(|(t, degrees)| two_sided_p_value(t, degrees));
        // [2 * stats.t.sf(t, n) for t, n in [(.5, 1), (2.5, 9), (12, 9), (40, 30), (1e-3, 5)]]
        let expected = [
            0.704_832_764_699_133_5,
            0.033_861_827_682_985_735,
            7.699_886_222_985_653e-7,
            1.372_604_519_440_641_7e-27,
            0.999_240_786_772_197_6,
        ];
        assert_close(p_values, expected);
    }

    #[test]
    fn no_distance_has_p_1_and_an_infinite_one_p_0() {
        assert_eq!([0.0, 1e300, f64::INFINITY].map(|t| two_sided_p_value(t, 5.0)), [1.0, 0.0, 0.0]);
    }
}
