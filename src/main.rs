//! The `report` binary; see the library's documentation.

use std::process::ExitCode;

fn main() -> ExitCode {
    report::cli::run()
}
