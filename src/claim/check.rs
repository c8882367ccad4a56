//! Checks: what a claim says about the results, as data.

use std::collections::BTreeMap;

use super::expression::Expression;
use crate::document::Location;
use crate::experiment::Level;
use crate::paper::Selection;
use crate::paper::keys::Differs;

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// A mean difference, compared with a number.
    Difference(Difference),
    /// One condition has a better mean than each of the others.
    Best(Best),
    /// The scorecard calls a published mean compatible.
    Compatible {
        /// Name of a table of scores.
        table: String,
        /// The levels of its row.
        row: Selection,
        /// Where the check stands.
        location: Location,
    },
    /// Two numbers, compared without an interval.
    Compare(Compare),
    /// At least `n` of several checks hold.
    AtLeast {
        /// How many.
        n: usize,
        /// The checks.
        of: Vec<Check>,
    },
}

/// A mean difference, paired by seed, and what the claim expects of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The conditions.
    pub kind: DifferenceKind,
    /// Name of the metric.
    pub metric: String,
    /// What the claim expects.
    pub expected: Expected,
    /// The published difference, in the unit of the metric.
    pub published: Option<f64>,
    /// Settings in which the conditions differ, as the file declares.
    pub differs: Differs,
    /// Where the check stands.
    pub location: Location,
}

/// What a difference is between.
#[derive(Clone, Debug, PartialEq)]
pub enum DifferenceKind {
    /// The two levels of a factor, among some conditions.
    Effect {
        /// The factor.
        factor: String,
        /// Its levels: the mean of the first minus that of the second.
        levels: [Level; 2],
        /// The conditions.
        among: Selection,
    },
    /// Two sets of conditions.
    Sides {
        /// The levels that tell them apart.
        sides: [Selection; 2],
        /// The levels that both have.
        among: Selection,
        /// The metric that chooses one condition of each side. All conditions of a side count without it.
        select: Option<String>,
    },
}

/// What a claim expects of a difference, in the unit of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// Above a number.
    Above(f64),
    /// Below a number.
    Below(f64),
    /// Within a distance of a number.
    Near {
        /// The number.
        value: f64,
        /// The distance.
        within: f64,
    },
}

impl Expected {
    /// The bounds of what is expected; infinite on an open side.
    #[must_use]
    pub fn bounds(self) -> [f64; 2] {
        match self {
            Self::Above(threshold) => [threshold, f64::INFINITY],
            Self::Below(threshold) => [f64::NEG_INFINITY, threshold],
            Self::Near { value, within } => [value - within, value + within],
        }
    }
}

/// One condition against all others of a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The levels of the condition.
    pub levels: Selection,
    /// The conditions that it is compared with, itself included.
    pub among: Selection,
    /// Name of the metric.
    pub metric: String,
    /// Settings in which the conditions differ, as the file declares.
    pub differs: Differs,
    /// Where the check stands.
    pub location: Location,
}

/// Two numbers, computed from cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The number that is compared.
    pub left: Expression,
    /// Whether it is expected above the other number, else below.
    pub is_above: bool,
    /// The other number.
    pub right: Expression,
    /// The cells, by their names in the expressions.
    pub cells: BTreeMap<String, CellReference>,
    /// What the comparison says, in words.
    pub says: String,
    /// Settings of the data in which the rows differ, as the file declares.
    pub differs: Differs,
    /// Where the check stands.
    pub location: Location,
}

/// Numbers that an expression refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum CellReference {
    /// A row of a table: `NAME.mean`, `NAME.std` and so on are its numbers.
    Row {
        /// Name of the table.
        table: String,
        /// Words and levels of the row, by the names of their keys.
        row: BTreeMap<String, Level>,
    },
    /// A number of trained parameters.
    Parameters(usize),
}

impl CellReference {
    /// Whether the cell called `cell` gives the number called `name`.
    pub(super) fn gives(&self, cell: &str, name: &str) -> bool {
        self.key_of(cell, name).is_some()
    }

    /// The key of the number called `name` in the cell called `cell`; empty for parameters.
    pub(super) fn key_of<'n>(&self, cell: &str, name: &'n str) -> Option<&'n str> {
        let rest = name.strip_prefix(cell)?;
        match self {
            Self::Row { .. } => rest.strip_prefix('.').filter(|key| !key.is_empty()),
            Self::Parameters(_) => rest.is_empty().then_some(rest),
        }
    }
}

/// Two selections that name different factors, as one.
pub(super) fn merged(among: &Selection, own: &Selection) -> Selection {
    among.clone().into_iter().chain(own.clone()).collect()
}
