//! Lines to the terminal. A reader that has gone away (`report status | head`) ends the output, not
//! the program: what is being trained is worth more than what is being told.

use std::io::Write as _;

/// A line of data, to standard output.
pub(super) fn data(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line of progress or a message, to standard error.
pub(super) fn message(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
