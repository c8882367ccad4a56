//! Whose programs a project has: its user's, or those of the author of a bundle.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Error, Project};
use crate::cache::Cache;
use crate::format::shell_quoted;
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
        let conditions = self.experiments.iter().flat_map(|experiment| &experiment.conditions);
        let programs = conditions.filter_map(|condition| condition.design.program());
        let mut known = BTreeSet::new();
        let spelled = |words: &[String]| {
            words.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ")
        };
        let commands = programs.flat_map(|design| {
            let environment = &design.program.environment;
            let variables =
                environment.iter().map(|(name, value)| format!("{name}={}", shell_quoted(value)));
            let command = variables.chain([spelled(&design.program.command)]);
            [command.collect::<Vec<_>>().join(" "), spelled(&design.program.probe)]
        });
        commands
            .filter(|command| !command.is_empty())
            .filter(|command| known.insert(command.clone()))
            .collect()
    }
}
