//! Whether numbers of 32 bits tell the numbers of a column apart.

/// The number of steps of 32-bit numbers that a range must have. With fewer, rounding changes the data.
const FEWEST_STEPS: f64 = 100.0;

/// The smallest and the largest number of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    least: f64,
    most: f64,
    /// Whether a number is not one of 32 bits.
    is_rounded: bool,
}

impl Range {
    /// That of no number.
    pub(super) const EMPTY: Self =
        Self { least: f64::INFINITY, most: f64::NEG_INFINITY, is_rounded: false };

    /// The range with one more number.
    pub(super) fn with(self, number: f64) -> Self {
        Self {
            least: self.least.min(number),
            most: self.most.max(number),
            is_rounded: self.is_rounded || f64::from(number as f32) != number,
        }
    }

    /// The range with the number that a text says, with 64 bits.
    pub(super) fn with_text(self, text: &str) -> Self {
        text.parse().map_or(self, |number| self.with(number))
    }

    /// The range of two columns.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            is_rounded: self.is_rounded || other.is_rounded,
        }
    }

    /// What is wrong if numbers of 32 bits cannot tell these apart, such as times in seconds since 1970: a phrase that
    /// `what` follows.
    pub(super) fn fault(self, what: &str) -> Option<String> {
        let Self { least, most, is_rounded } = self;
        let step = least.abs().max(most.abs()) * f64::from(f32::EPSILON);
        (is_rounded && most > least && most - least < FEWEST_STEPS * step).then(|| {
            format!(
                "has numbers from {least} to {most} in {what}, which numbers of 32 bits do not tell apart; subtract a \
                 number near them"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_within_minutes_are_not_told_apart_but_within_a_year_they_are() {
        let range = |least: f64, most: f64| Range::EMPTY.with(least).with(most);
        let fault = range(1.7e9, 1.7e9 + 500.0).fault("the column `t`").unwrap();
        assert!(fault.starts_with("has numbers from 1700000000 to 1700000500 in the column `t`"));
        for sound in [
            range(1.7e9, 1.73e9),
            range(10_000_000.0, 10_000_001.0),
            range(3.0, 3.0),
            range(0.0, 1e-30),
            Range::EMPTY,
        ] {
            assert_eq!(sound.fault("x"), None, "{sound:?}");
        }
    }
}
