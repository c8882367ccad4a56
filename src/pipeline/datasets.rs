//! The datasets of a project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Error;
use crate::dataset::{self, Dataset, STANDARD_FILES};
use crate::digest::Digest;
use crate::experiment::{DataSource, Experiment};
use crate::fs;
use crate::run::DatasetIdentity;

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

    /// Gives sources with the same content one name, so that conditions with the same data compare
    /// equal.
    pub(super) fn unify(&self, experiments: &mut [Experiment]) {
        let mut first: BTreeMap<Digest, DataSource> = BTreeMap::new();
        first.insert(dataset::embedded_identity().digest, DataSource::Embedded);
        let conditions = experiments.iter_mut().flat_map(|experiment| &mut experiment.conditions);
        for source in conditions.map(|condition| &mut condition.design.data.source) {
            let digest = self.identity(source).digest;
            *source = first.entry(digest).or_insert_with(|| source.clone()).clone();
        }
    }

    /// The identity of the data in `source`.
    ///
    /// # Panics
    /// If it is a directory that no experiment names.
    pub(super) fn identity(&self, source: &DataSource) -> DatasetIdentity {
        match source {
            DataSource::Embedded => dataset::embedded_identity(),
            DataSource::Directory(name) => self.directories[name].identity,
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
        Ok(all.map(|dataset| (dataset.identity.digest, dataset)).collect())
    }
}

fn read(directory: &Path) -> Result<Dataset, Error> {
    let (mut names, mut files) = (Vec::with_capacity(4), Vec::with_capacity(4));
    for name in STANDARD_FILES {
        let packed = format!("{name}.gz");
        let is_packed =
            !fs::is_file(&directory.join(name)) && fs::is_file(&directory.join(&packed));
        let name = if is_packed { packed } else { name.to_owned() };
        files.push(fs::read(&directory.join(&name)).map_err(|error| Error::DatasetFile {
            directory: directory.to_owned(),
            source: error,
        })?);
        names.push(name);
    }
    let names = [&names[0][..], &names[1], &names[2], &names[3]];
    let bytes = [&files[0][..], &files[1], &files[2], &files[3]];
    dataset::standard(names, bytes)
        .map_err(|source| Error::Dataset { directory: directory.to_owned(), source })
}
