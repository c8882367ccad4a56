//! The steps of a build: load → expand → plan → train missing runs → summarise → render → write. `findings` separates what
//! depends on records from the prose, so that other prose needs no second summary.

mod accept;
mod artifacts;
mod audit;
pub mod bundle;
mod create;
mod data_summaries;
mod datasets;
mod default_paper;
mod directory;
mod drawing;
mod early_page;
mod error;
mod findings;
mod images;
mod inputs;
pub mod jobs;
mod load;
mod merge;
mod models;
mod overrides;
mod paper_file;
mod pdf;
mod program_files;
mod programs;
mod report;
mod served;
mod split_checks;
mod sharing;
mod snapshot;
mod trial;
mod trust;
mod whole;
mod worker;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cache::{Cache, Lookup, PastRecord};
use crate::digest::{Digest, canonical_json};
use crate::execute::{Execution, Executor};
use crate::experiment::Run;
use crate::fs::FileError;
use crate::plan::{Cause, Fresh, PastRun, Plan};
use crate::run::{DeviceKind, RecordExtract, RunProvenance, Source, Wanted};

pub use accept::{Answer, accept, unaccept};
pub use artifacts::{Artifact, artifacts};
pub use audit::{
    Check, Garbage, Problem, Rerun, Unused, check_all, garbage, quarantine, record, remove, rerun,
};
pub use create::{Part, add_part, eject, old_schemas, sketch, start, write_new, write_schemas};
pub use data_summaries::{DataSummary, data_summaries};
pub use directory::{check_directory, check_writable, foreign_files};
pub use early_page::remove_early_page;
pub use error::{Error, Invalid};
pub use findings::{Findings, context, findings, render, snapshot};
pub use inputs::{KnownLines, count_changed_lines};
pub use load::{Project, load};
pub use merge::{Merged, merge};
pub use models::{Predictions, count_models, predict, without_models};
pub use overrides::Overrides;
pub use paper_file::PaperFile;
pub use pdf::{Browser, PDF, check_pdf, has_printed_pdf};
pub use programs::Programs;
pub use report::Report;
pub use sharing::{Pulled, pull, push, sharable, store_address};
pub use snapshot::{SNAPSHOT, snapshot_in};
pub use trial::{Trial, Verdict, try_program};
pub use trust::{is_foreign, trust};
pub use whole::WHOLE;
pub use worker::{Order, StateReport, Worker};

/// What a plan keeps in memory for each run that has a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// What a report needs of the record.
    Extracts,
    /// Only the state.
    States,
}

/// The plan of a project on a kind of device: every run, whether it has a record, and why not.
/// Changes nothing. Reads the records of other runs only if a run has no record.
///
/// # Errors
/// If the cache cannot be read.
pub fn plan(project: &Project, device: DeviceKind, keep: Keep) -> Result<Plan, Error> {
    let cache = Cache::new(&project.root);
    let failed: BTreeSet<_> = cache.failed().map_err(Error::File)?.into_iter().collect();
    let quarantined: BTreeSet<_> = cache.quarantined().map_err(Error::File)?.into_iter().collect();
    let cause = |digest: Digest| {
        let failure = failed.contains(&digest).then(|| cache.failure(digest)).flatten();
        match failure {
            Some(failure) => Cause::Failed(failure),
            None if quarantined.contains(&digest) => Cause::Quarantined,
            None => Cause::Missing,
        }
    };
    let conditions = project.conditions();
    let wanted = project.file.wanted(&project.experiments);
    let looked_up = conditions.expand(device, |run, canonical| {
        let (found, record) = match look_up(&cache, &run, canonical, keep, &wanted)? {
            Lookup::Hit((fresh, record)) => (Ok(fresh), record),
            Lookup::Miss => (Err(cause(run.digest)), None),
            Lookup::Damaged(damage) => (Err(Cause::Damaged(damage)), None),
        };
        Ok((run, found, record))
    });
    let looked_up = looked_up.map_err(Error::Canonical)?;
    let (mut found, mut records) = (Vec::with_capacity(looked_up.len()), Vec::new());
    let mut sources: BTreeSet<Arc<Source>> = BTreeSet::new();
    for looked_up in looked_up {
        let (run, result, record) = looked_up.map_err(Error::Unreadable)?;
        if let Some(mut record) = record {
            match sources.get(&record.source) {
                Some(known) => record.source = Arc::clone(known),
                None => drop(sources.insert(Arc::clone(&record.source))),
            }
            records.push((run.digest, record));
        }
        found.push((run, result));
    }
    let history = match found.iter().all(|(_, found)| found.is_ok()) {
        true => Vec::new(),
        false => {
            let found = found.iter();
            past_runs(project, found.map(|(run, found)| (run, found.as_ref().ok())))?
        }
    };
    let mut plan = Plan::new(&conditions, found, &history);
    inputs::count_lines(project, &mut plan);
    // Collecting all entries at once is several times faster than inserting them.
    Ok(Plan { records: records.into_iter().collect(), ..plan })
}

/// The state of a run that has a record, and what is kept of the record.
type Found = (Fresh, Option<RecordExtract>);

/// Looks up the record of a run. With `Keep::Extracts`, also returns the extract of the record.
fn look_up(
    cache: &Cache,
    run: &Run,
    canonical: &str,
    keep: Keep,
    wanted: &Wanted,
) -> Result<Lookup<Found>, FileError> {
    Ok(match keep {
        Keep::Extracts => cache
            .lookup_extract(run.digest, canonical, &run.config, wanted)?
            .map(|record| (Fresh::of(&record), Some(record))),
        Keep::States => cache.lookup_state(run.digest, canonical)?.map(|fresh| (fresh, None)),
    })
}

/// All sound records that can be read: the records of the plan, with their current conditions, and
/// the records of other runs.
///
/// # Errors
/// If the cache cannot be read.
pub fn history(project: &Project, plan: &Plan) -> Result<Vec<PastRun>, Error> {
    past_runs(project, plan.runs.iter().map(|run| (run, plan.state(run).fresh())))
}

/// [`history`] of `runs`, each with the state of its record if it has one.
fn past_runs<'r>(
    project: &Project,
    runs: impl Iterator<Item = (&'r Run, Option<&'r Fresh>)>,
) -> Result<Vec<PastRun>, Error> {
    let conditions = project.conditions();
    let mut past = Vec::new();
    let mut asked = BTreeSet::new();
    for (run, fresh) in runs {
        if asked.insert(run.digest)
            && let Some(Fresh { accepted, started_at, seconds }) = fresh.copied()
        {
            past.push(PastRun {
                digest: run.digest,
                config: canonical_json(&*run.config).map_err(Error::Canonical)?,
                seed: run.config.seed(),
                condition: conditions.names(run.condition),
                accepted,
                started_at,
                seconds,
            });
        }
    }
    let cache = Cache::new(&project.root);
    let mut others = cache.digests().map_err(Error::File)?;
    others.retain(|digest| !asked.contains(digest));
    let read = |digest: &Digest| {
        let PastRecord { digest, config, seed, result } = cache.past(*digest).ok()?.hit()?;
        let (config, accepted) = (config.to_string(), result.accepted.is_some());
        let RunProvenance { condition, started_at, seconds, .. } = result.provenance;
        Some(PastRun { digest, config, seed, condition, accepted, started_at, seconds })
    };
    past.par_extend(others.par_iter().filter_map(read));
    Ok(past)
}

/// Notes that the report in `out` will show the runs of `plan`, so that `cache gc` keeps their
/// records during the build.
///
/// # Errors
/// If the note cannot be written.
pub fn reserve(project: &Project, plan: &Plan, out: &Path) -> Result<(), Error> {
    let cache = Cache::new(&project.root);
    // The old report stays until the new one is written, so its runs are needed too.
    let mut runs = cache.reported_in(out);
    runs.extend(plan.states.keys());
    cache.store_reported(out, false, &runs.into_iter().collect::<Vec<_>>()).map_err(Error::File)
}

/// Trains these runs of `plan` and adds their records to the plan.
///
/// # Errors
/// If runs fail. The other runs are recorded and added to the plan.
pub fn train(
    project: &Project,
    plan: &mut Plan,
    digests: &BTreeSet<Digest>,
    executor: &Executor<'_>,
) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let runs: Vec<_> = plan
        .runs
        .iter()
        .filter(|run| digests.contains(&run.digest) && seen.insert(run.digest))
        .collect();
    if runs.is_empty() {
        return Ok(());
    }
    inputs::keep(project, runs.iter().copied(), inputs::KeptInputs::Texts)?;
    let datasets = project.datasets.unpacked()?;
    let total = runs.len();
    let conditions = project.conditions();
    let dataset_of = |run: &Run| datasets::of_run(&datasets, run);
    let condition_of = |run: &Run| conditions.names(run.condition);
    executor.cache.sweep();
    let Execution { records, failed, ended_alike, .. } =
        executor.execute(&runs, dataset_of, condition_of);
    let n_recorded = records.len();
    let wanted = project.file.wanted(&project.experiments);
    for record in records {
        plan.add(record.digest, RecordExtract::of(record, &wanted));
    }
    for failure in &failed {
        if let Some(failure) = executor.cache.failure(failure.digest) {
            plan.add_failure(failure);
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Error::of_runs(failed, total, n_recorded, ended_alike)),
    }
}
