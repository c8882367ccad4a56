//! Samples of values.

/// The relative error of a value after a few roundings, as when a decimal is read, converted to
/// percent and subtracted from another value.
const RELATIVE_ROUNDING: f64 = 16.0 * f64::EPSILON;

/// A sample: at least one value, all of them finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'v> {
    values: &'v [f64],
    mean: f64,
    rounding: f64,
}

impl<'v> Sample<'v> {
    /// A sample of `values`. Returns `None` if there is no value, if one is infinite or NaN, or if
    /// the sum of their squares overflows (values beyond about 10¹⁵³).
    #[must_use]
    pub fn new(values: &'v [f64]) -> Option<Self> {
        Self::with_scale(values, values.iter().fold(0.0, |scale, value| value.abs().max(scale)))
    }

    /// A sample of values with the rounding errors of numbers as large as `scale`, such as
    /// differences of such numbers.
    pub(super) fn with_scale(values: &'v [f64], scale: f64) -> Option<Self> {
        let squares: f64 = values.iter().map(|value| value * value).sum();
        if values.is_empty() || !squares.is_finite() {
            return None;
        }
        let mut sample = Self { values, mean: 0.0, rounding: RELATIVE_ROUNDING * scale };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        // The sum is rounded. The mean of three times 0.1 would be above 0.1.
        sample.mean = mean.clamp(sample.minimum(), sample.maximum());
        Some(sample)
    }

    /// Number of values.
    #[must_use]
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// Mean of the values, in their unit.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Standard deviation of the values with divisor n − 1, in their unit. `None` for one value.
    #[must_use]
    pub fn std_dev(&self) -> Option<f64> {
        (self.n() > 1).then(|| self.deviation())
    }

    /// The smallest value.
    #[must_use]
    pub fn minimum(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The largest value.
    #[must_use]
    pub fn maximum(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The values.
    pub(super) fn values(&self) -> &'v [f64] {
        self.values
    }

    /// The largest rounding error of a value, in the unit of the values.
    pub(super) fn rounding(&self) -> f64 {
        self.rounding
    }

    /// Needs at least two values.
    fn deviation(&self) -> f64 {
        let squares: f64 = self.values.iter().map(|value| (value - self.mean).powi(2)).sum();
        let deviation = (squares / (self.n() - 1) as f64).sqrt();
        // Values that differ only in their last bits must not seem to have a small deviation.
        if deviation > self.rounding { deviation } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    #[test]
    fn moments_are_those_of_numpy() {
        let sample = Sample::new(&[97.1, 96.4, 98.0, 97.5, 96.9]).unwrap();
        // x = [97.1, 96.4, 98.0, 97.5, 96.9]; np.mean(x), np.std(x, ddof=1)
        let expected = [97.179_999_999_999_99, 0.605_805_249_234_436_1];
        let moments = [sample.mean(), sample.std_dev().unwrap()];
        assert_close(moments, expected);
        assert_eq!((sample.n(), sample.minimum(), sample.maximum()), (5, 96.4, 98.0));
    }

    #[test]
    fn one_value_has_no_standard_deviation() {
        let sample = Sample::new(&[3.5]).unwrap();
        assert_eq!((sample.mean(), sample.std_dev()), (3.5, None));
    }

    #[test]
    fn equal_values_have_no_deviation_whatever_the_rounding() {
        for value in [0.1, 0.7, 97.3, -1.0 / 3.0, 0.0] {
            let values = [value; 7];
            let sample = Sample::new(&values).unwrap();
            assert_eq!((sample.mean(), sample.std_dev()), (value, Some(0.0)));
        }
        assert_eq!(Sample::new(&[0.1 + 0.2, 0.3]).unwrap().std_dev(), Some(0.0));
    }

    #[test]
    fn a_small_deviation_of_large_values_is_kept() {
        let sample = Sample::new(&[1e6, 1e6 + 1e-6]).unwrap();
        let std_dev = sample.std_dev().unwrap();
        assert!((std_dev / (1e-6 / 2f64.sqrt()) - 1.0).abs() < 1e-3, "{std_dev}");
    }

    #[test]
    fn what_is_empty_or_not_finite_is_no_sample() {
        for values in
            [&[][..], &[f64::NAN], &[1.0, f64::INFINITY], &[f64::NEG_INFINITY, 1.0], &[1e200, 1.0]]
        {
            assert_eq!(Sample::new(values), None, "{values:?}");
        }
    }
}
