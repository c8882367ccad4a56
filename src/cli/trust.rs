//! Asks before the programs of a bundle run.

use super::terminal::{alert, confirm};
use crate::format::count;
use crate::pipeline::{self, Error, Project};

/// Names the programs of a project that came in a bundle, and asks whether they may run. Asks only once, and never if
/// there is no program.
///
/// # Errors
/// If the user does not agree.
pub(super) fn ask(project: &Project, yes: bool) -> Result<(), Error> {
    let commands = project.commands();
    if !commands.is_empty() {
        alert(&format!(
            "this project came in a bundle. A build runs these {} of its author with your rights:",
            count(commands.len(), "command")
        ));
        for command in &commands {
            alert(&format!("  {command}"));
        }
        if !(yes || confirm("Run them?")) {
            return Err(Error::Request {
                message: "the programs of this project did not run".to_owned(),
                hint: "read their files; then `--yes` agrees, once for this project".to_owned(),
            });
        }
    }
    pipeline::trust(&project.root)
}
