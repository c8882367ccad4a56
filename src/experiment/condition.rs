//! Factors, and the conditions that their levels make.

use super::design::Design;
use super::level::Level;
use crate::document::Location;

/// The name of the experiment among the factors.
pub const EXPERIMENT: &str = "experiment";

/// A key that the experiment varies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Its name in tables, claims and commands: the last key of the path. If the path has a number,
    /// the name starts at the key before the number (`branch.1`).
    pub name: String,
    /// Dotted path of the key.
    pub path: String,
    /// Its values.
    pub levels: Vec<Level>,
    /// Where they are listed.
    pub location: Location,
}

/// One combination of levels.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The level of each factor, in the order of `Experiment::factors`.
    pub levels: Vec<Level>,
    /// The configuration of its runs, without dataset and seed.
    pub design: Design,
}
