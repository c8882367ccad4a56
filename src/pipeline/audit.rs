//! Checks the records, trains runs again, and finds the records that are not needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::programs::Programs;
use super::{Error, Project, SNAPSHOT};
use crate::cache::{Cache, Lookup, PastRecord};
use crate::dataset;
use crate::digest::{Digest, canonical_json};
use crate::execute::{FailedRun, RunFailure, RunProgram as _};
use crate::experiment::{Agreement, Limits, Run};
use crate::format::chain;
use crate::fs;
use crate::program::{Digests, Written};
use crate::run::{DeviceKind, RunConfig, RunRecord, RunResult};
use crate::task;
use crate::train::{Trainer, Training, train_all};

/// The result of reading a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The digest in the name of the file.
    pub digest: Digest,
    /// Why the record cannot be used, if it cannot.
    pub problem: Option<Problem>,
}

/// Why a record cannot be used. Each text is a phrase that follows the name of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// The content is damaged.
    Damaged(String),
    /// The file cannot be read, so its content is not known.
    Unreadable(String),
    /// The record is sound, but an artefact is missing or damaged.
    Artifact(String),
}

/// Reads every record.
///
/// # Errors
/// If the records cannot be listed.
pub fn check_all(project: &Project) -> Result<Vec<Check>, Error> {
    let cache = Cache::new(&project.root);
    let digests = cache.digests().map_err(Error::File)?;
    let check = |digest: &Digest| {
        let problem = match cache.past(*digest) {
            Ok(Lookup::Hit(past)) => {
                let artifacts = past.result.artifacts.clone();
                let damage = contradiction(past).map(Problem::Damaged);
                damage.or_else(|| faulty_artifact(&cache, &artifacts).map(Problem::Artifact))
            }
            // The record was removed in the meantime.
            Ok(Lookup::Miss) => return None,
            Ok(Lookup::Damaged(damage)) => Some(Problem::Damaged(damage)),
            Err(error) => Some(Problem::Unreadable(format!("cannot be read: {}", error.source))),
        };
        Some(Check { digest: *digest, problem })
    };
    Ok(digests.par_iter().filter_map(check).collect())
}

/// What is wrong with the first artefact that is not as its record says, as a phrase that follows the record.
fn faulty_artifact(cache: &Cache, artifacts: &BTreeMap<String, Digest>) -> Option<String> {
    artifacts.iter().find_map(|(name, digest)| {
        let file = cache.artifact(*digest);
        if !fs::is_file(&file) {
            return Some(format!(
                "is without its artefact `{name}`: there is no `{}`",
                file.display()
            ));
        }
        match Digests::default().of(&file) {
            Ok(found) if found == *digest => None,
            Ok(_) => Some(format!("has a damaged artefact `{name}`: `{}`", file.display())),
            Err(error) => {
                Some(format!("has an artefact `{name}` that cannot be read: {}", chain(&error)))
            }
        }
    })
}

/// Why a record cannot be one of its configuration, if this version can run that.
pub(super) fn contradiction(past: PastRecord) -> Option<String> {
    let config = serde_json::from_value::<RunConfig>(past.config).ok()?;
    task::check(&past.result, &config).err()
}

/// The record of a run. `None` if there is none.
///
/// # Errors
/// If the record exists but is damaged or cannot be read.
pub fn record(project: &Project, run: &Run) -> Result<Option<RunRecord>, Error> {
    let cache = Cache::new(&project.root);
    let canonical = canonical_json(&*run.config).map_err(Error::Canonical)?;
    match cache.lookup(run.digest, &canonical, &run.config).map_err(Error::Unreadable)? {
        Lookup::Hit(record) => Ok(Some(*record)),
        Lookup::Miss => Ok(None),
        Lookup::Damaged(damage) => Err(Error::Request {
            message: format!("`{}` {damage}", cache.path(run.digest).display()),
            hint: "move this file elsewhere; then `report build` trains its run again".to_owned(),
        }),
    }
}

/// The numbers of a second execution beside those of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Rerun {
    /// How they compare.
    pub agreement: Agreement,
    /// The names of artefacts that have other bytes.
    pub artifacts: Vec<String>,
}

/// Computes recorded runs again. Returns for each run, in order, how the result compares with its record. Writes no
/// record.
///
/// # Errors
/// If a run cannot be trained.
pub fn rerun(
    project: &Project,
    runs: &[&Run],
    trainer: &dyn Trainer,
    workers: usize,
    done: impl Fn(&Run, &Rerun) + Sync,
) -> Result<Vec<Rerun>, Error> {
    let datasets = project.datasets.unpacked()?;
    let conditions = project.conditions();
    let again = |run: &&Run| {
        let failed = |source| Error::Runs {
            failed: vec![FailedRun { digest: run.digest, seed: run.config.seed(), source }],
            total: runs.len(),
            untried: 0,
            ended_alike: false,
        };
        let record = record(project, run)?;
        let rerun = match (&*run.config, record) {
            (_, None) => Rerun::of_network(false),
            (RunConfig::Network(config), Some(record)) => {
                let examples = datasets[&config.data.dataset()];
                let splits = dataset::draw(&config.data, examples)
                    .map_err(|error| failed(RunFailure::Draw(error)))?;
                let training = train_all(trainer, config, &splits)
                    .map_err(|error| failed(RunFailure::Train(error)))?;
                let Training { outcome, curves, confusion } = training;
                let again = RunResult { outcome, curves, confusion, ..record.result.clone() };
                Rerun::of_network(record.result.content() == again.content())
            }
            (RunConfig::Program(config), Some(record)) => {
                let written = Programs::of_project(project, false).run(run, config, None);
                let written = written.map_err(|error| failed(RunFailure::Program(error)))?;
                let program = conditions.design(run.condition).program();
                let program = program.expect("a run of a program has its design");
                let RunResult { outcome, curves, artifacts, .. } = record.result;
                let before = Written { outcome, curves, artifacts, warnings: Vec::new() };
                Rerun::of_program(&written, &before, &program.program.limits)
            }
        };
        done(run, &rerun);
        Ok(rerun)
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    let pool = pool.map_err(|error| Error::Threads(error.to_string()))?;
    let answers: Vec<_> = pool.install(|| runs.par_iter().map(again).collect());
    answers.into_iter().collect()
}

impl Rerun {
    fn of_network(is_same: bool) -> Self {
        let agreement = match is_same {
            true => Agreement::Identical,
            false => Agreement::Other("some bits differ".to_owned()),
        };
        Self { agreement, artifacts: Vec::new() }
    }

    /// Compares what a program wrote with what it wrote before.
    pub(super) fn of_program(again: &Written, old: &Written, limits: &Limits) -> Self {
        let agreement = match (again.outcome, old.outcome) {
            (one, other) if one == other => Agreement::of(&again.curves, &old.curves, limits),
            _ => Agreement::Other("a number was not finite at another place".to_owned()),
        };
        let differs = |(name, digest): (&String, &Digest)| {
            (old.artifacts.get(name) != Some(digest)).then(|| name.clone())
        };
        Self { agreement, artifacts: again.artifacts.iter().filter_map(differs).collect() }
    }
}

/// A record, or the models of a run, that neither the current experiments nor a report needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its digest.
    pub digest: Digest,
    /// Size of its files.
    pub bytes: u64,
}

/// What `cache gc` would remove.
#[derive(Debug, Default)]
pub struct Garbage {
    /// The sound records that are not needed, in order. Damaged records are not removed.
    pub records: Vec<Unused>,
    /// The runs that are not needed and have models, in order.
    pub models: Vec<Unused>,
    /// Files of programs that belong to no record and no run: inputs, artefacts and logs.
    pub files: Vec<PathBuf>,
    /// The directories of reports that do not exist any more. Their records are not kept.
    pub reports: Vec<PathBuf>,
}

impl Garbage {
    /// Size of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let files: u64 = self.files.iter().map(|path| fs::size(path)).sum();
        self.records.iter().chain(&self.models).map(|one| one.bytes).sum::<u64>() + files
    }
}

/// Finds the records and models that neither the experiments nor a report needs.
///
/// # Errors
/// If the cache or a note about a report cannot be read.
pub fn garbage(project: &Project) -> Result<Garbage, Error> {
    let cache = Cache::new(&project.root);
    let holds_report = |out: &Path| fs::is_file(&out.join(SNAPSHOT));
    let reports = match cache.reported(holds_report).map_err(Error::File)? {
        Ok(reports) => reports,
        Err(note) => {
            return Err(Error::Request {
                message: format!(
                    "`{}` is not a valid list of the runs of a report",
                    note.display()
                ),
                hint: "if this report is gone, remove the file; else build the report again"
                    .to_owned(),
            });
        }
    };
    let mut needed = reports.runs;
    let conditions = project.conditions();
    let mut inputs = BTreeSet::new();
    for device in [DeviceKind::Cpu, DeviceKind::Cuda] {
        let runs = conditions.expand(device, |run, _| (run.digest, run.config));
        for (digest, config) in runs.map_err(Error::Canonical)? {
            needed.insert(digest);
            if let RunConfig::Program(config) = &*config {
                inputs.extend(config.program.inputs.values().copied());
            }
        }
    }
    let mut digests = cache.digests().map_err(Error::File)?;
    let files = files_of_programs(&cache, &digests, &needed, inputs)?;
    digests.retain(|digest| !needed.contains(digest));
    let sound = |digest: &Digest| {
        cache.past(*digest).ok()?.hit()?;
        Some(Unused { digest: *digest, bytes: fs::size(&cache.path(*digest)) })
    };
    let records = digests.par_iter().filter_map(sound).collect();
    let mut models = cache.models().all().map_err(Error::File)?;
    models.retain(|digest, _| !needed.contains(digest));
    let unused = |(digest, paths): (Digest, Vec<PathBuf>)| Unused {
        digest,
        bytes: paths.iter().map(|path| fs::size(path)).sum(),
    };
    let models = models.into_iter().map(unused).collect();
    Ok(Garbage { records, models, files, reports: reports.vanished })
}

/// The inputs, artefacts and logs that belong to no needed run and to no needed record.
fn files_of_programs(
    cache: &Cache,
    records: &[Digest],
    needed: &BTreeSet<Digest>,
    mut inputs: BTreeSet<Digest>,
) -> Result<Vec<PathBuf>, Error> {
    let parts = [cache.inputs(), cache.artifacts(), cache.logs()];
    let [kept_inputs, kept_artifacts, logs] = parts.map(|part| {
        let names = fs::names(&part).map_err(Error::File)?;
        let file = |name: String| {
            let stem = name.split('.').next().unwrap_or_default().to_owned();
            Some((Digest::try_from(stem).ok()?, part.join(name)))
        };
        Ok::<BTreeMap<_, _>, Error>(names.into_iter().filter_map(file).collect())
    });
    let (kept_inputs, kept_artifacts, logs) = (kept_inputs?, kept_artifacts?, logs?);
    if kept_inputs.is_empty() && kept_artifacts.is_empty() && logs.is_empty() {
        return Ok(Vec::new());
    }
    let mut artifacts = BTreeSet::new();
    let kept = records.par_iter().filter(|digest| needed.contains(digest));
    let kept = kept.filter_map(|digest| cache.past(*digest).ok()?.hit());
    for PastRecord { config, result, .. } in kept.collect::<Vec<_>>() {
        artifacts.extend(result.artifacts.into_values());
        if let Ok(RunConfig::Program(config)) = serde_json::from_value(config) {
            inputs.extend(config.program.inputs.values().copied());
        }
    }
    let unused = |all: BTreeMap<Digest, PathBuf>, needed: &BTreeSet<Digest>| {
        all.into_iter()
            .filter(|(digest, _)| !needed.contains(digest))
            .map(|(_, path)| path)
            .collect()
    };
    // The tasks of a plan may still need inputs that no experiment names any more.
    let has_plans = !cache.plans().map_err(Error::File)?.is_empty();
    let unused: [Vec<PathBuf>; 3] = [
        if has_plans { Vec::new() } else { unused(kept_inputs, &inputs) },
        unused(kept_artifacts, &artifacts),
        unused(logs, needed),
    ];
    Ok(unused.concat())
}

/// Removes records and models that are not needed, and the notes about reports that do not exist any more.
///
/// # Errors
/// If a file cannot be removed.
pub fn remove(project: &Project, garbage: &Garbage) -> Result<(), Error> {
    let cache = Cache::new(&project.root);
    for unused in &garbage.records {
        cache.remove(unused.digest).map_err(Error::File)?;
    }
    for unused in &garbage.models {
        cache.models().remove(unused.digest).map_err(Error::File)?;
    }
    for file in &garbage.files {
        fs::remove(file).map_err(Error::File)?;
    }
    for out in &garbage.reports {
        cache.forget_report(out).map_err(Error::File)?;
    }
    Ok(())
}

/// Moves a damaged record to the quarantine. Returns its new path.
///
/// # Errors
/// If it cannot be moved.
pub fn quarantine(project: &Project, digest: Digest) -> Result<PathBuf, Error> {
    Cache::new(&project.root).quarantine(digest).map_err(Error::File)
}
