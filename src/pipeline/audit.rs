//! Whether the records are what they should be, and which of them nothing needs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Error, Project};
use crate::cache::Cache;
use crate::dataset;
use crate::digest::Digest;
use crate::execute::{FailedRun, RunFailure};
use crate::fs;
use crate::parallel;
use crate::plan::{Plan, PlannedRun};
use crate::provenance;
use crate::run::{DeviceKind, RunResult};
use crate::train::{Trainer, Training};

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
        Ok::<_, Error>(cache.past(digest).map(|found| match found {
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
            let Training { outcome, curve } = training;
            let again = RunResult { outcome, curve, ..record.result.clone() };
            record.result.bits() == again.bits()
        });
        done(run, is_same);
        Ok(is_same)
    };
    parallel::map(runs, workers, again).map_err(|failure: FailedRun| Error::Runs {
        failed: vec![failure],
        total: runs.len(),
        untried: 0,
        ended_alike: false,
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

/// The sound records that nothing needs, in order. What is damaged is left for whoever looks into it.
///
/// # Errors
/// If the cache cannot be read, or what a report shows is not known.
pub fn unused(project: &Project) -> Result<Vec<Unused>, Error> {
    let cache = Cache::new(&project.root);
    let mut needed: BTreeSet<Digest> = match cache.reported().map_err(Error::File)? {
        Ok(reported) => reported,
        Err(note) => {
            return Err(Error::Request {
                message: format!("`{}` does not say which runs a report shows", note.display()),
                hint: "remove it if that report is gone; else build the report again".to_owned(),
            });
        }
    };
    for device in [DeviceKind::Cpu, DeviceKind::Cuda] {
        needed.extend(super::each_run(project, device, |run, _| run.digest)?);
    }
    let mut digests = cache.digests().map_err(Error::File)?;
    digests.retain(|digest| !needed.contains(digest));
    let sound = |digest: &Digest| {
        let is_sound = matches!(cache.past(*digest), Some(Ok(_)));
        let bytes = fs::size(&cache.path(*digest));
        Ok::<_, Error>(is_sound.then_some(Unused { digest: *digest, bytes }))
    };
    Ok(parallel::map(&digests, provenance::cores(), sound)?.into_iter().flatten().collect())
}

/// Moves a damaged record out of the way; returns where it is now.
///
/// # Errors
/// If it cannot be moved.
pub fn quarantine(project: &Project, digest: Digest) -> Result<PathBuf, Error> {
    Cache::new(&project.root).quarantine(digest).map_err(Error::File)
}

/// Removes the record of a run.
///
/// # Errors
/// If it cannot be removed.
pub fn remove(project: &Project, digest: Digest) -> Result<(), Error> {
    Cache::new(&project.root).remove(digest).map_err(Error::File)
}
