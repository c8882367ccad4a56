//! The programs of a project, and their runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Error, Project};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::execute::RunProgram;
use crate::experiment::{ConditionId, Experiment, Limits, Run};
use crate::fs;
use crate::job::{JobPlan, Task};
use crate::plan::Plan;
use crate::program::{self, Digests, Inputs, Place, ProgramError, Progress, Written};
use crate::run::ProgramConfig;

/// How many inputs a page can show.
const MOST_SHOWN: usize = 500;

/// The largest input that a page shows, in bytes.
const LARGEST_SHOWN: u64 = 64 << 10;

impl Project {
    /// The largest number of threads of these runs.
    #[must_use]
    pub fn threads_of<'r>(&self, runs: impl IntoIterator<Item = &'r Run>) -> usize {
        let conditions = self.conditions();
        let programs =
            runs.into_iter().filter_map(|run| conditions.design(run.condition).program());
        programs.map(|design| design.program.limits.threads).max().unwrap_or(1)
    }

    /// The largest number of threads of any run.
    #[must_use]
    pub fn most_threads(&self) -> usize {
        let programs = self.experiments.iter().flat_map(Experiment::programs);
        programs.map(|design| design.program.limits.threads).max().unwrap_or(1)
    }

    /// The short texts among the inputs of programs, by their paths. A page can show them.
    pub(super) fn input_texts(&self) -> BTreeMap<String, String> {
        let programs = self.experiments.iter().flat_map(Experiment::programs);
        let paths: BTreeSet<&String> =
            programs.flat_map(|design| design.program.files.inputs.keys()).collect();
        let text = |path: &String| {
            let file = self.root.join(path);
            let text =
                (fs::size(&file) <= LARGEST_SHOWN).then(|| fs::read_to_string(&file).ok())??;
            Some((path.clone(), text))
        };
        // A page shows a few of them at most.
        paths.into_iter().take(MOST_SHOWN).filter_map(text).collect()
    }

    /// An experiment whose probe has not run on this machine: the keys of its runs are not known then.
    #[must_use]
    pub fn without_probe(&self) -> Option<&str> {
        let is_unknown = |experiment: &&Experiment| {
            let mut programs = experiment.programs().map(|design| &design.program);
            programs.any(|own| !own.probe.is_empty() && own.files.probe.is_none())
        };
        self.experiments.iter().find(is_unknown).map(|experiment| experiment.name.as_str())
    }

    /// Whether a program leaves files with its results.
    #[must_use]
    pub fn leaves_artifacts(&self) -> bool {
        let mut programs = self.experiments.iter().flat_map(Experiment::programs);
        programs.any(|design| !design.program.artifacts.is_empty())
    }

    /// Refuses runs whose program is not on this machine.
    ///
    /// # Errors
    /// If the program of one of the runs `digests` of `plan` is not here.
    pub fn check_programs(&self, plan: &Plan, digests: &BTreeSet<Digest>) -> Result<(), Error> {
        let conditions = self.conditions();
        let wanted = plan.runs.iter().filter(|run| digests.contains(&run.digest));
        for condition in wanted.map(|run| run.condition).collect::<BTreeSet<_>>() {
            let program = conditions.design(condition).program();
            if let Some(why) = program.and_then(|design| design.program.files.absent.as_ref()) {
                let experiment = &conditions.experiment(condition).name;
                return Err(Error::Request {
                    message: format!("`program.command` of `{experiment}` {why}"),
                    hint: "install it, or build on a machine that has it".to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Runs the programs of the user, each in a directory of its own.
pub struct Programs<'p> {
    root: PathBuf,
    cache: Cache,
    /// The folder of kept inputs, if they do not come from the project.
    kept_inputs: Option<PathBuf>,
    keeps_artifacts: bool,
    digests: Arc<Digests>,
    limits: Box<dyn Fn(ConditionId) -> Option<&'p Limits> + Sync + 'p>,
}

impl<'p> Programs<'p> {
    /// The programs of a project. If their artefacts are not kept, only their digests are known.
    #[must_use]
    pub fn of_project(project: &'p Project, keeps_artifacts: bool) -> Self {
        let conditions = project.conditions();
        Self {
            root: project.root.clone(),
            cache: Cache::new(&project.root),
            kept_inputs: None,
            keeps_artifacts,
            digests: Arc::clone(&project.digests),
            limits: Box::new(move |condition| {
                Some(&conditions.design(condition).program()?.program.limits)
            }),
        }
    }

    /// The programs of a project, as if its directory were this copy.
    pub(super) fn of_copy(project: &'p Project, copy: &Path) -> Self {
        Self { root: copy.to_owned(), ..Self::of_project(project, false) }
    }

    /// The programs of a task of a plan, with the inputs that were kept when the plan was made.
    pub(super) fn of_task(plan: &'p JobPlan, task: &'p Task, cache: &Cache) -> Self {
        Self {
            root: plan.project.clone(),
            cache: cache.clone(),
            kept_inputs: Some(cache.inputs()),
            keeps_artifacts: true,
            digests: Arc::default(),
            limits: Box::new(|condition| task.conditions.get(condition.index())?.limits.as_ref()),
        }
    }
}

impl RunProgram for Programs<'_> {
    fn run(
        &self,
        run: &Run,
        config: &ProgramConfig,
        watch: Option<&dyn Fn(Progress)>,
    ) -> Result<Written, ProgramError> {
        let limits = (self.limits)(run.condition).ok_or_else(|| {
            ProgramError::Result(
                "nothing says how many threads and how much time it has".to_owned(),
            )
        })?;
        let (scratch, log) = (self.cache.scratch(), self.cache.log(run.digest));
        for directory in [Some(scratch.as_path()), log.parent()].into_iter().flatten() {
            fs::create_directory(directory).map_err(ProgramError::File)?;
        }
        let artifacts = self.cache.artifacts();
        let place = Place {
            root: &self.root,
            inputs: self.kept_inputs.as_deref().map_or(Inputs::Project, Inputs::Kept),
            scratch: &scratch,
            log: &log,
            live: &self.cache.live(run.digest),
            artifacts: self.keeps_artifacts.then_some(&*artifacts),
            digests: &self.digests,
        };
        program::run(place, &run.digest.to_string(), config, limits, watch)
    }
}
