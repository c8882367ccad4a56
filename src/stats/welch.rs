//! Comparison of two independent conditions.

use super::{ConfidenceInterval, Estimate, Level, student};

/// The difference of the means of two independent samples, whose variances may differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WelchComparison {
    /// First mean − second mean, in the unit of the values.
    pub difference: f64,
    /// Degrees of freedom of the standard error of the difference.
    pub degrees_of_freedom: f64,
    /// Student's interval of the difference.
    pub interval: ConfidenceInterval,
    /// The two-sided p value of no difference.
    pub p_value: f64,
}

impl WelchComparison {
    /// Compares two independent estimates.
    ///
    /// With vᵢ = sᵢ²/nᵢ, the standard error is √(v₁ + v₂), with degrees of freedom
    /// (v₁ + v₂)² / (v₁²/(n₁ − 1) + v₂²/(n₂ − 1)). Sources: Welch (1947), *The generalization of
    /// "Student's" problem when several different population variances are involved*, Biometrika
    /// 34, 28–35; Satterthwaite (1946), *An approximate distribution of estimates of variance
    /// components*, Biometrics Bulletin 2, 110–114.
    ///
    /// Returns `None` if one of them has fewer than two values or no standard deviation, or if both
    /// have the standard deviation 0.
    #[must_use]
    pub fn of(first: &Estimate, second: &Estimate, level: Level) -> Option<Self> {
        let errors = [first.std_error()?, second.std_error()?];
        let std_error = libm::hypot(errors[0], errors[1]);
        let is_known = first.n > 1 && second.n > 1 && std_error > 0.0;
        is_known.then(|| {
            let of_one = |error: f64, n: usize| (error / std_error).powi(4) / (n - 1) as f64;
            let degrees_of_freedom =
                1.0 / (of_one(errors[0], first.n) + of_one(errors[1], second.n));
            let difference = first.mean - second.mean;
            Self {
                difference,
                degrees_of_freedom,
                interval: ConfidenceInterval::student(
                    difference,
                    std_error,
                    degrees_of_freedom,
                    level,
                ),
                p_value: student::two_sided_p_value(difference / std_error, degrees_of_freedom),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    const LEVEL: Level = Level::NINETY_FIVE;

    fn estimate(n: usize, mean: f64, std_dev: f64) -> Estimate {
        Estimate::of_moments(n, mean, Some(std_dev), LEVEL).unwrap()
    }

    #[test]
    fn comparisons_are_those_of_scipy() {
        let (first, second) = (estimate(10, 81.91, 1.21), estimate(6, 80.4, 2.3));
        let comparison = WelchComparison::of(&first, &second, LEVEL).unwrap();
        // stats.ttest_ind_from_stats(81.91, 1.21, 10, 80.4, 2.3, 6, equal_var=False).pvalue
        assert_close([comparison.p_value], [0.181_942_417_861_838_15]);
        // v = [1.21**2 / 10, 2.3**2 / 6]; df = sum(v)**2 / (v[0]**2 / 9 + v[1]**2 / 5)
        assert_close([comparison.degrees_of_freedom], [6.695_903_780_175_029]);
        let ConfidenceInterval { lower, upper, .. } = comparison.interval;
        // stats.t.interval(.95, df, 81.91 - 80.4, np.sqrt(sum(v)))
        assert_close([lower, upper], [-0.909_840_842_859_079, 3.929_840_842_859_060_8]);
    }

    #[test]
    fn the_other_order_has_the_other_sign() {
        let (first, second) = (estimate(10, 81.91, 1.21), estimate(6, 80.4, 2.3));
        let there = WelchComparison::of(&first, &second, LEVEL).unwrap();
        let back = WelchComparison::of(&second, &first, LEVEL).unwrap();
        assert_eq!(there.difference, -back.difference);
        assert_eq!(there.interval.lower, -back.interval.upper);
        assert_eq!(there.p_value, back.p_value);
    }

    #[test]
    fn one_deviation_of_0_leaves_the_other() {
        let (first, second) = (estimate(10, 81.91, 1.21), estimate(6, 80.4, 0.0));
        let comparison = WelchComparison::of(&first, &second, LEVEL).unwrap();
        assert_close([comparison.degrees_of_freedom], [9.0]);
        // stats.ttest_ind_from_stats(81.91, 1.21, 10, 80.4, 0, 6, equal_var=False).pvalue
        assert_close([comparison.p_value], [0.003_373_508_824_104_050_5]);
    }

    #[test]
    fn without_spread_there_is_no_comparison() {
        let known = estimate(10, 81.91, 1.21);
        let without = |n, std_dev| Estimate::of_moments(n, 80.4, std_dev, LEVEL).unwrap();
        assert_eq!(WelchComparison::of(&known, &without(1, None), LEVEL), None);
        assert_eq!(WelchComparison::of(&without(6, None), &known, LEVEL), None);
        let equal = without(6, Some(0.0));
        assert_eq!(WelchComparison::of(&equal, &equal, LEVEL), None);
    }
}
