//! Cells: typed values, and how readers see them.

use serde::{Serialize, Serializer};

use crate::experiment::Level;
use crate::format::{Digits, MISSING, thousands};
use crate::stats::{ConfidenceInterval, Estimate};
use crate::summary::Exceptions;

/// A cell of a table. It holds one value for each key of its column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A level of a factor, and its label.
    Level(String, Level),
    /// A word: for readers, and for data files.
    Text(String, String),
    /// Recorded runs, expected runs, and the diverged, accepted, failed, stale and damaged runs.
    Count(usize, usize, Exceptions),
    /// A number.
    Number(Option<f64>, Style),
    /// A number with a remark for readers.
    Remarked(Option<f64>, Style, String),
    /// A number for readers, and another for data files only.
    NumberAnd(Option<f64>, Style, Option<f64>, Style),
    /// A mean and a standard deviation.
    MeanAndStdDev(Option<f64>, Option<f64>, Digits),
    /// The bounds of an interval.
    Interval(Option<[f64; 2]>, Style),
    /// A share with its interval, as whole percentages.
    Share(Option<(f64, ConfidenceInterval)>),
    /// A mean difference with its interval, and the number of seeds.
    Difference(Option<Estimate>, Digits),
    /// A number of cases, and the number of all cases.
    Of(Option<(usize, usize)>),
    /// The grade of a published value. `None` if it cannot be graded.
    Grade(Option<Grade>),
}

/// A value of a cell. As data, it is the value alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// A level of a factor.
    Level(Level),
    /// A name or a grade.
    Text(String),
    /// A number, and how prose shows it.
    Number(Option<f64>, Style),
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// With these digits.
    Fixed(Digits),
    /// With these digits, always with a sign.
    Signed(Digits),
    /// Three decimals. Smaller numbers as `<0.001`.
    PValue,
    /// A share as a whole percentage.
    Share,
    /// A count.
    Whole,
    /// A large count, in groups of three digits.
    Thousands,
    /// Seconds, with the unit.
    Seconds,
}

/// The grade of a published value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Inside the central share `compatible` of the expected distribution.
    Compatible,
    /// Inside the central share `near`.
    Near,
    /// Outside both.
    Differs,
}

/// The words of the grades, best first. The last word is for values that cannot be graded.
pub const GRADE_WORDS: [&str; 4] = ["compatible", "near", "differs", "not known"];

impl Cell {
    /// An estimate's interval.
    #[must_use]
    pub fn interval_of(estimate: Option<Estimate>, style: Style) -> Self {
        Self::Interval(bounds(estimate), style)
    }

    /// The cell as readers see it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Level(label, _) | Self::Text(label, _) => label.clone(),
            Self::Count(n, expected, exceptions) => count(*n, *expected, *exceptions),
            Self::Number(value, style) | Self::NumberAnd(value, style, _, _) => style.write(*value),
            Self::Remarked(value, style, remark) => format!("{} ({remark})", style.write(*value)),
            Self::MeanAndStdDev(mean @ Some(_), std_dev, digits) => {
                let [mean, std_dev] = [mean, std_dev].map(|n| Style::Fixed(*digits).write(*n));
                format!("{mean} ({std_dev})")
            }
            Self::Interval(bounds, style) => interval(*bounds, *style),
            Self::Share(Some((share, bounds))) => {
                let bounds = interval(Some([bounds.lower, bounds.upper]), Style::Share);
                format!("{} {bounds}", Style::Share.write(Some(*share)))
            }
            Self::Difference(estimate, digits) => {
                let style = Style::Signed(*digits);
                let mean = style.write(estimate.map(|estimate| estimate.mean));
                match bounds(*estimate) {
                    Some(bounds) => format!("{mean} {}", interval(Some(bounds), style)),
                    None => mean,
                }
            }
            Self::MeanAndStdDev(None, _, _) | Self::Share(None) | Self::Of(None) => {
                MISSING.to_owned()
            }
            Self::Of(Some((some, all))) => format!("{some} of {all}"),
            Self::Grade(grade) => word(*grade).to_owned(),
        }
    }

    /// The values, one for each key of the column.
    #[must_use]
    pub fn data(&self) -> Vec<Datum> {
        let number = |value, style| Datum::Number(value, style);
        let both = |bounds: &Option<[f64; 2]>, style| {
            [0, 1].map(|side| number(bounds.map(|bounds| bounds[side]), style))
        };
        let counted = |n: usize| number(Some(n as f64), Style::Whole);
        match self {
            Self::Level(_, level) => vec![Datum::Level(level.clone())],
            Self::Text(_, text) => vec![Datum::Text(text.clone())],
            Self::Count(n, expected, _) => vec![counted(*n), counted(*expected)],
            Self::Number(value, style) | Self::Remarked(value, style, _) => {
                vec![number(*value, *style)]
            }
            Self::NumberAnd(value, style, other, its_style) => {
                vec![number(*value, *style), number(*other, *its_style)]
            }
            Self::MeanAndStdDev(mean, std_dev, digits) => {
                [mean, std_dev].map(|value| number(*value, Style::Fixed(*digits))).to_vec()
            }
            Self::Interval(bounds, style) => both(bounds, *style).to_vec(),
            Self::Share(share) => {
                let bounds = share.map(|(_, bounds)| [bounds.lower, bounds.upper]);
                let share = number(share.map(|(share, _)| share), Style::Share);
                [share].into_iter().chain(both(&bounds, Style::Share)).collect()
            }
            Self::Difference(estimate, digits) => {
                let style = Style::Signed(*digits);
                let mean = number(estimate.map(|estimate| estimate.mean), style);
                let n = number(estimate.map(|estimate| estimate.n as f64), Style::Whole);
                let bounds = both(&bounds(*estimate), style);
                [mean].into_iter().chain(bounds).chain([n]).collect()
            }
            Self::Of(of) => [of.map(|of| of.0), of.map(|of| of.1)]
                .map(|n| number(n.map(|n| n as f64), Style::Whole))
                .to_vec(),
            Self::Grade(grade) => vec![Datum::Text(word(*grade).to_owned())],
        }
    }

    /// A grade as a word for styles. Empty for other cells.
    #[must_use]
    pub fn tone(&self) -> &'static str {
        match self {
            Self::Grade(Some(Grade::Compatible)) => "good",
            Self::Grade(Some(Grade::Near)) => "fair",
            Self::Grade(Some(Grade::Differs)) => "poor",
            Self::Grade(None) => "unknown",
            _ => "",
        }
    }
}

fn word(grade: Option<Grade>) -> &'static str {
    GRADE_WORDS[grade.map_or(3, |grade| grade as usize)]
}

fn bounds(estimate: Option<Estimate>) -> Option<[f64; 2]> {
    estimate?.interval.map(|interval| [interval.lower, interval.upper])
}

/// `[79.10, 80.93]`.
fn interval(bounds: Option<[f64; 2]>, style: Style) -> String {
    bounds.map_or_else(
        || MISSING.to_owned(),
        |bounds| {
            let [lower, upper] = bounds.map(|bound| style.write(Some(bound)));
            format!("[{lower}, {upper}]")
        },
    )
}

/// `10`, or `9/10` if runs are missing, and the diverged, accepted, failed, stale and damaged runs.
#[must_use]
pub fn count(n: usize, expected: usize, exceptions: Exceptions) -> String {
    let text = if n == expected { n.to_string() } else { format!("{n}/{expected}") };
    let Exceptions { diverged, accepted, failed, stale, quarantined } = exceptions;
    let named: Vec<_> = [
        (diverged, "diverged"),
        (accepted, "accepted"),
        (failed, "failed"),
        (stale, "stale"),
        (quarantined, "damaged"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, name)| format!("{n} {name}"))
    .collect();
    if named.is_empty() { text } else { format!("{text} ({})", named.join(", ")) }
}

impl Style {
    /// The number as readers see it.
    #[must_use]
    pub fn write(self, value: Option<f64>) -> String {
        let Some(number) = value else { return MISSING.to_owned() };
        match self {
            Self::Fixed(digits) => digits.write(number),
            Self::Signed(digits) => digits.signed(number),
            Self::PValue if number < 0.001 => "<0.001".to_owned(),
            Self::PValue => format!("{number:.3}"),
            Self::Share => format!("{:.0} %", 100.0 * number),
            Self::Whole => format!("{number:.0}"),
            Self::Thousands => thousands(number as usize),
            Self::Seconds => format!("{number:.2} s"),
        }
    }

    /// The style of a difference of two such numbers.
    #[must_use]
    pub fn of_difference(self) -> Self {
        match self {
            Self::Fixed(digits) => Self::Signed(digits),
            other => other,
        }
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Level(level) => level.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::Number(number, _) => number.serialize(serializer),
        }
    }
}

impl Datum {
    /// The value as prose shows it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Level(level) => level.spelled().to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(value, style) => style.write(*value),
        }
    }

    /// The value with all digits, for data files. Empty if there is no value.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Level(level) => level.spelled().to_owned(),
            Self::Text(text) => text.clone(),
            Self::Number(value, _) => value.map_or_else(String::new, |value| value.to_string()),
        }
    }

    /// The number, if the value is a known number.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value, _) => *value,
            Self::Level(_) | Self::Text(_) => None,
        }
    }

    /// The level or the word; `None` for a number.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Level(level) => Some(level.clone()),
            Self::Text(text) => Some(Level::text(text)),
            Self::Number(..) => None,
        }
    }

    /// Whether the value is this level or this word.
    #[must_use]
    pub fn is(&self, wanted: &Level) -> bool {
        self.level().as_ref() == Some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_a_text_for_readers_and_a_value_for_each_key() {
        let two = Digits::Decimals(2);
        let exceptions = Exceptions { diverged: 2, failed: 1, ..Exceptions::default() };
        let cells = [
            (Cell::Count(9, 10, exceptions), "9/10 (2 diverged, 1 failed)", "9,10"),
            (Cell::Count(10, 10, Exceptions::default()), "10", "10,10"),
            (Cell::MeanAndStdDev(Some(81.914), Some(1.21), two), "81.91 (1.21)", "81.914,1.21"),
            (Cell::MeanAndStdDev(Some(70.309), None, two), "70.31 (–)", "70.309,"),
            (Cell::MeanAndStdDev(None, Some(1.0), two), "–", ",1"),
            (Cell::Interval(Some([-1.5, 2.0]), Style::Signed(two)), "[−1.50, +2.00]", "-1.5,2"),
            (
                Cell::NumberAnd(Some(0.5), Style::Fixed(two), Some(10.0), Style::Whole),
                "0.50",
                "0.5,10",
            ),
            (Cell::Of(Some((3, 10))), "3 of 10", "3,10"),
            (Cell::Grade(Some(Grade::Near)), "near", "near"),
            (Cell::Number(Some(0.0004), Style::PValue), "<0.001", "0.0004"),
            (Cell::Level("yes".to_owned(), Level::parse("true")), "yes", "true"),
        ];
        for (cell, text, data) in cells {
            assert_eq!(cell.text(), text);
            let written: Vec<_> = cell.data().iter().map(Datum::written).collect();
            assert_eq!(written.join(","), data, "{cell:?}");
        }
    }
}
