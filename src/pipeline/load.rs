//! Reads a project from its files: experiments, the paper, templates and data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use super::datasets::{Datasets, Finder};
use super::overrides::Overrides;
use super::paper_file::PaperFile;
use super::program_files::ProgramFinder;
use crate::dataset::Source;
use crate::document::{self, Location, Node, Violation, suggestion};
use crate::experiment::{self, Conditions, Experiment, Find, NamedFiles};
use crate::format::chain;
use crate::fs;
use crate::paper::Vocabulary;
use crate::program::Digests;
use crate::template::{self, Templates};

/// A project, read and validated.
#[derive(Debug)]
pub struct Project {
    /// Its directory.
    pub root: PathBuf,
    /// The experiments by name: first those in `experiments/` itself, then those in its folders.
    pub experiments: Vec<Experiment>,
    /// The text of each file that experiments are read from, by its path in the project.
    pub sources: BTreeMap<String, String>,
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

/// The files in `experiments/` that are no experiments: the paper, a cluster, and a store.
const SETTINGS: [&str; 3] = ["paper.toml", "slurm.toml", "store.toml"];

/// The folder of files that experiments extend. These files are not experiments.
const BASE: &str = "base";

/// The largest number of files that an experiment may be read from.
const LONGEST_CHAIN: usize = 16;

/// The folder of data files. No note is printed about its files that are not TOML.
const DATA: &str = "data";
/// The file extension of experiments.
const ENDING: &str = "toml";

/// The largest depth of folders. The limit ends the search if a link leads to a parent folder.
const DEEPEST: usize = 8;

/// The files in `experiments/`.
#[derive(Default)]
struct Files {
    experiments: Vec<PathBuf>,
    /// Files that experiments may extend.
    bases: Vec<PathBuf>,
    /// Files that are not read.
    skipped: Vec<PathBuf>,
}

/// Finds the files in `experiments/` and its folders.
fn find(directory: &Path) -> Result<Files, Error> {
    let mut files = Files::default();
    let mut folders = vec![(directory.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let is_within = |place: &str| {
            folder.strip_prefix(directory).is_ok_and(|within| within.starts_with(place))
        };
        let (is_data, is_base) = (is_within(DATA), is_within(BASE));
        for path in fs::all_entries(&folder).map_err(Error::Input)? {
            let is_hidden = fs::is_hidden(&path);
            let is_settings = depth == 0
                && path
                    .file_name()
                    .is_some_and(|name| SETTINGS.iter().any(|settings| name == *settings));
            let is_toml = path.extension().is_some_and(|ending| ending == ENDING);
            match fs::is_directory(&path) {
                true if is_hidden => {}
                true if depth == DEEPEST => return Err(too_deep(&path, "experiments")),
                true if !is_toml => folders.push((path, depth + 1)),
                // Hidden files are locks and backups of editors.
                false if is_hidden && !is_toml => {}
                false if is_hidden && !is_data => files.skipped.push(path),
                false if is_base && is_toml => files.bases.push(path),
                _ if is_settings => {}
                // A folder whose name ends in `.toml` gives an error when it is read.
                _ if is_toml => files.experiments.push(path),
                false if !is_data => files.skipped.push(path),
                _ => {}
            }
        }
    }
    files.experiments.sort();
    files.bases.sort();
    files.skipped.sort();
    Ok(files)
}

fn too_deep(path: &Path, within: &str) -> Error {
    Error::Request {
        message: format!("`{}` is too deep in `{within}/`", path.display()),
        hint: format!(
            "at most {DEEPEST} levels of folders are read; is there a link to a parent folder?"
        ),
    }
}

/// Reads the project at `root`. Every TOML file in `experiments/` and its folders is an experiment,
/// except those of settings and the files in `experiments/base/`.
///
/// # Errors
/// With all violations of all files, or the first file that cannot be read.
pub fn load(root: &Path, overrides: &Overrides) -> Result<Project, Error> {
    // Files are named by their path from the root, which has no `folder/..` either.
    let root = &*fs::without_dots(root);
    let directory = root.join("experiments");
    let Files { experiments: paths, bases, skipped } = find(&directory)?;
    let mut sources = BTreeMap::new();
    let finder = Finder::new(root, overrides.data.as_deref(), overrides.is_confined)?;
    let programs = ProgramFinder::new(root, overrides.runs_probes);
    let (mut experiments, mut violations) = (Vec::new(), Vec::new());
    for path in &paths {
        match read_experiment(root, path, (&finder, &programs), &mut sources)? {
            Ok(experiment) => experiments.push(experiment),
            Err(found) => violations.extend(found),
        }
    }
    experiments.sort_by_key(|experiment: &Experiment| {
        (experiment.name.contains('/'), experiment.name.clone())
    });
    violations.extend(repeated_titles(&experiments, &sources));
    if experiments.is_empty() && violations.is_empty() {
        return Err(Error::Request {
            message: format!("there is no experiment in `{}`", directory.display()),
            hint: "write an experiment as a TOML file in this directory; see the README".to_owned(),
        });
    }
    let all_read = violations.is_empty();
    let note = overrides.apply(&mut experiments)?;
    let datasets = finder.into_datasets();
    let digests = programs.into_digests();
    Datasets::unify(&mut experiments);
    violations.extend(datasets.check(&experiments)?);
    let paper = match read_document(root, &directory.join("paper.toml"), &mut sources)? {
        // The paper file can be checked only if all experiments were read.
        Ok(document) if all_read => {
            let paper = PaperFile::read(&document, &Vocabulary::of(&experiments));
            paper.map_err(|found| violations.extend(found)).ok()
        }
        Ok(_) => None,
        Err(found) => {
            violations.extend(found);
            None
        }
    };
    let Some(paper) = paper.filter(|_| violations.is_empty()) else {
        violations.sort();
        violations.dedup();
        return Err(Error::Invalid { violations, skipped });
    };
    let templates = read_templates(root)?;
    for experiment in &experiments {
        let runs = experiment.conditions.len().saturating_mul(experiment.seeds.len());
        if runs > experiment::MOST_RUNS {
            return Err(Error::Request {
                message: format!("`{}` would have {runs} runs", experiment.name),
                hint: format!("an experiment has at most {} runs", experiment::MOST_RUNS),
            });
        }
    }
    let is_unused = |path: &PathBuf| !sources.contains_key(&shown(root, path));
    let unused = bases.into_iter().filter(is_unused).collect();
    let root = root.to_owned();
    let file = paper;
    Ok(Project {
        root,
        experiments,
        sources,
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

/// The prose, the page, and all other files in `templates/` and its folders.
fn read_templates(root: &Path) -> Result<Templates, Error> {
    let directory = root.join(template::TEMPLATES);
    let prose = directory.join(template::PAPER_TEMPLATE);
    let paper = fs::read_to_string(&prose).map_err(Error::Input)?;
    let mut templates = Templates { paper, ..Templates::default() };
    let mut folders = vec![(directory.clone(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for path in fs::entries(&folder).map_err(Error::Input)? {
            match fs::is_directory(&path) {
                true if depth == DEEPEST => return Err(too_deep(&path, template::TEMPLATES)),
                true => {
                    folders.push((path, depth + 1));
                    continue;
                }
                false => {}
            }
            let name = path.strip_prefix(&directory).unwrap_or(&path).to_string_lossy();
            if path == prose || template::is_image(&name) {
                continue;
            }
            match fs::read_to_string(&path) {
                Ok(text) => drop(templates.others.insert(name.into_owned(), text)),
                // It is an error only if it is included.
                Err(error) => drop(templates.unread.insert(name.into_owned(), chain(&error))),
            }
        }
    }
    Ok(templates)
}

/// Refuses two experiments with the same title, because tables name experiments by title.
fn repeated_titles(
    experiments: &[Experiment],
    sources: &BTreeMap<String, String>,
) -> Vec<Violation> {
    let repeats = experiments.iter().enumerate().filter_map(|(index, experiment)| {
        let same = experiments[..index].iter().find(|other| other.title == experiment.title)?;
        let message = format!("is also the title of `{}`: `{}`", same.name, experiment.title);
        let file = experiment.files.first()?;
        let mut lines = sources.get(file)?.lines();
        let line = lines.position(|line| line.trim_start().starts_with("title"));
        let location = Location { file: file.as_str().into(), line: line.map_or(1, |n| n + 1) };
        Some(Violation { location, key: "title".to_owned(), message })
    });
    repeats.collect()
}

/// A path relative to the project. A path outside the project becomes absolute.
fn shown(root: &Path, path: &Path) -> String {
    match path.strip_prefix(root) {
        Ok(within) => within.to_string_lossy().into_owned(),
        Err(_) => std::path::absolute(path)
            .unwrap_or_else(|_| path.to_owned())
            .to_string_lossy()
            .into_owned(),
    }
}

type Checked<T> = Result<T, Vec<Violation>>;

fn read_experiment(
    root: &Path,
    path: &Path,
    (finder, programs): (&Finder<'_>, &ProgramFinder<'_>),
    sources: &mut BTreeMap<String, String>,
) -> Result<Checked<Experiment>, Error> {
    let within = path.strip_prefix(root.join("experiments")).unwrap_or(path).with_extension("");
    let refused = |location: Location, key: &str, message: String| {
        Ok(Err(vec![Violation { location, key: key.to_owned(), message }]))
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut parts = within.components().map(|part| part.as_os_str().to_string_lossy());
    if !parts.all(|part| part.chars().all(is_plain)) {
        let location = Location { file: shown(root, path).into(), line: 1 };
        let message =
            "is read as an experiment, so its name may have only letters, digits, `-` and `_`";
        return refused(location, "", message.to_owned());
    }
    let name = within.to_string_lossy();
    if let Some((_, meaning)) = experiment::RESERVED.iter().find(|(reserved, _)| *reserved == name)
    {
        let location = Location { file: shown(root, path).into(), line: 1 };
        let message = format!("cannot be called `{name}`, which means {meaning}; rename the file");
        return refused(location, "", message);
    }
    let file = match read_document(root, path, sources)? {
        Ok(file) => file,
        Err(violations) => return Ok(Err(violations)),
    };
    let mut extended: Vec<Node> = Vec::new();
    let mut path = path.to_owned();
    while let Some((relative, location)) = experiment::extends(extended.last().unwrap_or(&file)) {
        if extended.len() + 1 == LONGEST_CHAIN {
            let message =
                format!("leads through more than {LONGEST_CHAIN} files; is there a cycle?");
            return refused(location.clone(), "extends", message);
        }
        path = path.with_file_name(relative);
        if !fs::is_file(&path) {
            let message = format!("names a file that does not exist, `{relative}`");
            return refused(location.clone(), "extends", message);
        }
        match read_document(root, &path, sources)? {
            Ok(document) => extended.push(document),
            Err(violations) => return Ok(Err(violations)),
        }
    }
    let own = file.location.file.clone();
    let data = |source: &Source| finder.find(source);
    let program = |named: &NamedFiles<'_>| programs.find(named);
    let find = Find { data: &data, program: &program };
    let experiment = Experiment::from_documents(&name, file, extended, find);
    Ok(experiment.map_err(|violations| {
        violations.into_iter().map(|violation| missing_in(&own, violation)).collect()
    }))
}

/// Adds the experiment's own file to a message about a key that is missing in a base file. Either
/// file can give the key.
fn missing_in(own: &Arc<str>, mut violation: Violation) -> Violation {
    if violation.is_missing() && violation.location.file != *own {
        violation.message = format!("{} (`{own}` does not give it either)", violation.message);
    }
    violation
}

/// Reads a document and keeps its text.
fn read_document(
    root: &Path,
    path: &Path,
    sources: &mut BTreeMap<String, String>,
) -> Result<Checked<Node>, Error> {
    let path = &fs::without_dots(path);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        // What is no text has mistakes to list, like any other file.
        Err(error) if error.source.kind() == std::io::ErrorKind::InvalidData => {
            let location = Location { file: shown(root, path).into(), line: 1 };
            let message = format!("is no text: {}", error.source);
            return Ok(Err(vec![Violation { location, key: String::new(), message }]));
        }
        Err(error) => return Err(Error::Input(error)),
    };
    let document = document::parse(&shown(root, path), &text);
    sources.insert(shown(root, path), text);
    Ok(document)
}
