//! What commands print with `--json`: one object on one line. docs/json.md describes each field.
//!
//! Later versions can add fields under the same number of the schema. They remove none and change
//! no meaning.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::preview::TrainingPreview;
use super::run_details::RunDetails;
use super::terminal::data;
use crate::diagnostic::Mistake;
use crate::diff::Changes;
use crate::digest::Digest;
use crate::experiment::{Agreement, Experiment, Run};
use crate::pipeline::bundle::{Exported, Imported};
use crate::pipeline::jobs::JobSummary;
use crate::pipeline::{Check, Error, Garbage, Merged, Predictions, Problem, Rerun};
use crate::plan::{Absent, PastRun, RunCounts};
use crate::store::Address;

/// The number of this schema.
const SCHEMA: u32 = 1;

/// Prints an object, with the number of the schema.
pub(super) fn print(mut object: Value) -> Result<(), Error> {
    object["schema"] = SCHEMA.into();
    data(&object.to_string())
}

/// `report status` and `report build --dry-run`.
pub(super) fn status(
    experiments: &[Experiment],
    counts: &[RunCounts],
    preview: &TrainingPreview,
) -> Value {
    let experiments = experiments.iter().zip(counts).map(|(experiment, count)| {
        json!({
            "name": experiment.name,
            "conditions": experiment.conditions.len(),
            "seeds": experiment.seeds.len(),
            "fresh": count.fresh,
            "accepted": count.accepted,
            "failed": count.failed,
            "stale": count.stale,
        })
    });
    json!({
        "experiments": experiments.collect::<Vec<_>>(),
        "groups": preview.groups,
        "to_train": preview.to_train,
        "seconds": preview.seconds,
        "workers": preview.workers,
        "needs_confirmation": preview.of_new_versions().is_some(),
    })
}

/// `report check`.
pub(super) fn check(mistakes: &[Mistake], warnings: &[String], error: Option<&str>) -> Value {
    json!({ "mistakes": mistakes, "warnings": warnings, "error": error })
}

/// `report diff`.
pub(super) fn diff(changes: &Changes) -> Value {
    json!({ "summary": changes.summary(), "changes": changes })
}

/// `report accept`: runs with the records that they took over, runs that took over none, and runs
/// that are no longer accepted.
pub(super) fn accept(
    accepted: &[(Digest, Digest, String)],
    refused: &[(Digest, String)],
    undone: &[Digest],
) -> Value {
    let accepted = accepted.iter().map(|(run, from, _)| json!({ "run": run, "from": from }));
    json!({
        "accepted": accepted.collect::<Vec<_>>(),
        "refused": refused.iter().map(|(run, _)| run).collect::<Vec<_>>(),
        "undone": undone,
    })
}

/// `report verify`: the checked records, and the runs that were computed again, each with how the result compares with
/// its record.
pub(super) fn verify(checks: &[Check], reruns: &[(Digest, Rerun)]) -> Value {
    let damaged = checks.iter().filter_map(|check| match &check.problem {
        Some(Problem::Damaged(damage)) => Some(json!({ "record": check.digest, "damage": damage })),
        _ => None,
    });
    let unreadable = checks.iter().filter_map(|check| match &check.problem {
        Some(Problem::Unreadable(why)) => Some(json!({ "record": check.digest, "why": why })),
        _ => None,
    });
    let artifacts = checks.iter().filter_map(|check| match &check.problem {
        Some(Problem::Artifact(why)) => Some(json!({ "record": check.digest, "why": why })),
        _ => None,
    });
    let reruns = reruns.iter().map(|(run, Rerun { agreement, artifacts })| {
        let deviation = match agreement {
            Agreement::Within(deviation) | Agreement::Beyond(deviation) => Some(json!({
                "metric": deviation.metric,
                "absolute": deviation.absolute,
                "relative": deviation.relative,
            })),
            Agreement::Identical | Agreement::Other(_) => None,
        };
        json!({
            "run": run,
            "identical": *agreement == Agreement::Identical,
            "agrees": agreement.agrees(),
            "deviation": deviation,
            "other_artifacts": artifacts,
        })
    });
    json!({
        "records": checks.len(),
        "damaged": damaged.collect::<Vec<_>>(),
        "unreadable": unreadable.collect::<Vec<_>>(),
        "faulty_artifacts": artifacts.collect::<Vec<_>>(),
        "reruns": reruns.collect::<Vec<_>>(),
    })
}

/// `report merge`.
pub(super) fn merge(merged: &Merged, missing: usize) -> Value {
    let refused = merged
        .refused
        .iter()
        .map(|(path, why)| json!({ "file": path.display().to_string(), "why": why }));
    json!({
        "new": merged.new,
        "same": merged.same,
        "refused": refused.collect::<Vec<_>>(),
        "failed": merged.failed,
        "missing": missing,
    })
}

/// `report store status`.
pub(super) fn store(
    store: &Address,
    there: usize,
    here: usize,
    to_push: usize,
    to_pull: usize,
) -> Value {
    json!({ "store": store.to_string(), "there": there, "here": here, "to_push": to_push, "to_pull": to_pull })
}

/// `report store push`.
pub(super) fn pushed(new: usize, same: usize) -> Value {
    json!({ "new": new, "same": same })
}

/// `report store pull`.
pub(super) fn pulled(new: usize, missing: usize, damaged: &[(PathBuf, String)]) -> Value {
    let damaged =
        damaged.iter().map(|(path, why)| json!({ "file": path.display().to_string(), "why": why }));
    json!({ "new": new, "missing": missing, "damaged": damaged.collect::<Vec<_>>() })
}

/// `report bundle export`.
pub(super) fn bundle_export(file: &Path, exported: &Exported) -> Value {
    json!({
        "file": file.display().to_string(),
        "sha256": exported.digest,
        "bytes": exported.bytes,
        "records": exported.records,
        "files": exported.files,
    })
}

/// `report bundle import`.
pub(super) fn bundle_import(imported: &Imported) -> Value {
    json!({
        "new": imported.new,
        "same": imported.same,
        "records": imported.records,
        "left_out": imported.left_out,
        "accepted": imported.accepted,
        "missing": imported.missing,
    })
}

/// `report jobs`.
pub(super) fn jobs(all: &[JobSummary]) -> Value {
    let plan = |plan: &JobSummary| {
        json!({
            "plan": plan.plan,
            "created_at": plan.created_at,
            "attempt": plan.attempt,
            "jobs": plan.jobs,
            "tasks": plan.tasks,
            "running": plan.running,
            "pending": plan.pending,
            "runs": plan.runs,
            "recorded": plan.recorded,
            "unknown": plan.unknown,
        })
    };
    json!({ "plans": all.iter().map(plan).collect::<Vec<_>>() })
}

/// A record, as `report cache ls` lists it.
pub(super) fn record(past: &PastRun, needed: bool) -> Value {
    json!({
        "record": past.digest,
        "condition": past.condition,
        "started_at": past.started_at,
        "seconds": past.seconds,
        "needed": needed,
    })
}

/// `report cache gc`.
pub(super) fn gc(garbage: &Garbage, removed: bool) -> Value {
    json!({
        "unused": garbage.records.iter().map(|one| one.digest).collect::<Vec<_>>(),
        "models": garbage.models.iter().map(|one| one.digest).collect::<Vec<_>>(),
        "files": garbage.files,
        "bytes": garbage.bytes(),
        "removed": removed,
    })
}

/// `report predict`.
pub(super) fn predict(run: &Run, predictions: &Predictions) -> Value {
    let Predictions { folds, classes, examples } = predictions;
    let of_example = |own: &Vec<f64>| match classes.is_empty() {
        true => json!(own.first()),
        false => json!(own),
    };
    json!({
        "run": run.digest,
        "folds": folds,
        "classes": classes,
        "predictions": examples.iter().map(of_example).collect::<Vec<_>>(),
    })
}

/// `report explain`.
pub(super) fn explain(details: &[RunDetails<'_>]) -> Value {
    let explained = |run: &RunDetails<'_>| {
        let history = run.history.iter().map(|(past, differences)| {
            json!({
                "record": past.digest,
                "started_at": past.started_at,
                "differences": differences,
            })
        });
        let (result, absent) =
            (run.record.as_ref().map(|record| &record.result), run.state.absent());
        json!({
            "name": run.name,
            "digest": run.run.digest,
            "seed": run.run.config.seed(),
            "state": run.state.status().name(),
            "reason": absent.map(Absent::reason),
            "compared": absent.and_then(|absent| absent.compared.as_ref()),
            "provenance": result.map(|result| &result.provenance),
            "accepted": result.and_then(|result| result.accepted.as_ref()),
            "config": run.config,
            "history": history.collect::<Vec<_>>(),
        })
    };
    json!({ "runs": details.iter().map(explained).collect::<Vec<_>>() })
}
