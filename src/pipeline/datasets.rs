//! The datasets of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Error;
use crate::dataset::{self, Dataset, DatasetError, IdxError, STANDARD_FILES};
use crate::digest::Digest;
use crate::document::Violation;
use crate::experiment::{DataSource, Experiment};
use crate::fs;
use crate::provenance;

/// How many names an error lists.
const MOST_NAMES: usize = 10;

/// The datasets of a project. The embedded dataset is unpacked only for training.
#[derive(Debug, Default)]
pub struct Datasets {
    uses_embedded: bool,
    embedded: OnceLock<Dataset>,
    directories: BTreeMap<PathBuf, Dataset>,
}

impl Datasets {
    /// Reads the directories that the experiments name.
    pub(super) fn load(experiments: &[Experiment]) -> Result<Self, Error> {
        let mut datasets = Self::default();
        let conditions = experiments.iter().flat_map(|experiment| &experiment.conditions);
        for condition in conditions {
            match &condition.design.data.source {
                DataSource::Embedded => datasets.uses_embedded = true,
                DataSource::Directory(name) if datasets.directories.contains_key(name) => {}
                DataSource::Directory(name) => {
                    datasets.directories.insert(name.clone(), read(name)?);
                }
            }
        }
        Ok(datasets)
    }

    /// Reads these datasets: those with a directory from there, and the others from the binary.
    ///
    /// # Errors
    /// If one cannot be read, or is another one.
    pub(super) fn of_plan(
        digests: impl IntoIterator<Item = Digest>,
        directories: &BTreeMap<Digest, PathBuf>,
    ) -> Result<Self, Error> {
        let mut datasets = Self::default();
        for digest in digests {
            match directories.get(&digest) {
                Some(directory) => {
                    let dataset = read(directory)?;
                    if dataset.digest != digest {
                        return Err(Error::Request {
                            message: format!(
                                "the data in `{}` have changed since the plan was made",
                                directory.display()
                            ),
                            hint: "submit again: a new plan uses the present data".to_owned(),
                        });
                    }
                    datasets.directories.insert(directory.clone(), dataset);
                }
                None if digest == dataset::embedded_digest() => datasets.uses_embedded = true,
                None => {
                    return Err(Error::Request {
                        message: format!(
                            "the plan does not say where the dataset {} is",
                            digest.short()
                        ),
                        hint: "submit again".to_owned(),
                    });
                }
            }
        }
        Ok(datasets)
    }

    /// The files that are read.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut files = Vec::new();
        for directory in self.directories.keys() {
            let all = fs::entries(directory).map_err(unreadable(directory))?;
            for standard in STANDARD_FILES {
                files.extend(called(directory, &all, standard)?);
            }
        }
        Ok(files)
    }

    /// The absolute directory of each dataset that is not in the binary.
    pub(super) fn places(&self) -> BTreeMap<Digest, PathBuf> {
        let places = self.directories.iter();
        places.map(|(directory, dataset)| (dataset.digest, fs::physical(directory))).collect()
    }

    /// Gives sources with the same content one name, so that conditions with the same data compare
    /// equal.
    pub(super) fn unify(&self, experiments: &mut [Experiment]) {
        let mut first: BTreeMap<Digest, DataSource> = BTreeMap::new();
        first.insert(dataset::embedded_digest(), DataSource::Embedded);
        let conditions = experiments.iter_mut().flat_map(|experiment| &mut experiment.conditions);
        for source in conditions.map(|condition| &mut condition.design.data.source) {
            let digest = self.digest(source);
            *source = first.entry(digest).or_insert_with(|| source.clone()).clone();
        }
    }

    /// The digest of the data in `source`.
    ///
    /// # Panics
    /// If it is a directory that no experiment names.
    pub(super) fn digest(&self, source: &DataSource) -> Digest {
        match source {
            DataSource::Embedded => dataset::embedded_digest(),
            DataSource::Directory(name) => self.directories[name].digest,
        }
    }

    /// Numbers of digits for training and for testing in `source`.
    pub(super) fn pools(&self, source: &DataSource) -> [usize; 2] {
        match source {
            DataSource::Embedded => dataset::EMBEDDED_POOLS,
            DataSource::Directory(name) => {
                let dataset = &self.directories[name];
                [dataset.train.len(), dataset.test.len()]
            }
        }
    }

    /// All datasets, by digest.
    pub(super) fn unpacked(&self) -> Result<BTreeMap<Digest, &Dataset>, Error> {
        if self.uses_embedded && self.embedded.get().is_none() {
            let embedded = dataset::embedded().map_err(Error::Embedded)?;
            self.embedded.get_or_init(|| embedded);
        }
        let all = self.embedded.get().into_iter().chain(self.directories.values());
        Ok(all.map(|dataset| (dataset.digest, dataset)).collect())
    }

    /// Refuses an experiment that asks for more pairs than its data have.
    pub(super) fn too_many_pairs(&self, experiment: &Experiment) -> Option<Violation> {
        let mut data = experiment.conditions.iter().map(|condition| &condition.design.data);
        let error = data.find_map(|data| {
            let pairs = [data.train_pairs.saturating_add(data.validation_pairs), data.test_pairs];
            dataset::check_pools(pairs, self.pools(&data.source)).err()
        })?;
        let keys = match error.split {
            "test" => "`test_pairs`",
            _ => "`train_pairs` or `validation_pairs`",
        };
        let message = format!("asks for too many pairs: {error}; lower {keys}");
        Some(Violation { location: experiment.data.clone(), key: "data".to_owned(), message })
    }
}

/// The directory of a dataset that is given relative to `root`. `~` is the home directory, also where no
/// shell has replaced it.
pub(super) fn path(root: &Path, directory: &Path) -> PathBuf {
    match (directory.strip_prefix("~"), provenance::home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => root.join(directory),
    }
}

/// The dataset in a directory. Its files may have the names that archives, browsers and `gunzip` give
/// them.
fn read(directory: &Path) -> Result<Dataset, Error> {
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
    let faulty = |reason| {
        let source = DatasetError::of(standard)(reason);
        Error::Dataset { directory: directory.to_owned(), source }
    };
    let paths = called(directory, all, standard)?;
    let name = |path: &Path| path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let mut found: Option<(String, Vec<u8>)> = None;
    for path in paths {
        let (name, bytes) = (name(&path), fs::read(&path).map_err(unreadable(directory))?);
        match &found {
            Some((other, old)) if !dataset::same_content(old, &bytes) => {
                return Err(faulty(IdxError::Ambiguous(format!("`{other}` and `{name}`"))));
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
        faulty(IdxError::Missing { found })
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
