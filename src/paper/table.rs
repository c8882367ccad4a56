//! What a table of the report shows.

use super::Selection;
use crate::document::Location;

/// A table of the report.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How templates refer to it.
    pub name: String,
    /// What it shows, for readers.
    pub caption: String,
    /// What it is made of.
    pub kind: TableKind,
    /// Where the paper file asks for it.
    pub location: Location,
}

/// The kinds of tables.
#[derive(Clone, Debug, PartialEq)]
pub enum TableKind {
    /// Scores by the levels of factors: `kind = "levels"`, or none.
    Levels(Levels),
    /// What factors change: `kind = "effects"`.
    Effects(Effects),
    /// How much of the spread comes from the draw of the data: `kind = "variance"`.
    Variance(Variance),
    /// What each choice of a protocol changes: `kind = "choices"`.
    Choices(Choices),
    /// Each published value beside ours, with a judgement: `kind = "scorecard"`.
    Scorecard(Scorecard),
}

/// One row for each combination of the levels of `by`. As published, a row's mean and standard
/// deviation are the plain means of those of its conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// Name of the metric.
    pub metric: String,
    /// `experiment` or factors: what tells its rows apart.
    pub by: Vec<String>,
    /// Which conditions it covers.
    pub selection: Selection,
    /// Order of the rows.
    pub order: Order,
    /// Published values of its rows.
    pub published: Vec<PublishedRow>,
}

/// One row for each factor and combination of the levels of `by`, and one for each factor over all
/// of them: the mean of the first level of the factor less that of the second, paired by seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// Name of the metric.
    pub metric: String,
    /// Factors of two levels each.
    pub factors: Vec<String>,
    /// `experiment` or factors: what tells the rows of a factor apart.
    pub by: Vec<String>,
    /// Which conditions it covers.
    pub selection: Selection,
}

/// One row for each condition that is repeated on other draws of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Variance {
    /// Name of the metric.
    pub metric: String,
    /// Which conditions it covers: those on one draw.
    pub selection: Selection,
}

/// The rows of other tables under one metric after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// Names of tables of levels.
    pub tables: Vec<String>,
    /// Names of metrics, each one choice away from the one before.
    pub metrics: Vec<String>,
}

/// The published values of tables beside ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// Names of tables of levels.
    pub tables: Vec<String>,
    /// Runs behind each published value.
    pub published_seeds: usize,
    /// Share of the distribution, around its middle, in which a value counts as reproduced.
    pub reproduced: f64,
    /// Share in which it counts as near.
    pub near: f64,
}

/// Order of a table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the experiments and their levels come.
    Listed,
    /// Largest mean first.
    Descending,
}

/// What was published for one row, in percent.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedRow {
    /// The levels of the table's `by`, in order.
    pub row: Vec<String>,
    /// Published mean.
    pub mean: f64,
    /// Published standard deviation.
    pub std_dev: f64,
}

impl Table {
    /// What it is made of, if it is a table of levels.
    #[must_use]
    pub fn levels(&self) -> Option<&Levels> {
        match &self.kind {
            TableKind::Levels(levels) => Some(levels),
            _ => None,
        }
    }
}
