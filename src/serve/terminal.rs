//! What the server leaves to the command line: words, and the command that trains.

use std::ffi::OsString;
use std::path::Path;

use super::state::Missing;
use crate::pipeline::{Error, Project};
use crate::plan::Plan;

/// The command line. The page says what the terminal would say, in the same words.
pub trait Terminal: Send + Sync {
    /// An error, as the terminal shows it: several lines without colours.
    fn explained(&self, error: &Error) -> String;

    /// Which runs of a plan have no record, why, and how long their training takes.
    fn missing(&self, project: &Project, plan: &Plan) -> Missing;

    /// What a command notes when it reads a project.
    fn notes(&self, project: &Project) -> Vec<String>;

    /// The arguments of the command that trains the missing runs of the project in this directory.
    fn build(&self, root: &Path) -> Vec<OsString>;

    /// Prints a message.
    fn say(&self, line: &str);
}
