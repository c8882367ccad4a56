//! Where and when the runs of a report were computed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::digest::{Digest, Hasher};
use crate::experiment::{Conditions, Experiment};
use crate::format;
use crate::plan::Plan;
use crate::run::{DeviceKind, Origin, Source, Speed};
use crate::summary;

/// The build that renders a report.
#[derive(Clone, Copy, Debug)]
pub struct Build<'b> {
    /// Its command line.
    pub command: &'b str,
    /// Its options that other commands need too, to make something of the report again: each after
    /// a space.
    pub options: &'b str,
    /// Whether the report has a PDF file, which its prose may link.
    pub has_pdf: bool,
}

/// Where and when the runs of `plan` were computed, and the command that renders their report.
/// Texts are empty without runs.
pub(super) fn provenance(plan: &Plan, experiments: &[Experiment], build: &Build<'_>) -> Value {
    let records = plan.records.values();
    let sources: BTreeSet<&Source> = records.clone().map(|record| &*record.source).collect();
    let sorted = |of: fn(&Source) -> &String| {
        sources.iter().map(|source| of(source)).collect::<BTreeSet<_>>()
    };
    let origins = |of: fn(&Origin) -> &Option<String>| {
        let values = sources.iter().filter_map(|source| of(&source.origin).as_ref());
        values.collect::<BTreeSet<_>>()
    };
    let mut devices: Vec<DeviceKind> = Vec::new();
    let (mut speed, mut seconds, mut results) = (Speed::default(), 0.0, Hasher::default());
    let threads = threads(plan, experiments);
    for (digest, record) in &plan.records {
        if !devices.contains(&record.config.device()) {
            devices.push(record.config.device());
        }
        if let (Some(extent), Some(config)) = (summary::extent(record), record.config.network()) {
            speed.add(config, extent, record.seconds);
        }
        seconds += record.seconds * threads.get(digest).copied().unwrap_or(1) as f64;
        results.update(digest.as_bytes());
        results.update(record.content.as_bytes());
    }
    let core_time = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let devices: BTreeSet<_> = devices.iter().map(DeviceKind::to_string).collect();
    let date = |seconds: Option<u64>| seconds.map_or_else(String::new, format::date);
    let starts = || records.clone().map(|record| record.started_at);
    json!({
        "versions": sorted(|source| &source.version),
        "platforms": sorted(|source| &source.platform),
        "machines": origins(|origin| &origin.machine),
        "devices": devices,
        // Of the project's sources at the time.
        "revisions": origins(|origin| &origin.revision),
        // Beginnings of their digests.
        "lockfiles": origins(|origin| &origin.lockfile),
        "command": build.command,
        // Starts of the first and the last run, RFC 3339 in UTC.
        "first": date(starts().min()),
        "last": date(starts().max()),
        "core_time": format::duration(core_time),
        "run_times": run_times(plan, experiments),
        // Of one worker, over all runs.
        "examples_a_second": speed.examples_a_second().map_or_else(String::new, |n| format!("{n:.0}")),
        // Over the keys, outcomes and curves of all runs: equal where every bit is.
        "results": results.finish(),
    })
}

/// How many threads each run has that has more than one.
fn threads(plan: &Plan, experiments: &[Experiment]) -> BTreeMap<Digest, usize> {
    let conditions = Conditions::of(experiments);
    let several = plan.runs.iter().filter_map(|run| {
        let threads = conditions.design(run.condition).program()?.program.limits.threads;
        (threads > 1).then_some((run.digest, threads))
    });
    several.collect()
}

/// The median time of the recorded runs of each experiment, as `deep 4.1 s, …`.
fn run_times(plan: &Plan, experiments: &[Experiment]) -> String {
    let conditions = Conditions::of(experiments);
    let mut seconds: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for run in &plan.runs {
        let of_experiment = seconds.entry(conditions.experiment_index(run.condition)).or_default();
        let record = plan.records.get(&run.digest);
        of_experiment.extend(record.map(|record| record.seconds));
    }
    let times = seconds.into_iter().filter_map(|(experiment, mut seconds)| {
        seconds.sort_by(f64::total_cmp);
        let upper = seconds.get(seconds.len() / 2)?;
        let median = f64::midpoint(seconds[(seconds.len() - 1) / 2], *upper);
        Some(format!("{} {median:.2} s", experiments[experiment].name))
    });
    times.collect::<Vec<_>>().join(", ")
}
