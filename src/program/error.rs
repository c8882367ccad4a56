//! Why a program has no result.

use crate::fs::FileError;

/// What comes before the lines of a log.
pub(super) const HEADING: &str = "; the end of its log:";

/// Why a program has no result.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Its files cannot be prepared or read.
    #[error(transparent)]
    File(FileError),
    /// An input is not what it was when the run was planned.
    #[error("its input `{0}` changed since the build began")]
    Changed(String),
    /// An input that is no copy changed during the run.
    #[error(
        "its input `{0}` changed during the run; it is no copy, so the program itself may have changed it"
    )]
    ChangedMeanwhile(String),
    /// It could not be started.
    #[error("`{program}` cannot be started: {reason}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// The process that watches it was ended, and the program with it.
    #[error("the process of `report` that watches it was ended ({0}), and the program with it")]
    Supervisor(String),
    /// It asks to be run again later.
    #[error("it ended with status 75: try again later")]
    Later,
    /// It ended without a result.
    #[error("it {how}; {lines}{log}")]
    Failed {
        /// How it ended.
        how: String,
        /// How many lines of results it wrote, and the last of them.
        lines: String,
        /// The end of its log, on lines of its own.
        log: String,
    },
    /// It ended well, but what it wrote is no result.
    #[error("it ended with status 0, but {0}")]
    Result(String),
}

impl ProgramError {
    /// The error on one line: of the log of a program, only the last line.
    #[must_use]
    pub fn short(&self) -> String {
        let text = self.to_string();
        let (what, log) = text.split_once(HEADING).unwrap_or((&text, ""));
        match log.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(line) => format!("{what}; its log ends with `{line}`"),
            None => what.to_owned(),
        }
    }

    /// Whether nothing is wrong with the run itself, so that the next build tries it again.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Later
                | Self::Changed(_)
                | Self::ChangedMeanwhile(_)
                | Self::File(_)
                | Self::Supervisor(_)
        )
    }
}
