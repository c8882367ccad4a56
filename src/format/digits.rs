//! How many digits of numbers readers see.

/// How the numbers of one kind in a table, a figure or a sentence are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// This number of decimals: `81.91`.
    Decimals(u8),
    /// One digit, this number of decimals, and a power of ten: `8.19e−5`.
    Scientific(u8),
}

/// Significant digits of the largest number, if no spread says how many mean something.
const WITHOUT_SPREAD: i32 = 4;

/// The largest number of significant digits of the largest number.
const MOST: i32 = 8;

/// The largest numbers that are written with decimals: those below 10⁷, and those from 10⁻⁴ on.
const PLAIN_EXPONENTS: std::ops::Range<i32> = -4..7;

/// Numbers from this on are never written in full.
const HUGE: f64 = 1e15;

impl Digits {
    /// Those of a percentage.
    pub const PERCENT: Self = Self::Decimals(2);

    /// Enough digits for numbers of these `sizes` with these standard deviations: the smallest
    /// deviation has two significant digits. Without a deviation above 0, the largest number has
    /// four, and whole numbers have no decimals. The largest number has at most eight. Numbers are
    /// in scientific form if the largest is 10⁷ or more, or less than 10⁻⁴.
    #[must_use]
    pub fn of(
        sizes: impl IntoIterator<Item = f64>,
        deviations: impl IntoIterator<Item = f64>,
    ) -> Self {
        let is_size = |value: &f64| *value > 0.0 && value.is_finite();
        let sizes: Vec<f64> = sizes.into_iter().map(f64::abs).filter(is_size).collect();
        let deviations: Vec<f64> = deviations.into_iter().filter(is_size).collect();
        let smallest = deviations.iter().copied().min_by(f64::total_cmp);
        let Some(largest) = sizes.iter().chain(&deviations).copied().max_by(f64::total_cmp) else {
            return Self::PERCENT;
        };
        let exponent = exponent(largest);
        let significant = match smallest {
            Some(smallest) => (exponent - self::exponent(smallest) + 2).min(MOST),
            None => WITHOUT_SPREAD,
        };
        let are_whole = smallest.is_none() && sizes.iter().all(|size| size.fract() == 0.0);
        let decimals = |n: i32| u8::try_from(n.max(0)).unwrap_or(u8::MAX);
        match PLAIN_EXPONENTS.contains(&exponent) {
            true if are_whole => Self::Decimals(0),
            true => Self::Decimals(decimals(significant - 1 - exponent)),
            false => Self::Scientific(decimals(significant - 1)),
        }
    }

    /// A number with a true minus sign.
    #[must_use]
    pub fn write(self, value: f64) -> String {
        match self.of_value(value) {
            Self::Decimals(decimals) => rounded(value, decimals),
            Self::Scientific(_) if value == 0.0 => "0".to_owned(),
            Self::Scientific(decimals) => minus(&format!("{value:.*e}", usize::from(decimals))),
        }
    }

    /// A difference with its sign. It keeps its sign when it rounds to zero.
    #[must_use]
    pub fn signed(self, value: f64) -> String {
        let text = match self.of_value(value) {
            _ if value == 0.0 => return self.write(0.0),
            Self::Decimals(decimals) => format!("{value:+.*}", usize::from(decimals)),
            Self::Scientific(decimals) => format!("{value:+.*e}", usize::from(decimals)),
        };
        minus(&text)
    }

    /// A number may be far larger than those that the digits were chosen for.
    fn of_value(self, value: f64) -> Self {
        match self {
            Self::Decimals(_) if value.abs() >= HUGE => Self::Scientific(WITHOUT_SPREAD as u8 - 1),
            digits => digits,
        }
    }
}

/// The power of ten of the first digit of a positive number.
#[must_use]
pub fn exponent(value: f64) -> i32 {
    let text = format!("{value:e}");
    let (_, exponent) = text.rsplit_once('e').expect("scientific form has an exponent");
    exponent.parse().expect("an exponent is a whole number")
}

/// A number with this number of decimals, with a true minus sign.
#[must_use]
pub fn rounded(value: f64, decimals: u8) -> String {
    // `-0.001` with two decimals would be `-0.00`.
    let is_zero = value.abs() < 0.5 * 0.1f64.powi(decimals.into());
    let value = if is_zero { 0.0 } else { value };
    minus(&format!("{value:.*}", usize::from(decimals)))
}

/// A number with two significant digits: `0.25`, `3.1e-7`.
#[must_use]
pub fn two_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    match exponent(value) {
        order @ -4..=5 => rounded(value, u8::try_from(1 - order).unwrap_or(0)),
        _ => format!("{value:.1e}"),
    }
}

/// A number as a person would type it: all its digits, or scientific form if there are many.
#[must_use]
pub fn typed(value: f64) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (-6..15).contains(&exponent(value.abs()));
    minus(&if is_plain { format!("{value}") } else { format!("{value:e}") })
}

fn minus(text: &str) -> String {
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_deviation_has_two_significant_digits() {
        for (sizes, deviations, expected) in [
            (&[2.345_67, 1.9][..], &[0.0123, 0.4][..], Digits::Decimals(3)),
            (&[311.9], &[12.4], Digits::Decimals(0)),
            (&[3119.0], &[124.0], Digits::Decimals(0)),
            (&[0.001], &[5.0], Digits::Decimals(1)),
            // Without a deviation, four digits of the largest number; equal runs have none.
            (&[2.345_67, 0.001], &[], Digits::Decimals(3)),
            (&[0.012_345], &[0.0], Digits::Decimals(5)),
            (&[98_697.0, 25.0], &[], Digits::Decimals(0)),
            (&[0.0], &[], Digits::Decimals(2)),
            // At most eight digits of the largest number.
            (&[1234.5], &[1e-9], Digits::Decimals(4)),
            (&[1e300, 2.0], &[1e298], Digits::Scientific(3)),
            (&[2e-5], &[3e-6], Digits::Scientific(2)),
            (&[-2e-5, f64::NAN, f64::INFINITY], &[], Digits::Scientific(3)),
        ] {
            let found = Digits::of(sizes.iter().copied(), deviations.iter().copied());
            assert_eq!(found, expected, "{sizes:?} ± {deviations:?}");
        }
    }

    #[test]
    fn numbers_of_every_size_are_short() {
        assert_eq!(Digits::Decimals(3).write(-0.012_34), "−0.012");
        assert_eq!(Digits::Decimals(3).write(-0.000_1), "0.000");
        assert_eq!(Digits::Scientific(2).write(-1.2345e-5), "−1.23e−5");
        assert_eq!(Digits::Scientific(2).write(0.0), "0");
        assert_eq!(Digits::Scientific(2).signed(1e300), "+1.00e300");
        assert_eq!(Digits::PERCENT.write(1e300), "1.000e300");
        assert_eq!(Digits::PERCENT.signed(-1e300), "−1.000e300");
        assert_eq!(
            [0.0, -0.004, 1.0].map(|x| Digits::PERCENT.signed(x)),
            ["0.00", "−0.00", "+1.00"]
        );
        assert_eq!([65.0, -0.5, 1e300, 1e-9, 0.0].map(typed), ["65", "−0.5", "1e300", "1e−9", "0"]);
    }

    #[test]
    fn an_exponent_is_exact_at_powers_of_ten() {
        for (value, expected) in
            [(1000.0, 3), (999.999_999_999_999_9, 2), (0.001, -3), (5e-324, -324)]
        {
            assert_eq!(exponent(value), expected);
        }
    }
}
