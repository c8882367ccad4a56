//! Whether the records are what they should be, and which of them nothing needs.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Error, Project, SNAPSHOT};
use crate::cache::{Cache, Lookup};
use crate::dataset;
use crate::digest::Digest;
use crate::execute::{FailedRun, RunFailure};
use crate::experiment::{DataSource, Run};
use crate::fs;
use crate::plan::Plan;
use crate::run::{DeviceKind, RunResult};
use crate::train::{Trainer, Training};

/// What reading a record found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The name of its file.
    pub digest: Digest,
    /// What is wrong, if anything is.
    pub problem: Option<Problem>,
}

/// Why a record cannot be used. Each text is a phrase that follows the name of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// Its content is not that of a sound record.
    Damaged(String),
    /// The system does not let it be read; nothing is known of its content.
    Unreadable(String),
}

/// Reads every record that there is.
///
/// # Errors
/// If the records cannot be listed.
pub fn check_all(project: &Project) -> Result<Vec<Check>, Error> {
    let cache = Cache::new(&project.root);
    let digests = cache.digests().map_err(Error::File)?;
    let check = |digest: &Digest| {
        let problem = match cache.past(*digest) {
            Ok(Lookup::Hit(_)) => None,
            // A record that was removed meanwhile is none.
            Ok(Lookup::Miss) => return None,
            Ok(Lookup::Damaged(damage)) => Some(Problem::Damaged(damage)),
            Err(error) => Some(Problem::Unreadable(format!("cannot be read: {}", error.source))),
        };
        Some(Check { digest: *digest, problem })
    };
    Ok(digests.par_iter().filter_map(check).collect())
}

/// Trains recorded runs again. Returns for each, in order, whether the result is bit-identical to its
/// record. Writes nothing.
///
/// # Errors
/// If one cannot be trained.
pub fn rerun(
    project: &Project,
    plan: &Plan,
    runs: &[&Run],
    trainer: &dyn Trainer,
    workers: usize,
    done: impl Fn(&Run, bool) + Sync,
) -> Result<Vec<bool>, Error> {
    let datasets = project.datasets.unpacked()?;
    let again = |run: &&Run| {
        let failed = |source| FailedRun { digest: run.digest, seed: run.config.seed, source };
        let dataset = datasets[&run.config.data.dataset];
        let split = dataset::draw(&run.config.data, dataset)
            .map_err(|error| failed(RunFailure::Draw(error)))?;
        let training =
            trainer.train(&run.config, &split).map_err(|error| failed(RunFailure::Train(error)))?;
        let record = plan.records.get(&run.digest);
        let is_same = record.is_some_and(|record| {
            let Training { outcome, curves } = training;
            let again = RunResult { outcome, curves, ..record.result.clone() };
            record.result.bits() == again.bits()
        });
        done(run, is_same);
        Ok(is_same)
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    let pool = pool.map_err(|error| Error::Threads(error.to_string()))?;
    let answers: Vec<Result<bool, FailedRun>> =
        pool.install(|| runs.par_iter().map(again).collect());
    answers.into_iter().collect::<Result<_, _>>().map_err(|failure| Error::Runs {
        failed: vec![failure],
        total: runs.len(),
        untried: 0,
        ended_alike: false,
    })
}

/// A record that neither the present experiments nor a report needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its name.
    pub digest: Digest,
    /// Size of its file.
    pub bytes: u64,
}

/// What `cache gc` would remove.
#[derive(Debug, Default)]
pub struct Garbage {
    /// The sound records that nothing needs, in order. Damaged records are not
    /// removed.
    pub records: Vec<Unused>,
    /// The directories of reports that do not exist any more.
    pub reports: Vec<PathBuf>,
}

/// Finds the records that neither the experiments nor a report needs.
///
/// # Errors
/// If the cache cannot be read, or what a report shows is not known.
pub fn garbage(project: &Project) -> Result<Garbage, Error> {
    let cache = Cache::new(&project.root);
    let holds_report = |out: &Path| fs::is_file(&out.join(SNAPSHOT));
    let reports = match cache.reported(holds_report).map_err(Error::File)? {
        Ok(reports) => reports,
        Err(note) => {
            return Err(Error::Request {
                message: format!("`{}` does not say which runs a report shows", note.display()),
                hint: "remove it if that report is gone; else build the report again".to_owned(),
            });
        }
    };
    let mut needed = reports.runs;
    let conditions = project.conditions();
    let identity = |source: &DataSource| project.datasets.identity(source);
    for device in [DeviceKind::Cpu, DeviceKind::Cuda] {
        let digests = conditions.expand(device, identity, |run, _| run.digest);
        needed.extend(digests.map_err(Error::Canonical)?);
    }
    let mut digests = cache.digests().map_err(Error::File)?;
    digests.retain(|digest| !needed.contains(digest));
    let sound = |digest: &Digest| {
        cache.past(*digest).ok()?.hit()?;
        Some(Unused { digest: *digest, bytes: fs::size(&cache.path(*digest)) })
    };
    let records = digests.par_iter().filter_map(sound).collect();
    Ok(Garbage { records, reports: reports.vanished })
}

/// Removes records that nothing needs, and the notes about reports that are gone.
///
/// # Errors
/// If a file cannot be removed.
pub fn remove(project: &Project, garbage: &Garbage) -> Result<(), Error> {
    let cache = Cache::new(&project.root);
    for unused in &garbage.records {
        cache.remove(unused.digest).map_err(Error::File)?;
    }
    for out in &garbage.reports {
        cache.forget_report(out).map_err(Error::File)?;
    }
    Ok(())
}

/// Moves a damaged record out of the way; returns where it is now.
///
/// # Errors
/// If it cannot be moved.
pub fn quarantine(project: &Project, digest: Digest) -> Result<PathBuf, Error> {
    Cache::new(&project.root).quarantine(digest).map_err(Error::File)
}
