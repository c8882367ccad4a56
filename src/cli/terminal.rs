//! Lines to the terminal, without the escape codes that a file name or title may carry.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use crate::fs::FileError;
use crate::pipeline::Error;
use crate::render::visible;

/// A line of data, to standard output. A reader that has gone away (`report status | head`) wants no
/// more of them, and that is no failure.
pub(super) fn data(line: &str) -> Result<(), Error> {
    match writeln!(std::io::stdout().lock(), "{}", visible(line)) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            let path = PathBuf::from("standard output");
            Err(Error::File(FileError { action: "write to", path, source }))
        }
        _ => Ok(()),
    }
}

/// A line of progress or a message, to standard error. There is nowhere to tell that it failed, and
/// what is being trained is worth more than what is being told.
pub(super) fn message(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(line));
}

/// `1 run`, `2 runs`.
pub(super) fn runs(n: usize) -> String {
    format!("{n} run{}", if n == 1 { "" } else { "s" })
}
