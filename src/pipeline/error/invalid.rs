//! The mistakes in the files of a project.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::document::Violation;

/// Files with mistakes.
#[derive(Debug)]
pub struct Invalid {
    /// The mistakes, in order of file and line.
    pub violations: Vec<Violation>,
    /// The text of the files, by name.
    pub texts: BTreeMap<String, String>,
    /// Files in `experiments/` that are not read: one of them may be what is missing.
    pub skipped: Vec<PathBuf>,
}

/// One line for each mistake.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.violations.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}
