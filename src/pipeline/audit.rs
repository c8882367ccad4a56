//! Whether the records are what they should be, and which of them nothing needs.

use std::collections::BTreeSet;

use super::{Error, Keep, Project};
use crate::cache::Cache;
use crate::dataset;
use crate::digest::Digest;
use crate::execute::{FailedRun, RunFailure};
use crate::fs;
use crate::parallel;
use crate::plan::{Plan, PlannedRun};
use crate::provenance;
use crate::run::DeviceKind;
use crate::train::Trainer;

/// What reading a record found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The name of its file.
    pub digest: Digest,
    /// How it is damaged, if it is.
    pub damage: Option<String>,
    /// Whether it has a checksum; those that older versions wrote have none.
    pub has_checksum: bool,
}

/// Reads every record that there is.
///
/// # Errors
/// If one cannot be read.
pub fn check_all(project: &Project) -> Result<Vec<Check>, Error> {
    let cache = Cache::new(&project.root);
    let digests = cache.digests().map_err(Error::File)?;
    let check = |digest: &Digest| {
        let digest = *digest;
        let found = cache.past(digest).map_err(Error::File)?;
        Ok(found.map(|found| match found {
            Ok(record) => Check { digest, damage: None, has_checksum: record.has_checksum },
            Err(damage) => Check { digest, damage: Some(damage), has_checksum: false },
        }))
    };
    // A record that was removed meanwhile is none.
    Ok(parallel::map(&digests, provenance::cores(), check)?.into_iter().flatten().collect())
}

/// Trains recorded runs once more; whether each gave the bits of its record, in their order. Nothing
/// is written.
///
/// # Errors
/// If one cannot be trained.
pub fn rerun(
    project: &Project,
    plan: &Plan,
    runs: &[&PlannedRun],
    trainer: &dyn Trainer,
    workers: usize,
    done: impl Fn(&PlannedRun, bool) + Sync,
) -> Result<Vec<bool>, Error> {
    let datasets = project.datasets.unpacked()?;
    let again = |run: &&PlannedRun| {
        let failed = |source| FailedRun { digest: run.digest, seed: run.config.seed, source };
        let dataset = datasets[&run.config.data.dataset];
        let split = dataset::draw(&run.config.data, dataset)
            .map_err(|error| failed(RunFailure::Draw(error)))?;
        let training =
            trainer.train(&run.config, &split).map_err(|error| failed(RunFailure::Train(error)))?;
        let record = plan.records.get(&run.digest);
        let is_same = record.is_some_and(|record| {
            record.result.outcome == training.outcome && record.result.curve == training.curve
        });
        done(run, is_same);
        Ok(is_same)
    };
    parallel::map(runs, workers, again).map_err(|failure: FailedRun| Error::Runs {
        failed: vec![failure],
        total: runs.len(),
        untried: 0,
    })
}

/// A record that neither the experiments as they are now nor a report that was built asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its name.
    pub digest: Digest,
    /// Size of its file.
    pub bytes: u64,
}

/// The records that nothing needs, in order.
///
/// # Errors
/// If the cache cannot be read.
pub fn unused(project: &Project) -> Result<Vec<Unused>, Error> {
    let cache = Cache::new(&project.root);
    let mut needed: BTreeSet<Digest> = cache.reported().map_err(Error::File)?;
    for device in [DeviceKind::Cpu, DeviceKind::Cuda] {
        needed.extend(super::plan(project, device, Keep::States)?.states.into_keys());
    }
    let digests = cache.digests().map_err(Error::File)?;
    let unused = digests.into_iter().filter(|digest| !needed.contains(digest));
    Ok(unused.map(|digest| Unused { digest, bytes: fs::size(&cache.path(digest)) }).collect())
}

/// Removes the record of a run.
///
/// # Errors
/// If it cannot be removed.
pub fn remove(project: &Project, digest: Digest) -> Result<(), Error> {
    Cache::new(&project.root).remove(digest).map_err(Error::File)
}
