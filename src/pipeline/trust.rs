//! Whose programs a project has: its user's, or those of the author of a bundle.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Error, Project};
use crate::cache::Cache;
use crate::experiment::Experiment;
use crate::format::{shell_quoted, shell_spelled};
use crate::fs;

/// What the file says that marks a project from a bundle.
pub(super) const NOTICE: &str =
    "This project came in a bundle. Before a build runs its programs, it names them and asks.\n";

/// Whether a project came in a bundle, and nobody has agreed to run its programs yet.
#[must_use]
pub fn is_foreign(root: &Path) -> bool {
    fs::is_there(&Cache::new(root).foreign_mark())
}

/// Notes that the user agrees to run the programs of a project.
///
/// # Errors
/// If the mark cannot be removed.
pub fn trust(root: &Path) -> Result<(), Error> {
    fs::remove(&Cache::new(root).foreign_mark()).map_err(Error::File)
}

impl Project {
    /// The commands of its programs and probes, as a shell spells them, each once.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let programs = self.experiments.iter().flat_map(Experiment::programs);
        let mut known = BTreeSet::new();
        let commands = programs.flat_map(|design| {
            let environment = &design.program.environment;
            let variables =
                environment.iter().map(|(name, value)| format!("{name}={}", shell_quoted(value)));
            let command = variables.chain([shell_spelled(&design.program.command)]);
            [command.collect::<Vec<_>>().join(" "), shell_spelled(&design.program.probe)]
        });
        commands
            .filter(|command| !command.is_empty())
            .filter(|command| known.insert(command.clone()))
            .collect()
    }
}
