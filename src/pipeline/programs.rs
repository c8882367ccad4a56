//! The programs of a project, and their runs.

use super::{Error, Project};
use crate::cache::Cache;
use crate::execute::RunProgram;
use crate::experiment::{Condition, Experiment, Run};
use crate::fs;
use crate::program::{self, Place, ProgramError, Written};
use crate::run::ProgramConfig;

impl Project {
    /// The largest number of threads of a run.
    #[must_use]
    pub fn most_threads(&self) -> usize {
        let conditions = self.experiments.iter().flat_map(|experiment| &experiment.conditions);
        let programs = conditions.filter_map(|condition| condition.design.program());
        programs.map(|design| design.program.limits.threads).max().unwrap_or(1)
    }

    /// Refuses programs where they cannot be. `what` is what cannot be done.
    ///
    /// # Errors
    /// If an experiment is of a program.
    pub fn refuse_programs(&self, what: &str) -> Result<(), Error> {
        let is_program = |one: &Condition| one.design.program().is_some();
        let has_program = |one: &&Experiment| one.conditions.iter().any(is_program);
        match self.experiments.iter().find(has_program) {
            None => Ok(()),
            Some(experiment) => Err(Error::Request {
                message: format!("{what}, but `{}` is of a program", experiment.name),
                hint: "build on this machine; `--shard I/N` shares the work with others".to_owned(),
            }),
        }
    }
}

/// Runs the programs of a project.
#[derive(Clone, Copy, Debug)]
pub struct Programs<'p> {
    /// The project.
    pub project: &'p Project,
}

impl RunProgram for Programs<'_> {
    fn run(&self, run: &Run, config: &ProgramConfig) -> Result<Written, ProgramError> {
        let conditions = self.project.conditions();
        let program = conditions.design(run.condition).program();
        let limits = &program.expect("a run of a program has its design").program.limits;
        let cache = Cache::new(&self.project.root);
        let (scratch, log) = (cache.scratch(), cache.log(run.digest));
        for directory in [Some(scratch.as_path()), log.parent()].into_iter().flatten() {
            fs::create_directory(directory).map_err(ProgramError::File)?;
        }
        let place = Place { root: &self.project.root, scratch: &scratch, log: &log };
        program::run(place, &run.digest.to_string(), config, limits)
    }
}

/// Runs no program: workers of a cluster have no project.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoPrograms;

impl RunProgram for NoPrograms {
    fn run(&self, _: &Run, config: &ProgramConfig) -> Result<Written, ProgramError> {
        Err(ProgramError::Start {
            program: config.program.command[0].clone(),
            reason: "workers of a cluster run no programs".to_owned(),
        })
    }
}
