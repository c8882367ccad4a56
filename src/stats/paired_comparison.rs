//! Comparison of two conditions, pair by pair.

use super::{Estimate, Level, Proportion, Sample, sign_flip, student};

/// The largest number of pairs for which all patterns of signs are tried.
pub const MOST_SIGN_FLIPS: usize = 20;

/// The difference of two conditions that were measured on the same items.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedComparison {
    /// The mean of first − second with Student's interval, in the unit of the values.
    pub difference: Estimate,
    /// The test of no mean difference. `None` for one pair.
    pub significance: Option<Significance>,
    /// The share of pairs in which the first is larger. A tie counts half. This is a paired form of
    /// the probability of improvement of Agarwal et al. (2021), *Deep reinforcement learning at the
    /// edge of the statistical precipice*, and the probability of superiority for dependent groups
    /// of Grissom & Kim (2012), *Effect Sizes for Research*.
    pub improvement: Proportion,
}

/// A p value and its test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Significance {
    /// The two-sided p value of no mean difference.
    pub p_value: f64,
    /// The test.
    pub test: PairedTest,
}

/// A test of paired values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairedTest {
    /// The exact sign-flip test of the mean, over all patterns of signs. For up to 20 pairs, and
    /// for any number of equal differences. Sources: Fisher (1935), *The Design of Experiments*,
    /// section 21; Pitman (1937), Supplement to the Journal of the Royal Statistical Society 4,
    /// 119–130.
    SignFlip,
    /// The paired t test. Source: Student (1908), *The probable error of a mean*, Biometrika 6,
    /// 1–25.
    StudentT,
}

impl PairedComparison {
    /// Compares `first` with `second`. Values with the same index belong to the same item.
    ///
    /// Returns `None` unless both have the same number of values and their differences are a
    /// [sample](Sample::new).
    #[must_use]
    pub fn of(first: &[f64], second: &[f64], level: Level) -> Option<Self> {
        let scale = scale(first).max(scale(second));
        let differences: Vec<_> = first.iter().zip(second).map(|(a, b)| a - b).collect();
        let are_equally_many = first.len() == second.len();
        are_equally_many.then(|| Self::with_scale(&differences, scale, level)).flatten()
    }

    fn with_scale(differences: &[f64], scale: f64, level: Level) -> Option<Self> {
        let sample = Sample::with_scale(differences, scale)?;
        let wins = |difference: &f64| match difference.abs() <= sample.rounding() {
            true => 0.5,
            false => f64::from(*difference > 0.0),
        };
        let wins = differences.iter().map(wins).sum();
        Some(Self {
            difference: Estimate::of(&sample, level),
            significance: significance(&sample),
            improvement: Proportion::new(wins, sample.n(), level)?,
        })
    }
}

fn scale(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |scale, value| value.abs().max(scale))
}

fn significance(differences: &Sample<'_>) -> Option<Significance> {
    let (n, mean) = (differences.n(), differences.mean());
    let std_dev = differences.std_dev()?;
    let by = |test, p_value| Some(Significance { p_value, test });
    if n <= MOST_SIGN_FLIPS {
        // Each difference has one rounding error, and each addition less than one.
        let tolerance = 2.0 * n as f64 * differences.rounding();
        by(PairedTest::SignFlip, sign_flip::p_value(differences.values(), tolerance))
    } else if std_dev > 0.0 {
        let t = mean / (std_dev / (n as f64).sqrt());
        by(PairedTest::StudentT, student::two_sided_p_value(t, (n - 1) as f64))
    } else {
        // If all differences are equal, only their own pattern and its opposite reach the sum,
        // unless all are zero. There is no t.
        let is_zero = mean.abs() <= differences.rounding();
        by(PairedTest::SignFlip, if is_zero { 1.0 } else { libm::exp2(1.0 - n as f64) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    const LEVEL: Level = Level::NINETY_FIVE;

    fn test(differences: &[f64]) -> Significance {
        PairedComparison::with_scale(differences, scale(differences), LEVEL)
            .unwrap()
            .significance
            .unwrap()
    }

    #[test]
    fn few_pairs_are_compared_by_their_signs() {
        let first = [97.1, 96.4, 98.0, 97.5, 96.9, 97.7];
        let second = [96.8, 96.5, 97.1, 97.5, 96.0, 97.0];
        let comparison = PairedComparison::of(&first, &second, LEVEL).unwrap();
        let Estimate { n, mean, std_dev, interval } = comparison.difference;
        let interval = interval.unwrap();
        let numbers = [mean, std_dev.unwrap(), interval.lower, interval.upper];
        // d = np.subtract(first, second); np.mean(d), np.std(d, ddof=1),
        // stats.t.interval(.95, 5, np.mean(d), stats.sem(d))
        let expected =
            [0.45, 0.446_094_160_463_910_7, -0.018_147_110_740_303, 0.918_147_110_740_309];
        assert_eq!(n, 6);
        assert!(numbers.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-13), "{numbers:?}");
        // stats.permutation_test((first, second), lambda x, y, axis: np.mean(x - y, axis=axis),
        //     permutation_type='samples', n_resamples=np.inf).pvalue
        let expected = Significance { p_value: 0.125, test: PairedTest::SignFlip };
        assert_eq!(comparison.significance, Some(expected));
        // Four pairs are won, and one is a tie.
        assert_eq!(comparison.improvement, Proportion::new(4.5, 6, LEVEL).unwrap());
    }

    #[test]
    fn many_pairs_are_compared_by_students_t() {
        let differences = [
            7.0, -3.0, 5.0, 11.0, -2.0, 9.0, 4.0, -6.0, 8.0, 1.0, 13.0, -10.0, 3.0, 2.0, -1.0, 6.0,
            12.0, -4.0, 10.0, 5.0, -5.0,
        ];
        let Significance { p_value, test } = test(&differences);
        assert_eq!(test, PairedTest::StudentT);
        // stats.ttest_1samp(differences, 0).pvalue
        assert_close([p_value], [0.039_990_571_661_768_04]);
    }

    #[test]
    fn equal_pairs_have_p_1_and_no_interval() {
        for n in [2, 20, 21, 50] {
            let values = vec![97.3; n];
            let comparison = PairedComparison::of(&values, &values, LEVEL).unwrap();
            assert_eq!(comparison.significance.unwrap().p_value, 1.0);
            assert_eq!(comparison.difference.interval, None);
            assert_eq!(comparison.improvement.share, 0.5);
        }
    }

    #[test]
    fn differences_that_are_equal_but_for_rounding_have_no_interval() {
        let comparison = PairedComparison::of(&[97.3, 0.3], &[97.1, 0.1], LEVEL).unwrap();
        assert_ne!(97.3 - 97.1, 0.3 - 0.1);
        assert_eq!(comparison.difference.std_dev, Some(0.0));
        assert_eq!(comparison.difference.interval, None);
        assert_eq!(comparison.significance.unwrap().p_value, 0.5);
    }

    #[test]
    fn equal_differences_have_the_p_value_of_the_sign_flip_test_however_many() {
        for n in [2, 20, 21, 30] {
            let expected = Significance { p_value: 0.5f64.powi(n - 1), test: PairedTest::SignFlip };
            assert_eq!(test(&vec![-1.5; n as usize]), expected);
        }
    }

    #[test]
    fn one_pair_shows_a_difference_and_no_more() {
        let comparison = PairedComparison::of(&[98.0], &[97.0], LEVEL).unwrap();
        assert_eq!(comparison.difference.mean, 1.0);
        assert_eq!(comparison.difference.interval, None);
        assert_eq!(comparison.significance, None);
    }

    #[test]
    fn what_is_not_paired_or_not_finite_is_not_compared() {
        assert_eq!(PairedComparison::of(&[], &[], LEVEL), None);
        assert_eq!(PairedComparison::of(&[1.0, 2.0], &[1.0], LEVEL), None);
        assert_eq!(PairedComparison::of(&[1.0, f64::NAN], &[1.0, 2.0], LEVEL), None);
        assert_eq!(PairedComparison::of(&[f64::INFINITY], &[f64::INFINITY], LEVEL), None);
        assert_eq!(PairedComparison::of(&[1.0, f64::NAN], &[0.0, 0.0], LEVEL), None);
    }
}
