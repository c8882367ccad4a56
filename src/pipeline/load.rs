//! Reads a project from its files: experiments, the paper, templates and data.

mod document;
mod experiment;
mod files;
mod templates;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use super::datasets::{Datasets, Finder};
use super::default_paper::default_paper;
use super::error::Invalid;
use super::overrides::Overrides;
use super::paper_file::PaperFile;
use super::program_files::ProgramFinder;
use crate::dataset::Source;
use crate::document::{Violation, merged, suggestion};
use crate::experiment::{Conditions, Experiment, Find, MOST_RUNS, NamedFiles};
use crate::fs;
use crate::paper::{FaultyExperiment, Vocabulary};
use crate::program::Digests;
use crate::template::{self, Templates};

use document::{Documents, shown};
use files::Files;

/// A project, read and validated.
#[derive(Debug)]
pub struct Project {
    /// Its directory.
    pub root: PathBuf,
    /// The experiments by name: first those in `experiments/` itself, then those in its folders.
    pub experiments: Vec<Experiment>,
    /// The text of each file that experiments are read from, by its path in the project.
    pub sources: BTreeMap<String, String>,
    /// The text of the paper file that stands for that of the project, by its path. Empty if the project has its own.
    pub(super) generated: BTreeMap<String, String>,
    /// Files in `experiments/` that are not read.
    pub skipped: Vec<PathBuf>,
    /// Files in `experiments/base/` that no experiment extends.
    pub unused: Vec<PathBuf>,
    /// The paper file.
    pub file: PaperFile,
    /// The templates.
    pub templates: Templates,
    /// How the command line changed the experiments, for the report. Empty if it did not.
    pub note: String,
    /// The datasets of the conditions.
    pub datasets: Datasets,
    /// The digests of large inputs of programs.
    pub(super) digests: Arc<Digests>,
}

/// Reads the project at `root`. Every TOML file in `experiments/` and its folders is an experiment,
/// except those of settings and the files in `experiments/base/`.
///
/// # Errors
/// With all mistakes of all files, or the first directory that cannot be read.
pub fn load(root: &Path, overrides: &Overrides) -> Result<Project, Error> {
    // Files are named by their path from the root, which has no `folder/..` either.
    let root = &*fs::without_dots(root);
    let directory = root.join("experiments");
    let Files { experiments: paths, bases, skipped } = files::find(&directory)?;
    let mut documents = Documents::of(root);
    let finder = Finder::new(root, overrides.data.as_deref(), overrides.is_confined)?;
    let programs = ProgramFinder::new(root, overrides.runs_probes);
    let (mut experiments, faulty, mut violations) =
        read_experiments(root, &paths, (&finder, &programs), &mut documents);
    if experiments.is_empty() && faulty.is_empty() {
        return Err(Error::Request {
            message: format!("there is no experiment in `{}`", directory.display()),
            hint: "write an experiment as a TOML file in this directory; see the README".to_owned(),
        });
    }
    violations.extend(repeated_titles(&experiments));
    let note = overrides.apply(&mut experiments)?;
    let datasets = finder.into_datasets();
    let digests = programs.into_digests();
    Datasets::unify(&mut experiments);
    violations.extend(datasets.check(&experiments)?);
    let path = directory.join("paper.toml");
    let document = match fs::is_there(&path) {
        true => documents.read(&path),
        false if violations.is_empty() => documents.parse(&path, default_paper(&experiments)),
        // The experiments have to be right before a paper can be made of them.
        false => Err(Vec::new()),
    };
    let declared = document.as_ref().ok().map(PaperFile::declared);
    let paper = document.and_then(|document| {
        PaperFile::read(&document, &Vocabulary::beside(&experiments, &faulty))
    });
    let paper = paper.map_err(|found| violations.extend(found)).ok();
    let templates = templates::read(root)?;
    let Some(file) = paper.filter(|_| violations.is_empty()) else {
        // The templates cannot be evaluated, but some of their mistakes are known.
        let of_templates = template::without_results(&templates, declared.as_ref());
        violations.extend(Error::places(&of_templates, &templates, &mut documents.texts));
        let violations = merged(violations);
        let invalid = Invalid { violations, texts: documents.texts, skipped };
        return Err(Error::Invalid(Box::new(invalid)));
    };
    check_numbers_of_runs(&experiments)?;
    let mut sources = documents.texts;
    let generated = match fs::is_there(&path) {
        true => BTreeMap::new(),
        false => sources.remove_entry(&shown(root, &path)).into_iter().collect(),
    };
    let is_unused = |path: &PathBuf| !sources.contains_key(&shown(root, path));
    let unused = bases.into_iter().filter(is_unused).collect();
    let root = root.to_owned();
    Ok(Project {
        root,
        experiments,
        sources,
        generated,
        skipped,
        unused,
        file,
        templates,
        note,
        datasets,
        digests,
    })
}

impl Project {
    /// The conditions of its experiments.
    #[must_use]
    pub fn conditions(&self) -> Conditions<'_> {
        Conditions::of(&self.experiments)
    }

    /// Reads the templates again, and nothing else.
    ///
    /// # Errors
    /// If one cannot be read. Then the old templates stay.
    pub fn read_templates(&mut self) -> Result<(), Error> {
        self.templates = templates::read(&self.root)?;
        Ok(())
    }

    /// The text of each TOML file, also of one that stands for a missing file.
    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        self.sources.iter().chain(&self.generated).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    /// Checks that each of `names` is an experiment.
    ///
    /// # Errors
    /// With the unknown name and similar names.
    pub fn check_names(&self, names: &[String]) -> Result<(), Error> {
        let known: Vec<_> = self.experiments.iter().map(|e| e.name.as_str()).collect();
        match names.iter().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(unknown) => Err(Error::Request {
                message: format!("there is no experiment `{unknown}`"),
                hint: suggestion(unknown, &known),
            }),
        }
    }
}

/// The experiments without mistakes, those with mistakes, and all mistakes.
fn read_experiments(
    root: &Path,
    paths: &[PathBuf],
    (finder, programs): (&Finder<'_>, &ProgramFinder<'_>),
    documents: &mut Documents,
) -> (Vec<Experiment>, Vec<FaultyExperiment>, Vec<Violation>) {
    let data = |source: &Source| finder.find(source);
    let program = |named: &NamedFiles<'_>| programs.find(named);
    let find = Find { data: &data, program: &program };
    let (mut experiments, mut faulty, mut violations) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match experiment::read(root, path, find, documents) {
            Ok(experiment) => experiments.push(experiment),
            Err((experiment, found)) => {
                faulty.push(experiment);
                violations.extend(found);
            }
        }
    }
    experiments.sort_by_key(|experiment: &Experiment| {
        (experiment.name.contains('/'), experiment.name.clone())
    });
    (experiments, faulty, violations)
}

fn check_numbers_of_runs(experiments: &[Experiment]) -> Result<(), Error> {
    for experiment in experiments {
        let runs = experiment.conditions.len().saturating_mul(experiment.seeds.len());
        if runs > MOST_RUNS {
            return Err(Error::Request {
                message: format!("`{}` would have {runs} runs", experiment.name),
                hint: format!("an experiment has at most {MOST_RUNS} runs"),
            });
        }
    }
    Ok(())
}

/// Refuses two experiments with the same title, because tables name experiments by title.
fn repeated_titles(experiments: &[Experiment]) -> Vec<Violation> {
    let repeats = experiments.iter().enumerate().filter_map(|(index, experiment)| {
        let same = experiments[..index].iter().find(|other| other.title == experiment.title)?;
        let message = format!(
            "is also the title of `{}`: `{}`; give each its own",
            same.name, experiment.title
        );
        let mut violation = Violation::new(experiment.place("title").clone(), "title", message);
        violation.also.push((same.place("title").clone(), "the same title".to_owned()));
        Some(violation)
    });
    repeats.collect()
}
