//! Estimates of standard deviations, and their comparison.

use super::{Sample, f_distribution::survival};

/// A standard deviation above 0 and its degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    std_dev: f64,
    degrees_of_freedom: f64,
}

impl Spread {
    /// A standard deviation whose divisor is its degrees of freedom, in the unit of the values.
    ///
    /// Returns `None` unless it is positive, the degrees of freedom are at least 1, and both are
    /// finite.
    #[must_use]
    pub fn new(std_dev: f64, degrees_of_freedom: f64) -> Option<Self> {
        let are_finite = std_dev.is_finite() && degrees_of_freedom.is_finite();
        let is_possible = are_finite && std_dev > 0.0 && degrees_of_freedom >= 1.0;
        is_possible.then_some(Self { std_dev, degrees_of_freedom })
    }

    /// The standard deviation of a sample, with n − 1 degrees of freedom. Returns `None` for one
    /// value and for equal values.
    #[must_use]
    pub fn of(sample: &Sample<'_>) -> Option<Self> {
        Self::new(sample.std_dev()?, (sample.n() - 1) as f64)
    }

    /// The mean of several standard deviations sᵢ with νᵢ degrees of freedom each. Its own degrees
    /// of freedom ν are given by 1/ν = Σ(sᵢ²/νᵢ) / (Σsᵢ)².
    ///
    /// The variance of a standard deviation is σ²/2ν, by the delta method, because the variance of
    /// its square is 2σ⁴/ν. With this ν, the mean has the right variance. Satterthwaite (1946), *An
    /// approximate distribution of estimates of variance components*, Biometrics Bulletin 2,
    /// 110–114, matches the variances of sums of squares in the same way.
    ///
    /// Each sᵢ is too small by a factor of about 1 − 1/4νᵢ on average, and so is the mean. Compare
    /// it only with standard deviations of about as many values each, or with means of these.
    ///
    /// Returns `None` if there is no standard deviation.
    #[must_use]
    pub fn mean_of(spreads: &[Self]) -> Option<Self> {
        let sum: f64 = spreads.iter().map(|spread| spread.std_dev).sum();
        let of_one = |spread: &Self| (spread.std_dev / sum).powi(2) / spread.degrees_of_freedom;
        let inverse: f64 = spreads.iter().map(of_one).sum();
        Self::new(sum / spreads.len() as f64, 1.0 / inverse)
    }

    /// The standard deviation, in the unit of the values.
    #[must_use]
    pub fn std_dev(&self) -> f64 {
        self.std_dev
    }

    /// The degrees of freedom.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        self.degrees_of_freedom
    }
}

/// The two-sided p value of the F test that two independent standard deviations estimate the same
/// value: twice the smaller tail of F = s₁²/s₂², at most 1.
///
/// The test depends more on normal values than tests of means do (Box 1953, *Non-normality and
/// tests on variances*, Biometrika 40, 318–335). Source: NIST/SEMATECH e-Handbook of Statistical
/// Methods, 1.3.5.9.
#[must_use]
pub fn f_test(first: Spread, second: Spread) -> f64 {
    let tail = |above: Spread, below: Spread| {
        let ratio = (above.std_dev / below.std_dev).powi(2);
        survival(ratio, [above.degrees_of_freedom, below.degrees_of_freedom])
    };
    (2.0 * tail(first, second).min(tail(second, first))).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn spread(std_dev: f64, degrees_of_freedom: f64) -> Spread {
        Spread::new(std_dev, degrees_of_freedom).unwrap()
    }

    #[test]
    fn p_values_are_those_of_scipy() {
        // f = (s1 / s2)**2; 2 * min(stats.f.cdf(f, n1, n2), stats.f.sf(f, n1, n2))
        let p_value = f_test(spread(1.8, 9.0), spread(1.1, 14.0));
        assert_close([p_value], [0.096_012_211_049_101_92]);
        let p_value = f_test(spread(1.0, 7.5), spread(1.3, 22.25));
        assert_close([p_value], [0.469_160_744_541_61]);
    }

    #[test]
    fn the_order_of_two_deviations_does_not_matter() {
        let (first, second) = (spread(1.8, 9.0), spread(1.1, 14.0));
        assert_eq!(f_test(first, second), f_test(second, first));
        assert_close([f_test(first, first)], [1.0]);
        assert!(f_test(spread(1e-300, 9.0), spread(1e300, 9.0)) == 0.0);
    }

    #[test]
    fn a_mean_of_deviations_has_the_degrees_of_freedom_of_its_variance() {
        let mean = Spread::mean_of(&[spread(1.2, 9.0), spread(0.8, 9.0), spread(2.0, 4.0)]);
        let mean = mean.unwrap();
        // sum(s)**2 / sum(s * s / n for s, n in zip(s, n))
        assert_close(
            [mean.degrees_of_freedom(), mean.std_dev()],
            [12.996_389_891_696_75, 4.0 / 3.0],
        );
    }

    #[test]
    fn equal_deviations_add_their_degrees_of_freedom() {
        let mean = Spread::mean_of(&[spread(0.7, 9.0); 5]).unwrap();
        assert_close([mean.std_dev(), mean.degrees_of_freedom()], [0.7, 45.0]);
        assert_eq!(Spread::mean_of(&[]), None);
    }

    #[test]
    fn what_does_not_vary_has_no_spread() {
        for values in [&[1.0][..], &[0.1; 3]] {
            assert_eq!(Spread::of(&Sample::new(values).unwrap()), None);
        }
        let of_two = Spread::of(&Sample::new(&[1.0, 3.0]).unwrap()).unwrap();
        assert_close([of_two.std_dev(), of_two.degrees_of_freedom()], [2f64.sqrt(), 1.0]);
        for [std_dev, degrees] in [[0.0, 3.0], [-1.0, 3.0], [1.0, 0.0], [f64::NAN, 3.0]] {
            assert_eq!(Spread::new(std_dev, degrees), None);
        }
    }
}
