//! The story of a build: load → expand → plan → train what is missing → summarise → render →
//! write.

mod accept;
mod audit;
mod datasets;
mod drawing;
mod error;
mod load;
mod report;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::cache::{Cache, Claims, Glance, Lookup};
use crate::digest::{Digest, canonical_json};
use crate::execute::{Execution, Executor, Observer, OnFailure};
use crate::experiment::DataSeed;
use crate::parallel;
use crate::plan::{self, Explanation, Known, Plan, PlannedRun, State};
use crate::provenance;
use crate::run::{CanonicalConfig, DeviceKind, RunConfig, RunRecord};
use crate::train::Trainer;

pub use accept::{Answer, accept, unaccept};
pub use audit::{Check, Unused, check_all, quarantine, remove, rerun, unused};
pub use error::{Error, runs};
pub use load::{Overrides, Project, load};
pub use report::{Report, SNAPSHOT, check_writable, context, render, snapshot, snapshot_in};

/// What a plan keeps in memory of the runs that have a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The records, to render a report of them.
    Records,
    /// That they are there.
    States,
}

/// What `see` makes of every run of the project on a kind of device and of its canonical JSON: in
/// order of experiment, condition and seed.
///
/// # Errors
/// If a configuration has no canonical form.
fn each_run<T: Send>(
    project: &Project,
    device: DeviceKind,
    see: impl Fn(PlannedRun, &str) -> T + Sync,
) -> Result<Vec<T>, Error> {
    let conditions = project.experiments.iter().enumerate().flat_map(|(index, experiment)| {
        (0..experiment.conditions.len()).map(move |condition| (index, condition))
    });
    let conditions: Vec<_> = conditions.collect();
    let of_condition = |(experiment, condition): &(usize, usize)| {
        let (experiment, condition) = (*experiment, *condition);
        let asked = &project.experiments[experiment];
        let dataset = project.datasets.identity(&asked.conditions[condition].design.source);
        let draws_anew = asked.conditions[condition].design.data_seed == DataSeed::Run;
        let mut shared: Option<CanonicalConfig> = None;
        let one = |config: RunConfig| {
            let parts = match shared.take().filter(|_| !draws_anew) {
                Some(parts) => parts,
                None => CanonicalConfig::new(&config).map_err(Error::Canonical)?,
            };
            let canonical = shared.insert(parts).with_seed(config.seed);
            let digest = Digest::of_bytes(canonical.as_bytes());
            let config = Arc::new(config);
            Ok(see(PlannedRun { experiment, condition, config, digest }, &canonical))
        };
        asked.configs(condition, device, dataset).map(one).collect::<Result<Vec<_>, Error>>()
    };
    let found = parallel::map(&conditions, provenance::cores(), of_condition)?;
    Ok(found.into_iter().flatten().collect())
}

/// Looks up every run of the project on a kind of device. Nothing is changed by it.
///
/// # Errors
/// If the cache cannot be read.
pub fn plan(project: &Project, device: DeviceKind, keep: Keep) -> Result<Plan, Error> {
    let cache = Cache::new(&project.root);
    let failed: BTreeSet<_> = cache.failed().map_err(Error::File)?.into_iter().collect();
    let quarantined: BTreeSet<_> = cache.quarantined().map_err(Error::File)?.into_iter().collect();
    let missing = |digest: Digest| {
        let failure = failed.contains(&digest).then(|| cache.failure(digest)).flatten();
        match failure {
            Some(failure) => State::Failed(failure),
            None if quarantined.contains(&digest) => State::Quarantined,
            None => State::Missing,
        }
    };
    let found = each_run(project, device, |run, canonical| {
        let (state, record) = look_up_one(&cache, run.digest, canonical, &run.config, keep);
        (run, state, record)
    })?;
    let mut runs = Vec::with_capacity(found.len());
    let (mut states, mut records) = (Vec::with_capacity(found.len()), Vec::new());
    for (run, state, record) in found {
        let digest = run.digest;
        states.push((digest, state.unwrap_or_else(|| missing(digest))));
        records.extend(record.map(|record| (digest, *record)));
        runs.push(run);
    }
    // Maps that are made of all their entries at once are made several times faster.
    Ok(Plan { runs, states: states.into_iter().collect(), records: records.into_iter().collect() })
}

/// The state of a run that has a record, and the record if it is to be kept.
fn look_up_one(
    cache: &Cache,
    digest: Digest,
    canonical: &str,
    config: &Arc<RunConfig>,
    keep: Keep,
) -> (Option<State>, Option<Box<RunRecord>>) {
    match keep {
        Keep::Records => match cache.lookup(digest, canonical, config) {
            Lookup::Hit(record) => (Some(State::of(&record.result)), Some(record)),
            Lookup::Miss => (None, None),
            Lookup::Damaged(damage) => (Some(State::Damaged(damage)), None),
        },
        Keep::States => match cache.glance(digest, canonical, config) {
            Lookup::Hit(Glance { accepted, provenance }) => {
                (Some(State::fresh(accepted, &provenance)), None)
            }
            Lookup::Miss => (None, None),
            Lookup::Damaged(damage) => (Some(State::Damaged(damage)), None),
        },
    }
}

/// Why each of `runs` of the plan has to be trained, in their order, compared with all records that
/// there are.
///
/// # Errors
/// If the cache cannot be read.
pub fn explain(
    project: &Project,
    plan: &Plan,
    runs: &[&PlannedRun],
) -> Result<Vec<Explanation>, Error> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let known = history(project, plan)?;
    Ok(plan::explain(&project.experiments, plan, runs, &known))
}

/// All sound records that there are: those of the plan, as the experiments call them now, and those
/// that nothing asks for any more.
///
/// # Errors
/// If the cache cannot be read.
pub fn history(project: &Project, plan: &Plan) -> Result<Vec<Known>, Error> {
    let cache = Cache::new(&project.root);
    let mut known = Vec::new();
    let mut seen = BTreeSet::new();
    for run in &plan.runs {
        if let State::Fresh { accepted, started_at, seconds } = *plan.state(run)
            && seen.insert(run.digest)
        {
            known.push(Known {
                seed: Some(run.config.seed),
                accepted,
                digest: run.digest,
                config: canonical_json(&*run.config).map_err(Error::Canonical)?,
                condition: Some(plan::condition_of(&project.experiments, run)),
                started_at,
                seconds,
            });
        }
    }
    let mut others = cache.digests().map_err(Error::File)?;
    others.retain(|digest| !plan.states.contains_key(digest));
    let read = |digest: &Digest| {
        let record = cache.past(*digest).and_then(Result::ok);
        Ok::<_, Error>(record.map(|record| Known {
            digest: record.digest,
            seed: record.seed(),
            accepted: record.result.accepted.is_some(),
            config: record.config.to_string(),
            started_at: record.result.provenance.started_at,
            seconds: record.result.provenance.seconds,
            condition: record.result.provenance.condition,
        }))
    };
    known.extend(parallel::map(&others, provenance::cores(), read)?.into_iter().flatten());
    Ok(known)
}

/// How runs are trained.
pub struct Training<'t> {
    /// Trains them.
    pub trainer: &'t dyn Trainer,
    /// This process's claims on runs.
    pub claims: &'t Claims,
    /// How many side by side.
    pub workers: usize,
    /// When to go on after a failure.
    pub on_failure: OnFailure,
    /// Who is told.
    pub observer: &'t dyn Observer,
}

/// Notes that the report in `out` is going to show the runs of `plan`, so that nobody removes their
/// records meanwhile.
///
/// # Errors
/// If the note cannot be written.
pub fn reserve(project: &Project, plan: &Plan, out: &Path) -> Result<(), Error> {
    let cache = Cache::new(&project.root);
    // Until it is written, the report that is there shows what it does.
    let mut runs = cache.reported_in(out);
    runs.extend(plan.states.keys());
    cache.store_reported(out, &runs.into_iter().collect::<Vec<_>>()).map_err(Error::File)
}

/// Trains these runs of `plan` and adds their records to it.
///
/// # Errors
/// If runs fail; those that did not are recorded and in the plan.
pub fn train(
    project: &Project,
    plan: &mut Plan,
    digests: &BTreeSet<Digest>,
    training: &Training<'_>,
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
    let datasets = project.datasets.unpacked()?;
    let total = runs.len();
    let dataset_of = |run: &PlannedRun| datasets[&run.config.data.dataset];
    let condition_of = |run: &PlannedRun| plan::condition_of(&project.experiments, run);
    let cache = Cache::new(&project.root);
    let Training { trainer, claims, workers, on_failure, observer } = *training;
    let origin = &provenance::origin(&project.root);
    let executor =
        Executor { trainer, cache: &cache, claims, workers, on_failure, observer, origin };
    cache.sweep();
    let Execution { records, failed, ended_alike } =
        executor.execute(&runs, dataset_of, condition_of);
    let n_recorded = records.len();
    for record in records {
        plan.add(record);
    }
    for failure in &failed {
        if let Some(failure) = cache.failure(failure.digest) {
            plan.states.insert(failure.digest, State::Failed(failure));
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => {
            let untried = total - n_recorded - failed.len();
            Err(Error::Runs { untried, failed, total, ended_alike })
        }
    }
}
