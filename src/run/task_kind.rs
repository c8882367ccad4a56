//! The names of the tasks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares all tasks with their names in experiment files. The first one is the default.
macro_rules! tasks {
    ($($kind:ident $name:literal $meaning:literal,)*) => {
        /// What a network is trained for. Module `task` says what each of them means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum TaskKind {
            $(#[doc = $meaning] #[serde(rename = $name)] $kind,)*
        }

        impl TaskKind {
            /// All tasks, in the order in which messages list them.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its name in experiment files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

tasks! {
    Pairs "pairs" "To compare two images by their classes.",
    Classification "classification" "To find the class of an example.",
    Regression "regression" "To predict a number for an example.",
}

impl Default for TaskKind {
    fn default() -> Self {
        Self::ALL[0]
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
