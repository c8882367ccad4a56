//! The datasets that a project's conditions draw from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Error;
use crate::dataset::{self, Dataset, STANDARD_FILES};
use crate::digest::Digest;
use crate::experiment::{DataSource, Experiment};
use crate::fs;
use crate::run::DatasetIdentity;

/// The datasets of a project. The embedded one is unpacked only when something is trained.
#[derive(Debug, Default)]
pub struct Datasets {
    embedded: OnceLock<Dataset>,
    directories: BTreeMap<String, Dataset>,
}

impl Datasets {
    /// Reads the directories that the experiments name.
    pub(super) fn load(experiments: &[Experiment]) -> Result<Self, Error> {
        let mut datasets = Self::default();
        let conditions = experiments.iter().flat_map(|experiment| &experiment.conditions);
        for condition in conditions {
            if let DataSource::Directory(name) = &condition.design.source
                && !datasets.directories.contains_key(name)
            {
                datasets.directories.insert(name.clone(), read(Path::new(name))?);
            }
        }
        Ok(datasets)
    }

    /// What `source` holds.
    ///
    /// # Panics
    /// If it is a directory that no experiment names.
    pub(super) fn identity(&self, source: &DataSource) -> DatasetIdentity {
        match source {
            DataSource::Embedded => dataset::embedded_identity(),
            DataSource::Directory(name) => self.directories[name].identity,
        }
    }

    /// Digits for training and for testing in `source`.
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
        if self.embedded.get().is_none() {
            let in_binary =
                |source| Error::Dataset { directory: PathBuf::from("embedded"), source };
            // Set at most once: nothing else holds a reference to this project yet.
            let _ = self.embedded.set(dataset::embedded().map_err(in_binary)?);
        }
        let all = self.embedded.get().into_iter().chain(self.directories.values());
        Ok(all.map(|dataset| (dataset.identity.digest, dataset)).collect())
    }
}

fn read(directory: &Path) -> Result<Dataset, Error> {
    let mut files = Vec::with_capacity(4);
    for name in STANDARD_FILES {
        let path = directory.join(name);
        let packed = directory.join(format!("{name}.gz"));
        let path = if !fs::is_file(&path) && fs::is_file(&packed) { packed } else { path };
        files.push(fs::read(&path).map_err(|error| Error::DatasetFile {
            directory: directory.to_owned(),
            source: error,
        })?);
    }
    let bytes = [&files[0][..], &files[1], &files[2], &files[3]];
    dataset::standard(STANDARD_FILES, bytes)
        .map_err(|source| Error::Dataset { directory: directory.to_owned(), source })
}
