//! Prints lines. Escape codes in them, such as those of a file name or a title, are made visible.

use std::io::{BufRead as _, ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;

use crate::format::visible;
use crate::fs::FileError;
use crate::pipeline::Error;

/// Prints a line of data to standard output. A closed pipe (`report status | head`) is not an
/// error.
pub(super) fn data(line: &str) -> Result<(), Error> {
    match writeln!(std::io::stdout().lock(), "{}", visible(line)) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            let path = PathBuf::from("standard output");
            Err(Error::File(FileError { action: "write to", path, source }))
        }
        _ => Ok(()),
    }
}

/// Prints a line of progress or a message to standard error. Ignores a failure, so that the
/// training continues.
pub(super) fn message(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(line));
}

/// Rows with the same number of cells as lines. Aligns the first column left, the others right.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let n = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<_> = (0..n).map(|column| width(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }
        });
        cells.collect::<String>()
    };
    rows.iter().map(line).collect()
}

/// Asks at the terminal. Without a terminal, the answer is no.
pub(super) fn confirm(question: &str) -> bool {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return false;
    }
    let _ = write!(std::io::stderr().lock(), "{} [y/N] ", visible(question));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
