//! The shares of a variance that are due to the data and to the initialisation.

use super::f_distribution::{lower_quantile, upper_quantile};
use super::{ConfidenceInterval, Level, Spread};

/// The share of the draw of the data in a variance over draws. The variance is the sum of the
/// variance between draws and the variance within a draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceSplit {
    /// The share, from 0 to 1.
    pub share: f64,
    /// The interval of the share.
    pub interval: ConfidenceInterval,
}

impl VarianceSplit {
    /// Splits the variance over draws, given the variance over initialisations on one draw.
    ///
    /// The model is the random one-way layout. A value is the sum of a mean, an effect of its draw
    /// and an effect of its initialisation. Both effects are independent and normal, and
    /// initialisations have the same variance on each draw. Then total/within, divided by
    /// σ²total/σ²within, has an F distribution. The share is 1 − σ²within/σ²total. So its bounds
    /// are 1 − within/total · F quantiles, limited to 0 to 1. A negative difference of variances
    /// counts as 0. Source: Searle, Casella & `McCulloch` (1992), *Variance Components*, chapter 3.
    #[must_use]
    pub fn of(total: Spread, within: Spread, level: Level) -> Self {
        let degrees = [total.degrees_of_freedom(), within.degrees_of_freedom()];
        let tail = level.outside() / 2.0;
        let ratio = (within.std_dev() / total.std_dev()).powi(2);
        let share = |of_f: f64| (1.0 - ratio * of_f).clamp(0.0, 1.0);
        Self {
            share: share(1.0),
            interval: ConfidenceInterval {
                level,
                lower: share(upper_quantile(tail, degrees)),
                upper: share(lower_quantile(tail, degrees)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    /// Shares and bounds of variances with these degrees of freedom.
    fn split(total: (f64, f64), within: (f64, f64), level: f64) -> [f64; 3] {
        let [total, within] = [total, within]
            .map(|(variance, degrees)| Spread::new(variance.sqrt(), degrees).unwrap());
        let split = VarianceSplit::of(total, within, Level::new(level).unwrap());
        [split.share, split.interval.lower, split.interval.upper]
    }

    #[test]
    fn intervals_are_those_of_scipy() {
        // 1 - .9 / 2.5 * stats.f.ppf([.975, .025], 19, 9)
        let expected = [0.64, 0.0, 0.875_002_258_931_563_1];
        assert_close(split((2.5, 19.0), (0.9, 9.0), 0.95), expected);
        // 1 - .9 / 1.2 * stats.f.ppf([.95, .05], 9, 4)
        let expected = [0.25, 0.0, 0.793_564_071_548_851_2];
        assert_close(split((1.2, 9.0), (0.9, 4.0), 0.9), expected);
    }

    #[test]
    fn variances_add_up() {
        let [total, within] = [3.0, 2.0].map(|std_dev| Spread::new(std_dev, 9.0).unwrap());
        let split = VarianceSplit::of(total, within, Level::NINETY_FIVE);
        assert_close([split.share], [5.0 / 9.0]);
    }

    #[test]
    fn draws_that_add_nothing_have_share_0() {
        // 1 - 1.5 / 1.2 * stats.f.ppf([.975, .025], 9, 9)
        let expected = [0.0, 0.0, 0.689_517_681_631_931_5];
        assert_close(split((1.2, 9.0), (1.5, 9.0), 0.95), expected);
        // 1 - 40 / 1.2 * stats.f.ppf([.975, .025], 9, 9) is all negative
        assert_eq!(split((1.2, 9.0), (40.0, 9.0), 0.95), [0.0; 3]);
    }

    #[test]
    fn the_interval_narrows_as_values_are_added() {
        let widths = [3.0, 30.0, 300.0].map(|degrees| {
            let [share, lower, upper] = split((2.0, degrees), (1.0, degrees), 0.95);
            assert!(lower <= share && share <= upper);
            upper - lower
        });
        assert!(widths[0] > widths[1] && widths[1] > widths[2]);
    }
}
