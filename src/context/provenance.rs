//! Where and when the runs of a report were computed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::digest::Hasher;
use crate::experiment::{Conditions, Experiment};
use crate::format;
use crate::plan::Plan;
use crate::run::{Origin, RunRecord, Speed};

/// The build that renders a report.
#[derive(Clone, Copy, Debug)]
pub struct Build<'b> {
    /// Its command line.
    pub command: &'b str,
    /// Its options that other commands need too, to make something of the report again: each after a
    /// space.
    pub options: &'b str,
    /// Workers that it may use.
    pub workers: usize,
}

/// Where and when the runs of the report were computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProvenanceContext {
    /// Versions of `report` that computed runs.
    pub versions: Vec<String>,
    /// Platforms that they were computed on.
    pub platforms: Vec<String>,
    /// Machines that they were computed on.
    pub machines: Vec<String>,
    /// Kinds of devices.
    pub devices: Vec<String>,
    /// Revisions of the project's sources at the time.
    pub revisions: Vec<String>,
    /// Beginnings of the digests of the lock files that `report` was built with.
    pub lockfiles: Vec<String>,
    /// The command that rendered this report.
    pub command: String,
    /// Workers that it may use.
    pub workers: usize,
    /// Start of the first run, RFC 3339 in UTC; empty without runs.
    pub first: String,
    /// Start of the last run.
    pub last: String,
    /// Core time of all runs together.
    pub core_time: String,
    /// Median time of a run of each experiment, as `deep 4.1 s, …`.
    pub run_times: String,
    /// Pairs that one worker trains on in a second, over all runs; empty without runs.
    pub pairs_a_second: String,
    /// Digest over the keys, outcomes and curves of all runs: equal where every bit is.
    pub results: String,
}

/// What the records of `plan` say.
pub(super) fn provenance(
    plan: &Plan,
    experiments: &[Experiment],
    build: &Build<'_>,
) -> ProvenanceContext {
    let records: Vec<&RunRecord> = plan.records.values().collect();
    let sorted = |of: fn(&RunRecord) -> &String| {
        let values: BTreeSet<_> = records.iter().map(|record| of(record)).collect();
        values.into_iter().cloned().collect()
    };
    let origins = |of: fn(&Origin) -> &Option<String>| {
        let values = records.iter().filter_map(|r| of(&r.result.provenance.origin).clone());
        values.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let devices = records.iter().map(|record| record.config.device.to_string());
    let date = |seconds: Option<u64>| seconds.map_or_else(String::new, format::date);
    let starts = || records.iter().map(|record| record.result.provenance.started_at);
    let seconds: f64 = records.iter().map(|record| record.result.provenance.seconds).sum();
    let core_time = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let mut results = Hasher::default();
    for record in &records {
        results.update(record.digest.as_bytes());
        results.update(&record.result.bits());
    }
    let speed = Speed::of(records.iter().copied());
    ProvenanceContext {
        versions: sorted(|record| &record.result.provenance.version),
        platforms: sorted(|record| &record.result.provenance.platform),
        machines: origins(|origin| &origin.machine),
        devices: devices.collect::<BTreeSet<_>>().into_iter().collect(),
        revisions: origins(|origin| &origin.revision),
        lockfiles: origins(|origin| &origin.lockfile),
        command: build.command.to_owned(),
        workers: build.workers,
        first: date(starts().min()),
        last: date(starts().max()),
        core_time: format::duration(core_time),
        run_times: run_times(plan, experiments),
        pairs_a_second: speed.pairs_a_second().map_or_else(String::new, |n| format!("{n:.0}")),
        results: results.finish().to_string(),
    }
}

/// The median time of the recorded runs of each experiment.
fn run_times(plan: &Plan, experiments: &[Experiment]) -> String {
    let conditions = Conditions::of(experiments);
    let mut seconds: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for run in &plan.runs {
        let of_experiment = seconds.entry(conditions.experiment_index(run.condition)).or_default();
        let record = plan.records.get(&run.digest);
        of_experiment.extend(record.map(|record| record.result.provenance.seconds));
    }
    let times = seconds.into_iter().filter_map(|(experiment, mut seconds)| {
        seconds.sort_by(f64::total_cmp);
        let upper = seconds.get(seconds.len() / 2)?;
        let median = f64::midpoint(seconds[(seconds.len() - 1) / 2], *upper);
        Some(format!("{} {median:.2} s", experiments[experiment].name))
    });
    times.collect::<Vec<_>>().join(", ")
}
