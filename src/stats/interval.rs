//! Confidence levels and intervals.

use super::student;

/// A confidence level: the share of samples whose interval covers the true value. Above 0 and below
/// 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Level(f64);

impl Level {
    /// The level 0.95.
    pub const NINETY_FIVE: Self = Self(0.95);

    /// 0.8, the usual power of a test: the probability with which it notices what is there.
    pub const POWER: Self = Self(0.8);

    /// The level `level`. Returns `None` unless it is above 0 and below 1.
    #[must_use]
    pub fn new(level: f64) -> Option<Self> {
        (level > 0.0 && level < 1.0).then_some(Self(level))
    }

    /// The probability outside of the interval, on both sides together.
    pub(super) fn outside(self) -> f64 {
        1.0 - self.0
    }
}

/// A two-sided confidence interval, in the unit of the estimated value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    /// Confidence level.
    pub level: Level,
    /// Lower bound, included.
    pub lower: f64,
    /// Upper bound, included.
    pub upper: f64,
}

impl ConfidenceInterval {
    /// Student's interval of a mean with this standard error: mean ± t · standard error.
    ///
    /// Source: Student (1908), *The probable error of a mean*, Biometrika 6, 1–25.
    pub(super) fn student(
        mean: f64,
        std_error: f64,
        degrees_of_freedom: f64,
        level: Level,
    ) -> Self {
        let margin = student::two_sided_quantile(level.outside(), degrees_of_freedom) * std_error;
        Self { level, lower: mean - margin, upper: mean + margin }
    }

    /// Whether `value` is outside of the interval. If the interval of a difference excludes 0, the
    /// difference is significant. Returns `false` for NaN.
    #[must_use]
    pub fn excludes(&self, value: f64) -> bool {
        value < self.lower || value > self.upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_lies_between_0_and_1() {
        assert_eq!(Level::new(0.95), Some(Level::NINETY_FIVE));
        for level in [0.0, 1.0, -0.1, 95.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Level::new(level), None, "{level}");
        }
    }

    #[test]
    fn bounds_belong_to_the_interval() {
        let interval = ConfidenceInterval { level: Level::NINETY_FIVE, lower: -1.0, upper: 2.0 };
        for (value, is_inside) in [(-1.0, true), (0.0, true), (2.0, true), (2.1, false)] {
            assert_eq!(interval.excludes(value), !is_inside);
        }
        assert!(!interval.excludes(f64::NAN));
    }
}
