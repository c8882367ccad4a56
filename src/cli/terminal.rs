//! Prints lines. Escape codes in them, such as those of a file name or a title, are made visible.

use std::io::{BufRead as _, ErrorKind, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::OnceLock;

use clap::ColorChoice;

use crate::format::visible;
use crate::fs::FileError;
use crate::pipeline::Error;
use crate::provenance;

/// Prints a line of data to standard output. A closed pipe (`report status | head`) is not an
/// error.
pub(super) fn data(line: &str) -> Result<(), Error> {
    own_text(&visible(line))
}

/// Prints a text of this program, which has lines and nothing of a file, like [`data`].
pub(super) fn own_text(text: &str) -> Result<(), Error> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            let path = PathBuf::from("standard output");
            Err(Error::File(FileError { action: "write to", path, source }))
        }
        _ => Ok(()),
    }
}

/// How much is printed to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    /// Errors, warnings and questions.
    Quiet,
    /// Also progress and results.
    #[default]
    Normal,
    /// Also details.
    Verbose,
}

static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

/// Sets how much is printed, for the whole process.
pub(super) fn set_verbosity(verbosity: Verbosity) {
    let _ = VERBOSITY.set(verbosity);
}

/// How much is printed.
pub(super) fn verbosity() -> Verbosity {
    VERBOSITY.get().copied().unwrap_or_default()
}

/// Prints an error or a warning to standard error, also with `--quiet`. Ignores a failure, so that the training
/// continues.
pub(super) fn alert(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", visible(line));
}

/// Prints a line of progress or a result to standard error, but not with `--quiet`.
pub(super) fn message(line: &str) {
    if verbosity() > Verbosity::Quiet {
        alert(line);
    }
}

/// Prints a detail to standard error, only with `--verbose`.
pub(super) fn detail(line: &str) {
    if verbosity() == Verbosity::Verbose {
        alert(line);
    }
}

/// When messages have colours.
static COLOUR: OnceLock<ColorChoice> = OnceLock::new();

/// Sets when messages have colours, for the whole process.
pub(super) fn set_colour(choice: ColorChoice) {
    let _ = COLOUR.set(choice);
}

/// Whether messages on standard error have colours.
pub(super) fn is_styled() -> bool {
    match COLOUR.get().copied().unwrap_or_default() {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        // `NO_COLOR` counts if it is set and not empty: https://no-color.org.
        ColorChoice::Auto => {
            let is_dumb = provenance::variable("TERM").is_some_and(|value| value == "dumb");
            let is_refused = provenance::variable("NO_COLOR").is_some();
            !is_refused && !is_dumb && std::io::stderr().is_terminal()
        }
    }
}

/// Prints lines with colours to standard error. All that comes from files is visible in them already.
pub(super) fn styled_message(lines: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{lines}");
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
