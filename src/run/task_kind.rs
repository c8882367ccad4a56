//! The names of the tasks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a network is trained for. Module `task` says what each of them means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// To compare two images by their classes.
    #[default]
    Pairs,
    /// To find the class of an example.
    Classification,
    /// To predict a number for an example.
    Regression,
}

impl TaskKind {
    /// All tasks, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::Pairs, Self::Classification, Self::Regression];

    /// Its name in experiment files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pairs => "pairs",
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
