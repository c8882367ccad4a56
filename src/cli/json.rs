//! What commands print with `--json`: one object, in a form that stays.
//!
//! Every object has `schema`, 1. Fields may be added to it under this number, and none is removed or
//! changes its meaning. Digests are 64 hexadecimal digits, dates seconds since 1970 in UTC, durations
//! seconds; unknown values are null.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::preview::TrainingPreview;
use super::run_details::RunDetails;
use super::terminal::data;
use crate::diff::Changes;
use crate::digest::Digest;
use crate::experiment::Experiment;
use crate::pipeline::{Check, Error, Problem, Unused};
use crate::plan::{Absent, Compared, Difference, Group, PastRun, Reason, RunCounts};
use crate::run::{Acceptance, RunProvenance};

/// The number of this form.
pub(super) const SCHEMA: u32 = 1;

/// `report status --json` and `report build --dry-run --json`.
#[derive(Serialize)]
pub(super) struct Status<'s> {
    schema: u32,
    /// The experiments with their runs by state.
    experiments: Vec<ExperimentStatus<'s>>,
    /// Why runs are to be trained or have failed.
    groups: &'s [Group],
    /// The runs that the build trains, or would.
    to_train: Vec<Digest>,
    /// What that will take, on `workers` workers.
    seconds: Option<f64>,
    workers: usize,
    /// Whether a build asks first, or wants `--yes`: only this program has changed.
    needs_confirmation: bool,
}

#[derive(Serialize)]
struct ExperimentStatus<'s> {
    name: &'s str,
    conditions: usize,
    seeds: usize,
    fresh: usize,
    /// Of the fresh ones.
    accepted: usize,
    failed: usize,
    stale: usize,
}

impl<'s> Status<'s> {
    pub(super) fn new(
        experiments: &'s [Experiment],
        counts: &[RunCounts],
        preview: &'s TrainingPreview,
    ) -> Self {
        let experiments = experiments.iter().zip(counts).map(|(experiment, count)| {
            let RunCounts { fresh, accepted, failed, stale } = *count;
            ExperimentStatus {
                name: &experiment.name,
                conditions: experiment.conditions.len(),
                seeds: experiment.seeds.len(),
                fresh,
                accepted,
                failed,
                stale,
            }
        });
        Self {
            schema: SCHEMA,
            experiments: experiments.collect(),
            groups: &preview.groups,
            to_train: preview.to_train.iter().copied().collect(),
            seconds: preview.seconds,
            workers: preview.workers,
            needs_confirmation: preview.of_new_versions().is_some(),
        }
    }
}

/// Prints an object on one line.
pub(super) fn print(value: &impl Serialize) -> Result<(), Error> {
    data(&serde_json::to_string(value).expect("plain values"))
}

/// `report diff --json`.
#[derive(Serialize)]
pub(super) struct Diff<'d> {
    schema: u32,
    summary: String,
    changes: &'d Changes,
}

impl<'d> Diff<'d> {
    pub(super) fn new(changes: &'d Changes) -> Self {
        Self { schema: SCHEMA, summary: changes.summary(), changes }
    }
}

/// `report accept --json`.
#[derive(Serialize)]
pub(super) struct Accept {
    schema: u32,
    accepted: Vec<Accepted>,
    refused: Vec<Digest>,
    /// Those that are no longer accepted.
    undone: Vec<Digest>,
}

#[derive(Serialize)]
struct Accepted {
    run: Digest,
    from: Digest,
}

impl Accept {
    pub(super) fn new(accepted: &[(Digest, Digest, String)], refused: &[(Digest, String)]) -> Self {
        let accepted = accepted.iter().map(|(run, from, _)| Accepted { run: *run, from: *from });
        Self {
            schema: SCHEMA,
            accepted: accepted.collect(),
            refused: refused.iter().map(|(run, _)| *run).collect(),
            undone: Vec::new(),
        }
    }

    pub(super) fn undone(runs: impl Iterator<Item = Digest>) -> Self {
        let (accepted, refused) = (Vec::new(), Vec::new());
        Self { schema: SCHEMA, accepted, refused, undone: runs.collect() }
    }
}

/// `report verify --json`.
#[derive(Serialize)]
pub(super) struct Verify<'v> {
    schema: u32,
    records: usize,
    damaged: Vec<Damaged<'v>>,
    unreadable: Vec<Unreadable<'v>>,
    reruns: Vec<Rerun>,
}

#[derive(Serialize)]
struct Unreadable<'v> {
    record: Digest,
    why: &'v str,
}

#[derive(Serialize)]
struct Damaged<'v> {
    record: Digest,
    damage: &'v str,
}

#[derive(Serialize)]
struct Rerun {
    run: Digest,
    identical: bool,
}

impl<'v> Verify<'v> {
    pub(super) fn new(checks: &'v [Check], reruns: &[(Digest, bool)]) -> Self {
        let damaged = checks.iter().filter_map(|check| match &check.problem {
            Some(Problem::Damaged(damage)) => Some(Damaged { record: check.digest, damage }),
            _ => None,
        });
        let unreadable = checks.iter().filter_map(|check| match &check.problem {
            Some(Problem::Unreadable(why)) => Some(Unreadable { record: check.digest, why }),
            _ => None,
        });
        let reruns =
            reruns.iter().map(|(run, identical)| Rerun { run: *run, identical: *identical });
        Self {
            schema: SCHEMA,
            records: checks.len(),
            damaged: damaged.collect(),
            unreadable: unreadable.collect(),
            reruns: reruns.collect(),
        }
    }
}

/// `report cache ls --json`.
#[derive(Serialize)]
pub(super) struct Ls<'l> {
    schema: u32,
    records: Vec<Listed<'l>>,
}

/// A record of [`Ls`].
#[derive(Serialize)]
pub(super) struct Listed<'l> {
    record: Digest,
    condition: &'l BTreeMap<String, String>,
    started_at: u64,
    seconds: f64,
    needed: bool,
}

impl<'l> Ls<'l> {
    pub(super) fn new(records: Vec<Listed<'l>>) -> Self {
        Self { schema: SCHEMA, records }
    }
}

impl<'l> Listed<'l> {
    pub(super) fn new(past: &'l PastRun, needed: bool) -> Self {
        let PastRun { digest: record, condition, started_at, seconds, .. } = past;
        Self { record: *record, condition, started_at: *started_at, seconds: *seconds, needed }
    }
}

/// `report cache gc --json`.
#[derive(Serialize)]
pub(super) struct Gc {
    schema: u32,
    unused: Vec<Digest>,
    bytes: u64,
    removed: bool,
}

impl Gc {
    pub(super) fn new(unused: &[Unused], removed: bool) -> Self {
        Self {
            schema: SCHEMA,
            unused: unused.iter().map(|one| one.digest).collect(),
            bytes: unused.iter().map(|one| one.bytes).sum(),
            removed,
        }
    }
}

/// `report explain --json` of a record that no experiment asks for.
#[derive(Serialize)]
pub(super) struct Unasked<'u> {
    schema: u32,
    record: Listed<'u>,
    config: &'u Value,
}

impl<'u> Unasked<'u> {
    pub(super) fn new(past: &'u PastRun, config: &'u Value) -> Self {
        Self { schema: SCHEMA, record: Listed::new(past, false), config }
    }
}

/// `report explain --json`.
#[derive(Serialize)]
pub(super) struct Explain<'e> {
    schema: u32,
    runs: Vec<Explained<'e>>,
}

#[derive(Serialize)]
struct Explained<'e> {
    name: &'e str,
    digest: Digest,
    seed: u64,
    /// `fresh`, `accepted`, `failed`, `damaged`, `quarantined`, `stale` or `missing`.
    state: &'static str,
    /// Why it has to be trained.
    reason: Option<Reason>,
    compared: Option<&'e Compared>,
    provenance: Option<&'e RunProvenance>,
    accepted: Option<&'e Acceptance>,
    config: &'e Value,
    history: Vec<Past<'e>>,
}

#[derive(Serialize)]
struct Past<'e> {
    record: Digest,
    started_at: u64,
    differences: &'e [Difference],
}

impl<'e> Explain<'e> {
    pub(super) fn new(details: &'e [RunDetails<'e>]) -> Self {
        let explained = |run: &'e RunDetails<'e>| {
            let history = run.history.iter().map(|(past, differences)| Past {
                record: past.digest,
                started_at: past.started_at,
                differences,
            });
            let (result, absent) = (run.record.map(|record| &record.result), run.state.absent());
            Explained {
                name: &run.name,
                digest: run.run.digest,
                seed: run.run.config.seed,
                state: run.state.status().name(),
                reason: absent.map(Absent::reason),
                compared: absent.and_then(|absent| absent.compared.as_ref()),
                provenance: result.map(|result| &result.provenance),
                accepted: result.and_then(|result| result.accepted.as_ref()),
                config: &run.config,
                history: history.collect(),
            }
        };
        Self { schema: SCHEMA, runs: details.iter().map(explained).collect() }
    }
}
