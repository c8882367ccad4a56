//! The data of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::Error;
use super::split_checks;
use crate::dataset::{
    self, DataError, Examples, Facts, File, FilePair, FileSource, Files, STANDARD_FILES, Source,
};
use crate::digest::Digest;
use crate::document::Violation;
use crate::experiment::{Condition, Experiment, Found, NetworkDesign, Run};
use crate::format::chain;
use crate::fs;
use crate::provenance;

/// How many names an error lists.
const MOST_NAMES: usize = 10;

/// The data of a project. MNIST is unpacked only for training.
#[derive(Debug, Default)]
pub struct Datasets {
    uses_mnist: bool,
    mnist: OnceLock<Examples>,
    others: BTreeMap<Source, Arc<Examples>>,
}

/// Finds the data that experiments name, each once.
pub(super) struct Finder<'f> {
    /// The directory of the project.
    root: &'f Path,
    /// The directory that stands for MNIST in all experiments.
    instead: Option<PathBuf>,
    /// Whether data outside of the project are refused.
    is_confined: bool,
    known: Mutex<BTreeMap<Source, Known>>,
}

/// The data at a source, or all that is wrong with them.
type Known = Result<(Arc<Facts>, Option<Arc<Examples>>), Vec<String>>;

impl<'f> Finder<'f> {
    /// Finds the data of the project at `root`. `instead` is a directory, relative to the current one, that stands for
    /// MNIST in all experiments.
    ///
    /// # Errors
    /// If `instead` holds no data.
    pub(super) fn new(
        root: &'f Path,
        instead: Option<&Path>,
        is_confined: bool,
    ) -> Result<Self, Error> {
        let instead = instead.map(|directory| path(Path::new(""), directory));
        let finder = Self { root, instead, is_confined, known: Mutex::default() };
        if let Some(directory) = &finder.instead {
            let examples = Arc::new(read_directory(directory)?);
            let known = (Arc::new(Facts::of(&examples)), Some(examples));
            finder.known().insert(Source::Directory(directory.clone()), Ok(known));
        }
        Ok(finder)
    }

    /// The data at `source`, or all that is wrong with them.
    pub(super) fn find(&self, written: &Source) -> Result<Found, Vec<String>> {
        let (written, source) = match (&self.instead, written) {
            (Some(directory), Source::Mnist | Source::Directory(_)) => {
                let instead = Source::Directory(directory.clone());
                (instead.clone(), instead)
            }
            _ => (written.clone(), written.map(|own| path(self.root, own))),
        };
        let is_outside = |path: &PathBuf| !fs::physical(path).starts_with(fs::physical(self.root));
        if let Some(outside) = source.paths().iter().find(|path| is_outside(path))
            && self.is_confined
        {
            let outside = outside.display();
            return Err(vec![format!("names data that the project does not contain, `{outside}`")]);
        }
        let mut known = self.known();
        let found = known.entry(source.clone()).or_insert_with_key(|source| match source {
            Source::Mnist => Ok((Arc::new(Facts::of_mnist()), None)),
            other => {
                let examples = Arc::new(read(other)?);
                Ok((Arc::new(Facts::of(&examples)), Some(examples)))
            }
        });
        found.clone().map(|(facts, _)| Found { source: written, facts })
    }

    /// The data that were found.
    pub(super) fn into_datasets(self) -> Datasets {
        let mut datasets = Datasets::default();
        for (source, known) in self.known.into_inner().expect(NO_PANIC) {
            match known {
                Ok((_, Some(examples))) => drop(datasets.others.insert(source, examples)),
                Ok((_, None)) => datasets.uses_mnist = true,
                Err(_) => {}
            }
        }
        datasets
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<Source, Known>> {
        self.known.lock().expect(NO_PANIC)
    }
}

const NO_PANIC: &str = "no reader of data panics with the lock";

impl Datasets {
    /// Reads these data: those with a source from there, and MNIST from the binary.
    ///
    /// # Errors
    /// If some cannot be read, or are others.
    pub(super) fn of_plan(
        digests: impl IntoIterator<Item = Digest>,
        sources: &BTreeMap<Digest, Source>,
    ) -> Result<Self, Error> {
        let refused =
            |message: String, hint: &str| Error::Request { message, hint: hint.to_owned() };
        let mut datasets = Self::default();
        for digest in digests {
            match sources.get(&digest) {
                Some(source) => {
                    let examples = match source {
                        Source::Directory(directory) => read_directory(directory)?,
                        other => read(other).map_err(|faults| {
                            refused(faults.join("; "), "make the file readable on this machine")
                        })?,
                    };
                    if examples.digest != digest {
                        let message = format!(
                            "the data in `{}` have changed since the plan was made",
                            place(source).display()
                        );
                        return Err(refused(
                            message,
                            "submit again: a new plan uses the present data",
                        ));
                    }
                    datasets.others.insert(source.clone(), Arc::new(examples));
                }
                None if digest == dataset::embedded_digest() => datasets.uses_mnist = true,
                None => {
                    let message =
                        format!("the plan does not say where the dataset {} is", digest.short());
                    return Err(refused(message, "submit again"));
                }
            }
        }
        Ok(datasets)
    }

    /// The files that are read.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut files = Vec::new();
        for source in self.others.keys() {
            let Source::Directory(directory) = source else {
                files.extend(source.paths());
                continue;
            };
            let all = fs::entries(directory).map_err(unreadable(directory))?;
            for standard in STANDARD_FILES {
                files.extend(called(directory, &all, standard)?);
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The source of each dataset that is not in the binary, with absolute paths.
    pub(super) fn places(&self) -> BTreeMap<Digest, Source> {
        let places = self.others.iter();
        let place = |path: &PathBuf| fs::physical(path);
        places.map(|(source, examples)| (examples.digest, source.map(place))).collect()
    }

    /// Gives sources with the same content one name, so that conditions with the same data compare
    /// equal.
    pub(super) fn unify(experiments: &mut [Experiment]) {
        let mut first: BTreeMap<Digest, Source> = BTreeMap::new();
        first.insert(dataset::embedded_digest(), Source::Mnist);
        let conditions = experiments.iter_mut().flat_map(|experiment| &mut experiment.conditions);
        let networks = conditions.filter_map(|condition| condition.design.network_mut());
        for found in networks.map(|network| network.data.found_mut()) {
            let source = first.entry(found.facts.digest).or_insert_with(|| found.source.clone());
            found.source = source.clone();
        }
    }

    /// The examples with this digest, if they are from a file of the project.
    pub(super) fn of_file(&self, digest: Digest) -> Option<&Examples> {
        self.others.values().map(|examples| &**examples).find(|one| one.digest == digest)
    }

    /// All data, by digest.
    pub(super) fn unpacked(&self) -> Result<BTreeMap<Digest, &Examples>, Error> {
        if self.uses_mnist && self.mnist.get().is_none() {
            let examples = dataset::embedded().map_err(Error::Embedded)?;
            self.mnist.get_or_init(|| examples);
        }
        let all = self.mnist.get().into_iter().chain(self.others.values().map(|one| &**one));
        Ok(all.map(|examples| (examples.digest, examples)).collect())
    }

    /// What is wrong with the splits of these experiments. The labels of MNIST are unpacked if one splits it.
    ///
    /// # Errors
    /// If they cannot be unpacked.
    pub(super) fn check(&self, experiments: &[Experiment]) -> Result<Vec<Violation>, Error> {
        let conditions = || experiments.iter().flat_map(|experiment| &experiment.conditions);
        let is_split = |condition: &Condition| {
            condition.design.network().is_some_and(|NetworkDesign { data, .. }| {
                !data.are_pairs() && data.found().facts.digest == dataset::embedded_digest()
            })
        };
        let mnist = conditions().any(is_split).then(dataset::embedded_labels).transpose();
        let mnist = mnist.map_err(Error::Embedded)?;
        let all = mnist.iter().chain(self.others.values().map(|examples| &**examples));
        let all = all.map(|examples| (examples.digest, examples)).collect();
        Ok(split_checks::check(&all, experiments))
    }
}

/// The examples of a run of a network.
///
/// # Panics
/// If it is a run of a program.
pub(super) fn of_run<'d>(all: &BTreeMap<Digest, &'d Examples>, run: &Run) -> &'d Examples {
    let network = run.config.network().expect("only networks have examples");
    all[&network.data.dataset()]
}

/// The first file or the directory of a source.
fn place(source: &Source) -> PathBuf {
    match source {
        Source::Mnist => PathBuf::from("mnist"),
        Source::Directory(directory) => directory.clone(),
        Source::Files(files) => files.train.file.clone(),
    }
}

/// The examples at a source, or all that is wrong with them.
fn read(source: &Source) -> Result<Examples, Vec<String>> {
    match source {
        Source::Mnist => dataset::embedded().map_err(|error| vec![chain(&error)]),
        Source::Directory(directory) => read_directory(directory).map_err(|error| {
            let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
            vec![format!("names no dataset: {}{hint}", chain(&error))]
        }),
        Source::Files(source) => read_files(source),
    }
}

fn read_files(source: &FileSource) -> Result<Examples, Vec<String>> {
    let file = |path: &PathBuf| {
        let bytes = fs::read(path).map_err(|error| vec![chain(&error)])?;
        Ok::<_, Vec<String>>(File { name: path.display().to_string(), bytes })
    };
    let pair = |pair: &FilePair| {
        let target_file = pair.target_file.as_ref().map(file).transpose()?;
        Ok::<_, Vec<String>>(Files { file: file(&pair.file)?, target_file })
    };
    let files = source.pairs().into_iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let faults = |errors: Vec<DataError>| errors.iter().map(DataError::to_string).collect();
    dataset::read(source, &files).map_err(faults)
}

/// The directory of a dataset that is given relative to `root`. `~` is the home directory, also where no
/// shell has replaced it.
pub(super) fn path(root: &Path, directory: &Path) -> PathBuf {
    match (directory.strip_prefix("~"), provenance::home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => root.join(directory),
    }
}

/// The examples in a directory. Its files may have the names that archives, browsers and `gunzip` give
/// them.
fn read_directory(directory: &Path) -> Result<Examples, Error> {
    let all = fs::entries(directory).map_err(unreadable(directory))?;
    let files = STANDARD_FILES.map(|name| find(directory, &all, name));
    let [train_images, train_labels, test_images, test_labels] = files;
    let files = [train_images?, train_labels?, test_images?, test_labels?];
    let names = files.each_ref().map(|(name, _)| &name[..]);
    dataset::standard(names, files.each_ref().map(|(_, bytes)| &bytes[..]))
        .map_err(|source| Error::Dataset { directory: directory.to_owned(), source })
}

/// The error of a directory in which a file cannot be read.
fn unreadable(directory: &Path) -> impl FnOnce(fs::FileError) -> Error {
    move |source| Error::DatasetFile { directory: directory.to_owned(), source }
}

/// The name and the bytes of a standard file, among all entries of its directory. Some archives make a
/// folder of each file.
fn find(directory: &Path, all: &[PathBuf], standard: &str) -> Result<(String, Vec<u8>), Error> {
    let faulty = |reason: String| {
        let source = DataError::of(standard)(reason);
        Error::Dataset { directory: directory.to_owned(), source }
    };
    let paths = called(directory, all, standard)?;
    let name = |path: &Path| path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let mut found: Option<(String, Vec<u8>)> = None;
    for path in paths {
        let (name, bytes) = (name(&path), fs::read(&path).map_err(unreadable(directory))?);
        match &found {
            Some((other, old)) if !dataset::same_content(old, &bytes) => {
                let names = format!("`{other}` and `{name}`");
                return Err(faulty(format!("is there twice, and the content differs: {names}")));
            }
            Some(_) => {}
            None => found = Some((name, bytes)),
        }
    }
    found.ok_or_else(|| {
        let names = all.iter().take(MOST_NAMES).map(|path| format!("`{}`", name(path)));
        let names = names.collect::<Vec<_>>().join(", ");
        let found = match all.len() {
            0 => "no file".to_owned(),
            n if n > MOST_NAMES => format!("{names} and {} more", n - MOST_NAMES),
            _ => names,
        };
        faulty(format!("is missing: the folder has {found}"))
    })
}

/// The files with a standard name, among all entries of their directory.
fn called(directory: &Path, all: &[PathBuf], standard: &str) -> Result<Vec<PathBuf>, Error> {
    let mut paths = Vec::new();
    for path in all.iter().filter(|path| is_called(path, standard)) {
        if fs::is_directory(path) {
            let inside = fs::entries(path).map_err(unreadable(directory))?;
            paths.extend(inside.into_iter().filter(|path| is_called(path, standard)));
        } else {
            paths.push(path.clone());
        }
    }
    Ok(paths)
}

/// Whether a file has a standard name, in upper or lower case, with `-idx` or `.idx`, with or without
/// `.gz`.
fn is_called(path: &Path, standard: &str) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let name = name.to_ascii_lowercase();
    name.strip_suffix(".gz").unwrap_or(&name).replace(".idx", "-idx") == standard
}
