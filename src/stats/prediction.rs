//! Prediction of a new value from known ones.

use super::{Estimate, Level, student};

/// A prediction of one new value: a t distribution around a mean, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    mean: f64,
    variance: f64,
    degrees_of_freedom: f64,
}

/// The interval that contains a new value with the probability `level`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictionInterval {
    /// The probability.
    pub level: Level,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Prediction {
    /// A prediction whose error has the given variance, known with the given degrees of freedom.
    /// The variance is that of the new value around its mean plus that of the predicted mean.
    ///
    /// Returns `None` if a number is not finite, if the variance is not positive, or if the degrees
    /// of freedom are below 1. Source: Meeker, Hahn & Escobar (2017), *Statistical Intervals*,
    /// second edition, chapter 4.
    #[must_use]
    pub fn new(mean: f64, variance: f64, degrees_of_freedom: f64) -> Option<Self> {
        let are_finite = [mean, variance, degrees_of_freedom].iter().all(|value| value.is_finite());
        let is_possible = are_finite && variance > 0.0 && degrees_of_freedom >= 1.0;
        is_possible.then_some(Self { mean, variance, degrees_of_freedom })
    }

    /// The prediction of the mean of `m` new values like those of `estimate`. Its variance is
    /// s²(1/n + 1/m), with n − 1 degrees of freedom. Source: as for [`Prediction::new`].
    ///
    /// Returns `None` if `m` is 0, or if the standard deviation of the estimate is missing or 0.
    #[must_use]
    pub fn of_mean(estimate: &Estimate, m: usize) -> Option<Self> {
        let n = estimate.n as f64;
        let variance = estimate.std_dev?.powi(2) * (1.0 / n + 1.0 / m as f64);
        Self::new(estimate.mean, variance, n - 1.0)
    }

    /// The probability that a new value is at least as far from the mean as `value`, on either
    /// side. Returns `None` if `value` is not finite.
    #[must_use]
    pub fn p_value(&self, value: f64) -> Option<f64> {
        let t = (value - self.mean) / self.variance.sqrt();
        value.is_finite().then(|| student::two_sided_p_value(t, self.degrees_of_freedom))
    }

    /// The interval that contains a new value with the probability `level`.
    #[must_use]
    pub fn interval(&self, level: Level) -> PredictionInterval {
        let quantile = student::two_sided_quantile(level.outside(), self.degrees_of_freedom);
        let margin = quantile * self.variance.sqrt();
        PredictionInterval { level, lower: self.mean - margin, upper: self.mean + margin }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    const LEVEL: Level = Level::NINETY_FIVE;

    #[test]
    fn predictions_are_those_of_scipy() {
        let prediction = Prediction::new(81.91, 1.6, 9.0).unwrap();
        // 2 * stats.t.sf(abs((84.5 - 81.91) / np.sqrt(1.6)), 9)
        assert_close([prediction.p_value(84.5).unwrap()], [0.070_891_341_874_273_8]);
        let PredictionInterval { lower, upper, .. } = prediction.interval(LEVEL);
        // stats.t.interval(.95, 9, 81.91, np.sqrt(1.6))
        assert_close([lower, upper], [79.048_572_376_117_33, 84.771_427_623_882_66]);
    }

    #[test]
    fn a_new_mean_varies_with_both_numbers_of_values() {
        let estimate = Estimate::of_moments(10, 81.91, Some(1.21), LEVEL).unwrap();
        let prediction = Prediction::of_mean(&estimate, 5).unwrap();
        let PredictionInterval { lower, upper, .. } = prediction.interval(LEVEL);
        // stats.t.interval(.95, 9, 81.91, 1.21 * np.sqrt(1 / 10 + 1 / 5))
        assert_close([lower, upper], [80.410_768_246_909_37, 83.409_231_753_090_62]);
        assert_eq!(Prediction::of_mean(&estimate, 0), None);
    }

    #[test]
    fn a_bound_has_the_p_value_that_its_level_leaves() {
        let prediction = Prediction::new(81.91, 1.6, 9.0).unwrap();
        let interval = prediction.interval(LEVEL);
        assert_close([prediction.p_value(interval.upper).unwrap()], [0.05]);
        assert_eq!(prediction.p_value(81.91), Some(1.0));
        assert_eq!(prediction.p_value(f64::NAN), None);
        assert_eq!(prediction.p_value(f64::INFINITY), None);
    }

    #[test]
    fn without_spread_there_is_no_prediction() {
        assert_eq!(Prediction::new(81.91, 0.0, 9.0), None);
        assert_eq!(Prediction::new(f64::NAN, 1.0, 9.0), None);
        assert_eq!(Prediction::new(81.91, 1.0, 0.0), None);
        assert_eq!(Prediction::new(81.91, 1.0, f64::INFINITY), None);
        for (n, std_dev) in [(1, None), (4, Some(0.0))] {
            let estimate = Estimate::of_moments(n, 81.91, std_dev, LEVEL).unwrap();
            assert_eq!(Prediction::of_mean(&estimate, 3), None);
        }
    }
}
