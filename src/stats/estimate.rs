//! Means and their confidence intervals.

use super::special::normal_two_sided_quantile;
use super::{ConfidenceInterval, Level, Sample, student};

/// An estimate of a mean, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Number of values.
    pub n: usize,
    /// Mean of the values.
    pub mean: f64,
    /// Standard deviation of the values, with divisor n − 1. `None` for one value.
    pub std_dev: Option<f64>,
    /// Student's interval of the mean: mean ± t(n − 1) · standard deviation / √n.
    ///
    /// `None` for one value and for equal values, whose spread is not known.
    pub interval: Option<ConfidenceInterval>,
}

impl Estimate {
    /// Estimates the mean of the distribution that `sample` was drawn from.
    ///
    /// The interval has its level if the values are independent and normal. Source: Student (1908),
    /// *The probable error of a mean*, Biometrika 6, 1–25.
    #[must_use]
    pub fn of(sample: &Sample<'_>, level: Level) -> Self {
        Self::with_interval(sample.n(), sample.mean(), sample.std_dev(), level)
    }

    /// The estimate from the number, mean and standard deviation (divisor n − 1) of values, such as
    /// published values.
    ///
    /// Returns `None` if `n` is 0, if a number is not finite, or if the deviation is negative.
    /// Ignores the deviation if `n` is 1.
    #[must_use]
    pub fn of_moments(n: usize, mean: f64, std_dev: Option<f64>, level: Level) -> Option<Self> {
        let is_possible = |std_dev: f64| std_dev >= 0.0 && std_dev.is_finite();
        let are_possible = n > 0 && mean.is_finite() && std_dev.is_none_or(is_possible);
        are_possible.then(|| Self::with_interval(n, mean, std_dev.filter(|_| n > 1), level))
    }

    /// The standard error of the mean: standard deviation / √n.
    #[must_use]
    pub fn std_error(&self) -> Option<f64> {
        self.std_dev.map(|std_dev| std_dev / (self.n as f64).sqrt())
    }

    /// The smallest number of values with which Student's interval excludes a number at this `distance` from
    /// the mean with the probability `power`, if mean and standard deviation stay as they are: then
    /// distance · √n / s is above t(n − 1) plus the normal quantile of `power`. `None` if it is above `most`,
    /// or if the deviation is missing. Source: Cohen (1988), *Statistical Power Analysis for the Behavioral
    /// Sciences*, second edition, chapter 2, with the normal distribution for the noncentral t.
    #[must_use]
    pub fn n_to_tell(
        &self,
        distance: f64,
        level: Level,
        power: Level,
        most: usize,
    ) -> Option<usize> {
        let std_dev = self.std_dev?;
        let of_power = normal_two_sided_quantile(2.0 * power.outside());
        let is_enough = |n: usize| {
            let quantile = student::two_sided_quantile(level.outside(), (n - 1) as f64);
            (quantile + of_power) * std_dev < distance * (n as f64).sqrt()
        };
        if !is_enough(most) {
            return None;
        }
        // The interval narrows as values are added.
        let (mut too_few, mut enough) = (1, most);
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if is_enough(middle) { enough = middle } else { too_few = middle }
        }
        Some(enough)
    }

    fn with_interval(n: usize, mean: f64, std_dev: Option<f64>, level: Level) -> Self {
        let mut estimate = Self { n, mean, std_dev, interval: None };
        estimate.interval = estimate
            .std_error()
            .filter(|std_error| *std_error > 0.0)
            .map(|std_error| ConfidenceInterval::student(mean, std_error, (n - 1) as f64, level));
        estimate
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn bounds(estimate: Estimate) -> [f64; 2] {
        let interval = estimate.interval.unwrap();
        [interval.lower, interval.upper]
    }

    #[test]
    fn intervals_are_those_of_scipy() {
        let sample = Sample::new(&[97.1, 96.4, 98.0, 97.5, 96.9]).unwrap();
        // stats.t.interval(.95, 4, np.mean(x), stats.sem(x))
        let expected = [96.427_793_432_102_73, 97.932_206_567_897_25];
        assert_close(bounds(Estimate::of(&sample, Level::NINETY_FIVE)), expected);
        // stats.t.interval(.99, 4, np.mean(x), stats.sem(x))
        let expected = [95.932_638_618_725_78, 98.427_361_381_274_21];
        assert_close(bounds(Estimate::of(&sample, Level::new(0.99).unwrap())), expected);
    }

    #[test]
    fn published_moments_make_the_same_interval_as_values() {
        let estimate = Estimate::of_moments(10, 81.91, Some(1.21), Level::NINETY_FIVE).unwrap();
        // stats.t.interval(.95, 9, 81.91, 1.21 / np.sqrt(10))
        assert_close(bounds(estimate), [81.044_418_143_775_49, 82.775_581_856_224_5]);
    }

    #[test]
    fn the_number_of_values_that_tell_a_distance_is_that_of_scipy() {
        let estimate = Estimate::of_moments(10, 1.0, Some(2.0), Level::NINETY_FIVE).unwrap();
        let n = |distance| estimate.n_to_tell(distance, Level::NINETY_FIVE, Level::POWER, 100_000);
        // next(n for n in range(2, 10**6)
        //      if (stats.t.ppf(.975, n - 1) + stats.norm.ppf(.8)) * 2 / n**.5 < distance)
        assert_eq!([3.0, 1.0, 0.5, 0.05].map(n), [6, 34, 128, 12_560].map(Some));
        assert_eq!([0.01, 0.0].map(n), [None; 2]);
    }

    #[test]
    fn one_value_and_equal_values_have_no_interval() {
        let level = Level::NINETY_FIVE;
        let one = Estimate::of(&Sample::new(&[97.0]).unwrap(), level);
        assert_eq!(one, Estimate { n: 1, mean: 97.0, std_dev: None, interval: None });
        let equal = Estimate::of(&Sample::new(&[0.1; 3]).unwrap(), level);
        assert_eq!(equal, Estimate { n: 3, mean: 0.1, std_dev: Some(0.0), interval: None });
    }

    #[test]
    fn impossible_moments_make_no_estimate() {
        let of = |n, mean, std_dev| Estimate::of_moments(n, mean, std_dev, Level::NINETY_FIVE);
        assert_eq!(of(0, 1.0, None), None);
        assert_eq!(of(2, f64::NAN, None), None);
        assert_eq!(of(2, 1.0, Some(-1.0)), None);
        assert_eq!(of(2, 1.0, Some(f64::INFINITY)), None);
        assert_eq!(of(1, 1.0, Some(0.5)).unwrap().std_dev, None);
        assert_eq!(of(9, 1.0, None).unwrap().interval, None);
    }
}
