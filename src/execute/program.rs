//! Who runs the programs of the user.

use crate::experiment::Run;
use crate::program::{ProgramError, Progress, Written};
use crate::run::ProgramConfig;

/// Runs programs of the user.
pub trait RunProgram: Sync {
    /// Runs the program of a run, and returns what it wrote. Tells `watch` from time to time how far it is.
    ///
    /// # Errors
    /// If it has no result.
    fn run(
        &self,
        run: &Run,
        config: &ProgramConfig,
        watch: Option<&dyn Fn(Progress)>,
    ) -> Result<Written, ProgramError>;
}
