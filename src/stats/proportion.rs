//! Proportions of successes.

use super::{ConfidenceInterval, Level, special};

/// The proportion of successes among trials, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportion {
    /// Number of trials.
    pub n: usize,
    /// The proportion of successes.
    pub share: f64,
    /// Wilson's score interval of the probability of a success.
    pub interval: ConfidenceInterval,
}

impl Proportion {
    /// The proportion of `successes` in `n` trials. A tie may count as half a success.
    ///
    /// With z of the normal distribution and p the proportion, the interval is (p + z²/2n ± z √(p(1
    /// − p)/n + z²/4n²)) / (1 + z²/n). Its level is about right even for few trials and for
    /// proportions near 0 and 1. Half successes make it a little too wide. Source: Wilson (1927),
    /// *Probable inference, the law of succession, and statistical inference*, Journal of the
    /// American Statistical Association 22, 209–212.
    ///
    /// Returns `None` unless 0 ≤ `successes` ≤ `n` and `n` > 0.
    #[must_use]
    pub fn new(successes: f64, n: usize, level: Level) -> Option<Self> {
        let trials = n as f64;
        if n == 0 || !(0.0..=trials).contains(&successes) {
            return None;
        }
        let share = successes / trials;
        let squared = special::normal_two_sided_quantile(level.outside()).powi(2) / trials;
        let centre = share + squared / 2.0;
        let margin = (squared * (share * (1.0 - share) + squared / 4.0)).sqrt();
        // Exactly 0 or 1, which rounding could miss.
        let lower = if share == 0.0 { 0.0 } else { (centre - margin) / (1.0 + squared) };
        let upper = if share == 1.0 { 1.0 } else { (centre + margin) / (1.0 + squared) };
        Some(Self { n, share, interval: ConfidenceInterval { level, lower, upper } })
    }

    /// The proportion of failures. Wilson's interval of it mirrors that of the successes.
    #[must_use]
    pub fn of_failures(&self) -> Self {
        let ConfidenceInterval { level, lower, upper } = self.interval;
        let interval = ConfidenceInterval { level, lower: 1.0 - upper, upper: 1.0 - lower };
        Self { n: self.n, share: 1.0 - self.share, interval }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_close;
    use super::*;

    fn bounds(successes: f64, n: usize, level: f64) -> [f64; 2] {
        let level = Level::new(level).unwrap();
        let ConfidenceInterval { lower, upper, .. } =
            Proportion::new(successes, n, level).unwrap().interval;
        [lower, upper]
    }

    #[test]
    fn intervals_are_those_of_statsmodels() {
        // proportion_confint(k, n, 1 - level, 'wilson') of statsmodels.stats.proportion
        let expected = [0.396_778_147_461_145_37, 0.892_208_732_593_698_9];
        assert_close(bounds(7.0, 10, 0.95), expected);
        let expected = [0.364_822_560_737_338_54, 0.940_010_295_311_578_8];
        assert_close(bounds(4.5, 6, 0.95), expected);
        let expected = [0.359_205_853_428_596_73, 0.941_367_099_918_949_4];
        assert_close(bounds(7.5, 10, 0.99), expected);
        assert_close(bounds(0.0, 10, 0.95), [0.0, 0.277_532_799_862_889_2]);
        assert_close(bounds(10.0, 10, 0.95), [0.722_467_200_137_110_7, 1.0]);
        assert_close(bounds(1.0, 1, 0.95), [0.206_549_314_377_237_45, 1.0]);
    }

    #[test]
    fn none_and_all_reach_0_and_1_exactly() {
        for n in 1..200 {
            assert_eq!(bounds(0.0, n, 0.95)[0], 0.0);
            assert_eq!(bounds(n as f64, n, 0.95)[1], 1.0);
        }
    }

    #[test]
    fn failures_mirror_successes() {
        let ([lower, _], [_, upper]) = (bounds(2.5, 9, 0.9), bounds(6.5, 9, 0.9));
        assert_close([lower], [1.0 - upper]);
        let failures = Proportion::new(2.5, 9, Level::new(0.9).unwrap()).unwrap().of_failures();
        let expected = Proportion::new(6.5, 9, Level::new(0.9).unwrap()).unwrap();
        let of = |one: &Proportion| [one.share, one.interval.lower, one.interval.upper];
        assert_close(of(&failures), of(&expected));
    }

    #[test]
    fn impossible_counts_are_no_proportion() {
        for (successes, n) in [(0.0, 0), (-0.5, 3), (3.5, 3), (f64::NAN, 3)] {
            assert_eq!(Proportion::new(successes, n, Level::NINETY_FIVE), None);
        }
    }
}
